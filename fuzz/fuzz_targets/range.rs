#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sakimori_proof::fuzz::run("range", bytes));
