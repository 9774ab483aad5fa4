//! Sigma rules: read, checked and held against events.
//!
//! The rules are those of the Sigma specification 2.1, <https://sigmahq.io/sigma-specification/>. What is not
//! supported is an error of the rule, never a rule that silently matches nothing.

mod builtin;
pub mod codes;
mod condition;
mod encode;
mod error;
pub(crate) mod fold;
mod index;
mod logsource;
mod matcher;
mod modifier;
mod pattern;
mod pcre;
mod rule;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod yaml;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use sakimori_model::Digest;

use self::builtin::BUILTIN_FILES;
pub use self::error::{Position, RuleError};
pub(crate) use self::index::{Candidates, Index};
pub use self::logsource::LogSource;
pub use self::rule::Rule;
pub use self::yaml::RULE_FILE_BYTES_MAX;

/// A set of rules, ready for use. Cheap to clone; shared between threads.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    rules: Arc<[Arc<Rule>]>,
    index: Arc<Index>,
}

static BUILTIN: LazyLock<RuleSet> = LazyLock::new(|| {
    let (rules, errors) = RuleSet::compile(BUILTIN_FILES.iter().map(|(name, text)| (*name, text.as_bytes())));
    // INVARIANT: a test compiles every one of these files.
    debug_assert!(errors.is_empty(), "{errors:?}");
    rules
});

impl RuleSet {
    /// The rules that come with the program.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// Compiles rule files, each a name and its bytes. Total: a rule that can't be used is one of the errors, and
    /// the others work. A file that is given twice counts once.
    pub fn compile<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> (Self, Vec<RuleError>) {
        let mut rules = Vec::new();
        let mut errors = Vec::new();
        let mut seen = HashSet::new();
        for (name, bytes) in files {
            let sha256 = Digest::of(bytes);
            if !seen.insert(sha256) {
                continue;
            }
            match yaml::documents(bytes) {
                Err(problem) => errors.push(problem.in_file(name)),
                Ok(documents) if documents.is_empty() => errors.push(RuleError {
                    code: "sigma::no-rule",
                    file: name.to_owned(),
                    position: Position::START,
                    message: "the file holds no rule".into(),
                    help: "a rule is a map with `title`, `logsource` and `detection`".into(),
                }),
                Ok(documents) => {
                    for document in &documents {
                        match Rule::read(document, sha256) {
                            Ok(rule) => rules.push(Arc::new(rule)),
                            Err(problem) => errors.push(problem.in_file(name)),
                        }
                    }
                }
            }
        }
        (Self::of(rules), errors)
    }

    /// The rules of both sets. Files that both hold count once.
    #[must_use]
    pub fn merge(self, other: &Self) -> Self {
        let mine: HashSet<Digest> = self.rules.iter().map(|rule| rule.sha256).collect();
        let theirs = other.rules.iter().filter(|rule| !mine.contains(&rule.sha256));
        Self::of(self.rules.iter().chain(theirs).cloned().collect())
    }

    /// The number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|rule| &**rule)
    }

    /// A digest over the files of the rules, whatever their order.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digests: Vec<Digest> = self.rules.iter().map(|rule| rule.sha256).collect();
        digests.sort_unstable();
        digests.dedup();
        let bytes: Vec<u8> = digests.iter().flat_map(|digest| *digest.as_bytes()).collect();
        Digest::of(&bytes)
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn rule(&self, number: u32) -> &Rule {
        &self.rules[number as usize]
    }

    fn of(rules: Vec<Arc<Rule>>) -> Self {
        Self { index: Arc::new(Index::new(&rules)), rules: rules.into() }
    }
}
