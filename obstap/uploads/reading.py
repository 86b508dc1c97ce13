"""From the VOTables of a request to tables that a query can use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from django.conf import settings

from obstap.arrow import arrow_schema
from obstap.hidden import Tally, hidden_arrays, searchable
from obstap.metadata import Column, Table
from obstap.positions import choose_position
from obstap.stores import TableContent
from obstap.uploads.columns import array_of, columns_of, with_room
from obstap.uploads.fetch import fetch
from obstap.uploads.request import SCHEMA, Upload
from uws.inputs import Resolved, resolve
from vo.dali import VOTABLE
from vo.errors import NotFoundError, ParameterError, UsageError
from vo.votable import Block, Field, Limits, open_votable

__all__ = ["Taken", "read_uploads"]

_COLUMNS = 1000
"""Columns of a table; those of an answer are limited too."""

_PIECE = 2**20

_PART = "param"
_RESULT = "job"
_FETCHED = ("http", "https")


@dataclass(frozen=True, slots=True)
class Taken:
    """A table that was read.

    Parameters
    ----------
    part
        Name of the part of the request in which it came, empty for others.
    entity_id
        Identifier of a file of this service, empty for others.
    path
        Where the file lies; None for what was fetched from another host.
    size
        In bytes.
    """

    upload: Upload
    part: str
    entity_id: str
    path: Path | None
    media_type: str
    size: int
    sha256: str


def read_uploads(
    uploads: Iterable[Upload],
    open_part: Callable[[str], BinaryIO],
    *,
    user: object | None,
    tell: Callable[[Taken], object] | None = None,
) -> tuple[TableContent, ...]:
    """The uploaded tables with their rows, held in memory.

    Parameters
    ----------
    open_part
        Opens a file that came with the request by the name of its part; raises `vo.errors.NotFoundError` when there is
        none.
    user
        Who asks: results of this service are taken if they are this user's to read.
    tell
        Is told of each table what was read; then checksums are computed.

    Raises
    ------
    vo.errors.ParameterError
        When a table cannot be had, is no VOTable, holds a wrong value or is too large; the message names the table and
        where in it the row and the column.
    """
    contents = []
    left = settings.ATHANOR_UPLOAD_BYTES
    for upload in uploads:
        source = _opened(upload, open_part, user, left)
        with closing(source.file) as file:
            counted = _Counted(file, hashed=tell is not None)
            try:
                contents.append(_content(upload.name, counted, left))
            except ParameterError:
                raise
            except UsageError as error:
                raise ParameterError("UPLOAD", f"table {upload.name}: {error.message}", hint=error.hint) from error
            left -= counted.size
            if tell is not None:
                tell(source.taken(upload, counted))
    return tuple(contents)


class _Counted:
    """A file whose bytes are counted, and perhaps hashed, as they are read."""

    def __init__(self, file: BinaryIO, *, hashed: bool) -> None:
        self._file = file
        self._digest = hashlib.sha256() if hashed else None
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.size += len(data)
        if self._digest is not None:
            self._digest.update(data)
        return data

    def whole(self) -> tuple[int, str]:
        """Size in bytes and sha256 of the whole file, of which a reader may have left the end."""
        while self.read(_PIECE):
            pass
        return self.size, self._digest.hexdigest() if self._digest is not None else ""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the VOTable of an upload is."""

    file: BinaryIO
    part: str = ""
    found: Resolved | None = None

    def taken(self, upload: Upload, counted: _Counted) -> Taken:
        size, sha256 = counted.whole()
        if self.found is not None:
            return Taken(upload, "", self.found.entity_id, self.found.path, self.found.media_type, size, sha256)
        path = Path(self.file.name) if self.part else None
        return Taken(upload, self.part, "", path, VOTABLE, size, sha256)


def _opened(upload: Upload, open_part: Callable[[str], BinaryIO], user: object | None, limit: int) -> _Source:
    """The VOTable of an upload: a part of the request, a result or file of this service, or what another host sends."""
    scheme, colon, rest = upload.uri.partition(":")
    scheme, rest = scheme.strip().lower(), rest.strip()
    if not colon or scheme not in (_PART, _RESULT, *_FETCHED):
        raise ParameterError(
            "UPLOAD",
            f"table {upload.name}: {upload.uri[:80]!r} cannot be read here.",
            hint=f"Send the table as a part of the request, param:{upload.name}.",
        )
    if scheme == _PART:
        try:
            return _Source(open_part(rest), part=rest)
        except NotFoundError as error:
            raise ParameterError(
                "UPLOAD",
                f"table {upload.name}: no file named {rest[:60]!r} came with the request.",
                hint="Send it as a part of that name in a POST of multipart/form-data.",
            ) from error
    try:
        found = resolve(upload.uri, user=user)
        return _Source(found.path.open("rb"), found=found)
    except NotFoundError as error:
        if scheme == _RESULT:
            raise ParameterError("UPLOAD", f"table {upload.name}: {error.message}") from error
    return _Source(fetch(upload.uri, hosts=settings.ATHANOR_UPLOAD_HOSTS, limit=limit))


def _content(name: str, file: BinaryIO, limit: int) -> TableContent:
    limits = Limits(size=limit, rows=settings.ATHANOR_UPLOAD_ROWS, fields=_COLUMNS)
    document = open_votable(file, limits=limits)
    table = _described(name, document.description, columns_of(document.fields))
    schema = arrow_schema(table)
    batches, row = [], 1
    for block in document:
        batches.append(pa.RecordBatch.from_arrays(_arrays(table, document.fields, block, row), schema=schema))
        row += block.rows
    columns = (with_room(column, [batch.column(i) for batch in batches]) for i, column in enumerate(table.columns))
    return TableContent(replace(table, columns=tuple(columns)), tuple(batches))


def _described(name: str, description: str, columns: tuple[Column, ...]) -> Table:
    """The table with the columns by which positions and regions are found."""
    # Any pair may be indexed: what the cells of its values are does not hang on what the values mean.
    chosen = choose_position([_in_degrees(column) for column in columns], {}, None, [])
    return searchable(Table(f"{SCHEMA}.{name}", columns, description), chosen.lon, chosen.lat)


def _in_degrees(column: Column) -> Column:
    """The column as one in degrees, where it has no unit."""
    return column if column.unit else replace(column, unit="deg")


def _arrays(table: Table, fields: Sequence[Field], block: Block, first_row: int) -> list[pa.Array]:
    visible = [
        array_of(column, field, values, first_row)
        for column, field, values in zip(table.columns, fields, block.columns, strict=True)
    ]
    _, hidden = hidden_arrays(table, visible, Tally(), any_longitude=True)
    return [*visible, *hidden]
