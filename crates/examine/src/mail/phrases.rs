//! Phrases of pressure, demand and deception. Data, written by us.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::prose::tables::{Finder, read};

/// Phrases of pressure, demand and deception.
pub static PHRASES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(read::<Groups>("phrases.toml", include_str!("data/phrases.toml")).group));

/// One group of phrases that say the same kind of thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The feature's name.
    pub name: String,
    /// Points when two or more different phrases of the group occur; one alone is worth half.
    pub points: i32,
    /// The phrases, in any language.
    pub phrases: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Groups {
    group: Vec<Group>,
}

/// The groups, and one automaton over all their phrases.
pub struct Phrases {
    /// The groups in the order of the file.
    pub groups: Vec<Group>,
    finder: Finder,
}

impl Phrases {
    fn new(groups: Vec<Group>) -> Self {
        let words = groups.iter().enumerate().flat_map(|(i, g)| g.phrases.iter().map(move |p| (i, p.clone())));
        let finder = Finder::new(words.collect());
        Self { groups, finder }
    }

    /// The groups of which phrases occur in a folded text, in the order of the file.
    pub fn find(&self, folded: &str) -> Vec<Hit<'_>> {
        let mut phrases: Vec<Vec<String>> = vec![Vec::new(); self.groups.len()];
        let mut starts = vec![usize::MAX; self.groups.len()];
        for (group, range) in self.finder.find(folded) {
            starts[group] = starts[group].min(range.start);
            let phrase = &folded[range];
            // What a longer phrase says already is not counted again.
            if phrases[group].len() < PHRASES_MAX && !phrases[group].iter().any(|p| p.contains(phrase)) {
                phrases[group].retain(|p| !phrase.contains(p.as_str()));
                phrases[group].push(phrase.to_owned());
            }
        }
        let hits = self.groups.iter().zip(phrases).zip(starts);
        hits.filter(|((_, phrases), _)| !phrases.is_empty())
            .map(|((group, phrases), start)| Hit { group, phrases, start })
            .collect()
    }
}

/// Phrases kept of one group.
const PHRASES_MAX: usize = 8;

/// A group of which phrases occur.
pub struct Hit<'a> {
    /// The group.
    pub group: &'a Group,
    /// Its different phrases, as they occur in the folded text.
    pub phrases: Vec<String>,
    /// Where the first of them starts.
    pub start: usize,
}
