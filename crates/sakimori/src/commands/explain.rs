//! `sakimori explain`.

use std::io;

use sakimori_examine::catalogue::{self, Entry};
use sakimori_model::Code;

use crate::cli::{Context, Explain};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, knows, say};

/// Says what a code means, or lists all finding codes.
pub fn run(context: &Context, options: &Explain) -> Result<Exit, Failure> {
    let Some(code) = &options.code else {
        for (code, entry) in catalogue::entries() {
            let severity = say(context.lang, &format!("severity.{}", entry.severity.as_str()), &[]);
            outln!("{code}  {severity}  {}", entry.words(context.lang).title)?;
        }
        return Ok(Exit::Done);
    };
    let code = code.to_ascii_uppercase();
    let hint = format!("{code}.hint");
    if knows(&hint) {
        outln!("{code}: {}", say(context.lang, &hint, &[]))?;
        return Ok(Exit::Done);
    }
    let known = Code::try_from(code.clone()).ok().and_then(|code| catalogue::entry(&code));
    match known {
        Some(entry) => print(context, &code, entry)?,
        None => return Err(Failure::new("SKM-E-0019", format!("unknown code {}", harmless(&code)))),
    }
    Ok(Exit::Done)
}

fn print(context: &Context, code: &str, entry: &Entry) -> io::Result<()> {
    let lang = context.lang;
    let words = entry.words(lang);
    let severity = say(lang, &format!("severity.{}", entry.severity.as_str()), &[]);
    outln!("{code}  {severity}  {}", words.title)?;
    outln!("\n{}:\n  {}", say(lang, "explain.why", &[]), words.why)?;
    outln!("\n{}:\n  {}", say(lang, "explain.todo", &[]), words.todo)?;
    if !entry.techniques.is_empty() {
        outln!("\n{}: {}", say(lang, "explain.techniques", &[]), entry.techniques.join(", "))?;
    }
    Ok(())
}
