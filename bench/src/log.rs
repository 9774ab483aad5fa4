//! The transparency log beside the machine's own `fdatasync`, in one run.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sakimori_proof::{Ack, Committer, Key, Log};

use crate::process::{cpu, memory_kib};

/// Rounds, in which the log and the bare disk take turns; the median of each counts.
const ROUNDS: usize = 9;
/// Appends or syncs of one round.
const ROUND: usize = 600;
/// Bytes of an entry.
const ENTRY_BYTES: usize = 300;
/// Threads that append at once.
const WRITERS: [usize; 2] = [16, 512];
/// Entries that are offered a second, by as many threads as the first of [`WRITERS`], whatever the log does.
const RATES: [u64; 3] = [1_000, 4_000, 10_000];
/// Seconds for which they are.
const OFFERED_SECONDS: u64 = 10;
/// Entries that they append together.
const GROUPED: u64 = 300_000;
/// Entries of one append of the long run.
const BATCH: usize = 1_000;
/// Entries of the log that is damaged.
const DAMAGED: usize = 70_000;
/// Bytes that are changed in it, one after the other.
const FLIPS: usize = 25;

/// Runs all of it. `SAKIMORI_BENCH_FOLDER` is where the log is written, `SAKIMORI_ENTRIES` how long the long run is.
pub fn run() {
    let base = std::env::var_os("SAKIMORI_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(base).expect("a folder");
    println!("| what | measured | bound |\n|---|---|---|");
    for ack in [Ack::Checkpointed, Ack::Durable] {
        one_writer(folder.path(), ack);
        let sync = Disk::new(folder.path()).median(ROUNDS * ROUND);
        for writers in WRITERS {
            many_writers(folder.path(), (writers, ack), sync);
        }
        for rate in RATES {
            offered(folder.path(), (rate, ack), sync);
        }
    }
    long_run(folder.path());
    damage(folder.path());
}

fn key() -> Key {
    Key::from_seed("bench.invalid/log", &[5; 32]).expect("a key")
}

fn entry(number: u64) -> Vec<u8> {
    let mut entry = vec![b'x'; ENTRY_BYTES];
    entry[..8].copy_from_slice(&number.to_be_bytes());
    entry
}

/// A bare file that is written and synced at one place after the other, all of which was written before: the least that
/// a durable write can cost.
struct Disk {
    file: File,
    at: u64,
}

impl Disk {
    fn new(folder: &Path) -> Self {
        let path = folder.join("bare");
        fs::write(&path, vec![0; 4 << 20]).expect("written");
        let file = File::options().write(true).open(path).expect("opened");
        file.sync_all().expect("synced");
        Self { file, at: 0 }
    }

    fn write(&mut self) -> Duration {
        let start = Instant::now();
        self.file.write_all_at(&[7; ENTRY_BYTES], self.at).and_then(|()| self.file.sync_data()).expect("written");
        self.at = (self.at + 700) % (3 << 20);
        start.elapsed()
    }

    fn median(&mut self, count: usize) -> Duration {
        let mut times: Vec<Duration> = (0..count).map(|_| self.write()).collect();
        times.sort();
        times[count / 2]
    }
}

fn word(ack: Ack) -> &'static str {
    if ack == Ack::Durable { "`durable`" } else { "`checkpointed`" }
}

fn committer(folder: &Path, name: &str, ack: Ack) -> Committer {
    let log = Log::create(&folder.join(format!("{name}-{ack:?}")), &key()).expect("a log");
    match ack {
        Ack::Durable => Committer::durable(log, key()).expect("a thread"),
        _ => Committer::new(log, key()),
    }
}

fn one_writer(folder: &Path, ack: Ack) {
    let committer = committer(folder, "one", ack);
    let mut disk = Disk::new(folder);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let start = Instant::now();
        for n in 0..ROUND {
            committer.append(entry((round * ROUND + n) as u64)).expect("appended");
        }
        ours.push(start.elapsed());
        let start = Instant::now();
        for _ in 0..ROUND {
            disk.write();
        }
        bare.push(start.elapsed());
    }
    ours.sort();
    bare.sort();
    let rate = |times: &[Duration]| ROUND as f64 / times[ROUNDS / 2].as_secs_f64();
    let (ours, bare) = (rate(&ours), rate(&bare));
    println!(
        "| one writer, one entry an append, {} | {ours:.0}/s beside {bare:.0} `fdatasync`/s: {:.2} | ≥ 0.7 |",
        word(ack),
        ours / bare
    );
}

fn many_writers(folder: &Path, (writers, ack): (usize, Ack), sync: Duration) {
    let committer = committer(folder, &format!("many-{writers}"), ack);
    let next = AtomicU64::new(0);
    let (before, start) = (cpu("self"), Instant::now());
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let write = || {
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= GROUPED {
                    return times;
                }
                let start = Instant::now();
                committer.append(entry(number)).expect("appended");
                times.push(start.elapsed());
            }
        };
        let threads: Vec<_> = (0..writers).map(|_| scope.spawn(write)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("ended")).collect()
    });
    let (used, wall) = (cpu("self").since(before), start.elapsed());
    times.sort();
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() / sync.as_secs_f64();
    let rate = GROUPED as f64 / wall.as_secs_f64();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / GROUPED as f64;
    println!(
        "| {writers} writers, one entry each at a time, {}: processor time | {:.1} µs an entry, and {:.1} µs of the system's | \
         ≤ 5 µs |",
        word(ack),
        each(used.program),
        each(used.system)
    );
    println!(
        "| the same: answers | {rate:.0}/s; p50 {:.1}, p99 {:.1}, slowest {:.0} `fdatasync` of {sync:.2?} | p99 ≤ 3 |",
        at(0.5),
        at(0.99),
        at(0.999_99),
    );
}

/// Entries come at a rate of their own, as a service has them, and not as fast as the log takes them. An answer counts
/// from when its thread woke for it, or, where the one before took longer, from when its entry was due, so that those which
/// wait behind a slow one are slow as well.
fn offered(folder: &Path, (rate, ack): (u64, Ack), sync: Duration) {
    let committer = committer(folder, &format!("offered-{rate}"), ack);
    let writers = WRITERS[0] as u64;
    let start = Instant::now() + Duration::from_millis(20);
    let write = |writer: u64| {
        let mut times = Vec::new();
        for number in (writer..rate * OFFERED_SECONDS).step_by(WRITERS[0]) {
            let due = start
                + Duration::from_secs(1) * u32::try_from(number).expect("few") / u32::try_from(rate).expect("few");
            // Woken late by the system, the thread is not waiting for the log yet.
            let late = due.checked_duration_since(Instant::now()).map(std::thread::sleep);
            let from = if late.is_some() { Instant::now() } else { due };
            committer.append(entry(number)).expect("appended");
            times.push(from.elapsed());
        }
        times
    };
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let write = &write;
        let threads: Vec<_> = (0..writers).map(|writer| scope.spawn(move || write(writer))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("ended")).collect()
    });
    times.sort();
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() / sync.as_secs_f64();
    println!(
        "| {rate} entries a second from {writers} threads, {}: answers | p50 {:.1}, p99 {:.1}, slowest {:.0} `fdatasync` of {sync:.2?} | p99 ≤ 3 |",
        word(ack),
        at(0.5),
        at(0.99),
        at(0.999_99),
    );
}

fn long_run(folder: &Path) {
    let entries = std::env::var("SAKIMORI_ENTRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000_u64);
    let log = Log::create(&folder.join("long"), &key()).expect("a log");
    let mut tenths = Vec::new();
    let mut number = 0;
    for _ in 0..10 {
        let (before, first) = (cpu("self"), number);
        while number < first + entries / 10 {
            let batch: Vec<Vec<u8>> = (0..BATCH as u64).map(|n| entry(number + n)).collect();
            log.append(&key(), &batch, &|_| ()).expect("appended");
            number += BATCH as u64;
        }
        let used = cpu("self").since(before);
        let each = (used.program + used.system).as_secs_f64() * 1e6 / (number - first) as f64;
        tenths.push((each, memory_kib("self", "VmRSS")));
    }
    let (first, last) = (tenths[0], tenths[9]);
    println!(
        "| {entries} entries, {BATCH} an append: first and last tenth | {:.2} and {:.2} µs an entry; {:.1} and {:.1} MiB \
         resident | flat |",
        first.0,
        last.0,
        first.1 as f64 / 1024.0,
        last.1 as f64 / 1024.0
    );
}

/// Changes bytes anywhere in a log, one after the other, and looks how long it takes to find each.
fn damage(folder: &Path) {
    let path = folder.join("damaged");
    let log = Log::create(&path, &key()).expect("a log");
    let batch: Vec<Vec<u8>> = (0..DAMAGED as u64).map(entry).collect();
    batch.chunks(BATCH).for_each(|chunk| drop(log.append(&key(), chunk, &|_| ()).expect("appended")));
    let mut files = Vec::new();
    let mut folders = vec![path.clone()];
    while let Some(at) = folders.pop() {
        for file in fs::read_dir(at).into_iter().flatten().flatten().map(|file| file.path()) {
            let length = fs::metadata(&file).map_or(0, |found| found.len());
            if file.ends_with("pending") {
                // Spare files: whatever is in them, nobody reads it.
            } else if file.is_dir() {
                folders.push(file)
            } else if length > 0 {
                files.push(file)
            }
        }
    }
    files.sort();
    let mut slowest = Duration::ZERO;
    for n in 0..FLIPS {
        let file = &files[n * files.len() / FLIPS];
        let good = fs::read(file).expect("readable");
        let mut bad = good.clone();
        bad[n * 7919 % good.len()] ^= 1;
        fs::write(file, bad).expect("written");
        let start = Instant::now();
        let found = log.verify_all(&mut |_| ());
        slowest = slowest.max(start.elapsed());
        let name = file.strip_prefix(&path).expect("below").display().to_string();
        assert!(found.iter().any(|bad| bad.name == name), "{name} was not found: {found:?}");
        fs::write(file, good).expect("written");
    }
    println!(
        "| one byte changed in a log of {DAMAGED} entries, {FLIPS} times: found after | {slowest:.2?} at most | 5 s |"
    );
}
