//! What imports, calls and state changes mean: each global is judged, and indirection is followed where it is literal.

use std::collections::HashMap;

use sakimori_model::{Code, Finding};

use crate::catalogue::finding;

use super::codes;
use super::joblib::Built;
use super::judge::{self, Names, Role, Verdict};
use super::machine::{Broken, Loader, Machine, Purpose, Way};
use super::value::{Call, Keys, Node, Value};

/// Calls of one global that are reported one by one.
const CALLS_TOLD_MAX: u32 = 8;
/// Findings of one code from one source.
const TOLD_MAX: u32 = 100;

/// Built-in classes of which others are made.
const BASES: &[&str] = &[
    "object",
    "dict",
    "list",
    "tuple",
    "set",
    "frozenset",
    "str",
    "unicode",
    "bytes",
    "bytearray",
    "int",
    "long",
    "float",
    "complex",
];
/// Bytes of the value of a member of an enumeration.
const WORD_BYTES_MAX: usize = 48;

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

    /// True when one that was imported is so.
    pub(super) fn any(&self, is: impl Fn(&Global) -> bool) -> bool {
        self.all.iter().any(is)
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
                // What a probe begins with are no names, but for those that it was given.
                let has_data = [module, name].contains(&Value::Data) && self.purpose == Purpose::Probe;
                self.globals.computed += u32::from(self.offset < self.computed_end && !has_data);
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
        // Since protocol 3, names are those of Python 3.
        let verdict =
            judge::judge_named(&key.0, &key.1, if self.protocol < 3 { Names::OfPython2 } else { Names::OfPython3 });
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
    pub(super) fn call(&mut self, callee: Value, args: Value, way: Way) -> Result<(), Broken> {
        self.calls += 1;
        let result = self.result_of(callee, args, way)?;
        self.stack.push(result);
        Ok(())
    }

    fn result_of(&mut self, callee: Value, args: Value, way: Way) -> Result<Value, Broken> {
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
            Verdict::Allowed(role) => self.call_allowed(number, role, (callee, args), way),
        }
    }

    fn returned(&mut self, callee: Value, args: Value) -> Value {
        let weight = self.heap.weight(args);
        let node = self.heap.add(Node::Call(Box::new(Call { callee, args, state: Value::None })), weight);
        // Kept or not, it is something that a call returned: never a literal.
        if node == Value::Computed { Value::Data } else { node }
    }

    fn call_allowed(
        &mut self,
        number: u32,
        role: Role,
        (callee, args): (Value, Value),
        way: Way,
    ) -> Result<Value, Broken> {
        let first = self.heap.items(args).and_then(|items| items.first().copied());
        match role {
            Role::Plain => {
                if self.is_of_language(number) && self.hands_over_an_instance(args) {
                    self.computed_call(callee, args)?;
                }
                Ok(self.returned(callee, args))
            }
            Role::Class => {
                if way == Way::Constructor && !self.only_asks_for_a_member(number, args) {
                    self.tell(&codes::CONSTRUCTS, |m, f| f.with("call", m.shown_call(callee, args)));
                }
                Ok(self.returned(callee, args))
            }
            Role::Reference => {
                self.tell(&codes::CONSTRUCTS, |m, f| f.with("call", m.shown_call(callee, args)));
                Ok(self.returned(callee, args))
            }
            // copyreg._reconstructor(class, base, state) and copyreg.__newobj__(class, …) make an instance of the class.
            Role::Reconstruct => match first {
                Some(class @ Value::Global(_)) if self.has_plain_base(number, args) => self.result_of_class(class),
                None if matches!(args, Value::Computed | Value::Data) => self.forgotten_call(callee, args),
                _ => self.computed_call(callee, args),
            },
            Role::GetAttribute => self.get_attribute(number, callee, args),
            Role::GetGlobal => self.get_global(number, callee, args),
            // torch._tensor._rebuild_from_type_v2(function, type, arguments, state) calls the function.
            Role::CallFirst => {
                let inner = self.heap.items(args).and_then(|items| Some((*items.first()?, *items.get(2)?)));
                match inner {
                    Some((function @ Value::Global(g), arguments)) if g != number => {
                        self.result_of(function, arguments, Way::Constructor)
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

    /// True for the built-in functions and containers, which ask their arguments for what is in them.
    fn is_of_language(&self, number: u32) -> bool {
        self.globals.at(number).is_some_and(|g| {
            ["builtins", "__builtin__", "collections", "_collections", "itertools"].contains(&g.module.as_str())
        })
    }

    /// True when an argument is an instance with attributes of its own, which answers as those say.
    fn hands_over_an_instance(&self, args: Value) -> bool {
        let items = self.heap.items(args).unwrap_or_default();
        items.iter().any(|item| self.heap.call(*item).is_some_and(|call| call.state != Value::None))
    }

    /// True for a call that asks an enumeration for one of its members, by a number or a plain word.
    fn only_asks_for_a_member(&self, number: u32, args: Value) -> bool {
        let is_word = |value: Value| match value {
            Value::Int(_) => true,
            _ => self.text_of(value).is_some_and(|word| {
                word.len() <= WORD_BYTES_MAX
                    && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' '))
            }),
        };
        let is_enumeration = self.globals.at(number).is_some_and(|g| judge::is_enumeration(&g.name));
        match self.heap.items(args) {
            Some([one]) => is_enumeration && is_word(*one),
            _ => false,
        }
    }

    /// True unless `_reconstructor` is told to make the object by something that is no class: it calls that.
    fn has_plain_base(&self, number: u32, args: Value) -> bool {
        if !self.globals.at(number).is_some_and(|g| g.name.ends_with("_reconstructor")) {
            return true;
        }
        let Some(&[_, base, _]) = self.heap.items(args) else { return false };
        let Value::Global(base) = base else { return false };
        self.globals.at(base).is_some_and(|g| {
            let is_builtin =
                matches!(g.module.as_str(), "builtins" | "__builtin__") && BASES.contains(&g.name.as_str());
            let is_class = g.name.rsplit('.').next().is_some_and(|n| n.starts_with(|c: char| c.is_ascii_uppercase()));
            is_builtin || is_class && matches!(g.verdict, Verdict::Allowed(_))
        })
    }

    /// An instance of a class, made without its arguments.
    fn result_of_class(&mut self, class: Value) -> Result<Value, Broken> {
        let none = self.heap.tuple(&[]);
        self.result_of(class, none, Way::New)
    }

    /// `getattr(imported, "name")` is the same as importing `imported.name`, and is judged as that.
    fn get_attribute(&mut self, number: u32, callee: Value, args: Value) -> Result<Value, Broken> {
        // With a third argument it may return that.
        let (target, attribute) = match self.heap.items(args) {
            Some(&[target, attribute]) => (target, self.text_of(attribute)),
            _ => (Value::Computed, None),
        };
        let class = match self.heap.node(target) {
            Some(Node::Call(call)) if self.makes_an_instance(call.callee) => {
                if self.may_have(call.state, attribute.as_deref()) { Value::Computed } else { call.callee }
            }
            Some(_) => Value::Computed,
            None => target,
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
            _ if matches!(args, Value::Computed | Value::Data) => self.forgotten_call(callee, args),
            _ => {
                self.tell_call(number, callee, args, "indirection");
                Ok(self.returned(callee, args))
            }
        }
    }

    /// A call of what calls or looks up its arguments, which were not kept.
    fn forgotten_call(&mut self, callee: Value, args: Value) -> Result<Value, Broken> {
        self.tell(&codes::NOT_FOLLOWED, |m, f| f.with("what", m.shown_call(callee, args)));
        Ok(Value::Data)
    }

    /// True for a class: what it returns is an instance of it, and has its attributes.
    fn makes_an_instance(&self, callee: Value) -> bool {
        let Value::Global(number) = callee else { return false };
        self.globals.at(number).is_some_and(|g| {
            let last = g.name.rsplit('.').next().unwrap_or_default().trim_start_matches('_');
            g.verdict == Verdict::Allowed(Role::Class)
                || last.starts_with(|c: char| c.is_ascii_uppercase())
                || last == "interp1d"
        })
    }

    /// True unless it is known that the state of an instance holds no attribute of this name.
    fn may_have(&self, state: Value, attribute: Option<&str>) -> bool {
        if state == Value::None {
            return false;
        }
        let Some(attribute) = attribute else { return true };
        let is_free = |dict: Value| {
            dict == Value::None
                || self.heap.entries(dict).is_some_and(|entries| {
                    entries.iter().all(|(key, _)| self.text_of(*key).is_some_and(|key| key != attribute))
                })
        };
        match self.heap.items(state) {
            Some(&[attributes, slots]) => !(is_free(attributes) && is_free(slots)),
            _ => !is_free(state),
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
        self.hand_on(&[state]);
        match target {
            Value::Global(_) => self.changes_global(target, Some(state)),
            Value::Node(_) => {
                self.check_state(target, state);
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
            // An instance that was not kept may be one of joblib's arrays, which stands between the opcodes.
            Value::Computed | Value::Data if self.loader == Loader::Joblib && self.has_array_wrapper() => {
                return self.lost_array();
            }
            Value::Computed | Value::Data => self.check_state(target, state),
            _ => {}
        }
        Ok(())
    }

    /// Functions that call, fetch or import what they are told must be called where it can be seen: as a value, whoever gets
    /// them may call them with anything.
    pub(super) fn hand_on(&mut self, items: &[Value]) {
        if self.purpose != Purpose::Examine {
            return;
        }
        for item in items {
            let Value::Global(number) = *item else { continue };
            let acts = self.globals.at(number).is_some_and(|global| {
                let role = if let Verdict::Allowed(role) = global.verdict { role } else { Role::Plain };
                matches!(
                    role,
                    Role::Reconstruct | Role::CallFirst | Role::GetAttribute | Role::GetGlobal | Role::LoadBytes
                )
            });
            if acts && self.count_call(number) <= CALLS_TOLD_MAX {
                self.tell(&codes::DANGEROUS_IMPORT, |m, f| {
                    f.with("global", m.shown(Value::Global(number))).with("does", "indirection")
                });
            }
        }
    }

    /// State for a class, function or module changes it for the whole process: a safe name then stands for another
    /// object.
    pub(super) fn changes_global(&mut self, target: Value, what: Option<Value>) {
        self.tell(&codes::CHANGES_GLOBAL, |m, f| {
            f.with("global", m.shown(target)).with("change", what.map(|w| m.shown(w)).unwrap_or_default())
        });
    }

    /// State whose names make an object act when something else uses it, or exchange its class; and state for what is not
    /// the pickle's own: a class that was asked for, or a logger, which the whole process shares.
    fn check_state(&mut self, target: Value, state: Value) {
        let shared = self.heap.call(target).is_some_and(|call| {
            let Value::Global(number) = call.callee else { return false };
            self.globals.at(number).is_some_and(|global| {
                global.verdict == Verdict::Allowed(Role::Type)
                    || global.module == "logging" && global.name != "Logger"
                    || global.module == "logging" && self.heap.items(call.args).is_some_and(<[_]>::is_empty)
            })
        });
        if shared {
            return self.changes_global(target, Some(state));
        }
        let halves = match self.heap.items(state) {
            Some(&[attributes, slots]) => [attributes, slots],
            _ => [state, Value::None],
        };
        let mut keys = Keys::default();
        for half in halves {
            match half {
                Value::Computed | Value::Data => keys.add(self.lost_keys),
                _ => match self.heap.node(half) {
                    Some(Node::Dict { keys: found, .. }) => keys.add(*found),
                    // Made while it is loaded, from who knows what.
                    Some(Node::Call(call)) => keys.computed |= self.is_made_of_others(call),
                    _ => {}
                },
            }
        }
        if keys.hook {
            self.tell(&codes::CHANGES_GLOBAL, |m, f| f.with("global", m.shown(target)).with("change", m.shown(state)));
        } else if keys.computed {
            let what = "attributes whose names are known only when it is loaded";
            self.tell(&codes::NOT_FOLLOWED, |_, f| f.with("what", what));
        }
        self.check_type_of_numbers(target, state);
    }

    /// True for a dictionary or a pair that a call makes of its arguments.
    fn is_made_of_others(&self, call: &Call) -> bool {
        let Value::Global(number) = call.callee else { return true };
        let is_container = self.globals.at(number).is_some_and(|g| {
            matches!(g.module.as_str(), "builtins" | "__builtin__" | "collections")
                && matches!(g.name.as_str(), "dict" | "tuple" | "list")
        });
        is_container && self.heap.items(call.args).is_none_or(|items| !items.is_empty())
    }

    /// A type of NumPy's whose fields hold objects, while its flags deny it: raw bytes then count as the places of objects.
    fn check_type_of_numbers(&mut self, target: Value, state: Value) {
        let is_type = self.heap.call(target).is_some_and(|call| {
            matches!(call.callee, Value::Global(number)
                if self.globals.at(number).is_some_and(|g| g.module.starts_with("numpy") && g.name.ends_with("dtype")))
        });
        let Some(state) = self.heap.items(state).filter(|_| is_type) else { return };
        let (fields, flags) = (state.get(4).copied(), state.get(7).copied());
        let denies = !matches!(flags, Some(Value::Int(flags)) if flags & 1 == 1);
        let has_fields = fields.is_some_and(|fields| fields != Value::None);
        let holds_objects = has_fields && self.fields_hold_objects(fields.unwrap_or(Value::None));
        if denies && holds_objects {
            self.tell(&codes::DANGEROUS_CALL, |m, f| {
                f.with("call", m.shown(target)).with("global", "numpy.dtype").with("does", "memory")
            });
        }
    }

    fn fields_hold_objects(&self, fields: Value) -> bool {
        // What is not all known may hold any.
        let Some(entries) = self.heap.entries(fields) else { return self.heap.node(fields).is_some() };
        entries.iter().any(|(_, field)| {
            let kind = self.heap.items(*field).and_then(|parts| parts.first().copied()).unwrap_or(*field);
            let code = self.heap.call(kind).and_then(|call| self.heap.items(call.args)?.first().copied());
            match code.map(|code| self.text_of(code)) {
                Some(Some(code)) => code.trim_start_matches(['<', '>', '=', '|']).starts_with('O'),
                Some(None) => true,
                None => false,
            }
        })
    }
}
