//! The signs: each file looks for one kind and knows nothing of the others.

mod contact;
mod disguise;
mod link;
mod wording;

use sakimori_model::{Code, Contribution, Finding};

use super::codes;
use super::note::Note;
use crate::prose::seen::Seen;

/// Looks for every sign.
pub fn look(note: &Note<'_>) -> Seen {
    let mut seen = Seen::default();
    wording::look(note, &mut seen);
    link::look(note, &mut seen);
    contact::look(note, &mut seen);
    disguise::look(note, &mut seen);
    seen
}

/// The family of a sign: the second word of its feature, such as `story` of `message.story.prize`.
pub fn family(finding: &Finding) -> &str {
    let feature = finding.because.first().map_or("", |c| c.feature.as_str());
    feature.split('.').nth(1).unwrap_or_default()
}

/// The finding with other points than its code declares.
fn worth(mut finding: Finding, points: i32) -> Finding {
    finding.because =
        finding.because.into_iter().map(|because| Contribution { feature: because.feature, points }).collect();
    finding
}

/// Stories that a company or an authority would have a site for.
const OFFICIAL_STORIES: &[&Code] = &[
    &codes::STORY_DELIVERY,
    &codes::STORY_UNPAID,
    &codes::STORY_ACCOUNT,
    &codes::STORY_AUTHORITY,
    &codes::STORY_PRIZE,
    &codes::STORY_INFECTED,
    &codes::ASK_DETAILS,
];

fn has_any(seen: &Seen, wanted: &[&Code]) -> bool {
    wanted.iter().any(|code| seen.has(code))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The codes that are found in a message.
    pub fn codes_of(text: &str) -> Vec<Code> {
        look(&Note::read(text, None, 50)).into_findings().into_iter().map(|f| f.code).collect()
    }
}
