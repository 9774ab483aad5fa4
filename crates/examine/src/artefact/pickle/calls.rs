//! What imports, calls and state changes mean: each global is judged, and indirection is followed where it is literal.

use std::collections::HashMap;

use sakimori_model::{Code, Finding};

use crate::catalogue::finding;

use super::codes;
use super::joblib::Built;
use super::judge::{self, Role, Verdict};
use super::machine::{Broken, Loader, Machine, Purpose};
use super::value::{Call, Node, Value};

/// Calls of one global that are reported one by one.
const CALLS_TOLD_MAX: u32 = 8;
/// Findings of one code from one source.
const TOLD_MAX: u32 = 100;

/// The globals that a source imports, each once.
#[derive(Default)]
pub(super) struct Globals {
    all: Vec<Global>,
    numbers: HashMap<(String, String), u32>,
    /// Imports whose name is not in the stream.
    computed: u32,
}

/// An imported global.
pub(super) struct Global {
    pub module: String,
    pub name: String,
    pub verdict: Verdict,
    offset: u64,
    calls: u32,
}

impl Globals {
    pub(super) fn at(&self, number: u32) -> Option<&Global> {
        self.all.get(number as usize)
    }

    /// The first dangerous global, or that one has a name which is not in the stream.
    pub(super) fn worst(&self) -> Option<String> {
        let dangerous = self.all.iter().find(|g| matches!(g.verdict, Verdict::Dangerous(_)));
        let shown = dangerous.map(|g| format!("{}.{}", g.module, g.name));
        shown.or_else(|| (self.computed > 0).then(|| "…".to_owned()))
    }

    /// True when a global was imported that is known, be it as safe or as dangerous.
    pub(super) fn any_known(&self) -> bool {
        self.all.iter().any(|g| g.verdict != Verdict::Unknown)
    }
}

/// Imports.
impl Machine<'_, '_, '_> {
    /// GLOBAL and INST: the module and the name stand in two lines.
    pub(super) fn global_of_lines(&mut self) -> Result<Value, Broken> {
        let mut names = [String::new(), String::new()];
        for name in &mut names {
            let line = self.input.line_or_rest()?;
            let bytes = self.input.bytes(line, judge::NAME_BYTES_MAX);
            *name = String::from_utf8(bytes.into_owned()).map_err(|_| Broken::Name)?;
        }
        let [module, name] = names;
        self.import(module, name)
    }

    pub(super) fn stack_global(&mut self) -> Result<(), Broken> {
        let name = self.pop()?;
        let module = self.pop()?;
        let global = match (self.text_of(module), self.text_of(name)) {
            (Some(module), Some(name)) => {
                if [&module, &name].iter().any(|n| n.contains(char::REPLACEMENT_CHARACTER)) {
                    self.odd("the name of a global that is not UTF-8")?;
                }
                self.import(module, name)?
            }
            _ if self.computed(module) || self.computed(name) => {
                self.globals.computed += 1;
                self.tell(&codes::COMPUTED_NAME, |m, f| {
                    f.with("global", format_args!("{}.{}", m.shown(module), m.shown(name)))
                });
                Value::Computed
            }
            _ => return Err(Broken::NotText),
        };
        self.stack.push(global);
        Ok(())
    }

    /// Only what a call returned, or what was not kept, can be text that the stream doesn't hold.
    fn computed(&self, value: Value) -> bool {
        matches!(value, Value::Computed | Value::Data) || matches!(self.heap.node(value), Some(Node::Call(_)))
    }

    fn import(&mut self, module: String, name: String) -> Result<Value, Broken> {
        if module.is_empty() || name.is_empty() {
            return Err(Broken::Name);
        }
        self.plausible_if(|_| judge::is_dotted_name(&module) && judge::is_dotted_name(&name))?;
        let key = (module, name);
        if let Some(&number) = self.globals.numbers.get(&key) {
            return Ok(Value::Global(number));
        }
        let max = self.report.limits().pickle_globals_max;
        if self.globals.all.len() >= max {
            self.report.over("pickle_globals_max", max as u64);
            return Err(Broken::Limit);
        }
        let verdict = judge::judge(&key.0, &key.1);
        if verdict == Verdict::Unknown {
            self.tell(&codes::UNKNOWN_GLOBAL, |_, f| f.with("global", format_args!("{}.{}", key.0, key.1)));
        }
        let number = self.globals.all.len() as u32;
        let (module, name) = key.clone();
        self.globals.all.push(Global { module, name, verdict, offset: self.offset, calls: 0 });
        self.globals.numbers.insert(key, number);
        Ok(Value::Global(number))
    }

    /// Reports the dangerous globals that were imported and never called: the import alone runs a module's code, and
    /// a call can come from where nothing shows it, such as a method that the loader looks up.
    pub(super) fn tell_imports(&mut self) {
        if self.purpose != Purpose::Examine {
            return;
        }
        for global in &self.globals.all {
            let why = match global.verdict {
                Verdict::Dangerous(why) => why,
                Verdict::Allowed(Role::GetAttribute) => "indirection",
                _ => continue,
            };
            if global.calls == 0 {
                let place = self.report.byte(global.offset);
                let told = finding(&codes::DANGEROUS_IMPORT, place)
                    .with("global", format_args!("{}.{}", global.module, global.name))
                    .with("does", why);
                self.report.add(told);
            }
        }
    }
}

/// Calls.
impl Machine<'_, '_, '_> {
    /// A call by any opcode. Pushes what it returns.
    pub(super) fn call(&mut self, callee: Value, args: Value) -> Result<(), Broken> {
        self.calls += 1;
        let result = self.result_of(callee, args)?;
        self.stack.push(result);
        Ok(())
    }

    fn result_of(&mut self, callee: Value, args: Value) -> Result<Value, Broken> {
        let Value::Global(number) = callee else {
            return self.call_of_value(callee, args);
        };
        let Some(verdict) = self.globals.at(number).map(|g| g.verdict) else { return Ok(Value::Computed) };
        match verdict {
            Verdict::Dangerous(why) => {
                self.tell_call(number, callee, args, why);
                Ok(self.returned(callee, args))
            }
            Verdict::Unknown => Ok(self.returned(callee, args)),
            Verdict::Allowed(role) => self.call_allowed(number, role, callee, args),
        }
    }

    fn returned(&mut self, callee: Value, args: Value) -> Value {
        let weight = self.heap.weight(args);
        let node = self.heap.add(Node::Call(Box::new(Call { callee, args, state: Value::None })), weight);
        // Kept or not, it is something that a call returned: never a literal.
        if node == Value::Computed { Value::Data } else { node }
    }

    fn call_allowed(&mut self, number: u32, role: Role, callee: Value, args: Value) -> Result<Value, Broken> {
        let first = self.heap.items(args).and_then(|items| items.first().copied());
        match role {
            Role::Plain => Ok(self.returned(callee, args)),
            // copyreg._reconstructor(class, base, state) and copyreg.__newobj__(class, …) make an instance of the class.
            Role::Reconstruct => match first {
                Some(class @ Value::Global(_)) => self.result_of_class(class),
                _ => self.computed_call(callee, args),
            },
            Role::GetAttribute => self.get_attribute(number, callee, args),
            Role::GetGlobal => self.get_global(number, callee, args),
            // torch._tensor._rebuild_from_type_v2(function, type, arguments, state) calls the function.
            Role::CallFirst => {
                let inner = self.heap.items(args).and_then(|items| Some((*items.first()?, *items.get(2)?)));
                match inner {
                    Some((function @ Value::Global(g), arguments)) if g != number => {
                        self.result_of(function, arguments)
                    }
                    _ => self.computed_call(callee, args),
                }
            }
            Role::LoadBytes => {
                self.load_bytes(first);
                Ok(Value::Data)
            }
            // type(x) asks; type(name, bases, members) makes a class.
            Role::Type => {
                if self.heap.items(args).is_none_or(|items| items.len() != 1) {
                    self.computed_call(callee, args)?;
                }
                Ok(self.returned(callee, args))
            }
        }
    }

    /// An instance of a class, made without its arguments.
    fn result_of_class(&mut self, class: Value) -> Result<Value, Broken> {
        let none = self.heap.tuple(&[]);
        self.result_of(class, none)
    }

    /// `getattr(imported, "name")` is the same as importing `imported.name`, and is judged as that.
    fn get_attribute(&mut self, number: u32, callee: Value, args: Value) -> Result<Value, Broken> {
        let (target, attribute) = match self.heap.items(args) {
            Some(&[target, attribute, ..]) => (target, self.text_of(attribute)),
            _ => (Value::Computed, None),
        };
        let class = match self.heap.node(target) {
            Some(Node::Call(call)) if matches!(call.callee, Value::Global(_)) => call.callee,
            _ => target,
        };
        let owner = match class {
            Value::Global(g) if g != number => self.globals.at(g).map(|g| (g.module.clone(), g.name.clone())),
            _ => None,
        };
        match (owner, attribute) {
            (Some((module, name)), Some(attribute)) => {
                self.count_call(number);
                self.import(module, format!("{name}.{attribute}"))
            }
            _ => {
                self.tell_call(number, callee, args, "indirection");
                Ok(self.returned(callee, args))
            }
        }
    }

    /// `numpy.core._ufunc_reconstruct(module, name)` imports what it is told.
    fn get_global(&mut self, number: u32, callee: Value, args: Value) -> Result<Value, Broken> {
        let names = match self.heap.items(args) {
            Some(&[module, name]) => self.text_of(module).zip(self.text_of(name)),
            _ => None,
        };
        match names {
            Some((module, name)) => self.import(module, name),
            None => {
                self.tell_call(number, callee, args, "indirection");
                Ok(self.returned(callee, args))
            }
        }
    }

    /// Calling something that was not imported.
    fn call_of_value(&mut self, callee: Value, args: Value) -> Result<Value, Broken> {
        match self.heap.node(callee) {
            Some(Node::Call(_)) => self.computed_call(callee, args),
            Some(_) => Err(Broken::NotCallable),
            None if matches!(callee, Value::Computed | Value::Data) => self.computed_call(callee, args),
            None => Err(Broken::NotCallable),
        }
    }

    fn computed_call(&mut self, callee: Value, args: Value) -> Result<Value, Broken> {
        self.tell(&codes::COMPUTED_CALL, |m, f| f.with("call", m.shown_call(callee, args)));
        Ok(Value::Data)
    }

    fn tell_call(&mut self, number: u32, callee: Value, args: Value, why: &'static str) {
        if self.count_call(number) > CALLS_TOLD_MAX {
            return;
        }
        self.tell(&codes::DANGEROUS_CALL, |m, f| {
            let call = m.shown_call(callee, args);
            f.with("call", call).with("global", m.shown(Value::Global(number))).with("does", why)
        });
    }

    fn count_call(&mut self, number: u32) -> u32 {
        match self.globals.all.get_mut(number as usize) {
            Some(global) => {
                global.calls = global.calls.saturating_add(1);
                global.calls
            }
            None => 0,
        }
    }

    /// Adds a finding at the opcode that runs. A stream can bring about one with every opcode, so that from a number of
    /// the same code on they are left out: they add nothing to a decision.
    pub(super) fn tell(&mut self, code: &Code, with: impl FnOnce(&Self, Finding) -> Finding) {
        if self.purpose != Purpose::Examine {
            return;
        }
        let told = self.told.entry(code.clone()).or_default();
        *told += 1;
        if *told <= TOLD_MAX {
            let place = self.report.byte(self.offset);
            let made = with(self, finding(code, place));
            self.report.add(made);
        }
    }
}

/// State.
impl Machine<'_, '_, '_> {
    /// BUILD: `__setstate__`, or the attributes of the instance.
    pub(super) fn build(&mut self, state: Value) -> Result<(), Broken> {
        let target = self.top()?;
        match target {
            Value::Global(_) => self.changes_global(target, Some(state)),
            Value::Node(_) => {
                self.check_slots(target, state);
                let mut built = Built::First;
                if let Some(Node::Call(call)) = self.heap.node_mut(target) {
                    if call.state != Value::None {
                        built = Built::Again;
                    }
                    call.state = state;
                }
                if self.loader == Loader::Joblib {
                    return self.array_wrapper(target, built);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// State for a class, function or module changes it for the whole process: a safe name then stands for another
    /// object.
    pub(super) fn changes_global(&mut self, target: Value, what: Option<Value>) {
        self.tell(&codes::CHANGES_GLOBAL, |m, f| {
            f.with("global", m.shown(target)).with("change", what.map(|w| m.shown(w)).unwrap_or_default())
        });
    }

    /// The second half of a state pair goes through `setattr`: it can exchange the class of the instance.
    fn check_slots(&mut self, target: Value, state: Value) {
        let Some(&[_, slots]) = self.heap.items(state) else { return };
        let Some(Node::Dict { entries, .. }) = self.heap.node(slots) else { return };
        let special = entries.iter().find_map(|(key, _)| self.text_of(*key).filter(|k| k.starts_with("__")));
        if let Some(name) = special {
            self.tell(&codes::CHANGES_GLOBAL, |m, f| f.with("global", m.shown(target)).with("change", name));
        }
    }
}
