"""Validates bills of materials with the programs of others: python bom.py FOLDER.

*.cdx.json: cyclonedx-python-lib, strict JSON schema of the version that the document names.
*.spdx.json: spdx-python-model (the SPDX project's bindings: classes, properties, types, cardinalities, enumerations), and
spdx3-validate (JSON schema and SHACL). The latter loads schema, model and context from spdx.org; where that can't be reached,
SAKIMORI_SPDX3 may name a folder with spdx-json-schema.json, spdx-model.ttl and spdx-context.jsonld of 3.0.1. Without
both it is skipped, and that is said.
"""

import io
import json
import os
import pathlib
import sys
import urllib.request

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_python_model import v3_0_1 as model

BASE = "https://spdx.org/"
NAMES = ("spdx-json-schema.json", "spdx-model.ttl", "spdx-context.jsonld")
KEPT = {}


def opened(address, *_, **__):
    """Opens what spdx.org serves from the folder, or from what was loaded before."""
    address = getattr(address, "full_url", address)
    name = address.rsplit("/", 1)[-1]
    if name not in KEPT:
        folder = os.environ.get("SAKIMORI_SPDX3")
        KEPT[name] = (pathlib.Path(folder) / name).read_bytes() if folder else REAL(address, timeout=20).read()
    answer = io.BytesIO(KEPT[name])
    answer.headers = {}
    answer.geturl = lambda: address
    answer.info = lambda: {}
    return answer


REAL = urllib.request.urlopen


def main():
    folder = pathlib.Path(sys.argv[1])
    failed = 0
    validators = {}
    bills = sorted(folder.glob("*.cdx.json"))
    for path in bills:
        text = path.read_text("utf-8")
        version = json.loads(text)["specVersion"]
        if version not in validators:
            validators[version] = JsonStrictValidator(SchemaVersion.from_version(version))
        error = validators[version].validate_str(text)
        if error:
            failed += 1
            print(f"{path.name}: {str(error)[:400]}")
    print(f"cyclonedx-python-lib: {len(bills)} documents, {failed} failed")
    documents = sorted(folder.glob("*.spdx.json"))
    failed += spdx_model(documents)
    failed += spdx3_validate(documents)
    sys.exit(1 if failed else 0)


def spdx_model(documents):
    failed = 0
    for path in documents:
        objects = model.SHACLObjectSet()
        try:
            with path.open("rb") as file:
                model.JSONLDDeserializer().read(file, objects)
            missing = objects.link()
            # Individuals of the model are not in a document.
            missing = {m for m in missing if not str(m).startswith(BASE + "rdf/3.0.1/terms/")}
            if missing:
                raise ValueError(f"not in the document: {sorted(missing)[:3]}")
            # Writing checks that every property that must be there is there.
            model.JSONLDSerializer().write(objects, io.BytesIO())
            if not list(objects.foreach_type(model.ai_AIPackage)):
                raise ValueError("no AIPackage")
        except Exception as error:
            failed += 1
            print(f"{path.name}: {type(error).__name__}: {str(error)[:400]}")
    print(f"spdx-python-model: {len(documents)} documents, {failed} failed")
    return failed


def spdx3_validate(documents):
    from spdx3_validate import core
    from spdx3_validate.spdx_versions import SPDX_VERSIONS

    version = next(v for v in SPDX_VERSIONS if v.pretty == "3.0.1")
    try:
        for address in (version.schema_url, version.shacl_url, version.context_url):
            opened(address)
    except OSError as error:
        print(f"spdx3-validate: skipped, {error}")
        return 0
    import rdflib

    urllib.request.urlopen = opened
    schema = json.loads(KEPT[NAMES[0]])
    shapes = rdflib.Graph()
    shapes.parse(data=KEPT[NAMES[1]], format="turtle")
    context = json.loads(KEPT[NAMES[2]])["@context"]
    failed = 0
    for path in documents:
        data = json.loads(path.read_text("utf-8"))
        errors = [e.json_path for e in core.schema_validator(schema).iter_errors(data)]
        # The same document with its context written out, so that nothing is loaded for each.
        graph = rdflib.Graph()
        graph.parse(data=json.dumps({**data, "@context": context}), format="json-ld")
        errors += core.check_graph(graph, shapes, version, True)
        if errors:
            failed += 1
            print(f"{path.name}: {errors[0][:600]}")
    print(f"spdx3-validate: {len(documents)} documents, {failed} failed")
    return failed


main()
