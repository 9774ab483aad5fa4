//! Which rules are worth holding against an event: chosen by log source, then by texts that a match must hold.

use std::collections::HashMap;
use std::sync::Arc;

use aho_corasick::AhoCorasick;

use super::condition::Condition;
use super::logsource::LogSource;
use super::matcher::{Detection, Expr, Join, Test};
use super::rule::Rule;
use crate::log::event::{Event, FieldName, FieldSet};
use crate::log::origin::Origin;

/// Shorter texts than this are found in nearly every event, so that looking for them saves nothing.
const LITERAL_BYTES_MIN: usize = 2;

/// All rules, put in order by log source.
#[derive(Debug, Default)]
pub(crate) struct Index {
    groups: Vec<Group>,
}

/// The rules for one log source.
#[derive(Debug)]
struct Group {
    source: LogSource,
    /// Rules of which no necessary text is known, each with what it needs.
    always: Vec<(u32, Needed)>,
    /// Rules with a necessary text in a field.
    fields: Vec<FieldIndex>,
    /// Some rule looks at every value of the event.
    has_keywords: bool,
}

/// Fields of which a rule needs at least one. None if it may match without any.
#[derive(Debug, Default)]
struct Needed {
    names: Vec<FieldName>,
    /// The same, to tell quickly that all are missing.
    set: FieldSet,
}

/// Necessary texts in one field, or in any value of the event.
#[derive(Debug)]
struct FieldIndex {
    field: Option<FieldName>,
    /// Whole values in lower case, and the rules that need one.
    whole: HashMap<Box<str>, Vec<u32>>,
    /// Parts of values in lower case; the rules that need one are under the same number in `part_rules`.
    parts: Option<AhoCorasick>,
    part_rules: Vec<Vec<u32>>,
}

/// Rules found worth looking at, each once.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    round: u32,
    seen: Vec<u32>,
    found: Vec<u32>,
    /// Some rule goes by a field that the event has.
    touched: bool,
}

/// One text of which a rule needs at least one.
struct Atom {
    field: Option<FieldName>,
    text: String,
    whole: bool,
}

impl Index {
    /// Puts rules in order.
    pub fn new(rules: &[Arc<Rule>]) -> Self {
        let mut by_source: HashMap<&LogSource, Vec<u32>> = HashMap::new();
        for (number, rule) in rules.iter().enumerate() {
            by_source.entry(&rule.log_source).or_default().push(number as u32);
        }
        let mut groups: Vec<Group> =
            by_source.into_iter().map(|(source, numbers)| Group::new(source, &numbers, rules)).collect();
        // Hash maps have no order; the index is the same for the same rules.
        groups.sort_by_key(|g| (g.source.product.clone(), g.source.category.clone(), g.source.service.clone()));
        Self { groups }
    }

    /// The groups for events of this origin. Of events of unknown origin no keywords are looked for.
    pub fn groups_for(&self, origin: &Origin) -> Vec<u32> {
        let fits = |group: &Group| group.source.fits(origin) && (origin.is_known() || !group.has_keywords);
        (0u32..).zip(&self.groups).filter(|(_, group)| fits(group)).map(|(number, _)| number).collect()
    }

    /// The rules of these groups that may match the event, in the order of their numbers.
    pub fn candidates<'c>(&self, groups: &[u32], event: &Event, into: &'c mut Candidates) -> &'c [u32] {
        into.restart();
        for group in groups {
            let group = &self.groups[*group as usize];
            let rules = group.always.iter().filter(|(_, needed)| needed.is_in(event));
            into.extend(rules.map(|(rule, _)| *rule));
            into.touched |= !into.found.is_empty();
            for field in &group.fields {
                field.find(event, into);
            }
        }
        into.found.sort_unstable();
        &into.found
    }
}

impl Needed {
    fn is_in(&self, event: &Event) -> bool {
        self.names.is_empty() || event.fields().has_any(self.set) && self.names.iter().any(|name| event.has(name))
    }
}

impl Candidates {
    /// False if no rule could match any event with the fields of the last one, whatever their values.
    pub fn touched(&self) -> bool {
        self.touched
    }

    fn restart(&mut self) {
        self.found.clear();
        self.touched = false;
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.clear();
            self.round = 1;
        }
    }

    fn extend(&mut self, rules: impl IntoIterator<Item = u32>) {
        for rule in rules {
            let at = rule as usize;
            if at >= self.seen.len() {
                self.seen.resize(at + 1, 0);
            }
            if self.seen[at] != self.round {
                self.seen[at] = self.round;
                self.found.push(rule);
            }
        }
    }
}

impl Group {
    fn new(source: &LogSource, numbers: &[u32], rules: &[Arc<Rule>]) -> Self {
        let mut always = Vec::new();
        let mut atoms: HashMap<Option<String>, Vec<(Atom, u32)>> = HashMap::new();
        for &number in numbers {
            match necessary_in(&rules[number as usize].detection) {
                Some(needed) => {
                    for atom in needed {
                        let name = atom.field.as_ref().map(|f| f.lower().to_owned());
                        atoms.entry(name).or_default().push((atom, number));
                    }
                }
                None => always.push(number),
            }
        }
        let has_keywords = numbers.iter().any(|n| rules[*n as usize].detection.searches.iter().any(looks_everywhere));
        let mut fields: Vec<FieldIndex> = Vec::new();
        for (_, atoms) in atoms {
            match FieldIndex::new(atoms) {
                Ok(index) => fields.push(index),
                Err(numbers) => always.extend(numbers),
            }
        }
        always.sort_unstable();
        always.dedup();
        let needed = |number: u32| fields_needed(&rules[number as usize].detection);
        let always = always.into_iter().map(|number| (number, needed(number))).collect();
        Self { source: source.clone(), always, fields, has_keywords }
    }
}

impl FieldIndex {
    /// The error is the rules, should their texts be too many for one automaton.
    fn new(atoms: Vec<(Atom, u32)>) -> Result<Self, Vec<u32>> {
        let field = atoms.first().and_then(|(atom, _)| atom.field.clone());
        let mut whole: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        let mut parts: HashMap<String, Vec<u32>> = HashMap::new();
        for (atom, rule) in &atoms {
            let rules = if atom.whole {
                whole.entry(atom.text.as_str().into()).or_default()
            } else {
                parts.entry(atom.text.clone()).or_default()
            };
            if rules.last() != Some(rule) {
                rules.push(*rule);
            }
        }
        let (texts, part_rules): (Vec<String>, Vec<Vec<u32>>) = parts.into_iter().unzip();
        let parts = if texts.is_empty() {
            None
        } else {
            Some(AhoCorasick::new(&texts).map_err(|_| atoms.iter().map(|(_, rule)| *rule).collect::<Vec<_>>())?)
        };
        Ok(Self { field, whole, parts, part_rules })
    }

    fn find(&self, event: &Event, into: &mut Candidates) {
        match &self.field {
            Some(field) => {
                into.touched |= event.has(field);
                event.values(field).for_each(|value| self.find_in(value.lower, into));
            }
            None => {
                into.touched = true;
                event.all_values().for_each(|value| self.find_in(value.lower, into));
            }
        }
    }

    fn find_in(&self, text: &str, into: &mut Candidates) {
        if let Some(rules) = self.whole.get(text) {
            into.extend(rules.iter().copied());
        }
        if let Some(parts) = &self.parts {
            for found in parts.find_overlapping_iter(text) {
                into.extend(self.part_rules[found.pattern().as_usize()].iter().copied());
            }
        }
    }
}

/// What a rule needs, which matches an event that has nothing if it needs nothing.
fn fields_needed(detection: &Detection) -> Needed {
    let mut names = Vec::new();
    if detection.searches.iter().any(looks_everywhere) || detection.holds(&Event::default()) {
        return Needed::default();
    }
    detection.searches.iter().for_each(|search| fields_of(search, &mut names));
    Needed { set: names.iter().copied().collect(), names: names.into_iter().cloned().collect() }
}

/// The fields that an expression looks at.
fn fields_of<'e>(expr: &'e Expr, into: &mut Vec<&'e FieldName>) {
    match expr {
        Expr::Field { field, tests, .. } => {
            into.extend(field);
            into.extend(tests.iter().filter_map(|test| match test {
                Test::OtherField { other, .. } => Some(other),
                _ => None,
            }));
        }
        Expr::Not(inner) => fields_of(inner, into),
        Expr::All(parts) | Expr::Any(parts) => parts.iter().for_each(|part| fields_of(part, into)),
    }
}

fn looks_everywhere(expr: &Expr) -> bool {
    match expr {
        Expr::Field { field, .. } => field.is_none(),
        Expr::Not(inner) => looks_everywhere(inner),
        Expr::All(parts) | Expr::Any(parts) => parts.iter().any(looks_everywhere),
    }
}

/// Texts of which every match of the rule holds at least one. `None` if there are no such texts.
fn necessary_in(detection: &Detection) -> Option<Vec<Atom>> {
    in_condition(&detection.condition, &detection.searches)
}

fn in_condition(condition: &Condition, searches: &[Expr]) -> Option<Vec<Atom>> {
    match condition {
        Condition::Search(index) => in_expr(&searches[*index]),
        Condition::Not(_) => None,
        Condition::All(parts) => best(parts.iter().map(|part| in_condition(part, searches))),
        Condition::Any(parts) => every(parts.iter().map(|part| in_condition(part, searches))),
    }
}

fn in_expr(expr: &Expr) -> Option<Vec<Atom>> {
    match expr {
        Expr::Field { field, join: Join::Any, tests } => every(tests.iter().map(|test| in_test(field.as_ref(), test))),
        Expr::Field { field, join: Join::All, tests } => best(tests.iter().map(|test| in_test(field.as_ref(), test))),
        Expr::Not(_) => None,
        Expr::All(parts) => best(parts.iter().map(in_expr)),
        Expr::Any(parts) => every(parts.iter().map(in_expr)),
    }
}

fn in_test(field: Option<&FieldName>, test: &Test) -> Option<Vec<Atom>> {
    let Test::Text(pattern) = test else { return None };
    let text = pattern.literal();
    // The empty text also fits a null, which has no text to look into.
    let whole = pattern.whole().is_some();
    let long_enough = if whole { !text.is_empty() } else { text.len() >= LITERAL_BYTES_MIN };
    long_enough.then(|| vec![Atom { field: field.cloned(), text: text.to_owned(), whole }])
}

/// Of parts that must all hold, the one whose texts are the rarest; long texts are rarer than short ones.
fn best(parts: impl Iterator<Item = Option<Vec<Atom>>>) -> Option<Vec<Atom>> {
    let rarity = |atoms: &Vec<Atom>| {
        let shortest = atoms.iter().map(|atom| atom.text.len() + if atom.whole { 2 } else { 0 }).min();
        let everywhere = atoms.iter().any(|atom| atom.field.is_none());
        (!everywhere, shortest, std::cmp::Reverse(atoms.len()))
    };
    parts.flatten().max_by_key(rarity)
}

/// Of parts of which any may hold, all texts together. `None` if one part has none.
fn every(parts: impl Iterator<Item = Option<Vec<Atom>>>) -> Option<Vec<Atom>> {
    let lists: Option<Vec<Vec<Atom>>> = parts.collect();
    lists.map(|lists| lists.into_iter().flatten().collect())
}
