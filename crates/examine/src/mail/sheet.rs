//! The style sheet inside an HTML body, as far as it decides whether text is seen.

use std::collections::HashMap;

/// Rules that are kept of one body.
const RULES_MAX: usize = 500;
/// Bytes of declarations that are kept of one rule.
const DECLARATIONS_BYTES_MAX: usize = 400;

/// Declarations by class (`.name`) and id (`#name`), in lower case.
///
/// Only rules for a single class or id are followed: which elements longer selectors mean needs a tree. Rules inside
/// `@media` and the like hold on some screens only and are left out.
#[derive(Debug, Default)]
pub struct Sheet {
    rules: HashMap<String, String>,
}

impl Sheet {
    /// Takes the rules of one `style` element. Later rules follow earlier ones.
    pub fn read(&mut self, text: &str) {
        let text = without_comments(text).to_ascii_lowercase();
        let mut rest = text.as_str();
        while let Some((selectors, after)) = rest.split_once('{') {
            let selectors = selectors.rsplit([';', '}']).next().unwrap_or_default().trim();
            if selectors.starts_with('@') {
                rest = after_block(after);
                continue;
            }
            let Some((declarations, after)) = after.split_once('}') else { return };
            selectors.split(',').take(64).for_each(|selector| self.keep(selector.trim(), declarations));
            rest = after;
        }
    }

    /// Selectors in lower case with their declarations.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rules.iter().map(|(selector, declarations)| (selector.as_str(), declarations.as_str()))
    }

    fn keep(&mut self, selector: &str, declarations: &str) {
        let Some(at) = selector.find(['.', '#']) else { return };
        let (element, name) = selector.split_at(at);
        let is_simple = |text: &str| text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        if !is_simple(element) || !is_simple(&name[1..]) || declarations.len() > DECLARATIONS_BYTES_MAX {
            return;
        }
        if self.rules.len() >= RULES_MAX && !self.rules.contains_key(name) {
            return;
        }
        let kept = self.rules.entry(name.to_owned()).or_default();
        if kept.len() + declarations.len() <= DECLARATIONS_BYTES_MAX {
            kept.push(';');
            kept.push_str(declarations);
        }
    }
}

/// What follows a block of which the opening brace is read already.
fn after_block(text: &str) -> &str {
    let mut depth = 1_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[at + 1..];
        }
    }
    ""
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(sheet: &'a Sheet, selector: &str) -> Option<&'a str> {
        sheet.rules().find(|(s, _)| *s == selector).map(|(_, declarations)| declarations)
    }

    #[test]
    fn single_classes_and_ids_are_followed() {
        let mut sheet = Sheet::default();
        sheet
            .read("/* x{ */ @import url(a); .A, td.b { color:#fff } #c{display:none} p .d{display:none} .e:hover{x:y}");
        assert_eq!(find(&sheet, ".a"), Some("; color:#fff "));
        assert_eq!(find(&sheet, ".b"), Some("; color:#fff "));
        assert_eq!(find(&sheet, "#c"), Some(";display:none"));
        assert_eq!((find(&sheet, ".d"), find(&sheet, ".e")), (None, None));
    }

    #[test]
    fn rules_for_some_screens_only_are_left_out() {
        let mut sheet = Sheet::default();
        sheet.read("@media (max-width:600px) { .a { display:none } .b { color:red } } .c { display:none }");
        assert_eq!((find(&sheet, ".a"), find(&sheet, ".b")), (None, None));
        assert_eq!(find(&sheet, ".c"), Some("; display:none "));
    }
}
