//! Tests of fields, and expressions of tests: what a rule's detection becomes, and how it is held against an event.

use std::net::IpAddr;

use regex::Regex;

use super::condition::Condition;
use super::pattern::{Case, Pattern};
use super::time::TimePart;
use crate::log::event::{Event, FieldName, Value, ValueKind};

/// Fields shown for a match.
const SHOWN_FIELDS_MAX: usize = 8;
/// Characters shown of a field's value.
const SHOWN_CHARS_MAX: usize = 240;

/// What one value must be like.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// It is a text or a number like this.
    Text(Pattern),
    /// A regular expression finds something in it.
    Regex(Box<Regex>),
    /// It is an address in this network.
    Network(Network),
    /// It is a number that compares like this.
    Number(Order, f64),
    /// It is a time, and this part of it compares like this.
    Time(TimePart, Order, f64),
    /// It is the same as, or begins, ends or lies in, another field's value.
    OtherField { other: FieldName, part: Part, case: Case },
    /// There is no value.
    Null,
    /// The field is there, or it is not.
    There(bool),
}

/// How a number compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Which part of a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Start,
    End,
    Inside,
}

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u32,
}

/// How the tests of a list are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    Any,
    All,
}

/// What a search becomes. Its depth is bounded by that of a rule file.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    /// Tests of one field's values; without a field, of every value of the event.
    Field {
        field: Option<FieldName>,
        join: Join,
        tests: Vec<Test>,
    },
    Not(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
}

/// A rule's searches and how they are joined.
#[derive(Clone, Debug)]
pub(crate) struct Detection {
    pub searches: Vec<Expr>,
    pub condition: Condition,
}

impl Detection {
    /// Whether the event is what the rule looks for.
    pub fn holds(&self, event: &Event) -> bool {
        self.condition_holds(&self.condition, event)
    }

    fn condition_holds(&self, condition: &Condition, event: &Event) -> bool {
        match condition {
            Condition::Search(index) => self.searches[*index].holds(event),
            Condition::Not(inner) => !self.condition_holds(inner, event),
            Condition::All(parts) => parts.iter().all(|part| self.condition_holds(part, event)),
            Condition::Any(parts) => parts.iter().any(|part| self.condition_holds(part, event)),
        }
    }

    /// The fields and values that speak for the match, each field once, bounded in number and length.
    pub fn explain(&self, event: &Event) -> Vec<(String, String)> {
        let mut shown = Vec::new();
        self.explain_condition(&self.condition, event, &mut shown);
        shown
    }

    fn explain_condition(&self, condition: &Condition, event: &Event, shown: &mut Vec<(String, String)>) {
        match condition {
            Condition::Search(index) => self.searches[*index].explain(event, shown),
            Condition::Not(_) => {}
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts.iter().filter(|part| self.condition_holds(part, event)) {
                    self.explain_condition(part, event, shown);
                }
            }
        }
    }
}

impl Expr {
    /// Whether it holds for the event.
    pub fn holds(&self, event: &Event) -> bool {
        match self {
            Self::Field { field, join, tests } => {
                let holds = |test: &Test| match field {
                    Some(field) => test.holds_for(event, field),
                    None => event.all_values().any(|value| test.fits(event, value)),
                };
                match join {
                    Join::Any => tests.iter().any(holds),
                    Join::All => tests.iter().all(holds),
                }
            }
            Self::Not(inner) => !inner.holds(event),
            Self::All(parts) => parts.iter().all(|part| part.holds(event)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(event)),
        }
    }

    fn explain(&self, event: &Event, shown: &mut Vec<(String, String)>) {
        if shown.len() >= SHOWN_FIELDS_MAX {
            return;
        }
        match self {
            Self::Field { field: Some(field), tests, .. } => {
                let value = event.values(field).find(|value| tests.iter().any(|test| test.fits(event, *value)));
                show(shown, field.as_str(), value);
            }
            Self::Field { field: None, tests, .. } => {
                let value = event.all_values().find(|value| tests.iter().any(|test| test.fits(event, *value)));
                show(shown, "*", value);
            }
            Self::Not(_) => {}
            Self::All(parts) | Self::Any(parts) => {
                for part in parts.iter().filter(|part| part.holds(event)) {
                    part.explain(event, shown);
                }
            }
        }
    }
}

fn show(shown: &mut Vec<(String, String)>, field: &str, value: Option<Value<'_>>) {
    if shown.len() < SHOWN_FIELDS_MAX && !shown.iter().any(|(name, _)| name == field) {
        let text = value.map_or("", |v| v.text);
        shown.push((field.to_owned(), text.chars().take(SHOWN_CHARS_MAX).collect()));
    }
}

impl Test {
    /// Whether it holds for a field of the event.
    fn holds_for(&self, event: &Event, field: &FieldName) -> bool {
        match self {
            Self::There(wanted) => event.has(field) == *wanted,
            Self::Null => {
                event.values(field).all(|value| value.kind == ValueKind::Null) && !self.is_branch(event, field)
            }
            _ => event.values(field).any(|value| self.fits(event, value)),
        }
    }

    /// An object without members has no values, but is no null either.
    fn is_branch(&self, event: &Event, field: &FieldName) -> bool {
        event.has(field) && event.values(field).next().is_none()
    }

    /// Whether it holds for one value.
    fn fits(&self, event: &Event, value: Value<'_>) -> bool {
        if value.kind == ValueKind::Null {
            // Readers of EVTX write an empty value as null, so that the two can't be told apart.
            return matches!(self, Self::Null | Self::There(true))
                || matches!(self, Self::Text(pattern) if pattern.whole() == Some(""));
        }
        match self {
            Self::Text(pattern) => {
                pattern.matches(if pattern.case() == Case::Ignored { value.lower } else { value.text })
            }
            Self::Regex(regex) => regex.is_match(value.text),
            Self::Network(network) => network.holds(value.text),
            Self::Number(order, than) => number(value.text).is_some_and(|n| order.holds(n, *than)),
            Self::Time(part, order, than) => part.of(value.text).is_some_and(|n| order.holds(f64::from(n), *than)),
            Self::OtherField { other, part, case } => event.values(other).any(|other| match case {
                Case::Ignored => part.holds(value.lower, other.lower),
                Case::Matters => part.holds(value.text, other.text),
            }),
            Self::Null => false,
            Self::There(wanted) => *wanted,
        }
    }
}

impl Order {
    fn holds(self, value: f64, than: f64) -> bool {
        match self {
            Self::Equal => value == than,
            Self::Less => value < than,
            Self::LessOrEqual => value <= than,
            Self::Greater => value > than,
            Self::GreaterOrEqual => value >= than,
        }
    }
}

impl Part {
    fn holds(self, text: &str, other: &str) -> bool {
        match self {
            Self::Whole => text == other,
            Self::Start => text.starts_with(other),
            Self::End => text.ends_with(other),
            Self::Inside => text.contains(other),
        }
    }
}

impl Network {
    /// Reads a range such as `10.0.0.0/8` or `fe80::/10`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let bits: u32 = bits.parse().ok()?;
        (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self { address, bits })
    }

    fn holds(self, text: &str) -> bool {
        let Ok(address) = text.trim().parse::<IpAddr>() else { return false };
        let address = if self.address.is_ipv4() { address.to_canonical() } else { address };
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                (u32::from(net) ^ u32::from(ip)).checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                (u128::from(net) ^ u128::from(ip)).checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// A decimal number, or a hexadecimal one as Windows logs it.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|n| n as f64),
        None => text.parse().ok(),
    }
}
