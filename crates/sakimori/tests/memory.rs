//! How much memory an examination takes, however large the input is or says it is.
//!
//! The bounds are on the peak of the whole process (`VmHWM`): the program itself, its rules and its tables take about
//! 20 MiB of it in a debug build.

mod common;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use common::Node;
use flate2::Compression;
use flate2::write::GzEncoder;

const MIB: u64 = 1024 * 1024;

/// Tensors stay where they are: only the header is held.
#[test]
fn two_gigabytes_of_tensors_need_64_mib() {
    let node = Node::new();
    let path = node.path("model.safetensors");
    sparse_safetensors(&path, 1 << 30).expect("written");
    assert_eq!(fs::metadata(&path).expect("there").len() >> 31, 1);
    let peak = peak_of_check(&node, &path, "allow");
    assert!(peak <= 64 * MIB, "{} MiB", peak / MIB);
}

/// A stored member is read in place, whatever its size.
#[test]
fn a_stored_member_of_200_mb_needs_64_mib() {
    let node = Node::new();
    let path = node.path("model.pt");
    sparse_checkpoint(&path, 200 * MIB).expect("written");
    let peak = peak_of_check(&node, &path, "allow");
    assert!(peak <= 64 * MIB, "{} MiB", peak / MIB);
}

/// What is compressed is unpacked up to 32 MiB a member, held once, and once more while it grows.
#[test]
fn what_unpacks_into_64_mib_needs_160_mib() {
    let node = Node::new();
    for (name, block) in [("zeros.gz", vec![0; 1024]), ("text.gz", mixed_block())] {
        let mut encoder = GzEncoder::new(File::create(node.path(name)).expect("a file"), Compression::fast());
        (0..64 * 1024).for_each(|_| encoder.write_all(&block).expect("written"));
        encoder.finish().expect("written");
        let peak = peak_of_check(&node, &node.path(name), "review");
        assert!(peak <= 160 * MIB, "{name}: {} MiB", peak / MIB);
    }
}

/// Bytes that do not shrink so much that the ratio alone ends the unpacking.
fn mixed_block() -> Vec<u8> {
    (0..1024_u32).map(|i| if i % 16 == 0 { (i.wrapping_mul(2_654_435_761) >> 11) as u8 } else { 0 }).collect()
}

/// Runs `check` on the path, expects this decision, and returns the peak of resident memory in bytes.
fn peak_of_check(node: &Node, path: &Path, decision: &str) -> u64 {
    let printed = node.path("printed");
    let mut command: Command = node.command();
    command.args(["check", "--format", "jsonl"]).arg(path);
    command.stdout(File::create(&printed).expect("a file")).stderr(Stdio::inherit());
    let mut child = command.spawn().expect("started");
    let mut peak = 0;
    while child.try_wait().expect("it can be waited for").is_none() {
        // The peak never falls, so the last reading before the end counts.
        peak = peak.max(peak_bytes(child.id()).unwrap_or_default());
        sleep(Duration::from_millis(2));
    }
    let line = fs::read_to_string(&printed).expect("printed");
    assert!(line.contains(&format!("\"decision\":\"{decision}\"")), "{line}");
    println!("{}: {} MiB", path.file_name().unwrap_or_default().display(), peak / MIB);
    assert!(peak > 0, "no reading");
    peak
}

fn peak_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Two tensors of so many bytes each, without a block on the disk.
fn sparse_safetensors(path: &Path, tensor_bytes: u64) -> io::Result<()> {
    let tensor = |begin: u64| {
        let end = begin + tensor_bytes;
        serde_json::json!({"dtype": "F16", "shape": [tensor_bytes / 2], "data_offsets": [begin, end]})
    };
    let header = serde_json::json!({"a": tensor(0), "b": tensor(tensor_bytes)}).to_string();
    let file = File::create(path)?;
    file.write_all_at(&(header.len() as u64).to_le_bytes(), 0)?;
    file.write_all_at(header.as_bytes(), 8)?;
    file.set_len(8 + header.len() as u64 + 2 * tensor_bytes)
}

/// A PyTorch checkpoint with one stored storage of so many zeros, without a block on the disk for them.
fn sparse_checkpoint(path: &Path, storage_bytes: u64) -> io::Result<()> {
    let pickle: &[u8] = b"\x80\x02}q\0.";
    let mut pickle_crc = flate2::Crc::new();
    pickle_crc.update(pickle);
    let mut storage_crc = flate2::Crc::new();
    let chunk = vec![0; MIB as usize];
    (0..storage_bytes / MIB).for_each(|_| storage_crc.update(&chunk));

    let file = File::create(path)?;
    let mut at = 0;
    let mut directory = Vec::new();
    for (name, size, crc) in [
        ("archive/data.pkl", pickle.len() as u64, pickle_crc.sum()),
        ("archive/version", 2, crc_of(b"3\n")),
        ("archive/data/0", storage_bytes, storage_crc.sum()),
    ] {
        let size_field = u32::try_from(size).expect("below 4 GiB").to_le_bytes();
        let sizes = [crc.to_le_bytes(), size_field, size_field].concat();
        let length = (name.len() as u16).to_le_bytes();
        let header = [b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0", &sizes[..], &length, &[0; 2], name.as_bytes()].concat();
        file.write_all_at(&header, at)?;
        let entry = [b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\x21\0", &sizes[..], &length, &[0; 12]].concat();
        directory.extend([&entry[..], &(at as u32).to_le_bytes(), name.as_bytes()].concat());
        at += header.len() as u64;
        match name {
            "archive/data.pkl" => file.write_all_at(pickle, at)?,
            "archive/version" => file.write_all_at(b"3\n", at)?,
            _ => {}
        }
        at += size;
    }
    file.write_all_at(&directory, at)?;
    let places = [(directory.len() as u32).to_le_bytes(), (at as u32).to_le_bytes()].concat();
    let end = [&b"PK\x05\x06\0\0\0\0\x03\0\x03\0"[..], &places, &[0; 2]].concat();
    file.write_all_at(&end, at + directory.len() as u64)
}

fn crc_of(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
