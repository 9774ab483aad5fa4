//! Programs in Python that come with a model or a skill: what they do outside of themselves, judged by the names that they
//! use. Nothing of them is run, and no tree of their grammar is built.
//!
//! Which names mean what stands in `data/python.toml`. A name that is not there is unknown, and unknown is for a person to
//! look at: a program is in order only when every module that it imports, and everything that it uses of the modules that
//! reach outside, is known to only compute.

mod names;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::Code;

use super::judge::Judge;
use super::texts::decoded;
use super::{codes, command, links, texts};
use crate::begun::{Begun, Case};
use names::{Sign, sign_of_argument, sign_of_attribute, sign_of_name};
use tokens::{NotPython, Program, Token, What};

/// Rounds in which names that stand for other names are resolved.
const ALIAS_ROUNDS: usize = 3;
/// Other names that are kept of one program.
const ALIASES_MAX: usize = 10_000;
/// Things that one name stands for; what it stands for besides is not known.
const ALIAS_VALUES_MAX: usize = 32;
/// Bytes of a text that can be an order.
const ORDER_BYTES_MIN: usize = 20;
/// Tokens of one call that are looked at.
const CALL_TOKENS_MAX: usize = 2_048;
/// Modules that reach outside, by the names under which those that use them have them.
const OUTSIDE: &[&str] =
    &["os", "sys", "subprocess", "runpy", "importlib", "ctypes", "pickle", "marshal", "socket", "shutil", "pty"];

/// True for a text that is Python to its end, and that imports or defines something.
pub fn looks_like(text: &str) -> bool {
    static STARTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?m)^(?:from\s+[.\w]+\s+import\s+\S|import\s+\w[\w.]*(?:\s+as\s+\w+)?(?:\s*,\s*\w[\w.]*(?:\s+as\s+\w+)?)*\s*(?:;.*|#.*)?\r?$|(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*(?:\([^)\n]*\))?\s*:)",
        )
        .expect("the pattern is a constant")
    });
    let text = text.strip_prefix("#!").and_then(|t| t.split_once('\n')).map_or(text, |(_, rest)| rest);
    STARTS.is_match(&text.replace('\r', "\n")) && tokens::read(text).is_ok()
}

/// Judges a text that is said to be Python.
pub fn judge_text(judge: &mut Judge<'_, '_>, text: &str) {
    let encoding = text.lines().take(2).find(|line| line.starts_with('#') && line.contains("coding"));
    if let Some(line) = encoding.filter(|line| !is_plain_encoding(line)) {
        judge.found(&codes::NOT_JUDGED, "program", line);
        return;
    }
    match tokens::read(text) {
        Ok(program) => {
            judge.found(&codes::RUNS_WHEN_LOADED, "program", "Python");
            Walk::new(judge).run(&program);
        }
        Err(NotPython { why, line }) => {
            judge.in_line(&codes::NOT_JUDGED, line, why);
            if let Some((_, harmful)) = command::harm(text) {
                judge.found(&codes::HARMFUL_COMMAND, "program", harmful);
            }
        }
    }
}

/// Judges a piece of a program that a text shows: what it does by itself is the text's matter, what its parts do together is
/// reported.
pub fn judge_shown(judge: &mut Judge<'_, '_>, code: &str) {
    if let Ok(program) = tokens::read(code) {
        let mut walk = Walk::new(judge);
        walk.is_shown = true;
        walk.run(&program);
    }
}

/// Encodings in which the words are what they look like (The Python Language Reference, 2.1.4).
fn is_plain_encoding(line: &str) -> bool {
    let named = line.split_once("coding").map_or("", |(_, rest)| rest.trim_start_matches([':', '=', ' ', '\t']));
    let named = named.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).next();
    let named = named.unwrap_or_default().to_ascii_lowercase().replace('_', "-");
    matches!(named.as_str(), "" | "utf-8" | "utf8" | "ascii" | "us-ascii" | "latin-1" | "iso-8859-1" | "utf-8-unix")
}

struct Walk<'t, 'j, 'a, 'r> {
    judge: &'j mut Judge<'a, 'r>,
    /// What names stand for: each may stand for several.
    aliases: HashMap<&'t str, BTreeSet<String>>,
    /// What the program does, with the first line of each.
    does: BTreeMap<Sign, u32>,
    /// It is shown in a text, and not run from a file.
    is_shown: bool,
    /// It serves a model: what its texts say is read by one.
    is_server: bool,
    /// Those texts, with their lines.
    said: Vec<(u32, String)>,
}

impl<'t, 'j, 'a, 'r> Walk<'t, 'j, 'a, 'r> {
    fn new(judge: &'j mut Judge<'a, 'r>) -> Self {
        Self {
            judge,
            aliases: HashMap::new(),
            does: BTreeMap::new(),
            is_shown: false,
            is_server: false,
            said: Vec::new(),
        }
    }

    fn run(mut self, program: &Program<'t>) {
        let lines: Vec<&[Token<'t>]> = std::iter::once(&program.tokens)
            .chain(&program.inner)
            .flat_map(|tokens| tokens.split(|t| t.what == What::End))
            .filter(|line| !line.is_empty())
            .collect();
        for line in &lines {
            self.import(line);
        }
        for _ in 0..ALIAS_ROUNDS {
            lines.iter().for_each(|line| self.assignment(line));
        }
        self.is_server = self.aliases.values().flatten().any(|full| {
            ["mcp", "fastmcp", "langchain", "llama_index", "crewai", "autogen"]
                .contains(&full.split('.').next().unwrap_or_default())
        });
        for line in &lines {
            self.line(line);
        }
        for (line, text) in std::mem::take(&mut self.said) {
            texts::judge(self.judge, &format!("line {line}"), &text, texts::Audience::Instructions);
        }
        self.together();
    }

    /// Notes an import, and judges what is imported.
    fn import(&mut self, line: &[Token<'t>]) {
        // Imports also stand behind a colon in the same line.
        let starts = (0..line.len()).filter(|&i| i == 0 || line[i - 1].what == What::Op(':'));
        for start in starts {
            match name(&line[start..], 0) {
                Some("import") => self.modules(&line[start + 1..]),
                Some("from") => self.names_from(&line[start + 1..]),
                _ => {}
            }
        }
    }

    /// `import a.b as c, d`
    fn modules(&mut self, rest: &[Token<'t>]) {
        let rest = until_colon(rest);
        for part in rest.split(|t| t.what == What::Op(',')) {
            let (path, used) = dotted(part, 0);
            let Some(first) = path.first() else { continue };
            let full = path.join(".");
            match (name(part, used), name(part, used + 1)) {
                (Some("as"), Some(alias)) => self.alias(alias, &full, part[0].line),
                _ => self.alias(first, first, part[0].line),
            }
            self.imported(&full, part[0].line);
        }
    }

    /// `from a.b import c as d, e`
    fn names_from(&mut self, rest: &[Token<'t>]) {
        let rest = until_colon(rest);
        let relative = rest.first().is_some_and(|t| t.what == What::Op('.'));
        let start = rest.iter().take_while(|t| t.what == What::Op('.')).count();
        let (path, used) = dotted(rest, start);
        let path = if name(rest, start) == Some("import") { Vec::new() } else { path };
        let after = if path.is_empty() { start } else { used };
        if name(rest, after) != Some("import") || relative {
            return;
        }
        let module = path.join(".");
        for part in rest[after + 1..].split(|t| t.what == What::Op(',')) {
            let at = part.iter().take_while(|t| t.what == What::Op('(')).count();
            let Some(token) = part.get(at) else { continue };
            match (&token.what, name(part, at + 1), name(part, at + 2)) {
                (What::Op('*'), _, _) => self.imported(&format!("{module}.*"), token.line),
                (What::Name(one), Some("as"), Some(alias)) => {
                    self.alias(alias, &format!("{module}.{one}"), token.line);
                    self.imported(&format!("{module}.{one}"), token.line);
                }
                (What::Name(one), _, _) => {
                    self.alias(one, &format!("{module}.{one}"), token.line);
                    self.imported(&format!("{module}.{one}"), token.line);
                }
                _ => {}
            }
        }
    }

    fn imported(&mut self, path: &str, line: u32) {
        let star = path.ends_with(".*");
        match sign_of_name(path) {
            Some(Sign::Free) if !star || !names::has_danger_below(path.trim_end_matches(".*")) => {
                self.steps(path, line)
            }
            // To import it says nothing yet; all names of it at once can't be followed.
            Some(Sign::Bare) if !star && names::is_entry(path) => {}
            Some(Sign::Free | Sign::Bare) => self.does(Sign::Unknown, line, path),
            // What is done with it counts.
            Some(Sign::Secret) if path == "os.environ" => {}
            Some(sign) => self.does(sign, line, path),
            // A part of the same package, which is judged where it stands.
            None if path.split('.').next().is_some_and(|first| self.judge.report.has_module(first)) => {}
            None => self.does(Sign::Unknown, line, path),
        }
    }

    fn alias(&mut self, alias: &'t str, path: &str, line: u32) {
        if self.aliases.len() >= ALIASES_MAX {
            return;
        }
        let known = self.aliases.entry(alias).or_default();
        if known.len() < ALIAS_VALUES_MAX {
            known.insert(path.to_owned());
        } else if !known.contains(path) {
            self.does(Sign::Unknown, line, alias);
        }
    }

    /// `x = a.b` gives a name another one.
    fn assignment(&mut self, line: &[Token<'t>]) {
        let (Some(target), Some(What::Op('='))) = (name(line, 0), line.get(1).map(|t| &t.what)) else { return };
        let (path, used) = dotted(line, 2);
        if used != line.len() || path.is_empty() || target == path[0] {
            return;
        }
        for full in self.resolved(&path) {
            if full.len() < 200 && self.aliases.get(target).is_none_or(|known| known.len() < 8) {
                self.alias(target, &full, line[0].line);
            }
        }
    }

    /// What a dotted name stands for: itself, unless its first word is imported or assigned.
    fn resolved(&self, path: &[&str]) -> Vec<String> {
        // What is used without having been imported here may have been elsewhere.
        let Some(known) = self.aliases.get(path[0]) else {
            return if path.len() > 1 && OUTSIDE.contains(&path[0]) { vec![path.join(".")] } else { Vec::new() };
        };
        let rest: String = path[1..].iter().flat_map(|step| [".", step]).collect();
        known.iter().map(|full| format!("{full}{rest}")).collect()
    }

    /// Judges the names and strings of one logical line.
    fn line(&mut self, line: &[Token<'t>]) {
        let import = matches!(name(line, 0), Some("import" | "from"));
        let mut at = 0;
        let mut here = BTreeSet::new();
        while at < line.len() {
            match &line[at].what {
                What::Name(_) if !import => {
                    let (path, used) = dotted(line, at);
                    let attribute = at > 0 && line[at - 1].what == What::Op('.');
                    here.extend(self.name_used(line, at, used, &path, attribute));
                    at = used.max(at + 1);
                    continue;
                }
                What::Text(text) => here.extend(self.text(text, line[at].line)),
                _ => {}
            }
            at += 1;
        }
        let hidden = here.contains(&Sign::Decode) || here.contains(&Sign::Network);
        let runs = here.contains(&Sign::Code) || here.contains(&Sign::Process);
        if hidden && runs {
            self.judge.in_line(&codes::RUNS_WHAT_IT_FETCHES, line[0].line, "decodes or fetches, and runs it");
        }
    }

    /// Judges one use of a dotted name, and says what it does.
    fn name_used(
        &mut self,
        line: &[Token<'t>],
        at: usize,
        used: usize,
        path: &[&'t str],
        attribute: bool,
    ) -> Vec<Sign> {
        let number = line[at].line;
        let mut signs = Vec::new();
        if path.iter().any(|step| !step.is_ascii()) {
            self.judge.in_line(&codes::DISGUISED_NAMES, number, &path.join("."));
        }
        let keyword = line.get(used).is_some_and(|t| t.what == What::Op('=')) && path.len() == 1;
        if keyword && let Some(value) = name(line, used + 1) {
            signs.extend(sign_of_argument(&format!("{}={value}", path[0])));
        }
        let defines = at > 0 && matches!(name(line, at - 1), Some("def" | "class"));
        if !attribute && !defines && !keyword {
            signs.extend(self.sign_of(line, used, path, number));
        }
        // What is listed by its whole name is judged by that: `platform.system` starts nothing.
        let resolved = if attribute { Vec::new() } else { self.resolved(path) };
        // Options that a program was given are values.
        let is_option = path.len() == 2 && matches!(path[0], "args" | "opts" | "options" | "config" | "cfg");
        let is_called = line.get(used).is_some_and(|t| t.what == What::Op('('));
        if is_option && !is_called && resolved.is_empty() {
            // Nothing of it acts by itself.
        } else if resolved.is_empty() || !resolved.iter().all(|full| names::is_entry(full)) {
            for step in path.iter().skip(usize::from(!attribute)) {
                signs.extend(sign_of_attribute(step));
            }
        }
        if !attribute && path.len() == 1 && matches!(path[0], "getattr" | "setattr") {
            signs.extend(self.attribute_by_name(line, used));
        }
        if !attribute && path == ["open"] && line.get(used).is_some_and(|t| t.what == What::Op('(')) {
            signs.extend(opened(whole_call(&line[used..])));
        }
        for sign in &signs {
            self.does(*sign, number, &path.join("."));
        }
        signs
    }

    /// What a name that is no attribute does, by what it stands for.
    fn sign_of(&mut self, line: &[Token<'t>], used: usize, path: &[&'t str], number: u32) -> Vec<Sign> {
        let resolved = self.resolved(path);
        if resolved.is_empty() {
            // Not imported: a name of its own, or built in.
            let built_in = names::is_builtin(path[0]).then(|| sign_of_name(&path.join("."))).flatten();
            return built_in.filter(|sign| sign.acts()).into_iter().collect();
        }
        let mut signs = Vec::new();
        for full in resolved {
            self.steps(&full, number);
            let subscript = line.get(used).is_some_and(|t| t.what == What::Op('['));
            match sign_of_name(&full) {
                // One variable by its name is what programs are configured by.
                Some(Sign::Secret) if full == "os.environ" && (subscript || asks_for_one(line, used)) => {}
                Some(Sign::Unpack)
                    if full == "torch.load" && has_argument(whole_call(&line[used..]), "weights_only", "True") => {}
                Some(Sign::Code)
                    if full.starts_with("yaml.load")
                        && has_argument(whole_call(&line[used..]), "Loader", "SafeLoader") => {}
                Some(Sign::Free) => {}
                // A module handed on as a whole, or something of it that is not listed.
                Some(Sign::Bare) => signs.push(Sign::Unknown),
                Some(sign) => signs.push(sign),
                None => {}
            }
        }
        signs
    }

    /// Modules that reach outside are attributes of those that use them: `torch.os.system`.
    fn steps(&mut self, full: &str, line: u32) {
        let mut steps = full.split('.').skip(1).map(|step| step.trim_start_matches('_'));
        if steps.any(|step| step == "builtins" || OUTSIDE.contains(&step)) {
            self.does(Sign::Reach, line, full);
        }
    }

    /// `getattr(x, "name")`: the name counts as if it stood there; one that is computed can't be followed, whatever
    /// the object is called.
    fn attribute_by_name(&self, line: &[Token<'t>], used: usize) -> Option<Sign> {
        if line.get(used).is_none_or(|t| t.what != What::Op('(')) {
            return Some(Sign::Reach);
        }
        let arguments = &line[used + 1..];
        let (target, after) = dotted(arguments, 0);
        let text = match (arguments.get(after).map(|t| &t.what), arguments.get(after + 1).map(|t| &t.what)) {
            (Some(What::Op(',')), Some(What::Text(text))) => Some(text),
            _ => None,
        };
        let literal = matches!(arguments.get(after + 2).map(|t| &t.what), Some(What::Op(',' | ')')));
        match text.filter(|_| literal) {
            Some(text) => sign_of_attribute(text).or_else(|| {
                let full = self.resolved(&[target.as_slice(), &[text.as_ref()]].concat());
                full.iter().find_map(|full| sign_of_name(full).filter(|s| s.acts()))
            }),
            None => Some(Sign::Reach),
        }
    }

    /// What a string gives away.
    fn text(&mut self, text: &str, line: u32) -> Vec<Sign> {
        static PLACES: LazyLock<Begun> = LazyLock::new(|| {
            let places = r"(?:^|/|~)\.ssh(?:/|$)|\bid_(?:rsa|ed25519)\b|(?:^|/)\.aws(?:/|$)|/etc/(?:passwd|shadow)\b|(?:^|/)\.(?:netrc|pypirc|npmrc|git-credentials|kube/config|gnupg)\b|Login Data|/proc/self/environ|\bwallet\.dat\b|/\.docker/config\.json|\.(?:bash|zsh)_history\b|places\.sqlite|169\.254\.169\.254|/docker\.sock\b|\bauthorized_keys\b|/etc/sudoers|/etc/ld\.so\.preload|\b(?:MEMORY|SOUL)\.md\b|/\.(?:openclaw|claude|codex|cursor)/|agent-identity";
            Begun::new([places], Case::Ignored)
        });
        let mut signs = Vec::new();
        // What is written in sentences documents something.
        let sentence = text.split_whitespace().nth(12).is_some();
        if self.is_server && text.len() >= ORDER_BYTES_MIN && text.contains(' ') || self.is_server && !text.is_ascii() {
            self.said.push((line, text.to_owned()));
        }
        if sends(text) {
            signs.push(Sign::Network);
            self.does.entry(Sign::Network).or_insert(line);
        }
        if !sentence && PLACES.first(text).is_some() {
            signs.push(Sign::Secret);
            self.does(Sign::Secret, line, text);
        }
        if let Some((_, harmful)) = command::harm(text) {
            self.judge.in_line(&codes::HARMFUL_COMMAND, line, harmful);
        }
        if !self.is_shown && text.len() < 400 && !text.contains(char::is_whitespace) {
            links::judge(self.judge, &format!("line {line}"), text);
        }
        let plain = (text.len() >= 16 && !text.contains(char::is_whitespace)).then(|| decoded(text)).flatten();
        if let Some(plain) = plain.filter(|p| is_program(p) || command::harm(p).is_some()) {
            self.judge.in_line(&codes::HIDDEN_PROGRAM, line, &plain);
        }
        signs
    }

    fn does(&mut self, sign: Sign, line: u32, what: &str) {
        self.does.entry(sign).or_insert(line);
        if let Some(code) = code(sign).filter(|_| !self.is_shown) {
            self.judge.in_line(code, line, what);
        }
    }

    /// What is harmless by itself, and is not together.
    fn together(&mut self) {
        let line_of = |sign: Sign| self.does.get(&sign).copied();
        if let (Some(line), Some(_)) = (line_of(Sign::Code), line_of(Sign::Decode).or(line_of(Sign::Network))) {
            self.judge.in_line(&codes::MAY_RUN_WHAT_IT_FETCHES, line, "decodes or fetches, and runs text");
        }
        if let (Some(line), Some(_)) = (line_of(Sign::Secret), line_of(Sign::Network)) {
            self.judge.in_line(&codes::SECRETS_AND_NETWORK, line, "reads secrets, and talks to others");
        }
    }
}

fn code(sign: Sign) -> Option<&'static Code> {
    match sign {
        Sign::Free | Sign::Bare | Sign::Decode => None,
        Sign::Process => Some(&codes::STARTS_PROGRAMS),
        Sign::Code => Some(&codes::RUNS_TEXT),
        Sign::Unpack => Some(&codes::UNPACKS),
        Sign::Network => Some(&codes::TALKS),
        Sign::Write => Some(&codes::WRITES),
        Sign::Native => Some(&codes::NATIVE),
        Sign::Secret => Some(&codes::READS_SECRETS),
        Sign::Reach => Some(&codes::REACHES),
        Sign::Unknown => Some(&codes::UNKNOWN_NAME),
    }
}

fn name<'t>(tokens: &[Token<'t>], at: usize) -> Option<&'t str> {
    match tokens.get(at).map(|t| &t.what) {
        Some(What::Name(name)) => Some(name),
        _ => None,
    }
}

/// The dotted name that begins at a place, and the place behind it.
fn dotted<'t>(tokens: &[Token<'t>], at: usize) -> (Vec<&'t str>, usize) {
    let (mut path, mut at) = (Vec::new(), at);
    while let Some(one) = name(tokens, at) {
        path.push(one);
        at += 1;
        if tokens.get(at).is_none_or(|t| t.what != What::Op('.')) || name(tokens, at + 1).is_none() {
            break;
        }
        at += 1;
    }
    (path, at)
}

/// What stands before the next colon: no import goes on behind it.
fn until_colon<'l, 't>(tokens: &'l [Token<'t>]) -> &'l [Token<'t>] {
    let end = tokens.iter().position(|t| t.what == What::Op(':')).unwrap_or(tokens.len());
    &tokens[..end]
}

/// True for `"NAME" in os.environ`: it asks for one variable.
fn asks_for_one(line: &[Token<'_>], used: usize) -> bool {
    let mut before = line[..used.min(line.len())]
        .iter()
        .rev()
        .skip_while(|t| matches!(t.what, What::Name(name) if name != "in") || t.what == What::Op('.'));
    matches!(before.next().map(|t| &t.what), Some(What::Name("in")))
        && matches!(before.next().map(|t| &t.what), Some(What::Text(_)))
}

/// The tokens of a call up to the parenthesis that closes it; of a very long one, the first.
fn whole_call<'l, 't>(tokens: &'l [Token<'t>]) -> &'l [Token<'t>] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().take(CALL_TOKENS_MAX) {
        match token.what {
            What::Op('(') => depth += 1,
            What::Op(')') if depth == 1 => return &tokens[..=at],
            What::Op(')') => depth = depth.saturating_sub(1),
            // What is not called at once is no call.
            _ if depth == 0 && at > 0 => return &tokens[..at],
            _ => {}
        }
    }
    &tokens[..tokens.len().min(CALL_TOKENS_MAX)]
}

/// True when a call has this argument with this value, or with a dotted name that ends so.
fn has_argument(call: &[Token<'_>], argument: &str, value: &str) -> bool {
    call.windows(3).enumerate().any(|(at, three)| {
        let named = three[0].what == What::Name(argument) && three[1].what == What::Op('=');
        named && dotted(call, at + 2).0.last() == Some(&value)
    })
}

/// What a call of `open` does, which is not known of one that is too long to be looked at whole: a file that is named here, below the folder of the program, is its own business.
fn opened(call: &[Token<'_>]) -> Option<Sign> {
    if call.len() == CALL_TOKENS_MAX {
        return Some(Sign::Unknown);
    }
    let texts: Vec<(usize, &str)> = call
        .iter()
        .enumerate()
        .filter_map(|(at, t)| if let What::Text(text) = &t.what { Some((at, text.as_ref())) } else { None })
        .collect();
    let is_mode = |text: &str| text.len() <= 4 && !text.is_empty() && text.chars().all(|c| "rwaxbt+U".contains(c));
    let mode = texts.iter().find(|(at, text)| *at > 1 && is_mode(text)).map(|(_, text)| *text);
    let writes = mode.is_some_and(|mode| mode.contains(['w', 'a', 'x', '+']));
    let path = texts.first().filter(|(at, _)| *at == 1).map(|(_, text)| *text);
    let beside =
        path.is_some_and(|path| !path.starts_with(['/', '~', '\\']) && !path.contains("..") && !path.contains(':'));
    (writes && !beside).then_some(Sign::Write)
}

/// True for a command that sends something.
fn sends(text: &str) -> bool {
    static SENDS: LazyLock<Begun> = LazyLock::new(|| {
        let sends = r"\bcurl\b[^\n]{0,200}\s(?:-(?:d|f|t)\b|--data|--form|--upload-file|-x\s*(?:post|put)\b)|\bwget\b[^\n]{0,200}--post";
        Begun::new([sends], Case::Ignored)
    });
    SENDS.first(text).is_some()
}

/// True for text that reads as a program.
fn is_program(text: &str) -> bool {
    ["import ", "exec(", "eval(", "os.system", "subprocess", "__import__", "require(", "/bin/sh", "powershell"]
        .iter()
        .any(|sign| text.contains(sign))
}
