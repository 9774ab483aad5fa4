//! Pickles.

use crate::report::Report;
use crate::source::Source;

/// What a pickle lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A file or a member of its own.
    Plain,
    /// A PyTorch checkpoint of the old form: pickles, then raw storages.
    TorchLegacy,
    /// A part of another format: `data.pkl` in PyTorch's zip, the objects of a NumPy array.
    Embedded,
}

/// Examines a pickle.
pub fn examine(_source: &dyn Source, _carrier: Carrier, report: &mut Report<'_>) {
    report.no_examiner("pickle");
}

/// True when these first bytes may be a pickle.
#[must_use]
pub fn looks_like_pickle(prefix: &[u8]) -> bool {
    matches!(prefix, [0x80, 2..=5, ..])
}
