"""xmm-merge: one event list of all sub-exposures of an instrument of EPIC (merge)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from vo.errors import ParameterError

from ..calling import call as call_task
from ..parameters import Invocation
from ..reporting import Reporter
from ..running import run_program, running
from .naming import ALL, SubExposure, energy_band, product, read_sub_exposure
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
        band = ""
        if call.is_given("lo_en_ev") and call.is_given("hi_en_ev"):
            band = energy_band(call.integer("lo_en_ev"), call.integer("hi_en_ev"))
        _merge_kinds(lists, of, band, reporter)


def _read(paths: Sequence[str]) -> dict[SubExposure, str]:
    return {read_sub_exposure(path): path for path in paths}


def _common(events: dict[SubExposure, str]) -> SubExposure:
    """Any of the sub-exposures, which must be of one observation and one instrument."""
    kinds = {(of.obsid, of.instrument) for of in events}
    if len(kinds) > 1:
        told = ", ".join(f"{obsid} {instrument}" for obsid, instrument in sorted(kinds))
        raise ParameterError("events", f"They are of several instruments or observations: {told}.")
    return next(iter(events))


def _merge_kinds(lists: dict[str, dict[SubExposure, str]], of: SubExposure, band: str, reporter: Reporter) -> None:
    number = 0
    for kind, (ending, words) in KINDS.items():
        if kind.startswith("oot") and of.instrument != "PN":
            continue
        # What could not be cleaned is in no product, though its good times are known.
        chosen = [path for exposure, path in lists[kind].items() if exposure in lists["events"]]
        for exposure, path in lists[kind].items():
            if path not in chosen:
                reporter.warning("NotCleaned", f"{exposure.exposure} has no cleaned events; {kind} of it is left out.")
        missing = [exposure.exposure for exposure in lists["events"] if exposure not in lists[kind]]
        if missing:
            raise ParameterError(kind, f"The list of {of.instrument} {', '.join(missing)} is missing.")
        reporter.stage(f"Merging {words}" if len(chosen) > 1 else f"Only one list of {words}")
        merged = chosen[0]
        for path in chosen[1:]:
            number += 1
            target = f"merged-{number}.fits"  # merge writes over no file
            call_task("merge", {"set1": merged, "set2": path, "outset": target}, expected=[target])
            merged = target
        name = product(of, ending, exposure=ALL, band=band)
        if len(chosen) > 1:
            rename(Path(merged), name)
        else:
            shutil.copyfile(merged, name)


if __name__ == "__main__":
    sys.exit(run_program("xmm-merge", run))
