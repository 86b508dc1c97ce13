"""xmm-espfilt: times without flares of soft protons, in one sub-exposure of EPIC (espfilt)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from jobdefs.sas.version import sas_version
from vo.errors import ParameterError

from ..calling import call as call_task
from ..parameters import Invocation
from ..reporting import TaskError
from ..running import run_program, running
from .naming import SubExposure, energy_band, product, read_sub_exposure
from .observation import VERSION, out_of_time_list, rename, use_calibration

__all__ = ["run"]

NEW = (21, 0, 0)
"""Since then the names of products do not hold the energies."""

LONG_NAMES = (20, 0, 0)
"""Since then there is a choice of energies."""


def run(call: Invocation) -> None:
    """Write good times, their histogram, and the events of these times, corners included.

    Raises
    ------
    TaskError
        espfilt failed.
    vo.errors.ParameterError
        A list is missing, or a range has nothing in it.
    """
    with running(call, VERSION) as reporter:
        use_calibration(call)
        of = read_sub_exposure(call.text("eventfile"))
        out_of_time = out_of_time_list(call, of.instrument)
        reporter.stage(f"Flares in {of.instrument} {of.exposure}")
        if sas_version() < LONG_NAMES and call.text("method") != "ratio":
            reporter.warning("TooOld", "the method histogram needs SAS 20 or later; ratio takes its place.")
        call_task("espfilt", _parameters(call, out_of_time))
        wanted = {"gti.fits": "gti.fits", "hist.qdp": "hist.qdp", "allevc.fits": "allgoodevents.fits"}
        wanted |= {"allevcoot.fits": "allgoodOoTevents.fits"} if out_of_time else {}
        found = {kind: _written(of, kind) for kind in wanted}
        missing = [f"{of.esas}-{kind}" for kind, path in found.items() if path is None]
        if missing:
            raise TaskError("OutputMissing", f"espfilt ended without an error, but did not write {', '.join(missing)}.")
        for kind, path in found.items():
            if path is not None:
                rename(path, product(of, wanted[kind], band=_band(call, path)))


def _parameters(call: Invocation, out_of_time: str) -> dict[str, str]:
    """Those that the SAS at hand knows, in DAXA's order."""
    low, high, limits = call.integer("elow_ev"), call.integer("ehigh_ev"), call.texts("limits")
    if low >= high:
        raise ParameterError("ehigh_ev", f"{high} eV is not above elow_ev ({low} eV).")
    if len(limits) != 2 or float(limits[0]) >= float(limits[1]):
        raise ParameterError("limits", f"{' '.join(limits)!r} is no range.", hint="Give two numbers, as 0.1 6.5.")
    events = call.text("eventfile")
    light_curve = {
        "withsmoothing": call.text("withsmoothing"),
        "smooth": call.text("smooth"),
        "withbinning": call.text("withbinning"),
        "binsize": call.text("binsize"),
        "ratio": call.text("ratio"),
    }
    if sas_version() < LONG_NAMES:
        return {"eventset": events, "method": "ratio", **light_curve}
    return {
        "eventfile": events,
        "withoot": "yes" if out_of_time else "no",
        "ootfile": out_of_time or "dataset",
        "method": call.text("method"),
        **light_curve,
        **({"withlongnames": "yes"} if sas_version() < NEW else {}),
        "elow": str(low),
        "ehigh": str(high),
        "rangescale": call.text("rangescale_pn" if out_of_time else "rangescale_mos"),
        "allowsigma": call.text("allowsigma"),
        "keepinterfiles": "yes",
        "limits": " ".join(limits),
    }


def _band(call: Invocation, path: Path) -> str:
    """The energies that the name of a product holds, which an old espfilt chooses itself; else those asked for."""
    named = re.search(r"-([0-9]+)-([0-9]+)\.", path.name)
    low, high = named.groups() if named else (call.text("elow_ev"), call.text("ehigh_ev"))
    return energy_band(int(low), int(high))


def _written(of: SubExposure, kind: str) -> Path | None:
    """The product of a kind; before SAS 21 its name may hold energies."""
    stem, dot, suffix = kind.partition(".")
    energies = "" if sas_version() >= NEW else r"(-[0-9]+-[0-9]+)?"
    name = re.compile(rf"{of.esas}-{stem}{energies}{re.escape(dot + suffix)}")
    return next((path for path in sorted(Path().iterdir()) if name.fullmatch(path.name)), None)


if __name__ == "__main__":
    sys.exit(run_program("xmm-espfilt", run))
