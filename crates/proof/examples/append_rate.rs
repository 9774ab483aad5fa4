//! How many entries a second an append makes durable, beside what the disk itself can do, in one run:
//! `cargo run --release -p sakimori-proof --example append_rate [FOLDER]`.
//!
//! The yardstick is a loop that writes 4 KiB and syncs it, in the same folder: an append cannot be faster than the
//! number of syncs that it needs.

use std::cell::Cell;
use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sakimori_proof::{Key, Log};

const RUN: Duration = Duration::from_secs(4);

fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("append-rate-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let measured = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    measured
}

fn measure(folder: &Path) -> Result<(), Box<dyn Error>> {
    println!(
        "{:>6} {:>11} {:>11} {:>11} {:>12} {:>9}",
        "batch", "entries/s", "appends/s", "p50 ms", "raw fsync/s", "ratio"
    );
    for batch in [1, 100, 1_000] {
        let raw = syncs_per_second(folder)?;
        let key = Key::generate("node.example/log")?;
        let log = Log::create(&folder.join(batch.to_string()), &key)?;
        let count = Cell::new(0_u64);
        let mut times = Vec::new();
        let began = Instant::now();
        while began.elapsed() < RUN {
            let entries: Vec<Vec<u8>> = (0..batch)
                .map(|_| format!("sakimori/v1 {:064x}", count.replace(count.get() + 1)).into_bytes())
                .collect();
            let one = Instant::now();
            log.append(&key, &entries, &|_| ())?;
            times.push(one.elapsed());
        }
        let seconds = began.elapsed().as_secs_f64();
        times.sort();
        let (appends, median) = (times.len() as f64 / seconds, times[times.len() / 2].as_secs_f64() * 1e3);
        let entries = appends * f64::from(batch);
        println!("{batch:>6} {entries:>11.0} {appends:>11.1} {median:>11.2} {raw:>12.0} {:>9.3}", appends / raw);
    }
    Ok(())
}

fn syncs_per_second(folder: &Path) -> Result<f64, Box<dyn Error>> {
    let mut file = File::create(folder.join("yardstick"))?;
    let began = Instant::now();
    let mut syncs = 0;
    while began.elapsed() < RUN / 4 {
        file.write_all(&[0; 4096])?;
        file.sync_all()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / began.elapsed().as_secs_f64())
}
