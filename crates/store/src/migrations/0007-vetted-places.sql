-- Where something was vetted, as the system finds it from any folder; its record says how the user named it.
CREATE TABLE vetted_places (
    record      TEXT PRIMARY KEY REFERENCES records (id),
    path        BLOB NOT NULL
) STRICT;
