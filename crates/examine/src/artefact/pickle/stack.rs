//! The stack and the memo of the machine, and what is put into containers.

use super::codes;
use super::machine::{Broken, Machine, Purpose};
use super::value::{Node, Value};

/// The stack and the memo, with the checks of the C unpickler: nothing is taken from below the last mark.
impl Machine<'_, '_, '_> {
    pub(super) fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn pop(&mut self) -> Result<Value, Broken> {
        if self.stack.len() <= self.fence() {
            return Err(Broken::Underflow);
        }
        self.stack.pop().ok_or(Broken::Underflow)
    }

    pub(super) fn top(&self) -> Result<Value, Broken> {
        if self.stack.len() <= self.fence() {
            return Err(Broken::Underflow);
        }
        self.stack.last().copied().ok_or(Broken::Underflow)
    }

    pub(super) fn pop_to_mark(&mut self) -> Result<Vec<Value>, Broken> {
        let mark = self.marks.pop().ok_or(Broken::NoMark)?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    pub(super) fn pop_or_mark(&mut self) -> Result<(), Broken> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(|_| ())
    }

    #[inline]
    pub(super) fn get(&mut self, slot: u64) -> Result<(), Broken> {
        match self.memo.get(slot) {
            Some(value) => self.stack.push(value),
            None if self.purpose == Purpose::Probe => self.stack.push(Value::Computed),
            None => return Err(Broken::Memo(slot as i64)),
        }
        Ok(())
    }

    #[inline]
    pub(super) fn put(&mut self, slot: u64) -> Result<(), Broken> {
        let top = self.top()?;
        self.memo.put(slot, top);
        Ok(())
    }

    pub(super) fn push_tuple(&mut self, len: usize) -> Result<(), Broken> {
        let start = self.stack.len().checked_sub(len).filter(|s| *s >= self.fence()).ok_or(Broken::Underflow)?;
        let tuple = self.heap.tuple(&self.stack[start..]);
        if self.stack[start..].iter().any(|value| matches!(value, Value::Global(_))) {
            let items = self.stack[start..].to_vec();
            self.hand_on(&items);
        }
        self.stack.truncate(start);
        self.push_container(tuple);
        Ok(())
    }

    pub(super) fn push_node(&mut self, node: Node) {
        let node = self.heap.add(node, 0);
        self.stack.push(node);
    }

    pub(super) fn push_filled(&mut self, empty: Node, items: &[Value]) {
        self.hand_on(items);
        let is_dict = matches!(empty, Node::Dict { .. });
        let node = self.heap.add(empty, 0);
        if is_dict {
            self.heap.set_items(node, items)
        } else {
            self.heap.extend(node, items)
        }
        self.push_container(node);
    }

    pub(super) fn push_container(&mut self, node: Value) {
        self.stack.push(node);
        self.weigh(node);
    }

    /// Puts items into the container on top. One that is no built-in container gets them through its methods.
    pub(super) fn fill(&mut self, items: &[Value]) -> Result<(), Broken> {
        let target = self.top()?;
        self.hand_on(items);
        if matches!(target, Value::Computed | Value::Data) {
            let lost = self.heap.keys_of(items);
            self.lost_keys.add(lost);
        }
        match self.heap.node(target) {
            Some(Node::Dict { .. }) => self.heap.set_items(target, items),
            Some(Node::Tuple { .. }) => self.odd("fills a tuple")?,
            Some(_) => self.heap.extend(target, items),
            None if items.is_empty() => {}
            None => match target {
                Value::Global(_) => self.changes_global(target, items.first().copied()),
                Value::Computed | Value::Data => {}
                _ => self.odd("fills something that is no container")?,
            },
        }
        self.weigh(target);
        Ok(())
    }

    /// Looks for containers that hold each other so often that writing them out never ends ("billion laughs").
    pub(super) fn weigh(&mut self, node: Value) {
        let weight = self.heap.weight(node);
        let limits = self.report.limits();
        let bytes = self.input.position().max(1);
        if weight > limits.pickle_expanded_max && weight / bytes > limits.ratio_max {
            self.note(codes::EXPANSION, |f| f.with("count", weight));
        }
    }
}
