//! Jinja templates, as chat templates hold them: does one walk from a value to Python's own machinery?
//!
//! A template that formats messages needs no attribute with double underscores, no module and no builtin. The way out
//! of a template engine needs at least one, spelt out or put together from pieces. Only code is looked at, not the
//! text between it.

use std::collections::BTreeSet;

use sakimori_model::Place;

use crate::artefact::{codes, template_fold, template_orders};
use crate::catalogue::finding;
use crate::report::Report;

/// How sure it is that the template wants out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Unusual, and used to hide attribute names.
    Unusual,
    /// Speaks to the model behind the user's back.
    Orders,
    /// A step out of the template.
    Escape,
}

/// What was found in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hazard {
    /// How sure it is.
    pub level: Level,
    /// What it is, short.
    pub what: String,
    /// Offset in bytes in the template.
    pub offset: usize,
}

/// Names of Python's object model through which templates reach modules (without the underscores).
const DUNDERS: &[&str] = &[
    "class",
    "mro",
    "base",
    "bases",
    "subclasses",
    "globals",
    "init",
    "builtins",
    "import",
    "dict",
    "getattribute",
    "getattr",
    "getitem",
    "reduce",
    "reduce_ex",
    "call",
    "code",
    "closure",
    "func",
    "self",
    "module",
    "new",
    "loader",
    "spec",
    "enter",
    "exit",
    "setattr",
    "wrapped",
    "defaults",
    "kwdefaults",
    "subclasshook",
    "init_subclass",
    "class_getitem",
    "name",
    "qualname",
    "weakref",
    "annotations",
];
/// Functions that no template has of its own.
const FUNCTIONS: &[&str] =
    &["eval", "exec", "popen", "getattr", "execfile", "check_output", "import_module", "mro", "subclasses"];
/// Filters and methods that turn one text into another: in a subscript they make up a name.
const MAKERS: &[&str] =
    &["replace", "lower", "upper", "reverse", "join", "format", "b64decode", "decode", "urldecode", "translate"];
/// Modules that give a shell, files or code.
const MODULES: &[&str] = &["os", "subprocess", "importlib", "builtins", "pty", "socket", "shutil"];
/// Others that no engine offers, and a template that names them hopes for.
const OTHER_MODULES: &[&str] = &["requests", "urllib", "httpx", "aiohttp", "sys", "pickle", "ctypes"];
/// Attributes through which frames, code and globals are reached without double underscores.
const FRAMES: &[&str] = &[
    "f_globals",
    "f_locals",
    "f_builtins",
    "f_back",
    "gi_frame",
    "gi_code",
    "cr_frame",
    "cr_code",
    "ag_frame",
    "ag_code",
    "tb_frame",
    "tb_next",
    "func_globals",
    "func_code",
    "im_func",
    "im_self",
    "_TemplateReference__context",
];
/// Objects of the engine that only serve as a start of the walk when an attribute of them is taken.
const ENGINE_OBJECTS: &[&str] =
    &["lipsum", "cycler", "joiner", "get_flashed_messages", "url_for", "self", "request", "config"];
/// Tokens of a template that are looked at.
const TOKENS_MAX: usize = 1_000_000;
/// Quotes that are never closed, each of which is looked for to the end. A template that has so many is not one of a model.
const UNBALANCED_MAX: usize = 16;
/// Tokens in which a subscript ends; a longer one is unusual for that alone.
const SUBSCRIPT_TOKENS_MAX: usize = 256;
/// Pieces of names that are put together with each other.
const PIECES_MAX: usize = 64;

/// The worst that a template does; `None` for one that only formats.
#[must_use]
pub fn hazard(template: &str) -> Option<Hazard> {
    let mut judge = Judge::default();
    // What is raw may hold the beginning of a comment that is none, so comments are then judged as well.
    let comments = if template.contains("raw") { Comments::Judged } else { Comments::Skipped };
    let mut regions = Regions::new(template, comments);
    while let Some((start, end, _)) = regions.next_code() {
        judge.region(&tokens(template, start, end));
        if judge.tokens > TOKENS_MAX {
            break;
        }
    }
    if regions.unbalanced >= UNBALANCED_MAX {
        judge.report(Level::Unusual, "unbalanced quotes", 0);
    }
    judge.pieces();
    let orders = template_orders::orders(template);
    judge.worst.into_iter().chain(orders).max_by_key(|hazard| hazard.level)
}

/// Reports a hazard at its place.
pub fn report(hazard: &Hazard, place: Place, report: &mut Report<'_>) {
    let code = match hazard.level {
        Level::Escape => &codes::TEMPLATE_ESCAPE,
        Level::Orders => &codes::TEMPLATE_ORDERS,
        Level::Unusual => &codes::TEMPLATE_UNUSUAL,
    };
    report.add(finding(code, place).with("what", &hazard.what));
}

/// What becomes of comments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    Skipped,
    Judged,
}

/// The stretches of code of a template, one after the other.
pub(super) struct Regions<'t> {
    template: &'t str,
    at: usize,
    comments: Comments,
    /// No comment ends from here on.
    no_comment_ends: bool,
    /// Quotes so far that were never closed: each is looked for to the end.
    unbalanced: usize,
}

impl<'t> Regions<'t> {
    pub(super) fn new(template: &'t str, comments: Comments) -> Self {
        Self { template, at: 0, comments, no_comment_ends: false, unbalanced: 0 }
    }

    /// Where the next one is looked for.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next stretch of code: its start, its end, and where to go on.
    pub(super) fn next_code(&mut self) -> Option<(usize, usize, usize)> {
        loop {
            let open = self.at + self.template.get(self.at..)?.find('{')?;
            let rest = &self.template[open..];
            if rest.starts_with("{#") && self.comments == Comments::Skipped {
                let end = if self.no_comment_ends { None } else { memchr::memmem::find(rest.as_bytes(), b"#}") };
                self.no_comment_ends = end.is_none();
                self.at = open + end.unwrap_or_default() + 2;
            } else if rest.starts_with("{{") || rest.starts_with("{%") {
                let close = if rest.starts_with("{{") { "}}" } else { "%}" };
                let end = self.code_end(open + 2, close);
                self.at = (end + 2).min(self.template.len()).max(open + 2);
                return Some((open + 2, end, self.at));
            } else {
                self.at = open + 1;
            }
        }
    }

    /// Where the code ends: at the closing mark outside of quotes, or with the template.
    fn code_end(&mut self, start: usize, close: &str) -> usize {
        let bytes = self.template.as_bytes();
        let (mut quote, mut at) = (None, start);
        while at < bytes.len() && self.unbalanced < UNBALANCED_MAX {
            match (quote, bytes[at]) {
                (Some(_), b'\\') => at += 1,
                (Some(q), b) if b == q => quote = None,
                (None, b @ (b'"' | b'\'')) => quote = Some(b),
                (None, _) if bytes[at..].starts_with(close.as_bytes()) => return at,
                _ => {}
            }
            at += 1;
        }
        self.unbalanced += usize::from(quote.is_some());
        // An unbalanced quote must not hide what follows: the engine would stop there, others may not.
        let end = memchr::memmem::find(&bytes[start..], close.as_bytes());
        end.map_or(self.template.len(), |end| start + end)
    }
}

/// A token of the code with its offset.
pub(super) struct Token<'t> {
    pub offset: usize,
    pub value: Value<'t>,
}

pub(super) enum Value<'t> {
    Name(&'t str),
    Text(String),
    Mark(u8),
}

pub(super) fn tokens(template: &str, start: usize, end: usize) -> Vec<Token<'_>> {
    let bytes = &template.as_bytes()[..end];
    let (mut out, mut at) = (Vec::new(), start);
    while at < end {
        let offset = at;
        let value = match bytes[at] {
            b'"' | b'\'' => {
                let (text, next) = literal(template, at, end);
                at = next;
                Value::Text(text)
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                while at < end && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                Value::Name(&template[offset..at])
            }
            b => {
                at += 1;
                if b.is_ascii_whitespace() {
                    continue;
                }
                Value::Mark(b)
            }
        };
        out.push(Token { offset, value });
    }
    out
}

/// A string literal with its escapes resolved, and where it ends.
fn literal(template: &str, start: usize, end: usize) -> (String, usize) {
    let quote = template[start..].chars().next().unwrap_or('"');
    let mut text = String::new();
    let mut chars = template[start + 1..end].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return (text, start + 1 + at + 1);
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        let Some((_, escape)) = chars.next() else { break };
        let (digits, radix) = match escape {
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='7' => (2, 8),
            other => {
                text.push(other);
                continue;
            }
        };
        let mut code = if radix == 8 { escape.to_digit(8).unwrap_or_default() } else { 0 };
        for _ in 0..digits {
            let Some(digit) = chars.peek().and_then(|(_, c)| c.to_digit(radix)) else { break };
            code = code.wrapping_mul(radix).wrapping_add(digit);
            chars.next();
        }
        text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
    }
    (text, end)
}

/// Gathers what the stretches of code hold.
#[derive(Default)]
struct Judge {
    worst: Option<Hazard>,
    heads: BTreeSet<String>,
    tails: BTreeSet<String>,
    tokens: usize,
    constants: template_fold::Constants,
}

impl Judge {
    fn region(&mut self, tokens: &[Token<'_>]) {
        self.tokens += tokens.len();
        for i in 0..tokens.len() {
            match &tokens[i].value {
                Value::Name(name) => {
                    self.name(name, tokens, i);
                    self.piece(name);
                }
                Value::Text(text) => self.text(text, tokens[i].offset),
                Value::Mark(b'[') => self.subscript(tokens, i),
                Value::Mark(_) => {}
            }
        }
        self.joined(tokens);
        let dunder = self.constants.take(tokens).iter().find_map(|text| dunder_in(text));
        if let (Some(name), Some(first)) = (dunder, tokens.first()) {
            self.report(Level::Escape, &name, first.offset);
        }
    }

    fn name(&mut self, name: &str, tokens: &[Token<'_>], i: usize) {
        let offset = tokens[i].offset;
        let mark = |at: Option<usize>| match at.and_then(|at| tokens.get(at)).map(|t| &t.value) {
            Some(Value::Mark(b)) => *b,
            _ => 0,
        };
        let (before, after) = (mark(i.checked_sub(1)), mark(Some(i + 1)));
        if let Some(inner) = name.strip_prefix("__").and_then(|n| n.strip_suffix("__")) {
            let level = if is_dunder(inner) { Level::Escape } else { Level::Unusual };
            self.report(level, name, offset);
        } else if FUNCTIONS.contains(&name) && after == b'('
            || MODULES.contains(&name) && matches!(after, b'.' | b'[')
            || FRAMES.contains(&name) && before == b'.'
        {
            self.report(Level::Escape, name, offset);
        } else if OTHER_MODULES.contains(&name) && after == b'.' && before != b'.'
            || ENGINE_OBJECTS.contains(&name) && matches!(after, b'.' | b'[' | b'|') && before != b'.'
        {
            self.report(Level::Unusual, name, offset);
        } else if name == "attr" && before == b'|' {
            self.report(Level::Unusual, "|attr", offset);
        } else if before == b'.' && (name == "format_map" || name == "format" && after != b'(')
            || name == "attribute"
                && after == b'='
                && matches!(tokens.get(i + 2).map(|t| &t.value), Some(Value::Name(_)))
            || before == b'.' && name.starts_with('_')
            || matches!(name, "debug" | "include" | "import" | "extends" | "from") && i == usize::from(before == b'-')
        {
            self.report(Level::Unusual, name, offset);
        }
    }

    fn text(&mut self, text: &str, offset: usize) {
        if FRAMES.contains(&text) {
            return self.report(Level::Escape, text, offset);
        }
        if let Some(name) = dunder_in(text) {
            return self.report(Level::Escape, &name, offset);
        }
        let reversed: String = text.chars().rev().take(64).collect();
        if text.len() <= 64
            && let Some(name) = dunder_in(&reversed)
        {
            return self.report(Level::Escape, &name, offset);
        }
        self.piece(text);
    }

    /// A name in two pieces may be put together anywhere, also by way of variables.
    fn piece(&mut self, text: &str) {
        let small = text.to_ascii_lowercase();
        if small.len() < 24 && small.len() > 2 && self.heads.len() + self.tails.len() < PIECES_MAX {
            if small.starts_with("__") && DUNDERS.iter().any(|d| d.starts_with(&small[2..])) {
                self.heads.insert(small);
            } else if small.ends_with("__") && DUNDERS.iter().any(|d| d.ends_with(&small[..small.len() - 2])) {
                self.tails.insert(small);
            }
        }
    }

    /// A name that is made up where an item is looked up, or an item of a literal text that is no position in it.
    fn subscript(&mut self, tokens: &[Token<'_>], i: usize) {
        let Some(Token { value, .. }) = i.checked_sub(1).and_then(|before| tokens.get(before)) else { return };
        let of_literal = matches!(value, Value::Text(_));
        if !of_literal && !matches!(value, Value::Name(_) | Value::Mark(b')' | b']')) {
            return;
        }
        let inner = &tokens[i + 1..tokens.len().min(i + 1 + SUBSCRIPT_TOKENS_MAX)];
        if inner.len() == SUBSCRIPT_TOKENS_MAX && !inner.iter().any(|t| matches!(t.value, Value::Mark(b']'))) {
            return self.report(Level::Unusual, "[…]", tokens[i].offset);
        }
        let end = inner.iter().position(|t| matches!(t.value, Value::Mark(b']'))).unwrap_or(inner.len());
        let made = inner[..end].iter().find_map(|token| match &token.value {
            Value::Name(name) if MAKERS.contains(name) => Some((*name).to_owned()),
            Value::Mark(b'~') => Some("~".to_owned()),
            Value::Text(text) if of_literal => Some(text.chars().take(32).collect()),
            _ => None,
        });
        let built = of_literal && inner[..end].iter().any(|t| matches!(t.value, Value::Mark(b'+' | b'*' | b'%')));
        if let Some(what) = made.or_else(|| built.then(|| "[…]".to_owned())) {
            self.report(Level::Unusual, &what, tokens[i].offset);
        }
    }

    /// Literals of one stretch of code, put together in their order.
    fn joined(&mut self, tokens: &[Token<'_>]) {
        let texts = || {
            tokens.iter().filter_map(|t| if let Value::Text(text) = &t.value { Some((t.offset, text)) } else { None })
        };
        if texts().count() < 2 {
            return;
        }
        let all: String = texts().map(|(_, text)| text.as_str()).collect();
        if let Some(name) = dunder_in(&all) {
            let offset = texts().next().map_or(0, |(offset, _)| offset);
            self.report(Level::Escape, &name, offset);
        }
    }

    fn pieces(&mut self) {
        let pairs = self.heads.iter().flat_map(|h| self.tails.iter().map(move |t| format!("{h}{t}")));
        if let Some(name) = pairs.into_iter().find_map(|joined| dunder_in(&joined)) {
            self.report(Level::Escape, &name, 0);
        }
    }

    fn report(&mut self, level: Level, what: &str, offset: usize) {
        if self.worst.as_ref().is_none_or(|w| w.level < level) {
            self.worst = Some(Hazard { level, what: what.to_owned(), offset });
        }
    }
}

fn is_dunder(inner: &str) -> bool {
    DUNDERS.contains(&inner.to_ascii_lowercase().as_str())
}

/// The first name of Python's object model in a text.
pub(super) fn dunder_in(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some(at) = rest.find("__") {
        rest = &rest[at + 2..];
        if let Some(end) = rest.find("__")
            && is_dunder(&rest[..end])
        {
            return Some(format!("__{}__", &rest[..end]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(template: &str) -> Option<Level> {
        hazard(template).map(|h| h.level)
    }

    #[test]
    fn steps_out_of_the_template() {
        for template in [
            "{{ x.__class__ }}",
            "{{ x['__cla' ~ 'ss__'] }}",
            "{{ x['__CLASS__'|lower] }}",
            r"{{ x['\x5f\x5finit\x5f\x5f'] }}",
            "{{ x|attr('__ssalc__'|reverse) }}",
            "{% set a = '__glo' %}{% set b = 'bals__' %}{{ x[a ~ b] }}",
            "{%- if x %}{{ x.os.popen('id') }}{% endif %}",
            "{{ eval('1') }}",
            "{{ '}}' ~ x.__init__ }}",
            "{{ x.__init__",
            "{% raw %}{#{% endraw %}{{ x.__init__ }}{# #}",
            "{# {{ x.__init__ }}",
            "{% set c = dict(cla=1, ss=2)|join %}{% set u = '_' * 2 %}{% set n = u ~ c ~ u %}{{ x[n] }}",
            "{% set a = 'ssalc' | reverse %}{% set n = '__' + a + '__' %}{{ x|attr(n) }}",
            "{% set n = '__' ~ 'sessalcbus'[::-1] ~ '__' %}{{ x[n] }}",
            "{% set n = '__%s__' | format('globals') %}{{ x[n] }}",
            "{% set n = '__CLASS__'.lower() %}{{ x[n] }}",
            "{% set n = '++mro++'.replace('+', '_') %}{{ x[n] }}",
            "{{ (x for x in y).gi_frame.f_back }}",
            "{{ x | map(attribute='__class__') }}",
            "{{ '{0.__class__}'.format(x) }}",
            "{{ self._TemplateReference__context }}",
        ] {
            assert_eq!(level(template), Some(Level::Escape), "{template}");
        }
    }

    #[test]
    fn unusual_ways() {
        assert_eq!(level("{{ x|attr(name) }}"), Some(Level::Unusual));
        assert_eq!(level("{{ lipsum.x }}"), Some(Level::Unusual));
        assert_eq!(level("{% include 'a' %}"), Some(Level::Unusual));
        assert_eq!(level("{{ x[a ~ b] }}"), Some(Level::Unusual));
        assert_eq!(level("{% set f = '{}'.format %}"), Some(Level::Unusual));
        assert_eq!(level("{{ x | map(attribute=name) }}"), Some(Level::Unusual));
    }

    #[test]
    fn formatting_is_no_hazard() {
        for template in [
            "{% for m in messages %}{{ m['role'] + ': ' + m.content|trim }}{% endfor %}",
            "def __init__(self): os.popen('x')",
            "{# x.__class__ #}{{ bos_token }}",
            "{{ '__' ~ name ~ '__' }}",
            "{% set ns = namespace(system='') %}{{ ns.system }}",
            "{{ matrix.os }}",
            "{% if a is not none and loop.index0 % 2 == 0 %}{{ raise_exception('import os') }}{% endif %}",
            "{{ {'a': {'b': 1}} | tojson }}",
        ] {
            assert_eq!(hazard(template), None, "{template}");
        }
    }
}
