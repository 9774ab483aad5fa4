//! The storages behind the pickles of PyTorch's format before 1.6: each is its number of elements, and its bytes.

use std::collections::BTreeMap;

/// Storages of one file.
const STORAGES_MAX: usize = 100_000;

/// Storages by their keys, with their bytes.
#[derive(Default)]
pub(super) struct Storages {
    sizes: BTreeMap<String, u64>,
    /// Of some the size is not known.
    are_unknown: bool,
}

impl Storages {
    /// Adds a storage, or one of which the size is not known.
    pub(super) fn add(&mut self, storage: Option<(String, u64)>) {
        match storage {
            Some((key, bytes)) if self.sizes.len() < STORAGES_MAX => {
                let size = self.sizes.entry(key).or_insert(bytes);
                *size = (*size).max(bytes);
            }
            _ => self.are_unknown = true,
        }
    }

    /// The bytes of all of them as they follow one another, each behind its length.
    pub(super) fn bytes(&self) -> Option<u64> {
        let sum = self.sizes.values().try_fold(0_u64, |sum, size| sum.checked_add(8)?.checked_add(*size))?;
        (!self.are_unknown).then_some(sum)
    }
}

/// Bytes of an element of a storage of this type.
pub(super) fn element_bytes(name: &str) -> Option<u64> {
    Some(match name.strip_suffix("Storage")? {
        "ComplexDouble" => 16,
        "Double" | "Long" | "ComplexFloat" => 8,
        "Float" | "Int" | "QInt32" => 4,
        "Half" | "BFloat16" | "Short" => 2,
        "Byte" | "Char" | "Bool" | "QUInt8" | "QInt8" | "QUInt4x2" | "QUInt2x4" | "Untyped" => 1,
        _ => return None,
    })
}
