"""The good times that a file holds: one set for each CCD of an event list, or one for each table of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .evselect.dss import base_subspace
from .evselect.subspace import GoodTimes
from .fitsio import FitsFile, Hdu
from .goodtimes import has_good_times, read_good_times
from .intervals import parse_ranges
from .reporting import TaskError

__all__ = ["times_in"]

_ALL = np.array([[-np.inf, np.inf]])


def times_in(file: FitsFile, block: str, warn: Callable[[str, str], None]) -> dict[str, np.ndarray]:
    """The sets of good times of a file.

    Parameters
    ----------
    block
        A table of good times, or an event list; empty for the whole file: the event list in it, if there is one, else
        every table of good times.

    Returns
    -------
    dict
        Name of the table, or of the CCD → intervals, shape (n, 2), seconds, sorted and disjoint. Of an event list
        those of its data subspace, else those of its tables STDGTInn, else of another table of good times.

    Raises
    ------
    vo.errors.NotFoundError
        There is no such block.
    TaskError
        `NoGoodTimes`: the file, or the block, has no good times.
    """
    chosen = file.find(block) if block else _whole(file)
    if chosen is not None and has_good_times(chosen):
        return {chosen.name or str(chosen.index): read_good_times(file, chosen)}
    if chosen is not None:
        found = _of_events(file, chosen, warn)
    else:
        tables = [hdu for hdu in file.hdus if has_good_times(hdu)]
        found = {f"{hdu.name or 'block'}#{hdu.index}": read_good_times(file, hdu) for hdu in tables}
    if not found:
        what = f"block {chosen.name or chosen.index} of {file.name}" if block and chosen is not None else file.name
        raise TaskError("NoGoodTimes", f"{what} has no good times: neither columns START and STOP nor STDGTI tables.")
    return found


def _whole(file: FitsFile) -> Hdu | None:
    """The event list of a file that names none of its blocks."""
    return next((hdu for hdu in file.hdus if "EVENTS" in hdu.names and hdu.kind == "BINTABLE"), None)


def _of_events(file: FitsFile, hdu: Hdu, warn: Callable[[str, str], None]) -> dict[str, np.ndarray]:
    if hdu.kind != "BINTABLE":
        return {}
    subspace = base_subspace(file.table(hdu), "TIME", warn)
    time, ccd = subspace.find("TIME"), subspace.find("CCDNR")
    if time is None:
        return {}
    found = {}
    for number, component in enumerate(subspace.components, start=1):
        entry = component[time]
        if isinstance(entry.table, GoodTimes):
            intervals = entry.table.intervals
        else:
            ranges = parse_ranges(entry.value)
            intervals = _ALL if ranges is None else ranges
        name = f"component {number}" if ccd is None else f"CCD {component[ccd].value}"
        found[name if name not in found else f"{name}, component {number}"] = intervals
    return found
