#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sakimori_examine::fuzz::run("zarr_shard", bytes));
