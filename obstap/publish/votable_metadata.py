"""The metadata of VOTables without rows, as FITS-plus and VOParquet files carry them (VOTable 1.5 §4)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from obstap.origin import told_origin
from obstap.publish.source import Source
from vo.errors import NotFoundError, UsageError
from vo.votable import Field, VOTable, open_votable

__all__ = ["apply", "frames_of", "read_metadata"]

KEYS = ("name", "xtype", "unit", "ucd", "utype", "description")


def read_metadata(document: bytes, *, table: str = "") -> VOTable | None:
    """A TABLE of a document by its number (from 0), or the first; None when it has no such table.

    Raises
    ------
    vo.errors.UsageError
        When the document is no VOTable.
    """
    try:
        return open_votable(io.BytesIO(document.rstrip(b"\0 ")), table=table)
    except NotFoundError:
        return None
    except UsageError as error:
        raise UsageError(f"The VOTable with the metadata cannot be read: {error.message}", hint=error.hint) from error


def apply(table: VOTable, source: Source) -> None:
    """Let `source` say what `table` says of its columns, taken in their order; data types stay what they are."""
    source.description = table.description or source.description
    source.utype = table.utype or source.utype
    source.origin = told_origin(table.infos) or source.origin
    columns = []
    for column, field in zip(source.columns, table.fields, strict=True):
        columns.append(replace(column, **{key: value for key in KEYS if (value := getattr(field, key))}))
    source.columns = tuple(columns)
    source.frames = {**source.frames, **frames_of(table.fields)}


def frames_of(fields: Sequence[Field]) -> dict[str, str]:
    """The frames of the columns that are coordinates, by name; see `obstap.publish.source.Source`."""
    return {field.name: field.frame for field in fields if field.frame}
