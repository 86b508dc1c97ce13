"""xmm-epchain: the events of one sub-exposure of EPIC-pn, and those that a readout smears (epchain, twice)."""

from __future__ import annotations

import re
import sys

from jobdefs.sas.version import sas_version
from vo.errors import ParameterError

from ..calling import call as call_task
from ..parameters import Invocation
from ..running import run_program, running
from .naming import SubExposure, product
from .observation import VERSION, final_files, open_observation, rename, split_exposure

__all__ = ["run"]

WITHOUT_RADMONFIX = (21, 0, 0)
"""The version of SAS whose epchain fails in radmonfix."""


def run(call: Invocation) -> None:
    """Write the event list, that of out-of-time events, and the attitude.

    Raises
    ------
    TaskError
        epchain failed.
    vo.errors.ParameterError
        `exposure` or `ccds` is of another form.
    """
    with running(call, VERSION) as reporter:
        schedule, number = split_exposure(call)
        ccds = call.text("ccds").replace(" ", "")
        if not re.fullmatch(r"([1-9]|1[0-2])(,([1-9]|1[0-2]))*", ccds):
            raise ParameterError(
                "ccds", f"{ccds[:40]!r} is no list of CCDs.", hint="Write as 1,2,3; there are 1 to 12."
            )
        observation = open_observation(call)
        common = {
            "odf": observation.folder,
            "odfaccess": "odf",
            "exposure": number,
            "schedule": schedule,
            "ccds": ccds,
        }
        last = {"runradmonfix": "N"} if sas_version() == WITHOUT_RADMONFIX else {}
        reporter.stage("Out-of-time events")
        first = {"runbackground": "N", "keepintermediate": "raw", "withoutoftime": "Y"}
        call_task("epchain", {**common, **first, **last})
        reporter.stage("Events")
        second = {"runatthkgen": "N", "runepframes": "N", "runbadpixfind": "N", "runbadpix": "N"}
        call_task("epchain", {**common, **second, **last})
        name = f"P{observation.obsid}PN{schedule}{number}"
        wanted = [f"{name}PIEVLI0000.FIT", f"{name}OOEVLI0000.FIT", "*ATTTSR*.FIT"]
        events, out_of_time, _ = final_files("epchain", wanted)
        of = SubExposure(observation.obsid, "PN", f"{schedule}{number}")
        rename(events, product(of, "events.fits"))
        rename(out_of_time, product(of, "ootevents.fits"))


if __name__ == "__main__":
    sys.exit(run_program("xmm-epchain", run))
