//! Texts of the command line: the catalogue's, and what makes a text harmless for a terminal.

pub use sakimori_model::words::{knows, say};

/// A text from outside as one line that can't steer a terminal.
pub fn harmless(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_unicode().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_that_the_code_says_exists() {
        let sources = [
            include_str!("commands/check.rs"),
            include_str!("commands/detect.rs"),
            include_str!("commands/verify.rs"),
            include_str!("commands/witness.rs"),
            include_str!("commands/log.rs"),
            include_str!("commands/model.rs"),
            include_str!("commands/audit.rs"),
            include_str!("commands/backup.rs"),
            include_str!("commands/restore.rs"),
            include_str!("commands/policy.rs"),
            include_str!("commands/share.rs"),
            include_str!("commands/explain.rs"),
            include_str!("render/text.rs"),
            include_str!("failure.rs"),
        ];
        let mut seen = 0;
        for id in sources.iter().flat_map(|s| s.split("say(").skip(1)).filter_map(|s| s.split('"').nth(1)) {
            if id.contains('.') && !id.contains('{') {
                assert!(knows(id), "{id}");
                seen += 1;
            }
        }
        assert!(seen > 10, "the scan of the sources found {seen} messages only");
    }
}
