-- Erasure, and the keys of the bytes that are kept.

-- A row for each record that an erasure names; `done` when nothing of it is left.
CREATE TABLE erasures (
    of_record   TEXT PRIMARY KEY REFERENCES records (id),
    record      TEXT NOT NULL REFERENCES records (id),
    done        INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))
) STRICT;
CREATE INDEX erasures_waiting ON erasures (of_record) WHERE done = 0;

-- The key of the bytes that a decision is about. Without it, what lies in the vault is noise.
CREATE TABLE vault_keys (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    key         BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;
