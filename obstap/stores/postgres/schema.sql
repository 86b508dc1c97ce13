-- What the store keeps beside the tables: executed by the role that publishes, again whenever a release changes it.

CREATE SCHEMA IF NOT EXISTS athanor;
CREATE SCHEMA IF NOT EXISTS athanor_data;

-- The present state of the archive: its number, a word that no other state has, and the release of this schema.
CREATE TABLE IF NOT EXISTS athanor.state (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    number integer NOT NULL,
    token text NOT NULL,
    setup text NOT NULL
);
INSERT INTO athanor.state (number, token, setup) VALUES (1, '', '') ON CONFLICT DO NOTHING;

-- The published tables: lower-case name, the table in athanor_data that has the rows, and `Table.to_dict()`.
CREATE TABLE IF NOT EXISTS athanor.manifest (
    name text PRIMARY KEY,
    physical text NOT NULL UNIQUE,
    metadata json NOT NULL,
    rows bigint NOT NULL
);

-- Tables in athanor_data that are no longer published, and the last state in which they were.
CREATE TABLE IF NOT EXISTS athanor.retired (
    physical text PRIMARY KEY,
    last integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- States up to this one may have lost tables. A sequence, because readers must see it past their snapshot.
CREATE SEQUENCE IF NOT EXISTS athanor.swept MINVALUE 0 START 0;

GRANT USAGE ON SCHEMA athanor, athanor_data TO athanor_reader;
GRANT SELECT ON athanor.state, athanor.manifest, athanor.swept TO athanor_reader;
