//! Fuzz targets: plain functions over arbitrary bytes, for a fuzzer (`fuzz/` at the root) and for tests.
//!
//! Each gives the bytes to one examiner as if they had been recognised as its kind, under limits so small that
//! reaching them is tried too, and checks what must hold for the findings of any examiner.

use sakimori_model::{Finding, Kind, Lang, Place};

use crate::artefact::pickle::{self, Carrier};
use crate::excerpt::{self, Excerpt};
use crate::limits::Limits;
use crate::recognise::{kinds, recognise};
use crate::report::Report;
use crate::repository::RepositoryFile;
use crate::sigma::RuleSet;
use crate::{Examination, Settings, agent, artefact, catalogue, codes, disclosure, log, mail, repository};

pub use sakimori_model::fuzz::Target;

/// The targets of this crate: one a parser, and the whole.
pub const TARGETS: &[Target] = &[
    Target { name: "recognise", run: |bytes| drop(recognise(&bytes.to_vec())) },
    Target { name: "pickle", run: |bytes| pickle(Carrier::Plain, bytes) },
    Target { name: "pickle_torch_legacy", run: |bytes| pickle(Carrier::TorchLegacy, bytes) },
    Target { name: "pickle_embedded", run: |bytes| pickle(Carrier::Embedded, bytes) },
    Target { name: "zip", run: |bytes| artefact(&kinds::ZIP, bytes) },
    Target { name: "tar", run: |bytes| artefact(&kinds::TAR, bytes) },
    Target { name: "sevenz", run: |bytes| artefact(&kinds::SEVEN_ZIP, bytes) },
    Target { name: "gzip", run: |bytes| artefact(&kinds::GZIP, bytes) },
    Target { name: "bzip2", run: |bytes| artefact(&kinds::BZIP2, bytes) },
    Target { name: "xz", run: |bytes| artefact(&kinds::XZ, bytes) },
    Target { name: "lzma", run: |bytes| artefact(&kinds::LZMA, bytes) },
    Target { name: "zlib", run: |bytes| artefact(&kinds::ZLIB, bytes) },
    Target { name: "zfile", run: |bytes| artefact(&kinds::ZFILE, bytes) },
    Target { name: "zstd", run: |bytes| artefact(&kinds::ZSTD, bytes) },
    Target { name: "lz4", run: |bytes| artefact(&kinds::LZ4, bytes) },
    Target { name: "safetensors", run: |bytes| artefact(&kinds::SAFETENSORS, bytes) },
    Target { name: "gguf", run: |bytes| artefact(&kinds::GGUF, bytes) },
    Target { name: "onnx", run: |bytes| artefact(&kinds::ONNX, bytes) },
    Target { name: "savedmodel", run: |bytes| artefact(&kinds::SAVED_MODEL, bytes) },
    Target { name: "tf_graph", run: |bytes| artefact(&kinds::TF_GRAPH, bytes) },
    Target { name: "tf_keras", run: |bytes| artefact(&kinds::TF_KERAS, bytes) },
    Target { name: "tflite", run: |bytes| artefact(&kinds::TFLITE, bytes) },
    Target { name: "coreml", run: |bytes| artefact(&kinds::COREML, bytes) },
    Target { name: "coreml_weights", run: |bytes| artefact(&kinds::COREML_WEIGHTS, bytes) },
    Target { name: "paddle", run: |bytes| artefact(&kinds::PADDLE, bytes) },
    Target { name: "paddle_parameters", run: |bytes| artefact(&kinds::PADDLE_PARAMETERS, bytes) },
    Target { name: "tf_checkpoint", run: |bytes| artefact(&kinds::TF_CHECKPOINT, bytes) },
    Target { name: "xgboost_ubjson", run: |bytes| artefact(&kinds::XGBOOST_UBJSON, bytes) },
    Target { name: "xgboost_binary", run: |bytes| artefact(&kinds::XGBOOST_BINARY, bytes) },
    Target { name: "catboost", run: |bytes| artefact(&kinds::CATBOOST, bytes) },
    Target { name: "lightgbm", run: |bytes| artefact(&kinds::LIGHTGBM, bytes) },
    Target { name: "ncnn", run: |bytes| artefact(&kinds::NCNN, bytes) },
    Target { name: "msgpack", run: |bytes| artefact(&kinds::MSGPACK, bytes) },
    Target { name: "ocdbt", run: |bytes| artefact(&kinds::OCDBT, bytes) },
    Target { name: "zarr_shard", run: |bytes| artefact(&kinds::ZARR_SHARD, bytes) },
    Target { name: "mxnet", run: |bytes| artefact(&kinds::MXNET, bytes) },
    Target { name: "rds", run: |bytes| artefact(&kinds::RDS, bytes) },
    Target { name: "llamafile", run: |bytes| artefact(&kinds::LLAMAFILE, bytes) },
    Target { name: "config", run: |bytes| artefact(&kinds::JSON, bytes) },
    Target { name: "hdf5", run: |bytes| artefact(&kinds::HDF5, bytes) },
    Target { name: "npy", run: |bytes| artefact(&kinds::NPY, bytes) },
    Target { name: "template", run: |bytes| artefact(&kinds::JINJA, bytes) },
    Target { name: "yaml", run: |bytes| artefact(&kinds::YAML, bytes) },
    Target { name: "xml", run: |bytes| artefact(&kinds::XML, bytes) },
    Target { name: "evtx", run: |bytes| log(&kinds::EVTX, bytes) },
    Target { name: "json_lines", run: |bytes| log(&kinds::JSONL, bytes) },
    Target { name: "json", run: |bytes| log(&kinds::JSON, bytes) },
    Target { name: "sigma", run: sigma },
    Target { name: "mail", run: |bytes| mail(&kinds::MAIL, bytes) },
    Target { name: "mbox", run: |bytes| mail(&kinds::MBOX, bytes) },
    Target { name: "message", run: message },
    Target { name: "disclosure", run: disclosure },
    Target { name: "repository", run: repository },
    Target {
        name: "agent",
        run: |bytes| examined(bytes, |source, settings, report| agent::examine_as_all(source, settings, report)),
    },
    Target { name: "examine", run: examine },
    Target { name: "excerpt", run: excerpt },
];

/// Runs the target with this name.
///
/// # Panics
/// When there is none, or when an invariant does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"));
    (target.run)(bytes);
}

/// Limits at which a file of some kilobytes can arrive.
#[must_use]
pub fn limits() -> Limits {
    const KIB: u64 = 1024;
    Limits {
        depth_max: 4,
        members_max: 100,
        member_bytes_max: 256 * KIB,
        unpacked_bytes_max: 1024 * KIB,
        ratio_max: 100,
        pickle_opcodes_max: 100_000,
        pickle_streams_max: 100,
        pickle_stack_max: 10_000,
        pickle_memo_max: 10_000,
        pickle_memo_sparse_max: 1_000,
        pickle_cells_max: 20_000,
        pickle_globals_max: 100,
        pickle_literals_max: 10,
        pickle_literals_tried_max: 100,
        pickle_expanded_max: 100_000,
        header_bytes_max: 64 * KIB,
        line_bytes_max: 16 * 1024,
        nesting_max: 32,
        mail_bytes_max: 64 * KIB,
        mail_parts_max: 50,
        mail_text_bytes_max: 100_000,
        mail_links_max: 50,
        mailbox_mails_max: 50,
        message_bytes_max: 16 * KIB,
        message_links_max: 20,
        findings_max: 50,
        facts_max: 100,
    }
}

/// Checks what must hold for the findings over `size_bytes` bytes under these limits.
///
/// # Panics
/// When it does not hold.
pub fn check(findings: &[Finding], size_bytes: u64, limits: &Limits) {
    assert!(findings.len() <= limits.findings_max + 1, "{} findings", findings.len());
    for finding in findings {
        assert_ne!(finding.code, codes::EXAMINER_FAILED);
        assert!(!finding.because.is_empty(), "{} rests on nothing", finding.code);
        if let Place::Byte { member: None, offset } = &finding.place {
            assert!(*offset <= size_bytes, "{} lies at {offset} of {size_bytes} bytes", finding.code);
        }
        for lang in [Lang::Ja, Lang::En] {
            check_title(finding, lang);
        }
    }
}

/// Each place for a value in the title is filled, and the title is one bounded line.
fn check_title(finding: &Finding, lang: Lang) {
    const TITLE_CHARS_MAX: usize = 10 * Finding::PARAM_CHARS_MAX;
    let words = catalogue::entry(&finding.code).map(|entry| entry.words(lang));
    let names = words.iter().flat_map(|words| words.title.split('{').skip(1)).filter_map(|part| part.split_once('}'));
    for (name, _) in names {
        assert!(finding.params.contains_key(name), "{} has no value for {name}", finding.code);
    }
    let title = catalogue::title(finding, lang);
    assert!(!title.is_empty() && title.chars().count() <= TITLE_CHARS_MAX, "{title}");
    assert!(!title.chars().any(char::is_control), "{title:?}");
}

fn settings() -> Settings {
    Settings { limits: limits(), sigma: RuleSet::builtin().clone() }
}

/// Runs one examiner, without the safety net that [`crate::examine`] has for panics.
fn examined(bytes: &[u8], run: impl FnOnce(&Vec<u8>, &Settings, &mut Report<'_>)) {
    let settings = settings();
    let mut report = Report::new(&settings.limits);
    run(&bytes.to_vec(), &settings, &mut report);
    assert_eq!(report.path(), None, "a member was entered and not left");
    check(&report.finish(crate::recognise::UNKNOWN).findings, bytes.len() as u64, &settings.limits);
}

fn pickle(carrier: Carrier, bytes: &[u8]) {
    examined(bytes, |source, _, report| pickle::examine(source, carrier, report));
}

fn artefact(kind: &Kind, bytes: &[u8]) {
    examined(bytes, |source, settings, report| {
        artefact::examine(kind, source, settings, report);
    });
}

fn log(kind: &Kind, bytes: &[u8]) {
    examined(bytes, |source, settings, report| {
        log::examine(kind, source, settings, report);
    });
}

fn mail(kind: &Kind, bytes: &[u8]) {
    examined(bytes, |source, settings, report| {
        mail::examine(kind, source, settings, report);
    });
}

/// Whatever text the bytes are read as; the places lie inside of it.
fn message(bytes: &[u8]) {
    let (text, settings) = (String::from_utf8_lossy(bytes), settings());
    let examination = crate::message::examine_text(&text, &settings);
    check(&examination.findings, text.len() as u64, &settings.limits);
    for finding in &examination.findings {
        if let Place::Text { member: None, line, column } = &finding.place {
            let line = text.split('\n').nth(*line as usize - 1).expect("the line is there");
            assert!(*column as usize <= line.chars().count() + 1, "{} at column {column} of {line:?}", finding.code);
        }
    }
    assert!(!examination.examiners.is_empty() || examination.unexamined().next().is_some(), "a silent pass");
}

/// The files of a folder that is written down as one file: each begins with a line `>>> path`, and its content ends before
/// the line break in front of the next one.
#[must_use]
pub fn folder(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    const MARK: &[u8] = b"\n>>> ";
    let whole = [b"\n", bytes].concat();
    let starts: Vec<usize> = memchr::memmem::find_iter(&whole, MARK).map(|at| at + MARK.len()).collect();
    let ends = starts.iter().skip(1).map(|start| start - MARK.len()).chain([whole.len()]);
    let files = starts.iter().zip(ends).map(|(start, end)| {
        let file = &whole[*start..end.max(*start)];
        let split = memchr::memchr(b'\n', file).unwrap_or(file.len());
        (String::from_utf8_lossy(&file[..split]).into_owned(), file.get(split + 1..).unwrap_or_default().to_vec())
    });
    files.collect()
}

/// Examines a folder that is written down as one file: each file alone, and last all of them together.
#[must_use]
pub fn examine_folder(bytes: &[u8], settings: &Settings) -> Vec<Examination> {
    let mut files = folder(bytes);
    files.sort();
    let modules = repository::modules(files.iter().map(|(path, _)| path.as_str()));
    let examined = |path: &str, bytes| repository::examine_file(path, bytes, settings, &modules);
    let alone: Vec<_> = files.iter().map(|(path, bytes)| examined(path, bytes)).collect();
    let seen: Vec<RepositoryFile<'_>> = files
        .iter()
        .zip(&alone)
        .map(|((path, bytes), alone)| RepositoryFile {
            path,
            size: bytes.len() as u64,
            kind: &alone.kind,
            facts: &alone.facts,
            bytes: repository::wants(path).then_some(bytes.as_slice()),
        })
        .collect();
    let together = repository::examine(&seen, settings);
    alone.into_iter().chain([together]).collect()
}

fn repository(bytes: &[u8]) {
    let settings = settings();
    for examination in examine_folder(bytes, &settings) {
        check(&examination.findings, bytes.len() as u64, &settings.limits);
    }
}

fn disclosure(bytes: &[u8]) {
    examined(bytes, |source, _, report| disclosure::examine(&kinds::TEXT, source, report));
}

/// A rule file that can be read is held against a few events.
fn sigma(bytes: &[u8]) {
    const EVENTS: &[u8] = br#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Image":"C:\\Windows\\a.exe","CommandLine":"a.exe -enc AAAA"}
{"eventSource":"iam.amazonaws.com","eventName":"CreateUser","userIdentity":{"type":"Root"},"eventVersion":"1.08"}
{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get","user":{"username":"a"},"count":3,"none":null}
"#;
    let (rules, errors) = RuleSet::compile([("fuzz.yml", bytes)]);
    for error in &errors {
        assert!(error.position.line >= 1 && !error.message.is_empty(), "{error:?}");
    }
    assert!(rules.len() + errors.len() > 0, "neither a rule nor an error");
    let limits = limits();
    let mut report = Report::new(&limits);
    log::detect(&EVENTS.to_vec(), &kinds::JSONL, &rules, &mut report, &mut |found| {
        assert!(rules.rules().any(|rule| std::ptr::eq(rule, found.rule)));
    });
    check(&report.finish(crate::recognise::UNKNOWN).findings, EVENTS.len() as u64, &limits);
}

/// The whole way, twice: the same bytes give the same examination.
fn examine(bytes: &[u8]) {
    let (source, settings) = (bytes.to_vec(), settings());
    let examination = crate::examine(&source, &settings);
    check(&examination.findings, source.len() as u64, &settings.limits);
    assert_eq!(crate::examine(&source, &settings), examination);
    assert!(!examination.examiners.is_empty() || examination.unexamined().next().is_some(), "a silent pass");
}

/// Whatever is found in the bytes can be shown, within the bounds of an excerpt.
fn excerpt(bytes: &[u8]) {
    let (source, settings) = (bytes.to_vec(), settings());
    for finding in crate::examine(&source, &settings).findings {
        match excerpt::excerpt(&source, &finding.place, &settings.limits) {
            Some(excerpt) => check_excerpt(&excerpt, &finding.place),
            None if bytes.is_empty() => {}
            None => {
                assert!(!matches!(finding.place, Place::Byte { member: None, .. }), "{} is not shown", finding.place)
            }
        }
    }
}

/// Checks what must hold for every excerpt around this place.
///
/// # Panics
/// When it does not hold.
pub fn check_excerpt(excerpt: &Excerpt, place: &Place) {
    assert_eq!(excerpt.member.as_deref(), place.member());
    assert!((1..=excerpt::ROWS_MAX).contains(&excerpt.rows.len()), "{} rows", excerpt.rows.len());
    assert_eq!(excerpt.start, excerpt.rows[0].at);
    for row in &excerpt.rows {
        let count = row.text.chars().count();
        assert!(count <= excerpt::ROW_CHARS_MAX, "{count} characters");
        assert!(!row.text.chars().any(char::is_control), "{:?}", row.text);
        assert!(row.mark.is_none_or(|(from, to)| from < to && to as usize <= count), "{:?} of {count}", row.mark);
    }
}
