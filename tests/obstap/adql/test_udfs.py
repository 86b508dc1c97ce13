"""The functions of the IVOA's catalogue: values from its examples and from other libraries, the same on all engines."""

from __future__ import annotations

import cdshealpix.nested
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Angle, SkyCoord

from obstap.adql import FEATURES, translate
from obstap.adql.functions import REFUSED as REFUSED_FUNCTIONS
from obstap.obscore import OBSCORE
from tests.obstap.adql.tables import Engine, to_sql
from vo.errors import QueryError

STAR = "7.606083572, 11.79044105, 125, 300, -428.8, 52.51"

VALUES = [
    # the catalogue's own examples
    ("ivo_healpix_index(0, 1, 1)", 4),
    ("ivo_healpix_index(17, 1, 1)", 81609757711),
    ("ivo_healpix_index(17, 359, -1)", 73009064944),
    ("ivo_healpix_index(0, POINT(1, 1))", 4),
    ("ivo_healpix_index(17, POINT('ICRS', 1, 1))", 81609757711),
    ("ivo_healpix_index(17, CENTROID(CIRCLE(359, -1, 3)))", 73009064944),
    ("ivo_healpix_center(0, 6)", [180.0, 0.0]),
    ("ivo_healpix_center(17, ivo_healpix_index(17, 23.4, 56.7))", [23.399843462947466, 56.70016214363192]),
    (f"ivo_epoch_prop_pos({STAR}, 2016.0, 1992.25)", [7.604061404627978, 11.7932703828279]),
    (f"ivo_epoch_prop_pos({STAR}, 2016.0, 1875.0)", [7.594068213694308, 11.807251375203935]),
    (
        "ivo_epoch_prop_pos(7.606083572, 11.79044105, 125, 300, NULL, NULL, 2016.0, 1875.0)",
        [7.594080321498365, 11.790440798509207],
    ),
    ("ivo_geom_transform('ICRS', 'GALACTIC', POINT(120, -23))", [241.121831182, 3.62785788087]),
    ("ivo_hasword('Miller and Urey have', 'miller')", 1),
    ("ivo_hasword('shown that a primordial', 'soup')", 0),
    ("ivo_hasword('shown that a primordial', 'shown primordial')", 1),
    ("ivo_hasword('shown that a primordial', 'shown soup')", 0),
    ("ivo_hashlist_has('Red#green#blue', 'red')", 1),
    ("ivo_hashlist_has('red#green#blue', 're')", 0),
    ("ivo_hashlist_has('red#green#blue', 'red#green')", 0),
    ("ivo_nocasematch('ABcabc', 'ab__bc')", 1),
    ("ivo_nocasematch('abcabc', 'abcab')", 0),
    ("ivo_to_jd(CAST('2000-01-02T12:00:00' AS TIMESTAMP))", 2451546.0),
    ("ivo_to_jd('1910-12-31T06:00:00')", 2419036.75),
    ("ivo_to_mjd('1910-12-31T06:00:00')", 19036.25),
    ("ivo_to_mjd(NULL)", None),
    ("ivo_interval_overlaps(-3, -2, 2, 3)", 0),
    ("ivo_interval_overlaps(2, 3, -2, 55.3)", 1),
    ("ivo_interval_overlaps(-2, 55.3, 3, 2)", 0),
    ("ivo_interval_overlaps(-2, 2, 2, 3)", 1),
    ("ivo_hms_to_degrees('3:34:45.4')", 53.68916666666667),
    ("ivo_hms_to_degrees('3h34m45.4s')", 53.68916666666667),
    ("ivo_hms_to_degrees('3H34M45.4S')", 53.68916666666667),
    ("ivo_dms_to_degrees('42:9:6.768')", 42.15188),
    ("ivo_dms_to_degrees('42d9m6.768s')", 42.15188),
    ("ivo_dms_to_degrees('42D9M6.768S')", 42.15188),
    ("ivo_dms_to_degrees('-00:15:00')", -0.25),
    ("ivo_dms_to_degrees('+0d15m0s')", 0.25),
    # others
    ("ivo_hms_to_degrees('033445.4')", 53.68916666666667),
    ("ivo_hms_to_degrees(' 3 34 45.4 ')", 53.68916666666667),
    ("ivo_hms_to_degrees('3h 34m 45.4s')", 53.68916666666667),
    ("ivo_hms_to_degrees('23:59:59.999')", 359.99999583333334),
    ("ivo_dms_to_degrees('-001500')", -0.25),
    ("ivo_dms_to_degrees('123 : 30 : 0')", 123.5),
    *(
        (f"ivo_hms_to_degrees('{text}')", None)
        for text in ("", "24:0:0", "-1:0:0", "+1:0:0", "1:60:0", "1:0:60", "1:2")
    ),
    *(
        (f"ivo_hms_to_degrees('{text}')", None)
        for text in ("1h2:3", "12:3:4e1", "3d4m5s", "1:2:3:4", "x", "1::3", "0334")
    ),
    *(
        (f"ivo_dms_to_degrees('{text}')", None)
        for text in ("1000:0:0", "--1:0:0", "1h2m3s", "1 2", "1.5", "nan", "1:-2:3")
    ),
    ("ivo_dms_to_degrees(NULL)", None),
    ("ivo_hms_to_degrees(name || ':0:0')", None),
    ("ivo_hasword('Älter, 3C-273_b', 'ÄLTER 273')", 1),
    ("ivo_hasword('Älter, 3C-273_b', 'lter')", 0),
    ("ivo_hasword('a.b', 'A b a')", 1),
    ("ivo_hasword('', 'a')", 0),
    ("ivo_hasword('a', '')", 1),
    ("ivo_hasword('a', ' - ')", 1),
    ("ivo_hasword(NULL, 'a')", None),
    ("ivo_hasword(name, 'crab')", 1),
    ("ivo_healpix_index(29, ra, dec)", 1701909093118121710),
    ("ivo_healpix_index(id, ra, dec)", 23),
    ("ivo_healpix_index(hits + 20, ra, dec)", None),
    ("ivo_healpix_index(5, dec, ra)", 1016),
    ("ivo_healpix_index(5, ra, 10 * dec)", None),
    ("ivo_healpix_index(5, NULL, dec)", None),
    ("ivo_healpix_index(3, POINT(dec, ra))", 63),
    ("ivo_healpix_index(3, CENTROID(footprint))", 377),
    ("ivo_healpix_center(id, 3)", [45.0, 66.44353569089876]),
    ("ivo_healpix_center(id, big)", None),
    ("ivo_healpix_center(hits, 12)", [45.0, 0.18651002832536634]),
    ("ivo_healpix_center(NULL + id, 12)", None),
    ("ivo_geom_transform('FK4', 'GALACTIC', CIRCLE(189.70303055, 22.96240006, 3))", [275.00025405, 84.99996154, 3]),
    ("ivo_geom_transform('GALACTIC', 'GALACTIC', POINT(ra, dec))", [83.633, 22.0145]),
    ("ivo_geom_transform('ICRS', 'ECLIPTIC', POINT(ra + NULL, dec))", None),
    ("ivo_geom_transform('ICRS', 'GALACTIC', footprint)", [184.553260, -5.818026, 0.5]),
    ("COORD2(ivo_geom_transform('ICRS', 'GALACTIC', POINT(ra, dec)))", -5.784422),
    ("ivo_epoch_prop_pos(ra, dec, NULL, 0, 0, NULL, 2000, 2020)", [83.633, 22.0145]),
    ("ivo_epoch_prop_pos(ra, 10 * dec, NULL, 0, 0, NULL, 2000, 2020)", None),
    ("ivo_epoch_prop_pos(ra, dec, 1e300, 0, 0, 1e300, 2000, 2020)", None),
    ("ivo_epoch_prop_pos(ra, dec, NULL, 0, 3600000, NULL, 2000, 2000 + hits - 9)", [83.633, 23.01439847941439]),
    ("ivo_epoch_prop_pos(ra, dec, 1e-200, 1e-200, 1e-200, 1e-200, 2000, 2000 + id)", [83.633, 22.0145]),
    ("DISTANCE(ivo_epoch_prop_pos(ra, dec, 1, 0, 3600000, 0, 2000, 2001), POINT(ra, dec))", 0.9998984794143886),
    ("CONTAINS(ivo_healpix_center(4, ivo_healpix_index(4, ra, dec)), CIRCLE(ra, dec, 3))", 1),
]
"""Expressions on the first row of ``demo.sources``, and their values."""


@pytest.mark.parametrize(("expression", "expected"), VALUES, ids=[case[0] for case in VALUES])
def test_values(engine: Engine, expression: str, expected: object) -> None:
    ((found,),) = engine.run(f"SELECT {expression} FROM demo.sources WHERE id = 1")
    if expected is None:
        assert found is None
        return
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-6 if "transform" in expression else 1e-10)


def test_epoch_prop(engine: Engine) -> None:
    ((found,),) = engine.run(f"SELECT ivo_epoch_prop({STAR}, 2016.0, 1992.25) FROM demo.sources WHERE id = 1")
    expected = [7.604061404627978, 11.793270382827929, 125.01993165584682]
    assert found[:3] == pytest.approx(expected, rel=1e-12)
    assert found[3:] == pytest.approx([300.09877325973605, -428.934593565712, 52.50880381775256], rel=1e-12)
    query = "SELECT ivo_epoch_prop(ra, dec, NULL, 0 * id, NULL, 10, 2000, 2010) FROM demo.sources WHERE id = {}"
    (((first,),), ((second,),)) = (engine.run(query.format(number)) for number in (1, 6))
    assert first == pytest.approx([83.633, 22.0145, np.nan, np.nan, np.nan, 10], abs=1e-7, nan_ok=True)
    assert second is None


def test_indices_of_all_orders_are_those_of_other_libraries(engine: Engine) -> None:
    rows = [
        (lon, lat) for lon in (0.0, 45.0, 83.633, 359.9999999, 200.3) for lat in (-90.0, -41.81, 0.0, 22.0145, 66.6)
    ]
    expected = {
        order: cdshealpix.nested.lonlat_to_healpix(
            [lon for lon, _ in rows] * u.deg, [lat for _, lat in rows] * u.deg, order
        )
        for order in range(30)
    }
    for order, cell in expected.items():
        asked = ", ".join(f"ivo_healpix_index({order}, {lon} + 0 * id, {lat})" for lon, lat in rows)
        (found,) = engine.run(f"SELECT {asked} FROM demo.sources WHERE id = 1")
        assert list(found) == cell.astype(np.int64).tolist(), order


def test_centres_of_all_orders_are_those_of_other_libraries(engine: Engine) -> None:
    for order in range(0, 30, 3):
        cells = [number % (12 << 2 * order) for number in (0, 3, 11, 10**9 + 7, 10**17 + 3, (12 << 2 * order) - 1)]
        expected = cdshealpix.nested.healpix_to_lonlat(np.array(cells), order)
        asked = ", ".join(f"ivo_healpix_center({order}, {cell} + 0 * id)" for cell in cells)
        (found,) = engine.run(f"SELECT {asked} FROM demo.sources WHERE id = 1")
        assert np.array(found) == pytest.approx(np.stack([lon.deg for lon in expected], axis=-1), abs=1e-12)


def test_columns_of_cells_serve_as_indices(engine: Engine) -> None:
    query = "SELECT id, ivo_healpix_index(7, ra, dec) FROM demo.sources ORDER BY id"
    assert "athanor_healpix" not in to_sql(query, engine=engine.name).sql
    moved = query.replace("ra,", "ra + 0,")
    assert "athanor_healpix" in to_sql(moved, engine=engine.name).sql
    assert engine.run(query) == engine.run(moved)


def test_maps_of_the_sky(engine: Engine) -> None:
    query = "SELECT {0} AS cell, COUNT(*) AS n FROM demo.sources GROUP BY {0} ORDER BY 1"
    found = engine.run(query.format("ivo_healpix_index(3, ra, dec)"))
    assert found == [(42, 1), (63, 1), (377, 2), (613, 1), (None, 1)]
    assert engine.run(query.format("ivo_healpix_index(3, ra + 0, dec)")) == found
    by_columns = "SELECT ra, dec, ivo_healpix_index(3, ra, dec) AS cell FROM demo.sources GROUP BY ra, dec ORDER BY ra"
    assert len(engine.run(by_columns)) == 6
    positions = engine.run(
        "SELECT DISTINCT ivo_healpix_center(3, ivo_healpix_index(3, ra, dec)) AS p FROM demo.sources"
    )
    assert sorted(position for (position,) in positions if position)[2] == pytest.approx([84.375, 19.47122063])


def test_rotations_are_those_of_astropy(engine: Engine) -> None:
    rows = engine.run(
        "SELECT ra, dec, ivo_geom_transform('ICRS', 'GALACTIC', POINT(ra, dec)) FROM demo.sources WHERE id < 5"
    )
    for lon, lat, found in rows:
        expected = SkyCoord(lon * u.deg, lat * u.deg).galactic
        assert found == pytest.approx([expected.l.deg, expected.b.deg], abs=1e-7)


def test_polygons_are_rotated_corner_by_corner(engine: Engine) -> None:
    query = "SELECT ivo_geom_transform('GALACTIC', 'FK5', {}) FROM demo.sources WHERE id = 1"
    fixed, moving, box = (
        engine.run(query.format(region))[0][0]
        for region in ("POLYGON(5, 3, 4, 4, 4.5, 2)", "POLYGON(5, 3, 4, 4, 4.5, 1 + id)", "BOX(5, 3, id, id)")
    )
    assert fixed == pytest.approx([266.44721, -23.107310, 264.95088, -23.434037, 267.09936, -24.051919], abs=2e-5)
    assert moving == pytest.approx(fixed, abs=1e-12)
    assert len(box) == 8


def test_angles_are_those_of_astropy(engine: Engine) -> None:
    texts = ["5h34m31.94s", "05:34:31.94", "23h59m59.99999s", "0:0:0.001"]
    asked = ", ".join(f"ivo_hms_to_degrees('{text}')" for text in texts)
    (found,) = engine.run(f"SELECT {asked} FROM demo.sources WHERE id = 1")
    assert found == pytest.approx([Angle(text, "hourangle").deg for text in texts], rel=1e-14)
    texts = ["-22d00m52.2s", "+22:00:52.2", "-0:0:0.5", "89d59m59.999s"]
    asked = ", ".join(f"ivo_dms_to_degrees('{text}')" for text in texts)
    (found,) = engine.run(f"SELECT {asked} FROM demo.sources WHERE id = 1")
    assert found == pytest.approx([Angle(text, "deg").deg for text in texts], rel=1e-14)


def test_histograms(engine: Engine) -> None:
    (row,) = engine.run(
        "SELECT ivo_histogram(ra, 0, 128.836, 4), ivo_histogram(hits, 0, 10, 5), ivo_histogram(ra, 200, 300, 2), "
        "ivo_histogram(flux / 0, 0, 1, 1) FROM demo.sources"
    )
    assert row == ([1, 2, 0, 2, 0, 1], [2, 1, 1, 0, 0, 0, 2], [6, 0, 0, 0], [6, 0, 0])
    grouped = engine.run(
        "SELECT flag, ivo_histogram(id, 1, 5, 4) AS h FROM demo.sources GROUP BY flag ORDER BY COUNT(*), flag"
    )
    assert sorted(histogram for _, histogram in grouped) == [[0, 0, 0, 1, 0, 1], [0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 1, 0]]
    assert engine.run("SELECT ivo_histogram(id, 0, 9, 3) FROM demo.sources WHERE id > 99") == [([0, 0, 0, 0, 0],)]


def test_histogram_is_that_of_numpy(engine: Engine) -> None:
    values = np.random.default_rng(3).normal(0, 3, 50)
    parts = " UNION ALL ".join(f"SELECT {value!r} AS x FROM demo.sources WHERE id = 1" for value in values.tolist())
    ((found,),) = engine.run(f"SELECT ivo_histogram(x, -2.5, 3.5, 7) FROM ({parts}) AS t")
    counts, _ = np.histogram(values, 7, (-2.5, 3.5))
    assert found == [int((values < -2.5).sum()), *counts.tolist(), int((values >= 3.5).sum())]


def test_random_numbers(engine: Engine) -> None:
    many = "demo.sources AS a, demo.sources AS b, demo.sources AS c, demo.sources AS d"
    numbers = f"SELECT ivo_normal_random(10, 2) AS x FROM {many}"
    query = "SELECT AVG(x) AS m, SQRT(AVG((x - 10) * (x - 10))) AS s, COUNT(DISTINCT x) AS n"
    ((mean, deviation, number),) = engine.run(f"{query} FROM ({numbers}) AS t")
    assert number == 6**4
    assert mean == pytest.approx(10, abs=0.5)
    assert deviation == pytest.approx(2, abs=0.5)
    ((found,),) = engine.run(f"SELECT ivo_histogram(ivo_normal_random(0, 1), -1, 1, 2) FROM {many}")
    assert sum(found) == 6**4
    assert min(found) > 100
    assert engine.run("SELECT ivo_normal_random(5, 0), ivo_normal_random(5, -id) FROM demo.sources WHERE id = 1") == [
        (5.0, None)
    ]


def test_texts_of_a_group(engine: Engine) -> None:
    query = "SELECT ivo_string_agg(name, '/') FROM demo.sources WHERE id IN (1, 2, 6)"
    ((found,),) = engine.run(query)
    assert sorted(found.split("/")) == ["Crab", "Vela"]


COLUMNS = [
    ("ivo_healpix_index(5, ra, dec)", ("long", "", "", "", "pos.healpix")),
    ("ivo_healpix_center(5, big)", ("double", "2", "point", "deg", "")),
    ("ivo_epoch_prop_pos(ra, dec, 0, 0, 0, 0, 2000, 2010)", ("double", "2", "point", "deg", "")),
    ("ivo_epoch_prop(ra, dec, 0, 0, 0, 0, 2000, 2010)", ("double", "6", "", "", "")),
    ("ivo_geom_transform('ICRS', 'FK4', POINT(ra, dec))", ("double", "2", "point", "deg", "")),
    ("ivo_geom_transform('ICRS', 'FK4', CIRCLE(ra, dec, 1))", ("double", "3", "circle", "deg", "")),
    ("ivo_histogram(ra, 0, 1, 2)", ("int", "*", "", "", "meta.number")),
    ("ivo_hms_to_degrees(name)", ("double", "", "", "deg", "")),
    ("ivo_dms_to_degrees(name)", ("double", "", "", "deg", "")),
    ("ivo_normal_random(ra, 1)", ("double", "", "", "deg", "")),
    ("ivo_hasword(name, 'x')", ("int", "", "", "", "")),
    ("ivo_to_mjd(seen)", ("double", "", "", "d", "")),
]


@pytest.mark.parametrize(("expression", "expected"), COLUMNS, ids=[case[0] for case in COLUMNS])
def test_what_is_told_of_results(expression: str, expected: tuple[str, ...]) -> None:
    (column,) = to_sql(f"SELECT {expression} FROM demo.sources").columns
    assert (column.datatype, column.arraysize, column.xtype, column.unit, column.ucd) == expected


REFUSED = [
    ("ivo_healpix_index(30, ra, dec)", "30", "There is no order 30. Orders are 0 to 29."),
    ("ivo_healpix_index(-1, ra, dec)", "-1", "There is no order -1. Orders are 0 to 29."),
    (
        "ivo_healpix_index(2.5, ra, dec)",
        "2.5",
        "IVO_HEALPIX_INDEX takes an integer for the order, and this is a number of type DOUBLE PRECISION.",
    ),
    ("ivo_healpix_index(3, ra, 91)", "91", "The latitude 91 lies outside -90 to 90 degrees."),
    (
        "ivo_healpix_index(3, name)",
        "name",
        "IVO_HEALPIX_INDEX takes a POINT here, and this is a text. CENTROID(region) is a point.",
    ),
    (
        "ivo_healpix_index(3, footprint)",
        "footprint",
        "IVO_HEALPIX_INDEX takes a POINT here, and this is a REGION. CENTROID(region) is a point.",
    ),
    (
        "ivo_healpix_index(3)",
        "ivo_healpix_index(3)",
        "IVO_HEALPIX_INDEX is called with 1 argument. "  # noqa: ISC004 - one message
        "Write ivo_healpix_index(order, lon, lat) or ivo_healpix_index(order, point).",
    ),
    ("ivo_healpix_center(0, 12)", "12", "Order 0 has no cell 12. Its cells are 0 to 11."),
    (
        "ivo_healpix_center(17, 23.2)",
        "23.2",
        "IVO_HEALPIX_CENTER takes an integer for the number of a cell, and this is a number of type DOUBLE PRECISION.",
    ),
    (
        "ivo_epoch_prop_pos(NULL, 11.79, 125, 300, NULL, NULL, 2016.0, 1875.0)",
        "NULL",
        "IVO_EPOCH_PROP_POS needs ra; it cannot be NULL.",
    ),
    (
        "ivo_epoch_prop_pos(7.6, 11.79, 125, 300, -428.8, 52.51, NULL, 1875.0)",
        "NULL",
        "IVO_EPOCH_PROP_POS needs ref_epoch; it cannot be NULL.",
    ),
    ("ivo_epoch_prop(ra, 95, 0, 0, 0, 0, 2000, 2001)", "95", "The latitude 95 lies outside -90 to 90 degrees."),
    (
        "ivo_geom_transform('icrs', 'FK5', POINT(1, 2))",
        "'icrs'",
        "'icrs' is no frame of reference. Did you mean ICRS?",
    ),
    (
        "ivo_geom_transform('ICRS', 'MARS', POINT(1, 2))",
        "'MARS'",
        "'MARS' is no frame of reference. Frames are ICRS, FK5, FK4, GALACTIC, SUPER_GALACTIC, ECLIPTIC.",
    ),
    (
        "ivo_geom_transform(name, 'FK5', POINT(1, 2))",
        "name",
        "A frame of reference is a text in quotes. Frames are ICRS, FK5, FK4, GALACTIC, SUPER_GALACTIC, ECLIPTIC.",
    ),
    ("ivo_geom_transform('ICRS', 'FK5', ra)", "ra", "IVO_GEOM_TRANSFORM takes a region, and this is a number."),
    ("ivo_normal_random(0, -1)", "-1", "A standard deviation cannot be negative."),
    (
        "ivo_normal_random(name, 1)",
        "name",
        "IVO_NORMAL_RANDOM takes a number, and this is a text. Convert it with CAST.",
    ),
    (
        "ivo_histogram(ra, 5, 5, 3)",
        "5, 5",
        "ivo_histogram cannot divide the interval from 5 to 5. The lower limit comes first.",
    ),
    ("ivo_histogram(ra, dec, 5, 3)", "dec", "The limits of ivo_histogram must be constants."),
    ("ivo_histogram(ra, 1, 5, 0)", "0", "The number of bins must be a whole number from 1 to 10,000."),
    ("ivo_histogram(ra, 1, 5, 10001)", "10001", "The number of bins must be a whole number from 1 to 10,000."),
    ("ivo_histogram(ra, 1, 5, id)", "id", "The number of bins must be a whole number from 1 to 10,000."),
    ("ivo_histogram(DISTINCT ra, 1, 5, 3)", "ivo_histogram(DISTINCT ra, 1, 5, 3)", "ivo_histogram takes no DISTINCT."),
    ("ivo_histogram(name, 1, 5, 3)", "name", "IVO_HISTOGRAM takes a number, and this is a text. Convert it with CAST."),
    ("ivo_histogram(MAX(ra), 1, 5, 3)", "MAX(ra)", "MAX cannot stand in another aggregate."),
    ("ivo_hasword(name, 3)", "3", "IVO_HASWORD takes a text, and this is a number. Convert it with CAST."),
    (
        "ivo_simbadpoint('GJ 699')",
        "ivo_simbadpoint",
        "IVO_SIMBADPOINT is not supported. It would ask Simbad, and this service contacts no other while it answers. "  # noqa: ISC004
        "Give the position, as POINT(lon, lat).",
    ),
]


@pytest.mark.parametrize(("expression", "marked", "message"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(expression: str, marked: str, message: str) -> None:
    query = f"SELECT {expression} FROM demo.sources"
    with pytest.raises(QueryError) as caught:
        to_sql(query)
    error = caught.value
    assert f"{error.message} {error.hint}".rstrip() == message
    assert query[error.column - 1 : error.column - 1 + error.length] == marked


def test_what_is_refused_by_name_is_not_declared() -> None:
    declared = " ".join(form for _, forms in FEATURES for form, _ in forms).upper()
    assert REFUSED_FUNCTIONS
    assert not any(name in declared for name in REFUSED_FUNCTIONS)


def test_sky_maps_of_observations_use_the_cells() -> None:
    cell = "ivo_healpix_index(4, s_ra, s_dec)"
    query = f"SELECT {cell} AS cell, COUNT(*) AS n FROM ivoa.obscore GROUP BY {cell}"
    sql = translate(query, {"ivoa.obscore": OBSCORE}, physical=str, base_url="").sql
    assert "athanor_healpix" not in sql
    assert ">> 50" in sql
