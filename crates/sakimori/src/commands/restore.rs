//! `sakimori restore`.

use std::fs;
use std::path::Path;

use sakimori_node::backup::{self, CONFIG, Home, Known, Restored};
use serde_json::json;

use crate::cli::{Chatter, Context, DocumentFormat, Restore};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::say;

/// Makes a node from a backup, or only verifies it.
pub fn run(context: &Context, options: &Restore) -> Result<Exit, Failure> {
    let known = known(options)?;
    let home = if options.dry_run { None } else { Some(context.home()?) };
    let if_occupied = if options.set_aside { Home::SetAside } else { Home::MustBeFree };
    let bar = Bar::new(context);
    let on = &mut |progress: backup::Progress<'_>| bar.copied(progress);
    let restored = match &home {
        None => backup::verify(&options.folder, &known, on),
        Some(home) => backup::restore(&options.folder, home, if_occupied, &known, on),
    };
    bar.finish();
    let restored = restored?;
    match options.format {
        DocumentFormat::Json => outln!("{:#}", as_json(home.as_deref(), &restored))?,
        DocumentFormat::Text => outln!("{}", as_text(context, home.as_deref(), &restored))?,
    }
    if context.chatter == Chatter::Normal || restored.missing_from.is_some() {
        warn(context, &known, &restored);
    }
    Ok(Exit::Done)
}

fn known(options: &Restore) -> Result<Known, Failure> {
    let Some(path) = &options.checkpoint else { return Ok(Known::Nothing) };
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    Ok(if options.older { Known::CheckpointOrOlder(text) } else { Known::Checkpoint(text) })
}

fn as_json(home: Option<&Path>, restored: &Restored) -> serde_json::Value {
    let manifest = &restored.manifest;
    json!({
        "home": home.map(|home| home.display().to_string()),
        "set_aside": restored.set_aside.as_ref().map(|path| path.display().to_string()),
        "made": manifest.made,
        "origin": manifest.origin,
        "size": manifest.size,
        "root": manifest.root,
        "size_by_checkpoint": restored.missing_from,
    })
}

fn as_text(context: &Context, home: Option<&Path>, restored: &Restored) -> String {
    let (lang, manifest) = (context.lang, &restored.manifest);
    let Some(home) = home else {
        return say(lang, "restore.verified", &[("made", &manifest.made), ("entries", &manifest.size)]);
    };
    let mut lines = vec![say(
        lang,
        "restore.done",
        &[("made", &manifest.made), ("home", &home.display()), ("entries", &manifest.size)],
    )];
    if let Some(path) = &restored.set_aside {
        lines.push(say(lang, "restore.set-aside", &[("path", &path.display())]));
    }
    if manifest.has_config() {
        lines.push(say(lang, "restore.config", &[("path", &home.join(CONFIG).display())]));
    }
    lines.join("\n")
}

/// Says in plain words what going on from an older copy means.
fn warn(context: &Context, known: &Known, restored: &Restored) {
    let lang = context.lang;
    let size = restored.manifest.size;
    let text = match (restored.missing_from, known) {
        (Some(by_checkpoint), _) => {
            let missing = by_checkpoint - size;
            say(lang, "restore.older", &[("entries", &size), ("known", &by_checkpoint), ("missing", &missing)])
        }
        (None, Known::Nothing) => say(lang, "restore.may-be-older", &[]),
        (None, _) => return,
    };
    eprintln!("{}: {text}", say(lang, "failure.warning", &[]));
}
