//! An HTML body as its reader sees it: visible text, hidden text, links, forms, images.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::html::{Token, Tokens, decode};
use super::sheet::Sheet;

/// What an HTML body holds.
#[derive(Debug, Default)]
pub struct Page {
    /// The text that is shown, blocks separated by line ends.
    pub visible: String,
    /// Text that is in the body but not shown.
    pub hidden: Vec<Hidden>,
    /// What comments say, joined; no reader sees them, but programs that read the source do.
    pub comments: String,
    /// Links, in order.
    pub links: Vec<Link>,
    /// Addresses that stand in the text outside of links, with the offset of the text: mail programs make them links.
    pub written: Vec<Link>,
    /// There were more links than the limit lets through.
    pub links_cut: bool,
    /// Targets of forms, with the offset of the form.
    pub forms: Vec<(String, usize)>,
    /// A field for a password stands in it.
    pub has_password_field: bool,
    /// Offset of the first script element, `on…` attribute apart.
    pub script: Option<usize>,
    /// The text of all scripts, joined, for attachments that build their content when opened.
    pub scripts: String,
    /// Where the page goes by itself (`meta refresh`).
    pub refresh: Option<(String, usize)>,
    /// The targets of images, with their offsets; the first hundred.
    pub images: Vec<(String, usize)>,
    /// Words that a tag without visible effect cuts in two, counted.
    pub split_words: usize,
}

/// Text that is not shown.
#[derive(Debug)]
pub struct Hidden {
    /// The text.
    pub text: String,
    /// How it is hidden.
    pub how: How,
    /// Where it starts in the body.
    pub offset: usize,
}

/// How text is kept from the reader's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `display:none`, `visibility:hidden`, `hidden`, zero opacity or size: what mail programs use for previews too.
    NotDisplayed,
    /// Letters of a pixel or less.
    TinyLetters,
    /// Letters in the colour of the ground.
    ColourOfGround,
    /// Moved out of the window.
    OffScreen,
    /// Inside an element that mail programs do not show, such as `select` or `object`.
    UnshownElement,
}

impl How {
    /// A word for the finding.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDisplayed => "display:none",
            Self::TinyLetters => "font-size",
            Self::ColourOfGround => "colour",
            Self::OffScreen => "off-screen",
            Self::UnshownElement => "element",
        }
    }
}

/// A link and what the reader sees of it.
#[derive(Debug, Default, Clone)]
pub struct Link {
    /// The target as written, decoded and trimmed.
    pub href: String,
    /// The visible text of the link.
    pub text: String,
    /// Where it starts in the body.
    pub offset: usize,
    /// An image is the link's face.
    pub has_image: bool,
}

/// Open elements that are followed; what is nested deeper is taken as lying in the deepest of them.
const OPEN_MAX: usize = 256;
/// Bytes of text kept of one link.
const LINK_TEXT_MAX: usize = 400;
/// Images of which the target is kept.
const IMAGES_MAX: usize = 100;
/// Style elements of one body that are read; honest mails have a handful.
const SHEETS_MAX: usize = 20;
/// Pieces of hidden text that are kept apart.
const HIDDEN_MAX: usize = 400;

/// Elements that never have an inside.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "param"];
/// Elements whose inside mail programs leave out.
const UNSHOWN: &[&str] = &["select", "object", "template", "datalist", "iframe", "audio", "video", "canvas", "applet"];
/// Elements that start a new line.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "tr",
    "td",
    "th",
    "table",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "center",
    "hr",
    "blockquote",
    "section",
    "header",
    "footer",
    "article",
    "option",
    "body",
    "title",
];

impl Page {
    /// Reads an HTML body; at most `links_max` links are kept.
    #[must_use]
    pub fn read(html: &str, links_max: usize) -> Self {
        let mut reader = Reader {
            page: Self::default(),
            open: Vec::new(),
            link: None,
            links_max,
            sheet: Sheet::default(),
            sheets: 0,
            styles: HashMap::new(),
        };
        for token in Tokens::new(html) {
            reader.token(token);
        }
        reader.close_link();
        reader.page
    }
}

/// Made once: a page has very many short pieces of text.
static SCHEME_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("://"));

/// Links in plain text, found by their scheme.
pub fn plain_links(text: &str, max: usize) -> Vec<Link> {
    let mut links = Vec::new();
    for at in SCHEME_END.find_iter(text.as_bytes()) {
        let Some(start) = ["https", "http"].iter().map(|s| at.wrapping_sub(s.len())).find(|s| {
            text.get(*s..at).is_some_and(|t| t.eq_ignore_ascii_case("https") || t.eq_ignore_ascii_case("http"))
        }) else {
            continue;
        };
        let rest = &text[start..];
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')' | ']' | '」' | '）' | '】' | '、' | '。');
        let url: String = rest.chars().take(2_048).take_while(|c| !ends(*c)).collect();
        links.push(Link {
            href: url.trim_end_matches(['.', ',', ';', '\'']).to_owned(),
            offset: start,
            ..Link::default()
        });
        if links.len() >= max {
            break;
        }
    }
    links
}

/// An open element and what its inside inherits.
struct Open {
    name: String,
    how: Option<How>,
    colour: Option<u32>,
    ground: Option<u32>,
}

struct Reader {
    page: Page,
    open: Vec<Open>,
    link: Option<Link>,
    links_max: usize,
    sheet: Sheet,
    /// Style elements that were read.
    sheets: usize,
    /// What the sheet says, by selector.
    styles: HashMap<String, Style>,
}

impl Reader {
    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Start { name, attributes, offset } => self.start(name, &attributes, offset),
            Token::End { name } => self.end(&name),
            Token::Text { text, offset } => self.text(&text, offset),
            Token::Raw { element, text, offset } => self.raw(&element, text, offset),
        }
    }

    fn start(&mut self, name: String, attributes: &[(String, Cow<'_, str>)], offset: usize) {
        let value = |key: &str| attributes.iter().find(|(n, _)| n == key).map(|(_, v)| v.as_ref());
        match name.as_str() {
            "a" | "area" => self.open_link(value("href"), offset),
            "img" => {
                if self.page.images.len() < IMAGES_MAX {
                    self.page
                        .images
                        .push((value("src").unwrap_or_default().trim().chars().take(400).collect(), offset));
                }
                if let Some(link) = &mut self.link {
                    link.has_image = true;
                }
            }
            "form" => self.page.forms.push((value("action").unwrap_or_default().trim().to_owned(), offset)),
            "input" if value("type").is_some_and(|t| t.eq_ignore_ascii_case("password")) => {
                self.page.has_password_field = true;
            }
            "meta" if value("http-equiv").is_some_and(|v| v.eq_ignore_ascii_case("refresh")) => {
                let target = value("content").and_then(|c| c.split_once('=')).map(|(_, url)| url.trim().to_owned());
                self.page.refresh = target.map(|t| (t.trim_matches(['\'', '"']).to_owned(), offset));
            }
            _ => {}
        }
        if BLOCKS.contains(&name.as_str()) {
            self.new_line();
        }
        if !VOID.contains(&name.as_str()) {
            self.push(name, attributes);
        }
    }

    fn push(&mut self, name: String, attributes: &[(String, Cow<'_, str>)]) {
        // These end their like without saying so; otherwise one hidden, unclosed paragraph would hide all after it.
        if matches!(name.as_str(), "p" | "li" | "td" | "th" | "tr" | "option")
            && self.open.last().is_some_and(|top| top.name == name)
        {
            self.open.pop();
        }
        let parent = self.open.last();
        let style = Style::of(attributes, &self.styles);
        let mut element = Open {
            name,
            how: parent.and_then(|p| p.how),
            colour: style.colour.or(parent.and_then(|p| p.colour)),
            ground: style.ground.or(parent.and_then(|p| p.ground)),
        };
        let alike = matches!((element.colour, element.ground), (Some(a), Some(b)) if is_alike(a, b));
        let same = element.colour.is_some() && (style.colour.is_some() || style.ground.is_some()) && alike;
        // A larger font inside a tiny one is seen again; what is not displayed stays so.
        let inherited = element.how.filter(|h| *h == How::NotDisplayed || !style.shows_again);
        element.how = inherited.filter(|h| *h != How::ColourOfGround || alike).or(style.how);
        element.how = element.how.or(UNSHOWN.contains(&element.name.as_str()).then_some(How::UnshownElement));
        element.how = element.how.or(same.then_some(How::ColourOfGround));
        if self.open.len() < OPEN_MAX {
            self.open.push(element);
        }
    }

    fn end(&mut self, name: &str) {
        if name == "a" {
            self.close_link();
        }
        if BLOCKS.contains(&name) {
            self.new_line();
        }
        if let Some(at) = self.open.iter().rposition(|e| e.name == name) {
            self.open.truncate(at);
        }
    }

    fn text(&mut self, text: &str, offset: usize) {
        let how = self.open.last().and_then(|e| e.how);
        if let Some(how) = how {
            if !text.trim().is_empty() {
                self.hide(text, how, offset);
            }
            return;
        }
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
        if offset > 0 && joins(self.page.visible.chars().next_back()) && joins(text.chars().next()) {
            self.page.split_words += 1;
        }
        self.page.visible.push_str(text);
        // One more than the limit, so that going past it shows.
        let room = (self.links_max + 1).saturating_sub(self.page.written.len());
        if self.link.is_none() && room > 0 {
            self.page.written.extend(plain_links(text, room).into_iter().map(|link| Link { offset, ..link }));
        }
        if let Some(link) = &mut self.link
            && link.text.len() < LINK_TEXT_MAX
        {
            link.text.extend(text.chars().take(LINK_TEXT_MAX));
        }
    }

    /// Each rule is read once, however many elements have its class.
    fn read_sheet(&mut self, text: &str) {
        if self.sheets >= SHEETS_MAX {
            return;
        }
        self.sheets += 1;
        self.sheet.read(text);
        for (selector, declarations) in self.sheet.rules() {
            let mut style = Style::default();
            style.declarations(declarations);
            self.styles.insert(selector.to_owned(), style);
        }
    }

    fn hide(&mut self, text: &str, how: How, offset: usize) {
        let is_full = self.page.hidden.len() >= HIDDEN_MAX;
        match self.page.hidden.last_mut() {
            Some(last) if last.how == how || is_full => {
                last.text.push(' ');
                last.text.push_str(text);
            }
            _ => self.page.hidden.push(Hidden { text: text.to_owned(), how, offset }),
        }
    }

    fn raw(&mut self, element: &str, text: &str, offset: usize) {
        match element {
            "script" => {
                self.page.script.get_or_insert(offset);
                self.page.scripts.push_str(text);
            }
            "style" => self.read_sheet(text),
            "!--" => {
                self.page.comments.push_str(text);
                self.page.comments.push('\n');
            }
            "textarea" | "xmp" => self.text(&decode(text), offset),
            // One title in the head is the page's; further ones only hide text.
            "title" if !self.page.visible.trim().is_empty() => self.hide(&decode(text), How::UnshownElement, offset),
            _ => {}
        }
    }

    fn new_line(&mut self) {
        if !self.page.visible.is_empty() && !self.page.visible.ends_with('\n') {
            self.page.visible.push('\n');
        }
        if let Some(link) = &mut self.link
            && !link.text.is_empty()
        {
            link.text.push(' ');
        }
    }

    fn open_link(&mut self, href: Option<&str>, offset: usize) {
        self.close_link();
        if let Some(href) = href {
            // White space inside a target is dropped by browsers.
            let href = href.trim().chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
            self.link = Some(Link { href, offset, ..Link::default() });
        }
    }

    fn close_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        if self.page.links.len() < self.links_max {
            self.page.links.push(link);
        } else {
            self.page.links_cut = true;
        }
    }
}

/// What the attributes of an element say about being seen.
#[derive(Default)]
struct Style {
    how: Option<How>,
    shows_again: bool,
    colour: Option<u32>,
    ground: Option<u32>,
}

impl Style {
    /// What the sheet says of the element's classes and id first, so that its own attributes prevail.
    fn of(attributes: &[(String, Cow<'_, str>)], sheet: &HashMap<String, Style>) -> Self {
        let mut style = Self::default();
        for (name, value) in attributes {
            match name.as_str() {
                "class" => value.split_ascii_whitespace().take(8).for_each(|c| style.by_sheet(sheet, '.', c)),
                "id" => style.by_sheet(sheet, '#', value.trim()),
                _ => {}
            }
        }
        for (name, value) in attributes {
            match name.as_str() {
                "hidden" => style.how = Some(How::NotDisplayed),
                "bgcolor" => style.ground = colour(value),
                "color" => style.colour = colour(value),
                "style" => style.declarations(&value.to_ascii_lowercase()),
                _ => {}
            }
        }
        style
    }

    fn by_sheet(&mut self, sheet: &HashMap<String, Style>, sign: char, name: &str) {
        if sheet.is_empty() {
            return;
        }
        if let Some(rule) = sheet.get(&format!("{sign}{}", name.to_ascii_lowercase())) {
            self.how = rule.how.or(self.how);
            self.shows_again |= rule.shows_again;
            self.colour = rule.colour.or(self.colour);
            self.ground = rule.ground.or(self.ground);
        }
    }

    fn declarations(&mut self, text: &str) {
        let mut clipped = false;
        let mut no_height = false;
        for (property, value) in text.split(';').take(64).filter_map(|d| d.split_once(':')) {
            let value = if value.contains('!') { value.replace("!important", "").into() } else { Cow::from(value) };
            let value = value.trim();
            match property.trim() {
                "display" if value == "none" => self.how = Some(How::NotDisplayed),
                "display" => self.how = self.how.filter(|h| *h != How::NotDisplayed),
                "visibility" if value == "hidden" => self.how = Some(How::NotDisplayed),
                "opacity" if length(value).is_some_and(|v| v < 0.05) => self.how = Some(How::NotDisplayed),
                "overflow" if value == "hidden" => clipped = true,
                "height" | "max-height" | "width" | "max-width" if length(value).is_some_and(|v| v < 1.0) => {
                    no_height = true;
                }
                "font-size" => match length(value) {
                    Some(size) if size <= 1.0 && !value.ends_with("em") && !value.ends_with('%') => {
                        self.how = self.how.or(Some(How::TinyLetters));
                    }
                    Some(size) => self.shows_again = size > 4.0,
                    None => self.shows_again = true,
                },
                "color" => self.colour = colour(value),
                "background" | "background-color" => self.ground = colour(value.split(' ').next().unwrap_or_default()),
                "left" | "top" | "text-indent" | "margin-left" if length(value).is_some_and(|v| v <= -500.0) => {
                    self.how = self.how.or(Some(How::OffScreen));
                }
                "mso-hide" if value == "all" => {}
                _ => {}
            }
        }
        if clipped && no_height {
            self.how = self.how.or(Some(How::NotDisplayed));
        }
    }
}

/// The number at the start of a length.
fn length(value: &str) -> Option<f32> {
    let end = value.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+')).unwrap_or(value.len());
    value[..end].parse().ok()
}

/// A colour as 0xRRGGBB.
fn colour(value: &str) -> Option<u32> {
    let value = value.trim().to_ascii_lowercase();
    if let Some(hex) = value.strip_prefix('#') {
        let number = u32::from_str_radix(hex, 16).ok()?;
        return match hex.len() {
            3 => Some(((number & 0xf00) << 8 | (number & 0xf0) << 4 | number & 0xf) * 0x11),
            6 => Some(number),
            _ => None,
        };
    }
    if let Some(inside) = value.strip_prefix("rgb(").and_then(|v| v.strip_suffix(')')) {
        let parts: Vec<u32> = inside.split(',').filter_map(|p| p.trim().parse().ok()).collect();
        return (parts.len() == 3 && parts.iter().all(|p| *p < 256)).then(|| parts[0] << 16 | parts[1] << 8 | parts[2]);
    }
    match value.as_str() {
        "white" => Some(0xff_ffff),
        "black" => Some(0),
        _ => None,
    }
}

fn is_alike(a: u32, b: u32) -> bool {
    let channel = |v: u32, shift: u32| (v >> shift & 0xff).cast_signed();
    [16, 8, 0].iter().all(|s| (channel(a, *s) - channel(b, *s)).abs() <= 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Page {
        Page::read(html, 100)
    }

    #[test]
    fn links_carry_the_text_that_is_seen() {
        let page = read("<a href=' https://a.example/\n x '>Click <b>here</b></a><a name=n>no</a>");
        assert_eq!(page.links.len(), 1);
        assert_eq!((page.links[0].href.as_str(), page.links[0].text.as_str()), ("https://a.example/ x", "Click here"));
    }

    #[test]
    fn text_is_hidden_in_each_of_the_ways() {
        for (html, how) in [
            ("<p style='display:none'>x</p>", How::NotDisplayed),
            ("<p hidden><b>x</b></p>", How::NotDisplayed),
            ("<div style='max-height:0;overflow:hidden'>x</div>", How::NotDisplayed),
            ("<span style='font-size:1px'>x</span>", How::TinyLetters),
            ("<td bgcolor='#ffffff'><font color='#FFFFFE'>x</font></td>", How::ColourOfGround),
            ("<p style='position:absolute;left:-9999px'>x</p>", How::OffScreen),
        ] {
            let page = read(html);
            assert_eq!(page.hidden.iter().map(|h| h.how).collect::<Vec<_>>(), [how], "{html}");
            assert_eq!(page.visible.trim(), "");
        }
    }

    #[test]
    fn ordinary_layout_is_seen() {
        for html in [
            "<div style='font-size:0'><span style='font-size:14px'>seen</span></div>",
            "<table bgcolor=#000><tr><td style='color:#fff;background:#000'>seen</td></tr></table>",
            "<p style='display:none'>a<p>seen",
            "<div style='color:#fff'><p style='color:#000;background:#fff'>seen</p></div>",
        ] {
            assert!(read(html).visible.contains("seen"), "{html}");
        }
    }

    #[test]
    fn forms_scripts_and_refreshes_are_noted() {
        let page = read(
            "<meta http-equiv=refresh content='0; url=https://a.example'><form action=/x><input type=password></form><script>1</script>",
        );
        assert!(page.has_password_field && page.script.is_some());
        assert_eq!(page.forms[0].0, "/x");
        assert_eq!(page.refresh.expect("a refresh").0, "https://a.example");
    }

    #[test]
    fn a_megabyte_of_nesting_is_read_in_time() {
        let start = std::time::Instant::now();
        read(&format!("{}x{}", "<div>".repeat(200_000), "</b>".repeat(100_000)));
        read(&"<a href=x>y</a>".repeat(10_000));
        assert!(start.elapsed().as_secs() < 20);
    }
}
