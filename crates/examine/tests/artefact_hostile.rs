//! Whatever the bytes are, recognising and examining them ends, without a failure of the examiner and within memory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;

use proptest::prelude::*;
use sakimori_examine::limits::Limits;
use sakimori_examine::source::Source;
use sakimori_examine::{Examination, Settings, examine};

/// Small limits, so that reaching them is tried too.
fn small_limits() -> Settings {
    let limits = Limits {
        depth_max: 4,
        members_max: 50,
        member_bytes_max: 64 * 1024,
        unpacked_bytes_max: 256 * 1024,
        header_bytes_max: 16 * 1024,
        nesting_max: 16,
        findings_max: 50,
        ..Limits::default()
    };
    Settings { limits, ..Settings::default() }
}

fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    for settings in [Settings::default(), small_limits()] {
        let examination = examine(&bytes.to_vec(), &settings);
        prop_assert!(!has(&examination, "SKM-OBS-0004"), "the examiner failed");
        prop_assert!(examination.findings.len() <= settings.limits.findings_max + 1);
    }
    Ok(())
}

fn has(examination: &Examination, code: &str) -> bool {
    examination.findings.iter().any(|f| f.code.as_str() == code)
}

/// The inputs of the corpora of this family, except the large ones.
fn seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folders = ["zip", "tar", "stream", "safetensors", "gguf", "onnx", "keras", "tensorflow", "numpy", "template"];
    let files = folders.iter().flat_map(|f| fs::read_dir(root.join(f)).expect("a corpus"));
    let mut paths: Vec<_> =
        files.map(|f| f.expect("readable").path()).filter(|p| p.extension().is_some_and(|e| e == "in")).collect();
    paths.sort();
    paths.iter().map(|p| fs::read(p).expect("readable")).filter(|b| b.len() < 20_000).collect()
}

/// One change to some bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Cut(usize),
    Insert(usize, Vec<u8>),
    Fill(usize, u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<usize>(), any::<u8>()).prop_map(|(at, b)| Change::Set(at, b)),
        1 => any::<usize>().prop_map(Change::Cut),
        1 => (any::<usize>(), prop::collection::vec(any::<u8>(), 1..16)).prop_map(|(at, b)| Change::Insert(at, b)),
        2 => (any::<usize>(), prop::sample::select(vec![0, 0xff, 0x7f, 0x80])).prop_map(|(at, b)| Change::Fill(at, b)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let size = bytes.len().max(1);
        match change {
            Change::Set(at, b) => bytes.iter_mut().skip(at % size).take(1).for_each(|x| *x = *b),
            Change::Cut(at) => bytes.truncate(at % size),
            Change::Insert(at, new) => {
                drop(bytes.splice((at % size).min(bytes.len())..(at % size).min(bytes.len()), new.iter().copied()))
            }
            Change::Fill(at, b) => bytes.iter_mut().skip(at % size).take(8).for_each(|x| *x = *b),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        holds(&bytes)?;
    }

    #[test]
    fn arbitrary_bytes_behind_a_signature(
        start in prop::sample::select(vec![
            &b"PK\x03\x04"[..], b"GGUF\x03\0\0\0", b"\x93NUMPY\x01\0", b"\x1f\x8b\x08\0", b"\xfd7zXZ\0", b"BZh9\x31\x41\x59\x26\x53\x59",
            b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\x78\x9c", b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0", b"\x89HDF\r\n\x1a\n{\"class_name\"",
            b"\x08\x08\x3a", b"{\"chat_template\": \"{{", b"{% set x = '", b"\x40\0\0\0\0\0\0\0{\"a\":", b"From: a\nTo: b\nSubject: ",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        holds(&[start, &rest].concat())?;
    }

    #[test]
    fn changed_inputs(pick in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let seeds = seeds();
        holds(&changed(pick.get(&seeds).clone(), &changes))?;
    }

    #[test]
    fn arbitrary_templates(code in "[_a-z'\"\\\\{}%#|.~()\\[\\] x5f\u{e9}]{0,120}") {
        holds(format!("{{% {code}").as_bytes())?;
    }
}

/// A file that notes which of its bytes are read.
struct Watched {
    file: File,
    size: u64,
    read: Mutex<(u64, u64)>,
}

impl Source for Watched {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buf, offset)?;
        let mut read = self.read.lock().expect("one thread");
        read.0 += count as u64;
        read.1 = read.1.max(buf.len() as u64);
        Ok(count)
    }
}

#[test]
fn of_two_gigabytes_of_safetensors_only_the_header_is_read() {
    const TENSOR_BYTES: u64 = 1 << 30;
    let tensor = |begin: u64| serde_json::json!({"dtype": "F16", "shape": [TENSOR_BYTES / 2], "data_offsets": [begin, begin + TENSOR_BYTES]});
    let header = serde_json::json!({"a": tensor(0), "b": tensor(TENSOR_BYTES)}).to_string();
    let file = tempfile::tempfile().expect("a temporary file");
    file.write_all_at(&(header.len() as u64).to_le_bytes(), 0).expect("written");
    file.write_all_at(header.as_bytes(), 8).expect("written");
    let size = 8 + header.len() as u64 + 2 * TENSOR_BYTES;
    file.set_len(size).expect("a sparse file");
    let watched = Watched { file, size, read: Mutex::new((0, 0)) };

    let examination = examine(&watched, &Settings::default());

    assert_eq!(examination.kind.as_str(), "safetensors");
    assert_eq!(examination.findings, []);
    let (bytes, at_once) = *watched.read.lock().expect("one thread");
    assert!(bytes < 1024 * 1024, "{bytes} bytes were read");
    assert!(at_once <= 128 * 1024, "{at_once} bytes were asked for at once");
}
