//! The names of what is signed: paths inside of the model, and ranges of them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::limits::MODEL_PATH_BYTES_MAX;

/// A path inside of a model: components with `/` between them, without `..`, or `.` alone for a model that is one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourcePath(String);

/// What has one digest: a file, or a range of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// The file.
    pub path: ResourcePath,
    /// First byte, and the byte behind the last one. `None` is the whole file.
    pub range: Option<(u64, u64)>,
}

/// Why a text is not the name of a resource.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceError {
    /// Nothing, or more than [`MODEL_PATH_BYTES_MAX`].
    #[error("a name has 1 to {MODEL_PATH_BYTES_MAX} bytes")]
    Length,
    /// It begins with `/`.
    #[error("an absolute path")]
    Absolute,
    /// It has `..`.
    #[error("a path that leaves the model")]
    Escape,
    /// `//`, a `.` between others, a `/` at the end or a control character: the same file under another name.
    #[error("a path that is not written plainly")]
    NotPlain,
    /// Not `PATH:START:END`.
    #[error("not of the form PATH:START:END")]
    Range,
    /// Another resource has this name already.
    #[error("it is named twice")]
    Twice,
}

impl ResourcePath {
    /// The model itself, where it is one file.
    #[must_use]
    pub fn whole() -> Self {
        Self(".".to_owned())
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when this is `folder` or lies in it.
    #[must_use]
    pub fn is_within(&self, folder: &Self) -> bool {
        self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|component| *component != ".")
    }
}

impl FromStr for ResourcePath {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        if text.is_empty() || text.len() > MODEL_PATH_BYTES_MAX {
            return Err(ResourceError::Length);
        }
        if text.starts_with('/') {
            return Err(ResourceError::Absolute);
        }
        if text.split('/').any(|component| component == "..") {
            return Err(ResourceError::Escape);
        }
        let is_plain = text == "." || text.split('/').all(|component| !component.is_empty() && component != ".");
        if !is_plain || text.contains('\0') {
            return Err(ResourceError::NotPlain);
        }
        Ok(Self(text.to_owned()))
    }
}

/// By components, as paths are sorted there: `a/b` comes before `a.b`.
impl Ord for ResourcePath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.components().cmp(other.components())
    }
}

impl PartialOrd for ResourcePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ResourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Resource {
    /// A whole file.
    #[must_use]
    pub fn file(path: ResourcePath) -> Self {
        Self { path, range: None }
    }

    /// The range in a text `PATH:START:END`.
    ///
    /// # Errors
    /// [`ResourceError`] when it is not of that form.
    pub fn parse_shard(text: &str) -> Result<Self, ResourceError> {
        let mut parts = text.split(':');
        let (Some(path), Some(start), Some(end), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ResourceError::Range);
        };
        let number = |text: &str| {
            let is_plain = text == "0" || !text.starts_with(['0', '+']);
            text.parse::<u64>().ok().filter(|_| is_plain).ok_or(ResourceError::Range)
        };
        let range = (number(start)?, number(end)?);
        if range.0 >= range.1 {
            return Err(ResourceError::Range);
        }
        Ok(Self { path: path.parse()?, range: Some(range) })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.range {
            None => write!(f, "{}", self.path),
            Some((start, end)) => write!(f, "{}:{start}:{end}", self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_model_or_have_two_spellings_are_refused() {
        for (text, why) in [
            ("", ResourceError::Length),
            ("/etc/passwd", ResourceError::Absolute),
            ("../x", ResourceError::Escape),
            ("a/../../x", ResourceError::Escape),
            ("..", ResourceError::Escape),
            ("./a", ResourceError::NotPlain),
            ("a//b", ResourceError::NotPlain),
            ("a/", ResourceError::NotPlain),
            ("a\0", ResourceError::NotPlain),
        ] {
            assert_eq!(text.parse::<ResourcePath>(), Err(why), "{text:?}");
        }
        for text in [".", "a", "a/b.c", "..a", "a:b"] {
            assert_eq!(text.parse::<ResourcePath>().map(|path| path.to_string()).as_deref(), Ok(text));
        }
        for text in ["a", "a:1", "a:1:1", "a:2:1", "a:01:2", "a:+1:2", "a:1:2:3", "/a:1:2", "a:1:99999999999999999999"]
        {
            assert!(Resource::parse_shard(text).is_err(), "{text:?}");
        }
        assert_eq!(Resource::parse_shard("a/b:0:10").map(|shard| shard.to_string()).as_deref(), Ok("a/b:0:10"));
    }

    #[test]
    fn paths_are_sorted_by_their_components() {
        let mut paths: Vec<ResourcePath> =
            ["a.b", "a/b", "a", "b", ".", "a/b/c"].map(|p| p.parse().expect("a path")).into();
        paths.sort();
        assert_eq!(paths.iter().map(ResourcePath::as_str).collect::<Vec<_>>(), [".", "a", "a/b", "a/b/c", "a.b", "b"]);
    }
}
