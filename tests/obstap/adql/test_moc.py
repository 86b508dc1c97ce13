"""MOCs in CONTAINS and INTERSECTS: what `vo.moc_outlines` says of each row, on all engines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from obstap.adql import limits
from tests.obstap.adql.conftest import ENGINES, started
from tests.obstap.adql.tables import Engine, to_sql
from vo import regions
from vo.errors import QueryError
from vo.healpix import cells
from vo.moc import Moc, covering, parse_moc
from vo.moc_outlines import contains_shape, intersects

ROWS = 160

MOCS = {
    "one cell": "4/1000",
    "empty": "5/",
    "all of it": "0/0-11",
    "half of it": "0/0-5",
    "all but one cell": "0/0-10 1/44-46",
    "of many orders": "1/7 2/3 40 3/100-130 4/1500 1502 5/9000-9100 7/50000-50300 9/",
    "chequered": "2/" + " ".join(str(cell) for cell in range(0, 192, 3)),
    "many ranges": "5/" + " ".join(str(cell) for cell in range(0, 12288, 7)),
    "small": "12/98123456 98123458-98123470",
    "around a region": str(covering(6, (83.6, 22.0, 9.0), 10_000)),
    "at the pole": "2/15 31 47 63 3/255",
}


def rows() -> list[tuple]:
    """Positions and regions all over the sky: circles, boxes, triangles and rows without them."""
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(0, 360, ROWS), np.degrees(np.arcsin(rng.uniform(-1, 1, ROWS)))
    lon[:40], lat[:40] = rng.normal(83.6, 12, 40), np.clip(rng.normal(22, 9, 40), -89, 89)
    result = []
    for number, (x, y) in enumerate(zip((lon % 360).tolist(), lat.tolist(), strict=True)):
        size = 10 ** rng.uniform(-2, 1.5)
        shapes = (None, (x, y, size), regions.box(x, y, size, size / 2), regions.box(x, y, size, size)[:6])
        place = (None, None) if number % 23 == 0 else (x, y)
        result.append((number, None, *place, *[None] * 6, shapes[number % 4], None))
    return result


@pytest.fixture(scope="module", params=ENGINES)
def sky(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, list[tuple]]]:
    """Each engine with many positions and regions."""
    filled = rows()
    engine = started(request.param, request, filled)
    yield engine, filled
    engine.close()


def ids(engine: Engine, condition: str) -> set[int]:
    return {number for (number,) in engine.run(f"SELECT id FROM demo.sources WHERE {condition}")}


@pytest.mark.parametrize("name", MOCS)
def test_positions(sky: tuple[Engine, list[tuple]], name: str) -> None:
    engine, filled = sky
    text, moc = MOCS[name], parse_moc(MOCS[name])
    placed = [row for row in filled if row[2] is not None]
    inside = moc.contains(cells([row[2] for row in placed], [row[3] for row in placed]))
    expected = {row[0] for row, held in zip(placed, inside, strict=True) if held}
    assert ids(engine, f"1 = CONTAINS(POINT(ra, dec), MOC('{text}'))") == expected
    assert ids(engine, f"0 = CONTAINS(POINT(ra + 0, dec), MOC('{text}'))") == {row[0] for row in placed} - expected
    assert ids(engine, f"1 = INTERSECTS(MOC('{text}'), POINT(ra + 0, dec))") == expected
    assert ids(engine, f"CONTAINS(ivo_healpix_center(29, big), MOC('{text}')) = 1") == set()
    ((count,),) = engine.run(f"SELECT COUNT(CONTAINS(POINT(ra, dec), MOC('{text}'))) FROM demo.sources")
    assert count == len(placed)


@pytest.mark.parametrize("name", [name for name in MOCS if name != "many ranges"])
def test_regions(sky: tuple[Engine, list[tuple]], name: str) -> None:
    engine, filled = sky
    text, moc = MOCS[name], parse_moc(MOCS[name])
    shaped = [row for row in filled if row[10] is not None]
    touching = {row[0] for row in shaped if intersects(moc, [row[10]])[0]}
    within = {row[0] for row in shaped if contains_shape(moc, [row[10]])[0]}
    assert within <= touching
    assert ids(engine, f"1 = INTERSECTS(footprint, MOC('{text}'))") == touching
    assert ids(engine, f"INTERSECTS(MOC('{text}'), footprint) = 0") == {row[0] for row in shaped} - touching
    assert ids(engine, f"1 = CONTAINS(footprint, MOC('{text}'))") == within


def test_regions_that_move(sky: tuple[Engine, list[tuple]]) -> None:
    engine, filled = sky
    text, moc = MOCS["of many orders"], parse_moc(MOCS["of many orders"])
    placed = [row for row in filled if row[2] is not None]
    for region, shape in (
        ("CIRCLE(ra, dec, 2)", lambda x, y: (x, y, 2)),
        ("BOX(ra, dec, 3, 3)", lambda x, y: regions.box(x, y, 3, 3)),
    ):
        expected = {row[0] for row in placed if intersects(moc, [shape(*row[2:4])])[0]}
        assert ids(engine, f"1 = INTERSECTS({region}, MOC('{text}'))") == expected
        expected = {row[0] for row in placed if contains_shape(moc, [shape(*row[2:4])])[0]}
        assert ids(engine, f"1 = CONTAINS({region}, MOC('{text}'))") == expected


def test_mocs_of_regions(sky: tuple[Engine, list[tuple]]) -> None:
    engine, filled = sky
    for region, shape in (
        ("CIRCLE(83.6, 22, 9)", (83.6, 22, 9)),
        ("BOX(83.6, 22, 20, 10)", regions.box(83.6, 22, 20, 10)),
        ("POLYGON(70, 10, 90, 10, 80, 40)", (70, 10, 90, 10, 80, 40)),
        ("POINT(83.6, 22)", (83.6, 22)),
    ):
        moc = covering(5, shape, 10_000)
        expected = {row[0] for row in filled if row[10] is not None and intersects(moc, [row[10]])[0]}
        assert ids(engine, f"1 = INTERSECTS(footprint, MOC(5, {region}))") == expected
    within = ids(engine, "1 = CONTAINS(POINT(ra, dec), CIRCLE(83.6, 22, 9))")
    assert within <= ids(engine, "1 = CONTAINS(POINT(ra, dec), MOC(5, CIRCLE(83.6, 22, 9)))")


def test_as_values_and_groups(sky: tuple[Engine, list[tuple]]) -> None:
    engine, _ = sky
    value = "CONTAINS(POINT(ra, dec), MOC('0/0-5'))"
    found = engine.run(f"SELECT {value} AS inside, COUNT(*) AS n FROM demo.sources GROUP BY {value} ORDER BY 1")
    assert [key for key, _ in found] == [0, 1, None]
    assert sum(count for _, count in found) == ROWS
    touching = "SELECT INTERSECTS(footprint, MOC('0/0-5 1/30')) AS i FROM demo.sources"
    found = engine.run(f"SELECT t.i, COUNT(*) AS n FROM ({touching}) AS t GROUP BY t.i ORDER BY t.i")
    assert [key for key, _ in found] == [0, 1, None]


def test_in_joins_and_sub_queries(sky: tuple[Engine, list[tuple]]) -> None:
    engine, _ = sky
    one = "1 = CONTAINS(POINT({0}.ra, {0}.dec), MOC('2/40-60'))"
    joined = engine.run(
        "SELECT a.id FROM demo.sources AS a JOIN (SELECT id, ra, dec FROM demo.sources) AS b USING (id) "
        f"WHERE {one.format('a')} AND {one.format('b')}"
    )
    assert {number for (number,) in joined} == ids(engine, one.format("sources"))


def test_fixed_regions_are_judged_before_the_query_runs() -> None:
    for condition, holds in (
        ("1 = CONTAINS(POINT(83.6, 22), MOC('0/1'))", parse_moc("0/1").contains(cells(83.6, 22))),
        ("1 = INTERSECTS(CIRCLE(0, 0, 1), MOC('0/4'))", True),
        ("1 = CONTAINS(CIRCLE(0, 0, 1), MOC('0/4'))", True),
        ("1 = CONTAINS(CIRCLE(0, 0, 60), MOC('0/4'))", False),
        ("1 = INTERSECTS(MOC('0/4'), BOX(180, 0, 5, 5))", False),
    ):
        sql = to_sql(f"SELECT id FROM demo.sources WHERE {condition}").sql
        assert sql.endswith(f"WHERE 1 = {int(bool(holds))}"), sql


def test_indexed_positions_are_looked_up_by_ranges(duck: Engine) -> None:
    few = to_sql("SELECT id FROM demo.sources WHERE 1 = CONTAINS(POINT(ra, dec), MOC('3/1 5 7-8 5/'))").sql
    assert few.count("BETWEEN") == 3
    assert " IN " not in few
    assert "athanor_healpix" not in few
    many = to_sql(f"SELECT id FROM demo.sources WHERE 1 = CONTAINS(POINT(ra, dec), MOC('{MOCS['many ranges']}'))").sql
    assert many.count("BETWEEN") == limits.RANGES[0]
    assert many.count(" IN ") == 1
    several = " OR ".join(["1 = CONTAINS(POINT(ra, dec), MOC('5/0 2 4 6 8 10 12 14 16 18 20 22'))"] * 50)
    assert to_sql(f"SELECT id FROM demo.sources WHERE {several}").sql.count("BETWEEN") <= limits.RANGES[1] + 50


STRAY = "A MOC is made of orders and cells, such as 4/1 3-5 6/."
NOWHERE = "A MOC cannot stand here. Write CONTAINS(region, MOC(…)) or INTERSECTS(region, MOC(…))."

REFUSED = [
    ("1 = CONTAINS(POINT(ra, dec), MOC('4/1 x 5'))", "x", f"'x' is not part of a MOC. {STRAY}"),
    ("1 = CONTAINS(POINT(ra, dec), MOC('4/1\n 5-3'))", "5-3", "The range 5-3 runs backwards. Write 3-5."),
    ("1 = CONTAINS(POINT(ra, dec), MOC('4/1 ''5'))", "''", f'"\'5" is not part of a MOC. {STRAY}'),
    ("1 = CONTAINS(POINT(ra, dec), MOC('30/1'))", "30/", "There is no order 30. Orders are 0 to 29."),
    ("1 = CONTAINS(POINT(ra, dec), MOC('4/3072'))", "3072", "Order 4 has no cell 3072. Its cells are 0 to 3071."),
    ("1 = CONTAINS(POINT(ra, dec), MOC(''))", "'", "The MOC is empty. Write orders and cells, such as 4/1 3-5 6/."),
    (
        "1 = CONTAINS(POINT(ra, dec), MOC(name))",
        "name",
        "MOC takes a text in quotes, or an order and a region. Such as MOC('4/1 3-5 6/').",
    ),
    ("1 = CONTAINS(POINT(ra, dec), MOC(30, CIRCLE(1, 2, 3)))", "30", "There is no order 30. Orders are 0 to 29."),
    ("1 = CONTAINS(POINT(ra, dec), MOC(id, CIRCLE(1, 2, 3)))", "id", "The order of a MOC must be a whole number."),
    (
        "1 = CONTAINS(POINT(ra, dec), MOC(8, CIRCLE(ra, 2, 3)))",
        "CIRCLE(ra, 2, 3)",
        "The region of a MOC must be made of constants. Such as MOC(8, CIRCLE(83.6, 22, 0.5)).",
    ),
    (
        "1 = CONTAINS(POINT(ra, dec), MOC(16, CIRCLE(1, 2, 30)))",
        "MOC(16, CIRCLE(1, 2, 30))",
        "The border of the region touches more than 50,000 cells of order 13. Use a lower order.",
    ),
    (
        "1 = CONTAINS(MOC('4/1'), footprint)",
        "MOC('4/1')",
        "A MOC cannot be within a region. Write CONTAINS(region, MOC(…)).",
    ),
    (
        "1 = INTERSECTS(MOC('4/1'), MOC('4/2'))",
        "INTERSECTS(MOC('4/1'), MOC('4/2'))",
        "Two MOCs cannot be compared. One of them must be a region.",
    ),
    ("1 = CONTAINS(ra, MOC('4/1'))", "ra", "CONTAINS takes a region, and this is a number."),
    ("AREA(MOC('4/1')) > 1", "MOC('4/1')", NOWHERE),
    ("MOC('4/1') = 1", "MOC('4/1')", NOWHERE),
    ("id IN (SELECT COUNT(MOC('4/1')) FROM demo.notes)", "MOC('4/1')", NOWHERE),
]


@pytest.mark.parametrize(("condition", "marked", "message"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(condition: str, marked: str, message: str) -> None:
    query = f"SELECT id FROM demo.sources WHERE {condition}"
    with pytest.raises(QueryError) as caught:
        to_sql(query)
    error = caught.value
    assert f"{error.message} {error.hint}".rstrip() == message
    line = query.split("\n")[error.line - 1]
    assert line[error.column - 1 : error.column - 1 + error.length].startswith(marked)


def test_what_is_too_large_is_refused() -> None:
    cell = np.arange(0, 12 << 20, 240)[:50_001]
    with pytest.raises(QueryError, match="This MOC has 50,001 cells; 50,000 are allowed"):
        to_sql(f"SELECT id FROM demo.sources WHERE 1 = CONTAINS(POINT(ra, dec), MOC('10/{' '.join(map(str, cell))}'))")
    text = f"10/{' '.join(map(str, cell[:10_000]))}"
    assert to_sql(f"SELECT id FROM demo.sources WHERE 1 = CONTAINS(POINT(ra, dec), MOC('{text}'))").sql
    with pytest.raises(QueryError, match="regions are compared with 20,000 at most"):
        to_sql(f"SELECT id FROM demo.sources WHERE 1 = INTERSECTS(footprint, MOC('{text}'))")


def test_equal_mocs_are_equal() -> None:
    assert parse_moc("4/1 3 5/") == parse_moc("5/4-7 12-15")
    assert hash(parse_moc("4/1 3 5/")) == hash(parse_moc("5/4-7 12-15"))
    assert parse_moc("4/1 3") != parse_moc("4/1 3 5/")
    assert isinstance(parse_moc("4/1"), Moc)
