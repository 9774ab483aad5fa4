//! The matrix of bad input: whatever happens to a file of any kind, an examination comes back, bounded, and what was
//! lost is not passed over in silence.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use sakimori_examine::sigma::RuleSet;
use sakimori_examine::source::Source;
use sakimori_examine::{Examination, Settings, examine, fuzz};

/// Inputs of the corpora that take part.
const INPUT_BYTES_MAX: usize = 64 * 1024;
/// Bytes that an examination may read of its observation for each byte that this has, and some for small ones.
const READ_BYTES_PER_BYTE_MAX: u64 = 64;
const READ_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// A hang shows long before; a slow machine does not reach it.
const EXAMINATION_MAX: Duration = Duration::from_secs(30);

/// Kinds of which a shorter file can be whole, so that nothing tells of a cut, and why.
const CUT_CANNOT_SHOW: &[(&str, &str)] = &[
    ("jsonl", "lines: cut at the end of one, the others are whole"),
    ("mail", "text without an end of its own; a mail without its last part is a mail"),
    ("mbox", "mails without an end of their own"),
    ("jinja", "text without an end of its own"),
    ("yaml", "text without an end of its own"),
    ("text", "text without an end of its own"),
    ("agent-config", "YAML without an end of its own"),
    ("agent-rules", "text without an end of its own"),
    ("agent-skill", "text without an end of its own"),
    ("conda-environment", "YAML without an end of its own"),
    ("python-project", "TOML without an end of its own"),
];

#[test]
fn a_cut_is_not_passed_over_in_silence() {
    let mut silent = Vec::new();
    for (name, bytes, kind) in inputs() {
        if CUT_CANNOT_SHOW.iter().any(|(exempt, _)| *exempt == kind) || bytes.is_empty() {
            continue;
        }
        let size = bytes.trim_ascii_end().len();
        for end in [0, size / 4, size / 2, size / 4 * 3, size - 1] {
            let examination = run(&format!("{name} cut at {end}"), &bytes[..end]);
            if examination.findings.is_empty() {
                let whole = WHOLE_FROM.iter().any(|(known, from, _)| *known == name && *from <= end);
                if !whole {
                    silent.push(format!("{name} ({kind}, as {}) cut at {end} of {}", examination.kind, bytes.len()));
                }
            }
        }
    }
    assert!(silent.is_empty(), "clean in silence:\n{}", silent.join("\n"));
}

/// Inputs of other kinds that are whole from this many bytes on, and what may be cut from there.
const WHOLE_FROM: &[(&str, usize, &str)] = &[
    ("agent/codex-toml", 32, "TOML without an end of its own"),
    ("agent/mcp-list-in-yaml", 34, "YAML without an end of its own"),
    ("coreml/weights", 264, "padding behind the last blob"),
    ("coreml/weights-trailing", 264, "padding behind the last blob, and what stands behind that"),
    ("gguf/described", 828, "padding behind the last tensor"),
    ("keras/h5-behind-a-pickle", 4, "the HDF5 file behind the pickle"),
    ("numpy/two-arrays", 136, "the second array: numpy reads one after the other"),
    ("trees/lightgbm-sections", 255, "the value of the last line, `pandas_categorical`"),
    ("trees/ncnn", 110, "the last parameter of the last layer"),
    ("pickle/torch-legacy", 200, "raw storages behind the pickles: numbers, which are not read"),
    ("pickle/zero-padding", 17, "padding behind the pickle's STOP"),
    ("rds/rda-text-form", 52, "a line feed behind the last value"),
    ("rds/text-form", 36, "a line feed behind the last value"),
    ("stream/gzip-two-members", 30, "the second member: gzip reads one after the other"),
    ("tar/behind-the-end", 1024, "padding behind the archive's end mark, and what stands behind that"),
    ("tar/nemo", 2560, "padding behind the archive's end mark"),
    ("tar/plain", 5120, "padding behind the archive's end mark"),
    ("tensorflow/fingerprint", 30, "fields of numbers, each whole"),
    ("tflite/metadata-and-labels", 872, "the zip archive behind the model: without its end no reader takes it for one"),
];

#[test]
fn a_cut_text_is_examined() {
    for (name, bytes, kind) in inputs() {
        if CUT_CANNOT_SHOW.iter().any(|(exempt, _)| *exempt == kind) {
            for end in [0, bytes.len() / 4, bytes.len() / 2, bytes.len() / 4 * 3, bytes.len() - 1] {
                run(&format!("{name} cut at {end}"), &bytes[..end]);
            }
        }
    }
}

#[test]
fn a_changed_byte_is_withstood() {
    for (name, bytes, _) in one_a_kind() {
        for place in 0..bytes.len().min(64) {
            let at = place * bytes.len() / bytes.len().min(64);
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            run(&format!("{name} changed at {at}"), &changed);
        }
    }
}

#[test]
fn more_bytes_are_withstood() {
    // Bytes of a fixed sequence without a pattern.
    let garbage: Vec<u8> = (0..1024_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, bytes, _) in one_a_kind() {
        run(&format!("{name} twice"), &[bytes.as_slice(), &bytes].concat());
        run(&format!("{name} and garbage"), &[bytes.as_slice(), &garbage].concat());
        run(&format!("garbage and {name}"), &[garbage.as_slice(), &bytes].concat());
    }
}

#[test]
fn twenty_containers_are_too_deep() {
    for (name, bytes, _) in one_a_kind() {
        let zipped = (0..20).fold(bytes.clone(), |inner, _| zip_of(&[("a", &inner)]));
        assert!(has(&run(&format!("{name} in zips"), &zipped), "SKM-OBS-0003"), "{name} in 20 zips");
        let packed = (0..20).fold(bytes, |inner, _| gzip_of(&inner));
        assert!(has(&run(&format!("{name} in gzips"), &packed), "SKM-OBS-0003"), "{name} in 20 gzips");
    }
}

#[test]
fn streams_that_are_not_unpacked_are_told() {
    let harmless = gzip_of(b"harmless ");
    let few = [harmless.repeat(900), gzip_of(b"cos\nsystem\n(S'id'\ntR.")].concat();
    assert!(!has(&run("900 streams", &few), "SKM-OBS-0003"));
    let many = [harmless.repeat(1_100), gzip_of(b"cos\nsystem\n(S'id'\ntR.")].concat();
    assert!(has(&run("1,100 streams", &many), "SKM-OBS-0003"));
}

#[test]
fn lengths_beyond_the_end_are_told() {
    let huge = u64::MAX.to_le_bytes();
    let half = (u64::MAX / 2).to_le_bytes();
    let text = |bytes: &[u8]| [&b"GGUF\x03\0\0\0"[..], &[0; 8], &1_u64.to_le_bytes(), bytes, b"general.name"].concat();
    let mut member = zip_of(&[("a", b"abc")]);
    let at = member.windows(4).position(|w| w == b"PK\x01\x02").expect("a directory");
    member[at + 20..at + 28].fill(0xfe);
    let mut tar = vec![0; 1024];
    tar[..4].copy_from_slice(b"a.pt");
    tar[124..135].copy_from_slice(b"77777777777");
    tar[257..263].copy_from_slice(b"ustar\0");
    let sum: u32 = tar[..512].iter().map(|b| u32::from(*b)).sum::<u32>() + 8 * 32;
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    for (what, bytes) in [
        ("safetensors: header", [&half[..], b"{\"a\":{}}"].concat()),
        ("safetensors: largest header", [&huge[..], b"{\"a\":{}}"].concat()),
        ("pickle: bytes", [&b"\x80\x04\x8e"[..], &half, b"abc."].concat()),
        ("pickle: text", [&b"\x80\x04\x8d"[..], &huge, b"abc."].concat()),
        ("pickle: negative length", b"\x80\x02T\xff\xff\xff\xffabc.".to_vec()),
        ("pickle: number", b"\x80\x02\x8b\xff\xff\xff\x7fabc.".to_vec()),
        ("gguf: text", text(&huge)),
        ("gguf: half text", text(&half)),
        ("gguf: counts", [&b"GGUF\x03\0\0\0"[..], &huge, &huge].concat()),
        ("npy: header", [&b"\x93NUMPY\x02\0"[..], &[0xff; 4], b"{'descr': '<f4'}"].concat()),
        ("npy: shape", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999999999, 9), }")),
        ("onnx: graph", b"\x08\x08\x12\x03abc\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x0a\x00".to_vec()),
        ("zip: member", member),
        ("tar: member", tar),
        ("lz4: block", b"\x04\x22\x4d\x18\x64\x40\xa7\xff\xff\xff\x7fabc".to_vec()),
        ("zstd: window", b"\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00abc".to_vec()),
        ("lzma: dictionary", b"\x5d\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0".to_vec()),
    ] {
        assert!(!run(what, &bytes).findings.is_empty(), "{what}: clean in silence");
    }
}

#[test]
fn what_refers_to_itself_ends() {
    for (what, bytes) in [
        ("a list in itself", &b"\x80\x02]q\0h\0a."[..]),
        ("a dictionary in itself", b"\x80\x02}q\0h\0h\0s."),
        ("a tuple around a list around it", b"\x80\x02]q\0h\0\x85q\x01a0h\x01."),
        ("a call with its own result", b"\x80\x02cbuiltins\nlist\nq\0h\0h\0\x85Rq\x01h\x01\x85R."),
        ("a state that is its object", b"\x80\x02cbuiltins\nobject\n)\x81q\0h\0b."),
        ("a set of sets of itself", b"\x80\x04\x8f\x94(h\0h\0\x90."),
    ] {
        run(what, bytes);
    }
    // Tuples of tuples: few bytes stand for 2 to the power of 5,000 values.
    let mut laughs = b"\x80\x02N".to_vec();
    (0..5_000).for_each(|_| laughs.extend_from_slice(b"2\x86"));
    laughs.extend_from_slice(b"cos\nsystem\nq\0R.");
    run("tuples of tuples", &laughs);

    let whole = self_containing_zip(200);
    assert!(!run("a zip whose members are itself", &whole).findings.is_empty());
}

#[test]
fn nesting_is_withstood() {
    let n = 100_000;
    let mail = "From: a@example.com\nTo: b@example.com\nSubject: x\n";
    let mut parts = mail.to_owned();
    for i in 0..1_000 {
        write!(parts, "Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n").expect("memory");
    }
    let html = format!("{mail}Content-Type: text/html\n\n{}x", "<div><p style=\"color:#fff\">".repeat(n));
    let config = format!("{{\"model_type\": \"x\", \"a\": {}", "[".repeat(n));
    let object = "{\"a\":".repeat(n);
    for (what, bytes) in [
        ("lists of JSON", "[".repeat(n)),
        ("closed lists of JSON", "[".repeat(n) + &"]".repeat(n)),
        ("objects of JSON", object.clone()),
        ("a configuration", config),
        ("a line of JSON", format!("{{\"EventID\": 1}}\n{object}1{}\n{{\"EventID\": 2}}\n", "}".repeat(n))),
        ("multipart in multipart", parts),
        ("a template", format!("{{{{ {}x{} }}}}", "(".repeat(n), ")".repeat(n))),
    ] {
        let examination = run(what, bytes.as_bytes());
        assert!(!examination.findings.is_empty(), "{what}: clean in silence");
    }
    run("HTML", html.as_bytes());
    run("pickled lists", &[&b"\x80\x02"[..], &b"](".repeat(n), &b"e".repeat(n), b"."].concat());
    run("safetensors", &{
        let header = format!("{{\"a\":{}", "[".repeat(n));
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat()
    });
    run("npy", &npy(&format!("{{'descr': {}", "(".repeat(60_000))));
    run("onnx graphs", &b"\x08\x08\x3a".iter().copied().chain((0..n).flat_map(|_| [0x7f, 0x0a])).collect::<Vec<_>>());
}

#[test]
fn rules_that_blow_up_are_errors() {
    let mut aliases = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..30 {
        let before = format!("*a{}, ", i - 1).repeat(9);
        writeln!(aliases, "a{i}: &a{i} [{}]", before.trim_end_matches(", ")).expect("memory");
    }
    let rule = |detection: &str| format!("title: x\nlogsource: {{product: windows}}\ndetection:\n{detection}\n");
    let not = format!("  s: {{a: b}}\n  condition: {}s", "not ".repeat(50_000));
    let parentheses = format!("  s: {{a: b}}\n  condition: {}s{}", "(".repeat(50_000), ")".repeat(50_000));
    for (what, text) in [
        ("aliases of aliases", aliases.clone()),
        ("aliases in a rule", format!("{aliases}{}", rule("  s: {a: *a29}\n  condition: s"))),
        ("an alias of itself", rule("  s: &s {a: *s}\n  condition: s")),
        ("lists in lists", rule(&format!("  s: {}\n  condition: s", "[".repeat(100_000)))),
        ("maps in maps", rule(&format!("  s: {}\n  condition: s", "{a: ".repeat(100_000)))),
        ("not not", rule(&not)),
        ("parentheses", rule(&parentheses)),
        ("a pattern that backtracks", rule("  s: {a|re: '(a+)+(?=b)(a*){1000}{1000}'}\n  condition: s")),
        ("a large repetition", rule("  s: {a|re: '((a{1000}){1000}){1000}'}\n  condition: s")),
    ] {
        let start = Instant::now();
        let (rules, errors) = RuleSet::compile([("bad.yml", text.as_bytes())]);
        assert!(rules.is_empty() && !errors.is_empty(), "{what}: {} rules", rules.len());
        assert!(start.elapsed() < EXAMINATION_MAX, "{what}: {:?}", start.elapsed());
    }
}

/// Bytes of which it is counted how many are read.
struct Counted<'a> {
    bytes: &'a [u8],
    read_bytes: AtomicU64,
}

impl Source for Counted<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read_at(offset, buf)?;
        self.read_bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Examines with the limits and rules of the program and checks what must hold for every examination.
fn run(what: &str, bytes: &[u8]) -> Examination {
    let settings = Settings { sigma: RuleSet::builtin().clone(), ..Settings::default() };
    let source = Counted { bytes, read_bytes: AtomicU64::new(0) };
    let start = Instant::now();
    let examination = examine(&source, &settings);
    println!("{what}: {:?}, {} findings", start.elapsed(), examination.findings.len());
    assert!(!has(&examination, "SKM-OBS-0004"), "{what}: the examiner failed");
    fuzz::check(&examination.findings, bytes.len() as u64, &settings.limits);
    let read_bytes = source.read_bytes.into_inner();
    let allowed = READ_BYTES_PER_BYTE_MAX * bytes.len() as u64 + READ_BYTES_MAX;
    assert!(read_bytes <= allowed, "{what}: {read_bytes} of {allowed} bytes were read");
    assert!(start.elapsed() < EXAMINATION_MAX, "{what}: {:?}", start.elapsed());
    examination
}

fn has(examination: &Examination, code: &str) -> bool {
    examination.findings.iter().any(|finding| finding.code.as_str() == code)
}

/// The inputs of the corpora: name, bytes and kind.
fn inputs() -> Vec<(String, Vec<u8>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    // Those are folders written down as one file, and files of no kind.
    let folders =
        fs::read_dir(root).expect("the corpora").filter(|f| f.as_ref().is_ok_and(|f| f.file_name() != "repository"));
    let mut found = Vec::new();
    for path in folders.flat_map(|f| fs::read_dir(f.expect("readable").path()).expect("a folder")) {
        let path = path.expect("readable").path();
        let bytes = fs::read(&path).expect("readable");
        if path.extension().is_some_and(|e| e == "in") && (1..=INPUT_BYTES_MAX).contains(&bytes.len()) {
            let kind = sakimori_examine::recognise::recognise(&bytes).expect("memory can be read").to_string();
            let folder = path.parent().and_then(Path::file_name).unwrap_or_default().display();
            found.push((format!("{folder}/{}", path.file_stem().unwrap_or_default().display()), bytes, kind));
        }
    }
    found.sort();
    found
}

/// Of each kind the largest input below 8 KiB, or the first.
fn one_a_kind() -> Vec<(String, Vec<u8>, String)> {
    let mut kinds = BTreeMap::new();
    for input in inputs() {
        let better = |old: &(String, Vec<u8>, String)| input.1.len() > old.1.len() && input.1.len() < 8 * 1024;
        if kinds.get(&input.2).is_none_or(better) {
            kinds.insert(input.2.clone(), input);
        }
    }
    assert!(kinds.len() > 25, "{:?}", kinds.keys());
    kinds.into_values().collect()
}

fn npy(header: &str) -> Vec<u8> {
    let length = u16::try_from(header.len()).expect("short enough").to_le_bytes();
    [&b"\x93NUMPY\x01\0"[..], &length, header.as_bytes()].concat()
}

fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// An archive of stored members.
fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        directory.extend(directory_entry(name, bytes, body.len() as u32));
        body.extend(local_header(name, bytes));
        body.extend_from_slice(bytes);
    }
    let start = body.len() as u32;
    body.extend(&directory);
    body.extend(end_of_directory(members.len() as u16, directory.len() as u32, start));
    body
}

/// An archive with `count` members, each of which is the same bytes: the directory itself, up to the end.
fn self_containing_zip(count: u16) -> Vec<u8> {
    let name = "a";
    let header_bytes = 30 + name.len();
    let directory_bytes = usize::from(count) * (46 + name.len());
    let size = header_bytes + directory_bytes + 22;
    let all = vec![0; directory_bytes + 22];
    let mut archive = local_header(name, &all);
    (0..count).for_each(|_| archive.extend(directory_entry(name, &all, 0)));
    archive.extend(end_of_directory(count, directory_bytes as u32, header_bytes as u32));
    assert_eq!(archive.len(), size);
    archive
}

fn sizes_and_crc(bytes: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    let size = bytes.len() as u32;
    [crc.sum().to_le_bytes(), size.to_le_bytes(), size.to_le_bytes()].concat()
}

fn local_header(name: &str, bytes: &[u8]) -> Vec<u8> {
    let start = b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0";
    [&start[..], &sizes_and_crc(bytes), &(name.len() as u16).to_le_bytes(), &[0; 2], name.as_bytes()].concat()
}

fn directory_entry(name: &str, bytes: &[u8], offset: u32) -> Vec<u8> {
    let start = b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\x21\0";
    let rest = [&(name.len() as u16).to_le_bytes()[..], &[0; 12], &offset.to_le_bytes(), name.as_bytes()].concat();
    [&start[..], &sizes_and_crc(bytes), &rest].concat()
}

fn end_of_directory(count: u16, directory_bytes: u32, start: u32) -> Vec<u8> {
    let counts = [count.to_le_bytes(), count.to_le_bytes()].concat();
    [&b"PK\x05\x06\0\0\0\0"[..], &counts, &directory_bytes.to_le_bytes(), &start.to_le_bytes(), &[0; 2]].concat()
}
