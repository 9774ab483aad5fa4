//! Tells pickles from other content by running the start of them.

use crate::limits::Limits;
use crate::report::Report;
use crate::source::Source;

use super::machine::{Broken, Loader, Machine, Purpose};

/// Opcodes that must run well before a stream counts as a pickle although its end was not seen.
const OPCODES_MIN: u64 = 8;

/// Is this the start of a pickle of any protocol (0 to 5)?
///
/// Protocols 0 and 1 have no magic number, so the prefix is run: it must reach its STOP, or get far, or import or call
/// what text and other formats don't spell by accident before it breaks.
#[must_use]
pub fn looks_like_pickle(prefix: &[u8]) -> bool {
    run(&prefix.to_vec(), prefix).is_pickle
}

/// The same of a source of which this is the start. The start may end within the first literals, which tells nothing; then
/// what follows is run, too. Literals are skipped, whatever their length.
#[must_use]
pub fn begins_as_pickle(source: &dyn Source, start: &[u8]) -> bool {
    shows(source, start, |look| look.is_pickle)
}

/// True when a source of which this is the start imports what is known, or calls something, when it is loaded as a pickle.
#[must_use]
pub fn acts_as_pickle(source: &dyn Source, start: &[u8]) -> bool {
    shows(source, start, |look| look.acts)
}

/// True when `start` shows it, or what follows in the source does where `start` ends too soon to tell.
fn shows(source: &dyn Source, start: &[u8], what: fn(&Look) -> bool) -> bool {
    let look = run(&start.to_vec(), start);
    what(&look) || look.is_cut && source.size() > start.len() as u64 && what(&run(source, start))
}

/// What running something has shown.
#[derive(Clone, Copy, Default)]
struct Look {
    is_pickle: bool,
    /// It imports what is known, or calls something.
    acts: bool,
    /// It ended before it told anything.
    is_cut: bool,
}

/// Runs a source that begins with `prefix`.
fn run(source: &dyn Source, prefix: &[u8]) -> Look {
    let has_magic = matches!(prefix, [0x80, 0..=5, ..]);
    if !has_magic && !prefix.first().is_some_and(|b| FIRST.contains(b)) {
        return Look::default();
    }
    let limits = Limits::default();
    let mut report = Report::new(&limits);
    let mut machine = Machine::new(source, Loader::Joblib, Purpose::Recognise, &mut report);
    let end = machine.run();
    let known = machine.globals.any_known() || machine.calls > 0;
    let is_pickle = match end {
        Ok(_) => machine.opcodes() > 1,
        Err(Broken::Truncated | Broken::Lost) => {
            known || (has_magic && prefix.len() > 2) || (machine.opcodes() >= OPCODES_MIN && literals(prefix))
        }
        Err(_) => known || (has_magic && machine.opcodes() > 2),
    };
    Look { is_pickle, acts: known, is_cut: !is_pickle && matches!(end, Err(Broken::Truncated)) }
}

/// Opcodes that a pickle without magic number can start with: those that need nothing on the stack, and INST, which needs a
/// mark that one reader of Python misses only after it has imported.
const FIRST: &[u8] = b"(iIJKLMFGNSTUVXBC])}cP\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97";

/// Marks and empty containers alone are no content.
fn literals(prefix: &[u8]) -> bool {
    prefix.iter().any(|b| !b"([]){}".contains(b))
}
