//! What names of Python mean: the table of `data/python.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// What a program does with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// It computes.
    Free,
    /// A module of which the parts count.
    Bare,
    /// It starts programs.
    Process,
    /// It runs text as a program.
    Code,
    /// It makes objects from bytes.
    Unpack,
    /// It talks to others.
    Network,
    /// It changes files.
    Write,
    /// It loads machine code.
    Native,
    /// It reads keys or the whole environment.
    Secret,
    /// It comes at other names by a way round.
    Reach,
    /// It turns text back into something.
    Decode,
    /// Nobody has judged it.
    #[serde(skip)]
    Unknown,
}

impl Sign {
    /// True for what is to be reported of a name that was not imported.
    pub fn acts(self) -> bool {
        !matches!(self, Self::Free | Self::Bare)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "use")]
    uses: Vec<Row>,
    attribute: Vec<Row>,
    argument: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    sign: Sign,
    names: Vec<String>,
}

struct Names {
    exact: HashMap<String, Sign>,
    /// Beginnings, of entries that end in `*`.
    beginnings: Vec<(String, Sign)>,
    attributes: HashMap<String, Sign>,
    arguments: HashMap<String, Sign>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let table: Table =
        toml::from_str(include_str!("../data/python.toml")).unwrap_or_else(|e| panic!("python.toml: {e}"));
    let pairs = |rows: Vec<Row>| -> Vec<(String, Sign)> {
        rows.into_iter().flat_map(|row| row.names.into_iter().map(move |name| (name, row.sign))).collect()
    };
    let (beginnings, exact): (Vec<_>, Vec<_>) =
        pairs(table.uses).into_iter().partition(|(name, _)| name.ends_with('*'));
    Names {
        exact: exact.into_iter().collect(),
        beginnings: beginnings.into_iter().map(|(name, sign)| (name.trim_end_matches('*').to_owned(), sign)).collect(),
        attributes: pairs(table.attribute).into_iter().collect(),
        arguments: pairs(table.argument).into_iter().collect(),
    }
});

/// Bytes of the longest entry, and more.
const NAME_BYTES_MAX: usize = 256;

/// What a dotted name means by the longest entry that it begins with; `None` for one that no entry fits.
pub fn sign_of_name(path: &str) -> Option<Sign> {
    let path = path.trim_end_matches(".*");
    if let Some(sign) = NAMES.exact.get(path) {
        return Some(*sign);
    }
    // What a part of it begins with, it begins with, too.
    if let Some((_, sign)) = NAMES.beginnings.iter().find(|(start, _)| path.starts_with(start.as_str())) {
        return Some(*sign);
    }
    // No entry is longer than the bound, so that of a long path only the first parts are looked at.
    let ends = path.match_indices('.').map(|(end, _)| end).take_while(|end| *end <= NAME_BYTES_MAX);
    ends.collect::<Vec<_>>().into_iter().rev().find_map(|end| NAMES.exact.get(&path[..end]).copied())
}

/// True for a name that is an entry itself.
pub fn is_entry(path: &str) -> bool {
    NAMES.exact.contains_key(path)
}

/// True when something of a module does more than compute.
pub fn has_danger_below(module: &str) -> bool {
    let below = |name: &str| name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'));
    NAMES
        .exact
        .iter()
        .chain(NAMES.beginnings.iter().map(|(n, s)| (n, s)))
        .any(|(name, sign)| sign.acts() && below(name))
}

/// True for a built-in name that does more than compute.
pub fn is_builtin(name: &str) -> bool {
    const BUILT_IN: &[&str] = &[
        "eval",
        "exec",
        "compile",
        "execfile",
        "__import__",
        "globals",
        "locals",
        "vars",
        "breakpoint",
        "__builtins__",
        "__loader__",
        "__spec__",
    ];
    BUILT_IN.contains(&name)
}

/// What an attribute means on whatever it stands.
pub fn sign_of_attribute(name: &str) -> Option<Sign> {
    NAMES.attributes.get(name).copied()
}

/// What an argument with this value switches off.
pub fn sign_of_argument(argument: &str) -> Option<Sign> {
    NAMES.arguments.get(argument).copied()
}
