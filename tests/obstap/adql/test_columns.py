"""What is told of the answer's columns."""

from __future__ import annotations

import pytest

from obstap.metadata import Column
from tests.obstap.adql.tables import SOURCES, to_sql


def described(expression: str, table: str = "demo.sources") -> Column:
    """The description of one value."""
    (column,) = to_sql(f"SELECT {expression} FROM {table}").columns
    return column


def test_star_keeps_the_published_columns() -> None:
    assert to_sql("SELECT * FROM demo.sources").columns == SOURCES.columns
    assert to_sql("SELECT s.* FROM (SELECT * FROM demo.sources) AS s").columns == SOURCES.columns


def test_an_alias_changes_the_name_only() -> None:
    column = described("RA AS alpha")
    assert column == Column("alpha", "double", unit="deg", ucd="pos.eq.ra")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("COUNT(*)", Column("count", "long", ucd="meta.number")),
        ("MIN(Flux)", Column("min", "float", unit="erg/s", ucd="phot.flux")),
        ("MAX(seen)", Column("max", "char", "*", "timestamp")),
        ("MIN(name)", Column("min", "char", "*", ucd="meta.id")),
        ("SUM(hits)", Column("sum", "long")),
        ("SUM(Flux)", Column("sum", "double", unit="erg/s")),
        ("AVG(hits)", Column("avg", "double")),
        ("-ra", Column("expr_1", "double", unit="deg")),
        ("ra + dec", Column("expr_1", "double", unit="deg")),
        ("ra - 180", Column("expr_1", "double", unit="deg")),
        ("ra + Flux", Column("expr_1", "double")),
        ("ra * 2", Column("expr_1", "double", unit="deg")),
        ("2 * ra", Column("expr_1", "double", unit="deg")),
        ("ra / 15", Column("expr_1", "double", unit="deg")),
        ("15 / ra", Column("expr_1", "double")),
        ("ra * dec", Column("expr_1", "double")),
        ("hits + hits", Column("expr_1", "short")),
        ("hits + 1", Column("expr_1", "int")),
        ("hits + big", Column("expr_1", "long")),
        ("Flux + Flux", Column("expr_1", "float", unit="erg/s")),
        ("Flux + hits", Column("expr_1", "double")),
        ("name || 'x'", Column("expr_1", "char", "*")),
        ("1", Column("expr_1", "int")),
        ("10000000000", Column("expr_1", "long")),
        ("1.5", Column("expr_1", "double")),
        ("'x'", Column("expr_1", "char", "*")),
        ("NULL", Column("expr_1", "char", "*")),
        ("ABS(hits)", Column("abs", "short")),
        ("ROUND(ra, 1)", Column("round", "double", unit="deg")),
        ("SQRT(ra)", Column("sqrt", "double")),
        ("RADIANS(ra)", Column("radians", "double", unit="rad")),
        ("DISTANCE(ra, dec, 1, 2)", Column("distance", "double", unit="deg", ucd="pos.angDistance")),
        ("AREA(footprint)", Column("area", "double", unit="deg2", ucd="phys.angArea")),
        ("POINT(ra, dec)", Column("point", "double", "2", "point", unit="deg")),
        ("CIRCLE(ra, dec, 1)", Column("circle", "double", "3", "circle", unit="deg")),
        ("BOX(ra, dec, 1, 1)", Column("box", "double", "*", "polygon", unit="deg")),
        ("CENTROID(footprint)", Column("centroid", "double", "2", "point", unit="deg")),
        ("footprint", Column("footprint", "char", "*", "adql:REGION")),
        ("CONTAINS(POINT(ra, dec), footprint)", Column("contains", "int")),
        ("CAST(ra AS REAL)", Column("ra", "float", unit="deg")),
        ("CAST(name AS VARCHAR(5))", Column("name", "char", "5*")),
        ("CAST('2020-01-01' AS TIMESTAMP)", Column("expr_1", "char", "*", "timestamp")),
        ("IN_UNIT(ra, 'arcsec')", Column("in_unit", "double", unit="arcsec")),
        ("COALESCE(ra, dec)", Column("coalesce", "double", unit="deg")),
        ("(SELECT MAX(ra) FROM demo.sources)", Column("expr_1", "double", unit="deg", ucd="pos.eq.ra")),
    ],
)
def test_values(expression: str, expected: Column) -> None:
    assert described(expression) == expected


def test_names_are_unique_in_any_case_of_letters() -> None:
    columns = to_sql('SELECT id, ID, ra AS "Id", COUNT(*), COUNT(id), 1, 2 FROM demo.sources GROUP BY id, ra').columns
    assert [column.name for column in columns] == ["id", "id_2", "Id_3", "count", "count_2", "expr_1", "expr_2"]


def test_set_operations_are_described_by_the_first_operand() -> None:
    (column,) = to_sql("SELECT ra AS x FROM demo.sources UNION SELECT dec FROM demo.sources").columns
    assert column == Column("x", "double", unit="deg", ucd="pos.eq.ra")
    (column,) = to_sql("SELECT hits AS x FROM demo.sources UNION SELECT Flux FROM demo.sources").columns
    assert column == Column("x", "double")


def test_tables_that_are_read() -> None:
    query = "SELECT 1 FROM demo.notes WHERE EXISTS (SELECT 1 FROM Archive.Entries)"
    assert to_sql(query).tables == frozenset({"demo.notes", "archive.entries"})
