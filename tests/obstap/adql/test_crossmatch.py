"""Joins of positions: no pair is lost and none comes twice, on cells, by an index or by declination."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obstap.metadata import Column, Position, Table
from tests.obstap.adql.conftest import ENGINES, started
from tests.obstap.adql.tables import TABLES, Engine, to_sql
from vo.healpix import cells
from vo.regions import distance

COLUMNS = (Column("id", "int"), Column("ra", "double", unit="deg"), Column("dec", "double", unit="deg"))
PLACES = Table("tap_upload.places", COLUMNS, hidden={"_hpx": "BIGINT"}, positions=(Position("ra", "dec", "_hpx"),))
PLAIN = Table("tap_upload.plain", COLUMNS)
ALL = {**TABLES, PLACES.name: PLACES, PLAIN.name: PLAIN}


def _sky(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions in crowds at the poles, around RA 0 and at a corner of base cells, and all over the sky."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(0, 360, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    crowds = ((0, 0), (359.9999, 40), (45, np.degrees(np.arcsin(2 / 3))), (10, 89.999), (77, -90), (180, -41.81))
    for number, (x, y) in enumerate(crowds):
        part = slice(number * count // 8, (number + 1) * count // 8)
        spread = 10 ** rng.uniform(-4, 0.7, lon[part].shape)
        lon[part] = (x + spread * rng.normal(size=spread.shape) / max(np.cos(np.radians(y)), 1e-3)) % 360
        lat[part] = np.clip(y + spread * rng.normal(size=spread.shape), -90, 90)
    lon[::50] = np.nan
    return lon, lat


LON, LAT = _sky(400, 1)
NEAR_LON, NEAR_LAT = _sky(160, 2)
DISTANCES = distance(NEAR_LON[:, None], NEAR_LAT[:, None], LON, LAT)
OWN_DISTANCES = distance(LON[:, None], LAT[:, None], LON, LAT)


@pytest.fixture(scope="module", params=ENGINES)
def sky(request: pytest.FixtureRequest) -> Iterator[Engine]:
    rows = [
        (i, None, *((None, None) if np.isnan(x) else (float(x), float(y))), *[None] * 8)
        for i, (x, y) in enumerate(zip(LON, LAT, strict=True))
    ]
    engine = started(request.param, request, rows)
    cell = cells(NEAR_LON, NEAR_LAT)
    known = ~np.isnan(NEAR_LON)
    engine.load(
        "places",
        pa.table(
            {
                "id": pa.array(np.arange(len(NEAR_LON), dtype=np.int32)),
                "ra": pa.array(NEAR_LON, mask=~known),
                "dec": pa.array(NEAR_LAT, mask=~known),
                "_hpx": pa.array(cell, mask=~known),
            }
        ),
    )
    yield engine
    engine.close()


def pairs(distances: np.ndarray, radius: float) -> set[tuple[int, int]]:
    return {(int(i), int(j)) for i, j in np.argwhere(distances < radius)}


def found(engine: Engine, query: str) -> list[tuple]:
    rows = engine.run(query, ALL)
    assert len(set(rows)) == len(rows)
    return rows


radii = st.sampled_from([1e-4, 0.003, 0.1, 1.0, 4.9, 7.0, 61.0]) | st.floats(1e-6, 3)


@settings(max_examples=4, deadline=None, derandomize=True)
@given(radii)
def test_joins(sky: Engine, radius: float) -> None:
    wanted = pairs(DISTANCES, radius)
    near = f"DISTANCE(POINT(u.ra, u.dec), POINT(s.ra, s.dec)) < {radius!r}"
    select = "SELECT u.id AS u, s.id AS s FROM"
    for table in ("places", "plain"):
        both = f"tap_upload.{table} AS u", "demo.sources AS s"
        for first, second in (both, both[::-1]):
            assert set(found(sky, f"{select} {first} JOIN {second} ON {near}")) == wanted
            assert set(found(sky, f"{select} {first}, {second} WHERE s.id >= 0 AND {near}")) == wanted
        left, right = (f"{select} {both[0]} {kind} JOIN {both[1]} ON {near}" for kind in ("LEFT", "RIGHT"))
        lonely = {(i, None) for i in set(range(160)) - {i for i, _ in wanted}}
        assert set(found(sky, left)) == wanted | lonely
        single = {(None, j) for j in set(range(400)) - {j for _, j in wanted}}
        assert set(found(sky, right)) == wanted | single
        assert set(found(sky, f"{select} {both[0]} FULL JOIN {both[1]} ON {near}")) == wanted | lonely | single


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.sampled_from([1e-3, 0.05, 2.0]))
def test_other_shapes_of_queries(sky: Engine, radius: float) -> None:
    wanted = pairs(DISTANCES, radius)
    own = {(i, j) for i, j in pairs(OWN_DISTANCES, radius) if i < j}
    for on in (
        f"DISTANCE(a.ra, a.dec, b.ra, b.dec) < {radius!r}",
        f"1 = CONTAINS(POINT(b.ra, b.dec), CIRCLE(a.ra, a.dec, {radius * (1 - 1e-12)!r}))",
        f"CONTAINS(POINT(a.ra, a.dec), CIRCLE(POINT('ICRS', b.ra, b.dec), {radius * (1 - 1e-12)!r})) <> 0",
    ):
        query = f"SELECT a.id AS a, b.id AS b FROM demo.sources AS a JOIN demo.sources AS b ON a.id < b.id AND {on}"
        assert set(found(sky, query)) == own
    near = f"DISTANCE(u.ra, u.dec, s.ra, s.dec) < {radius!r}"
    grouped = (
        f"SELECT u.id, COUNT(s.id) AS n FROM tap_upload.places AS u LEFT JOIN demo.sources AS s ON {near} GROUP BY u.id"
    )
    counts = {i: sum(1 for one, _ in wanted if one == i) for i in range(160)}
    assert dict(sky.run(grouped, ALL)) == counts
    nested = (
        f"SELECT q.i, s.id FROM (SELECT id AS i, ra AS x, dec AS y FROM tap_upload.places WHERE id < 100) AS q "
        f"JOIN demo.sources AS s ON DISTANCE(q.x, q.y, s.ra, s.dec) < {radius!r}"
    )
    assert set(found(sky, nested)) == {pair for pair in wanted if pair[0] < 100}
    three = (
        "SELECT u.id, s.id AS s, t.id AS t FROM tap_upload.places AS u "
        f"JOIN demo.sources AS s ON {near} LEFT JOIN demo.sources AS t ON s.id = t.id + 1 "
        f"AND DISTANCE(s.ra, s.dec, t.ra, t.dec) < {radius!r}"
    )
    close = pairs(OWN_DISTANCES, radius)
    assert set(found(sky, three)) == {(i, j, j - 1 if (j, j - 1) in close else None) for i, j in wanted}
    either = (
        f"SELECT u.id, s.id AS s FROM tap_upload.places AS u, demo.sources AS s WHERE {near} OR (u.id = 1 AND s.id = 2)"
    )
    assert set(found(sky, either)) == wanted | {(1, 2)}
    exists = f"SELECT s.id FROM demo.sources AS s WHERE EXISTS (SELECT u.id FROM tap_upload.places AS u WHERE {near})"
    assert {i for (i,) in found(sky, exists)} == {j for _, j in wanted}


def test_the_client_s_table_is_read_once_for_each_cell() -> None:
    near = "DISTANCE(u.ra, u.dec, s.ra, s.dec) < 0.1"
    for first, second in (
        ("tap_upload.places AS u", "demo.sources AS s"),
        ("demo.sources AS s", "tap_upload.places AS u"),
    ):
        sql = to_sql(f"SELECT u.id FROM {first} JOIN {second} ON {near}", ALL).sql
        assert 'athanor_cells_near("_hpx", 8, 0.100000001e0)) AS athanor_near FROM places)' in sql
        assert sql.count("athanor_cells_near") == 1
    sql = to_sql(f"SELECT u.id FROM tap_upload.places AS u LEFT JOIN demo.sources AS s ON {near}", ALL).sql
    assert 'athanor_near FROM sources WHERE ("_cell" >> 42) IN (SELECT athanor_near FROM (SELECT' in sql


@pytest.mark.parametrize(
    "query",
    [
        "SELECT u.id FROM tap_upload.places AS u FULL JOIN demo.sources AS s ON DISTANCE(u.ra, u.dec, s.ra, s.dec) < 1",
        "SELECT u.id FROM tap_upload.plain AS u JOIN demo.sources AS s ON DISTANCE(u.ra, u.dec, s.ra, s.dec) < 0.1",
        "SELECT u.id FROM tap_upload.places AS u JOIN demo.sources AS s ON DISTANCE(u.ra, u.dec, s.ra, s.dec) < s.hits",
        "SELECT u.id FROM tap_upload.places AS u JOIN demo.sources AS s ON NOT DISTANCE(u.ra, u.dec, s.ra, s.dec) < 1",
        "SELECT u.id FROM tap_upload.places AS u JOIN demo.sources AS s ON DISTANCE(u.ra, u.dec, s.ra, s.dec) < 9",
        "SELECT id FROM tap_upload.places WHERE DISTANCE(ra, dec, 1, 2) < 0.1",
    ],
)
def test_other_conditions_multiply_nothing(query: str) -> None:
    assert "athanor_cells_near" not in to_sql(query, ALL).sql


def test_postgresql_finds_near_positions_by_its_index() -> None:
    query = "SELECT u.id FROM {} JOIN demo.sources AS s ON DISTANCE(u.ra, u.dec, s.ra, s.dec) < 0.1"
    circle = '<@ scircle(spoint(radians(t1."ra"), radians(t1."dec")), '
    for table in ("tap_upload.places AS u", "tap_upload.plain AS u"):
        sql = to_sql(query.format(table), ALL, engine="postgresql").sql
        assert f'spoint(radians(t2."ra"), radians(t2."dec")) {circle}' in sql
        assert sql.count("scircle") == 1
