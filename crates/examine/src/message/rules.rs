//! The wording of messages, as rules in data: a rule holds when one word of each of its groups stands near the others.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use sakimori_model::Code;
use serde::Deserialize;

use crate::catalogue;
use crate::prose::fold::Folded;
use crate::prose::tables::read;

/// The rules of this build.
pub static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::new(read::<File>("rules.toml", include_str!("data/rules.toml"))));

/// Places of words kept for one rule in one message. Who fills a message with words of one rule is found by the first.
const PLACES_MAX: usize = 256;
/// Denials that are kept. Who denies more often denies nothing.
const DENIALS_MAX: usize = 256;
/// Bytes of folded text in which the words of a rule stand: some 80 characters of Japanese, 240 of English.
const NEAR_BYTES: usize = 240;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Words that turn a sentence into its opposite, or into talk about frauds.
    denials: Vec<String>,
    rule: Vec<Written>,
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    code: Code,
    /// One word of each group is needed. In Latin letters a word stands at word boundaries; `*` lets it go on.
    all: Vec<Vec<String>>,
    /// Points instead of those of the code.
    points: Option<i32>,
    /// Bytes of folded text in which they stand, where it differs.
    near: Option<usize>,
    /// Whether a denial in the same sentence takes it away.
    #[serde(default)]
    deniable: Deniable,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deniable {
    #[default]
    No,
    Yes,
}

/// The rules, and one automaton over all their words.
pub struct Rules {
    rules: Vec<Rule>,
    words: Vec<Word>,
    automaton: AhoCorasick,
}

struct Rule {
    code: Code,
    groups: usize,
    points: Option<i32>,
    near: usize,
    deniable: Deniable,
}

struct Word {
    end: End,
    /// The rules and groups that it belongs to; none for a denial.
    uses: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Open,
}

/// A rule that holds.
pub struct Hit {
    /// The code of the sign.
    pub code: Code,
    /// Points instead of those of the code.
    pub points: Option<i32>,
    /// From the first word to the last, in the folded text.
    pub range: Range<usize>,
}

#[derive(Clone)]
struct Place {
    range: Range<usize>,
    group: usize,
}

impl Rules {
    fn new(file: File) -> Self {
        let mut words: BTreeMap<String, Word> = BTreeMap::new();
        let mut add = |written: &str, used: Option<(usize, usize)>| {
            let folded = Folded::of(written.trim_end_matches('*')).text.trim().to_owned();
            let end = if written.ends_with('*') { End::Open } else { End::Closed };
            let key = format!("{folded}{}", if end == End::Open { "*" } else { "" });
            words.entry(key).or_insert(Word { end, uses: Vec::new() }).uses.extend(used);
        };
        let mut rules = Vec::new();
        for (number, rule) in file.rule.into_iter().enumerate() {
            for (group, all) in rule.all.iter().enumerate() {
                all.iter().for_each(|word| add(word, Some((number, group))));
            }
            let near = rule.near.unwrap_or(NEAR_BYTES);
            let groups = rule.all.len();
            rules.push(Rule { code: rule.code, groups, points: rule.points, near, deniable: rule.deniable });
        }
        file.denials.iter().for_each(|word| add(word, None));
        let automaton = AhoCorasick::new(words.keys().map(|key| key.trim_end_matches('*')))
            .unwrap_or_else(|e| panic!("the words of this build make an automaton: {e}"));
        Self { rules, words: words.into_values().collect(), automaton }
    }

    /// The rules that hold, the one with the most points of each code, in the order of the text.
    pub fn find(&self, source: &str, folded: &Folded) -> Vec<Hit> {
        let mut places: Vec<Vec<Place>> = vec![Vec::new(); self.rules.len()];
        let mut denials = Vec::new();
        for found in self.automaton.find_overlapping_iter(&folded.text) {
            let word = &self.words[found.pattern().as_usize()];
            if !is_word(&folded.text, &found.range(), word.end) {
                continue;
            }
            for (rule, group) in &word.uses {
                if places[*rule].len() < PLACES_MAX {
                    places[*rule].push(Place { range: found.range(), group: *group });
                }
            }
            if word.uses.is_empty() && denials.len() < DENIALS_MAX {
                denials.push(found.start());
            }
        }
        denials.sort_unstable();
        let sentences = Sentences { source, folded, denials };
        let mut best: BTreeMap<Code, Hit> = BTreeMap::new();
        for (rule, places) in self.rules.iter().zip(places) {
            let Some(range) = rule.range(places, &sentences) else { continue };
            let hit = Hit { code: rule.code.clone(), points: rule.points, range };
            let declared = catalogue::entry(&rule.code).map_or(0, |entry| entry.points);
            let points = |hit: &Hit| hit.points.unwrap_or(declared);
            match best.get(&rule.code) {
                Some(other) if points(other) >= points(&hit) => {}
                _ => drop(best.insert(rule.code.clone(), hit)),
            }
        }
        let mut hits: Vec<Hit> = best.into_values().collect();
        hits.sort_by_key(|hit| hit.range.start);
        hits
    }
}

impl Rule {
    /// The shortest stretch in which all groups occur, if it is short enough and nothing denies it.
    fn range(&self, mut places: Vec<Place>, sentences: &Sentences<'_>) -> Option<Range<usize>> {
        if self.deniable == Deniable::Yes {
            places.retain(|place| !sentences.denied(place.range.start));
        }
        places.sort_by_key(|place| place.range.start);
        let mut last: Vec<Vec<Range<usize>>> = vec![Vec::new(); self.groups];
        let mut shortest: Option<Range<usize>> = None;
        for place in places {
            let Some(start) = start_with(&place, &last) else {
                keep(&mut last[place.group], place.range);
                continue;
            };
            let end = place.range.end;
            if end - start <= self.near && shortest.as_ref().is_none_or(|s| end - start < s.end - s.start) {
                shortest = Some(start..end);
            }
            keep(&mut last[place.group], place.range);
        }
        shortest
    }
}

/// Places of one group that are tried with a word of another.
const LAST_MAX: usize = 4;

fn keep(last: &mut Vec<Range<usize>>, range: Range<usize>) {
    if last.len() == LAST_MAX {
        last.remove(0);
    }
    last.push(range);
}

/// Where the stretch begins that ends with this place and has one word of each other group before it. Words that overlap
/// are one word, which can't say two things at once.
fn start_with(place: &Place, last: &[Vec<Range<usize>>]) -> Option<usize> {
    let mut taken = vec![place.range.clone()];
    for (_, ranges) in last.iter().enumerate().filter(|(group, _)| *group != place.group) {
        let free = |r: &&Range<usize>| taken.iter().all(|t| r.end <= t.start || t.end <= r.start);
        taken.push(ranges.iter().rev().find(free)?.clone());
    }
    taken.iter().map(|r| r.start).min()
}

/// Which sentences are denied. Lines end sentences too, and only the source knows them.
struct Sentences<'a> {
    source: &'a str,
    folded: &'a Folded,
    denials: Vec<usize>,
}

impl Sentences<'_> {
    fn denied(&self, at: usize) -> bool {
        // They are in the order of the text, and only those nearby matter.
        let first = self.denials.partition_point(|denial| denial + NEAR_BYTES < at);
        self.denials[first..].iter().take_while(|denial| **denial <= at + NEAR_BYTES).any(|denial| {
            let (from, to) = (at.min(*denial), at.max(*denial));
            let between = self.source.get(self.folded.source(&(from..to))).unwrap_or_default();
            !has_sentence_end(between)
        })
    }
}

fn has_sentence_end(text: &str) -> bool {
    text.contains(['。', '！', '？', '!', '?', '\n']) || text.contains(". ")
}

fn is_word(text: &str, range: &Range<usize>, end: End) -> bool {
    let bytes = text.as_bytes();
    let joins = |a: u8, b: u8| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric();
    // `won` is no word of `won't`.
    if end == End::Closed && text[range.end..].starts_with("'t") {
        return false;
    }
    let left = range.start > 0 && joins(bytes[range.start - 1], bytes[range.start]);
    let right = end == End::Closed && range.end < bytes.len() && joins(bytes[range.end - 1], bytes[range.end]);
    !left && !right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        Rules::new(toml::from_str(text).expect("rules"))
    }

    const TWO: &str = "denials = ['never']\n[[rule]]\ncode = 'SKM-MSG-0040'\nall = [['parcel*', '荷物'], ['fee', '料金']]\ndeniable = 'yes'";

    fn quoted(text: &str) -> Option<String> {
        let folded = Folded::of(text);
        rules(TWO).find(text, &folded).first().map(|hit| folded.text[hit.range.clone()].to_owned())
    }

    #[test]
    fn a_rule_needs_a_word_of_each_group_nearby() {
        assert_eq!(quoted("Your PARCELS: a small fee").as_deref(), Some("parcels: a small fee"));
        assert_eq!(quoted("お荷\n物の料金").as_deref(), Some("荷物の料金"));
        assert_eq!(quoted("fee fee parcel parcel").as_deref(), Some("fee parcel"));
        assert_eq!(quoted("parcel"), None);
        assert_eq!(quoted("parcel coffees"), None);
        assert_eq!(quoted(&format!("parcel {} fee", "x ".repeat(200))), None);
    }

    #[test]
    fn a_denial_in_the_sentence_takes_it_away() {
        assert_eq!(quoted("We never ask a fee for a parcel."), None);
        assert!(quoted("We never call. Pay the fee for your parcel").is_some());
    }

    #[test]
    fn every_rule_of_the_build_names_a_known_code_and_has_words() {
        assert!(RULES.rules.iter().all(|rule| catalogue::entry(&rule.code).is_some() && rule.groups > 0));
        assert!(RULES.rules.iter().all(|rule| rule.points.is_none_or(|p| (1..=60).contains(&p))));
    }
}
