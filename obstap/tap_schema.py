"""The tables that describe all published tables, themselves included (TAP 1.1 §4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from obstap.arrow import arrow_schema
from obstap.metadata import Column, ForeignKey, Table
from obstap.names import qualified, quoted
from obstap.stores.base import TableContent

__all__ = ["SCHEMAS", "TAP_SCHEMA", "Schema", "contents", "element_count", "ordered", "schemas"]


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: a group of tables."""

    name: str
    description: str = ""
    utype: str = ""


SCHEMAS = (
    Schema("ivoa", "Tables whose columns IVOA standards define"),
    Schema("tap_schema", "Descriptions of the tables of this service (TAP 1.1)"),
    Schema("provenance", "How the results of jobs came about (IVOA Provenance Data Model)"),
)
"""Schemas that are known by name; those of published catalogues follow them."""


def _text(name: str, description: str, *, principal: bool = True) -> Column:
    return Column(name, "char", "*", description=description, principal=principal, std=True)


def _number(name: str, description: str, *, principal: bool = False) -> Column:
    return Column(name, "int", description=description, principal=principal, std=True)


def _reference(column: str, target: str, target_column: str, description: str) -> ForeignKey:
    return ForeignKey(f"tap_schema.{target}", ((column, target_column),), description)


_SCHEMAS_TABLE = Table(
    name="tap_schema.schemas",
    index=1,
    description="Schemas of this service",
    columns=(
        _text("schema_name", "Name of the schema as it is written in queries"),
        _text("utype", "Concept of a data model that the schema stands for", principal=False),
        _text("description", "What the schema holds"),
        _number("schema_index", "Place of the schema in a listing"),
    ),
)
_TABLES_TABLE = Table(
    name="tap_schema.tables",
    index=2,
    description="Tables of this service",
    columns=(
        _text("schema_name", "Schema of the table"),
        _text("table_name", "Name of the table as it is written in queries"),
        _text("table_type", "Whether it is a table or a view"),
        _text("utype", "Concept of a data model that the table stands for", principal=False),
        _text("description", "What the table holds"),
        _number("table_index", "Place of the table in a listing"),
    ),
    foreign_keys=(_reference("schema_name", "schemas", "schema_name", "The schema of the table"),),
)
_COLUMNS_TABLE = Table(
    name="tap_schema.columns",
    index=3,
    description="Columns of the tables of this service",
    columns=(
        _text("table_name", "Table of the column"),
        _text("column_name", "Name of the column as it is written in queries"),
        _text("datatype", "Data type in the terms of VOTable"),
        _text("arraysize", "Array size in the terms of VOTable; NULL for single values"),
        _text("xtype", "What the value means beyond its data type (DALI)"),
        _number("size", "Number of elements of an array of fixed size; deprecated in favour of arraysize"),
        _text("description", "What the column holds"),
        _text("utype", "Concept of a data model that the column stands for", principal=False),
        _text("unit", "Unit of the values"),
        _text("ucd", "Kind of quantity (Unified Content Descriptor)"),
        _number("indexed", "1 when conditions on the column make queries quicker, else 0", principal=True),
        _number("principal", "1 when the column is worth showing at first, else 0"),
        _number("std", "1 when a standard defines the column, else 0"),
        _number("column_index", "Place of the column in its table"),
    ),
    foreign_keys=(_reference("table_name", "tables", "table_name", "The table of the column"),),
)
_KEYS_TABLE = Table(
    name="tap_schema.keys",
    index=4,
    description="Foreign keys: which tables can be joined",
    columns=(
        _text("key_id", "Identifier of the foreign key"),
        _text("from_table", "Table that refers to another"),
        _text("target_table", "Table that is referred to"),
        _text("description", "What the reference means"),
        _text("utype", "Concept of a data model that the reference stands for", principal=False),
    ),
    foreign_keys=(
        _reference("from_table", "tables", "table_name", "The table that refers to another"),
        _reference("target_table", "tables", "table_name", "The table that is referred to"),
    ),
)
_KEY_COLUMNS_TABLE = Table(
    name="tap_schema.key_columns",
    index=5,
    description="Columns by which foreign keys join tables",
    columns=(
        _text("key_id", "The foreign key"),
        _text("from_column", "Column of the table that refers to another"),
        _text("target_column", "Column of the table that is referred to"),
    ),
    foreign_keys=(_reference("key_id", "keys", "key_id", "The foreign key of the pair of columns"),),
)

TAP_SCHEMA = (_SCHEMAS_TABLE, _TABLES_TABLE, _COLUMNS_TABLE, _KEYS_TABLE, _KEY_COLUMNS_TABLE)
"""The five tables, which describe themselves."""


def ordered(tables: Iterable[Table]) -> list[Table]:
    """Tables in the order of listings: by schema, by index, those without index last and by name."""
    places = {schema.name: place for place, schema in enumerate(SCHEMAS)}
    return sorted(
        tables,
        key=lambda table: (
            places.get(table.schema.lower(), len(places)),
            table.schema.lower(),
            table.index is None,
            table.index or 0,
            table.name.lower(),
        ),
    )


def schemas(tables: Iterable[Table], descriptions: Mapping[str, str] | None = None) -> list[Schema]:
    """The schemas of tables in the order of listings.

    Parameters
    ----------
    descriptions
        What is told of schemas that are not known by name, by their lower-case names.
    """
    known = {schema.name: schema for schema in SCHEMAS}
    told = descriptions or {}
    names = dict.fromkeys(table.schema for table in ordered(tables))
    return [known.get(name.lower(), Schema(name, told.get(name.lower(), ""))) for name in names]


def contents(tables: Iterable[Table], descriptions: Mapping[str, str] | None = None) -> list[TableContent]:
    """The five tables filled with descriptions of `tables`, of their schemas (see `schemas`) and of themselves."""
    own = {table.name for table in TAP_SCHEMA}
    described = ordered([*(table for table in tables if table.name not in own), *TAP_SCHEMA])
    keys = list(_keys(described))
    rows = (
        _schema_rows(schemas(described, descriptions)),
        _table_rows(described),
        _column_rows(described),
        (_key_row(*key) for key in keys),
        (row for key in keys for row in _key_column_rows(*key)),
    )
    return [_content(table, table_rows) for table, table_rows in zip(TAP_SCHEMA, rows, strict=True)]


def element_count(arraysize: str) -> int | None:
    """The number that the deprecated column ``size`` shows: the largest length of a one-dimensional array."""
    longest = arraysize.removesuffix("*")
    return int(longest) if longest.isdecimal() else None


def _content(table: Table, rows: Iterable[Mapping[str, object]]) -> TableContent:
    return TableContent(table, [pa.RecordBatch.from_pylist(list(rows), schema=arrow_schema(table))])


def _schema_rows(described: list[Schema]) -> Iterable[Mapping[str, object]]:
    for index, schema in enumerate(described, start=1):
        yield {
            "schema_name": quoted(schema.name),
            "utype": schema.utype or None,
            "description": schema.description or None,
            "schema_index": index,
        }


def _table_rows(described: list[Table]) -> Iterable[Mapping[str, object]]:
    for index, table in enumerate(described, start=1):
        yield {
            "schema_name": quoted(table.schema),
            "table_name": qualified(table.name),
            "table_type": table.type,
            "utype": table.utype or None,
            "description": table.description or None,
            "table_index": index,
        }


def _column_rows(described: list[Table]) -> Iterable[Mapping[str, object]]:
    for table in described:
        for index, column in enumerate(table.columns, start=1):
            yield {
                "table_name": qualified(table.name),
                "column_name": quoted(column.name),
                "datatype": column.datatype,
                "arraysize": column.arraysize or None,
                "xtype": column.xtype or None,
                "size": element_count(column.arraysize),
                "description": column.description or None,
                "utype": column.utype or None,
                "unit": column.unit or None,
                "ucd": column.ucd or None,
                "indexed": int(column.indexed),
                "principal": int(column.principal),
                "std": int(column.std),
                "column_index": index,
            }


def _keys(described: list[Table]) -> Iterable[tuple[str, Table, ForeignKey, Table]]:
    """Foreign keys whose target is published too."""
    published = {table.name.lower(): table for table in described}
    for table in described:
        for number, key in enumerate(table.foreign_keys, start=1):
            target = published.get(key.target.lower())
            if target is not None:
                yield f"{table.name}.{number}", table, key, target


def _key_row(key_id: str, table: Table, key: ForeignKey, target: Table) -> Mapping[str, object]:
    return {
        "key_id": key_id,
        "from_table": qualified(table.name),
        "target_table": qualified(target.name),
        "description": key.description or None,
        "utype": key.utype or None,
    }


def _key_column_rows(key_id: str, _table: Table, key: ForeignKey, _target: Table) -> Iterable[Mapping[str, object]]:
    for source, target in key.columns:
        yield {"key_id": key_id, "from_column": quoted(source), "target_column": quoted(target)}
