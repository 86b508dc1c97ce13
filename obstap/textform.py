"""Rows as lines of text, made by an engine that writes text as fast as it reads (PostgreSQL's COPY)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHUNK_BYTES", "Chunk", "TextForm"]

CHUNK_BYTES = 256 * 1024
"""What a chunk of lines holds at most, unless one line is longer."""


@dataclass(frozen=True, slots=True)
class TextForm:
    r"""What lines look like. A line ends with a line feed, and missing values are empty.

    Numbers are in their shortest exact form (infinities are ``Infinity`` and ``-Infinity``), truth values ``T`` and
    ``F``, times ISO 8601 without a zone, elements of arrays stand apart by blanks.

    Parameters
    ----------
    delimiter
        The byte between two values.
    quoted
        Whether values in which a delimiter, a quote or an end of line occurs, and empty texts, stand in double quotes
        (with quotes in them doubled), so that a line feed in quotes does not end the line. Else backslashes say what
        is meant: ``\\``, ``\b``, ``\f``, ``\n``, ``\r``, ``\t``, ``\v``, and one before a delimiter.
    """

    delimiter: bytes
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines, and the number of rows that they are."""

    data: bytes
    rows: int
