"""The frame of a VOTable 1.4 document; `tabledata` and `binary` fill it.

Status as DALI 1.1 §4.4 has it: ``QUERY_STATUS`` OK stands before the TABLE; what happens while the rows are
being sent (OVERFLOW, ERROR) is appended after it.

Text in ``char`` fields that is not ASCII: TABLEDATA carries it as it is (XML is Unicode; astropy reads it with its
warning W55, STIL reads it silently). BINARY and BINARY2 cannot: astropy refuses such bytes and STIL takes them for
Latin-1, so they carry XML character references (``&#233;``) instead. Columns declared ``unicodeChar`` carry any text
in all of them.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar

import pyarrow as pa

from obstap.metadata import Column
from obstap.names import unique
from obstap.writers.base import Info, Rows, Writer
from vo.xmltext import attribute, content

__all__ = ["VOTableWriter", "document", "error_document", "field", "footer", "header", "identifiers", "info"]

OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
    '<RESOURCE type="results">\n'
)
CLOSING = "</RESOURCE>\n", "</VOTABLE>\n"
"""Ends of the results and of the document; other resources may stand between them."""

NOT_IN_AN_ID = "^(?![A-Za-z_])|[^A-Za-z0-9_.-]"
"""What a name has that an XML ID must not have."""


class VOTableWriter(Writer):
    """A VOTable; subclasses write the rows."""

    extension = "vot"

    before_rows: ClassVar[bytes]
    after_rows: ClassVar[bytes]
    missing: ClassVar[Mapping[str, int]] = {}
    """The number that stands for a missing value, by data type, where the rows cannot tell it otherwise."""

    appendix: str = ""
    """RESOURCE elements that follow the results, such as descriptors of services."""

    @abstractmethod
    def encode(self, batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
        """The rows of a batch."""

    def pack(self, rows: Iterable[bytes]) -> Iterable[bytes]:
        """What stands between `before_rows` and `after_rows`, made of what `encode` gave."""
        return rows

    def stream(
        self,
        batches: Iterable[pa.RecordBatch],
        columns: Sequence[Column],
        *,
        infos: Sequence[Info] = (),
        maxrec: int | None = None,
        tell_errors: bool = True,
    ) -> Iterator[bytes]:
        """Write the document; a late error becomes its last INFO, after the rows that came before it."""
        rows = Rows(batches, maxrec)
        encoded = rows.written(lambda batch: self.encode(batch, columns), tell_errors=tell_errors)
        return self.around(rows, encoded, columns, infos)

    def around(
        self, rows: Rows, encoded: Iterable[bytes], columns: Sequence[Column], infos: Sequence[Info]
    ) -> Iterator[bytes]:
        """The document around encoded rows."""
        yield header(columns, infos, missing=self.missing) + self.before_rows
        yield from self.pack(encoded)
        yield self.after_rows + footer(rows.late, self.appendix)


def document(infos: Sequence[Info]) -> bytes:
    """A whole document that holds INFOs and no table."""
    return (OPENING + "".join(map(info, infos)) + "".join(CLOSING)).encode()


def error_document(message: str) -> bytes:
    """A DALI error document (DALI 1.1 §4.2)."""
    return document([Info("QUERY_STATUS", "ERROR", message)])


def header(columns: Sequence[Column], infos: Sequence[Info] = (), *, missing: Mapping[str, int] | None = None) -> bytes:
    """The beginning of a results document, up to and including the last FIELD.

    Parameters
    ----------
    missing
        The numbers that stand for missing values, by data type.
    """
    told = "".join(map(info, (Info("QUERY_STATUS", "OK"), *infos)))
    return f'{OPENING}{told}<TABLE name="result">\n'.encode() + _fields(tuple(columns), tuple((missing or {}).items()))


@lru_cache(maxsize=64)
def _fields(columns: tuple[Column, ...], missing: tuple[tuple[str, int], ...]) -> bytes:
    """The FIELD elements of a table."""
    nulls = dict(missing)
    return "".join(
        field(column, identifier, nulls.get(column.datatype))
        for column, identifier in zip(columns, identifiers(columns), strict=True)
    ).encode()


def identifiers(columns: Sequence[Column]) -> list[str]:
    """The IDs of the FIELD elements of a table."""
    return unique([re.sub(NOT_IN_AN_ID, "_", column.name) for column in columns])


def footer(late: Sequence[Info] = (), appendix: str = "") -> bytes:
    """The end of a results document, from the end of the TABLE, with what stands after the results."""
    return f"</TABLE>\n{''.join(map(info, late))}{CLOSING[0]}{appendix}{CLOSING[1]}".encode()


def info(fact: Info) -> str:
    """An INFO element."""
    start = f'<INFO name="{attribute(fact.name)}" value="{attribute(fact.value)}"'
    return f"{start}>{content(fact.content)}</INFO>\n" if fact.content else f"{start}/>\n"


@lru_cache(maxsize=4096)
def field(column: Column, identifier: str = "", missing: int | None = None) -> str:
    """A FIELD element; service descriptors refer to it by its identifier."""
    given = {
        "ID": identifier,
        "name": column.name,
        "datatype": column.datatype,
        "arraysize": column.arraysize,
        "xtype": column.xtype,
        "unit": column.unit,
        "ucd": column.ucd,
        "utype": column.utype,
    }
    start = "<FIELD " + " ".join(f'{name}="{attribute(value)}"' for name, value in given.items() if value)
    inner = f"<DESCRIPTION>{content(column.description)}</DESCRIPTION>" if column.description else ""
    if missing is not None:
        inner += f'<VALUES null="{missing}"/>'
    return f"{start}>{inner}</FIELD>\n" if inner else f"{start}/>\n"
