"""xmm-emchain: the events of one sub-exposure of EPIC-MOS (emchain)."""

from __future__ import annotations

import os
import sys

from jobdefs.sas.environment import HEASOFT_NEEDED, installation
from jobdefs.sas.launch import program
from vo.errors import NotFoundError

from ..calling import call as call_task
from ..parameters import Invocation
from ..reporting import TaskError
from ..running import run_program, running
from .naming import SubExposure, product
from .observation import VERSION, final_files, open_observation, rename, split_exposure

__all__ = ["run"]


def run(call: Invocation) -> None:
    """Write the event list; the attitude stays as emchain left it."""
    with running(call, VERSION) as reporter:
        _check_heasoft()
        exposure = "".join(split_exposure(call))
        instrument = call.text("instrument")
        observation = open_observation(call)
        reporter.stage("Events")
        call_task(
            "emchain",
            {
                "odf": observation.folder,
                "instruments": instrument,
                "exposures": exposure,
                "addtaglenoise": "no",
                "makeflaregti": "no",
            },
        )
        [events] = final_files("emchain", [f"P{observation.obsid}{instrument}{exposure}MIEVLI0000.FIT"])
        rename(events, product(SubExposure(observation.obsid, instrument, exposure), "events.fits"))


def _check_heasoft() -> None:
    """Emchain would go on without it, and give poorer events; what a container holds is not known."""
    sas = installation(os.environ)
    if sas.container:
        return
    try:
        program(sas, HEASOFT_NEEDED["emchain"])
    except NotFoundError as error:
        raise TaskError("NeedsHeasoft", f"emchain runs {HEASOFT_NEEDED['emchain']} of HEASoft. {error}") from error


if __name__ == "__main__":
    sys.exit(run_program("xmm-emchain", run))
