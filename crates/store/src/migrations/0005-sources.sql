-- Sources that number what they send.

-- A row a number that came in, with the decision on what bears it.
CREATE TABLE source_numbers (
    source      TEXT NOT NULL,
    number      INTEGER NOT NULL CHECK (number >= 1),
    record      TEXT NOT NULL REFERENCES records (id),
    PRIMARY KEY (source, number)
) STRICT, WITHOUT ROWID;

-- The newest word of each source on how far it has counted.
CREATE TABLE heartbeats (
    source      TEXT PRIMARY KEY,
    number      INTEGER NOT NULL CHECK (number >= 0),
    heard       INTEGER NOT NULL,
    record      TEXT NOT NULL REFERENCES records (id)
) STRICT;
