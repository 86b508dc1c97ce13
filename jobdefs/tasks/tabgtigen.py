"""tabgtigen: good time intervals from the rows of a table, ordered in time, that fulfil a condition.

Parameters, products and messages are those of tabgtigen-2.13 of XMM-Newton SAS; the algorithm was found to give the
intervals of real products to the last digit.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import numpy as np

from .evselect.blocks import open_block
from .filespec import file_and_block
from .fitscards import Card
from .fitsio import Table, open_fits
from .fitsout import Outputs
from .gtifile import write_good_times
from .parameters import Invocation
from .reporting import Reporter, TaskError
from .running import run_program, running
from .selectlib import Selection, compile_selection

__all__ = ["VERSION", "good_intervals", "run"]

VERSION = "tabgtigen-2.13-compatible"
"""What messages, CREATOR and XPROC0 call this task."""


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        What was asked for can't be done; nothing is left behind then.
    """
    with running(call, VERSION) as reporter:
        path, block = file_and_block(call.text("table"))
        target = call.text("gtiset")
        if Path(file_and_block(target)[0]).resolve() == Path(path).resolve():
            raise TaskError("SameDataset", f"gtiset={target} is the file of the table itself.")
        with open_fits(path) as file, Outputs(clobber=call.clobber) as outputs:
            table = file.table(file.find(block))
            times, good = _rows(table, _selection(table, call.text("expression")), call.text("timecolumn"), reporter)
            intervals = good_intervals(
                times,
                good,
                before=call.real("prefraction"),
                after=call.real("postfraction"),
                step=float(table.header.number("TIMEDEL") or 0),
            )
            least = call.real("mingtisize")
            lengths = np.diff(intervals, axis=1)[:, 0]
            kept, dropped = intervals[lengths >= least], lengths[lengths < least]
            _remark(reporter, good, kept)
            write_good_times(
                outputs,
                target,
                kept,
                reporter=reporter,
                call=call,
                primary=file.hdus[0].header,
                table=table.header,
                extra=[
                    Card("MINGTISZ", least, "[s] minimum allowed GTI length"),
                    Card("SUMSHORT", float(dropped.sum()), "[s] sum of all GTIs that were too short"),
                ],
            )


def good_intervals(
    times: np.ndarray, good: np.ndarray, *, before: float, after: float, step: float = 0.0
) -> np.ndarray:
    """The intervals of consecutive good rows.

    Parameters
    ----------
    times
        Of the rows, in order; seconds.
    good
        Which rows are good.
    before, after
        The fractions of the steps to the row before the first, and to the row after the last of an interval, by which
        it begins earlier and ends later. At the ends of the table the step to the other neighbour stands for the
        missing one.
    step
        Seconds, for a table of one row.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2), in order and disjoint; without such that negative fractions turn round.
    """
    if not good.any():
        return np.empty((0, 2))
    steps = np.diff(times) if len(times) > 1 else np.array([step])
    earlier = np.concatenate([steps[:1], steps])[: len(times)]
    later = np.concatenate([steps, steps[-1:]])[: len(times)]
    edges = np.diff(np.concatenate([[0], good.astype(np.int8), [0]]))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    intervals = np.column_stack([times[first] - before * earlier[first], times[last] + after * later[last]])
    return intervals[intervals[:, 1] >= intervals[:, 0]]


def _selection(table: Table, expression: str) -> Selection:
    return compile_selection(
        expression,
        header={**table.file.hdus[0].header.as_dict(), **table.header.as_dict()},
        columns=[column.name for column in table.columns.values()],
        open_table=functools.partial(open_block, table.file),
    )


def _rows(table: Table, selection: Selection, column: str, reporter: Reporter) -> tuple[np.ndarray, np.ndarray]:
    """Time of each row, and whether it is good."""
    found = table.columns.get(column.upper())
    if found is None or not found.scalar:
        there = ", ".join(item.name for item in table.columns.values())
        raise TaskError("NoTimeColumn", f"the table has no column {column} of times; its columns are: {there}.")
    times, good = np.empty(table.length), np.zeros(table.length, dtype=bool)
    for chunk in table.chunks():
        stop = chunk.start + len(chunk.rows)
        times[chunk.start : stop] = chunk[column]
        good[chunk.start : stop] = selection.evaluate(chunk)
        reporter.progress(stop, table.length)
    if not np.isfinite(times).all():
        row = int(np.flatnonzero(~np.isfinite(times))[0]) + 1
        raise TaskError("TimeOrder", f"row {row} has no time in column {column}.")
    back = np.flatnonzero(np.diff(times) < 0)
    if len(back):
        raise TaskError("TimeOrder", f"column {column} is not in order: row {int(back[0]) + 2} lies before row "
                        f"{int(back[0]) + 1}. Sort the table first.")  # fmt: skip
    return times, good


def _remark(reporter: Reporter, good: np.ndarray, kept: np.ndarray) -> None:
    if not len(good):
        reporter.warning("NoInputRows", "the table has no rows; the list of good times is empty.")
    elif not len(kept):
        what = "no row fulfils the expression" if not good.any() else "every interval is shorter than mingtisize"
        reporter.warning("EmptyGTI", f"{what}; the list of good times is empty.")
    total = float(np.diff(kept, axis=1).sum())
    reporter.message(f"{int(good.sum())} of {len(good)} rows are good: {len(kept)} intervals, {total:g} s.")


if __name__ == "__main__":
    sys.exit(run_program("tabgtigen", run))
