use super::*;

fn verdict(global: &str) -> Verdict {
    let (module, name) = global.split_once(':').expect("module:name");
    judge(module, name)
}

#[test]
fn what_frameworks_write_is_allowed() {
    for global in [
        "collections:OrderedDict",
        "__builtin__:set",
        "exceptions:ValueError",
        "numpy.core.multiarray:_reconstruct",
        "numpy._core.multiarray:scalar",
        "numpy:float32",
        "torch:FloatStorage",
        "torch.cuda:HalfStorage",
        "torch.nn.modules.linear:Linear",
        "sklearn.ensemble._forest:RandomForestClassifier",
        "sklearn.tree._tree:Tree",
        "sklearn._loss._loss:CyHalfBinomialLoss",
        "sklearn._loss._loss:__pyx_unpickle_CyHalfBinomialLoss",
        "sklearn.externals.joblib.numpy_pickle:NumpyArrayWrapper",
        "sklearn.metrics._classification:accuracy_score",
        "scipy.sparse.csr:csr_matrix",
        "pandas.core.internals.managers:BlockManager",
        "pandas._libs.arrays:__pyx_unpickle_NDArrayBacked",
        "xgboost.sklearn:XGBClassifier",
        "transformers.training_args:TrainingArguments",
        "spacy.vocab:Vocab",
        "__torch__.torch.nn.modules.conv:Conv1d",
        "logging:getLogger",
        "zoneinfo:ZoneInfo._unpickle",
    ] {
        assert!(matches!(verdict(global), Verdict::Allowed(_)), "{global}: {:?}", verdict(global));
    }
}

#[test]
fn what_runs_code_or_leads_to_it_is_dangerous() {
    for global in [
        "os:system",
        "posix:system",
        "nt:system",
        "__builtin__:eval",
        "builtins:exec",
        "commands:getoutput",
        "subprocess:Popen",
        "numpy:f2py.crackfortran.myeval",
        "numpy.f2py.crackfortran:getlincoef",
        "torch:os.system",
        "torch:hub.load",
        "pathlib:os.getenv",
        "pathlib:Path.write_text",
        "builtins:object.__subclasses__",
        "sklearn.tree:_tree.Tree.__init__.__globals__",
        "sklearn.utils.parallel:ThreadPoolExecutor",
        "torch.serialization:load",
        "uuid:_get_command_stdout",
        "joblib.numpy_pickle:load",
        "pandas.io.pickle:read_pickle",
        "torch.utils.bottleneck.__main__:run_cprofile",
        "idlelib.run:Executive.runcode",
        "numpy.testing._private.utils:runstring",
        "xml.etree.ElementTree:parse",
        "itertools:imap",
        "logging.handlers:RotatingFileHandler",
        "cloudpickle.cloudpickle:_make_function",
    ] {
        assert!(matches!(verdict(global), Verdict::Dangerous(_)), "{global}: {:?}", verdict(global));
    }
}

#[test]
fn the_rest_is_unknown() {
    for global in [
        "mymodel:Net",
        "__main__:Model",
        "torch:_utils",
        "sklearn.tree:_tree",
        "sklearn.utils:deprecated",
        "torch.nn.modules.linear:Linear.forward",
        "sklearn.tests.test_base:MyEstimator",
        "collections:OrderedDict.fromkeys",
        "os\u{ff0e}path:join",
        "numpy:",
        "sklearn.x:Na me",
        "scipy.stats._continuous_distns:norm_gen",
        "functools:partial",
    ] {
        assert_eq!(verdict(global), Verdict::Unknown, "{global}");
    }
}

#[test]
fn no_name_stands_in_two_lists() {
    let file: File = toml::from_str(include_str!("globals.toml")).expect("well-formed");
    let dangerous: Vec<&String> = file.dangerous.iter().flat_map(|d| &d.names).collect();
    let mut seen = HashSet::new();
    for name in file.allowed.iter().flat_map(|a| &a.names).chain(dangerous) {
        assert!(name.contains(':'), "{name}");
        assert!(seen.insert(name), "{name} stands twice");
    }
}
