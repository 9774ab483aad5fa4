//! The abstract machine: stack, marks and memo of the unpickler over symbolic values (CPython, `Modules/_pickle.c`).
//!
//! Where the loaders differ (the C and the Python unpickler, joblib's, PyTorch's) it follows the one that goes on,
//! so that nothing which some loader would run stays unseen.

use std::collections::BTreeMap;
use std::fmt;

use sakimori_model::{Code, Finding};

use crate::catalogue::finding;
use crate::codes as common;
use crate::report::Report;
use crate::source::Source;

use super::calls::Globals;
use super::codes;
use super::hooks::HOOKS;
use super::input::{CHUNK_BYTES, GLANCE_BYTES, Input, LOOK_BYTES, Span};
use super::nested::Literals;
use super::storages::{Storages, element_bytes};
use super::value::{Heap, Keys, Memo, Node, TextForm, Value};

/// Opcodes run between two looks at the budget.
const BATCH_OPCODES: u64 = 4096;
/// Values that a probe starts with, for what it takes from below.
const PROBE_STACK: usize = 64;
/// Values of the stack that it knows.
pub(super) const PROBE_KNOWN: usize = 16;
/// The longest number in text that is read.
const NUMBER_BYTES_MAX: u64 = 4096;
/// The highest protocol that exists.
const PROTOCOL_MAX: u8 = 5;
/// PyTorch's magic number as LONG1 writes it, and as LONG does (torch/serialization.py, MAGIC_NUMBER).
const TORCH_MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const TORCH_MAGIC_TEXT: &[u8] = b"119547037146038801333356";

/// Why a stream ends before its STOP. All but the limit make the loader raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Truncated,
    Io(String),
    Opcode(u8),
    Underflow,
    NoMark,
    OddItems,
    Memo(i64),
    Number,
    Name,
    NotText,
    NotCallable,
    /// Only while recognising: valid, but nothing that a pickler writes.
    Implausible,
    /// What follows can't be located, and a finding already says so.
    Lost,
    /// The budget is used up, and a finding already says so.
    Limit,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the pickle ends in the middle"),
            Self::Io(error) => f.write_str(error),
            Self::Opcode(code) => write!(f, "{code:#04x} is no pickle opcode"),
            Self::Underflow => f.write_str("an opcode needs more values than there are"),
            Self::NoMark => f.write_str("an opcode needs a mark that is not there"),
            Self::OddItems => f.write_str("a dictionary with a key and no value"),
            Self::Memo(slot) => write!(f, "memo slot {slot} was never stored into"),
            Self::Number => f.write_str("a number that is none"),
            Self::Name => f.write_str("a global without a name, or one that is not UTF-8"),
            Self::NotText => f.write_str("the name of a global is not text"),
            Self::NotCallable => f.write_str("calls something that can't be called"),
            Self::Implausible => f.write_str("no pickler writes this"),
            Self::Lost => f.write_str("the rest can't be located"),
            Self::Limit => f.write_str("a limit was reached"),
        }
    }
}

/// How something is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As a function, or with its constructor.
    Constructor,
    /// An instance is made without its constructor, by `__new__` alone.
    New,
}

/// What the machine is run for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To examine what was recognised: lenient where a loader may be.
    Examine,
    /// To tell pickles from other content: what no pickler writes is refused.
    Recognise,
    /// To see silently what another loader would make of bytes in the middle of a pickle.
    Probe,
}

impl Purpose {
    /// Bytes read from the source at once.
    const fn chunk_bytes(self) -> usize {
        match self {
            Self::Examine => CHUNK_BYTES,
            Self::Recognise => LOOK_BYTES,
            Self::Probe => GLANCE_BYTES,
        }
    }
}

/// How the loader treats what is not in the pickle language.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Loader {
    /// `pickle.load`.
    Plain,
    /// `joblib.load`: arrays stand between the opcodes. Also used when it is not known, as `pickle.load` fails there.
    Joblib,
    /// `torch.load`: tensors are persistent ids.
    Torch,
}

/// One run over one source. The globals are shared by all pickles in it.
pub(super) struct Machine<'s, 'r, 'l> {
    pub(super) input: Input<'s>,
    pub(super) heap: Heap,
    pub(super) stack: Vec<Value>,
    pub(super) globals: Globals,
    pub(super) report: &'r mut Report<'l>,
    pub(super) loader: Loader,
    pub(super) purpose: Purpose,
    pub(super) calls: u64,
    /// The keys that went into containers which were not kept.
    pub(super) lost_keys: Keys,
    pub(super) marks: Vec<usize>,
    pub(super) memo: Memo,
    opcodes: u64,
    /// The offset of the opcode that runs.
    pub(super) offset: u64,
    /// The offset at which the current frame says that it ends.
    frame_end: u64,
    /// Where names of globals that are put together stop to count.
    pub(super) computed_end: u64,
    /// The protocol that the current pickle says it is of.
    pub(super) protocol: u8,
    /// The storages that PyTorch's format before 1.6 has behind its pickles.
    pub(super) storages: Storages,
    /// What was said already, of what is said once a source only.
    said: Vec<Code>,
    pub(super) literals: Literals,
    /// How often each code was told.
    pub(super) told: BTreeMap<Code, u32>,
}

impl<'s, 'r, 'l> Machine<'s, 'r, 'l> {
    pub(super) fn new(source: &'s dyn Source, loader: Loader, purpose: Purpose, report: &'r mut Report<'l>) -> Self {
        let memo = Memo::new(report.limits().pickle_memo_max);
        Self {
            input: Input::new(source, purpose.chunk_bytes()),
            heap: Heap::new(report.limits().pickle_cells_max),
            stack: Vec::new(),
            globals: Globals::default(),
            report,
            loader,
            purpose,
            calls: 0,
            lost_keys: Keys::default(),
            marks: Vec::new(),
            memo,
            opcodes: 0,
            offset: 0,
            frame_end: 0,
            computed_end: u64::MAX,
            protocol: 0,
            storages: Storages::default(),
            said: Vec::new(),
            literals: Literals::default(),
            told: BTreeMap::new(),
        }
    }

    /// Runs one pickle from the current position to its STOP, and returns the object that it makes.
    pub(super) fn run(&mut self) -> Result<Value, Broken> {
        self.stack.clear();
        self.marks.clear();
        self.memo.clear();
        self.heap.clear();
        self.frame_end = 0;
        self.protocol = 0;
        self.run_to_stop()
    }

    /// Runs a pickle that the loader reads in the middle of this one, with a stack and memo of its own.
    pub(super) fn run_nested(&mut self) -> Result<(), Broken> {
        let outer = (
            std::mem::take(&mut self.stack),
            std::mem::take(&mut self.marks),
            self.memo.take(),
            std::mem::replace(&mut self.loader, Loader::Plain),
        );
        self.frame_end = 0;
        let result = self.run_to_stop();
        (self.stack, self.marks, self.memo, self.loader) = outer;
        result.map(|_| ())
    }

    /// What `pickle.load` would import if it read opcodes from an offset on, in the middle of a stream. Names that it puts
    /// together count up to `end` only: behind that, it reads opcodes that were written for another stack.
    pub(super) fn probe(
        source: &'s dyn Source,
        (offset, end): (u64, u64),
        below: &[Value],
        report: &'r mut Report<'l>,
    ) -> Option<String> {
        let mut machine = Self::new(source, Loader::Plain, Purpose::Probe, report);
        machine.input.seek(offset);
        machine.stack = vec![Value::Data; PROBE_STACK];
        // Texts are looked up in the source, all else belongs to another heap.
        let known = |value: &Value| if matches!(value, Value::Text { .. }) { *value } else { Value::Data };
        machine.stack.extend(below.iter().map(known));
        machine.computed_end = end;
        let _ = machine.run_to_stop();
        let opcodes = machine.opcodes % BATCH_OPCODES;
        let _ = machine.report.ran_opcodes(opcodes);
        machine.globals.worst()
    }

    /// Opcodes run so far.
    pub(super) fn opcodes(&self) -> u64 {
        self.opcodes
    }

    fn run_to_stop(&mut self) -> Result<Value, Broken> {
        loop {
            let next = self.input.position();
            if next > self.frame_end && self.offset < self.frame_end {
                self.tell_split();
            }
            self.offset = next;
            let code = self.input.byte()?;
            self.opcodes += 1;
            if self.opcodes.is_multiple_of(BATCH_OPCODES) {
                self.check_limits()?;
            }
            if code == b'.' {
                self.leave_frame();
                return self.pop();
            }
            let done = self.step(code);
            if done.is_err() && self.input.position() > self.frame_end && self.offset < self.frame_end {
                self.tell_split();
            }
            done?;
        }
    }

    /// Ends the examination of a source: what needs all of it to be known.
    pub(super) fn finish(mut self) {
        self.tell_imports();
        if !self.said.contains(&common::LIMIT) {
            // The last batch. When it goes over the limit, the report has the finding, and there is nothing to stop.
            let _ = self.report.ran_opcodes(self.opcodes % BATCH_OPCODES);
        }
    }

    fn check_limits(&mut self) -> Result<(), Broken> {
        if self.report.ran_opcodes(BATCH_OPCODES).is_err() {
            self.said.push(common::LIMIT);
            return Err(Broken::Limit);
        }
        let limits = self.report.limits();
        if self.stack.len() > limits.pickle_stack_max {
            self.report.over("pickle_stack_max", limits.pickle_stack_max as u64);
            return Err(Broken::Limit);
        }
        if self.memo.count_sparse() > limits.pickle_memo_sparse_max {
            self.report.over("pickle_memo_sparse_max", limits.pickle_memo_sparse_max as u64);
            return Err(Broken::Limit);
        }
        Ok(())
    }

    /// The opcodes that picklers write most; the others are in [`Self::step_other`].
    #[inline]
    fn step(&mut self, code: u8) -> Result<(), Broken> {
        match code {
            b'(' => self.marks.push(self.stack.len()),
            b'K' => {
                let value = i64::from(self.input.byte()?);
                self.stack.push(Value::Int(value));
            }
            b'M' => {
                let value = i64::from(u16::from_le_bytes(self.input.fixed()?));
                self.stack.push(Value::Int(value));
            }
            b'J' => {
                let value = i64::from(i32::from_le_bytes(self.input.fixed()?));
                self.stack.push(Value::Int(value));
            }
            b'G' => {
                self.input.fixed::<8>()?;
                self.stack.push(Value::Data);
            }
            b'N' => self.stack.push(Value::None),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            b'h' => {
                let slot = u64::from(self.input.byte()?);
                self.get(slot)?;
            }
            b'j' => {
                let slot = u64::from(u32::from_le_bytes(self.input.fixed()?));
                self.get(slot)?;
            }
            b'q' => {
                let slot = u64::from(self.input.byte()?);
                self.put(slot)?;
            }
            b'r' => {
                let slot = u64::from(u32::from_le_bytes(self.input.fixed()?));
                self.put(slot)?;
            }
            0x94 => self.put(self.memo.count() as u64)?,
            b'X' | 0x8c | 0x8d | b'U' | b'T' | b'B' | b'C' | 0x8e | 0x96 => self.sized_literal(code)?,
            _ => self.step_container(code)?,
        }
        Ok(())
    }

    fn step_container(&mut self, code: u8) -> Result<(), Broken> {
        match code {
            b')' => self.push_tuple(0)?,
            0x85..=0x87 => self.push_tuple(usize::from(code - 0x84))?,
            b't' => {
                let items = self.pop_to_mark()?;
                self.hand_on(&items);
                let tuple = self.heap.tuple(&items);
                self.push_container(tuple);
            }
            b']' => self.push_node(Node::List { items: Vec::new(), len: 0 }),
            b'}' => self.push_node(Node::Dict { entries: Vec::new(), len: 0, keys: Keys::default() }),
            0x8f => self.push_node(Node::Set),
            b'l' => {
                let items = self.pop_to_mark()?;
                self.push_filled(Node::List { items: Vec::new(), len: 0 }, &items);
            }
            b'd' => {
                let items = self.pop_to_mark()?;
                even(&items)?;
                self.push_filled(Node::Dict { entries: Vec::new(), len: 0, keys: Keys::default() }, &items);
            }
            0x91 => {
                let items = self.pop_to_mark()?;
                self.push_filled(Node::Set, &items);
            }
            b'a' => {
                let item = self.pop()?;
                self.fill(&[item])?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.fill(&[key, value])?;
            }
            b'e' | b'u' | 0x90 => {
                let items = self.pop_to_mark()?;
                if code == b'u' {
                    even(&items)?;
                }
                self.fill(&items)?;
            }
            _ => self.step_call(code)?,
        }
        Ok(())
    }

    fn step_call(&mut self, code: u8) -> Result<(), Broken> {
        match code {
            b'R' | 0x81 => {
                let args = self.pop()?;
                let callee = self.pop()?;
                self.call(callee, args, if code == b'R' { Way::Constructor } else { Way::New })
            }
            0x92 => {
                let keywords = self.pop()?;
                let args = self.pop()?;
                let callee = self.pop()?;
                let both = self.heap.tuple(&[args, keywords]);
                self.call(callee, both, Way::New)
            }
            b'b' => {
                let state = self.pop()?;
                self.build(state)
            }
            b'c' => {
                let global = self.global_of_lines()?;
                self.stack.push(global);
                Ok(())
            }
            0x93 => self.stack_global(),
            b'i' => {
                let callee = self.global_of_lines()?;
                let items = self.pop_to_mark()?;
                self.hand_on(&items);
                let args = self.heap.tuple(&items);
                self.call(callee, args, Way::Constructor)
            }
            b'o' => {
                let items = self.pop_to_mark()?;
                let (callee, rest) = items.split_first().ok_or(Broken::Underflow)?;
                self.hand_on(rest);
                let args = self.heap.tuple(rest);
                self.call(*callee, args, Way::Constructor)
            }
            _ => self.step_other(code),
        }
    }

    fn step_other(&mut self, code: u8) -> Result<(), Broken> {
        match code {
            0x80 => self.protocol(),
            0x95 => self.frame(),
            b'0' => self.pop_or_mark(),
            b'1' => self.pop_to_mark().map(|_| ()),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'S' | b'V' => self.text_line(code),
            b'I' | b'L' | b'F' => self.number_line(code),
            b'g' | b'p' => {
                let line = self.input.line()?;
                let slot = self.number(line).ok_or(Broken::Number)?;
                let slot = u64::try_from(slot).map_err(|_| Broken::Memo(slot))?;
                if code == b'g' { self.get(slot) } else { self.put(slot) }
            }
            0x8a | 0x8b => self.long(code),
            0x82 => {
                let registered = i64::from(self.input.byte()?);
                self.extension(registered)
            }
            0x83 => {
                let registered = i64::from(u16::from_le_bytes(self.input.fixed()?));
                self.extension(registered)
            }
            0x84 => {
                let registered = i64::from(i32::from_le_bytes(self.input.fixed()?));
                self.extension(registered)
            }
            b'P' => {
                let line = self.input.line_or_rest()?;
                self.plausible_if(|m| m.input.bytes(line, 256).iter().all(u8::is_ascii_graphic))?;
                self.persistent(Value::text(TextForm::Raw, line, false))
            }
            b'Q' => {
                let id = self.pop()?;
                self.persistent(id)
            }
            0x97 => {
                self.stack.push(Value::Data);
                Ok(())
            }
            0x98 => self.top().map(|_| ()),
            _ => Err(Broken::Opcode(code)),
        }
    }

    fn protocol(&mut self) -> Result<(), Broken> {
        let version = self.input.byte()?;
        self.protocol = version;
        // Every loader of today refuses it. Its opcodes are the same, so what they do is worth knowing.
        if version > PROTOCOL_MAX && self.purpose == Purpose::Examine {
            self.odd(&format!("protocol {version} does not exist"))?;
        }
        Ok(())
    }

    /// The C unpickler refuses a frame that is longer than the rest, the Python one doesn't; both read on past the end
    /// of one that is too short.
    fn frame(&mut self) -> Result<(), Broken> {
        let len = u64::from_le_bytes(self.input.fixed()?);
        let end = self.input.position().saturating_add(len);
        if len > self.input.left() || self.offset < self.frame_end {
            self.note(codes::FRAME, |f| f);
        }
        // Within another frame and longer than it: the C unpickler drops what is left of that one.
        if self.input.position() < self.frame_end && end > self.frame_end && len <= self.input.left() {
            self.tell_split();
        }
        let outer = if self.input.position() < self.frame_end { self.frame_end } else { 0 };
        self.frame_end = end.max(outer);
        Ok(())
    }

    /// Before bytes that are no opcodes, which are read past the frame that is in memory: it ends where they start.
    pub(super) fn leave_frame(&mut self) {
        if self.input.position() < self.frame_end && self.frame_end <= self.input.size() {
            self.tell_split();
        }
        self.frame_end = 0;
    }

    /// A frame that ends inside of an instruction, or behind the pickle, as no pickler writes it. The C unpickler has read
    /// the frame at once when its file can't look ahead (as with `torch.load`); it drops the part of the instruction that
    /// it has, and takes what follows the frame for the whole: other names than any other reader sees.
    fn tell_split(&mut self) {
        let what = "a frame that does not end between two instructions: loaders read different things there";
        self.note(codes::NOT_FOLLOWED, |f| f.with("what", what));
    }

    fn sized_literal(&mut self, code: u8) -> Result<(), Broken> {
        let len = match code {
            0x8c | b'U' | b'C' => u64::from(self.input.byte()?),
            0x8d | 0x8e | 0x96 => u64::from_le_bytes(self.input.fixed()?),
            _ => {
                let len: [u8; 4] = self.input.fixed()?;
                // Four letters as a length: text that happens to start with an opcode.
                self.plausible_if(|_| !len.iter().all(u8::is_ascii_graphic))?;
                u64::from(u32::from_le_bytes(len))
            }
        };
        let span = self.input.literal(len)?;
        self.look_into(span);
        self.stack.push(match code {
            b'B' | b'C' | 0x8e | 0x96 => Value::bytes(span),
            _ => Value::text(TextForm::Raw, span, self.is_hook(span)),
        });
        Ok(())
    }

    fn text_line(&mut self, code: u8) -> Result<(), Broken> {
        let line = self.input.line()?;
        if code == b'V' {
            self.look_into(line);
            let is_hook = self.is_escaped_hook(TextForm::UnicodeEscape, line);
            self.stack.push(Value::text(TextForm::UnicodeEscape, line, is_hook));
            return Ok(());
        }
        let ends = (self.input.bytes(line, 1).first().copied(), self.input.bytes(last_byte(line), 1).first().copied());
        if line.len < 2 || !matches!(ends, (Some(b'\''), Some(b'\'')) | (Some(b'"'), Some(b'"'))) {
            self.odd("a STRING without quotes")?;
        }
        let inner = Span { offset: line.offset + 1, len: line.len.saturating_sub(2) };
        self.look_into(inner);
        let is_hook = self.is_escaped_hook(TextForm::Quoted, inner);
        self.stack.push(Value::text(TextForm::Quoted, inner, is_hook));
        Ok(())
    }

    /// True when a literal is the name of a hook.
    #[inline]
    fn is_hook(&self, span: Span) -> bool {
        (7..=24).contains(&span.len)
            && self.input.bytes(span, 2).starts_with(b"__")
            && HOOKS.contains(&&*self.input.bytes(span, 24))
    }

    /// The same of text that may be written with escapes.
    fn is_escaped_hook(&self, form: TextForm, span: Span) -> bool {
        const ESCAPED_BYTES_MAX: u64 = 24 * 10;
        if span.len > ESCAPED_BYTES_MAX || !self.input.bytes(span, span.len as usize).contains(&b'\\') {
            return self.is_hook(span);
        }
        let text = self.text_of(Value::text(form, span, false)).unwrap_or_default();
        HOOKS.contains(&text.as_bytes())
    }

    fn number_line(&mut self, code: u8) -> Result<(), Broken> {
        let line = self.input.line()?;
        if code == b'F' {
            let bytes = self.input.bytes(line, NUMBER_BYTES_MAX as usize);
            let fits = std::str::from_utf8(&bytes).is_ok_and(|t| t.trim().replace('_', "").parse::<f64>().is_ok());
            if !fits {
                self.odd("a FLOAT that is no number")?;
            }
            self.stack.push(Value::Data);
            return Ok(());
        }
        let text = self.input.bytes(line, NUMBER_BYTES_MAX as usize);
        let value = match &*text {
            b"00" => Some(Value::Bool(false)),
            b"01" => Some(Value::Bool(true)),
            digits if digits.strip_suffix(b"L").unwrap_or(digits) == TORCH_MAGIC_TEXT => Some(Value::TorchMagic),
            digits => parse_int(digits).map(Value::Int).or_else(|| is_long_number(digits).then_some(Value::Data)),
        };
        if value.is_none() {
            self.odd("a number that is none")?;
        }
        self.stack.push(value.unwrap_or(Value::Data));
        Ok(())
    }

    fn long(&mut self, code: u8) -> Result<(), Broken> {
        let len = match code {
            0x8a => u64::from(self.input.byte()?),
            _ => u64::try_from(i32::from_le_bytes(self.input.fixed()?)).map_err(|_| Broken::Number)?,
        };
        let span = self.input.literal(len)?;
        let bytes = self.input.bytes(span, TORCH_MAGIC.len());
        let value = if len == TORCH_MAGIC.len() as u64 && *bytes == TORCH_MAGIC {
            Value::TorchMagic
        } else if len <= 8 {
            let sign = if bytes.last().is_some_and(|b| *b >= 0x80) { 0xff } else { 0 };
            let mut wide = [sign; 8];
            wide[..bytes.len()].copy_from_slice(&bytes);
            Value::Int(i64::from_le_bytes(wide))
        } else {
            Value::Data
        };
        self.stack.push(value);
        Ok(())
    }

    /// An integer as `int(text, 0)` reads it, when it fits.
    fn number(&self, line: Span) -> Option<i64> {
        if line.len > NUMBER_BYTES_MAX {
            return None;
        }
        parse_int(&self.input.bytes(line, NUMBER_BYTES_MAX as usize))
    }

    fn extension(&mut self, code: i64) -> Result<(), Broken> {
        self.tell(&codes::EXTENSION, |_, f| f.with("number", code));
        self.stack.push(Value::Computed);
        Ok(())
    }

    /// PyTorch's ids are tuples that start with `storage` or `module`; any other is up to the code of the loader.
    fn persistent(&mut self, id: Value) -> Result<(), Broken> {
        let kind = self.heap.items(id).and_then(|items| items.first().copied());
        let kind = kind.and_then(|kind| self.text_of(kind)).unwrap_or_default();
        if kind == "storage" && self.loader == Loader::Torch {
            let storage = self.storage(id);
            self.storages.add(storage);
        }
        if self.loader != Loader::Torch || !matches!(kind.as_str(), "storage" | "module") {
            let id = self.shown(id);
            self.note(codes::PERSISTENT, |f| f.with("id", id));
        }
        self.stack.push(Value::Data);
        Ok(())
    }

    /// The key of a storage of PyTorch's, and its bytes: `("storage", type, key, place, elements, …)`.
    fn storage(&self, id: Value) -> Option<(String, u64)> {
        let &[_, Value::Global(class), key, _, Value::Int(elements), ..] = self.heap.items(id)? else { return None };
        let size = element_bytes(&self.globals.at(class)?.name)?;
        Some((self.text_of(key)?, u64::try_from(elements).ok()?.checked_mul(size)?))
    }

    /// Adds a finding at the opcode that runs, unless one of its kind was added before.
    pub(super) fn note(&mut self, code: Code, with: impl FnOnce(Finding) -> Finding) {
        if self.purpose == Purpose::Examine && !self.said.contains(&code) {
            let place = self.report.byte(self.offset);
            self.report.add(with(finding(&code, place)));
            self.said.push(code);
        }
    }

    /// Something that most loaders refuse: reported once, and the run goes on in case that one doesn't.
    pub(super) fn odd(&mut self, why: &str) -> Result<(), Broken> {
        if self.purpose != Purpose::Examine {
            return Err(Broken::Implausible);
        }
        self.note(common::UNREADABLE, |f| f.with("why", why));
        Ok(())
    }

    /// Refuses what no pickler writes, while recognising.
    pub(super) fn plausible_if(&self, test: impl FnOnce(&Self) -> bool) -> Result<(), Broken> {
        if self.purpose == Purpose::Examine || test(self) { Ok(()) } else { Err(Broken::Implausible) }
    }
}

fn even(items: &[Value]) -> Result<(), Broken> {
    if items.len().is_multiple_of(2) { Ok(()) } else { Err(Broken::OddItems) }
}

fn last_byte(line: Span) -> Span {
    Span { offset: line.offset + line.len.saturating_sub(1), len: line.len.min(1) }
}

/// `int(text, 0)`, also with the leading zeros and the trailing `L` that older picklers wrote.
fn parse_int(bytes: &[u8]) -> Option<i64> {
    if matches!(bytes.len(), 1..=18) && bytes.iter().all(u8::is_ascii_digit) {
        return Some(bytes.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')));
    }
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    let text = std::str::from_utf8(&bytes[..end]).ok()?.trim();
    let text = text.strip_suffix('L').unwrap_or(text);
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase().replace('_', "");
    let value = match lower.get(..2) {
        Some("0x") => i64::from_str_radix(&lower[2..], 16),
        Some("0o") => i64::from_str_radix(&lower[2..], 8),
        Some("0b") => i64::from_str_radix(&lower[2..], 2),
        _ => lower.parse(),
    };
    let value = value.ok().filter(|v| *v >= 0)?;
    Some(if negative { -value } else { value })
}

/// A decimal number too large for 64 bits.
fn is_long_number(text: &[u8]) -> bool {
    let digits = text.strip_suffix(b"L").unwrap_or(text);
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    digits.len() > 18 && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
