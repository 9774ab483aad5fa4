//! The safetensors format: a length, a header in JSON, numbers. The format has no code, so what is examined is that
//! the file is only what it says: loaders refuse the rest, and whoever made it had other readers in mind.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use sakimori_model::FactName;

use crate::artefact::{codes, codetext, pickle, tensors};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// The longest header that the reference implementation accepts, in bytes.
const HEADER_BYTES_SPEC_MAX: u64 = 100_000_000;
/// Problems that are reported of one file.
const PROBLEMS_MAX: usize = 8;

/// True when these first bytes are a header length and the start of a JSON object.
#[must_use]
pub fn looks_like(head: &[u8]) -> bool {
    let Some((length, rest)) = head.split_first_chunk::<8>() else { return false };
    let plausible = u64::from_le_bytes(*length) <= HEADER_BYTES_SPEC_MAX;
    let printable = length.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    let inner = rest.get(1..).unwrap_or_default().iter().find(|b| !b.is_ascii_whitespace());
    rest.first() == Some(&b'{') && matches!(inner, Some(b'"' | b'}')) && (plausible || !printable)
}

/// Examines the header. The tensors are numbers and are never read.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("safetensors", 2);
    let problems = match header_problems(source, report) {
        Ok(problems) => problems,
        Err(e) => return report.unreadable(&e),
    };
    if problems.is_empty() {
        return;
    }
    for what in problems {
        report.add(finding(&codes::STRUCTURE, report.whole()).with("format", "safetensors").with("what", what));
    }
    // Something else that also begins like a header: a loader of pickles would not mind the rest.
    let head = read_up_to(source, 0, 64 * 1024).unwrap_or_default();
    if pickle::looks_like_pickle(&head) {
        report.add(finding(&codes::POLYGLOT, report.whole()).with("first", "safetensors").with("second", "pickle"));
        pickle::examine(source, pickle::Carrier::Plain, report);
    }
}

/// What is wrong with the header; nothing for an intact file.
fn header_problems(source: &dyn Source, report: &mut Report<'_>) -> std::io::Result<Vec<String>> {
    let length_bytes = read_up_to(source, 0, 8)?;
    let length = length_bytes.try_into().map_or(0, u64::from_le_bytes);
    if length > source.size().saturating_sub(8) || length > HEADER_BYTES_SPEC_MAX {
        return Ok(vec![format!("the header claims {length} bytes")]);
    }
    let max = report.limits().header_bytes_max;
    if length > max {
        report.over("header_bytes_max", max);
        return Ok(Vec::new());
    }
    let header = read_up_to(source, 8, length as usize)?;
    let mut seen = Header::of(report);
    let mut json = serde_json::Deserializer::from_slice(&header);
    let read = HeaderVisitor(&mut seen).deserialize(&mut json).and_then(|()| json.end());
    let Header { spans, mut problems, count, .. } = seen;
    count.report(report);
    if let Err(e) = read {
        return Ok(vec![format!("the header is not what the format allows: {e}")]);
    }
    problems.extend(layout_problems(spans, source.size() - 8 - length));
    problems.truncate(PROBLEMS_MAX);
    Ok(problems)
}

/// Tensors have to follow each other without a gap from the first byte of the data to the last.
fn layout_problems(mut spans: Vec<(u64, u64)>, data_bytes: u64) -> Vec<String> {
    spans.sort_unstable();
    let mut problems = Vec::new();
    let mut covered = 0;
    for (begin, end) in spans {
        if begin > covered {
            problems.push(format!("a hole of {} bytes between tensors", begin - covered));
        } else if begin < covered {
            problems.push(format!("tensors overlap by {} bytes", covered - begin));
        }
        covered = covered.max(end);
    }
    if covered > data_bytes {
        problems.push(format!("tensors end {} bytes after the file", covered - data_bytes));
    } else if covered < data_bytes {
        problems.push(format!("{} bytes after the last tensor", data_bytes - covered));
    }
    problems
}

/// What is kept of a header.
struct Header<'h, 'r> {
    report: &'h mut Report<'r>,
    names: HashSet<String>,
    spans: Vec<(u64, u64)>,
    problems: Vec<String>,
    count: tensors::Count,
}

/// Keys of `__metadata__` that say what the model is: those of ModelSpec, and those that trainers of adapters write.
const ABOUT: &[(&str, FactName)] = &[
    ("format", FactName::Library),
    ("modelspec.title", FactName::Name),
    ("modelspec.description", FactName::Description),
    ("modelspec.author", FactName::Author),
    ("modelspec.architecture", FactName::Architecture),
    ("modelspec.license", FactName::Licence),
    ("modelspec.tags", FactName::Tag),
    ("ss_sd_model_name", FactName::BaseModel),
    ("ss_network_module", FactName::Producer),
];

impl<'h, 'r> Header<'h, 'r> {
    fn of(report: &'h mut Report<'r>) -> Self {
        let (names, spans, problems) = (HashSet::new(), Vec::new(), Vec::new());
        Self { report, names, spans, problems, count: tensors::Count::default() }
    }

    fn problem(&mut self, what: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(what);
        }
    }

    fn tensor(&mut self, name: &str, tensor: &Tensor) {
        let (begin, end) = tensor.data_offsets;
        match tensor.bytes() {
            Some(bytes) if end.checked_sub(begin) == Some(bytes) => {}
            Some(bytes) => self.problem(format!("{name} has a shape of {bytes} bytes and offsets {begin} to {end}")),
            None => self.problem(format!("{name} has the unknown type {:?} or an impossible shape", tensor.dtype)),
        }
        if let Some(elements) = tensor.elements() {
            self.count.add(&tensor.dtype, elements);
        }
        if begin <= end {
            self.spans.push((begin, end));
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Tensor {
    /// Bytes by type and shape; `None` for an unknown type, and for sizes that no file has.
    fn bytes(&self) -> Option<u64> {
        let bits: u64 = match self.dtype.as_str() {
            "F4" => 4,
            "F6_E2M3" | "F6_E3M2" => 6,
            "BOOL" | "U8" | "I8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
            "I16" | "U16" | "F16" | "BF16" => 16,
            "I32" | "U32" | "F32" => 32,
            "I64" | "U64" | "F64" | "C64" => 64,
            _ => return None,
        };
        self.elements()?.checked_mul(bits).map(|b| b.div_ceil(8))
    }

    /// Numbers by shape; `None` for more than any file has.
    fn elements(&self) -> Option<u64> {
        self.shape.iter().try_fold(1_u64, |n, d| n.checked_mul(*d))
    }
}

/// Reads the header into what is kept of it.
struct HeaderVisitor<'v, 'h, 'r>(&'v mut Header<'h, 'r>);

impl<'de> DeserializeSeed<'de> for HeaderVisitor<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for HeaderVisitor<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value_seed(MetadataVisitor(&mut *self.0))?;
            } else {
                let tensor: Tensor =
                    map.next_value().map_err(|e| A::Error::custom(format!("{}: {e}", shortened(&name))))?;
                self.0.tensor(shortened(&name), &tensor);
            }
            if self.0.names.contains(&name) {
                self.0.problem(format!("{} occurs twice", shortened(&name)));
            }
            self.0.names.insert(name);
        }
        Ok(())
    }
}

/// Reads `__metadata__`: texts by name, and nothing else.
struct MetadataVisitor<'v, 'h, 'r>(&'v mut Header<'h, 'r>);

impl<'de> DeserializeSeed<'de> for MetadataVisitor<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MetadataVisitor<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some((name, value)) = map.next_entry::<String, String>()? {
            let report = &mut *self.0.report;
            codetext::judge(&name, &value, &report.byte(8), report);
            if let Some((_, fact)) = ABOUT.iter().find(|(key, _)| *key == name) {
                report.fact(*fact, library_name(value));
            }
            if !names.insert(name) {
                self.0.problem("a name in __metadata__ occurs twice".to_owned());
            }
        }
        Ok(())
    }
}

/// The library behind the short names with which Hugging Face's libraries fill in `format`.
fn library_name(value: String) -> String {
    match value.as_str() {
        "pt" => "pytorch".to_owned(),
        "tf" => "tensorflow".to_owned(),
        "np" => "numpy".to_owned(),
        _ => value,
    }
}

/// The beginning of a name from outside.
fn shortened(name: &str) -> &str {
    name.char_indices().nth(80).map_or(name, |(end, _)| &name[..end])
}
