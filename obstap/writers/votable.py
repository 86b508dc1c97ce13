"""The frame of a VOTable 1.4 document; `tabledata` and `binary2` fill it.

Status as DALI 1.1 §4.4 has it: ``QUERY_STATUS`` OK stands before the TABLE; what happens while the rows are
being sent (OVERFLOW, ERROR) is appended after it.

Text in ``char`` fields that is not ASCII: TABLEDATA carries it as it is (XML is Unicode; astropy reads it with its
warning W55, STIL reads it silently). BINARY2 cannot: astropy refuses such bytes and STIL takes them for Latin-1, so it
carries XML character references (``&#233;``) instead. Columns declared ``unicodeChar`` carry any text in both.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import ClassVar

import pyarrow as pa

from obstap.metadata import Column
from obstap.writers.base import Info, Rows, Writer
from vo.errors import AthanorError
from vo.xmltext import attribute, content

__all__ = ["VOTableWriter", "document", "error_document", "field", "header", "info"]

OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
    '<RESOURCE type="results">\n'
)
CLOSING = "</RESOURCE>\n</VOTABLE>\n"


class VOTableWriter(Writer):
    """A VOTable; subclasses write the rows."""

    extension = "vot"

    before_rows: ClassVar[bytes]
    after_rows: ClassVar[bytes]

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
        yield header(columns, infos) + self.before_rows
        late: list[Info] = []
        yield from self.pack(self._encoded(Rows(batches, maxrec), columns, late, tell_errors))
        yield self.after_rows + f"</TABLE>\n{''.join(map(info, late))}{CLOSING}".encode()

    def _encoded(self, rows: Rows, columns: Sequence[Column], late: list[Info], tell_errors: bool) -> Iterator[bytes]:
        try:
            for batch in rows:
                yield self.encode(batch, columns)
        except AthanorError as error:
            if not tell_errors:
                raise
            late.append(Info("QUERY_STATUS", "ERROR", str(error)))
        if rows.overflow:
            late.append(Info("QUERY_STATUS", "OVERFLOW"))


def document(infos: Sequence[Info]) -> bytes:
    """A whole document that holds INFOs and no table."""
    return (OPENING + "".join(map(info, infos)) + CLOSING).encode()


def error_document(message: str) -> bytes:
    """A DALI error document (DALI 1.1 §4.2)."""
    return document([Info("QUERY_STATUS", "ERROR", message)])


def header(columns: Sequence[Column], infos: Sequence[Info] = ()) -> bytes:
    """The beginning of a results document, up to and including the last FIELD."""
    fields = "".join(map(field, columns, _ids(columns)))
    status = info(Info("QUERY_STATUS", "OK"))
    return f'{OPENING}{status}{"".join(map(info, infos))}<TABLE name="result">\n{fields}'.encode()


def info(fact: Info) -> str:
    """An INFO element."""
    start = f'<INFO name="{attribute(fact.name)}" value="{attribute(fact.value)}"'
    return f"{start}>{content(fact.content)}</INFO>\n" if fact.content else f"{start}/>\n"


@lru_cache(maxsize=4096)
def field(column: Column, identifier: str = "") -> str:
    """A FIELD element."""
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
    if not column.description:
        return f"{start}/>\n"
    return f"{start}><DESCRIPTION>{content(column.description)}</DESCRIPTION></FIELD>\n"


def _ids(columns: Sequence[Column]) -> list[str]:
    """An XML ID for each column, its name where that is one: service descriptors refer to fields by it."""
    ids: list[str] = []
    for column in columns:
        stem = identifier = re.sub(r"^(?![A-Za-z_])|[^A-Za-z0-9_.-]", "_", column.name)
        number = 1
        while identifier in ids:
            number += 1
            identifier = f"{stem}_{number}"
        ids.append(identifier)
    return ids
