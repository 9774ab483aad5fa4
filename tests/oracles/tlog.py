"""Has logs read by the programs of others: python tlog.py < cases.json

The input is {"key": public key, "logs": [{"name", "folder", "holds"}]}. tlog-scales reads each log, and aics-tlog where it can
be installed (Python 3.12 or later): the signature, the root from the tiles, every entry, a proof of inclusion for each tile,
proofs of consistency. What holds must be accepted, and everything else refused.
"""

import json
import sys
from pathlib import Path

from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tiles import leaf_hash

try:
    import aics_tlog
    from aics_tlog import verified
except ImportError:
    aics_tlog = None

WIDTH = 256


def scales(folder, key):
    reader = TilesReader(LocalBackend(folder))
    head = reader.get_checkpoint()
    head.verify(Vkey.from_string(key))
    if reader.calculate_root_hash() != head.root_hash:
        raise ValueError("the tiles do not hash to the root")
    size = head.size
    for index in range(size):
        if leaf_hash(reader.get_entry(index)) != reader.mth(index, index + 1):
            raise ValueError(f"entry {index} is not that of its tile")
    # One of each tile shows that the whole tile is the one under the root: its hashes are folded in the proof of another.
    for index in range(0, size, WIDTH):
        for leaf in {index, min(index + WIDTH, size) - 1}:
            reader.get_inclusion_proof(leaf, size).check(reader.mth(leaf, leaf + 1), head.root_hash)
    for old in {1, size // 2, size - 1} & set(range(1, size)):
        reader.get_consistency_proof(old, size).check(reader.mth(0, old), head.root_hash)


def aics(folder, key):
    note = aics_tlog.parse_note((folder / "checkpoint").read_bytes())
    if not aics_tlog.verify_note(note, [aics_tlog.parse_vkey(key)]):
        raise ValueError("no signature of the key")
    head = aics_tlog.parse_checkpoint(note.text)
    reader = aics_tlog.FileSystemTileReader(folder)
    verified.audit_tiles(reader, head.size, head.root)
    for old in {1, head.size // 2, head.size - 1} & set(range(1, head.size)):
        proof = aics_tlog.consistency_proof_from_tiles(reader, old, head.size)
        root = aics_tlog.tree_root_from_tiles(reader, old, head.size)
        if not aics_tlog.verify_consistency(old, head.size, root, head.root, proof):
            raise ValueError(f"the tree of {old} is not a beginning")


def main():
    job = json.load(sys.stdin)
    readers = [("tlog-scales", scales)] + ([("aics-tlog", aics)] if aics_tlog else [])
    if not aics_tlog:
        print("aics-tlog: skipped, it needs Python 3.12")
    wrong = 0
    for name, read in readers:
        accepted = refused = 0
        for log in job["logs"]:
            try:
                read(Path(log["folder"]), job["key"])
                error = None
            except Exception as raised:  # whatever they raise is a refusal
                error = raised
            accepted, refused = accepted + (error is None), refused + (error is not None)
            if log["holds"] != (error is None):
                wrong += 1
                print(f"{name}: {log['name']}: {error or 'accepted'}")
        print(f"{name}: {accepted} accepted, {refused} refused")
    sys.exit(1 if wrong else 0)


main()
