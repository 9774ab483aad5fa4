//! How many entries a second an append makes durable, beside what the disk itself can do, in one run:
//! `cargo run --release -p sakimori-proof --example append_rate [FOLDER]`.
//!
//! The yardstick is a write of 4 KiB and its sync, in the same folder and in turns with the appends, so that both see
//! the same load of the machine. An append waits for three rounds of syncs, so a ratio of 0.33 would be the most.

use std::cell::Cell;
use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sakimori_proof::{Key, Log, merkle};

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
    println!("{:>6} {:>11} {:>14} {:>14} {:>8}", "batch", "entries/s", "append p50 ms", "fsync p50 ms", "ratio");
    let mut yardstick = File::create(folder.join("yardstick"))?;
    for batch in [1, 100, 1_000] {
        let key = Key::generate("node.example/log")?;
        let log = Log::create(&folder.join(batch.to_string()), &key)?;
        let count = Cell::new(0_u64);
        let (mut appends, mut syncs) = (Vec::new(), Vec::new());
        let began = Instant::now();
        while began.elapsed() < RUN {
            let entry = |_| format!("sakimori/v1 {:064x}", count.replace(count.get() + 1)).into_bytes();
            let entries: Vec<Vec<u8>> = (0..batch).map(entry).collect();
            let one = Instant::now();
            log.append(&key, &entries, &|_| ())?;
            appends.push(one.elapsed());
            let one = Instant::now();
            yardstick.write_all(&[0; 4096])?;
            yardstick.sync_all()?;
            syncs.push(one.elapsed());
        }
        let rate = f64::from(batch) * appends.len() as f64 / appends.iter().sum::<Duration>().as_secs_f64();
        let (append, sync) = (median_ms(appends), median_ms(syncs));
        println!("{batch:>6} {rate:>11.0} {append:>14.2} {sync:>14.2} {:>8.3}", sync / append);
        if batch == 1_000 {
            audit_rate(&log, count.get())?;
        }
    }
    Ok(())
}

/// The audit of the log beside the bare hashing of its leaves.
fn audit_rate(log: &Log, size: u64) -> Result<(), Box<dyn Error>> {
    let entries = log.tree()?.entries(0).collect::<Result<Vec<_>, _>>()?;
    let began = Instant::now();
    let bad = log.verify_all(&mut |_| ());
    let audit = began.elapsed().as_secs_f64();
    let began = Instant::now();
    entries.iter().for_each(|entry| _ = std::hint::black_box(merkle::leaf_hash(entry)));
    let hashing = began.elapsed().as_secs_f64();
    let size = size as f64;
    println!("audit  {:>11.0} entries/s, {} bad; leaf hashes {:>11.0}/s", size / audit, bad.len(), size / hashing);
    Ok(())
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}
