"""xmm-merge: one event list of all sub-exposures of an instrument of EPIC (merge)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from vo.errors import ParameterError

from ..calling import call as call_task
from ..parameters import Invocation
from ..reporting import Reporter
from ..running import run_program, running
from .naming import ALL, EVERY_ENERGY, SubExposure, energy_band, product, read_sub_exposure
from .observation import VERSION, rename, use_calibration

__all__ = ["run"]

KINDS = {
    "events": ("finalevents.fits", "events"),
    "ootevents": ("finalootevents.fits", "out-of-time events"),
    "allgood": ("finalallgoodevents.fits", "events at good times"),
    "ootallgood": ("finalallgoodootevents.fits", "out-of-time events at good times"),
}
"""Parameter → how the name of its product ends, and what it holds."""


def run(call: Invocation) -> None:
    """Merge the lists of each kind; a list that is alone is only renamed."""
    with running(call, VERSION) as reporter:
        use_calibration(call)
        lists = {kind: _read(call.texts(kind)) for kind in KINDS}
        of = _common(lists["events"])
        band = EVERY_ENERGY
        if call.is_given("lo_en_ev") and call.is_given("hi_en_ev"):
            band = energy_band(call.integer("lo_en_ev"), call.integer("hi_en_ev"))
        chosen = {
            kind: _chosen(kind, paths, lists["events"], reporter)
            for kind, paths in lists.items()
            if of.instrument == "PN" or not kind.startswith("oot")
        }
        _merge(chosen, of, band, reporter)


def _read(paths: Sequence[str]) -> dict[SubExposure, str]:
    return {read_sub_exposure(path): path for path in paths}


def _common(events: dict[SubExposure, str]) -> SubExposure:
    """Any of the sub-exposures, which must be of one observation and one instrument."""
    kinds = {(of.obsid, of.instrument) for of in events}
    if len(kinds) > 1:
        told = ", ".join(f"{obsid} {instrument}" for obsid, instrument in sorted(kinds))
        raise ParameterError("events", f"They are of several instruments or observations: {told}.")
    return next(iter(events))


def _chosen(
    kind: str, lists: Mapping[SubExposure, str], events: Mapping[SubExposure, str], reporter: Reporter
) -> list[str]:
    """The lists of one kind in the order of the events; what was not cleaned is in no product."""
    for of in lists:
        if of not in events:
            reporter.warning("NotCleaned", f"{of.exposure} has no cleaned events; {kind} of it is left out.")
    missing = [f"{of.instrument} {of.exposure}" for of in events if of not in lists]
    if missing:
        raise ParameterError(kind, f"The list of {', '.join(missing)} is missing.")
    return [lists[of] for of in events]


def _merge(chosen: Mapping[str, Sequence[str]], of: SubExposure, band: str, reporter: Reporter) -> None:
    """Two and two, all kinds of a pair together."""
    merged = {kind: paths[0] for kind, paths in chosen.items()}
    count = len(chosen["events"])
    for number in range(1, count):
        for kind, paths in chosen.items():
            reporter.stage(f"Merging {KINDS[kind][1]} ({number} of {count - 1})")
            target = f"merged-{kind}-{number}.fits"  # merge writes over no file
            call_task("merge", {"set1": merged[kind], "set2": paths[number], "outset": target}, expected=[target])
            merged[kind] = target
    for kind, path in merged.items():
        name = product(of, KINDS[kind][0], exposure=ALL, band=band)
        if count > 1:
            rename(Path(path), name)
        else:
            shutil.copyfile(path, name)


if __name__ == "__main__":
    sys.exit(run_program("xmm-merge", run))
