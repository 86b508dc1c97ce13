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
SIGNATURE = re.compile(r"(\w+)\(((?:\w+ [A-Z ]+)(?:, \w+ [A-Z ]+)*)\) -> ([A-Z ]+)")
ARGUMENTS = {"VARCHAR": "name", "TIMESTAMP": "seen", "DOUBLE PRECISION": "ra", "INTEGER": "id"}
TYPES = {"INTEGER": "int", "DOUBLE PRECISION": "double", "VARCHAR": "char"}


def test_shape_of_the_data() -> None:
    assert VERSIONS == {"2.0": "ivo://ivoa.net/std/ADQL#v2.0", "2.1": "ivo://ivoa.net/std/ADQL#v2.1"}
    for type_, forms in FEATURES:
        assert type_.startswith("ivo://ivoa.net/std/TAPRegExt#features-")
        assert all(len(entry) == 2 for entry in forms)
    assert len(FORMS) == sum(len(forms) for _, forms in FEATURES)


@pytest.mark.parametrize("form", [form for form, type_ in FORMS.items() if not type_.endswith("udf")])
def test_every_feature_is_translated(form: str) -> None:
    assert to_sql(USES[form]).sql


def test_every_optional_function_is_told() -> None:
    mandatory = {name for name, entry in FUNCTIONS.items() if entry.takes == "number" and not entry.signature}
    mandatory |= AGGREGATES - {"IVO_STRING_AGG"}
    told = {form for form in FORMS if form in FUNCTIONS}
    own = {name for name, entry in FUNCTIONS.items() if entry.signature}
    assert set(FUNCTIONS) - mandatory - own - {"COALESCE"} == told
    assert told <= RESERVED


@pytest.mark.parametrize("form", [form for form, type_ in FORMS.items() if type_.endswith("udf")])
def test_signatures_are_true(form: str) -> None:
    match = SIGNATURE.fullmatch(form)
    assert match, form
    arguments = [ARGUMENTS[argument.split(" ", 1)[1]] for argument in match[2].split(", ")]
    (column,) = to_sql(f"SELECT {match[1]}({', '.join(arguments)}) FROM demo.sources").columns
    assert column.datatype == TYPES[match[3]]
    assert FUNCTIONS[match[1].upper()].signature == form
