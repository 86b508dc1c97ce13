"""The capabilities that are told are those that are translated."""

from __future__ import annotations

import re

import pytest

from obstap.adql import FEATURES, VERSIONS
from obstap.adql.functions import AGGREGATES, FUNCTIONS
from obstap.names import RESERVED
from tests.obstap.adql.tables import to_sql

USES = {
    "WITH": "WITH a AS (SELECT id FROM demo.notes) SELECT id FROM a",
    "UNION": "SELECT id FROM demo.notes UNION ALL SELECT id FROM demo.notes",
    "EXCEPT": "SELECT id FROM demo.notes EXCEPT SELECT id FROM demo.notes",
    "INTERSECT": "SELECT id FROM demo.notes INTERSECT ALL SELECT id FROM demo.notes",
    "COALESCE": "SELECT COALESCE(note, 'x') FROM demo.notes",
    "CAST": "SELECT CAST(id AS BIGINT) FROM demo.notes",
    "IN_UNIT": "SELECT IN_UNIT(ra, 'rad') FROM demo.sources",
    "OFFSET": "SELECT id FROM demo.notes OFFSET 1",
    "ILIKE": "SELECT id FROM demo.notes WHERE note ILIKE 'x'",
    "LOWER": "SELECT LOWER(note) FROM demo.notes",
    "UPPER": "SELECT UPPER(note) FROM demo.notes",
    "AREA": "SELECT AREA(footprint) FROM demo.sources",
    "BOX": "SELECT BOX(ra, dec, 1, 1) FROM demo.sources",
    "CENTROID": "SELECT CENTROID(footprint) FROM demo.sources",
    "CIRCLE": "SELECT CIRCLE(ra, dec, 1) FROM demo.sources",
    "CONTAINS": "SELECT id FROM demo.sources WHERE 1 = CONTAINS(POINT(ra, dec), footprint)",
    "COORD1": "SELECT COORD1(place) FROM demo.notes",
    "COORD2": "SELECT COORD2(place) FROM demo.notes",
    "COORDSYS": "SELECT COORDSYS(footprint) FROM demo.sources",
    "DISTANCE": "SELECT DISTANCE(ra, dec, 1, 2) FROM demo.sources",
    "INTERSECTS": "SELECT INTERSECTS(footprint, CIRCLE(1, 2, 3)) FROM demo.sources",
    "POINT": "SELECT POINT(ra, dec) FROM demo.sources",
    "POLYGON": "SELECT POLYGON(0, 0, 1, 0, 0, 1) FROM demo.sources",
    "REGION": "SELECT REGION('CIRCLE ICRS 1 2 3') FROM demo.sources",
}

FORMS = {form: type_ for type_, forms in FEATURES for form, _ in forms}
SIGNATURE = re.compile(r"(\w+)\(((?:\w+ [A-Z ]+)(?:, \w+ [A-Z ]+)*)\) -> ([A-Z ]+(?:\[6?\])?)")
ARGUMENTS = {
    "VARCHAR": "name",
    "TIMESTAMP": "seen",
    "DOUBLE PRECISION": "ra",
    "INTEGER": "id",
    "BIGINT": "big",
    "POINT": "POINT(ra, dec)",
}
TYPES = {
    "INTEGER": ("int", ""),
    "BIGINT": ("long", ""),
    "DOUBLE PRECISION": ("double", ""),
    "VARCHAR": ("char", "*"),
    "POINT": ("double", "2"),
    "REGION": ("double", "*"),
    "INTEGER[]": ("int", "*"),
    "DOUBLE PRECISION[6]": ("double", "6"),
}
CONSTANTS = {
    "ivo_string_agg": "name, ', '",
    "ivo_geom_transform": "'ICRS', 'FK4', footprint",
    "ivo_histogram": "ra, 0, 360, 6",
}
MOCS = {
    "MOC(coverage VARCHAR) -> MOC": "MOC('3/1')",
    "MOC(hpxOrder INTEGER, region REGION) -> MOC": "MOC(3, CIRCLE(1, 2, 3))",
}


def test_shape_of_the_data() -> None:
    assert VERSIONS == {"2.0": "ivo://ivoa.net/std/ADQL#v2.0", "2.1": "ivo://ivoa.net/std/ADQL#v2.1"}
    for type_, forms in FEATURES:
        assert type_.startswith(("ivo://ivoa.net/std/TAPRegExt#features-", "ivo://org.gavo.dc/std/exts#"))
        assert all(len(entry) == 2 for entry in forms)
    assert len(FORMS) == sum(len(forms) for _, forms in FEATURES)


@pytest.mark.parametrize("form", [form for form, type_ in FORMS.items() if not type_.endswith("udf")])
def test_every_feature_is_translated(form: str) -> None:
    assert to_sql(USES[form]).sql


def test_every_optional_function_is_told() -> None:
    mandatory = {name for name, entry in FUNCTIONS.items() if entry.takes == "number" and not entry.signature}
    mandatory |= {name for name in AGGREGATES if not FUNCTIONS[name].signature}
    told = {form for form in FORMS if form in FUNCTIONS}
    own = {name for name, entry in FUNCTIONS.items() if entry.signature}
    assert set(FUNCTIONS) - mandatory - own == told
    assert told <= RESERVED


@pytest.mark.parametrize("form", [form for form, type_ in FORMS.items() if type_.endswith("udf")])
def test_signatures_are_true(form: str) -> None:
    match = SIGNATURE.fullmatch(form)
    assert match, form
    name, arguments, result = match.groups()
    entry = FUNCTIONS[name.upper()]
    assert form in (entry.signature, entry.second_signature)
    if form in MOCS:
        assert to_sql(f"SELECT id FROM demo.sources WHERE 1 = INTERSECTS(footprint, {MOCS[form]})").sql
        return
    given = CONSTANTS.get(name) or ", ".join(ARGUMENTS[part.split(" ", 1)[1]] for part in arguments.split(", "))
    (column,) = to_sql(f"SELECT {name}({given}) FROM demo.sources").columns
    assert (column.datatype, column.arraysize) == TYPES[result]
