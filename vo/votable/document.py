"""The XML around the rows: which table a document holds, and how its rows are serialised.

The parser is expat, which reads no file and follows no reference of itself; what is left of XML's dangers is refused
here. Names are compared without their namespace, so that documents of every version are read, and those without any.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from vo.errors import UsageError
from vo.votable.decoder import Decoder
from vo.votable.model import Block, Head, Limits
from vo.votable.outline import Outline

__all__ = ["VOTable", "open_votable"]

_CHUNK = 2**16
_TAG = 2**20
"""Bytes of a tag or comment: expat reads an unfinished one again from its start with every piece that comes."""

_HINTS = {
    b"\x1f\x8b": "It is compressed; send it as it is before gzip.",
    b"SIMPLE": "It is a FITS file; write the table as a VOTable.",
    b"PAR1": "It is a Parquet file; write the table as a VOTable.",
    b"PK\x03\x04": "It is a ZIP archive; send the VOTable that is in it.",
}


class VOTable:
    """A table of a document: that which was asked for, else the first with rows, or the first where none has rows.

    Iterating gives the rows once, in blocks.

    Parameters
    ----------
    name, description, utype
        Of the TABLE; empty where it has none.
    fields
        Its columns.
    infos
        Names and values of the INFO elements of the table and of what it stands in.
    """

    def __init__(self, head: Head, blocks: Iterator[Block]) -> None:
        self.name = head.name
        self.description = head.description
        self.utype = head.utype
        self.fields = head.fields
        self.infos = head.infos
        self._blocks = blocks

    def __iter__(self) -> Iterator[Block]:
        """The rows.

        Raises
        ------
        vo.errors.UsageError
            When a row or the rest of the document is wrong.
        """
        return self._blocks


def open_votable(file: BinaryIO, *, limits: Limits | None = None, table: str = "") -> VOTable:
    """Begin to read a VOTable; it is read on while its rows are iterated.

    Parameters
    ----------
    table
        Name, ID or number (from 0) of the TABLE to be read; by default the first with rows.

    Raises
    ------
    vo.errors.UsageError
        When the document is no VOTable with a table, or larger than is allowed.
    vo.errors.NotFoundError
        When it does not have the table that is asked for.
    """
    pieces = _parsed(file, limits or Limits(), table)
    outline = next(pieces)
    while outline.decoder is None and not outline.ended:
        next(pieces)
    return VOTable(outline.head(), _blocks(outline, pieces))


def _blocks(outline: Outline, pieces: Iterator[Outline]) -> Iterator[Block]:
    decoder: Decoder | None = outline.decoder
    if decoder is None:
        return
    yield from decoder.take()
    for _ in pieces:
        yield from decoder.take()


def _parsed(file: BinaryIO, limits: Limits, table: str) -> Iterator[Outline]:
    """Parse the document piece by piece."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _CHUNK
    outline = Outline(parser, limits, wanted=table)
    yield outline
    read = 0
    while chunk := file.read(_CHUNK):
        if not read:
            _check_beginning(chunk)
        read += len(chunk)
        if read > limits.size:
            raise UsageError(f"the document is larger than the {limits.size:,} bytes that are allowed.")
        _feed(parser, chunk, final=False)
        if read - max(parser.CurrentByteIndex, 0) > _TAG + _CHUNK:
            raise UsageError(f"line {parser.CurrentLineNumber}: a tag or comment is longer than {_TAG:,} bytes.")
        yield outline
    if not read:
        raise UsageError("it is empty.")
    _feed(parser, b"", final=True)
    outline.ended = True
    yield outline


def _feed(parser: expat.XMLParserType, data: bytes, *, final: bool) -> None:
    try:
        parser.Parse(data, final)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise UsageError(
            f"line {error.lineno}, column {error.offset + 1}: it is no well-formed XML ({reason})."
        ) from error
    except (LookupError, ValueError) as error:
        raise UsageError(f"its characters cannot be read ({error}).", hint="Write it in UTF-8.") from error


def _check_beginning(chunk: bytes) -> None:
    for magic, hint in _HINTS.items():
        if chunk.startswith(magic):
            raise UsageError("it is no VOTable.", hint=hint)
