//! Names of members and targets of links: would they leave the folder that they are unpacked into?

use std::collections::HashMap;

/// True when a file of this name would be written outside the folder: an absolute path, a drive, or more `..` than
/// folders before them. Backslashes count as separators, because they are some on Windows.
#[must_use]
pub fn escapes(name: &str) -> bool {
    is_rooted(name) || depth_below(name, 0).is_none()
}

/// True when a link named `name` that points to `target` would lead outside the folder.
#[must_use]
pub fn link_escapes(name: &str, target: &str) -> bool {
    let folders = steps(name).filter(|s| !matches!(*s, "" | "." | "..")).count().saturating_sub(1);
    is_rooted(target) || depth_below(target, folders).is_none()
}

/// Symbolic links that were unpacked so far. A member below one is written where the link leads.
#[derive(Default)]
pub struct Links {
    targets: HashMap<String, String>,
}

impl Links {
    /// Links of one archive that are remembered.
    const LINKS_MAX: usize = 10_000;
    /// Links on the way to one member that are followed.
    const FOLLOWED_MAX: usize = 16;

    /// Remembers a link.
    pub fn add(&mut self, name: &str, target: &str) {
        if self.targets.len() < Self::LINKS_MAX {
            self.targets.insert(plain(name), target.to_owned());
        }
    }

    /// Where a member of this name is written, if that is below a link.
    #[must_use]
    pub fn led(&self, name: &str) -> Option<String> {
        let mut path = plain(name);
        let mut led = false;
        for _ in 0..Self::FOLLOWED_MAX {
            let ends = path.match_indices('/').map(|(at, _)| at);
            let Some((end, target)) = ends.filter_map(|at| Some((at, self.targets.get(&path[..at])?))).next() else {
                break;
            };
            let folder = path[..end].rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            let whole = if is_rooted(target) { target.clone() } else { format!("{folder}{target}") };
            path = plain(&format!("{whole}{}", &path[end..]));
            led = true;
        }
        led.then_some(path)
    }
}

/// A path without empty steps and dots.
fn plain(path: &str) -> String {
    let rooted = if path.starts_with('/') { "/" } else { "" };
    let steps: Vec<&str> = path.split('/').filter(|s| !matches!(*s, "" | ".")).collect();
    format!("{rooted}{}", steps.join("/"))
}

fn is_rooted(path: &str) -> bool {
    let drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    path.starts_with(['/', '\\']) || drive
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\'])
}

/// How deep a walk along the path ends when it starts `depth` folders deep; `None` when it leaves the root on its way.
fn depth_below(path: &str, mut depth: usize) -> Option<usize> {
    for step in steps(path) {
        match step {
            "" | "." => {}
            ".." => depth = depth.checked_sub(1)?,
            _ => depth += 1,
        }
    }
    Some(depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_folder() {
        for name in ["../a", "a/../../b", "/etc/passwd", "\\x", "C:\\x", "c:x", "a\\..\\..\\b"] {
            assert!(escapes(name), "{name}");
        }
        for name in ["a", "a/b/../c", "a..b", "...", "a/..", "./a", "1:30 notes"] {
            assert!(!escapes(name), "{name}");
        }
    }

    #[test]
    fn members_below_links_are_written_where_those_lead() {
        let mut links = Links::default();
        links.add("d", ".");
        links.add("a/b/", "../c");
        links.add("x", "x/y");
        assert_eq!(links.led("d/e").as_deref(), Some("e"));
        assert_eq!(links.led("./d/d/e").as_deref(), Some("e"));
        assert_eq!(links.led("a/b/f").as_deref(), Some("a/../c/f"));
        assert_eq!(links.led("a/c/f"), None);
        assert!(links.led("x/z").is_some());
    }

    #[test]
    fn links_are_followed_from_their_folder() {
        assert!(!link_escapes("a/b", "../c"));
        assert!(link_escapes("a/b", "../../c"));
        assert!(link_escapes("b", "../c"));
        assert!(link_escapes("a/b", "/c"));
    }
}
