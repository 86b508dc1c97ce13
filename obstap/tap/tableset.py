"""Published tables as VOSI describes them (VOSI 1.1 §2.5, VODataService 1.2 §3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from obstap.metadata import Column, ForeignKey, Table
from obstap.names import qualified, quoted
from obstap.tap_schema import ordered, schemas

__all__ = ["table_document", "tableset_document"]

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACES = (
    'xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" '
    'xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def tableset_document(
    tables: Iterable[Table], *, detail: bool = True, descriptions: Mapping[str, str] | None = None
) -> bytes:
    """All tables by schema, in the order and with the names of ``TAP_SCHEMA``.

    Parameters
    ----------
    detail
        Whether columns and foreign keys are described too.
    descriptions
        What is told of schemas, by their lower-case names.
    """
    known = {table.name.lower(): table for table in tables}
    described = ordered(known.values())
    lines = [f"<vosi:tableset {NAMESPACES}>"]
    for schema in schemas(described, descriptions):
        lines += ["<schema>", *_texts(name=quoted(schema.name), description=schema.description, utype=schema.utype)]
        for table in described:
            if table.schema == schema.name:
                lines += [f"<table type={quoteattr(table.type)}>", *_table(table, known, detail), "</table>"]
        lines.append("</schema>")
    lines.append("</vosi:tableset>\n")
    return (DECLARATION + "\n".join(lines)).encode()


def table_document(table: Table, tables: Iterable[Table]) -> bytes:
    """One of the published `tables`."""
    known = {other.name.lower(): other for other in tables}
    lines = [f"<vosi:table type={quoteattr(table.type)} {NAMESPACES}>", *_table(table, known, True), "</vosi:table>\n"]
    return (DECLARATION + "\n".join(lines)).encode()


def _table(table: Table, known: dict[str, Table], detail: bool) -> Iterator[str]:
    yield from _texts(name=qualified(table.name), description=table.description, utype=table.utype)
    if not detail:
        return
    for column in table.columns:
        yield from _column(column)
    for key in table.foreign_keys:
        target = known.get(key.target.lower())
        if target is not None:
            yield from _foreign_key(key, target)


def _column(column: Column) -> Iterator[str]:
    yield '<column std="true">' if column.std else "<column>"
    yield from _texts(
        name=quoted(column.name),
        description=column.description,
        unit=column.unit,
        ucd=column.ucd,
        utype=column.utype,
    )
    shape = "".join(
        f" {name}={quoteattr(value)}"
        for name, value in (("arraysize", column.arraysize), ("extendedType", column.xtype))
        if value
    )
    yield f'<dataType xsi:type="vs:VOTableType"{shape}>{column.datatype}</dataType>'
    yield from (f"<flag>{flag}</flag>" for flag in ("indexed", "principal") if getattr(column, flag))
    yield "</column>"


def _foreign_key(key: ForeignKey, target: Table) -> Iterator[str]:
    yield "<foreignKey>"
    yield from _texts(targetTable=qualified(target.name))
    for source, to in key.columns:
        yield from ("<fkColumn>", *_texts(fromColumn=quoted(source), targetColumn=quoted(to)), "</fkColumn>")
    yield from _texts(description=key.description, utype=key.utype)
    yield "</foreignKey>"


def _texts(**elements: str) -> Iterator[str]:
    """Elements of plain text, those without text left out."""
    return (f"<{name}>{escape(text)}</{name}>" for name, text in elements.items() if text)
