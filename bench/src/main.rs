//! Benchmarks beside the machine's own limits: each figure is a ratio of two medians of one run.

mod client;
mod log;
mod process;
mod service;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sakimori_examine::limits::Limits;
use sakimori_examine::report::Report;
use sakimori_examine::sigma::RuleSet;
use sakimori_examine::{Settings, examine, recognise};
use sha2::Digest as _;

use crate::process::memory_kib;

/// Runs of which the median is taken.
const RUNS: usize = 5;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("service") {
        let program = std::env::var_os("SAKIMORI_BIN").expect("SAKIMORI_BIN names the program");
        return service::run(Path::new(&program));
    }
    if std::env::args().nth(1).as_deref() == Some("log") {
        return log::run();
    }
    println!("| what | input | median | beside | ratio |\n|---|---|---|---|---|");
    let settings = Settings { sigma: RuleSet::builtin().clone(), ..Settings::default() };
    let data = std::env::var_os("SAKIMORI_DATA").map(PathBuf::from);
    for (name, bytes) in inputs(data.as_deref()) {
        throughput(name, &bytes, &settings);
    }
    if let Some(data) = &data {
        logs(data);
        mails(data, &settings);
    }
    memory();
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

fn row(what: &str, input: &str, ours: Duration, beside: &str, limit: Duration) {
    let ratio = ours.as_secs_f64() / limit.as_secs_f64();
    println!("| {what} | {input} | {ours:.2?} | {beside} {limit:.2?} | {ratio:.2} |");
}

/// Examining, beside the SHA-256 of the same bytes.
fn throughput(name: &str, bytes: &Vec<u8>, settings: &Settings) {
    let ours = median(|| drop(black_box(examine(bytes, settings))));
    let hash = median(|| {
        black_box(sha2::Sha256::digest(bytes));
    });
    row(&format!("examine {name}"), &format!("{:.1} MB", bytes.len() as f64 / 1e6), ours, "sha256", hash);
}

fn inputs(data: Option<&Path>) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![
        ("safetensors, one tensor", safetensors(64 << 20)),
        ("pickle, 5 million opcodes", pickle(5_000_000)),
        ("JSON lines, process events", events(50_000)),
        ("mbox, short mails", mbox(2_000)),
    ];
    if let Some(onnx) = data.map(|d| d.join("artefact/pypi_models/silero_vad/silero_vad/data/silero_vad_16k_op15.onnx"))
    {
        all.extend(fs::read(onnx).ok().map(|bytes| ("ONNX, silero_vad", bytes)));
    }
    all
}

fn safetensors(size: usize) -> Vec<u8> {
    let mut header = format!("{{\"t\":{{\"dtype\":\"U8\",\"shape\":[{size}],\"data_offsets\":[0,{size}]}}}}");
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.resize(bytes.len() + size, 7);
    bytes
}

/// A list of small integers, protocol 2.
fn pickle(opcodes: usize) -> Vec<u8> {
    let mut bytes = b"\x80\x02](".to_vec();
    for i in 0..opcodes {
        bytes.extend([b'K', i as u8]);
    }
    bytes.extend(b"e.");
    bytes
}

fn events(count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for i in 0..count {
        let event = serde_json::json!({
            "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "EventTime": "2026-11-02 09:14:07",
            "Image": format!("C:\\Program Files\\App{i}\\app.exe"), "CommandLine": format!("app.exe --job {i} --quiet"),
            "ParentImage": "C:\\Windows\\explorer.exe", "Hostname": "ward3-pc", "User": "WARD\\nurse",
        });
        let _ = writeln!(bytes, "{event}");
    }
    bytes
}

fn mbox(count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for i in 0..count {
        let _ = write!(
            bytes,
            "From sender@example.com Mon Nov  2 09:14:07 2026\nFrom: Sender <sender@example.com>\nTo: a@example.jp\n\
             Subject: minutes {i}\nDate: Mon, 02 Nov 2026 09:14:07 +0900\nMessage-ID: <{i}@example.com>\n\n\
             The minutes of meeting {i} are at https://www.example.com/minutes/{i}.\n\n"
        );
    }
    bytes
}

/// Detection with all rules of the shared set, beside parsing the same events only.
fn logs(data: &Path) {
    let Ok(bytes) = fs::read(data.join("logs/security-datasets/windows-40k.jsonl")) else { return };
    let files: Vec<(String, Vec<u8>)> = rule_files(&data.join("rules/sigma"));
    let (rules, _) = RuleSet::compile(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    let limits = Limits::default();
    let kind = recognise::recognise(&bytes).expect("readable");
    let ours = median(|| {
        sakimori_examine::log::detect(&bytes, &kind, &rules, &mut Report::new(&limits), &mut |found| {
            drop(black_box(found))
        });
    });
    let parse = median(|| {
        for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            black_box(serde_json::from_slice::<serde_json::Value>(line).ok());
        }
    });
    row(
        &format!("detect with {} rules", rules.len()),
        &format!("{:.0} MB", bytes.len() as f64 / 1e6),
        ours,
        "serde_json",
        parse,
    );
}

fn rule_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yml") {
                found.extend(fs::read(&path).ok().map(|bytes| (path.display().to_string(), bytes)));
            }
        }
    }
    found
}

fn mails(data: &Path, settings: &Settings) {
    let mails: Vec<Vec<u8>> = fs::read_dir(data.join("mail/sa-easy-ham-1"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read(entry.path()).ok())
        .collect();
    if mails.is_empty() {
        return;
    }
    let ours = median(|| mails.iter().for_each(|mail| drop(black_box(examine(mail, settings)))));
    let hash = median(|| {
        for mail in &mails {
            black_box(sha2::Sha256::digest(mail));
        }
    });
    row("examine mails, one core", &format!("{} mails", mails.len()), ours, "sha256", hash);
}

/// The peak memory of a whole process.
fn memory() {
    let Some(program) = std::env::var_os("SAKIMORI_BIN") else {
        println!("\nSet SAKIMORI_BIN to the release build to measure the memory of whole processes.");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let huge = folder.path().join("2gib.safetensors");
    let size: u64 = 2 << 30;
    let mut header = format!("{{\"t\":{{\"dtype\":\"U8\",\"shape\":[{size}],\"data_offsets\":[0,{size}]}}}}");
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file = File::create(&huge).expect("a file");
    file.write_all(&(header.len() as u64).to_le_bytes())
        .and_then(|()| file.write_all(header.as_bytes()))
        .expect("written");
    file.set_len(8 + header.len() as u64 + size).expect("sparse");
    let pickle_path = folder.path().join("5m.pkl");
    fs::write(&pickle_path, pickle(5_000_000)).expect("written");
    println!("\n| whole process | peak memory | time |\n|---|---|---|");
    for (name, path) in [("check 2 GiB safetensors", &huge), ("check pickle of 5 million opcodes", &pickle_path)] {
        let start = Instant::now();
        let peak = peak_kib(Path::new(&program), path, folder.path());
        println!("| {name} | {:.1} MiB | {:.2?} |", peak as f64 / 1024.0, start.elapsed());
    }
}

fn peak_kib(program: &Path, input: &Path, home: &Path) -> u64 {
    let mut command = Command::new(program);
    command.args(["check", "--quiet", "--fail-on", "never"]).arg(input).env("SAKIMORI_HOME", home.join("home"));
    let mut child = command.stdout(Stdio::null()).spawn().expect("started");
    let mut peak = 0;
    while child.try_wait().expect("waited").is_none() {
        peak = peak.max(memory_kib(child.id(), "VmHWM"));
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}
