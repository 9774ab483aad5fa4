//! `sakimori backup`.

use indicatif::HumanBytes;
use sakimori_node::Node;
use sakimori_node::backup::{CONFIG, back_up};
use sakimori_node::config::Config;
use serde_json::json;

use crate::cli::{Backup, Context, DocumentFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::say;

/// Copies the node into a new folder.
pub fn run(context: &Context, options: &Backup) -> Result<Exit, Failure> {
    let configured = match &options.config {
        Some(path) => Config::load(path).map_err(|error| Failure::new("SKM-E-0025", error))?.home,
        None => None,
    };
    let home = context.home_or(configured)?;
    if !Node::exists(&home) {
        return Err(super::no_node(&home));
    }
    let own = Some(home.join(CONFIG)).filter(|path| path.is_file());
    let config = options.config.clone().or(own);
    let bar = Bar::new(context);
    let made = back_up(&home, &options.folder, config.as_deref(), &mut |progress| bar.copied(progress));
    bar.finish();
    let manifest = made?;
    let folder = options.folder.display();
    match options.format {
        DocumentFormat::Json => {
            let (origin, size, root) = (&manifest.origin, manifest.size, &manifest.root);
            let (made, bytes) = (manifest.made, manifest.bytes());
            let folder = folder.to_string();
            outln!(
                "{:#}",
                json!({ "folder": folder, "made": made, "origin": origin, "size": size, "root": root, "bytes": bytes })
            )?;
        }
        DocumentFormat::Text => {
            let bytes = HumanBytes(manifest.bytes());
            let done = if Node::key_is_in_token(&home)? { "backup.done-in-token" } else { "backup.done" };
            outln!(
                "{}",
                say(context.lang, done, &[("folder", &folder), ("entries", &manifest.size), ("bytes", &bytes)])
            )?;
        }
    }
    Ok(Exit::Done)
}
