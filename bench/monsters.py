#!/usr/bin/env python3
"""Files that cost a careless scanner much: writes them into a folder and measures `sakimori check` on each.

    monsters.py make FOLDER            about 5 GB, harmless
    monsters.py run BINARY FOLDER      a Markdown table: CPU seconds, peak memory, exit status

Standard library only; nothing is loaded or executed.
"""
import bz2, io, json, lzma, os, random, resource, struct, subprocess, sys, tarfile, tempfile, zipfile, zlib

MIB = 1 << 20


def main():
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        run(sys.argv[2], sys.argv[3], sys.argv[4:])


def make(folder):
    os.makedirs(folder, exist_ok=True)
    for name, write in MONSTERS.items():
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            with open(path, "wb") as out:
                write(out)


def run(binary, folder, only):
    print("| file | MB | CPU s | of sha256 | CPU s / 100 MB | peak MiB | exit |\n|---|---|---|---|---|---|---|")
    for name in only or MONSTERS:
        path = os.path.join(folder, name)
        size = os.path.getsize(path)
        beside = measured(["openssl", "dgst", "-sha256", path])[0]
        with tempfile.TemporaryDirectory() as home:
            cpu, peak, status = measured([binary, "check", path], dict(os.environ, SAKIMORI_HOME=home))
        ratio = f"{cpu / beside:.2f}" if size > 20 * MIB else "–"
        rate = f"{cpu / size * 1e8:.2f}" if size > 5 * MIB else "–"
        print(f"| {name} | {size / 1e6:.1f} | {cpu:.2f} | {ratio} | {rate} | {peak / 1024:.0f} | {status} |", flush=True)


def measured(command, env=None):
    """CPU seconds, peak KiB and exit status of one process."""
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status)


def tensors(out, size):
    """Bytes that look like weights: one random block again and again, each time with another start."""
    block = random.Random(1).randbytes(MIB)
    for _ in range(size // MIB):
        out.write(block)


def safetensors(out):
    size = 2048 * MIB
    header = json.dumps({"w": {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]}}).encode()
    out.write(struct.pack("<Q", len(header)) + header)
    tensors(out, size)




def checkpoint(out):
    one = 64 * MIB
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("archive/version", b"3\n")
        for i in range(16):
            with archive.open(f"archive/data/{i}", "w") as member:
                tensors(member, one)


def gguf(out):
    size = 1024 * MIB
    text = lambda s: struct.pack("<Q", len(s)) + s
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
    head += text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
    head += text(b"w") + struct.pack("<IQIQ", 1, size // 2, 1, 0)
    out.write(head + bytes(-len(head) % 32))
    tensors(out, size)


def opcodes(out):
    out.write(b"\x80\x02](" + b"K\x01" * 2_500_000 + b"N" * 2_499_996 + b"e.")


def memo_bomb(out):
    out.write(b"\x80\x04N" + b"".join(b"r" + struct.pack("<I", i * 7919 % 2**32) for i in range(3_000_000)) + b".")


def laughs(out):
    out.write(b"\x80\x02]q\x00" + b"".join(b"](" + b"h%c" % i * 10 + b"eq%c" % (i + 1) for i in range(200)) + b".")


def long_lie(out):
    out.write(b"\x80\x02\x8b" + struct.pack("<i", 0x7FFFFFFF) + b"\xff" * 1000)


def long_true(out):
    out.write(b"\x80\x02\x8b" + struct.pack("<i", 100 * MIB) + b"\x7f" * (100 * MIB) + b".")


def unicode_true(out):
    out.write(b"\x80\x04\x8d" + struct.pack("<Q", 100 * MIB) + b"a b-" * (25 * MIB) + b".")


def unicode_lie(out):
    out.write(b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"a" * 1000)


def nested_zip(out):
    inner = bytes(10 * MIB)
    name = "zeros.bin"
    for level in range(6):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(16 if level else 1):
                archive.writestr(f"{i}-{name}", inner)
        inner, name = packed.getvalue(), "inner.zip"
    out.write(inner)


def gzip_zeros(out):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    for _ in range(4096):
        out.write(packer.compress(bytes(MIB)))
    out.write(packer.flush())


def deep_json(out):
    out.write(b'{"a":' * 5_000_000 + b"1" + b"}" * 5_000_000)


def prose(size):
    rng = random.Random(2)
    words = ["the", "model", "token", "key", "of", "password", "a", "reads", "weight", "user@example.org", "and", "10.0.0.1", "path"]
    block = " ".join(rng.choice(words) for _ in range(200_000))
    block = "\n".join(block[i : i + 100] for i in range(0, len(block), 100)).encode() + b"\n"
    return (block * (size // len(block) + 1))[:size]


def python_source(size):
    block = "".join(f"def f{i}(x, y={i}):\n    '''Adds {i}.'''\n    return x + y * {i}\n\n" for i in range(10_000)).encode()
    return b"import os\nimport subprocess\n" + (block * (size // len(block) + 1))[:size]


def notebook(out):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1}
    lines = ["import os\n"] + [f"x{i} = {i} + len('abc')\n" for i in range(5_000)]
    cells = [dict(cell, source=lines)] * 780
    out.write(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode())


def tokenizer(out):
    rng = random.Random(3)
    vocab = {"%x" % rng.getrandbits(64): i for i in range(1_500_000)}
    out.write(json.dumps({"version": "1.0", "model": {"type": "BPE", "vocab": vocab, "merges": []}}, indent=1).encode())


def sevenz(out):
    """A 7z archive of one LZMA2 member of 64 MiB of zeros whose dictionary is said to be 3 GiB."""
    size = 64 * MIB
    packed = lzma.compress(bytes(size), lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": MIB}])
    number = lambda n: b"\xff" + struct.pack("<Q", n)
    folder = b"\x01" + b"\x21\x21\x01" + b"\x27"
    streams = b"\x04\x06" + number(0) + b"\x01\x09" + number(len(packed)) + b"\x00"
    streams += b"\x07\x0b\x01\x00" + folder + b"\x0c" + number(size) + b"\x00\x08\x00\x00"
    names = b"\x00" + "zeros.bin\0".encode("utf-16-le")
    files = b"\x05\x01\x11" + bytes([len(names)]) + names + b"\x00"
    header = b"\x01" + streams + files + b"\x00"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    out.write(b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + packed + header)


def tiny(one, before=b"", between=b"", after=b""):
    """100 MB of very small JSON documents; `one` makes that of a number."""

    def write(out):
        out.write(before)
        for start in range(0, 100_000_000 // len(one(1_000_000) + between), 100_000):
            out.write((between if start else b"") + between.join(one(n) for n in range(start, start + 100_000)))
        out.write(after)

    return write


def text_then_binary(out):
    out.write(b"hello world, this is text.\n" * 2_500)
    tensors(out, 96 * MIB)


def rows(text):
    return lambda out: out.write(text * (30 * MIB // len(text)))


HEADER = (
    b"From: a@example.org\nTo: b@example.com\nSubject: hi\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nMessage-ID: <a@b>\n"
    b"MIME-Version: 1.0\n"
)


def numbered(form, count):
    return b"".join(form % n for n in range(count))


def packed(data, members):
    """So many members of the same bytes, which shrink to next to nothing."""

    def write(out):
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(members):
                archive.writestr(f"m{n}", data)

    return write


def members(count, data, name="m%d"):
    """So many small members, stored as they are."""

    def write(out):
        with zipfile.ZipFile(out, "w") as archive:
            for n in range(count):
                archive.writestr(zipfile.ZipInfo(name % n), data(n))

    return write


def tar_members(out):
    with tarfile.open(fileobj=out, mode="w") as archive:
        for n in range(60_000):
            member = tarfile.TarInfo(f"m{n}")
            member.size = 8
            archive.addfile(member, io.BytesIO(b"hello %02d" % (n % 100)))


def real_programs(out):
    """The programs of the standard library that runs this, about 20 MB of them, stored in an archive."""
    root, size = os.path.dirname(os.__file__), 0
    with zipfile.ZipFile(out, "w") as archive:
        for folder, _, names in sorted(os.walk(root)):
            for name in sorted(n for n in names if n.endswith(".py")):
                if size < 20_000_000 and "site-packages" not in folder:
                    path = os.path.join(folder, name)
                    size += os.path.getsize(path)
                    archive.write(path, os.path.relpath(path, root))


def nodes(out):
    """An ONNX graph of a million nodes (field 7 of the model, field 1 of the graph)."""

    def field(number, data):
        size, length = len(data), b""
        while size > 127:
            size, length = size >> 7, length + bytes([size & 127 | 128])
        return bytes([number << 3 | 2]) + length + bytes([size]) + data

    graph = b"".join(field(1, field(1, b"x%d" % n) + field(2, b"y%d" % n) + field(4, b"Relu")) for n in range(1_000_000))
    out.write(b"\x08\x07" + field(8, field(1, b"") + b"\x10\x0d") + field(7, graph + field(2, b"g")))


JAPANESE = "本日はお忙しいところ、ご連絡をいただきありがとうございます。\n".encode()
TEXT = b"Content-Type: text/plain; charset=utf-8\n\n"
HTML = b"Content-Type: text/html; charset=utf-8\n\n"


def mailbox(out):
    one = b"From a@b Mon Jan  1 00:00:00 2024\n" + HEADER + b"\nhello there, see http://x.example/a\n\n"
    out.write(one * (30 * MIB // len(one)))


# Files of less than a megabyte, or of one sort of mail, that took seconds or hundreds of megabytes once.
SMALL = {
    "subscripts.jinja": lambda out: out.write(b"{{ a }}{{ " + b"a[" * 100_000),
    "comments.jinja": lambda out: out.write(b"{{ a }}" + b"{#" * 200_000),
    "quotes.jinja": lambda out: out.write(b"{{ a }}" + b'{{\\"}}' * 150_000),
    "aliases.py": lambda out: out.write(b"import os\n" + numbered(b"import a%d as x\n", 5_000) + b"x\n" * 10_000),
    "dotted.py": lambda out: out.write(b"import os\nos" + b".a" * 190_000),
    "imports.py": lambda out: out.write(b"import os\nx[" + b"import:" * 50_000 + b"]\n"),
    "opens.py": lambda out: out.write(b"import os\ny = [" + b"open(0)," * 20_000 + b"]"),
    "forms.eml": lambda out: out.write(HEADER + b"Content-Type: text/html\n\n" + b"<form action=a>" * 60_000),
    "lookalikes.eml": lambda out: out.write(HEADER + b"Content-Type: text/plain; charset=utf-8\n\n" + "ß".encode() * 4_000_000),
    "continuations.eml": lambda out: out.write(HEADER + b"Content-Type: text/plain;" + numbered(b" name*%d*=utf-8''%%41;", 1_100_000) + b"\n\n"),
    "group.eml": lambda out: out.write(HEADER + b"Cc: " + b"g:a@b;" * 5_000_000 + b"\n\n"),
    "boundaries.eml": lambda out: out.write(HEADER + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 6_000_000),
    "base64.zip": packed(b"import os\nx='" + b"YWFhYWFh" * 130_000 + b"'\n", 20),
    "orders.zip": packed(b"---\nname: a\ndescription: b\n---\n" + b"before using " * 79_000, 20),
    "rows_url.zip": packed(b"://a" * 260_000, 900),
    "requirements.txt": lambda out: out.write(b"torch==2.1.0\n" + numbered(b"aaaaaa%d==1\n", 80_000)),
    "imports_apart.py": lambda out: out.write(numbered(b"import a%d\n", 70_000)),
    "skill.md": lambda out: out.write(b"---\nname: a\ndescription: b\n---\n" + numbered(b"- do the thing with [a](http://a%d.example)\n", 20_000)),
    "parts.json": lambda out: out.write(b'{"mcpServers":{"a":{"command":"x","args":[' + b"1," * 2_000_000 + b"1]}}}"),
    "parts.toml": lambda out: out.write(b"[project]\nname='a'\ndependencies=[" + b"1," * 2_000_000 + b"]\n"),
    "streams.bz2": lambda out: out.write(bz2.compress(b"x") * 100_000),
    "empty_lists.pkl": lambda out: out.write(b"\x80\x04(" + b"]" * 10_000_000 + b"t."),
    "members.zip": members(60_000, lambda n: b"hello %d" % n),
    "members_json.zip": members(60_000, lambda n: b'{"a":%d}' % n),
    "members.tar": tar_members,
    "programs.zip": real_programs,
    "japanese.txt": lambda out: out.write(JAPANESE * (30 * MIB // len(JAPANESE))),
    "japanese.eml": lambda out: out.write(HEADER + TEXT + JAPANESE * (30 * MIB // len(JAPANESE))),
    "html.eml": lambda out: out.write(HEADER + HTML + b"<p class=x>The <b>brown</b> fox &amp; jumps</p>\n" * 700_000),
    "mailbox.mbox": mailbox,
    "nodes.onnx": nodes,
}

MONSTERS = {
    "weights.safetensors": safetensors,
    "checkpoint.pt": checkpoint,
    "weights.gguf": gguf,
    "opcodes.pkl": opcodes,
    "memo_bomb.pkl": memo_bomb,
    "laughs.pkl": laughs,
    "long_lie.pkl": long_lie,
    "long_100MiB.pkl": long_true,
    "unicode_100MiB.pkl": unicode_true,
    "unicode_lie.pkl": unicode_lie,
    "nested.zip": nested_zip,
    "zeros_4GiB.gz": gzip_zeros,
    "deep.json": deep_json,
    "text_100MB.txt": lambda out: out.write(prose(100_000_000)),
    "source_100MB.py": lambda out: out.write(python_source(100_000_000)),
    "notebook_100MB.ipynb": notebook,
    "dictionary.7z": sevenz,
    "tokenizer.json": tokenizer,
    "tiny_lines_alike.jsonl": tiny(lambda n: b"{}\n"),
    "tiny_lines.jsonl": tiny(lambda n: b'{"a":%d}\n' % n),
    "tiny_array_alike.json": tiny(lambda n: b"{}", b"[", b",", b"]"),
    "tiny_array.json": tiny(lambda n: b'{"a":%d}' % n, b"[", b",", b"]"),
    "tiny_documents.json": tiny(lambda n: b"{}"),
    "text_then_binary.txt": text_then_binary,
    "rows_sk.txt": rows(b"sk-"),
    "rows_jwt.txt": rows(b"-eyJ"),
    "rows_url.txt": rows(b"://a"),
    "rows_at.txt": rows(b"a@"),
    "rows_hex.txt": rows(b"0123456789abcdef"),
    "rows_begin.txt": rows(b"-----BEGIN "),
    **SMALL,
}

if __name__ == "__main__":
    main()
