"""Generates pickle streams and says what Python itself makes of them, for `pickle_differential.rs`.

    python3 pickle_reference.py COUNT SEED

Writes for each stream two lengths (little-endian, 32 bits), the stream, and a JSON object:

    must    what some reader of Python's own imports: the C unpickler, the Python unpickler, or `pickletools.genops`
            with a stack and a memo, up to the point where all of them would raise
    loads   what one of the two unpicklers imports
    may     the same as `must`, with the last one going on for as long as opcodes can be read, and with texts of Python 2 in Latin-1 or UTF-8
    why     ["text"] when pickletools stops at a text or number that can't be decoded

Imports are "module.name", extension codes "ext:N", persistent ids "persistent". Nothing is imported or called: in both
unpicklers `find_class` returns a class that does nothing.
"""

import copyreg
import io
import json
import pickle
import pickletools
import random
import resource
import struct
import sys

EXTENSIONS = range(1, 9)
MODULES = ["os", "subprocess", "builtins", "posix", "examplenet", "examplenet.layers", "examplelib", "pty", "runpy", "nt"]
NAMES = ["system", "popen", "run", "Net", "Net.Inner", "exec", "eval", "load", "build", "_make", "Layer", "spawn"]


class Inert:
    """Stands for every class, function and object that a stream asks for."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return Inert()

    def __setstate__(self, state=None):
        pass

    def __setitem__(self, key=None, value=None):
        pass

    def append(self, item=None):
        pass

    extend = add = append


def reader(base):
    class Reader(base):
        def __init__(self, file, seen, encoding):
            super().__init__(file, fix_imports=False, encoding=encoding)
            self.seen = seen

        def find_class(self, module, name):
            if not module or not name:
                raise ImportError
            self.seen.append("ext:" + module[3:] if name == "made" else f"{module}.{name}")
            return Inert

        def persistent_load(self, pid):
            if pid == "":
                raise ImportError
            self.seen.append("persistent")
            return Inert()

    return Reader


READERS = [reader(pickle.Unpickler), reader(pickle._Unpickler)]


def loaded(data, base, encoding="ASCII"):
    """What an unpickler imports, in all pickles of the stream."""
    seen, file = [], io.BytesIO(data)
    try:
        while file.tell() < len(data):
            copyreg.clear_extension_cache()
            base(file, seen, encoding).load()
    except Exception:  # Whatever a broken stream makes it raise.
        pass
    return seen


# ---------------------------------------------------------------------------------------------------------------------
# The reference: opcodes from pickletools, a stack with marks and a memo.

LITERAL, OPAQUE, IMPORT, MARK = "literal", "opaque", "import", "mark"


SPACE = "\ue000"


def name_line(file):
    """A line with a name, as loaders read it. `pickletools` resolves escapes in it, and no loader does; and it puts a space
    between the two names of an import, so that one in a name has to be something else."""
    line = file.readline()
    if not line.endswith(b"\n"):
        raise ValueError
    return line[:-1].decode().replace(" ", SPACE)


pickletools.read_stringnl_noescape = name_line


class Ended(Exception):
    pass


class Evaluator:
    def __init__(self):
        self.must, self.may, self.sure, self.text = [], [], True, False

    def see_import(self, module, name):
        if not module or not name:
            raise Ended
        self.see(f"{module}.{name}")

    def see(self, what):
        self.may.append(what)
        if self.sure:
            self.must.append(what)

    def run(self, data):
        file = io.BytesIO(data)
        try:
            while file.tell() < len(data):
                self.stack, self.memo = [], {}
                for opcode, arg, _ in pickletools.genops(file):
                    self.step(opcode.name, arg)
        except UnicodeError:
            self.text = True
        except ValueError as error:
            # The C unpickler reads a number up to a zero byte.
            self.text = "escape" in str(error) or "\\x00" in str(error)
        except (Ended, OverflowError, MemoryError):
            pass

    def pop(self):
        if not self.stack or self.stack[-1] == MARK:
            raise Ended
        return self.stack.pop()

    def pop_mark(self):
        items = []
        while True:
            if not self.stack:
                raise Ended
            top = self.stack.pop()
            if top == MARK:
                return items[::-1]
            items.append(top)

    def top(self):
        if not self.stack or self.stack[-1] == MARK:
            raise Ended
        return self.stack[-1]

    def step(self, name, arg):
        push = self.stack.append
        if name in ("PROTO", "FRAME"):
            self.sure &= name == "FRAME" or arg <= pickle.HIGHEST_PROTOCOL
        elif name == "MARK":
            push(MARK)
        elif name == "STOP":
            self.pop()
        elif name in ("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING"):
            # Of Python 2, and refused by default when it is not ASCII.
            self.sure &= "STRING" not in name or arg.isascii()
            push(("text", arg))
        elif name in ("GLOBAL", "INST"):
            self.see_import(*(name.replace(SPACE, " ") for name in arg.split(" ", 1)))
            if name == "INST":
                self.pop_mark()
            push(IMPORT if name == "GLOBAL" else OPAQUE)
        elif name == "STACK_GLOBAL":
            attribute, module = self.pop(), self.pop()
            if isinstance(attribute, tuple) and isinstance(module, tuple):
                self.see_import(module[1], attribute[1])
                push(IMPORT)
                return
            self.sure &= all(value == OPAQUE or isinstance(value, tuple) for value in (attribute, module))
            push(OPAQUE)
        elif name in ("EXT1", "EXT2", "EXT4"):
            self.see(f"ext:{arg}")
            push(OPAQUE)
        elif name == "PERSID":
            self.see("persistent")
            push(OPAQUE)
        elif name == "BINPERSID":
            self.pop()
            self.see("persistent")
            push(OPAQUE)
        elif name in ("REDUCE", "NEWOBJ"):
            self.pop()
            self.called(self.pop())
        elif name == "NEWOBJ_EX":
            self.pop()
            self.pop()
            self.called(self.pop())
        elif name == "OBJ":
            items = self.pop_mark()
            if not items:
                raise Ended
            self.called(items[0])
        elif name == "BUILD":
            self.pop()
            self.top()
        elif name == "POP":
            if self.stack and self.stack[-1] == MARK:
                self.stack.pop()
            else:
                self.pop()
        elif name == "POP_MARK":
            self.pop_mark()
        elif name == "DUP":
            push(self.top())
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            if arg < 0:
                raise Ended
            self.memo[arg] = self.top()
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.top()
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            if arg not in self.memo:
                raise Ended
            push(self.memo[arg])
        elif name in ("TUPLE", "LIST", "DICT", "FROZENSET"):
            items = self.pop_mark()
            if name == "DICT" and len(items) % 2:
                raise Ended
            push(LITERAL)
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            for _ in range(int(name[-1])):
                self.pop()
            push(LITERAL)
        elif name in ("APPENDS", "ADDITEMS", "SETITEMS"):
            items = self.pop_mark()
            self.top()
            if name == "SETITEMS" and len(items) % 2:
                raise Ended
        elif name == "APPEND":
            self.pop()
            self.top()
        elif name == "SETITEM":
            self.pop()
            self.pop()
            self.top()
        elif name == "READONLY_BUFFER":
            self.top()
        elif name == "NEXT_BUFFER":
            self.sure = False
            push(OPAQUE)
        else:
            push(LITERAL)

    def called(self, callee):
        if callee == LITERAL or isinstance(callee, tuple):
            self.sure = False
        self.stack.append(OPAQUE)


# ---------------------------------------------------------------------------------------------------------------------
# The generator: opcodes that mostly find what they need, some that don't, then damage.


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def stream(self):
        rng = self.rng
        parts = [self.pickle() for _ in range(rng.choice([1, 1, 1, 1, 2, 3]))]
        data = b"".join(parts)
        if rng.random() < 0.35:
            data = self.damaged(data)
        return data

    def pickle(self):
        rng = self.rng
        self.depth, self.marks, self.memo = 0, [], set()
        self.protocol = rng.randrange(6)
        out = bytearray()
        if self.protocol >= 2 or rng.random() < 0.1:
            out += bytes([0x80, self.protocol if rng.random() < 0.97 else rng.choice([0, 1, 6, 9, 200])])
        body = b"".join(self.step() for _ in range(rng.choice([3, 8, 20, 60])))
        if self.depth == 0 or rng.random() < 0.5:
            body += b"N"
        if self.marks and rng.random() < 0.8:
            body += b"1" * len(self.marks) + b"N"
        body += b"."
        if rng.random() < 0.3:
            length = len(body) if rng.random() < 0.7 else rng.choice([0, 1, len(body) // 2, len(body) + 9, 2**40])
            body = b"\x95" + struct.pack("<Q", length) + body
        return bytes(out + body)

    def step(self):
        rng = self.rng
        wild = rng.random() < 0.02
        choices = [self.literal, self.literal, self.imported, self.imported, self.fetched, self.stored, self.container]
        choices += [self.marked, self.call, self.call, self.removed, self.filled, self.special]
        while True:
            made = rng.choice(choices)(wild)
            if made is not None:
                return made

    def free(self):
        """Values above the last mark."""
        return self.depth - (self.marks[-1] if self.marks else 0)

    def needs(self, count, wild, code, left=1):
        if self.free() < count and not wild:
            return None
        self.depth = max(self.depth - count, 0) + left
        return code

    def text(self, word):
        rng, raw = self.rng, word.encode()
        forms = [
            lambda: b"\x8c" + bytes([len(raw)]) + raw,
            lambda: b"X" + struct.pack("<I", len(raw)) + raw,
            lambda: b"\x8d" + struct.pack("<Q", len(raw)) + raw,
            lambda: b"U" + bytes([len(raw)]) + raw,
            lambda: b"T" + struct.pack("<i", len(raw)) + raw,
            lambda: b"S'" + raw + b"'\n",
            lambda: b'S"' + raw.replace(b"e", b"\\x65") + b'"\n',
            lambda: b"V" + raw.replace(b"s", b"\\u0073") + b"\n",
        ]
        return rng.choice(forms)()

    def literal(self, wild):
        rng = self.rng
        self.depth += 1
        number = rng.randrange(256)
        forms = [
            lambda: b"N",
            lambda: b"\x88",
            lambda: b"\x89",
            lambda: b"K" + bytes([number]),
            lambda: b"M" + struct.pack("<H", number * 7),
            lambda: b"J" + struct.pack("<i", -number),
            lambda: b"I%d\n" % number,
            lambda: rng.choice([b"I00\n", b"I01\n", b"L12L\n", b"L-3\n", b"I 7 \n"]),
            lambda: b"\x8a\x02\x01\x7f",
            lambda: b"\x8b\x01\0\0\0\xff",
            lambda: b"F1.5\n",
            lambda: b"G" + struct.pack(">d", 0.5),
            lambda: b"C\x03a.b",
            lambda: b"B\x02\0\0\0R.",
            lambda: b"\x8e" + struct.pack("<Q", 1) + b"c",
            lambda: b"\x96" + struct.pack("<Q", 2) + b"cc",
            lambda: self.text(rng.choice(MODULES + NAMES)),
            lambda: self.text(rng.choice(MODULES + NAMES)),
            lambda: self.text(rng.choice(MODULES + NAMES)),
        ]
        return rng.choice(forms)()

    def imported(self, wild):
        rng = self.rng
        module, name = rng.choice(MODULES), rng.choice(NAMES)
        kind = rng.random()
        self.depth += 1
        if kind < 0.4:
            return b"c" + module.encode() + b"\n" + name.encode() + b"\n"
        if kind < 0.8:
            between = rng.choice([b"", b"", b"N0", b"(1", b"(N1", b"20"])
            return self.text(module) + between + self.text(name) + b"\x93"
        self.depth -= 1
        return self.needs(2, wild, b"\x93")

    def fetched(self, wild):
        rng = self.rng
        if not self.memo and not wild:
            return None
        slot = rng.choice(sorted(self.memo)) if self.memo and not wild else rng.randrange(300)
        self.depth += 1
        return rng.choice([b"h" + bytes([slot % 256]), b"j" + struct.pack("<I", slot), b"g%d\n" % slot])

    def stored(self, wild):
        rng = self.rng
        if self.free() < 1 and not wild:
            return None
        if rng.random() < 0.5:
            self.memo.add(len(self.memo))
            return b"\x94"
        slot = rng.choice([rng.randrange(4), rng.randrange(256), len(self.memo) % 256])
        self.memo.add(slot)
        return rng.choice([b"q" + bytes([slot]), b"r" + struct.pack("<I", slot), b"p%d\n" % slot])

    def marked(self, wild):
        self.marks.append(self.depth)
        return b"("

    def to_mark(self, code, left):
        self.depth = self.marks.pop() + left
        return code

    def container(self, wild):
        rng = self.rng
        if self.marks and rng.random() < 0.5:
            return self.to_mark(rng.choice([b"t", b"t", b"l", b"d", b"\x91"]), 1)
        if rng.random() < 0.5:
            return self.needs(0, wild, rng.choice([b")", b"]", b"}", b"\x8f"]))
        count = rng.randrange(1, 4)
        return self.needs(count, wild, bytes([0x84 + count]))

    def call(self, wild):
        rng = self.rng
        kind = rng.randrange(8)
        if kind < 3:
            return self.needs(2, wild, rng.choice([b"R", b"\x81"]))
        if kind == 3:
            return self.needs(3, wild, b"\x92")
        if kind == 4:
            return self.needs(2, wild, b"b")
        if kind == 5 and (self.marks or wild):
            line = b"i" + rng.choice(MODULES).encode() + b"\n" + rng.choice(NAMES).encode() + b"\n"
            return self.to_mark(line, 1) if self.marks else line
        if kind == 6 and self.marks:
            return self.to_mark(b"o", 1)
        word = rng.choice(MODULES).encode() + b"\n" + rng.choice(NAMES).encode() + b"\n"
        self.depth += 1
        return b"c" + word + rng.choice([b")R", b"N\x85R", b")\x81", b")}\x92", b")RNb"])

    def removed(self, wild):
        rng = self.rng
        if self.marks and self.depth == self.marks[-1] and rng.random() < 0.3:
            self.marks.pop()
            return b"0"
        if self.marks and rng.random() < 0.2:
            return self.to_mark(b"1", 0)
        if rng.random() < 0.3:
            return self.needs(1, wild, b"2", 2)
        return self.needs(1, wild, b"0", 0)

    def filled(self, wild):
        rng = self.rng
        form = rng.randrange(4)
        self.depth += 1
        return [
            lambda: b"](" + self.text(rng.choice(NAMES)) + b"Ne",
            lambda: b"}" + self.text(rng.choice(NAMES)) + b"Ns",
            lambda: b"}(K\x01NK\x02Nu",
            lambda: b"\x8f(K\x01K\x02\x90",
        ][form]()

    def special(self, wild):
        rng = self.rng
        kind = rng.randrange(12)
        if kind == 0:
            self.depth += 1
            code = rng.choice(EXTENSIONS)
            return rng.choice([b"\x82" + bytes([code]), b"\x83" + struct.pack("<H", code), b"\x84" + struct.pack("<i", code)])
        if kind == 1:
            self.depth += 1
            return b"Pid%d\n" % rng.randrange(9)
        if kind == 2:
            return self.needs(1, wild, b"Q")
        if kind == 3:
            return self.needs(1, wild, b"\x98")
        if kind == 4 and rng.random() < 0.1:
            self.depth += 1
            return b"\x97"
        if kind == 5:
            return b"\x95" + struct.pack("<Q", rng.choice([0, 1, 5, 20, 2**33]))
        if kind == 6:
            return b"\x80" + bytes([rng.choice([0, 2, 4, 5])])
        return None

    def damaged(self, data):
        rng, data = self.rng, bytearray(data)
        for _ in range(rng.choice([1, 1, 2, 4])):
            at = rng.randrange(len(data)) if data else 0
            kind = rng.randrange(6)
            if kind == 0 and data:
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 1 and data:
                data[at] = rng.randrange(256)
            elif kind == 2:
                data[at:at] = bytes([rng.choice(b"(0123.NRbcegh\x93\x94\x81\x85)]}otu\x95\x82Q")])
            elif kind == 3:
                del data[at : at + rng.choice([1, 1, 3, 9])]
            elif kind == 4:
                end = min(len(data), at + rng.randrange(30))
                data[at:at] = data[at:end]
            else:
                del data[at + rng.randrange(20) :]
        return bytes(data)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    # A slot far up in the memo makes the C unpickler ask for all slots below.
    resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
    for code in EXTENSIONS:
        copyreg.add_extension(f"ext{code}", "made", code)
    generator = Generator(random.Random(seed))
    out = sys.stdout.buffer
    for _ in range(count):
        data = generator.stream()
        evaluator = Evaluator()
        evaluator.run(data)
        must, loads = set(evaluator.must), set()
        for base in READERS:
            loads.update(loaded(data, base))
        must |= loads
        may = must.union(evaluator.may, *(loaded(data, READERS[0], encoding) for encoding in ("latin1", "utf-8")))
        why = ["text"] if evaluator.text else []
        said = json.dumps({"must": sorted(must), "may": sorted(may), "loads": sorted(loads), "why": why}).encode()
        out.write(struct.pack("<II", len(data), len(said)) + data + said)


main()
