//! Texts that should only describe, such as the metadata of a model: programs and secrets in them.

use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::Place;

use crate::artefact::codes;
use crate::catalogue::finding;
use crate::disclosure;
use crate::report::Report;

/// Calls and tags with which text becomes a program when something shows or runs it.
static PROGRAM: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?i)<script\b|javascript:|<iframe\b|\bon(?:error|load)\s*=\s*['\x22]?\w+\(|",
        r"(?:^|[^\w.])(?:eval|exec|__import__)\s*\(\s*\S|\bos\.(?:system|popen|exec[lv]p?e?)\s*\(|\bsubprocess\.\w+\s*\(|",
        r"\bpowershell(?:\.exe)?\s+-|\bcurl\s+[^|\n]{1,200}\|\s*(?:ba)?sh\b|\bbase64\.b64decode\s*\(|\bpickle\.loads?\s*\(",
    );
    Regex::new(pattern).expect("the pattern is a constant")
});

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
    if program_in(text).is_some() {
        report.add(finding(&codes::METADATA_PROGRAM, place.clone()).with("name", name));
    }
    disclosure::search(text, Some(place), report);
}

#[cfg(test)]
mod tests {
    use super::program_in;

    #[test]
    fn programs_and_descriptions() {
        for text in ["<SCRIPT>x</script>", "a; exec(x)", "import os\nos.system('x')", "curl http://a | sh"] {
            assert!(program_in(text).is_some(), "{text}");
        }
        for text in ["model.eval() is called", "evaluate (x)", "script: train.py", "executed (twice)", "retrieval(1)"] {
            assert!(program_in(text).is_none(), "{text}");
        }
    }
}
