"""Whole queries, made at random, whose rows come in one order only."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["whole_queries"]

_WHOLE = ("{0}.id", "{0}.hits", "{0}.big", '{0}."size"')
_REAL = ("{0}.ra", "{0}.dec", "{0}.flux")
_TEXTS = ("{0}.name", "{0}.url", "{0}.footprint")
_PLACES = ("83.6, 22", "128, -45", "0, 90", "359.99999, 0", "10.7, 41.3", "0, -90")

sample, integers = st.sampled_from, st.integers


@st.composite
def _number(draw, alias: str, depth: int = 2) -> str:
    """A number that no engine refuses to compute."""
    if depth == 0 or draw(integers(0, 3)) == 0:
        leaf = draw(sample((*_WHOLE, *_REAL, "7", "-3", "2.5", "1e-3", "0", "0.0", "NULL")))
        return leaf.format(alias)
    one, other = draw(_number(alias, depth - 1)), draw(_number(alias, depth - 1))
    return draw(
        sample(
            (
                f"({one} + {other} * 1.0)",
                f"({one} - 1.0 * {other})",
                f"({one} * 1.0 * {other})",
                f"{one} / {other}",
                f"MOD({one}, {other})",
                f"ABS(1.0 * {one})",
                f"-(1.0 * {one})",
                f"CEILING({one})",
                f"FLOOR({one} / 3.0)",
                f"ROUND({one}, 1)",
                f"ROUND({one} / 7)",
                f"TRUNCATE({one} / 7.0, 2)",
                f"SQRT({one})",
                f"EXP({one})",
                f"LOG({one})",
                f"LOG10({one})",
                f"POWER({one}, 2)",
                f"SIN({one})",
                f"COS({one} / 10)",
                f"ATAN2({one}, {other})",
                f"ASIN({one})",
                f"DEGREES({one})",
                f"RADIANS({one})",
                f"COALESCE({one}, {other})",
                f"CAST({one} AS DOUBLE PRECISION)",
                f"DISTANCE({alias}.ra, {alias}.dec, {draw(sample(_PLACES))})",
                f"AREA({alias}.footprint)",
                f"CONTAINS(POINT({alias}.ra, {alias}.dec), {draw(_shape(alias))})",
                f"INTERSECTS({alias}.footprint, {draw(_shape(alias))})",
                f"ivo_interval_overlaps({one}, {other}, 0, 5)",
                f"ivo_to_mjd({alias}.seen)",
            )
        )
    )


@st.composite
def _shape(draw, alias: str) -> str:
    place = draw(sample((*_PLACES, f"{alias}.ra, {alias}.dec")))
    size = draw(sample(("0.5", "1e-4", "20", "100")))
    return draw(
        sample(
            (
                f"CIRCLE({place}, {size})",
                f"CIRCLE(POINT('ICRS', {place}), 0.1 + {size})",
                f"BOX({place}, 1, {size})",
                "POLYGON(80, 20, 90, 20, 85, 30)",
                "POLYGON('', POINT(0, 80), POINT(120, 80), POINT(240, 80))",
                "REGION('BOX ICRS 10 41 3 2')",
                f"{alias}.footprint",
            )
        )
    )


@st.composite
def _text(draw, alias: str, depth: int = 1) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(sample((*_TEXTS, "'C'", "'é%'", "''", "'Pole''s'", "'a\\b'"))).format(alias)
    one, other = draw(_text(alias, depth - 1)), draw(_text(alias, depth - 1))
    return draw(
        sample(
            (
                f"{one} || {other}",
                f"LOWER({one})",
                f"UPPER({one})",
                f"COALESCE({one}, {other})",
                f"CAST({one} AS VARCHAR(3))",
                f"CAST({alias}.hits AS VARCHAR)",
                f"CAST({alias}.flux AS CHAR(8))",
                f"CAST({alias}.ra AS VARCHAR)",
                f"CAST({alias}.seen AS VARCHAR)",
                f"CAST({alias}.flag AS VARCHAR)",
            )
        )
    )


@st.composite
def _condition(draw, alias: str, depth: int = 2) -> str:
    if depth and draw(integers(0, 2)):
        one, other = draw(_condition(alias, depth - 1)), draw(_condition(alias, depth - 1))
        return draw(sample((f"({one} AND {other})", f"({one} OR {other})", f"NOT {one}")))
    number, text, shape = draw(_number(alias, 1)), draw(_text(alias)), draw(_shape(alias))
    comparison = draw(sample(("=", "<>", "!=", "<", ">", "<=", ">=")))
    return draw(
        sample(
            (
                f"{number} {comparison} 1.7",
                f"{alias}.hits {comparison} {draw(integers(-8, 12))}",
                f"{text} {comparison} {draw(_text(alias, 0))}",
                f"{alias}.name BETWEEN 'C' AND 'crab'",
                f"{number} NOT BETWEEN 0.1 AND 22.7",
                f"{alias}.id IN (1, 3, {draw(integers(0, 6))})",
                f"{alias}.name NOT IN ('Crab', 'x')",
                f"{alias}.name {draw(sample(('LIKE', 'NOT LIKE', 'ILIKE', 'NOT ILIKE')))} "
                + draw(sample(("'c%'", "'%_2'", "'M 31\\_x'", "'%E%'", "name || '%'")) | st.just("'%'")),
                f"{text} IS NULL",
                f"{number} IS NOT NULL",
                f"{alias}.seen >= '2021-06-01'",
                f"{alias}.flag = {draw(integers(0, 1))}",
                f"1 = CONTAINS(POINT({alias}.ra, {alias}.dec), {shape})",
                f"CONTAINS({alias}.footprint, {shape}) = 0",
                f"INTERSECTS({shape}, {alias}.footprint) = 1",
                f"DISTANCE({alias}.ra, {alias}.dec, {draw(sample(_PLACES))}) < 1.5",
                f"EXISTS (SELECT n.id FROM demo.notes AS n WHERE n.id = {alias}.id)",
                f"{alias}.id IN (SELECT n.id FROM demo.notes AS n WHERE n.note LIKE '%r%')",
                f"{alias}.hits > (SELECT AVG(m.hits) FROM demo.sources AS m)",
            )
        )
    )


@st.composite
def _plain(draw) -> str:
    values = draw(st.lists(_number("s") | _text("s"), min_size=1, max_size=3))
    listed = ", ".join(f"{value} AS v{number}" for number, value in enumerate(values))
    start = draw(sample(("", "DISTINCT ", "ALL ", "TOP 4 ", "DISTINCT TOP 3 ")))
    end = draw(sample(("", " OFFSET 1")))
    where = f" WHERE {draw(_condition('s'))}" if draw(st.booleans()) else ""
    return f"SELECT {start}s.id, {listed}, s.seen, s.flag FROM demo.sources AS s{where} ORDER BY s.id{end}"


@st.composite
def _joined(draw) -> str:
    kind = draw(sample(("JOIN", "INNER JOIN", "LEFT JOIN", "RIGHT OUTER JOIN", "FULL JOIN")))
    on = draw(
        sample(
            (
                "s.id = n.id",
                "s.id < n.id AND n.note <> 'old'",
                "s.id >= n.id",
                "s.id = n.id AND s.hits > 5",
                "DISTANCE(POINT(s.ra, s.dec), n.place) < 1",
                "1 = CONTAINS(n.place, s.footprint)",
            )
        )
    )
    where = f" WHERE {draw(_condition('s', 1))}" if draw(st.booleans()) else ""
    return (
        f"SELECT s.id, n.id, n.note, s.name, {draw(_number('s', 1))} AS x "
        f"FROM demo.sources AS s {kind} demo.notes AS n ON {on}{where} ORDER BY 1, 2, 3"
    )


@st.composite
def _paired(draw) -> str:
    """Pairs of positions, which engines join in their own ways."""
    kind = draw(sample(("JOIN", "LEFT JOIN", "RIGHT JOIN")))
    radius = draw(sample(("0.2", "1e-3", "4", "60")))
    near = draw(
        sample(
            (
                f"DISTANCE(a.ra, a.dec, b.ra, b.dec) < {radius}",
                f"{radius} >= DISTANCE(POINT(b.ra, b.dec), POINT(a.ra, a.dec))",
                f"1 = CONTAINS(POINT(a.ra, a.dec), CIRCLE(b.ra, b.dec, {radius}))",
                f"0 <> CONTAINS(POINT(a.ra, a.dec), CIRCLE(POINT(b.ra, b.dec), {radius}))",
            )
        )
    )
    more = draw(sample(("", " AND a.id < b.id", " OR a.id = b.id + 1", " AND NOT a.hits = b.hits")))
    tables = f"demo.sources AS a {kind} demo.sources AS b ON {near}{more}"
    if draw(st.booleans()):
        tables = f"demo.sources AS a, demo.sources AS b WHERE {near}{more}"
    return f"SELECT a.id, b.id FROM {tables} ORDER BY 1, 2"


@st.composite
def _grouped(draw) -> str:
    key = draw(sample(("s.flag", "s.hits", "UPPER(s.name)", "s.hits / 10", "s.seen")))
    value = draw(sample(("s.id", "s.hits", "s.flux", "s.ra", "s.big")))
    having = draw(sample(("", " HAVING COUNT(*) > 1", f" HAVING MIN({value}) IS NOT NULL OR COUNT({value}) = 0")))
    where = f" WHERE {draw(_condition('s', 1))}" if draw(st.booleans()) else ""
    return (
        f"SELECT {key} AS k, COUNT(*), COUNT(DISTINCT s.flag), SUM({value}), AVG({value}), MIN({value}), MAX(s.name), "
        f"MAX(s.seen), ivo_string_agg(s.name, '|') FROM demo.sources AS s{where} GROUP BY {key}{having} "
        f"ORDER BY {'k' if draw(st.booleans()) else '1'} {draw(sample(('ASC', 'DESC', '')))}"
    )


@st.composite
def _combined(draw) -> str:
    text = draw(sample(("s.name", "LOWER(s.name)", "NULL")))
    parts = [
        f"SELECT s.id, {text} AS t FROM demo.sources AS s WHERE {draw(_condition('s', 1))}",
        "SELECT n.id, n.note FROM demo.notes AS n",
        f"SELECT s.hits, s.url FROM demo.sources AS s WHERE {draw(_condition('s', 1))}",
    ]
    one, two, three = draw(st.permutations(parts))
    first, second = (
        draw(sample(("UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL"))),
        draw(sample(("UNION", "EXCEPT ALL", "INTERSECT"))),
    )
    body = draw(sample((f"{one} {first} {two}", f"{one} {first} ({two} {second} {three})", f"({one}) {first} {two}")))
    return f"{body} ORDER BY 1, 2"


@st.composite
def _nested(draw) -> str:
    inner = (
        f"SELECT s.id, s.ra AS lon, s.dec AS lat, s.footprint AS f, {draw(_number('s', 1))} AS x FROM demo.sources AS s"
    )
    where = draw(sample(("", " WHERE 1 = CONTAINS(POINT(q.lon, q.lat), CIRCLE(83.6, 22, 1))", " WHERE q.x > 0.3")))
    values = "q.id, q.x, AREA(q.f)"
    if draw(st.booleans()):
        return f"WITH q AS ({inner}) SELECT {values} FROM q{where} ORDER BY q.id"
    return f"SELECT {values} FROM ({inner}) AS q{where} ORDER BY q.id"


whole_queries = st.one_of(_plain(), _joined(), _paired(), _grouped(), _combined(), _nested())
