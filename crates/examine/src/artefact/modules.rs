//! Python modules that configurations may name: which belong to the framework, and which open a way out of it.

use crate::artefact::pickle;

/// How a name that a configuration asks for stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A part of the framework that loads it.
    Framework,
    /// Code from elsewhere, of which nothing is known.
    Foreign,
    /// Gives whoever wrote the configuration a shell, files, the network or code.
    Harmful,
}

/// Top-level modules of the standard library, and of others, whose functions act on the system.
const HARMFUL_ROOTS: &[&str] = &[
    "os",
    "posix",
    "nt",
    "sys",
    "subprocess",
    "shutil",
    "importlib",
    "runpy",
    "socket",
    "socketserver",
    "ssl",
    "ctypes",
    "_ctypes",
    "pty",
    "code",
    "codeop",
    "marshal",
    "pickle",
    "_pickle",
    "cPickle",
    "cloudpickle",
    "dill",
    "joblib",
    "urllib",
    "urllib2",
    "http",
    "httplib",
    "requests",
    "aiohttp",
    "httpx",
    "webbrowser",
    "tempfile",
    "pathlib",
    "io",
    "_io",
    "multiprocessing",
    "threading",
    "_thread",
    "asyncio",
    "inspect",
    "timeit",
    "pdb",
    "bdb",
    "cProfile",
    "profile",
    "trace",
    "doctest",
    "pydoc",
    "platform",
    "commands",
    "popen2",
    "ftplib",
    "smtplib",
    "telnetlib",
    "imaplib",
    "poplib",
    "xmlrpc",
    "site",
    "sitecustomize",
    "venv",
    "ensurepip",
    "pip",
    "setuptools",
    "distutils",
    "zipimport",
    "pkgutil",
    "imp",
    "gc",
    "signal",
    "faulthandler",
    "atexit",
    "logging",
    "glob",
    "fileinput",
    "linecache",
    "dbm",
    "shelve",
    "sqlite3",
    "winreg",
    "_winapi",
    "msvcrt",
    "resource",
    "mmap",
    "fcntl",
    "pwd",
    "getpass",
    "idlelib",
    "lib2to3",
    "test",
    "unittest",
    "types",
    "uuid",
    "cgi",
    "cgitb",
    "wsgiref",
    "rlcompleter",
    "antigravity",
    "this",
    "turtle",
    "tkinter",
    "IPython",
    "fabric",
    "paramiko",
    "psutil",
    "sh",
    "git",
    "yaml",
    "jinja2",
    "mako",
    "exec",
    "eval",
];
/// Functions of `builtins` with which a name becomes an action.
const HARMFUL_BUILTINS: &[&str] = &[
    "eval",
    "exec",
    "compile",
    "open",
    "__import__",
    "getattr",
    "setattr",
    "delattr",
    "input",
    "print",
    "globals",
    "locals",
    "vars",
    "breakpoint",
    "exit",
    "quit",
    "help",
    "execfile",
    "apply",
    "__build_class__",
    "map",
    "filter",
    "raw_input",
];

/// How a name of Keras configurations stands.
#[must_use]
pub fn in_keras(module: &str, name: &str) -> Standing {
    const ROOTS: &[&str] = &["keras", "tf_keras", "keras_core", "keras_hub", "keras_nlp", "keras_cv", "keras_tuner"];
    // Parts of Keras that layers, losses and the like never live in.
    const AWAY: &[&str] = &[
        "utils",
        "config",
        "saving",
        "datasets",
        "legacy",
        "export",
        "callbacks",
        "tree",
        "testing",
        "wrappers",
        "api",
    ];
    const CALLS: &[&str] = &[
        "get_file",
        "enable_unsafe_deserialization",
        "load_model",
        "save_model",
        "model_from_json",
        "load_img",
        "load",
    ];
    let module = module.strip_prefix("tensorflow.").or_else(|| module.strip_prefix("tf.")).unwrap_or(module);
    let module = module.strip_prefix("python.").unwrap_or(module);
    let mut steps = module.split('.').filter(|s| !matches!(*s, "src" | "_tf_keras"));
    let root = steps.next().unwrap_or_default();
    if !ROOTS.contains(&root) {
        // Functions are looked up among the built-in ones, classes never lie there.
        let is_class = name.starts_with(|c: char| c.is_ascii_uppercase());
        return if root == "builtins" && is_class { Standing::Foreign } else { elsewhere(module, name) };
    }
    let away = steps.next().is_some_and(|part| AWAY.contains(&part));
    if away || CALLS.contains(&name) { Standing::Harmful } else { Standing::Framework }
}

/// True for a module whose functions act on the system.
#[must_use]
pub fn is_harmful_module(module: &str) -> bool {
    HARMFUL_ROOTS.contains(&module.split('.').next().unwrap_or_default())
}

/// How a type that a skops file asks for stands.
#[must_use]
pub fn in_skops(module: &str, name: &str) -> Standing {
    const ROOTS: &[&str] = &[
        "sklearn",
        "numpy",
        "scipy",
        "pandas",
        "skops",
        "collections",
        "datetime",
        "decimal",
        "fractions",
        "xgboost",
        "lightgbm",
        "catboost",
        "imblearn",
        "quantile_forest",
        "functools",
        "random",
    ];
    // Attribute and method access by name.
    const ACCESSORS: &[&str] = &["methodcaller", "attrgetter", "itemgetter", "call"];
    let root = module.split('.').next().unwrap_or_default();
    match root {
        "builtins" => elsewhere(module, name),
        "operator" if !ACCESSORS.contains(&name) => Standing::Framework,
        "operator" => Standing::Harmful,
        _ if ROOTS.contains(&root) && !module.contains("f2py") && !module.contains("testing") => Standing::Framework,
        _ => elsewhere(module, name),
    }
}

/// Packages whose parts such configurations name.
const TARGET_ROOTS: &[&str] = &[
    "nemo",
    "nemo_text_processing",
    "megatron",
    "torch",
    "torchaudio",
    "torchvision",
    "torchmetrics",
    "transformers",
    "diffusers",
    "sentence_transformers",
    "pytorch_lightning",
    "lightning",
    "omegaconf",
    "mlflow",
    "collections",
    "datetime",
    "decimal",
    "numpy",
    "sklearn",
    "pandas",
];
/// Ways out of these packages: loaders, downloads, programs.
const TARGETS_AWAY: &[&str] = &[
    "hub",
    "load",
    "utils",
    "serialization",
    "multiprocessing",
    "f2py",
    "testing",
    "fromfile",
    "distutils",
    "datasets",
    "io",
    "read_pickle",
    "cpp_extension",
    "_dynamo",
    "_inductor",
    "package",
    "ops",
    "library",
];
/// Packages of which configurations name classes alone.
const PACKAGES_OF_CLASSES: &[&str] = &["transformers", "diffusers", "omegaconf", "sentence_transformers"];
/// Functions of these packages that read, fetch, send or import what they are given.
const TARGET_VERBS: &[&str] = &[
    "load",
    "read",
    "open",
    "restore",
    "from_pretrained",
    "from_file",
    "fromfile",
    "fromregex",
    "genfromtxt",
    "dump",
    "tofile",
    "memmap",
    "loadtxt",
    "recfrom",
    "register",
    "download",
    "push_to",
    "upload",
    "save",
    "run",
    "call",
    "eval",
    "exec",
    "compile",
    "import",
    "launch",
    "spawn",
    "system",
    "get_class",
    "get_object",
    "get_method",
    "instantiate",
    "pipeline",
    "ffmpeg",
];

/// How a dotted name stands that a configuration of Hydra's form, MLflow, jsonpickle or Sentence Transformers names.
#[must_use]
pub fn in_targets(path: &str) -> Standing {
    let (module, name) = path.rsplit_once('.').unwrap_or((path, ""));
    let mut steps = path.split('.');
    let root = steps.next().unwrap_or_default();
    // What is put together when it is loaded is not known before.
    if path.contains("${") {
        return Standing::Foreign;
    }
    if !TARGET_ROOTS.contains(&root) {
        return elsewhere(if module == root || name.is_empty() { root } else { module }, name);
    }
    let outside = |step: &str| TARGETS_AWAY.contains(&step) && matches!(root, "torch" | "numpy" | "sklearn" | "pandas");
    // Batches of data are made there, by classes that are told of them by others.
    let is_data = ["torch.utils.data.", "sklearn.datasets.make_"].iter().any(|start| path.starts_with(start));
    // MLflow's own modules load the models of others, which is what its files name them for.
    let hazardous = root != "mlflow" && (pickle::is_hazardous_name(path) || pickle::is_hazardous_name(module));
    if !is_data && (hazardous || steps.any(|step| outside(step) || HARMFUL_ROOTS.contains(&step))) {
        Standing::Harmful
    } else if PACKAGES_OF_CLASSES.contains(&root) && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') {
        // Of these, configurations name classes. A function reaches the hub, files or the settings of the process.
        Standing::Foreign
    } else if TARGET_VERBS.iter().any(|verb| name.trim_start_matches('_').starts_with(verb)) {
        Standing::Foreign
    } else {
        Standing::Framework
    }
}

fn elsewhere(module: &str, name: &str) -> Standing {
    let root = module.split('.').next().unwrap_or_default();
    match root {
        "builtins" | "__builtin__" if HARMFUL_BUILTINS.contains(&name) => Standing::Harmful,
        "builtins" | "__builtin__" => Standing::Framework,
        _ if HARMFUL_ROOTS.contains(&root) => Standing::Harmful,
        _ => Standing::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frameworks_and_ways_out() {
        assert_eq!(in_keras("keras.layers", "Dense"), Standing::Framework);
        assert_eq!(in_keras("keras.src.utils.file_utils", "get_file"), Standing::Harmful);
        assert_eq!(in_keras("tensorflow.keras.losses", "mse"), Standing::Framework);
        assert_eq!(in_keras("builtins", "my_loss"), Standing::Framework);
        assert_eq!(in_keras("builtins", "exec"), Standing::Harmful);
        assert_eq!(in_keras("builtins", "Dense"), Standing::Foreign);
        assert_eq!(in_keras("hospital.layers", "Gate"), Standing::Foreign);
        for own in [
            "torch.optim.Adam",
            "torch.utils.data.DataLoader",
            "torch.nn.functional.relu",
            "nemo.core.optim.CosineAnnealing",
        ] {
            assert_eq!(in_targets(own), Standing::Framework, "{own}");
        }
        for asks in [
            "mlflow.pyfunc.load_model",
            "nemo.models.Asr.restore_from",
            "numpy.${x}",
            "transformers.Trainer.push_to_hub",
        ] {
            assert_eq!(in_targets(asks), Standing::Foreign, "{asks}");
        }
        assert_eq!(in_targets("mlflow.sklearn"), Standing::Framework);
        assert_eq!(in_targets("numpy.memmap"), Standing::Harmful);
        assert_eq!(in_targets("torch.hub.load"), Standing::Harmful);
        assert_eq!(in_skops("sklearn.svm._classes", "SVC"), Standing::Framework);
        assert_eq!(in_skops("operator", "methodcaller"), Standing::Harmful);
        assert_eq!(in_skops("os", "system"), Standing::Harmful);
    }
}
