-- The register of models: what may go live, and of which files it consists.

-- A row a record of an admission; `is_current` marks the newest one of a model.
CREATE TABLE admissions (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    -- SHA-256 of the file, or over the digests of all files.
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    of_record   TEXT NOT NULL REFERENCES records (id),
    name        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('admitted', 'waiting', 'refused', 'revoked')),
    basis       TEXT NOT NULL CHECK (basis IN ('policy', 'person')),
    owner       TEXT NOT NULL,
    expires     INTEGER,
    at          INTEGER NOT NULL,
    is_current  INTEGER NOT NULL CHECK (is_current IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX admissions_current ON admissions (sha256) WHERE is_current = 1;
CREATE INDEX admissions_state ON admissions (state, record) WHERE is_current = 1;

CREATE TABLE vetted_files (
    record      TEXT NOT NULL REFERENCES records (id),
    n           INTEGER NOT NULL,
    path        TEXT NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (record, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX vetted_files_sha256 ON vetted_files (sha256, record);

-- Bills of materials; the statement of the record has the digest of the text.
CREATE TABLE boms (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    text        TEXT NOT NULL
) STRICT;
