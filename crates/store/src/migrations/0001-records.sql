-- Records, and the tables whose rows they justify.
-- Times are integer microseconds since 1970-01-01T00:00:00Z, digests are 32 bytes.

CREATE TABLE records (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('decision', 'share')),
    statement   BLOB NOT NULL,
    salt        BLOB NOT NULL CHECK (length(salt) = 32),
    commitment  BLOB NOT NULL UNIQUE CHECK (length(commitment) = 32),
    -- NULL between staging and sequencing only.
    log_index   INTEGER UNIQUE CHECK (log_index >= 0)
) STRICT;

CREATE INDEX records_staged ON records (id) WHERE log_index IS NULL;

CREATE TABLE decisions (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    path        TEXT NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    size        INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    examined    INTEGER NOT NULL CHECK (examined IN (0, 1)),
    effect      TEXT NOT NULL CHECK (effect IN ('allow', 'review', 'block')),
    score       INTEGER NOT NULL,
    observed    INTEGER NOT NULL
) STRICT;

CREATE INDEX decisions_sha256 ON decisions (sha256);
CREATE INDEX decisions_observed ON decisions (observed, record);

CREATE TABLE shares (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    of_record   TEXT NOT NULL REFERENCES records (id),
    marking     TEXT NOT NULL,
    format      TEXT NOT NULL,
    shared      INTEGER NOT NULL
) STRICT;

-- What leaves the organisation, or is done, at least once. A row appears together with the record that justifies it.
CREATE TABLE outbox (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    target      TEXT NOT NULL,
    body        BLOB NOT NULL,
    delivered   INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1))
) STRICT;

CREATE INDEX outbox_waiting ON outbox (record) WHERE delivered = 0;
