//! What lies beside a skill or standing instructions: manuals, references and notes are read by the agent when the skill
//! says so, and are judged as it is.

use crate::agent;
use crate::agent::kinds as agents;
use crate::recognise::kinds;
use crate::report::Report;
use crate::repository::folder::{self, Folder};

/// Judges the texts of a package for agents.
pub(crate) fn examine(folder: &Folder<'_>, report: &mut Report<'_>) {
    let leads = [agents::AGENT_SKILL, agents::AGENT_RULES, agents::PLUGIN, agents::MCP_CONFIG];
    if !folder.files().any(|file| leads.contains(file.kind)) {
        return;
    }
    for file in folder.files().filter(|file| [kinds::TEXT, kinds::YAML, kinds::JINJA].contains(file.kind)) {
        let name = folder::name(file.path).to_ascii_lowercase();
        let is_manual = [".md", ".mdx", ".txt", ".rst"].iter().any(|end| name.ends_with(end));
        let is_licence =
            ["license", "licence", "notice", "copying", "third_party"].iter().any(|start| name.starts_with(start));
        let Some(text) = folder::text(file).filter(|_| is_manual && !is_licence) else { continue };
        if report.enter(file.path).is_ok() {
            agent::examine_beside(&text, report);
        }
        report.leave();
    }
}
