//! Names that are taken for one of a table: found by keys, without a look at each of the table.

use std::collections::{BTreeSet, HashMap};

/// Bytes of a name from which on one letter makes too little of a difference to be looked for.
const EDITED_BYTES_MIN: usize = 5;
/// Bytes of a name beyond which it is no edit of one of a table.
const EDITED_BYTES_MAX: usize = 64;

/// A table of names.
pub struct Near {
    /// Places in the table by keys.
    keys: HashMap<String, Vec<usize>>,
    /// What a name looks like.
    swapped: fn(&str) -> String,
}

impl Near {
    /// A table of these names, of which those are alike that `swapped` makes the same.
    pub fn new<'n>(names: impl Iterator<Item = &'n str>, swapped: fn(&str) -> String) -> Self {
        let mut near = Self { keys: HashMap::new(), swapped };
        for (at, name) in names.enumerate() {
            for key in near.keys_of(name) {
                near.keys.entry(key).or_default().push(at);
            }
        }
        near
    }

    /// The places of all names that this one may be taken for, and of a few others: those that are the same, that look alike, or, in
    /// names of five bytes or more, that are one edit apart ([`is_one_edit`]).
    pub fn of(&self, name: &str) -> BTreeSet<usize> {
        self.keys_of(name).iter().filter_map(|key| self.keys.get(key)).flatten().copied().collect()
    }

    /// The name, what it looks like, and the name without any one of its bytes. Of two names that are one edit apart, at least one
    /// of the last is the same.
    fn keys_of(&self, name: &str) -> Vec<String> {
        let is_edited = name.is_ascii() && (EDITED_BYTES_MIN..=EDITED_BYTES_MAX).contains(&name.len());
        let edited = if is_edited { name } else { "" };
        let without = (0..edited.len()).map(|at| [&edited[..at], &edited[at + 1..]].concat());
        [name.to_owned(), (self.swapped)(name)].into_iter().chain(without).collect()
    }
}

/// True when one letter was changed, added, left out or swapped with its neighbour.
pub fn is_one_edit(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (ra, rb) = (&a[front..], &b[front..]);
    let back = ra.iter().rev().zip(rb.iter().rev()).take_while(|(x, y)| x == y).count();
    let (ma, mb) = (&ra[..ra.len() - back], &rb[..rb.len() - back]);
    match (ma, mb) {
        ([x, y], [z, w]) => x == w && y == z,
        _ => ma.len() + mb.len() > 0 && ma.len() <= 1 && mb.len() <= 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edit_is_one() {
        assert!(is_one_edit("paypla", "paypal") && is_one_edit("paypall", "paypal") && is_one_edit("pavpal", "paypal"));
        assert!(!is_one_edit("paypal", "paypal") && !is_one_edit("payful", "paypal"));
    }

    #[test]
    fn names_that_are_near_are_found() {
        let names = ["numpy", "scikit-learn", "torch", "opencv-python", "numpi"];
        let near = Near::new(names.into_iter(), |name| name.replace('0', "o").replace('-', ""));
        for (at, name) in names.iter().enumerate() {
            let mut edits = vec![(*name).to_owned(), name.replace('o', "0"), name.replace('-', "")];
            for at in 0..name.len() {
                let (before, behind) = (&name[..at], &name[at + 1..]);
                let one_more = format!("{before}x{}", &name[at..]);
                let swapped = behind.get(..1).map(|next| format!("{before}{next}{}{}", &name[at..=at], &behind[1..]));
                edits.extend(
                    [format!("{before}{behind}"), format!("{before}x{behind}"), one_more].into_iter().chain(swapped),
                );
            }
            for edit in edits.iter().filter(|edit| edit.len() >= EDITED_BYTES_MIN) {
                assert!(near.of(edit).contains(&at), "{edit} and {name}");
            }
        }
        assert!(near.of("pandas").is_empty() && near.of("").is_empty() && near.of(&"a".repeat(10_000)).is_empty());
    }
}
