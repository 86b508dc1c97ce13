"""The languages that can be asked for, and what is new in ADQL 2.1."""

from __future__ import annotations

import pytest

from tests.obstap.adql.tables import to_sql
from vo.errors import ParameterError, QueryError

NEW = [
    ("WITH a AS (SELECT id FROM demo.notes) SELECT id FROM a", "WITH"),
    ("SELECT id FROM demo.notes UNION SELECT id FROM demo.sources", "UNION"),
    ("SELECT id FROM demo.notes INTERSECT SELECT id FROM demo.sources", "INTERSECT"),
    ("SELECT id FROM demo.notes EXCEPT SELECT id FROM demo.sources", "EXCEPT"),
    ("SELECT id FROM demo.notes OFFSET 3", "OFFSET"),
    ("SELECT id FROM demo.notes WHERE note ILIKE 'x'", "ILIKE"),
    ("SELECT LOWER(note) FROM demo.notes", "LOWER"),
    ("SELECT UPPER(note) FROM demo.notes", "UPPER"),
    ("SELECT COALESCE(note, 'x') FROM demo.notes", "COALESCE"),
    ("SELECT CAST(id AS REAL) FROM demo.notes", "CAST"),
    ("SELECT IN_UNIT(ra, 'rad') FROM demo.sources", "IN_UNIT"),
    ("SELECT POINT(ra, dec) FROM demo.sources", "POINT without a coordinate system"),
    ("SELECT CIRCLE(ra, dec, 1) FROM demo.sources", "CIRCLE without a coordinate system"),
    ("SELECT CIRCLE('ICRS', POINT('ICRS', ra, dec), 1) FROM demo.sources", "CIRCLE with a POINT"),
    ("SELECT BOX('ICRS', POINT('ICRS', ra, dec), 1, 1) FROM demo.sources", "BOX with a POINT"),
    ("SELECT POLYGON(0, 0, 1, 0, 0, 1) FROM demo.sources", "POLYGON without a coordinate system"),
    ("SELECT DISTANCE(1, 2, 3, 4) FROM demo.sources", "DISTANCE of four numbers"),
    ("SELECT id / 2 FROM demo.notes GROUP BY id / 2", "GROUP BY an expression"),
    ("SELECT id FROM demo.notes ORDER BY id / 2", "ORDER BY an expression"),
]

OLD = [
    "SELECT TOP 3 id AS n FROM demo.notes WHERE id <> 3 AND note LIKE 'a' ORDER BY n, 1",
    "SELECT id, COUNT(*) FROM demo.notes GROUP BY id HAVING COUNT(*) != 1",
    "SELECT id FROM demo.sources WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 1, 2, 3))",
    "SELECT DISTANCE(POINT('ICRS', ra, dec), POINT('ICRS', 1, 2)) FROM demo.sources",
    "SELECT BOX('ICRS', ra, dec, 1, 1), POLYGON('ICRS', 0, 0, 1, 0, 0, 1), AREA(footprint) FROM demo.sources",
]


@pytest.mark.parametrize(("query", "construct"), NEW, ids=[case[1] for case in NEW])
def test_new_constructs_are_refused_by_name_in_the_old_version(query: str, construct: str) -> None:
    assert to_sql(query, lang="ADQL-2.1").sql
    with pytest.raises(QueryError) as caught:
        to_sql(query, lang="ADQL-2.0")
    assert caught.value.message.startswith(construct)
    assert caught.value.message.endswith("is not part of ADQL 2.0.")
    assert caught.value.hint == "Ask with LANG=ADQL or LANG=ADQL-2.1."
    assert caught.value.line == 1


@pytest.mark.parametrize("query", OLD)
def test_old_queries_mean_the_same_in_both_versions(query: str) -> None:
    assert to_sql(query, lang="ADQL-2.0") == to_sql(query, lang="ADQL")


def test_languages() -> None:
    assert to_sql("SELECT id FROM demo.notes", lang="adql").columns[0].name == "id"
    with pytest.raises(ParameterError, match="LANG: the query language 'PQL' is unknown"):
        to_sql("SELECT id FROM demo.notes", lang="PQL")
