"""Writes the inputs of the pickle corpus, opcode by opcode. Nothing here is ever loaded."""

import pathlib
import pickle
import struct

OUT = pathlib.Path(__file__).parent


def text(s):
    raw = s.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def stack_global(module, name):
    return text(module) + text(name) + b"\x93"


def p4(body):
    return b"\x80\x04" + body + b"."


def write(name, data):
    (OUT / f"{name}.in").write_bytes(data)


def dtype(code, state):
    return stack_global("numpy", "dtype") + text(code) + b"\x89\x88\x87R" + state + b"b"


F8 = b"(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t"
OBJECT = b"(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ft"


def wrapper(shape, item, aligned=True):
    state = text("subclass") + stack_global("numpy", "ndarray") + text("shape") + shape
    state += text("order") + text("C") + text("dtype") + item + text("allow_mmap") + b"\x88"
    if aligned:
        state += text("numpy_array_alignment_bytes") + b"K\x10"
    return stack_global("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}(" + state + b"ub"


CALL = stack_global("os", "system") + text("echo example") + b"\x85R"
PRINT = stack_global("builtins", "print") + text("example") + b"\x85R"

# What frameworks write
write("plain-data-protocol0", pickle.dumps({"a": [1, 2.5, None, True], "b": ("x", -3)}, 0))
write("plain-data-protocol5", pickle.dumps({"a": [1, 2.5, None], "b": {"x"}, "c": bytearray(b"x" * 300)}, 5))
write("several-pickles", pickle.dumps([1], 2) + pickle.dumps("two", 4) + pickle.dumps({"three": 3}, 0))
write(
    "sklearn-estimator",
    p4(stack_global("sklearn.svm._classes", "LinearSVC") + b")\x81}(" + text("C") + b"G\x3f\xf0\0\0\0\0\0\0ub"),
)
write(
    "copyreg-instance",
    b"ccopy_reg\n_reconstructor\n(csklearn.svm.classes\nSVC\nc__builtin__\nobject\nNtR(dS'C'\nI1\nsb.",
)
write("joblib-array", p4(wrapper(b"K\x02\x85", dtype("f8", F8)) + b"\x07" + b"\xff" * 7 + b"cos\nsystem\n12345"))
write("joblib-array-0.10", p4(wrapper(b"K\x02K\x01\x86", dtype("f8", F8), aligned=False) + bytes(range(16))))
write(
    "joblib-objects",
    p4(wrapper(b"K\x01\x85", dtype("O8", OBJECT)) + pickle.dumps(["x"], 2)),
)
legacy = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
tensor = (
    b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"
    b"0X\x03\0\0\0cpuK\x02NtQK\0K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR"
)
legacy += b"\x80\x02" + tensor + b"." + pickle.dumps(["0"], 2) + struct.pack("<q", 2) + b"\0\0\x80\x3f" * 2
write("torch-legacy", legacy)
write("torch-storage-in-bytes", p4(stack_global("torch.storage", "_load_from_bytes") + b"B" + struct.pack("<I", len(legacy)) + legacy + b"\x85R"))
write("getattr-of-class", b"\x80\x02c__builtin__\ngetattr\ncsklearn.tree._tree\nTree\nX\x05\0\0\0Inner\x86R.")
write("zero-padding", pickle.dumps([1], 4) + b"\0" * 64)

# What attackers write
write("call-stack-global", p4(CALL))
write("call-protocol0", b"cos\nsystem\n(S'echo example'\ntR.")
write("call-inst", b"(S'echo example'\nios\nsystem\n.")
write("call-obj", b"(cos\nsystem\nS'echo example'\no.")
write("call-newobj-ex", b"\x80\x04cos\nsystem\n)}\x92.")
write("call-python2-name", b"c__builtin__\neval\n(S'1'\ntR.")
write("call-escaped-name", b"\x80\x04V\\u006fs\nS'sys\\x74em'\n\x93" + text("echo example") + b"\x85R.")
write("call-names-from-memo", b"\x80\x04" + text("system") + b"\x940" + text("os") + b"h\x00\x93" + text("x") + b"\x85R.")
write("call-after-pop-mark", b"\x80\x04" + text("os") + b"(" + text("decoy") + b"1" + text("system") + b"\x93)R.")
write("call-dotted", p4(stack_global("torch", "os.system") + text("echo example") + b"\x85R"))
write("call-getattr", b"\x80\x02c__builtin__\ngetattr\ncos\nenviron\nX\x05\0\0\0clear\x86R)R.")
write("call-twice-removed", p4(stack_global("torch._tensor", "_rebuild_from_type_v2") + b"(" + stack_global("os", "system") + b"N" + text("x") + b"\x85Nt" + b"R"))
write("call-ufunc-reconstruct", p4(stack_global("numpy.core", "_ufunc_reconstruct") + text("os") + text("system") + b"\x86R" + text("x") + b"\x85R"))
write("call-then-broken", b"\x80\x04" + CALL + b"\xff")
write("call-then-truncated", b"\x80\x04" + CALL)
write("call-then-unset-memo", b"\x80\x04" + CALL + b"h\x09.")
write("call-in-second-pickle", pickle.dumps({"safe": 1}, 4) + p4(CALL))
write("call-in-joblib-objects", p4(wrapper(b"K\x01\x85", dtype("O8", OBJECT)) + p4(CALL)))
write("call-after-joblib-array", p4(wrapper(b"K\x01\x85", dtype("f8", F8)) + b"\x00" + b"\0" * 8 + CALL))
write("call-in-storage", p4(stack_global("torch.storage", "_load_from_bytes") + b"B" + struct.pack("<I", len(p4(CALL))) + p4(CALL) + b"\x85R"))
write("call-in-joblib-array", p4(wrapper(b"K\x08\x85", dtype("f8", F8), aligned=False) + (CALL + b".").ljust(64, b"\0")))
write("import-only", p4(stack_global("subprocess", "Popen")))
write("unknown-class", p4(stack_global("examplenet", "Net") + b")\x81"))
write("computed-name", p4(stack_global("builtins", "str") + text("os") + b"\x85R" + text("system") + b"\x93)R"))
write("computed-call", p4(stack_global("collections", "Counter") + b")R)R"))
write("changes-module", p4(stack_global("torch", "Tensor") + b"}" + text("__reduce__") + b"Nsb"))
write("changes-class-of-instance", p4(stack_global("collections", "Counter") + b")\x81N}" + text("__class__") + b"Ns\x86b"))
write("extension-code", b"\x80\x02\x82\x07.")
write("persistent-id", b"\x80\x04" + text("model-7") + b"Q.")
write("billion-laughs", b"(" * 12 + b"K\x01" + (b"2" * 9 + b"l") * 12 + b".")
write("trailing-data", pickle.dumps([1], 4) + b"\x13\x37 example")
early = legacy.index(b"ctorch._utils")
write("torch-legacy-call", legacy[:early] + CALL + b"0" + legacy[early:])
write("joblib-unknown-size", p4(wrapper(stack_global("builtins", "tuple") + b")R", dtype("f8", F8)) + b"\0" * 9))
write("frame-too-long", b"\x80\x04\x95\xff\0\0\0\0\0\0\0K\x01.")
write("joblib-outside-file", p4(stack_global("joblib.numpy_pickle", "NDArrayWrapper") + b")\x81}" + text("filename") + text("../../etc/example.npy") + b"sb"))
write("hidden-base64", p4(b"}" + text("config") + text("gASMCGJ1aWx0aW5zjAVwcmludJOMB2V4YW1wbGWFUi4=") + b"s"))
deep = p4(CALL)
for _ in range(9):
    deep = p4(b"B" + struct.pack("<I", len(deep)) + deep)
write("hidden-too-deep", deep)
write("hidden-bytes", p4(b"}" + text("config") + b"C" + bytes([len(p4(CALL))]) + p4(CALL) + b"s"))
write("protocol-9", b"\x80\x04\x80\x09" + PRINT + b".")
write("storage-in-unknown-format", p4(stack_global("torch.storage", "_load_from_bytes") + b"C\x05hello\x85R"))
write("stack-underflow", b"\x80\x04K\x01\x86.")

# The frame ends within the name of the module: one reader sees "examplenet.buibuiltins", another "builtins".
framed = b"cexamplenet.bui"
write("frame-splits-name", b"\x80\x04\x95" + struct.pack("<Q", len(framed)) + framed + b"builtins\nprint\n" + text("example") + b"\x85R.")
write("frame-past-the-end", b"\x80\x04\x95" + struct.pack("<Q", 20) + b"K\x01." + b"\x80\x04K\x02." * 4)
write("name-without-end", b"\x80\x02cos\nsystem!")

# One import and call each, of what published advisories name (docs/threats.md).
ADVISORIES = [
    ("pip", "main"),
    ("timeit", "timeit"),
    ("uuid", "_get_command_stdout"),
    ("_pyrepl.pager", "pipe_pager"),
    ("_osx_support", "_read_output"),
    ("_aix_support", "_read_cmd_output"),
    ("imaplib", "IMAP4_stream"),
    ("pkgutil", "resolve_name"),
    ("torch.utils.bottleneck.__main__", "run_cprofile"),
    ("torch.utils.bottleneck.__main__", "run_autograd_prof"),
    ("torch._dynamo.guards", "GuardBuilder.get"),
    ("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression"),
    ("torch.utils.collect_env", "run"),
    ("torch.utils.collect_env", "run_and_read_all"),
    ("torch.utils.data.datapipes.utils.decoder", "basichandlers"),
    ("torch.jit.unsupported_tensor_ops", "execWrapper"),
    ("torch.utils._config_module", "ConfigModule.load_config"),
    ("trace", "Trace.run"),
    ("trace", "Trace.runctx"),
    ("profile", "Profile.run"),
    ("profile", "Profile.runctx"),
    ("cProfile", "run"),
    ("cProfile", "runctx"),
    ("doctest", "debug_script"),
    ("lib2to3.pgen2.grammar", "Grammar.loads"),
    ("lib2to3.pgen2.pgen", "ParserGenerator.make_label"),
    ("idlelib.debugobj", "ObjectTreeItem.SetText"),
    ("idlelib.autocomplete", "AutoComplete.get_entity"),
    ("idlelib.autocomplete", "AutoComplete.fetch_completions"),
    ("idlelib.calltip", "Calltip.fetch_tip"),
    ("idlelib.calltip", "get_entity"),
    ("idlelib.run", "Executive.runcode"),
    ("idlelib.pyshell", "ModifiedInterpreter.runcommand"),
    ("idlelib.pyshell", "ModifiedInterpreter.runcode"),
    ("code", "InteractiveInterpreter.runcode"),
    ("ensurepip", "_run_pip"),
    ("asyncio.unix_events", "_UnixSubprocessTransport._start"),
    ("distutils.file_util", "write_file"),
    ("ctypes", "CDLL"),
    ("pydoc", "locate"),
    ("operator", "methodcaller"),
    ("_operator", "attrgetter"),
    ("pty", "spawn"),
    ("numpy.f2py.crackfortran", "getlincoef"),
    ("marshal", "loads"),
    ("types", "FunctionType"),
    ("runpy", "run_path"),
    ("cProfile", "run"),
    ("multiprocessing.util", "spawnv_passfds"),
    ("importlib", "import_module"),
    ("signal", "signal"),
    ("socketserver", "TCPServer"),
    ("logging", "FileHandler"),
    ("joblib.numpy_pickle", "load"),
    ("torch", "load"),
    ("venv", "create"),
    ("sqlite3", "connect"),
]
write("advisories", b"\x80\x04" + b"".join(stack_global(m, n) + text("example") + b"\x85R0" for m, n in ADVISORIES) + b"N.")

# What is no pickle
write("not-a-pickle-text", b"Received: from example.com\nSubject: a mail\n\nHello.\n")
write("not-a-pickle-code", b"class Example:\n    pass\n")
