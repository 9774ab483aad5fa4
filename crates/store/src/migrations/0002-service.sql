-- What the service needs: who may do what, what people judged, what is being worked on, and what the pages count.
-- Times are integer microseconds since 1970-01-01T00:00:00Z, hashes are 32 bytes.

-- The kinds of records are checked by the program, which knows them by their predicate type.
CREATE TABLE records_2 (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    statement   BLOB NOT NULL,
    salt        BLOB NOT NULL CHECK (length(salt) = 32),
    commitment  BLOB NOT NULL UNIQUE CHECK (length(commitment) = 32),
    -- NULL between staging and sequencing only.
    log_index   INTEGER UNIQUE CHECK (log_index >= 0)
) STRICT;
INSERT INTO records_2 SELECT id, kind, statement, salt, commitment, log_index FROM records;
DROP TABLE records;
ALTER TABLE records_2 RENAME TO records;
CREATE INDEX records_staged ON records (id) WHERE log_index IS NULL;
CREATE INDEX records_kind ON records (kind, id);

-- 1 while a person has to judge it.
ALTER TABLE decisions ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting IN (0, 1));
-- The worst finding as JSON, for lists.
ALTER TABLE decisions ADD COLUMN top TEXT;
UPDATE decisions SET waiting = 1 WHERE effect = 'review';
CREATE INDEX decisions_waiting ON decisions (record) WHERE waiting = 1;
CREATE INDEX decisions_effect ON decisions (effect, record);
CREATE INDEX decisions_kind ON decisions (kind, record);
CREATE INDEX decisions_kind_effect ON decisions (kind, effect, record);

CREATE TABLE findings (
    record      TEXT NOT NULL REFERENCES records (id),
    n           INTEGER NOT NULL,
    code        TEXT NOT NULL,
    severity    TEXT NOT NULL,
    points      INTEGER NOT NULL,
    PRIMARY KEY (record, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_code ON findings (code, record, n);
CREATE INDEX findings_severity ON findings (severity, record, n);

CREATE TABLE judgements (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    of_record   TEXT NOT NULL REFERENCES records (id),
    effect      TEXT NOT NULL CHECK (effect IN ('allow', 'block')),
    judged      INTEGER NOT NULL
) STRICT;
CREATE INDEX judgements_of ON judgements (of_record, record);

-- How many decisions an hour brought, and how many of them have a finding of a code.
CREATE TABLE tallies (
    hour        INTEGER NOT NULL,
    effect      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (hour, effect, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE code_tallies (
    hour        INTEGER NOT NULL,
    code        TEXT NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (hour, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    role        TEXT NOT NULL,
    active      INTEGER NOT NULL CHECK (active IN (0, 1)),
    lang        TEXT,
    -- A PHC string.
    credential  TEXT,
    issuer      TEXT,
    subject     TEXT,
    made        INTEGER NOT NULL,
    record      TEXT NOT NULL REFERENCES records (id)
) STRICT;
CREATE UNIQUE INDEX accounts_oidc ON accounts (issuer, subject) WHERE issuer IS NOT NULL;

CREATE TABLE sessions (
    hash        BLOB PRIMARY KEY CHECK (length(hash) = 32),
    account     TEXT NOT NULL REFERENCES accounts (id),
    made        INTEGER NOT NULL,
    seen        INTEGER NOT NULL,
    record      TEXT NOT NULL REFERENCES records (id)
) STRICT;

CREATE TABLE tokens (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL REFERENCES accounts (id),
    name        TEXT NOT NULL,
    hash        BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes      TEXT NOT NULL,
    made        INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    revoked     INTEGER,
    used        INTEGER,
    record      TEXT NOT NULL REFERENCES records (id)
) STRICT;

CREATE TABLE policies (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    id          TEXT NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    text        TEXT NOT NULL,
    activated   INTEGER NOT NULL
) STRICT;

-- A write that a caller named, so that its repetition is known.
CREATE TABLE idempotency (
    caller      TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    record      TEXT NOT NULL REFERENCES records (id),
    made        INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_made ON idempotency (made);

CREATE TABLE jobs (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    caller      TEXT NOT NULL,
    name        TEXT NOT NULL,
    -- What it works on and what came of it, as JSON.
    input       TEXT NOT NULL,
    result      TEXT,
    done        INTEGER NOT NULL DEFAULT 0,
    total       INTEGER NOT NULL DEFAULT 0,
    made        INTEGER NOT NULL,
    changed     INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_open ON jobs (id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_caller ON jobs (caller, id);

CREATE TABLE uploads (
    id          TEXT PRIMARY KEY,
    caller      TEXT NOT NULL,
    name        TEXT NOT NULL,
    size        INTEGER NOT NULL,
    made        INTEGER NOT NULL,
    job         TEXT REFERENCES jobs (id)
) STRICT;
CREATE INDEX uploads_made ON uploads (made);
