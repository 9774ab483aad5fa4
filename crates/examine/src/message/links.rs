//! Links as people write them in messages: with a scheme, without one, or with one that is broken on purpose.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::prose::domain::{ascii, is_address, organisation};
use crate::prose::fold::{Folded, ascii_lookalike, is_invisible};

/// A link, or the host of a mail address.
pub struct Target {
    /// Where it stands in the folded text.
    pub range: Range<usize>,
    /// The host in ASCII and lower case.
    pub host: String,
    /// The link taken apart, as far as it can be.
    pub url: Option<Url>,
    /// What it is.
    pub what: What,
}

/// What a host was written as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A link to open.
    Link,
    /// A mail address.
    Address,
}

static CANDIDATES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<scheme>h(?:tt|xx|\*\*)ps?[:;]?/{2})(?P<full>[^\s<>「」『』（）【】、。，！？\x22]+)
        | (?P<address>[a-z0-9._%+-]{1,64}@(?P<domain>[a-z0-9.-]{3,253}))
        | (?P<bare>(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,6}[a-z]{2,24})(?P<path>/[!-~]*)?",
    )
    .unwrap_or_else(|e| panic!("the expression of this build is one: {e}"))
});

/// Suffixes that make two words with a dot between them a link even without a path. Others end sentences in haste.
const BARE_SUFFIXES: &[&str] =
    &["com", "net", "org", "jp", "cn", "cc", "top", "xyz", "vip", "icu", "info", "biz", "uk", "tv", "ly"];

/// The links and mail addresses of a message, at most `max` and one more.
pub fn find(source: &str, folded: &Folded, max: usize) -> Vec<Target> {
    let mut found = Vec::new();
    for captures in CANDIDATES.captures_iter(&folded.text) {
        let target = if let (Some(all), Some(full)) = (captures.get(0), captures.name("full")) {
            let written = full.as_str().trim_end_matches(['.', ',', ';', ':', '\'', '!', '?', ')', ']']);
            let range = all.start()..full.start() + written.len();
            let at = full.start()..range.end;
            link(range, &as_written(source, folded, &at))
        } else if let (Some(all), Some(domain)) = (captures.name("address"), captures.name("domain")) {
            let domain = domain.as_str().trim_end_matches(['.', '-']);
            organisation(domain).map(|_| Target {
                range: all.range(),
                host: domain.to_owned(),
                url: None,
                what: What::Address,
            })
        } else if let (Some(all), Some(bare)) = (captures.get(0), captures.name("bare")) {
            let suffix = bare.as_str().rsplit('.').next().unwrap_or_default();
            let plain =
                captures.name("path").is_some() || bare.as_str().starts_with("www.") || BARE_SUFFIXES.contains(&suffix);
            let before = folded.text[..all.start()].chars().next_back();
            let stands_alone = before.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, '@' | '.' | '-' | '/'));
            (plain && stands_alone && organisation(bare.as_str()).is_some())
                .then(|| link(all.range(), &as_written(source, folded, &all.range())))
                .flatten()
        } else {
            None
        };
        found.extend(target);
        if found.len() > max {
            break;
        }
    }
    found
}

/// What stands in the source, which alone keeps the case of paths and the letters that imitate others. Full-width
/// letters are how some keyboards write plain ones.
fn as_written(source: &str, folded: &Folded, range: &Range<usize>) -> String {
    let written = source.get(folded.source(range)).unwrap_or_default();
    let plain = |c: char| if matches!(c, '\u{ff01}'..='\u{ff5e}') { ascii_lookalike(c) } else { c };
    written.chars().filter(|c| !is_invisible(*c)).map(plain).collect()
}

fn link(range: Range<usize>, written: &str) -> Option<Target> {
    let url = Url::parse(&format!("http://{}", written.trim_start_matches('/'))).ok()?;
    let host = ascii(url.host_str()?)?;
    let is_host = organisation(&host).is_some() || is_address(&host);
    is_host.then_some(Target { range, host, url: Some(url), what: What::Link })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        find(text, &Folded::of(text), 10).into_iter().map(|t| t.host).collect()
    }

    #[test]
    fn links_are_found_as_people_write_them() {
        for (text, host) in [
            ("確認はこちらhttps://example.com/Aです", "example.com"),
            ("hxxps://a.example.net/x", "a.example.net"),
            ("ｈｔｔｐｓ：／／example.top／a", "example.top"),
            ("see www.example.co.jp.", "www.example.co.jp"),
            ("bit.ly/Abc", "bit.ly"),
            ("http://192.0.2.7/x", "192.0.2.7"),
            ("write to a@example.org please", "example.org"),
        ] {
            assert_eq!(hosts(text), [host], "{text}");
        }
    }

    #[test]
    fn other_dots_are_no_links() {
        for text in ["ok.so then", "v1.2.3", "10.30am", "3.5倍", "Mr.Tanaka", "etc...com"] {
            assert!(hosts(text).is_empty(), "{text}");
        }
    }
}
