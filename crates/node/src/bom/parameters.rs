//! How many parameters a model has, where its folder holds the same model more than once.

use std::collections::BTreeMap;

use sakimori_model::{Fact, FactName, Place};

use super::BomInput;
use crate::unit::UnitFile;

/// How many parameters and tensors a model has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub parameters: Option<u128>,
    pub tensors: Option<u128>,
    /// Over which files it was counted; `None` where nothing was.
    pub how: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Sum {
    parameters: u128,
    tensors: u128,
    files: u64,
}

/// Formats by the end of a file's name, the preferred ones first: of a model in several formats, only one is counted.
const FORMATS: [(&str, &[&str]); 8] = [
    ("safetensors", &[".safetensors"]),
    ("gguf", &[".gguf"]),
    ("pytorch", &[".bin", ".pt", ".pth", ".ckpt"]),
    ("onnx", &[".onnx"]),
    ("keras", &[".keras", ".h5", ".hdf5"]),
    ("tensorflow", &[".pb"]),
    ("flax", &[".msgpack"]),
    ("tflite", &[".tflite"]),
];

/// Counts. The files of one format, in one folder, and of one name (but for the number of a shard, `-00001-of-00005`) are one
/// copy of the model. Of several copies in a folder the one with most parameters counts; folders are added up, as the parts
/// of a pipeline lie in folders, but for GGUF, where a folder is a copy in another precision. Of several formats the first of
/// [`FORMATS`] counts.
pub(super) fn counted(input: &BomInput<'_>) -> Counted {
    // format → folder → name → sum
    let mut copies: BTreeMap<usize, BTreeMap<&str, BTreeMap<String, Sum>>> = BTreeMap::new();
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    let paths: BTreeMap<&str, &UnitFile> = input.files.iter().map(|file| (file.path.as_str(), file)).collect();
    for fact in input.facts {
        let (Some(file), Some(count)) = (file_of(fact, &paths), number(&fact.value)) else { continue };
        let sum = sums.entry(&file.path).or_insert(Sum { files: 1, ..Sum::default() });
        match fact.name {
            FactName::Parameters => sum.parameters = sum.parameters.saturating_add(count),
            FactName::Tensors => sum.tensors = sum.tensors.saturating_add(count),
            _ => {}
        }
    }
    sums.retain(|_, sum| sum.parameters > 0 || sum.tensors > 0);
    for (path, sum) in &sums {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        add(
            copies.entry(format_of(name)).or_default().entry(folder).or_default().entry(copy_of(name)).or_default(),
            sum,
        );
    }
    let Some((format, folders)) = copies.iter().next() else { return Counted::default() };
    let largest = folders.values().filter_map(|copies| copies.iter().max_by_key(|(_, sum)| **sum));
    let is_gguf = FORMATS.get(*format).is_some_and(|(name, _)| *name == "gguf");
    let chosen: Vec<(&String, &Sum)> =
        if is_gguf { largest.max_by_key(|(_, sum)| **sum).into_iter().collect() } else { largest.collect() };
    let mut total = Sum::default();
    chosen.iter().for_each(|(_, sum)| add(&mut total, sum));
    let left_out = sums.len() as u64 - total.files;
    let name = FORMATS.get(*format).map_or("other", |(name, _)| *name);
    Counted {
        parameters: (total.parameters > 0).then_some(total.parameters),
        tensors: (total.tensors > 0).then_some(total.tensors),
        how: Some(format!(
            "{name}: {} files; {left_out} files that hold the same model again are not counted",
            total.files
        )),
    }
}

/// The file that a fact was read from: the one whose path its place begins with, or the only one.
fn file_of<'a>(fact: &Fact, files: &BTreeMap<&str, &'a UnitFile>) -> Option<&'a UnitFile> {
    let member = match &fact.place {
        Place::Whole { member } | Place::Byte { member, .. } | Place::Text { member, .. } => member.as_deref(),
        Place::Event { .. } => None,
    };
    if files.len() == 1 {
        return files.values().next().copied();
    }
    let member = member?;
    // A path may hold `!/` itself, so each beginning is tried.
    let mut ends = member.match_indices("!/").map(|(at, _)| at).chain([member.len()]);
    ends.find_map(|end| files.get(&member[..end]).copied())
}

fn number(text: &str) -> Option<u128> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn add(to: &mut Sum, sum: &Sum) {
    to.parameters = to.parameters.saturating_add(sum.parameters);
    to.tensors = to.tensors.saturating_add(sum.tensors);
    to.files += sum.files;
}

fn format_of(name: &str) -> usize {
    let name = name.to_ascii_lowercase();
    FORMATS.iter().position(|(_, ends)| ends.iter().any(|end| name.ends_with(end))).unwrap_or(FORMATS.len())
}

/// The name without the number of a shard: all digits are one.
fn copy_of(name: &str) -> String {
    let Some((stem, rest)) = name.rsplit_once("-of-") else { return name.to_owned() };
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{stem}*{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Shape;
    use sakimori_model::{Digest, Kind};

    fn count(files: &[(&str, u64)]) -> (Option<u128>, Option<String>) {
        let listed: Vec<UnitFile> = files
            .iter()
            .map(|(path, _)| UnitFile {
                path: (*path).to_owned(),
                size: 1,
                sha256: Digest::of(path.as_bytes()),
                kind: Kind::new("x"),
            })
            .collect();
        let facts: Vec<Fact> = files
            .iter()
            .map(|(path, count)| {
                Fact::new(FactName::Parameters, count, Place::Whole { member: Some(format!("{path}!/inner")) })
            })
            .collect();
        let sha256 = Digest::of(b"");
        let input = BomInput {
            name: "m",
            sha256,
            shape: Shape::Folder,
            files: &listed,
            facts: &facts,
            hub: None,
            whole: crate::bom::Completeness::Complete,
            decision: None,
            program_version: "0",
            time: None,
        };
        let counted = counted(&input);
        (counted.parameters, counted.how)
    }

    #[test]
    fn the_same_model_in_two_formats_counts_once() {
        let (parameters, how) = count(&[("model.safetensors", 10), ("pytorch_model.bin", 11), ("model.onnx", 12)]);
        assert_eq!(parameters, Some(10));
        assert!(how.expect("said").starts_with("safetensors: 1 files; 2 files"));
    }

    #[test]
    fn shards_and_parts_are_added_and_copies_are_not() {
        let shards = [("model-00001-of-00002.safetensors", 10), ("model-00002-of-00002.safetensors", 5)];
        assert_eq!(count(&shards).0, Some(15));
        let with_copy = [&shards[..], &[("consolidated.safetensors", 15)]].concat();
        assert_eq!(count(&with_copy).0, Some(15));
        assert_eq!(count(&[("unet/a.safetensors", 7), ("vae/a.safetensors", 2)]).0, Some(9));
        assert_eq!(count(&[("Q4/m-Q4.gguf", 7), ("Q8/m-Q8.gguf", 7), ("m-f16.gguf", 7)]).0, Some(7));
        assert_eq!(count(&[("m.gguf", u64::MAX), ("n.gguf", 1)]).0, Some(u128::from(u64::MAX)));
        assert_eq!(count(&[]).0, None);
    }
}
