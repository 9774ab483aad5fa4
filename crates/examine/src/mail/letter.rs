//! A mail as the signals look at it: parsed once, with places that a person can go to.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use sakimori_model::Place;
use url::Url;

use super::authentication::Authentication;
use super::page::{Link, Page, plain_links};
use crate::prose::domain::{organisation, same_organisation};
use crate::prose::fold::{fold, fold_onto};
use crate::source::Source;

/// The parser's table of headers is made once.
static PARSER: LazyLock<MessageParser> = LazyLock::new(MessageParser::default);

/// One mail.
pub struct Letter<'a> {
    /// The path of the mail inside the observation.
    member: Option<String>,
    /// The header fields, top to bottom.
    pub fields: Vec<Field>,
    /// Who it says it is from.
    pub from: Vec<Mailbox>,
    /// Where answers go.
    pub reply_to: Vec<Mailbox>,
    /// To and Cc.
    pub to: Vec<Mailbox>,
    /// The decoded subject.
    pub subject: String,
    /// The subject, folded.
    pub subject_folded: String,
    /// The sender's clock, seconds since 1970 (UTC).
    pub date: Option<i64>,
    /// What the receiving host found about the sender.
    pub authentication: Authentication,
    /// The bodies that a reader sees.
    pub bodies: Vec<Body<'a>>,
    /// Everything else.
    pub attachments: Vec<Attachment<'a>>,
    /// Links of all bodies.
    pub links: Vec<Target>,
    /// More links than the limit lets through.
    pub links_cut: bool,
    /// The numbers of bodies whose transfer encoding is broken, so that what a reader sees is unknown.
    pub damaged: Vec<String>,
    /// More parts than the limit lets through.
    pub parts_cut: bool,
    /// More text in bodies than the limit lets through.
    pub text_cut: bool,
    /// Subject and visible text of the bodies, folded. Bodies are separated by line ends.
    pub folded: String,
    /// The type that the whole mail declares, such as `multipart/alternative`.
    pub declared: String,
}

/// One header field.
pub struct Field {
    /// The name in lower case.
    pub name: String,
    /// The name as people write it.
    pub title: String,
    /// The value as it stands, unfolded.
    pub value: String,
    /// The line on which it begins, counted from 1.
    pub line: u32,
}

/// A name and an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, decoded.
    pub name: String,
    /// The address.
    pub address: String,
}

impl Mailbox {
    /// The domain of the address in lower case; empty where there is none.
    pub fn domain(&self) -> String {
        self.address.rsplit_once('@').map(|(_, d)| d.trim_end_matches(['>', ' ']).to_lowercase()).unwrap_or_default()
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.address.rsplit_once('@').map_or(self.address.as_str(), |(l, _)| l)
    }
}

/// A body that a reader sees.
pub struct Body<'a> {
    /// The number of the part, such as `1.2`.
    pub part: String,
    /// The decoded source.
    pub source: Cow<'a, str>,
    /// What it shows, if it is HTML.
    pub page: Option<Page>,
    /// Where its visible text stands in [`Letter::folded`].
    pub folded: Range<usize>,
}

impl Body<'_> {
    /// The text that a reader sees.
    pub fn visible(&self) -> &str {
        self.page.as_ref().map_or(&self.source, |p| &p.visible)
    }
}

/// A part that is not a body.
pub struct Attachment<'a> {
    /// The number of the part.
    pub part: String,
    /// The file name, decoded; empty where there is none.
    pub name: String,
    /// The declared type, such as `application/pdf`.
    pub declared: String,
    /// The decoded bytes.
    pub bytes: Cow<'a, [u8]>,
    /// A mail inside the mail.
    pub is_mail: bool,
    /// The transfer encoding was broken.
    pub is_damaged: bool,
}

/// A link with its target taken apart.
pub struct Target {
    /// Which body.
    pub body: usize,
    /// The link as it stands.
    pub link: Link,
    /// The target, where it is a URL.
    pub url: Option<Url>,
    /// The host in ASCII and lower case; empty where there is none.
    pub host: String,
}

/// Limits that the reading of one mail keeps.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Parts, over all levels.
    pub parts_max: usize,
    /// Links over all bodies.
    pub links_max: usize,
    /// Bytes of text over all bodies.
    pub text_bytes_max: usize,
}

impl<'a> Letter<'a> {
    /// Reads a mail. `None` when it has no header at all.
    pub fn read(raw: &'a [u8], member: Option<String>, bounds: Bounds) -> Option<Self> {
        let message = PARSER.parse(raw)?;
        let root = message.parts.first()?;
        let fields = fields(root, raw);
        let mut letter = Self {
            member,
            from: mailboxes(message.from()),
            reply_to: mailboxes(message.reply_to()),
            to: mailboxes(message.to()).into_iter().chain(mailboxes(message.cc())).collect(),
            subject: message.subject().unwrap_or_default().to_owned(),
            subject_folded: fold(message.subject().unwrap_or_default()),
            date: message.date().filter(|d| d.is_valid()).map(mail_parser::DateTime::to_timestamp),
            authentication: Authentication::default(),
            declared: declared(root).to_ascii_lowercase(),
            fields,
            bodies: Vec::new(),
            attachments: Vec::new(),
            links: Vec::new(),
            links_cut: false,
            damaged: Vec::new(),
            parts_cut: false,
            text_cut: false,
            folded: String::new(),
        };
        letter.authentication = Authentication::read(&letter.fields, &letter.sender_domain());
        letter.take_parts(message, raw, bounds);
        letter.gather_links(bounds.links_max);
        letter.fold();
        Some(letter)
    }

    /// The domain of the first sender, in lower case; empty where there is none.
    pub fn sender_domain(&self) -> String {
        self.from.first().map(Mailbox::domain).unwrap_or_default()
    }

    /// The first field of this name (lower case).
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// True when the mail came over a mailing list, which rewrites and re-sends. A `List-Id` alone is not
    /// enough: mailing services write it too, and so do those who imitate them.
    pub fn is_from_list(&self) -> bool {
        ["list-post", "x-mailman-version", "x-beenthere", "mailing-list"].iter().any(|name| self.field(name).is_some())
    }

    /// True for a newsletter that offers to stop, of a sender that is not known to be false: what mailing services send.
    pub fn is_declared_bulk(&self) -> bool {
        (self.authentication.is_aligned || self.authentication.field.is_none())
            && self.field("list-unsubscribe").is_some()
    }

    /// True for a long text with many links to different places, such as a digest or a magazine. In those every word
    /// and every kind of link occurs; who wants one click does not bury it.
    pub fn is_digest(&self) -> bool {
        const LINKS_MIN: usize = 8;
        const ORGANISATIONS_MIN: usize = 4;
        /// Of one organisation: counters of clicks stand for many places, each with its own address.
        const TARGETS_MIN: usize = 12;
        const FOLDED_BYTES_MIN: usize = 2_500;
        if self.links.len() < LINKS_MIN || self.folded.len() < FOLDED_BYTES_MIN {
            return false;
        }
        let targets: HashSet<&str> = self.links.iter().map(|t| t.link.href.as_str()).collect();
        let hosts: HashSet<&str> = self.links.iter().map(|t| t.host.as_str()).filter(|h| !h.is_empty()).collect();
        let organisations: HashSet<String> = hosts.into_iter().take(200).filter_map(organisation).collect();
        organisations.len() >= ORGANISATIONS_MIN || targets.len() >= TARGETS_MIN
    }

    /// True when a host of this organisation is named on the way that the mail came.
    pub fn came_from(&self, domain: &str) -> bool {
        let names = |value: &str| {
            value.split_whitespace().take(12).any(|w| same_organisation(w.trim_matches(['(', ')', '[', ']']), domain))
        };
        self.fields.iter().filter(|f| f.name == "received").take(20).any(|f| names(&f.value))
    }

    /// The place of a header field; the mail as a whole where it is missing.
    pub fn at_header(&self, name: &'static str) -> Place {
        let line = self.field(&name.to_ascii_lowercase()).map_or(1, |f| f.line);
        Place::Text { member: Some(self.path(&format!("header:{name}"))), line, column: 1 }
    }

    /// The place of a byte of a body.
    pub fn at_body(&self, body: usize, offset: usize) -> Place {
        let Some(body) = self.bodies.get(body) else { return Place::Whole { member: self.member.clone() } };
        let before = body.source.get(..offset).unwrap_or_default();
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Place::Text {
            member: Some(self.path(&format!("part:{}", body.part))),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// The place of an attachment.
    pub fn at_attachment(&self, attachment: &Attachment<'_>) -> Place {
        Place::Whole { member: Some(self.path(&attachment.member())) }
    }

    /// The path of the mail inside the observation; `None` for the observation itself.
    pub fn member(&self) -> Option<&str> {
        self.member.as_deref()
    }

    /// The mail as a whole.
    pub fn whole(&self) -> Place {
        Place::Whole { member: self.member.clone() }
    }

    fn path(&self, inside: &str) -> String {
        match &self.member {
            Some(member) => format!("{member}!/{inside}"),
            None => inside.to_owned(),
        }
    }

    fn take_parts(&mut self, message: Message<'a>, raw: &'a [u8], bounds: Bounds) {
        let numbers = part_numbers(&message);
        self.parts_cut = numbers.len() > bounds.parts_max;
        for (part, number) in message.parts.into_iter().zip(numbers).take(bounds.parts_max) {
            let is_mail = matches!(part.body, PartType::Message(_));
            if let PartType::Multipart(_) = part.body {
                continue;
            }
            let name = part.attachment_name().unwrap_or_default().to_owned();
            let set_aside = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
            let is_text = matches!(part.body, PartType::Text(_) | PartType::Html(_));
            let is_shown = !set_aside && name.is_empty() && is_body_type(&declared(&part));
            if is_text && (is_shown || is_calendar(&declared(&part))) {
                if part.is_encoding_problem && part.content_transfer_encoding().is_some() {
                    self.damaged.push(number.clone());
                }
                self.take_body(part, number, bounds);
            } else {
                let (declared, is_damaged) = (declared(&part), part.is_encoding_problem);
                let bytes = content(part, raw);
                self.attachments.push(Attachment { part: number, name, declared, bytes, is_mail, is_damaged });
            }
        }
    }

    /// Folds the subject and each body once.
    fn fold(&mut self) {
        self.folded.clone_from(&self.subject_folded);
        for body in &mut self.bodies {
            if !self.folded.is_empty() && !self.folded.ends_with(' ') {
                self.folded.push(' ');
            }
            let start = self.folded.len();
            fold_onto(body.visible(), &mut self.folded);
            body.folded = start..self.folded.len();
        }
    }

    fn take_body(&mut self, part: MessagePart<'a>, number: String, bounds: Bounds) {
        let is_calendar = is_calendar(&declared(&part));
        let taken: usize = self.bodies.iter().map(|body| body.source.len()).sum();
        let (mut source, is_html) = match part.body {
            PartType::Html(text) => (text, true),
            PartType::Text(text) => {
                let head: String = text.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
                let is_html = !is_calendar && (head.starts_with("<!doctype html") || head.starts_with("<html"));
                (text, is_html)
            }
            _ => return,
        };
        let end = source.floor_char_boundary(bounds.text_bytes_max.saturating_sub(taken));
        if end < source.len() {
            self.text_cut = true;
            match &mut source {
                Cow::Borrowed(text) => *text = &text[..end],
                Cow::Owned(text) => {
                    text.truncate(end);
                    text.shrink_to_fit();
                }
            }
        }
        if is_calendar {
            source = Cow::Owned(source.replace("\r\n ", "").replace("\n ", ""));
        }
        let page = is_html.then(|| Page::read(&source, bounds.links_max));
        self.bodies.push(Body { part: number, source, page, folded: 0..0 });
    }

    fn gather_links(&mut self, links_max: usize) {
        for (number, body) in self.bodies.iter().enumerate() {
            let links = match &body.page {
                Some(page) => {
                    self.links_cut |= page.links_cut;
                    page.links.iter().chain(&page.written).cloned().collect()
                }
                None => plain_links(&body.source, links_max + 1),
            };
            for link in links {
                if self.links.len() >= links_max {
                    self.links_cut = true;
                    return;
                }
                let url = Url::parse(&link.href).ok();
                let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().to_ascii_lowercase();
                self.links.push(Target { body: number, link, url, host });
            }
        }
    }
}

impl Attachment<'_> {
    /// The step of a path that names it.
    pub fn member(&self) -> String {
        format!("part:{} {}", self.part, self.name).trim_end().to_owned()
    }
}

impl Source for Attachment<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        self.bytes.as_ref().read_at(offset, buf)
    }
}

/// Text that mail programs show below one another; other text types are shown as attachments.
fn is_body_type(declared: &str) -> bool {
    declared.is_empty()
        || ["text/plain", "text/html", "text/enriched"].iter().any(|t| declared.eq_ignore_ascii_case(t))
        || !declared.contains('/')
        || declared.to_ascii_lowercase().starts_with("multipart/")
}

/// Invitations, which mail programs show as text however they are attached. Their long lines are folded (RFC 5545).
fn is_calendar(declared: &str) -> bool {
    declared.eq_ignore_ascii_case("text/calendar")
}

fn declared(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(String::new, |ct| match ct.subtype() {
        Some(subtype) => format!("{}/{subtype}", ct.ctype()),
        None => ct.ctype().to_owned(),
    })
}

fn content<'a>(part: MessagePart<'a>, raw: &'a [u8]) -> Cow<'a, [u8]> {
    let span = part.offset_body as usize..part.offset_end as usize;
    match part.body {
        PartType::Text(text) | PartType::Html(text) => match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes,
        // A mail that is not encoded stands in these bytes as it is.
        PartType::Message(inner) if part.encoding != mail_parser::Encoding::None => inner.raw_message,
        PartType::Message(_) => Cow::Borrowed(raw.get(span).unwrap_or_default()),
        PartType::Multipart(_) => Cow::Borrowed(&[]),
    }
}

fn fields(root: &MessagePart<'_>, raw: &[u8]) -> Vec<Field> {
    let mut line = 1;
    let mut counted = 0;
    root.headers
        .iter()
        .map(|header| {
            let at = (header.offset_field as usize).min(raw.len());
            if at >= counted {
                line += u32::try_from(memchr::memchr_iter(b'\n', &raw[counted..at]).count()).unwrap_or(0);
                counted = at;
            }
            let span = header.offset_start as usize..header.offset_end as usize;
            let value = String::from_utf8_lossy(raw.get(span).unwrap_or_default());
            let value = value.split(['\r', '\n']).map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned();
            let title = header.name.as_str().to_owned();
            Field { name: title.to_ascii_lowercase(), title, value, line }
        })
        .collect()
}

fn mailboxes(address: Option<&Address<'_>>) -> Vec<Mailbox> {
    let Some(address) = address else { return Vec::new() };
    let text = |t: Option<&str>| t.unwrap_or_default().trim().to_owned();
    address.iter().take(1_000).map(|a| Mailbox { name: text(a.name()), address: text(a.address()) }).collect()
}

/// The number of each part as IMAP counts them: `1` for a single part, `1.2` inside the first multipart.
fn part_numbers(message: &Message<'_>) -> Vec<String> {
    let mut numbers = vec![String::new(); message.parts.len()];
    for at in 0..message.parts.len() {
        let PartType::Multipart(children) = &message.parts[at].body else { continue };
        for (i, child) in children.iter().enumerate() {
            // A child stands after its parent, so that one pass from the front reaches all.
            if let Some(slot) = usize::try_from(*child).ok().filter(|c| *c > at).and_then(|c| numbers.get(c).map(|_| c))
            {
                let parent = &numbers[at];
                let depth = parent.matches('.').count();
                numbers[slot] = match parent.as_str() {
                    "" => (i + 1).to_string(),
                    // Deeper than anyone reads: the number stays short, so that all numbers stay cheap.
                    parent if depth >= 16 => parent.to_owned(),
                    parent => format!("{parent}.{}", i + 1),
                };
            }
        }
    }
    if let Some(first) = numbers.first_mut().filter(|n| n.is_empty()) {
        "1".clone_into(first);
    }
    numbers
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A mail from its text, line ends as they are.
    pub fn letter(text: &str) -> Letter<'_> {
        Letter::read(text.as_bytes(), None, Bounds { parts_max: 100, links_max: 100, text_bytes_max: 100_000 })
            .expect("a mail")
    }

    #[test]
    fn headers_bodies_and_attachments_are_told_apart() {
        let mail = "From: \"A B\" <a@example.com>\nSubject: =?ISO-2022-JP?B?GyRCS1w/TTNORycbKEI=?=\n\
            Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nsee https://example.org/a.\n\
            --x\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--x--\n";
        let letter = letter(mail);
        assert_eq!(letter.from, [Mailbox { name: "A B".to_owned(), address: "a@example.com".to_owned() }]);
        assert_eq!(letter.subject, "本人確認");
        assert_eq!(letter.bodies[0].part, "1");
        assert_eq!(letter.links[0].link.href, "https://example.org/a");
        assert_eq!(
            (letter.attachments[0].member().as_str(), &*letter.attachments[0].bytes),
            ("part:2 a.pdf", &b"%PDF"[..])
        );
        assert_eq!(letter.at_header("Subject").to_string(), "header:Subject:2:1");
        assert_eq!(letter.at_body(0, 4).to_string(), "part:1:1:5");
    }

    #[test]
    fn bodies_are_folded_as_one_text() {
        let mail = "Subject: A  Ｂ \nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n c \n D\n\n--x\n\n\n--x\n\nİE\n--x--\n";
        let letter = letter(mail);
        let shown: Vec<&str> = letter.bodies.iter().map(Body::visible).collect();
        assert_eq!(letter.folded, fold(&[&[letter.subject.as_str()], shown.as_slice()].concat().join("\n")));
        for body in &letter.bodies {
            assert_eq!(letter.folded[body.folded.clone()], fold(body.visible()));
        }
    }

    #[test]
    fn japanese_charsets_are_decoded() {
        for (charset, bytes) in [
            ("shift_jis", &b"\x97\x98\x97\x70\x92\xe2\x8e\x7e"[..]),
            ("euc-jp", b"\xcd\xf8\xcd\xd1\xc4\xe4\xbb\xdf"),
            ("iso-2022-jp", b"\x1b$BMxMQDd;_\x1b(B"),
        ] {
            let mut mail = format!("From: a@example.com\nContent-Type: text/plain; charset={charset}\n\n").into_bytes();
            mail.extend_from_slice(bytes);
            let letter =
                Letter::read(&mail, None, Bounds { parts_max: 9, links_max: 9, text_bytes_max: 99 }).expect("a mail");
            assert_eq!(letter.bodies[0].visible(), "利用停止", "{charset}");
        }
    }
}
