//! The code of TorchScript modules: a small language of its own that `torch.jit.load` compiles. It can't import, but
//! it can reach the file system through operators.

use std::sync::LazyLock;

use regex::Regex;

use crate::artefact::codes;
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// Operators that read or write files, or run what they are given.
static OPERATORS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"\b(?:torch|aten|ops\.aten|ops\.\w+)\.(save|load|from_file|load_library|_save_to_file|read_file|write_file|decode_file|dump|import_ir_module)\s*\(";
    Regex::new(pattern).expect("the pattern is a constant")
});

/// What the language has no words for. Its compiler refuses it; whoever runs the file as Python does not.
static PYTHON: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?m)^[ \t]*(?:import[ \t]+(?:[^_\s]|_[^_\s]|__[^t\s])|from[ \t]+\S+[ \t]+import\b)|(?:^|[^.\w\x22'])(?:__import__|eval|exec)\s*\(|(?:^|[^.\w\x22'])(?:os|subprocess|sys|importlib|socket|shutil|ctypes)\.\w";
    Regex::new(pattern).expect("the pattern is a constant")
});

/// Examines one file of code.
pub fn examine_code(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("torchscript", 2);
    let max = report.limits().member_bytes_max;
    let bytes = match read_up_to(source, 0, usize::try_from(max).unwrap_or(usize::MAX)) {
        Ok(bytes) => bytes,
        Err(e) => return report.unreadable(&e),
    };
    if source.size() > max {
        report.over("member_bytes_max", max);
    }
    let text = String::from_utf8_lossy(&bytes);
    if let Some(found) = OPERATORS.find(&text) {
        let name = found.as_str().trim_end_matches('(').trim();
        report.add(finding(&codes::TORCHSCRIPT_FILES, report.byte(found.start() as u64)).with("name", name));
    }
    if let Some(found) = PYTHON.find(&text) {
        report.add(finding(&codes::PROGRAM_INSIDE, report.byte(found.start() as u64)).with("kind", "Python"));
    }
}
