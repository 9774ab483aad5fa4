//! Judges a global by its name: allowed, dangerous, or unknown. The lists are data, in `globals.toml`.
//!
//! The order is: exactly allowed names; dangerous names, modules and path steps; classes and functions of frameworks
//! by pattern. What none of them knows is unknown, never allowed.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

/// The longest module or attribute name that is looked at, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 4096;

/// Bytes of the longest name that data is searched for.
const HAZARD_BYTES_MAX: usize = 64;

/// What is known about a global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Frameworks write it, and calling it runs nothing but what the role says.
    Allowed(Role),
    /// It runs code, or reaches files, processes, the network, the interpreter or other objects; the text says which.
    Dangerous(&'static str),
    /// Neither: a person has to look.
    Unknown,
}

/// What an allowed callable does with its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    /// Makes an object of them.
    Plain,
    /// A class of a framework, of which nothing but its name is known: frameworks rebuild its instances without running the
    /// constructor, which may read, fetch or run what its arguments say.
    Class,
    /// A function that stands in models as a value. Nobody writes a call of it.
    Reference,
    /// Makes an instance of the class that comes first.
    Reconstruct,
    /// Calls the first with the third as arguments.
    CallFirst,
    /// Looks up an attribute.
    GetAttribute,
    /// Imports the name that it is given.
    GetGlobal,
    /// Loads another file of PyTorch's from bytes.
    LoadBytes,
    /// Asks for a type, or makes one.
    Type,
}

/// Judges `module.name`, where the name may be a path of attributes.
pub(super) fn judge(module: &str, name: &str) -> Verdict {
    judge_named(module, name, Names::OfPython2)
}

/// Whose names a pickle has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Those of Python 2, which Python 3 translates, or its own.
    OfPython2,
    /// Those of Python 3, as they stand.
    OfPython3,
}

/// The same of a name that may be one of Python 2 or not.
pub(super) fn judge_named(module: &str, name: &str, names: Names) -> Verdict {
    let (module, name) = LISTS.python3(module, name, names);
    let full = format!("{module}:{name}");
    if let Some(role) = LISTS.allowed.get(&full) {
        return Verdict::Allowed(*role);
    }
    if let Some(why) = LISTS.danger(&module, &name, &full) {
        return Verdict::Dangerous(why);
    }
    match LISTS.fits_pattern(&module, &name) {
        Some(role) => Verdict::Allowed(role),
        None => Verdict::Unknown,
    }
}

/// A path of identifiers with dots between.
pub(super) fn is_dotted_name(text: &str) -> bool {
    let word = |w: &str| {
        !w.is_empty()
            && !w.starts_with(|c: char| c.is_ascii_digit())
            && w.chars().all(|c| c == '_' || c.is_alphanumeric() || c == '<' || c == '>')
    };
    text.split('.').all(word)
}

/// True for the name of a class whose members are asked for by their values, as PEP 435's enumerations are pickled.
pub(super) fn is_enumeration(name: &str) -> bool {
    const ENDS: &[&str] = &[
        "Mode",
        "Type",
        "Types",
        "Strategy",
        "Names",
        "Name",
        "Option",
        "Options",
        "Policy",
        "State",
        "Kind",
        "Level",
        "Enum",
        "Status",
        "Stage",
        "Backend",
        "Format",
        "Method",
        "Scheme",
        "Split",
        "Task",
        "Order",
        "Flag",
        "Reduction",
        "Implementation",
        "Environment",
        "Platform",
    ];
    let last = name.rsplit('.').next().unwrap_or(name);
    ENDS.iter().any(|end| last.ends_with(end))
}

/// True for the full name of something that is dangerous to call, or of a hook by which Python makes objects: names that
/// have no business in data.
pub fn is_hazardous_name(text: &str) -> bool {
    const HOOKS: &[&str] =
        &["__reduce__", "__reduce_ex__", "__setstate__", "__import__", "__builtins__", "__globals__"];
    if text.len() > HAZARD_BYTES_MAX || !text.is_ascii() {
        return false;
    }
    HOOKS.contains(&text)
        || text
            .rsplit_once('.')
            .is_some_and(|(module, name)| is_dotted_name(text) && matches!(judge(module, name), Verdict::Dangerous(_)))
}

/// The lists, as they stand in `globals.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    python2: Python2,
    aliases: HashMap<String, String>,
    steps: Steps,
    dangerous: Vec<Dangerous>,
    allowed: Vec<Allowed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Python2 {
    modules: HashMap<String, String>,
    names: HashMap<String, String>,
}

/// Steps on the path of a name that lead out of a framework's own objects.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    modules: Vec<String>,
    classes: Vec<String>,
    folders: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dangerous {
    why: String,
    #[serde(default)]
    modules: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    #[expect(dead_code, reason = "says who writes these, for readers of the file")]
    writer: String,
    #[serde(default = "plain")]
    role: Role,
    /// Exact names, `module:name`.
    #[serde(default)]
    names: Vec<String>,
    /// Packages whose classes are allowed: names in CapWords, as PEP 8 has it, in the package and below.
    #[serde(default)]
    classes: Vec<String>,
    /// Packages whose classes are written with calls of their constructors, which only make objects.
    #[serde(default)]
    constructed: Vec<String>,
    /// `module:pattern`, for the module and below; `*` in the pattern stands for any letters.
    #[serde(default)]
    functions: Vec<String>,
}

fn plain() -> Role {
    Role::Plain
}

struct Lists {
    python2_modules: HashMap<String, String>,
    python2_names: HashMap<String, String>,
    aliases: HashMap<String, String>,
    allowed: HashMap<String, Role>,
    dangerous_names: HashMap<String, &'static str>,
    dangerous_modules: HashMap<String, &'static str>,
    step_modules: HashSet<String>,
    step_classes: HashSet<String>,
    step_folders: HashSet<String>,
    class_packages: HashSet<String>,
    constructed_packages: HashSet<String>,
    function_patterns: HashMap<String, Vec<String>>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("globals.toml")).unwrap_or_else(|e| panic!("globals.toml: {e}"));
    Lists::from(file)
});

impl From<File> for Lists {
    fn from(file: File) -> Self {
        let mut lists = Self {
            python2_modules: file.python2.modules,
            python2_names: file.python2.names,
            aliases: file.aliases,
            allowed: HashMap::new(),
            dangerous_names: HashMap::new(),
            dangerous_modules: HashMap::new(),
            step_modules: file.steps.modules.into_iter().collect(),
            step_classes: file.steps.classes.into_iter().collect(),
            step_folders: file.steps.folders.into_iter().collect(),
            class_packages: HashSet::new(),
            constructed_packages: HashSet::new(),
            function_patterns: HashMap::new(),
        };
        for entry in file.dangerous {
            // Made once for the whole run of the program.
            let why: &'static str = Box::leak(entry.why.into_boxed_str());
            lists.dangerous_modules.extend(entry.modules.into_iter().map(|m| (m, why)));
            lists.dangerous_names.extend(entry.names.into_iter().map(|n| (n, why)));
        }
        for entry in file.allowed {
            lists.allowed.extend(entry.names.into_iter().map(|name| (name, entry.role)));
            lists.class_packages.extend(entry.classes);
            lists.constructed_packages.extend(entry.constructed);
            for function in entry.functions {
                if let Some((module, pattern)) = function.split_once(':') {
                    lists.function_patterns.entry(module.to_owned()).or_default().push(pattern.to_owned());
                }
            }
        }
        lists
    }
}

impl Lists {
    /// The name under which Python 3 imports it, and under which the lists have it.
    fn python3(&self, module: &str, name: &str, names: Names) -> (String, String) {
        let full = format!("{module}:{name}");
        let (module, name) = match self.python2_names.get(&full).and_then(|n| n.split_once(':')) {
            _ if names == Names::OfPython3 => (module.to_owned(), name.to_owned()),
            Some((module, name)) => (module.to_owned(), name.to_owned()),
            None => (self.python2_modules.get(module).cloned().unwrap_or_else(|| module.to_owned()), name.to_owned()),
        };
        for parent in parents(&module) {
            if let Some(target) = self.aliases.get(parent) {
                return (format!("{target}{}", &module[parent.len()..]), name);
            }
        }
        (module, name)
    }

    fn danger(&self, module: &str, name: &str, full: &str) -> Option<&'static str> {
        if let Some(why) = self.dangerous_names.get(full) {
            return Some(why);
        }
        // `pathlib:os.getenv` is `os:getenv`, whatever the module: each step but the last may be a module.
        let mut steps = name.split('.').peekable();
        let mut owner = module.to_owned();
        while let Some(step) = steps.next() {
            if self.step_modules.contains(step) {
                return Some(self.module_danger(step).unwrap_or("indirection"));
            }
            if is_dunder(step) {
                return Some("indirection");
            }
            owner = format!("{owner}.{step}");
            if steps.peek().is_some() && self.dangerous_modules.contains_key(&owner) {
                return self.module_danger(&owner);
            }
        }
        // The name of a class that a module has imported for itself.
        if self.in_package(module) && name.split('.').any(|step| self.step_classes.contains(step)) {
            return Some("indirection");
        }
        self.module_danger(module)
    }

    fn module_danger(&self, module: &str) -> Option<&'static str> {
        if module != "__main__" && module.split('.').any(|step| step == "__main__") {
            return Some("code");
        }
        parents(module).find_map(|parent| self.dangerous_modules.get(parent).copied())
    }

    fn in_package(&self, module: &str) -> bool {
        parents(module).any(|p| self.class_packages.contains(p) || self.function_patterns.contains_key(p))
    }

    fn fits_pattern(&self, module: &str, name: &str) -> Option<Role> {
        if !is_dotted_name(module) || module.split('.').any(|step| self.step_folders.contains(step)) {
            return None;
        }
        let mut functions = parents(module).filter_map(|p| self.function_patterns.get(p)).flatten();
        if functions.any(|pattern| fits(pattern, name)) {
            return Some(Role::Plain);
        }
        let is_class = name.split('.').all(is_class_name) && parents(module).any(|p| self.class_packages.contains(p));
        let is_constructed = parents(module).any(|p| self.constructed_packages.contains(p));
        is_class.then_some(if is_constructed { Role::Plain } else { Role::Class })
    }
}

/// The module and the packages that it lies in, from the inside out.
fn parents(module: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(module), |m| m.rsplit_once('.').map(|(parent, _)| parent))
}

/// `CapWords`, also after underscores: the convention for classes (PEP 8), which the listed packages keep to.
fn is_class_name(step: &str) -> bool {
    step.trim_start_matches('_').starts_with(|c: char| c.is_ascii_uppercase())
        && step.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

fn is_dunder(step: &str) -> bool {
    step.len() > 4 && step.starts_with("__") && step.ends_with("__")
}

/// Compares a name with a pattern whose `*` stands for any letters, digits and underscores.
fn fits(pattern: &str, name: &str) -> bool {
    let plain = name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    plain
        && match pattern.split_once('*') {
            Some((start, end)) => {
                name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
            }
            None => name == pattern,
        }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
