"""Verifies a COSE receipt of inclusion (RFC 9942) with pycose: python cose.py RECEIPT ENTRY KEY.

RECEIPT is a file, ENTRY the bytes of the log's entry as text, KEY the log's public key (C2SP signed-note). The root is computed
here, by RFC 9162, section 2.1.3.2; pycose reads the message and checks the signature over it.
"""

import base64
import hashlib
import sys
from pathlib import Path

import cbor2
from pycose.headers import KID
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import CoseMessage, Sign1Message

CWT_CLAIMS, VDS, VDP, RFC9162_SHA256, INCLUSION = 15, 395, 396, 1, -1


def label(header):
    """The label of a header that pycose knows by a class, or does not know."""
    return getattr(header, "identifier", header)


def root(leaf, index, size, path):
    assert index < size
    node, last, found = index, size - 1, hashlib.sha256(b"\0" + leaf).digest()
    for sibling in path:
        assert last > 0
        if node % 2 or node == last:
            found = hashlib.sha256(b"\1" + sibling + found).digest()
            while node % 2 == 0 and node > 0:
                node, last = node // 2, last // 2
        else:
            found = hashlib.sha256(b"\1" + found + sibling).digest()
        node, last = node // 2, last // 2
    assert last == 0
    return found


def main():
    receipt, entry, key = Path(sys.argv[1]).read_bytes(), sys.argv[2].encode(), sys.argv[3]
    message = CoseMessage.decode(receipt)
    assert isinstance(message, Sign1Message)
    protected = {label(header): value for header, value in message.phdr.items()}
    unprotected = {label(header): value for header, value in message.uhdr.items()}
    assert protected[VDS] == RFC9162_SHA256 and message.phdr[KID] == key.encode()
    assert protected[CWT_CLAIMS] == {1: key.split("+")[0], 2: entry.decode()}
    (proof,) = unprotected[VDP][INCLUSION]
    size, index, path = cbor2.loads(proof)
    message.payload = root(entry, index, size, path)
    message.key = OKPKey(crv=Ed25519, x=base64.b64decode(key.split("+", 2)[2])[1:])
    if not message.verify_signature():
        sys.exit("the signature does not hold")
    print(f"entry {index} of {size}")


main()
