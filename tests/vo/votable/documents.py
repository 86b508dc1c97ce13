"""VOTables made by hand, and what is read from them."""

from __future__ import annotations

import base64
import io
import struct
from typing import Any

from vo.votable import Field, Limits, Values, open_votable

__all__ = ["binary", "binary2", "document", "read", "tabledata", "value_of"]


def document(fields: str, data: str, *, table: str = "", before: str = "", after: str = "") -> bytes:
    """A document with one table."""
    return (
        '<?xml version="1.0"?>\n'
        f'<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">{before}<RESOURCE>'
        f"<TABLE{table}>{fields}<DATA>{data}</DATA></TABLE></RESOURCE>{after}</VOTABLE>"
    ).encode()


def tabledata(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<TD>{cell}</TD>" for cell in row) for row in rows)
    return f"<TABLEDATA>{''.join(f'<TR>{row}</TR>' for row in cells)}</TABLEDATA>"


def binary(data: bytes, *, name: str = "BINARY") -> str:
    return f'<{name}><STREAM encoding="base64">{base64.b64encode(data).decode()}</STREAM></{name}>'


def binary2(data: bytes) -> str:
    return binary(data, name="BINARY2")


def counted(text: bytes, width: int = 1) -> bytes:
    """A value of variable size, with its number of elements."""
    return struct.pack(">i", len(text) // width) + text


def read(data: bytes, *, limits: Limits | None = None, table: str = "") -> list[tuple[Any, ...]]:
    """The rows as Python values: missing ones None, arrays lists."""
    found = open_votable(io.BytesIO(data), limits=limits, table=table)
    rows: list[tuple[Any, ...]] = []
    for block in found:
        columns = [
            [value_of(field, values, row) for row in range(block.rows)]
            for field, values in zip(found.fields, block.columns, strict=True)
        ]
        rows += zip(*columns, strict=True)
    return rows


def value_of(field: Field, values: Values, row: int) -> Any:
    """One value."""
    if values.missing[row]:
        return None
    if field.layout.text:
        return values.data[row]
    if values.offsets is None:
        return values.data[row].item()
    begin, end = values.offsets[row : row + 2]
    elements = values.data[begin:end].tolist()
    if values.gaps is not None:
        elements = [
            None if gap else element for element, gap in zip(elements, values.gaps[begin:end].tolist(), strict=True)
        ]
    return elements
