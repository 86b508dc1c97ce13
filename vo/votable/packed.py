"""Values that are written in binary, column by column (VOTable 1.5 §5.3, §6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vo.votable.model import Field, Values, wrong

__all__ = ["Packed", "values_of"]

_TRUE, _FALSE, _UNKNOWN = b"Tt1", b"Ff0", b"? \0"

_NOTHING, _YES, _NO, _NEITHER = range(4)
_LETTERS = np.full(256, _NOTHING, np.uint8)
for _letters, _meaning in ((_TRUE, _YES), (_FALSE, _NO), (_UNKNOWN, _NEITHER)):
    _LETTERS[list(_letters)] = _meaning


@dataclass(frozen=True, slots=True)
class Packed:
    """The values of one field as they are stored.

    Parameters
    ----------
    data
        An array of one item a row where all values have the same size; else the bytes of all rows.
    pieces, counts
        Where values vary: the bytes of each row, and its number of elements.
    """

    data: NDArray[np.generic] | bytes
    pieces: list[bytes] | None = None
    counts: NDArray[np.int64] | None = None


def values_of(field: Field, packed: Packed, missing: NDArray[np.bool_], *, first_row: int, masked: bool) -> Values:
    """The values of one column.

    Parameters
    ----------
    missing
        The rows that the mask says have no value.
    first_row
        Number of the first of these rows, for messages.
    masked
        Whether there is a mask; where there is none, NaN and texts and arrays without elements are no values.

    Raises
    ------
    vo.errors.UsageError
        When bytes are no value of the field.
    """
    if field.layout.text:
        return _texts(field, packed, missing, first_row, masked)
    if field.layout.scalar:
        return _scalars(field, packed.data, missing, first_row, masked)
    return _arrays(field, packed, missing, first_row, masked)


def _texts(field: Field, packed: Packed, missing: NDArray[np.bool_], first_row: int, masked: bool) -> Values:
    layout = field.layout
    if packed.pieces is None:
        size = packed.data.dtype.itemsize
        raw = packed.data.tobytes()
        pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    else:
        _check_counts(field, packed.counts, missing, first_row)
        pieces = packed.pieces
    coding = "utf-8" if field.datatype == "char" else "utf-16-be"
    if coding == "utf-8" and not layout.rows_of_text and (layout.count is not None or b"\0" in b"".join(pieces)):
        pieces = [piece.partition(b"\0")[0] for piece in pieces]
    try:
        texts: list[str | None] = [str(piece, coding) for piece in pieces]
    except UnicodeDecodeError as error:
        raise _bad_text(field, pieces, coding, first_row) from error
    if layout.rows_of_text:
        texts = [text.replace("\0", " ").rstrip(" ") for text in texts]
    elif coding != "utf-8" and "\0" in "".join(texts):
        texts = [text.partition("\0")[0] for text in texts]
    if not masked:
        missing = np.fromiter((not text for text in texts), bool, len(texts))
    if field.null:
        missing = missing | np.fromiter((text == field.null for text in texts), bool, len(texts))
    if missing.any():
        texts = [None if none else text for text, none in zip(texts, missing.tolist(), strict=True)]
    return Values(texts, missing)


def _bad_text(field: Field, pieces: list[bytes], coding: str, first_row: int) -> Exception:
    name = "UTF-8" if coding == "utf-8" else "UTF-16"
    for row, piece in enumerate(pieces, first_row):
        try:
            str(piece, coding)
        except UnicodeDecodeError as error:
            return wrong(
                f"the bytes {piece[error.start : error.start + 4]!r} are no text in {name}.",
                row=row,
                column=field.name,
            )
    return wrong("it holds bytes that are no text.", column=field.name)


def _scalars(
    field: Field, data: NDArray[np.generic], missing: NDArray[np.bool_], first_row: int, masked: bool
) -> Values:
    if field.layout.bits:
        # The bit is the first of its byte, but astropy writes it as the fifth.
        return Values(data.view(np.uint8) != 0, missing)
    native, absent = _native(field, data, lambda index: first_row + index)
    missing = missing | absent
    if native.dtype.kind == "f" and not masked:
        missing |= np.isnan(native)
    return Values(native, missing)


def _arrays(field: Field, packed: Packed, missing: NDArray[np.bool_], first_row: int, masked: bool) -> Values:
    layout = field.layout
    rows = len(missing)
    if packed.counts is None:
        counts = np.full(rows, layout.count, np.int64)
    else:
        _check_counts(field, packed.counts, missing, first_row)
        counts = packed.counts
    offsets = np.zeros(rows + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    if layout.bits:
        pieces = packed.pieces
        if pieces is None:
            data, gaps = _unpacked(packed.data.tobytes(), layout.count, rows), None
        else:
            bits = [np.unpackbits(np.frombuffer(piece, np.uint8)) for piece in pieces]
            cut = [row[:count] for row, count in zip(bits, counts.tolist(), strict=True)]
            data, gaps = np.concatenate([np.zeros(0, np.uint8), *cut]).astype(bool), None
    else:
        flat = np.frombuffer(packed.data, layout.stored) if packed.counts is not None else packed.data.reshape(-1)
        data, gaps = _native(
            field, flat, lambda index: first_row + int(np.searchsorted(offsets, index, side="right")) - 1
        )
    if not masked:
        missing = counts == 0 if packed.counts is not None else _all_nan(data, rows)
    return Values(data, missing, offsets, gaps if gaps is not None and gaps.any() else None)


def _all_nan(data: NDArray[np.generic], rows: int) -> NDArray[np.bool_]:
    """The arrays of fixed size that have nothing but NaN."""
    if data.dtype.kind != "f":
        return np.zeros(rows, bool)
    return np.isnan(data.reshape(rows, -1)).all(axis=1)


def _native(
    field: Field, stored: NDArray[np.generic], row_of: Callable[[int], int]
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Elements in memory, and those that have no value."""
    native = field.layout.native
    if native.kind == "b":
        meaning = _LETTERS[stored.view(np.uint8)]
        bad = np.flatnonzero(meaning == _NOTHING)
        if bad.size:
            index = int(bad[0])
            raise wrong(
                f"{bytes(stored[index : index + 1].tobytes())!r} is no boolean; it must be T, F or ?.",
                row=row_of(index),
                column=field.name,
            )
        return meaning == _YES, meaning == _NEITHER
    values = stored.astype(native)
    absent = np.zeros(len(values), bool)
    if field.null:
        try:
            null = float(field.null) if native.kind == "f" else int(field.null, 0)
        except ValueError:
            null = None
        if null is not None:
            absent = values == null
    return values, absent


def _unpacked(data: bytes, count: int, rows: int) -> NDArray[np.bool_]:
    """The bits of rows that have `count` each, padded to whole bytes."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8).reshape(rows, -1), axis=1)
    return bits[:, :count].astype(bool).reshape(-1)


def _check_counts(field: Field, counts: NDArray[np.int64], missing: NDArray[np.bool_], first_row: int) -> None:
    layout = field.layout
    bad = counts % layout.step != 0
    if layout.limit is not None:
        bad |= counts > layout.limit
    if layout.rows_of_text:
        bad = counts > layout.limit if layout.limit is not None else np.zeros(len(counts), bool)
    found = np.flatnonzero(bad & ~missing)
    if found.size:
        index = int(found[0])
        raise wrong(
            f"the value has {int(counts[index])} elements, and the arraysize {field.arraysize} has no room for that.",
            row=first_row + index,
            column=field.name,
        )
