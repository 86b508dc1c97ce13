"""Small tables with every kind of column, and engines that hold them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from pathlib import Path

import adbc_driver_postgresql.dbapi
import duckdb
import numpy as np
import psycopg2
import pyarrow as pa

import obstap
from obstap.adql import Translation, translate
from obstap.arrow import arrow_type
from obstap.metadata import Column, Position, Region, Table
from obstap.stores.duckdb import udfs
from obstap.stores.duckdb.geometry import register
from vo.healpix import cells
from vo.regions import bounding_cone, to_text

BASE_URL = "https://archive.example/athanor"

SOURCES = Table(
    name="demo.sources",
    columns=(
        Column("id", "int", description="Number of the source"),
        Column("name", "char", "*", ucd="meta.id"),
        Column("ra", "double", unit="deg", ucd="pos.eq.ra"),
        Column("dec", "double", unit="deg", ucd="pos.eq.dec"),
        Column("Flux", "float", unit="erg/s", ucd="phot.flux"),
        Column("hits", "short"),
        Column("big", "long"),
        Column("flag", "boolean"),
        Column("seen", "char", "*", "timestamp"),
        Column("size", "int", unit="kbyte"),
        Column("footprint", "char", "*", "adql:REGION"),
        Column("url", "char", "*"),
    ),
    hidden={
        "_cell": "BIGINT",
        "_shape": "DOUBLE[]",
        "_x": "DOUBLE",
        "_y": "DOUBLE",
        "_z": "DOUBLE",
        "_radius": "DOUBLE",
    },
    positions=(Position("ra", "dec", "_cell"),),
    regions=(Region("footprint", "_shape", "_x", "_y", "_z", "_radius"),),
    url_prefixed=("url",),
)

NOTES = Table(
    name="demo.notes",
    columns=(
        Column("id", "int"),
        Column("note", "char", "*"),
        Column("place", "double", "2", "point", unit="deg"),
        Column("range", "double", "2", "interval"),
    ),
)

OTHER = Table(name="Archive.Entries", columns=(Column("Entry", "unicodeChar", "*"), Column("id", "long")))

TABLES = {table.name.lower(): table for table in (SOURCES, NOTES, OTHER)}

NAMES = {
    "demo.sources": "sources",
    "demo.notes": "notes",
    "archive.entries": "entries",
    "tap_upload.places": "places",
    "tap_upload.plain": "places",
}

ROWS = [
    (
        1,
        "Crab",
        83.633,
        22.0145,
        2.5,
        10,
        5_000_000_000,
        True,
        "2020-01-02T03:04:05",
        100,
        (83.6, 22.0, 0.5),
        "a/1",
    ),
    (
        2,
        "Vela",
        128.836,
        -45.176,
        1.5,
        300,
        7,
        False,
        "2021-06-01T00:00:00",
        250,
        (128, -46, 130, -46, 130, -44, 128, -44),
        "b/2",
    ),
    (3, "crab 2", 83.7, 22.1, None, None, None, None, None, None, None, None),
    (4, "M 31_x", 10.6847, 41.26875, 0.25, -7, -1, True, "2021-06-01T12:00:00", 0, (10.7, 41.3, 1.0), "c%d/4"),
    (
        5,
        "Pole's",
        0.0,
        90.0,
        4.0,
        0,
        0,
        False,
        "1999-12-31T23:59:59.500000",
        7,
        (0, 89, 120, 89, 240, 89),
        "e",
    ),
    (6, None, None, None, 8.0, 2, 3, None, None, 1, (180.0, 0.0, 0.1), None),
]

NOTE_ROWS = (
    "(1, 'bright', {0}83.6, 22.0{1}, {0}1, 2{1}), (2, 'old', {0}128.8, -45.2{1}, NULL), "
    "(2, 'pulsar', NULL, {0}0, 5{1}), (9, 'lost', {0}1, 1{1}, NULL)"
)
ENTRY_ROWS = "('first', 1), ('second', 4)"

SOURCES_DDL = """
CREATE TABLE sources (
  id integer, name text COLLATE "C", ra float8, dec float8, "Flux" real, hits smallint, big bigint, flag boolean,
  seen timestamp, size integer, footprint text COLLATE "C", url text COLLATE "C", _cell bigint, _shape float8[],
  _x float8, _y float8, _z float8, _radius float8);
CREATE INDEX ON sources USING gist (spoint(radians(ra), radians(dec)));
CREATE INDEX ON sources USING gist (athanor_cone(_x, _y, _z, _radius));
CREATE INDEX ON sources (_radius) WHERE _radius >= 90;
"""


def sources(rows) -> pa.Table:
    """Rows of `SOURCES` as Arrow, hidden columns filled."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SOURCES.columns)
    shapes = [None if shape is None else [float(value) for value in shape] for shape in columns[10]]
    cones = [[None] * 4 if shape is None else [float(value) for value in bounding_cone(shape)] for shape in shapes]
    lon, lat = (np.array([np.nan if value is None else value for value in columns[i]], dtype=float) for i in (2, 3))
    cell = cells(lon, lat)
    types = [
        pa.int32(),
        pa.string(),
        pa.float64(),
        pa.float64(),
        pa.float32(),
        pa.int16(),
        pa.int64(),
        pa.bool_(),
        pa.timestamp("us"),
        pa.int32(),
    ]
    columns[8] = [None if time is None else datetime.fromisoformat(time) for time in columns[8]]
    arrays = [pa.array(values, type_) for values, type_ in zip(columns, types, strict=False)]
    arrays.append(pa.array([None if shape is None else to_text(shape) for shape in shapes], pa.string()))
    arrays.append(pa.array(columns[11], pa.string()))
    arrays.append(pa.array(cell, mask=cell < 0))
    arrays.append(pa.array(shapes, pa.list_(pa.float64())))
    arrays += [pa.array([cone[i] for cone in cones], pa.float64()) for i in range(4)]
    return pa.table(arrays, names=[column.name for column in SOURCES.columns] + list(SOURCES.hidden))


class Engine(ABC):
    """An engine with the tables."""

    name: str

    @abstractmethod
    def fill(self, rows) -> None:
        """Replace the rows of ``demo.sources``."""

    @abstractmethod
    def load(self, name: str, rows: pa.Table) -> None:
        """Make one more table."""

    @abstractmethod
    def table(self, sql: str) -> pa.Table:
        """What the engine answers to its own SQL."""

    @abstractmethod
    def explain(self, query: str) -> str:
        """The engine's plan of a query."""

    @abstractmethod
    def close(self) -> None:
        """Stop the engine."""

    def run(self, query: str, tables=TABLES) -> list[tuple]:
        """The rows that a query gives, and a check that they have the types that are told."""
        translation = to_sql(query, tables, engine=self.name)
        table = self.table(translation.sql)
        assert table.column_names == [column.name for column in translation.columns]
        for column, field in zip(translation.columns, table.schema, strict=True):
            assert field.type == arrow_type(column) or pa.types.is_list(field.type), column
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


class DuckDBEngine(Engine):
    """DuckDB in memory."""

    name = "duckdb"

    def __init__(self, rows=ROWS) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 2})
        register(self._connection)
        udfs.register(self._connection)
        self.fill(rows)
        self._connection.execute("CREATE TABLE notes (id INTEGER, note VARCHAR, place DOUBLE[], range DOUBLE[])")
        self._connection.execute(f"INSERT INTO notes VALUES {NOTE_ROWS.format('[', ']')}")
        self._connection.execute('CREATE TABLE entries ("Entry" VARCHAR, id BIGINT)')
        self._connection.execute(f"INSERT INTO entries VALUES {ENTRY_ROWS}")

    def fill(self, rows) -> None:
        """Replace the rows of ``demo.sources``."""
        data = sources(rows)
        self._connection.register("data", data)
        self._connection.execute("CREATE OR REPLACE TABLE sources AS SELECT * FROM data")
        self._connection.unregister("data")

    def load(self, name: str, rows: pa.Table) -> None:
        """Make one more table."""
        self._connection.register("data", rows)
        self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM data")
        self._connection.unregister("data")

    def table(self, sql: str) -> pa.Table:
        """What DuckDB answers."""
        return self._connection.sql(sql).to_arrow_table()

    def explain(self, query: str) -> str:
        """The plan in boxes."""
        return self._connection.execute(f"EXPLAIN {to_sql(query).sql}").fetchall()[0][1]

    def close(self) -> None:
        """Stop the engine."""
        self._connection.close()


class PostgreSQLEngine(Engine):
    """A database of the tests' own server, with the functions and indexes that the store makes."""

    name = "postgresql"

    def __init__(self, url: str, rows=ROWS) -> None:
        folder = Path(obstap.__file__).parent / "stores" / "postgres"
        functions = "".join((folder / name).read_text() for name in ("functions.sql", "udfs.sql"))
        self._session = psycopg2.connect(url)
        self._session.autocommit = True
        with self._session.cursor() as cursor:
            cursor.execute(functions)
            cursor.execute(SOURCES_DDL)
            cursor.execute(
                'CREATE TABLE notes (id integer, note text COLLATE "C", place float8[], range float8[]);'
                f"INSERT INTO notes VALUES {NOTE_ROWS.format('ARRAY[', ']')};"
                'CREATE TABLE entries ("Entry" text COLLATE "C", id bigint);'
                f"INSERT INTO entries VALUES {ENTRY_ROWS}"
            )
        self._connection = adbc_driver_postgresql.dbapi.connect(url, autocommit=True)
        self._cursor = self._connection.cursor()
        self.fill(rows)

    def fill(self, rows) -> None:
        """Replace the rows of ``demo.sources``."""
        self._cursor.execute("TRUNCATE sources")
        self._cursor.adbc_ingest("sources", sources(rows), mode="append")
        self._cursor.execute("ANALYZE sources")

    def load(self, name: str, rows: pa.Table) -> None:
        """Make one more table."""
        self._cursor.adbc_ingest(name, rows, mode="create")

    def table(self, sql: str) -> pa.Table:
        """What PostgreSQL answers."""
        self._cursor.execute(sql)
        return self._cursor.fetch_arrow_table()

    def explain(self, query: str) -> str:
        """The plan, line by line."""
        with self._session.cursor() as cursor:
            cursor.execute(f"EXPLAIN {to_sql(query, engine=self.name).sql}")
            return "\n".join(line for (line,) in cursor.fetchall())

    def close(self) -> None:
        """Close the session."""
        self._cursor.close()
        self._connection.close()
        self._session.close()


def to_sql(query: str, tables=TABLES, lang: str = "ADQL", engine: str = "duckdb") -> Translation:
    """A query translated for the engine's tables."""
    return translate(query, tables, physical=NAMES.__getitem__, base_url=BASE_URL, lang=lang, engine=engine)
