"""xmm-clean: the good events of one sub-exposure of EPIC, at times without flares (evselect)."""

from __future__ import annotations

import sys
from pathlib import Path

from jobdefs.sas.anomalies import accepted_ccds, read_anomalies
from vo.errors import ParameterError

from ..calling import call as call_task
from ..parameters import Invocation
from ..reporting import TaskError
from ..running import run_program, running
from .naming import EVERY_ENERGY, SubExposure, energy_band, product, read_sub_exposure
from .observation import VERSION, out_of_time_list, use_calibration

__all__ = ["run"]


def run(call: Invocation) -> None:
    """Write the cleaned event list, and for EPIC-pn that of out-of-time events.

    Raises
    ------
    TaskError
        `NoCcds`: no CCD is in a state that is accepted; or evselect failed.
    vo.errors.ParameterError
        A list is missing, or the energies leave nothing between them.
    """
    with running(call, VERSION) as reporter:
        use_calibration(call)
        of = read_sub_exposure(call.text("eventfile"))
        out_of_time = out_of_time_list(call, of.instrument)
        expression, band = _expression(call, of), _band(call)
        reporter.stage("Good events")
        _select(call.text("eventfile"), product(of, "cleanevents.fits", band=band), expression)
        if out_of_time:
            reporter.stage("Good out-of-time events")
            _select(out_of_time, product(of, "cleanootevents.fits", band=band), expression)


def _select(table: str, name: str, expression: str) -> None:
    parameters = {"table": table, "filteredset": name, "expression": expression, "updateexposure": "yes"}
    call_task("evselect", parameters, expected=[name])


def _expression(call: Invocation, of: SubExposure) -> str:
    """All conditions that an event must fulfil."""
    conditions = [call.text("pn_filt_expr" if of.instrument == "PN" else "mos_filt_expr")]
    if _has_band(call):
        low, high = _energies(call)
        conditions.append(f"(PI in [{low}:{high}])")
    log = call.text("anomalies")
    if log and of.instrument != "PN":
        states = read_anomalies(Path(log).read_text(encoding="latin-1"), source=log)
        ccds = accepted_ccds(states, call.texts("acc_mos_anom_states"))
        if not ccds:
            raise TaskError("NoCcds", f"no CCD of {of.instrument} {of.exposure} is in a state that is accepted.")
        conditions.append(f"CCDNR in {','.join(map(str, ccds))}")
    conditions.append(f"GTI({call.text('gtifile')}, TIME)")
    return " && ".join(conditions)


def _energies(call: Invocation) -> tuple[int, int]:
    for name, other in (("lo_en_ev", "hi_en_ev"), ("hi_en_ev", "lo_en_ev")):
        if not call.is_given(name):
            raise ParameterError(name, f"It is missing; {other} is given, and a band has two ends.")
    low, high = call.integer("lo_en_ev"), call.integer("hi_en_ev")
    if low >= high:
        raise ParameterError("hi_en_ev", f"{high} eV is not above lo_en_ev ({low} eV).")
    return low, high


def _band(call: Invocation) -> str:
    return energy_band(*_energies(call)) if _has_band(call) else EVERY_ENERGY


def _has_band(call: Invocation) -> bool:
    return call.is_given("lo_en_ev") or call.is_given("hi_en_ev")


if __name__ == "__main__":
    sys.exit(run_program("xmm-clean", run))
