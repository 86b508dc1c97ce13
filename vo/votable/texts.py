"""Values that are written as text: the cells of TABLEDATA (VOTable 1.5 §5.1, §6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from vo.votable.model import Field, Values, wrong

__all__ = ["values_of"]

_TRUTH = {"T": True, "t": True, "TRUE": True, "true": True, "True": True, "1": True} | {
    "F": False, "f": False, "FALSE": False, "false": False, "False": False, "0": False,
}  # fmt: skip
_UNKNOWN = frozenset({"?", ""})
_BITS = {"0": False, "1": True}

Elements = tuple[NDArray[np.generic], NDArray[np.bool_]]


def values_of(field: Field, cells: Sequence[str], first_row: int) -> Values:
    """The values of one column.

    Parameters
    ----------
    cells
        One text a row; an empty one is no value.
    first_row
        Number of the first of these rows, for messages.

    Raises
    ------
    vo.errors.UsageError
        When a text is no value of the field.
    """
    layout = field.layout
    if layout.text:
        return _texts(field, cells, first_row)
    if layout.scalar:
        data, missing = _elements(field, cells, lambda index: first_row + index)
        return Values(data, missing)
    return _arrays(field, cells, first_row)


def _texts(field: Field, cells: Sequence[str], first_row: int) -> Values:
    layout = field.layout
    bound = layout.count if layout.limit is None else layout.limit
    if bound is not None:
        for row, cell in enumerate(cells, first_row):
            if len(cell) > bound:
                raise wrong(
                    f"the text has {len(cell)} characters, and the arraysize {field.arraysize or 1} has room for"
                    f" {bound}.",
                    row=row,
                    column=field.name,
                )
    missing = np.fromiter((not cell for cell in cells), bool, len(cells))
    if field.null:
        missing |= np.fromiter((cell == field.null for cell in cells), bool, len(cells))
    if not missing.any():
        return Values(list(cells), missing)
    return Values([None if none else cell for cell, none in zip(cells, missing.tolist(), strict=True)], missing)


def _arrays(field: Field, cells: Sequence[str], first_row: int) -> Values:
    layout = field.layout
    if layout.bits:
        parts: list[Sequence[str]] = ["".join(cell.split()) for cell in cells]
    else:
        parts = [cell.split() for cell in cells]
    ends = list(accumulate(map(len, parts), initial=0))
    missing = np.fromiter((not part for part in parts), bool, len(parts))
    for row, part in enumerate(parts, first_row):
        count = len(part)
        if count and _misfits(field, count):
            raise wrong(f"the array has {count} elements; {_fitting(field)}.", row=row, column=field.name)
    flat = list(chain.from_iterable(parts))
    offsets = np.array(ends, np.int64)
    data, gaps = _elements(
        field, flat, lambda index: first_row + int(np.searchsorted(offsets, index, side="right")) - 1
    )
    return Values(data, missing, offsets, gaps if gaps.any() else None)


def _misfits(field: Field, count: int) -> bool:
    layout = field.layout
    if layout.count is not None:
        return count != layout.count
    return count % layout.step != 0 or (layout.limit is not None and count > layout.limit)


def _fitting(field: Field) -> str:
    layout = field.layout
    if layout.count is not None:
        return f"it must have {layout.count}"
    rules = [f"a multiple of {layout.step}"] if layout.step > 1 else []
    if layout.limit is not None:
        rules.append(f"at most {layout.limit}")
    return f"it must have {' and '.join(rules)}"


def _elements(field: Field, texts: Sequence[str], row_of: Callable[[int], int]) -> Elements:
    if field.layout.bits:
        return _words(field, texts, _BITS, frozenset({""}), row_of)
    if field.layout.native.kind == "b":
        return _words(field, texts, _TRUTH, _UNKNOWN, row_of)
    return _numbers(field, texts, row_of)


def _words(
    field: Field, texts: Sequence[str], known: dict[str, bool], none: frozenset[str], row_of: Callable[[int], int]
) -> Elements:
    data = np.zeros(len(texts), bool)
    missing = np.zeros(len(texts), bool)
    for index, text in enumerate(texts):
        word = text.strip()
        if word in known:
            data[index] = known[word]
        elif word in none:
            missing[index] = True
        else:
            raise _no_value(field, text, row_of(index))
    return data, missing


def _numbers(field: Field, texts: Sequence[str], row_of: Callable[[int], int]) -> Elements:
    native = field.layout.native
    whole = native.kind in "iu"
    quick, convert, kind = (int, _integer, np.int64) if whole else (float, float, np.float64)
    missing = np.zeros(len(texts), bool)
    data = _converted(texts, quick, kind)
    if data is None:
        texts, missing = _without_empty(texts)
        data = _converted(texts, convert, kind)
        if data is None:
            index = next(index for index, text in enumerate(texts) if _converted([text], convert, kind) is None)
            raise _no_value(field, texts[index], row_of(index))
    if field.null:
        null = _converted([field.null], convert, kind)
        if null is not None:
            missing |= data == null[0]
    if whole:
        bounds = np.iinfo(native)
        beyond = np.flatnonzero((data < bounds.min) | (data > bounds.max))
        if beyond.size:
            index = int(beyond[0])
            raise _no_value(field, texts[index], row_of(index))
    with np.errstate(over="ignore"):
        return data.astype(native, copy=False), missing


def _integer(text: str) -> int:
    """A whole number, in decimal or, as the standard has it, in hexadecimal after 0x."""
    word = text.strip()
    return int(word, 16) if word[:2] in ("0x", "0X") else int(word)


def _converted(texts: Sequence[str], convert: Callable[[str], float], kind: type) -> NDArray[np.generic] | None:
    """All texts as numbers, or None when one is none.

    Python's own spellings that VOTable does not have (``1_000``, digits of other scripts) are none.
    """
    try:
        data = np.array(list(map(convert, texts)), kind)
    except (ValueError, OverflowError):
        return None
    joined = "".join(texts)
    return data if joined.isascii() and "_" not in joined else None


def _without_empty(texts: Sequence[str]) -> tuple[list[str], NDArray[np.bool_]]:
    """The texts with 0 in the place of those that are empty, and which these are."""
    empty = [not text or text.isspace() for text in texts]
    return ["0" if none else text for text, none in zip(texts, empty, strict=True)], np.array(empty, bool)


def _no_value(field: Field, text: str, row: int) -> Exception:
    return wrong(f"{text.strip()[:60]!r} is no value of the data type {field.datatype}.", row=row, column=field.name)
