//! The page itself: HTML without scripts, written by a template that escapes whatever comes from outside.

use askama::Template;
use sakimori_model::Lang;
use sakimori_model::words::say;

use super::verdict::{Level, Sentence, Verdict, Why};

/// The style sheet, served as `/check.css`.
pub const STYLE: &str = include_str!("../../../assets/check.css");

/// Bytes of the pasted text that the page shows again; as many as are examined.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What the form was filled with. Its fields are named `text`, `agree` and `lang`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form<'a> {
    /// The pasted message.
    pub text: &'a str,
    /// Whether the person agrees that the verdict is recorded.
    pub agree: Agreement,
}

/// Whether the person agrees that the verdict is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Agreement {
    /// Nothing is stored.
    #[default]
    No,
    /// Fingerprint and findings are recorded.
    Yes,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was judged.
    Judged {
        /// What is said.
        verdict: Verdict,
        /// What was stored.
        kept: Kept,
    },
    /// Too many came from the same place.
    Busy {
        /// Seconds until the next try makes sense.
        seconds: u64,
    },
    /// The request was larger than anything that is read.
    TooLarge,
}

/// What was stored of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing.
    Nothing,
    /// The verdict, in the record with this id.
    Record(String),
}

#[derive(Template)]
#[template(path = "check.html")]
struct Page<'a> {
    lang: Lang,
    text: &'a str,
    agrees: bool,
    shown: Shown,
}

/// The result as the template shows it.
enum Shown {
    Nothing,
    Notice { id: &'static str, seconds: u64 },
    Verdict { verdict: Verdict, record: Option<String> },
}

/// The page as HTML: the form, and above it the outcome where there is one.
#[must_use]
pub fn page(form: Form<'_>, outcome: Option<Outcome>, lang: Lang) -> String {
    let shown = match outcome {
        None => Shown::Nothing,
        Some(Outcome::Busy { seconds }) => Shown::Notice { id: "citizen.busy", seconds },
        Some(Outcome::TooLarge) => Shown::Notice { id: "citizen.too-large", seconds: 0 },
        Some(Outcome::Judged { verdict, kept }) => {
            let record = match kept {
                Kept::Nothing => None,
                Kept::Record(id) => Some(id),
            };
            Shown::Verdict { verdict, record }
        }
    };
    let text = &form.text[..form.text.floor_char_boundary(TEXT_BYTES_MAX)];
    let page = Page { lang, text, agrees: form.agree == Agreement::Yes, shown };
    // Writing into a string can't fail.
    page.render().unwrap_or_default()
}

impl Page<'_> {
    /// A message of the catalogue.
    fn say(&self, id: &str) -> String {
        say(self.lang, id, &[])
    }

    /// A message that belongs to another one, such as the number of a contact.
    fn say_of(&self, id: &str, part: &str) -> String {
        self.say(&format!("{id}.{part}"))
    }

    fn say_seconds(&self, id: &str, seconds: &u64) -> String {
        say(self.lang, id, &[("seconds", seconds)])
    }

    fn lang_name(&self) -> &'static str {
        match self.lang {
            Lang::Ja => "ja",
            Lang::En => "en",
        }
    }

    fn is(&self, lang: &str) -> bool {
        self.lang_name() == lang
    }

    /// What the title says first: a person who has many pages open finds the verdict.
    fn title(&self) -> String {
        let name = self.say("citizen.title");
        match &self.shown {
            Shown::Nothing => name,
            Shown::Notice { id, .. } => format!("{} | {name}", self.say(&format!("{id}.heading"))),
            Shown::Verdict { verdict, .. } => format!("{} | {name}", self.say(&heading(verdict.level))),
        }
    }

    fn heading(&self, verdict: &Verdict) -> String {
        self.say(&heading(verdict.level))
    }

    fn lead(&self, verdict: &Verdict) -> String {
        match verdict.level {
            Level::NotJudged(why) => self.say(&format!("citizen.unknown.lead.{}", why.as_str())),
            level => self.say(&format!("citizen.{}.lead", level.as_str())),
        }
    }

    fn todo_heading(&self, verdict: &Verdict) -> String {
        self.say(if verdict.level == Level::NothingFound { "citizen.watch" } else { "citizen.todo" })
    }

    fn sentences(&self, verdict: &Verdict) -> Vec<Sentence> {
        let stop = if self.lang == Lang::Ja { '。' } else { '.' };
        let mut sentences: Vec<Sentence> = verdict.reasons.iter().map(|reason| reason.sentence(self.lang)).collect();
        sentences.iter_mut().for_each(|sentence| sentence.after.push(stop));
        sentences
    }

    /// What to do about the weightiest reason that asks for more than what is always to do.
    fn first_todo(&self, verdict: &Verdict) -> Option<&'static str> {
        verdict.reasons.iter().find_map(|reason| reason.todo(self.lang))
    }

    /// The address that a telephone calls; `None` for a contact without a number of its own.
    fn telephone(&self, id: &str) -> Option<String> {
        let number = self.say_of(id, "number");
        let dials = number.trim_start_matches('#').bytes().all(|b| b.is_ascii_digit());
        dials.then(|| format!("tel:{}", number.replace('#', "%23")))
    }

    /// Somebody who already paid needs this; where nothing was found, it would only frighten, and an
    /// empty form says nothing.
    fn has_already(&self, verdict: &Verdict) -> bool {
        !matches!(verdict.level, Level::NothingFound | Level::NotJudged(Why::Empty))
    }
}

fn heading(level: Level) -> String {
    format!("citizen.{}.heading", level.as_str())
}
