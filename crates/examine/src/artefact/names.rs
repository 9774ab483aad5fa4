//! Names of members and targets of links: would they leave the folder that they are unpacked into?

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
    fn links_are_followed_from_their_folder() {
        assert!(!link_escapes("a/b", "../c"));
        assert!(link_escapes("a/b", "../../c"));
        assert!(link_escapes("b", "../c"));
        assert!(link_escapes("a/b", "/c"));
    }
}
