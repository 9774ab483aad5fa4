//! The places of many short words in a text, and whether a pattern can begin at such a place.
//!
//! Both are answered by small tables that stay in the nearest cache, so that text which holds nothing, and text that
//! is made of nothing but needles, cost little more than reading it.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

/// Bytes by which a place is chosen. No needle is shorter.
const START_BYTES: usize = 3;
/// Bits of a hash of the first bytes of a needle.
const HASH_BITS: u32 = 14;

/// A word, whose first bytes are compared at once.
struct Word {
    index: usize,
    /// In small letters.
    text: Box<[u8]>,
    /// The first bytes; letters in small, and zeros behind the end.
    first: u64,
    /// The bit that makes a letter a small one, where there is a letter.
    fold: u64,
    /// All bits of the bytes that there are.
    mask: u64,
}

impl Word {
    fn new(index: usize, text: &str) -> Self {
        let text: Box<[u8]> = text.to_ascii_lowercase().into_bytes().into();
        let eight = |of: fn(u8) -> u8| {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(&text).for_each(|(byte, c)| *byte = of(*c));
            u64::from_le_bytes(bytes)
        };
        let fold = eight(|c| if c.is_ascii_lowercase() { 0x20 } else { 0 });
        Self { index, first: eight(|c| c), fold, mask: eight(|_| 0xff), text }
    }

    fn begins(&self, text: &[u8]) -> bool {
        match text.first_chunk() {
            Some(eight) if (u64::from_le_bytes(*eight) | self.fold) & self.mask != self.first => false,
            Some(_) if self.text.len() <= 8 => true,
            _ => text.get(..self.text.len()).is_some_and(|here| here.eq_ignore_ascii_case(&self.text)),
        }
    }
}

/// ASCII words, found in either case.
pub(super) struct Needles {
    /// For each hash of the beginning of a word, which of `alike` has it; 0 for none.
    starts: Box<[u8; 1 << HASH_BITS]>,
    /// Words whose beginnings have one hash.
    alike: Vec<Vec<Word>>,
}

impl Needles {
    /// # Panics
    /// If a word has less than three bytes or is not ASCII, or if there are very many.
    pub(super) fn new<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut starts = Box::new([0; 1 << HASH_BITS]);
        let mut alike: Vec<Vec<Word>> = vec![Vec::new()];
        for (index, word) in words.enumerate() {
            let bytes = word.as_bytes();
            assert!(bytes.len() >= START_BYTES && word.is_ascii(), "a needle is too short, or not ASCII");
            let start = &mut starts[hash(start_of([bytes[0], bytes[1], bytes[2]]))];
            if *start == 0 {
                *start = u8::try_from(alike.len()).expect("few needles");
                alike.push(Vec::new());
            }
            alike[usize::from(*start)].push(Word::new(index, word));
        }
        Self { starts, alike }
    }

    /// Calls back with the index of each word and where it begins, in the order of the text; words may overlap.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        for (at, first) in text.windows(START_BYTES).enumerate() {
            let start = self.starts[hash(start_of([first[0], first[1], first[2]]))];
            if start != 0 {
                let here = self.alike[usize::from(start)].iter().filter(|word| word.begins(&text[at..]));
                here.for_each(|word| found(word.index, at));
            }
        }
    }
}

/// The first bytes as a number, letters in small; a few other bytes fall together, too.
fn start_of(bytes: [u8; START_BYTES]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) | 0x0020_2020
}

fn hash(start: u32) -> usize {
    (start.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
}

/// Bytes of the beginning of a pattern that are looked at.
const HEAD_BYTES: usize = 16;

/// Which bytes can stand at each of the first places of what an anchored pattern matches.
pub(super) struct Head {
    /// For each byte, one bit a place.
    places: Box<[u16; 256]>,
    /// Bytes of the shortest match, as far as they are looked at.
    len: usize,
}

impl Head {
    /// # Errors
    /// If the pattern is none.
    pub(super) fn new(pattern: &str) -> Result<Self, Box<regex_automata::nfa::thompson::BuildError>> {
        let nfa = NFA::new(pattern).map_err(Box::new)?;
        let mut places = Box::new([0_u16; 256]);
        let mut states = closure(&nfa, vec![nfa.start_anchored()]);
        for len in 0..HEAD_BYTES {
            if states.iter().any(|id| matches!(nfa.state(*id), State::Match { .. })) {
                return Ok(Self { places, len });
            }
            let mut next = Vec::new();
            for id in states {
                let one;
                let transitions = match nfa.state(id) {
                    State::ByteRange { trans } => {
                        one = [*trans];
                        &one[..]
                    }
                    State::Sparse(sparse) => &sparse.transitions,
                    State::Dense(dense) => {
                        for (byte, to) in (0..=u8::MAX).zip(dense.transitions.iter()) {
                            if *to != StateID::ZERO {
                                places[usize::from(byte)] |= 1 << len;
                                next.push(*to);
                            }
                        }
                        continue;
                    }
                    _ => continue,
                };
                for step in transitions {
                    (step.start..=step.end).for_each(|byte| places[usize::from(byte)] |= 1 << len);
                    next.push(step.next);
                }
            }
            states = closure(&nfa, next);
        }
        Ok(Self { places, len: HEAD_BYTES })
    }

    /// False when no match can begin with this text.
    pub(super) fn may_begin(&self, text: &[u8]) -> bool {
        text.len() >= self.len
            && text.iter().take(self.len).enumerate().all(|(at, byte)| self.places[usize::from(*byte)] >> at & 1 == 1)
    }
}

/// All states that are reached without a byte. An assertion about what stands around counts as true.
fn closure(nfa: &NFA, mut open: Vec<StateID>) -> Vec<StateID> {
    let mut seen = std::collections::BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match nfa.state(id) {
            State::Look { next, .. } | State::Capture { next, .. } => open.push(*next),
            State::Union { alternates } => open.extend(alternates.iter()),
            State::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
            _ => {}
        }
    }
    seen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use aho_corasick::{AhoCorasick, AhoCorasickKind};
    use proptest::prelude::*;

    use super::*;

    const WORDS: &[&str] = &["://", "sk-", "sk-ant-", "eyJ", "secret", "secretaccesskey", "SECRET=", "-----BEGIN "];

    #[test]
    fn a_head_tells_what_can_not_begin_a_match() {
        let head = Head::new("^(?:://[^/:]{1,64}:[a-z]{6}@)").expect("a test");
        assert!(head.may_begin(b"://user:password@host"));
        for other in ["://a://a://a://a", "://a", ":/", "", "http://a:bcdefg@h"] {
            assert!(!head.may_begin(other.as_bytes()), "{other}");
        }
        let head = Head::new("^(?:a|ab[0-9é])").expect("a test");
        assert!(head.may_begin(b"a") && head.may_begin(b"abx") && !head.may_begin(b"b"));
    }

    proptest! {
        #[test]
        fn needles_are_those_of_an_automaton(parts in prop::collection::vec(prop_oneof![
            prop::sample::select(WORDS).prop_map(str::to_owned),
            prop::sample::select(WORDS).prop_map(str::to_uppercase),
            "[a-zA-Z:/é -]{0,5}",
        ], 0..20)) {
            let text = parts.concat();
            let automaton = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::NoncontiguousNFA))
                .build(WORDS)
                .expect("a test");
            let mut expected: Vec<(usize, usize)> =
                automaton.find_overlapping_iter(&text).map(|m| (m.start(), m.pattern().as_usize())).collect();
            expected.sort_unstable();
            let mut found = Vec::new();
            Needles::new(WORDS.iter().copied()).each(text.as_bytes(), |word, at| found.push((at, word)));
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn what_matches_may_begin(text in "(://)?[a-z:/@.é]{0,20}") {
            for pattern in ["^(?:://[^/:]{1,64}:[a-zé]{6}@)", "^(?:[^a]+|ab?c*é)", "^(?:a{3,}|b)", "^(?:://\\b[a-z]+\\b)"] {
                if regex::Regex::new(pattern).expect("a test").is_match(&text) {
                    prop_assert!(Head::new(pattern).expect("a test").may_begin(text.as_bytes()), "{} {}", pattern, text);
                }
            }
        }
    }
}
