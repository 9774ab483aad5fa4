//! joblib's files: a pickle with the raw bytes of arrays between its opcodes (joblib ≥ 0.10, `numpy_pickle.py`).
//!
//! After the BUILD of a `NumpyArrayWrapper` the loader reads the array from the file: a byte with the length of the
//! padding and the padding (joblib ≥ 1.2), then `product(shape) * itemsize` bytes; for an array of objects another
//! pickle. The machine must find the same end, or say that it can't.

use crate::catalogue::finding;

use super::codes;
use super::machine::{Broken, Machine, PROBE_KNOWN, Purpose};
use super::value::{Call, Value};

/// What follows the wrapper in the file.
#[derive(Debug, PartialEq, Eq)]
enum Follows {
    /// So many bytes, after padding or not.
    Bytes { count: u64, padding: Padding },
    /// A pickle of its own.
    Pickle,
}

/// Whether an instance got state before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Built {
    First,
    Again,
}

#[derive(Debug, PartialEq, Eq)]
enum Padding {
    None,
    Counted,
}

/// The parameters of the wrapper's constructor, in order.
const PARAMETERS: &[&str] = &["subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"];

impl Machine<'_, '_, '_> {
    /// Follows the loader over the array if `target` is one of joblib's wrappers.
    pub(super) fn array_wrapper(&mut self, target: Value, built: Built) -> Result<(), Broken> {
        let Some(&Call { callee: Value::Global(class), .. }) = self.heap.call(target) else { return Ok(()) };
        let Some(class) = self.globals.at(class).filter(|c| c.module.contains("joblib.numpy_pickle")) else {
            return Ok(());
        };
        match class.name.as_str() {
            "NumpyArrayWrapper" => self.skip_array(target, built),
            "NDArrayWrapper" | "ZNDArrayWrapper" => {
                self.check_file_name(target);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// True when a wrapper of joblib's was imported: an array may stand behind every BUILD of what is not known.
    pub(super) fn has_array_wrapper(&self) -> bool {
        self.globals.any(|global| global.module.contains("joblib.numpy_pickle") && global.name == "NumpyArrayWrapper")
    }

    /// Says that an array may follow, or not, and that nobody knows where it ends.
    pub(super) fn lost_array(&mut self) -> Result<(), Broken> {
        if self.purpose == Purpose::Examine {
            let place = self.report.byte(self.offset);
            let what = "an array whose size is known only when it is loaded";
            self.report.add(finding(&codes::NOT_FOLLOWED, place).with("what", what));
        }
        Err(Broken::Lost)
    }

    fn skip_array(&mut self, wrapper: Value, built: Built) -> Result<(), Broken> {
        self.leave_frame();
        // Attributes of an earlier state stay, and only the last state is kept here.
        let follows = if built == Built::Again { None } else { self.follows(wrapper) };
        match follows {
            Some(Follows::Pickle) => self.run_nested()?,
            Some(Follows::Bytes { count, padding }) => {
                let start = self.input.position();
                self.tell_other_reading(start, self.input.size());
                if padding == Padding::Counted {
                    let length = self.input.byte()?;
                    self.input.literal(u64::from(length))?;
                    // Versions before 1.2 know no padding, and go on so many bytes earlier.
                    let end = self.input.position().saturating_add(count);
                    self.tell_other_reading(start.saturating_add(count), end);
                }
                self.input.literal(count)?;
            }
            None => return self.lost_array(),
        }
        // The loader puts the array in the wrapper's place.
        self.pop()?;
        self.stack.push(Value::Data);
        Ok(())
    }

    /// `pickle.load` knows nothing of arrays and runs their bytes as opcodes. Real ones break at once; a payload in them
    /// runs for whoever takes that loader.
    fn tell_other_reading(&mut self, offset: u64, end: u64) {
        if self.purpose != Purpose::Examine || offset >= self.input.size() {
            return;
        }
        let below = self.stack[self.stack.len().saturating_sub(PROBE_KNOWN)..].to_vec();
        if let Some(global) = Machine::probe(self.input.source(), (offset, end), &below, self.report) {
            self.tell(&codes::DANGEROUS_IMPORT, |_, f| {
                f.with("global", global).with("does", "in the bytes of an array")
            });
        }
    }

    /// Before 0.10 each array lay in a file of its own beside the pickle. A name that leaves the folder is no such file.
    fn check_file_name(&mut self, wrapper: Value) {
        let Some(name) = self.attribute(wrapper, "filename").and_then(|v| self.text_of(v)) else {
            let what = "the name of a file, which is known only when it is loaded";
            return self.tell(&codes::NOT_FOLLOWED, |_, f| f.with("what", what));
        };
        if name.contains(['/', '\\', ':']) {
            self.tell(&codes::OUTSIDE_FILE, |_, f| f.with("file", name));
        }
    }

    fn follows(&self, wrapper: Value) -> Option<Follows> {
        let dtype = self.attribute(wrapper, "dtype")?;
        let item = self.item(dtype)?;
        let Item::Bytes(size) = item else { return Some(Follows::Pickle) };
        let shape = self.heap.items(self.attribute(wrapper, "shape")?)?;
        let count = shape.iter().try_fold(1_u64, |product, side| match side {
            Value::Int(side) => product.checked_mul(u64::try_from(*side).ok()?),
            _ => None,
        })?;
        let padding = match self.attribute(wrapper, "numpy_array_alignment_bytes") {
            None | Some(Value::None) => Padding::None,
            Some(_) => Padding::Counted,
        };
        Some(Follows::Bytes { count: count.checked_mul(size)?, padding })
    }

    /// An attribute that the constructor or the state gave. The last one counts.
    fn attribute(&self, instance: Value, name: &str) -> Option<Value> {
        let &Call { args, state, .. } = self.heap.call(instance)?;
        if state != Value::None {
            let entries = self.heap.entries(state)?;
            let named = entries.iter().rev().find(|(key, _)| self.text_of(*key).as_deref() == Some(name));
            if let Some((_, value)) = named {
                return Some(*value);
            }
        }
        let at = PARAMETERS.iter().position(|p| *p == name)?;
        self.heap.items(args)?.get(at).copied()
    }

    /// What `numpy.dtype(code, …)` with its state describes (numpy, `arraydescr_setstate`): version, byte order,
    /// sub-array, names, fields, item size, alignment, flags.
    fn item(&self, dtype: Value) -> Option<Item> {
        let Some(&Call { callee: Value::Global(class), args, state }) = self.heap.call(dtype) else { return None };
        if !self.globals.at(class).is_some_and(|c| c.module.starts_with("numpy") && c.name == "dtype") {
            return None;
        }
        let code = self.text_of(*self.heap.items(args)?.first()?)?;
        let of_code = item_of_code(&code)?;
        if state == Value::None {
            return Some(of_code);
        }
        let state = self.heap.items(state)?;
        let (Some(Value::Int(size)), Some(Value::Int(flags))) = (state.get(5), state.get(7)) else { return None };
        let has_object = flags & 1 == 1;
        match of_code {
            Item::Objects if has_object => Some(Item::Objects),
            Item::Bytes(_) if has_object => code.starts_with('V').then_some(Item::Objects),
            Item::Bytes(_) if code.starts_with(['V', 'S', 'U']) => u64::try_from(*size).ok().map(Item::Bytes),
            Item::Bytes(of_code) => Some(Item::Bytes(of_code)),
            Item::Objects => None,
        }
    }
}

/// One item of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Bytes(u64),
    Objects,
}

/// The item that a type code such as `f8`, `<U5`, `?` or `O` stands for.
fn item_of_code(code: &str) -> Option<Item> {
    let code = code.trim_start_matches(['<', '>', '=', '|']);
    let kind = code.chars().next()?;
    let size: Option<u64> = match code.get(kind.len_utf8()..)? {
        "" => None,
        digits => Some(digits.parse().ok()?),
    };
    let bytes = match (kind, size) {
        ('O', _) => return Some(Item::Objects),
        ('?', None) => 1,
        ('U', Some(size)) => size.checked_mul(4)?,
        ('b' | 'i' | 'u' | 'f' | 'c' | 'm' | 'M' | 'S' | 'a' | 'V', Some(size)) => size,
        ('b' | 'B', None) => 1,
        ('h' | 'H' | 'e', None) => 2,
        ('i' | 'I' | 'f', None) => 4,
        ('q' | 'Q' | 'd' | 'm' | 'M' | 'F', None) => 8,
        ('D', None) => 16,
        // `l`, `L`, `g`, `G`, `p` and `P` have as many bytes as the machine that loads them says.
        _ => return None,
    };
    Some(Item::Bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_codes_have_their_sizes() {
        for (code, bytes) in [("f8", 8), ("<i4", 4), ("|b1", 1), ("U3", 12), ("V7", 7), ("M8", 8), ("?", 1), ("d", 8)] {
            assert_eq!(item_of_code(code), Some(Item::Bytes(bytes)), "{code}");
        }
        assert_eq!(item_of_code("O8"), Some(Item::Objects));
        for code in ["", "x9", "U", "f-8", "U99999999999999999999", "é"] {
            assert_eq!(item_of_code(code), None, "{code}");
        }
    }
}
