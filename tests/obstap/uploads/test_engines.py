"""Uploaded tables in ADQL mean the same on every engine."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from obstap import catalogue
from obstap.adql import translate
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent, TableStore
from obstap.stores.duckdb import DuckDBStore
from obstap.stores.postgres import PostgreSQLStore
from obstap.uploads.reading import read_uploads
from obstap.uploads.request import Upload
from tests.obstap.tap.conftest import OBSERVATIONS
from tests.vo.votable.documents import document, tabledata
from vo.regions import distance

FIELDS = (
    '<FIELD name="id" datatype="int"/><FIELD name="ra" datatype="double" unit="deg"/>'
    '<FIELD name="Dec" datatype="double" unit="deg"/><FIELD name="t" datatype="char" arraysize="*" xtype="timestamp"/>'
    '<FIELD name="my col" datatype="unsignedByte"/>'
    '<FIELD name="area_around" datatype="double" arraysize="*" xtype="polygon"/>'
    '<FIELD name="field" datatype="char" arraysize="*" xtype="adql:REGION"/>'
)
RNG = np.random.default_rng(5)
COUNT = 500
PLACES = np.stack([83.6 + RNG.normal(0, 0.3, COUNT), 22 + RNG.normal(0, 0.3, COUNT)], axis=1)


def rows() -> Iterator[tuple[str, ...]]:
    for number, (ra, dec) in enumerate(PLACES.tolist()):
        square = f"{ra - 0.2} {dec - 0.2} {ra + 0.2} {dec - 0.2} {ra + 0.2} {dec + 0.2} {ra - 0.2} {dec + 0.2}"
        yield (
            str(number),
            repr(ra),
            repr(dec),
            f"2020-01-{number % 28 + 1:02}T12:00:00.5",
            str(number % 256),
            square,
            f"CIRCLE ICRS {ra} {dec} 0.1",
        )
    yield ("1000", "", "NaN", "", "", "", "")


@pytest.fixture(params=["duckdb", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TableStore]:
    if request.param == "duckdb":
        made: TableStore = DuckDBStore(tmp_path / "tables")
    else:
        made = PostgreSQLStore(request.getfixturevalue("postgresql_url"))
    catalogue.publish([TableContent(OBSCORE, [batch(OBSERVATIONS)])], store=made)
    yield made
    made.close()


@pytest.fixture
def ask(store: TableStore):
    """Asks a query that uses the uploaded table."""
    data = document(FIELDS, tabledata(*rows()))
    contents = read_uploads([Upload("mine", "param:x")], lambda _: io.BytesIO(data), user=None)

    def asked(query: str) -> list[tuple[object, ...]]:
        with store.snapshot() as snapshot, snapshot.with_uploads(contents) as more:
            made = translate(query, more.tables, physical=more.physical, base_url="http://x", engine=more.engine)
            batches = list(more.execute(made.sql))
        return [row for found in batches for row in zip(*(column.to_pylist() for column in found), strict=True)]

    return asked


def test_values(ask) -> None:
    query = 'SELECT id, t, "my col" FROM TAP_UPLOAD.mine WHERE "my col" + 1 = 256 OR t IS NULL ORDER BY id'
    found = ask(query)
    assert [(row[0], row[1] and row[1].isoformat(), row[2]) for row in found] == [
        (255, "2020-01-04T12:00:00.500000", 255),
        (1000, None, None),
    ]
    assert ask("SELECT COUNT(*) AS n FROM tap_upload.MINE WHERE t < '2020-01-02'") == [(18,)]


@pytest.mark.parametrize("radius", [0.01, 0.2, 3.0])
@pytest.mark.parametrize(
    "condition",
    [
        "DISTANCE(POINT(m.ra, m.dec), POINT(o.s_ra, o.s_dec)) < {radius}",
        "1 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(m.ra, m.dec, {radius}))",
    ],
)
def test_positions_are_joined(ask, radius: float, condition: str) -> None:
    where = [(one["obs_id"], one["s_ra"], one["s_dec"]) for one in OBSERVATIONS]
    expected = sorted(
        (number, name)
        for name, ra, dec in where
        for number in np.flatnonzero(distance(PLACES[:, 0], PLACES[:, 1], ra, dec) < radius).tolist()
    )
    query = f"SELECT m.id, o.obs_id FROM TAP_UPLOAD.mine AS m JOIN ivoa.obscore AS o ON {condition}"
    assert sorted(ask(query.format(radius=radius))) == expected


def test_regions_are_compared(ask) -> None:
    places = "SELECT m.id FROM TAP_UPLOAD.mine AS m, ivoa.obscore AS o WHERE 1 = CONTAINS(POINT(o.s_ra, o.s_dec), {})"
    circles, squares = (set(ask(places.format(shape))) for shape in ("m.field", "m.area_around"))
    assert circles
    assert circles < squares
    touched = ask(
        "SELECT DISTINCT m.id FROM TAP_UPLOAD.mine AS m, ivoa.obscore AS o WHERE 1 = INTERSECTS(m.field, o.s_region)"
    )
    assert circles < set(touched)
