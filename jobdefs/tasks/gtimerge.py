"""gtimerge: one set of good time intervals from several.

The parameters tables, mergemode, withgtitable and gtitable are called as in XMM-Newton SAS's task of the same name.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from .filespec import file_and_block
from .fitscards import Card, Header
from .fitsio import open_fits
from .fitsout import Outputs
from .gtifile import write_good_times
from .intervals import intersect, subtract, union
from .listtimes import times_in
from .parameters import Invocation
from .reporting import Reporter, TaskError
from .running import run_program, running

__all__ = ["MODES", "VERSION", "run"]

VERSION = "gtimerge-1.0-athanor"
"""What messages, CREATOR and XPROC0 call this task."""


def _unite(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return union(np.concatenate([one, other]))


MODES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "and": intersect,
    "or": _unite,
    "minus": subtract,
}
"""How two sets are joined; more than two from the first to the last."""


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        What was asked for can't be done; nothing is left behind then.
    """
    with running(call, VERSION) as reporter, Outputs(clobber=call.clobber) as outputs:
        names, target = call.texts("tables"), call.text("gtitable")
        for name in names:
            if call.flag("withgtitable") and _same(name, target):
                raise TaskError("SameDataset", f"gtitable={target} is the file of {name}.")
        sets, headers = [], []
        for name in names:
            intervals, pair = _read(name, call.text("ccdmode"), reporter)
            sets.append(intervals)
            headers.append(pair)
        merged = functools.reduce(MODES[call.text("mergemode")], sets)
        _check_reference(names, headers)
        reporter.message(f"{len(merged)} intervals, {float(np.diff(merged, axis=1).sum()):g} s.")
        if not len(merged):
            reporter.warning("EmptyGTI", "no time is left; the list of good times is empty.")
        if not call.flag("withgtitable"):
            reporter.warning("NoOutput", "withgtitable=no: no table is written.")
            return
        if not np.isfinite(merged).all():
            raise TaskError("NoGoodTimes", "the good times have no end; give a table with START and STOP too.")
        primary, table = headers[0]
        extra = [Card("GTIMODE", call.text("mergemode"), "How the sets of good times were joined")]
        write_good_times(
            outputs, target, merged, reporter=reporter, call=call, primary=primary, table=table, extra=extra
        )


def _same(name: str, target: str) -> bool:
    return Path(file_and_block(name)[0]).resolve() == Path(file_and_block(target)[0]).resolve()


def _read(name: str, mode: str, reporter: Reporter) -> tuple[np.ndarray, tuple[Header, Header]]:
    path, block = file_and_block(name)
    with open_fits(path) as file:
        sets = times_in(file, block, reporter.warning)
        joined = functools.reduce(MODES[mode], sets.values())
        total = float(np.diff(joined, axis=1).sum())
        told = f"{', '.join(sets)}, joined by {mode}" if len(sets) > 1 else "".join(sets)
        reporter.message(f"{name} ({told}): {len(joined)} intervals, {total:g} s.")
        # A table of good times of its own, or the event list, tells what its times mean.
        return joined, (file.hdus[0].header, file.find(block).header)


def _check_reference(names: list[str], headers: Iterable[tuple[Header, Header]]) -> None:
    """Refuse times that count from different days."""
    seen: tuple[str, float] | None = None
    for name, (primary, table) in zip(names, headers, strict=True):
        day = _reference_day(table)
        day = _reference_day(primary) if day is None else day
        if day is None:
            continue
        if seen is not None and abs(day - seen[1]) > 1e-9:
            raise TaskError(
                "TimeReference",
                f"{seen[0]} counts its times from MJD {seen[1]:.9g}, {name} from MJD {day:.9g}; they can't be joined.",
            )
        seen = seen or (name, day)


def _reference_day(header: Header) -> float | None:
    whole = header.number("MJDREFI")
    if whole is not None:
        return float(whole) + float(header.number("MJDREFF") or 0)
    day = header.number("MJDREF")
    return None if day is None else float(day)


if __name__ == "__main__":
    sys.exit(run_program("gtimerge", run))
