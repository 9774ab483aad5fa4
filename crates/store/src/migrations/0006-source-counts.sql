-- What the numbers of each source come to, so that nobody has to go through all of them to know whether one is missing.
CREATE TABLE source_counts (
    source      TEXT PRIMARY KEY,
    count       INTEGER NOT NULL CHECK (count >= 1),
    last        INTEGER NOT NULL,
    -- All numbers up to this one came in.
    whole       INTEGER NOT NULL
) STRICT;

INSERT INTO source_counts (source, count, last, whole)
SELECT source, count(*), max(number), coalesce(max(CASE WHEN number = place THEN number END), 0)
FROM (SELECT source, number, row_number() OVER (PARTITION BY source ORDER BY number) AS place FROM source_numbers)
GROUP BY source;

-- The number that a source gave to what is uploaded.
ALTER TABLE uploads ADD COLUMN source TEXT;
ALTER TABLE uploads ADD COLUMN number INTEGER CHECK ((number IS NULL) = (source IS NULL));
