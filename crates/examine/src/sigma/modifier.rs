//! Modifiers: what stands behind a field's name, and what it makes of the values.

use super::encode;
use super::error::Problem;
use super::matcher::{Expr, Join, Network, Order, Part, Test};
use super::pattern::{Case, Pattern, Piece, WildText};
use super::pcre::{self, Flags};
use super::time::TimePart;
use super::yaml::{Node, Yaml};
use crate::log::event::FieldName;

/// Values of one field in one rule.
const VALUES_MAX: usize = 20_000;

/// A field's name with its modifiers, read.
#[derive(Clone, Debug)]
struct Chain {
    field: Option<FieldName>,
    join: Join,
    negated: bool,
    case: Case,
    part: Part,
    steps: Vec<Step>,
    compare: Compare,
}

/// A change of a value, in the order of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Utf16Le,
    Utf16Be,
    Utf16,
    Base64,
    Base64Offset,
    Windash,
    Expand,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Text,
    Regex(Flags),
    Network,
    Number(Order),
    Time(TimePart, Order),
    OtherField,
    There,
}

/// What one item of a map says: a field with its modifiers, and its values.
pub(crate) fn item(key: &str, key_node: &Node, value: &Node) -> Result<Expr, Problem> {
    let chain = Chain::parse(key, key_node)?;
    let items = value.items();
    if items.len() > VALUES_MAX {
        return Err(Problem::new("sigma::too-large", value.position.clone())
            .message(format!("the field has {} values", items.len()))
            .help(format!("a field may have {VALUES_MAX} values")));
    }
    let mut tests = Vec::with_capacity(items.len());
    for item in items {
        tests.push(chain.tests(item)?);
    }
    // One value may become several tests, of which any may hold; `all` is about the values.
    let expr = if chain.join == Join::Any || tests.iter().all(|t| t.len() == 1) {
        Expr::Field { field: chain.field, join: chain.join, tests: tests.concat() }
    } else {
        let any = |tests| Expr::Field { field: chain.field.clone(), join: Join::Any, tests };
        Expr::All(tests.into_iter().map(any).collect())
    };
    Ok(if chain.negated { Expr::Not(Box::new(expr)) } else { expr })
}

impl Chain {
    fn parse(key: &str, node: &Node) -> Result<Self, Problem> {
        let mut words = key.split('|');
        let field = words.next().unwrap_or_default();
        let mut chain = Self {
            field: (!field.is_empty()).then(|| FieldName::new(field)),
            join: Join::Any,
            negated: false,
            case: Case::Ignored,
            part: Part::Whole,
            steps: Vec::new(),
            compare: Compare::Text,
        };
        for word in words {
            chain.modify(word).map_err(|why| why.problem(word, node))?;
        }
        let encodes = chain.steps.iter().any(|s| *s != Step::Expand);
        if encodes && chain.compare != Compare::Text {
            return Err(Wrong::Combination.problem(key, node));
        }
        let placed = chain.part != Part::Whole;
        if placed && !matches!(chain.compare, Compare::Text | Compare::OtherField) {
            return Err(Wrong::Combination.problem(key, node));
        }
        Ok(chain)
    }

    /// Takes one more modifier in.
    fn modify(&mut self, word: &str) -> Result<(), Wrong> {
        match word {
            "contains" => self.part = Part::Inside,
            "startswith" => self.part = Part::Start,
            "endswith" => self.part = Part::End,
            "all" => self.join = Join::All,
            "cased" => self.case = Case::Matters,
            "neq" => self.negated = true,
            "windash" => self.steps.push(Step::Windash),
            "base64" => self.steps.push(Step::Base64),
            "base64offset" => self.steps.push(Step::Base64Offset),
            "wide" | "utf16le" => self.steps.push(Step::Utf16Le),
            "utf16be" => self.steps.push(Step::Utf16Be),
            "utf16" => self.steps.push(Step::Utf16),
            "expand" => self.steps.push(Step::Expand),
            "i" | "ignorecase" | "m" | "multiline" | "s" | "dotall" => return self.flag(word),
            "lt" => return self.order(Order::Less),
            "lte" => return self.order(Order::LessOrEqual),
            "gt" => return self.order(Order::Greater),
            "gte" => return self.order(Order::GreaterOrEqual),
            "re" => return self.compare_as(Compare::Regex(Flags::default())),
            "cidr" => return self.compare_as(Compare::Network),
            "fieldref" => return self.compare_as(Compare::OtherField),
            "exists" => return self.compare_as(Compare::There),
            "minute" => return self.time(TimePart::Minute),
            "hour" => return self.time(TimePart::Hour),
            "day" => return self.time(TimePart::Day),
            "week" => return self.time(TimePart::Week),
            "month" => return self.time(TimePart::Month),
            "year" => return self.time(TimePart::Year),
            _ => return Err(Wrong::Unknown),
        }
        Ok(())
    }

    fn compare_as(&mut self, compare: Compare) -> Result<(), Wrong> {
        if self.compare != Compare::Text {
            return Err(Wrong::Combination);
        }
        self.compare = compare;
        Ok(())
    }

    fn order(&mut self, order: Order) -> Result<(), Wrong> {
        self.compare = match self.compare {
            Compare::Text => Compare::Number(order),
            Compare::Time(part, Order::Equal) => Compare::Time(part, order),
            _ => return Err(Wrong::Combination),
        };
        Ok(())
    }

    fn time(&mut self, part: TimePart) -> Result<(), Wrong> {
        self.compare = match self.compare {
            Compare::Text => Compare::Time(part, Order::Equal),
            Compare::Number(order) => Compare::Time(part, order),
            _ => return Err(Wrong::Combination),
        };
        Ok(())
    }

    fn flag(&mut self, word: &str) -> Result<(), Wrong> {
        let Compare::Regex(flags) = &mut self.compare else { return Err(Wrong::Combination) };
        match word {
            "i" | "ignorecase" => flags.ignore_case = true,
            "m" | "multiline" => flags.lines = true,
            _ => flags.dot_all = true,
        }
        Ok(())
    }

    /// The tests that one value becomes; any of them may hold.
    fn tests(&self, value: &Node) -> Result<Vec<Test>, Problem> {
        if let Yaml::Null = value.value {
            return match self.compare {
                Compare::Text => Ok(vec![Test::Null]),
                _ => Err(bad_value(value, "null")),
            };
        }
        let Some(text) = value.scalar() else {
            return Err(bad_value(value, "a list or a map"));
        };
        match self.compare {
            Compare::Text => self.text_tests(text, value),
            Compare::Regex(flags) => {
                pcre::compile(text, self.cased(flags)).map(|r| vec![Test::Regex(Box::new(r))]).map_err(|why| {
                    Problem::new("sigma::regex-unsupported", value.position.clone())
                        .message(format!("the regular expression can't be used: {why}"))
                        .help("look-around and back-references are not part of Sigma's regular expressions")
                })
            }
            Compare::Network => match Network::parse(text) {
                Some(network) => Ok(vec![Test::Network(network)]),
                None => Err(bad_value(value, "no network such as 10.0.0.0/8")),
            },
            Compare::Number(order) => Ok(vec![Test::Number(order, number(text, value)?)]),
            Compare::Time(part, order) => Ok(vec![Test::Time(part, order, number(text, value)?)]),
            Compare::OtherField => {
                Ok(vec![Test::OtherField { other: FieldName::new(text), part: self.part, case: self.case }])
            }
            Compare::There => match value.value {
                Yaml::Truth(there) => Ok(vec![Test::There(there)]),
                _ => match text {
                    "true" | "yes" => Ok(vec![Test::There(true)]),
                    "false" | "no" => Ok(vec![Test::There(false)]),
                    _ => Err(bad_value(value, "neither true nor false")),
                },
            },
        }
    }

    fn cased(&self, flags: Flags) -> Flags {
        if self.case == Case::Matters { Flags { ignore_case: false, ..flags } } else { flags }
    }

    fn text_tests(&self, text: &str, value: &Node) -> Result<Vec<Test>, Problem> {
        let wild = match value.value {
            Yaml::Text(_) => WildText::parse(text),
            _ => WildText::literal(text),
        };
        let texts = self.stepped(wild, text, value)?;
        // Without a field, a text is looked for anywhere in the event.
        let part = if self.field.is_none() && self.part == Part::Whole { Part::Inside } else { self.part };
        let placed = |wild: WildText| match part {
            Part::Whole => wild,
            Part::Start => wild.before_anything(),
            Part::End => wild.after_anything(),
            Part::Inside => wild.after_anything().before_anything(),
        };
        Ok(texts.into_iter().map(|wild| Test::Text(Pattern::new(placed(wild), self.case))).collect())
    }

    /// The texts that the steps make of a value.
    fn stepped(&self, wild: WildText, source: &str, value: &Node) -> Result<Vec<WildText>, Problem> {
        let mut texts = vec![Stepped::Text(wild)];
        for step in &self.steps {
            let mut next = Vec::new();
            for text in texts {
                step.apply(text, source, value, &mut next)?;
            }
            texts = next;
        }
        texts
            .into_iter()
            .map(|text| match text {
                Stepped::Text(wild) => Ok(wild),
                Stepped::Bytes(bytes) => String::from_utf8(bytes).map(WildText::literal).map_err(|_| {
                    bad_value(value, "no text after this encoding; `base64` or `base64offset` must follow")
                }),
            })
            .collect()
    }
}

/// A value between two steps.
enum Stepped {
    Text(WildText),
    Bytes(Vec<u8>),
}

impl Stepped {
    /// The bytes to encode. Wildcards have none.
    fn bytes(&self, value: &Node) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::Text(wild) => match wild.plain() {
                Some(text) => Ok(text.as_bytes().to_vec()),
                None => Err(bad_value(value, "a text with wildcards, which can't be encoded")),
            },
        }
    }

    fn text(&self, value: &Node) -> Result<String, Problem> {
        String::from_utf8(self.bytes(value)?).map_err(|_| bad_value(value, "no text that could be encoded again"))
    }
}

impl Step {
    fn apply(self, text: Stepped, source: &str, value: &Node, out: &mut Vec<Stepped>) -> Result<(), Problem> {
        match self {
            Self::Utf16Le => out.push(Stepped::Bytes(encode::utf16le(&text.text(value)?))),
            Self::Utf16Be => out.push(Stepped::Bytes(encode::utf16be(&text.text(value)?))),
            Self::Utf16 => out.push(Stepped::Bytes(encode::utf16(&text.text(value)?))),
            Self::Base64 => out.push(Stepped::Text(WildText::literal(encode::base64(&text.bytes(value)?)))),
            Self::Base64Offset => {
                let offsets = encode::base64_offsets(&text.bytes(value)?);
                if offsets.iter().any(String::is_empty) {
                    return Err(bad_value(value, "too short for `base64offset`"));
                }
                out.extend(offsets.map(|offset| Stepped::Text(WildText::literal(offset))));
            }
            Self::Windash => match text {
                Stepped::Text(wild) => out.push(Stepped::Text(wild.with_any_dash())),
                Stepped::Bytes(_) => return Err(bad_value(value, "encoded before `windash`")),
            },
            Self::Expand => {
                if let Some(name) = placeholder(source) {
                    return Err(Problem::new("sigma::placeholder", value.position.clone())
                        .message(format!("the placeholder `%{name}%` stands for values that are not given"))
                        .help("write the values of your own network in place of the placeholder"));
                }
                out.push(match text {
                    Stepped::Text(wild) => Stepped::Text(without_escaped_percent(wild)),
                    bytes @ Stepped::Bytes(_) => bytes,
                });
            }
        }
        Ok(())
    }
}

/// The name of the first placeholder `%name%` in a text; `\%` is a plain sign.
fn placeholder(source: &str) -> Option<&str> {
    let mut start = None;
    let bytes = source.as_bytes();
    for (at, _) in source.match_indices('%') {
        if at > 0 && bytes[at - 1] == b'\\' {
            continue;
        }
        match start {
            Some(start) if at > start => return source.get(start..at),
            _ => start = Some(at + 1),
        }
    }
    None
}

fn without_escaped_percent(wild: WildText) -> WildText {
    let unescape = |piece| match piece {
        Piece::Text(text) => Piece::Text(text.replace("\\%", "%")),
        other => other,
    };
    WildText(wild.0.into_iter().map(unescape).collect())
}

fn number(text: &str, value: &Node) -> Result<f64, Problem> {
    text.parse().ok().filter(|n: &f64| n.is_finite()).ok_or_else(|| bad_value(value, "no number"))
}

fn bad_value(value: &Node, is: &str) -> Problem {
    Problem::new("sigma::bad-value", value.position.clone())
        .message(format!("the value is {is}"))
        .help("see the modifiers appendix of the Sigma specification for what a modifier takes")
}

/// Why a modifier can't be taken.
#[derive(Clone, Copy)]
enum Wrong {
    Unknown,
    Combination,
}

impl Wrong {
    fn problem(self, word: &str, node: &Node) -> Problem {
        match self {
            Self::Unknown => Problem::new("sigma::unknown-modifier", node.position.clone())
                .message(format!("the modifier `{word}` is not known"))
                .help("the modifiers are those of the Sigma specification 2.1"),
            Self::Combination => Problem::new("sigma::modifier-combination", node.position.clone())
                .message(format!("`{word}` does not go with the other modifiers"))
                .help("remove one of the modifiers, or split the search"),
        }
    }
}
