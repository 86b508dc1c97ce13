"""Rows in binary: BINARY and BINARY2 (VOTable 1.5 §5.3, §5.4).

Rows of fixed size are numpy arrays as they are. Where values vary in size, one loop finds where those of each row
begin; everything between two of them is gathered as one numpy array.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vo.votable.decoder import Decoder
from vo.votable.model import Block, Field, Limits, wrong
from vo.votable.packed import Packed, values_of

__all__ = ["Binary"]

_ENOUGH = 2**20
"""Bytes from which on it is worth to make a block."""

_LENGTH = 4
_length_at = struct.Struct(">i").unpack_from

_MASK = "mask"


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring fields of fixed size, and the field of variable size that ends them, if one does.

    `dtype` includes the number of elements of that field.
    """

    dtype: np.dtype
    variable: int | None


class Binary(Decoder):
    """Cuts bytes into rows.

    Parameters
    ----------
    masked
        Whether each row begins with a mask of missing values, which is what makes BINARY2.
    """

    def __init__(self, fields: Sequence[Field], limits: Limits, *, masked: bool) -> None:
        super().__init__(fields, limits)
        self._masked = masked
        self._runs = _runs(self.fields, masked, limits)
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._wanted = _ENOUGH

    def feed(self, data: bytes) -> None:
        """Take more bytes.

        Raises
        ------
        vo.errors.UsageError
            When they hold a value that cannot be.
        """
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting >= self._wanted:
            self._decode()
            self._wanted = max(_ENOUGH, 2 * self._waiting)

    def end(self) -> None:
        """Make the last block."""
        self._decode()
        if self._waiting:
            raise wrong(
                f"the rows end in the middle of this one: {self._waiting} bytes are left over.", row=self.rows + 1
            )

    def _decode(self) -> None:
        data = b"".join(self._pieces)
        if self._runs[-1].variable is None and len(self._runs) == 1:
            size = self._runs[0].dtype.itemsize
            rows = len(data) // size
            used = rows * size
            starts, ends = [range(0, used, size)], []
        else:
            rows, used, starts, ends = self._cut(data)
        self.check_rows(self.rows + rows)
        if rows:
            self.add(Block(rows, self._columns(data, rows, starts, ends)))
        self._pieces = [data[used:]]
        self._waiting = len(data) - used

    def _cut(self, data: bytes) -> tuple[int, int, list[Sequence[int]], list[Sequence[int]]]:
        """The number of whole rows and of their bytes; where each run begins, and where each variable value ends."""
        steps = [
            (run.dtype.itemsize, None if run.variable is None else self.fields[run.variable]) for run in self._runs
        ]
        sizes = [(head, field, field.layout.size if field else None) for head, field in steps]
        end, used, rows, limit = len(data), 0, 0, self.limits.cell
        places: list[int] = []
        while True:
            place, found = used, []
            for head, field, size_of in sizes:
                found.append(place)
                place += head
                if place > end:
                    break
                if field is None:
                    continue
                (count,) = _length_at(data, place - _LENGTH)
                size = size_of(count)
                if not 0 <= size <= limit or count < 0:
                    raise wrong(
                        f"the value has {count} elements, and at most {limit:,} bytes are allowed.",
                        row=self.rows + rows + 1,
                        column=field.name,
                    )
                place += size
                found.append(place)
                if place > end:
                    break
            if place > end or place == used:
                break
            places += found
            rows += 1
            used = place
        return rows, used, *self._sorted(places)

    def _sorted(self, places: list[int]) -> tuple[list[Sequence[int]], list[Sequence[int]]]:
        """Beginnings of runs and ends of values, apart for each run."""
        width = sum(1 if run.variable is None else 2 for run in self._runs)
        starts, ends, index = [], [], 0
        for run in self._runs:
            starts.append(places[index::width])
            index += 1
            if run.variable is not None:
                ends.append(places[index::width])
                index += 1
        return starts, ends

    def _columns(self, data: bytes, rows: int, starts: list[Sequence[int]], ends: list[Sequence[int]]) -> tuple:
        first = self.rows + 1
        packed: dict[int, Packed] = {}
        mask: NDArray[np.bool_] | None = None
        for number, (run, begins) in enumerate(zip(self._runs, starts, strict=True)):
            table = self._gathered(data, run, begins)
            for name in run.dtype.names or ():
                if name == _MASK:
                    mask = np.unpackbits(table[name], axis=1)[:, : len(self.fields)].astype(bool)
                elif name.isdecimal():
                    packed[int(name)] = Packed(table[name])
            if run.variable is not None:
                head = run.dtype.itemsize
                pieces = [data[begin + head : end] for begin, end in zip(begins, ends[number], strict=True)]
                packed[run.variable] = Packed(b"".join(pieces), pieces, table["length"].astype(np.int64))
        return tuple(
            values_of(
                field,
                packed[index],
                np.zeros(rows, bool) if mask is None else mask[:, index],
                first_row=first,
                masked=self._masked,
            )
            for index, field in enumerate(self.fields)
        )

    def _gathered(self, data: bytes, run: _Run, begins: Sequence[int]) -> NDArray[np.void]:
        size = run.dtype.itemsize
        if isinstance(begins, range):
            return np.frombuffer(data, run.dtype, len(begins))
        if not size:
            return np.empty(len(begins), run.dtype)
        return np.frombuffer(b"".join([data[begin : begin + size] for begin in begins]), run.dtype)


def _runs(fields: Sequence[Field], masked: bool, limits: Limits) -> list[_Run]:
    runs: list[_Run] = []
    open_run: list[tuple] = [(_MASK, "u1", ((len(fields) + 7) // 8,))] if masked else []
    for index, field in enumerate(fields):
        layout = field.layout
        if layout.count is None:
            runs.append(_Run(np.dtype([*open_run, ("length", ">i4")]), index))
            open_run = []
            continue
        size = layout.size(layout.count)
        if size > limits.cell:
            raise wrong(
                f"each value has {size:,} bytes; at most {limits.cell:,} are allowed.",
                column=field.name,
            )
        name = str(index)
        if layout.text or layout.bits:
            open_run.append((name, f"V{size}"))
        elif layout.count == 1:
            open_run.append((name, layout.stored))
        else:
            open_run.append((name, layout.stored, (layout.count,)))
    if open_run or not runs:
        runs.append(_Run(np.dtype(open_run), None))
    return runs
