#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sakimori_node::fuzz::run("service_config", bytes));
