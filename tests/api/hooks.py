"""What schemathesis has to know of this service: ids that exist, and what would sign the tester out."""

import json
import os
import re

import schemathesis

KNOWN = json.loads(os.environ["SAKIMORI_KNOWN"])
"""Ids by the first step of a path below /api/v1, such as `decisions`; `own` holds the tester's account and token."""

ID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}|[0-9a-f]{64}")
"""A UUID, or a SHA-256."""

RESOURCES = ["checkpoint", "key"]
"""What the public log always has."""


def known_for(ids, wanted):
    """One of the ids that there are in three of four cases, and the wanted one in the fourth: both answers are to be seen."""
    choice, left = divmod(sum(str(wanted).encode(errors="surrogatepass")), 4)
    return ids[choice % len(ids)] if ids and left else wanted


@schemathesis.hook
def filter_case(ctx, case):
    """The tester keeps its account and its token. A header that nobody knows is no mistake (RFC 9110, section 5.1)."""
    is_own = str((case.path_parameters or {}).get("id")).lower() in KNOWN["own"]
    return not is_own and "x-schemathesis-unknown-property" not in (case.headers or {})


@schemathesis.hook
def map_path_parameters(ctx, path_parameters):
    """Most ids are ones that there are: else nearly all answers would be 404. What has not the form of an id stays what it is."""
    ids = KNOWN.get(ctx.operation.path.split("/")[3]) if ctx.operation.path.startswith("/api/v1/") else None
    if ctx.operation.path.endswith("/erasure"):
        # What others ask for stays.
        ids = KNOWN["erasable"]
    for name, wanted in (path_parameters or {}).items():
        if name not in ("id", "sha256"):
            path_parameters[name] = known_for(RESOURCES, wanted)
        elif ID.fullmatch(str(wanted)):
            path_parameters[name] = known_for(ids, wanted)
    return path_parameters


@schemathesis.hook
def map_body(ctx, body):
    """Most judged models are of a decision that there is. What is no id of one stays what it is."""
    if ctx.operation.path == "/api/v1/admissions" and isinstance(body, dict):
        wanted = body.get("decision")
        if isinstance(wanted, str) and len(wanted) == 36 and ID.fullmatch(wanted):
            body["decision"] = known_for(KNOWN["decisions"], wanted)
    return body


@schemathesis.serializer("application/offset+octet-stream")
def piece(ctx, value):
    """A piece of an upload is bytes as they are (tus 1.0.0)."""
    return getattr(value, "data", None) or (value if isinstance(value, bytes) else str(value).encode(errors="replace"))
