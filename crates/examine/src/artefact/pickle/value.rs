//! Symbolic values: small, copied freely, and never the content of a literal.

use super::input::Span;

/// What stands for an object while the machine runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    /// A memo slot that was never stored into.
    Unset,
    None,
    Bool(bool),
    Int(i64),
    /// The number that starts PyTorch's format before 1.6.
    TorchMagic,
    /// Data without anything to run: floats, large integers, arrays, storages.
    Data,
    /// Text, by its place in the source, and whether it names a hook of Python's ([`super::hooks`]).
    Text {
        form: TextForm,
        is_hook: bool,
        len: u32,
        offset: u64,
    },
    /// Bytes, by their place in the source.
    Bytes {
        len: u32,
        offset: u64,
    },
    /// An imported global, by its number in the machine.
    Global(u32),
    /// A container or an instance, by its number in the heap.
    Node(u32),
    /// Something that is known only when it runs, or that was not kept.
    Computed,
}

/// How a text literal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextForm {
    /// UTF-8, or bytes of Python 2.
    Raw,
    /// Between quotes, with Python's backslash escapes.
    Quoted,
    /// With `\uXXXX` and `\UXXXXXXXX` only.
    UnicodeEscape,
}

impl Value {
    pub(super) fn text(form: TextForm, span: Span, is_hook: bool) -> Self {
        match u32::try_from(span.len) {
            Ok(len) => Self::Text { form, is_hook, len, offset: span.offset },
            Err(_) => Self::Data,
        }
    }

    pub(super) fn bytes(span: Span) -> Self {
        match u32::try_from(span.len) {
            Ok(len) => Self::Bytes { len, offset: span.offset },
            Err(_) => Self::Data,
        }
    }
}

/// Items of one container that are kept; the rest is counted.
pub(super) const ITEMS_KEPT: usize = 16;
/// Entries of one dictionary that are kept; the rest is counted.
pub(super) const ENTRIES_KEPT: usize = 64;

/// A container or an instance.
#[derive(Debug)]
pub(super) enum Node {
    Tuple { items: Box<[Value]>, len: u32 },
    List { items: Vec<Value>, len: u32 },
    Dict { entries: Vec<(Value, Value)>, len: u32, keys: Keys },
    Set,
    Call(Box<Call>),
}

/// What the keys of a dictionary are, kept or not. As the state of an object they become its attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    /// One names a hook of Python's.
    pub(super) hook: bool,
    /// One is known only when it runs.
    pub(super) computed: bool,
}

impl Keys {
    /// Notes the keys of others, too.
    pub(super) fn add(&mut self, other: Self) {
        self.hook |= other.hook;
        self.computed |= other.computed;
    }
}

/// What a call returned, with the state that it was given afterwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) callee: Value,
    pub(super) args: Value,
    pub(super) state: Value,
}

/// What is counted of a length.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// All nodes of a pickle.
pub(super) struct Heap {
    nodes: Vec<Node>,
    /// For each node how many values it stands for when shared parts are written out each time. Saturating.
    weights: Vec<u64>,
    cells: usize,
    cells_max: usize,
}

impl Heap {
    pub(super) fn new(cells_max: usize) -> Self {
        Self { nodes: Vec::new(), weights: Vec::new(), cells: 0, cells_max }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.cells_max);
    }

    /// Keeps a node while there is room; past that its content is not known any more.
    pub(super) fn add(&mut self, node: Node, weight: u64) -> Value {
        // A node and its weight, and what it owns: one more each time for the allocator's own.
        let cells = 3 + match &node {
            Node::Tuple { items, .. } if !items.is_empty() => 1 + items.len(),
            Node::Call(_) => 4,
            _ => 0,
        };
        let Ok(number) = u32::try_from(self.nodes.len()) else { return Value::Computed };
        if self.cells + cells > self.cells_max {
            return Value::Computed;
        }
        self.cells += cells;
        self.nodes.push(node);
        self.weights.push(weight.saturating_add(1));
        Value::Node(number)
    }

    pub(super) fn tuple(&mut self, items: &[Value]) -> Value {
        let weight = self.weight_of_all(items);
        let kept = items[..items.len().min(ITEMS_KEPT)].into();
        self.add(Node::Tuple { items: kept, len: count(items.len()) }, weight)
    }

    pub(super) fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(number) => self.nodes.get(number as usize),
            _ => None,
        }
    }

    pub(super) fn call(&self, value: Value) -> Option<&Call> {
        match self.node(value)? {
            Node::Call(call) => Some(call),
            _ => None,
        }
    }

    pub(super) fn node_mut(&mut self, value: Value) -> Option<&mut Node> {
        match value {
            Value::Node(number) => self.nodes.get_mut(number as usize),
            _ => None,
        }
    }

    /// Adds items to a list or a set.
    pub(super) fn extend(&mut self, list: Value, more: &[Value]) {
        self.grow(list, more);
        let spare = self.cells_max - self.cells;
        if let Some(Node::List { items, len }) = self.node_mut(list) {
            let first = usize::from(items.is_empty());
            let kept = more.len().min(ITEMS_KEPT.saturating_sub(items.len())).min(spare.saturating_sub(first));
            items.reserve_exact(kept);
            items.extend_from_slice(&more[..kept]);
            *len = len.saturating_add(count(more.len()));
            self.cells += if kept > 0 { first + kept } else { 0 };
        }
    }

    /// What the keys are, of keys and values in turn.
    pub(super) fn keys_of(&self, items: &[Value]) -> Keys {
        let keys = || items.iter().step_by(2);
        let is_computed = |key: &Value| *key == Value::Computed || self.call(*key).is_some();
        Keys {
            hook: keys().any(|key| matches!(key, Value::Text { is_hook: true, .. })),
            computed: keys().any(is_computed),
        }
    }

    /// Adds keys and values, in turn, to a dictionary.
    pub(super) fn set_items(&mut self, dict: Value, more: &[Value]) {
        self.grow(dict, more);
        let added = self.keys_of(more);
        let spare = (self.cells_max - self.cells) / 2;
        if let Some(Node::Dict { entries, len, keys }) = self.node_mut(dict) {
            keys.add(added);
            let first = usize::from(entries.is_empty());
            let kept =
                (more.len() / 2).min(ENTRIES_KEPT.saturating_sub(entries.len())).min(spare.saturating_sub(first));
            entries.reserve_exact(kept);
            entries.extend(more.chunks_exact(2).take(kept).map(|pair| (pair[0], pair[1])));
            *len = len.saturating_add(count(more.len() / 2));
            self.cells += if kept > 0 { first + 2 * kept } else { 0 };
        }
    }

    /// The items of a tuple or list, if all of them were kept.
    pub(super) fn items(&self, value: Value) -> Option<&[Value]> {
        match self.node(value)? {
            Node::Tuple { items, len } if count(items.len()) == *len => Some(items),
            Node::List { items, len } if count(items.len()) == *len => Some(items),
            _ => None,
        }
    }

    /// The entries of a dictionary, if all of them were kept.
    pub(super) fn entries(&self, value: Value) -> Option<&[(Value, Value)]> {
        match self.node(value)? {
            Node::Dict { entries, len, .. } if count(entries.len()) == *len => Some(entries),
            _ => None,
        }
    }

    pub(super) fn weight(&self, value: Value) -> u64 {
        match value {
            Value::Node(number) => self.weights.get(number as usize).copied().unwrap_or(1),
            _ => 1,
        }
    }

    pub(super) fn weight_of_all(&self, values: &[Value]) -> u64 {
        values.iter().fold(0, |sum: u64, v| sum.saturating_add(self.weight(*v)))
    }

    fn grow(&mut self, container: Value, more: &[Value]) {
        let added = self.weight_of_all(more);
        if let Value::Node(number) = container
            && let Some(weight) = self.weights.get_mut(number as usize)
        {
            *weight = weight.saturating_add(added);
        }
    }
}

/// The memo: dense where the stream numbers densely, as every pickler does, and sparse otherwise.
pub(super) struct Memo {
    dense: Vec<Value>,
    sparse: std::collections::HashMap<u64, Value>,
    count: usize,
    /// Slots of `dense` that are kept. Of those behind, globals go into `sparse`, and what others hold is not known.
    kept_max: usize,
    /// Behind the last slot that was not kept. Those between are all in use.
    forgotten_end: u64,
}

/// Globals that are kept of slots behind those that are.
const LATE_GLOBALS_MAX: usize = 50_000;

impl Memo {
    pub(super) fn new(kept_max: usize) -> Self {
        Self { dense: Vec::new(), sparse: std::collections::HashMap::new(), count: 0, kept_max, forgotten_end: 0 }
    }

    /// An empty one, with what this one holds left in place of it.
    pub(super) fn take(&mut self) -> Self {
        let empty = Self::new(self.kept_max);
        std::mem::replace(self, empty)
    }

    pub(super) fn clear(&mut self) {
        self.dense.clear();
        self.sparse.clear();
        (self.count, self.forgotten_end) = (0, 0);
    }

    /// How many slots are in use: the next slot that MEMOIZE takes.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// How many slots lie far from all others. Picklers number as they go, so theirs are few.
    pub(super) fn count_sparse(&self) -> usize {
        self.sparse.len()
    }

    #[inline]
    pub(super) fn put(&mut self, slot: u64, value: Value) {
        let reach = self.count as u64 + self.count as u64 / 2 + 1024;
        let old = match usize::try_from(slot) {
            Ok(at) if slot < reach && at < self.kept_max => {
                if at >= self.dense.len() {
                    self.dense.resize(at + 1, Value::Unset);
                }
                let old = std::mem::replace(&mut self.dense[at], value);
                if old == Value::Unset && !self.sparse.is_empty() {
                    self.sparse.remove(&slot).unwrap_or(old)
                } else {
                    old
                }
            }
            _ if slot >= self.kept_max as u64 && slot <= self.known_end() => self.forget(slot, value),
            _ => self.sparse.insert(slot, value).unwrap_or(Value::Unset),
        };
        self.count += usize::from(old == Value::Unset);
    }

    /// Behind the slots that are kept or were, one after the other, not kept.
    fn known_end(&self) -> u64 {
        self.forgotten_end.max(self.kept_max as u64)
    }

    /// Puts into a slot behind those that are kept. Returns what was there.
    #[cold]
    fn forget(&mut self, slot: u64, value: Value) -> Value {
        let old = self.get(slot).unwrap_or(Value::Unset);
        self.forgotten_end = self.known_end().max(slot + 1);
        let is_late_global = matches!(value, Value::Global(_)) && self.sparse.len() < LATE_GLOBALS_MAX;
        if is_late_global || self.sparse.contains_key(&slot) {
            self.sparse.insert(slot, value);
        }
        old
    }

    #[inline]
    pub(super) fn get(&self, slot: u64) -> Option<Value> {
        let dense = usize::try_from(slot).ok().and_then(|at| self.dense.get(at)).copied();
        match dense {
            Some(value) if value != Value::Unset => Some(value),
            _ => self.get_other(slot),
        }
    }

    fn get_other(&self, slot: u64) -> Option<Value> {
        let forgotten = slot >= self.kept_max as u64 && slot < self.forgotten_end;
        self.sparse.get(&slot).copied().or(forgotten.then_some(Value::Computed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_behind_those_that_are_kept_are_in_use_and_unknown() {
        let (mut memo, text) = (Memo::new(2), Value::Int(7));
        (0..4).for_each(|_| memo.put(memo.count() as u64, text));
        let global = Value::Global(1);
        memo.put(memo.count() as u64, global);
        assert_eq!(memo.count(), 5);
        assert_eq!([0, 1, 2, 3, 4, 5].map(|slot| memo.get(slot)), {
            [Some(text), Some(text), Some(Value::Computed), Some(Value::Computed), Some(global), None]
        });
        // What is put again is no other slot, and far slots leave those between empty.
        memo.put(2, global);
        memo.put(4, text);
        memo.put(9_000, text);
        assert_eq!((memo.count(), memo.get(2), memo.get(4)), (6, Some(global), Some(text)));
        assert_eq!((memo.get(9_000), memo.get(8_999), memo.take().count(), memo.count()), (Some(text), None, 6, 0));
    }
}
