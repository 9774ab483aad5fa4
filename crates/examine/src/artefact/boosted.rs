//! Trees in formats of their own: the older binary form of XGBoost (`binf`), CatBoost (`CBM1`), LightGBM's text.
//! All hold numbers and names only. Readers in C++ trust the counts, so these are checked.

use std::io::{self, BufRead, BufReader};

use sakimori_model::FactName;

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::flat::Flat;
use crate::artefact::{codes, ubjson};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, SourceReader, Window};

/// Bytes of the name of an objective, a booster or a key.
const NAME_BYTES_MAX: u64 = 1024;
/// Pairs of CatBoost's description that are read.
const PAIRS_MAX: usize = 1_000;
/// Bytes of a line of LightGBM's text that are held: lists of thresholds are long.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Examines a model in the older binary form of XGBoost (learner.cc and gbtree_model.h of version 1).
pub fn examine_xgboost(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("xgboost-binary", 1);
    tell("XGBoost", xgboost(source, report), report);
}

fn xgboost(source: &dyn Source, report: &mut Report<'_>) -> Result<(), Broken> {
    const LEARNER_BYTES_BEFORE_VERSION: u64 = 20;
    const LEARNER_BYTES_BEHIND_VERSION: u64 = 108;
    let mut cursor = Cursor::new(source);
    cursor.skip(4 + LEARNER_BYTES_BEFORE_VERSION)?;
    let (major, minor) = (u32::from_le_bytes(cursor.take()?), u32::from_le_bytes(cursor.take()?));
    cursor.skip(LEARNER_BYTES_BEHIND_VERSION)?;
    let (objective, booster) = (word(&mut cursor)?, word(&mut cursor)?);
    report.fact(FactName::Task, objective);
    report.fact(FactName::ArchitectureFamily, ubjson::family(&booster));
    if major < 100 {
        report.fact(FactName::Producer, format_args!("xgboost {major}.{minor}"));
    }
    if booster == "gblinear" {
        return Ok(());
    }
    let trees = u32::from_le_bytes(cursor.take()?);
    cursor.skip(156)?;
    for _ in 0..trees {
        tree(&mut cursor)?;
    }
    cursor.skip(4 * u64::from(trees))
}

/// One tree: its nodes lead to nodes of the same tree.
fn tree(cursor: &mut Cursor<'_>) -> Result<(), Broken> {
    const NODE_BYTES: u64 = 20;
    const STATISTICS_BYTES: u64 = 16;
    cursor.skip(4)?;
    let nodes = i32::from_le_bytes(cursor.take()?);
    cursor.skip(12)?;
    let leaf_vector = u32::from_le_bytes(cursor.take()?);
    cursor.skip(124)?;
    let count = u64::try_from(nodes).map_err(|_| cursor.wrong("a tree with a negative number of nodes"))?;
    if count == 0 || count.saturating_mul(NODE_BYTES + STATISTICS_BYTES) > cursor.left() {
        return Err(cursor.wrong("a tree that the file cannot hold"));
    }
    for _ in 0..count {
        cursor.skip(4)?;
        let (left, right) = (i32::from_le_bytes(cursor.take()?), i32::from_le_bytes(cursor.take()?));
        if left >= nodes || right >= nodes || left < -1 || right < -1 {
            return Err(cursor.wrong("a node that leads out of its tree"));
        }
        cursor.skip(8)?;
    }
    cursor.skip(count * STATISTICS_BYTES)?;
    if leaf_vector != 0 {
        let floats = u64::from_le_bytes(cursor.take()?);
        cursor.skip(floats.checked_mul(4).ok_or_else(|| cursor.wrong("a vector of impossible size"))?)?;
    }
    Ok(())
}

/// A length in 64 bits and a name.
fn word(cursor: &mut Cursor<'_>) -> Result<String, Broken> {
    let length = u64::from_le_bytes(cursor.take()?);
    if length > NAME_BYTES_MAX {
        return Err(cursor.wrong("a name that is longer than any"));
    }
    let name = String::from_utf8_lossy(&cursor.bytes(length)?).into_owned();
    let plain = name.bytes().all(|b| b.is_ascii_graphic());
    if plain { Ok(name) } else { Err(cursor.wrong("a name of other than letters")) }
}

/// Examines a model of CatBoost (model.fbs): a FlatBuffer, then numbers.
pub fn examine_catboost(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("catboost", 1);
    tell("CatBoost", catboost(source, report), report);
}

fn catboost(source: &dyn Source, report: &mut Report<'_>) -> Result<(), Broken> {
    let mut cursor = Cursor::new(source);
    cursor.skip(4)?;
    let size = u64::from(u32::from_le_bytes(cursor.take()?));
    if size > cursor.left() {
        return Err(cursor.wrong("a model that is longer than the file"));
    }
    let core = Window::new(source, 8, size);
    let flat = Flat::new(&core);
    let model = flat.root()?;
    report.fact(FactName::ArchitectureFamily, "gradient-boosted-trees");
    report.fact(FactName::Library, "catboost");
    let format = flat.text(model, 0, NAME_BYTES_MAX)?;
    if !format.starts_with("FlabuffersModel") && !format.starts_with("FlatbuffersModel") {
        return Err(cursor.wrong("a version of models that does not exist"));
    }
    for pair in flat.tables(model, 2)?.take(PAIRS_MAX) {
        let pair = pair?;
        if flat.text(pair, 0, NAME_BYTES_MAX)? == "catboost_version_info" {
            let version = flat.text(pair, 1, NAME_BYTES_MAX)?;
            let line = version.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            report.fact(FactName::Producer, format_args!("catboost {line}"));
        }
    }
    Ok(())
}

/// Examines a model of LightGBM: lines of `key=value`, in sections.
pub fn examine_lightgbm(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("lightgbm", 1);
    report.fact(FactName::ArchitectureFamily, "gradient-boosted-trees");
    report.fact(FactName::Library, "lightgbm");
    if let Err(e) = lightgbm(source, report) {
        report.unreadable(&e);
    }
}

fn lightgbm(source: &dyn Source, report: &mut Report<'_>) -> io::Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, SourceReader::new(source));
    let (mut at, mut header) = (0, true);
    // What is written at the end of the trees, and of the parameters where there are any (gbdt_model_text.cpp).
    let mut awaited = Some("end of trees");
    loop {
        let mut line = Vec::new();
        let count = io::Read::take(&mut input, LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if count == 0 {
            if let Some(end) = awaited {
                let what = format!("a model that is cut off: it has no line `{end}`");
                report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "LightGBM").with("what", what));
            }
            return Ok(());
        }
        if count as u64 == LINE_BYTES_MAX {
            report.over("lightgbm_line_bytes_max", LINE_BYTES_MAX);
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        header &= !text.starts_with("Tree=");
        // Older versions close the trees with the title of what follows them.
        let closes = awaited == Some("end of trees") && matches!(text, "feature importances:" | "feature_importances:");
        if closes || awaited == Some(text) {
            awaited = None;
        } else if text == "parameters:" {
            awaited = Some("end of parameters");
        }
        match text.split_once('=') {
            Some(("version", version)) if header => report.fact(FactName::Version, version),
            Some(("objective", objective)) if header => report.fact(FactName::Task, objective),
            _ => {}
        }
        if !is_lightgbm_line(text) {
            let place = report.byte(at);
            report.add(
                finding(&codes::STRUCTURE, place).with("format", "LightGBM").with("what", "a line that no model has"),
            );
            return Ok(());
        }
        at += count as u64;
    }
}

/// Keys with values, parameters in brackets, and the titles of sections.
fn is_lightgbm_line(line: &str) -> bool {
    const TITLES: &[&str] = &[
        "",
        "tree",
        "average_output",
        "end of trees",
        "feature_importances:",
        "feature importances:",
        "parameters:",
        "end of parameters",
        "tree_sizes",
    ];
    let key =
        |key: &str| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'));
    TITLES.contains(&line)
        || line.starts_with('[') && line.ends_with(']')
        || line.starts_with("pandas_categorical:")
        || line.split_once('=').is_some_and(|(name, _)| is_name(name))
        || line.split_once(':').is_some_and(|(name, _)| key(name))
}

/// LightGBM refuses names of features with the signs of JSON; programs hardly do without them.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() < 1024 && !name.contains(['"', '\'', '(', ')', '[', ']', '{', '}', ':', ',', ';'])
}

fn tell(format: &str, done: Result<(), Broken>, report: &mut Report<'_>) {
    match done {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", format).with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}
