"""Asks the running service everything that docs/openapi.json describes, and much that it does not, and compares the answers
with the description. SAKIMORI_BIN names the program. Ends with 0 when no answer is a defect or undocumented."""

import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
]
# Left out: a stream that does not end (crates/sakimori/tests/service.rs listens to it), and what signs the tester out.
EXCLUDED = "^(GET /api/v1/events|DELETE /api/v1/session)$"
# Without an OpenID provider, or as no witness, there is nothing there; and nobody writes a policy or guesses a password by chance.
NOT_DONE = {
    ("GET", "/api/v1/events"),
    ("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/session"),
    ("PUT", "/api/v1/session/password"),
    ("GET", "/api/v1/session/oidc"),
    ("GET", "/api/v1/session/oidc/return"),
    ("POST", "/add-checkpoint"),
    ("POST", "/api/v1/policies"),
    ("POST", "/api/v1/policies/test"),
}
SEED = os.environ.get("SAKIMORI_SEED", "20261125")
EXAMPLES = os.environ.get("SAKIMORI_EXAMPLES", "50")
SECONDS_MAX = 900
PASSWORD = "correct-horse-7-battery"
CONFIG = """
[limits]
checks_a_minute_max = 1000000
"""
SAMPLES = {
    "system.pkl": b"cos\nsystem\n(S'true'\ntR.",
    "note.txt": b"hello\n",
    "mail.eml": b"From: a@example.com\r\nTo: b@example.jp\r\nSubject: x\r\n\r\nhttp://example.com/\r\n",
}


class Service:
    """The program on a new folder, and what is needed to speak with it."""

    def __init__(self, folder):
        config = folder / "service.toml"
        config.write_text(CONFIG)
        self.model = folder / "model"
        self.log = open(folder / "log", "w+", encoding="utf-8")
        command = [os.environ["SAKIMORI_BIN"], "--home", str(folder / "home")]
        self.command = command
        serve = [*command, "serve", "--listen", "127.0.0.1:0", "--config", str(config)]
        self.process = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=self.log, text=True)
        first = self.process.stdout.readline().strip()
        self.url, code = first.split("/first#")
        self.sent = {"Origin": self.url}
        made = {"code": code, "name": "admin", "password": PASSWORD}
        account, headers = self.ask("POST", "/api/v1/session/first", made)
        self.cookie = headers["Set-Cookie"].split(";")[0]
        self.sent["Cookie"] = self.cookie
        wanted = {"name": "tester", "scopes": ["read", "observe", "judge", "administer"], "days": 1}
        token, _ = self.ask("POST", "/api/v1/tokens", wanted)
        self.token = token["secret"]
        self.own = [account["account"]["id"], token["token"]["id"]]

    def ask(self, method, path, body=None, headers=None):
        """The JSON of an answer, or its text, and its headers. Anything but success is an error."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | self.sent | (headers or {})
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=sent)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return (json.loads(text) if is_json else text.decode()), answer.headers

    def fill(self):
        """Something of everything, and the ids of it."""
        raw = {"Content-Type": "application/octet-stream"}
        ids = [self.ask("POST", f"/api/v1/observations?name={n}", b, raw)[0]["id"] for n, b in SAMPLES.items()]
        note = "/api/v1/observations?name=note.txt"
        erasable = [self.ask("POST", note, SAMPLES["note.txt"], raw)[0]["id"] for _ in range(40)]
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "7"}
        name = "name " + base64.b64encode(b"piece").decode()
        uploads = []
        for _ in range(9):
            _, headers = self.ask("POST", "/api/v1/uploads", b"", tus | {"Upload-Metadata": name})
            uploads.append(headers["Location"])
        piece = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        _, headers = self.ask("PATCH", uploads[0], b"7 bytes", piece)
        user = {"name": "reader", "role": "reader", "password": PASSWORD + "-2"}
        other, _ = self.ask("POST", "/api/v1/users", user)
        token, _ = self.ask("POST", "/api/v1/tokens", {"name": "other", "scopes": ["read"], "days": 1})
        self.model.mkdir()
        (self.model / "config.json").write_text('{"model_type": "llama"}')
        subprocess.run([*self.command, "vet", "--quiet", str(self.model)], stdout=subprocess.DEVNULL, check=True)
        models, _ = self.ask("GET", "/api/v1/admissions")
        return {
            "admissions": [model["sha256"] for model in models["items"]],
            "decisions": ids,
            "erasable": erasable,
            "records": ids,
            "trace": [*ids, *(model["sha256"] for model in models["items"])],
            "uploads": [upload.rsplit("/", 1)[1] for upload in uploads],
            "jobs": [headers["Sakimori-Job"]],
            "users": [other["id"]],
            "tokens": [token["token"]["id"]],
            "own": self.own,
        }

    def end(self):
        """Ends it; true when it ended well, and nothing in its log is a panic."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.log.seek(0)
        panics = [line for line in self.log if "panicked" in line]
        print(f"ended with {status}; panics: {panics}")
        return status == 0 and not panics


def tested(service, known, name, headers, phases="examples,coverage,fuzzing,stateful"):
    """True when schemathesis finds nothing, called by these headers."""
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [str(program), "--config-file", str(HERE / "schemathesis.toml"), "run", service.url + "/api/openapi.json"]
    command += ["--checks", ",".join(CHECKS), "--max-examples", EXAMPLES, "--seed", SEED]
    command += ["--workers", "1", "--generation-database", "none", "--continue-on-failure", "--no-color"]
    command += ["--phases", phases, "--generation-with-security-parameters", "false"]
    command += ["--exclude-name-regex", EXCLUDED]
    for header in headers:
        command += ["--header", header]
    print(f"== {name}", flush=True)
    env = os.environ | {"SAKIMORI_KNOWN": json.dumps(known), "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    with tempfile.TemporaryDirectory() as folder:
        status = subprocess.run(command, cwd=folder, env=env, timeout=SECONDS_MAX, check=False).returncode
    return status == 0


def counted(service):
    """True when /metrics is OpenMetrics, judged by the parser of Prometheus, and says that nearly every operation was done at
    least once: a tester that is only ever refused sees little."""
    text, headers = service.ask("GET", "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    print(f"== {len(families)} families of metrics, {headers['Content-Type']}")
    labels = [sample.labels for sample in families["sakimori_http_requests"].samples]
    done = {(each["method"], each["route"].replace("{*", "{")) for each in labels if each["status"].startswith("2")}
    described, _ = service.ask("GET", "/api/openapi.json")
    every = {(method.upper(), path) for path, item in described["paths"].items() for method in item}
    never = sorted(every - done - NOT_DONE)
    print(f"== operations that were never done: {never}")
    return not never and {"sakimori_decisions", "sakimori_http_request_seconds"} <= families.keys()


def main():
    with tempfile.TemporaryDirectory() as folder:
        service = Service(pathlib.Path(folder))
        held = {}
        try:
            known = service.fill()
            held["token"] = tested(service, known, "with a token", [f"Authorization: Bearer {service.token}"])
            cookie = [f"Cookie: {service.cookie}", "Sec-Fetch-Site: same-origin"]
            held["session"] = tested(service, known, "with a session", cookie)
            held["nobody"] = tested(service, known, "with nothing", [], "coverage")
            held["metrics"] = counted(service)
        finally:
            held["end"] = service.end()
        audit = subprocess.run([*service.command, "audit"], capture_output=True, text=True, check=False)
        print(f"== audit\n{audit.stdout}{audit.stderr}")
        held["audit"] = audit.returncode == 0
    print(held)
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
