"""What file filters (`gti`, `region`, `mask`, `image`) read, and how an expression names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Block", "BlockOpener", "split_blockspec"]

_BRACKETED = re.compile(r"(?P<file>.*?)\[(?P<block>[^\[\]]*)\]\s*")
_SUFFIXED = re.compile(r"(?P<file>.*?)(?::(?P<block>[A-Za-z_][\w-]*|\d+)|\+(?P<number>\d+))\s*")
_IDENTIFIER = re.compile(r"[a-z]+:")
"""How identifiers of data sets begin, in which +2 may be part of the name."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block (HDU) of a data set, as a file filter needs it.

    Parameters
    ----------
    name
        EXTNAME, or the file's name when the block has none.
    header
        Keyword → value.
    columns
        Upper-case column name → array with one entry a row; scaled (TZERO, TSCAL) and in native byte order.
        Vector columns are two-dimensional, text columns arrays of ``str``. Empty for an image.
    image
        The pixels, shape (NAXIS2, NAXIS1), or None for a table.
    """

    name: str
    header: Mapping[str, object] = field(default_factory=dict)
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    image: np.ndarray | None = None


BlockOpener = Callable[[str], Block]
"""Opens the block that a block specifier names; raises an `vo.errors.AthanorError` when it can't."""


def split_blockspec(text: str) -> tuple[str, str]:
    """The data set and the block that a block specifier names.

    Parameters
    ----------
    text
        ``set``, ``set:BLOCK``, ``set[BLOCK]`` or ``set+2``; without a data set (``:BLOCK``) the block is one of the
        data set that is being filtered (selectlib manual, File-based filters).

    Returns
    -------
    tuple
        Data set (empty: the one that is being filtered) and block: a name, a number counted from 1, or an empty
        string for the first block.
    """
    spec = text.strip()
    found = _BRACKETED.fullmatch(spec) or _SUFFIXED.fullmatch(spec)
    if found is None:
        return spec, ""
    parts = found.groupdict()
    if parts.get("number") and _IDENTIFIER.match(spec):
        return spec, ""
    return parts["file"].strip(), (parts.get("block") or parts.get("number") or "").strip()
