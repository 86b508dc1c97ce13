"""What makes EPIC spectra fit for a model: response matrix and effective area, by SAS and its calibration files."""

from __future__ import annotations

import os
from pathlib import Path

from .apertures import EventList
from .calling import call, has_sas
from .reporting import Reporter, TaskError

__all__ = ["DETECTOR_MAP", "NO_RESPONSES", "make_responses", "need_calibration", "set_area_with_sas"]

DETECTOR_MAP = "detmap.fits"
"""Image in detector coordinates, by which the response of an extended source is weighted."""

NO_RESPONSES = (
    "No response matrix and no effective area were made: they need XMM-Newton SAS and its calibration files, and this "
    "service has none. The spectra can be looked at and compared, but not fitted with a model."
)


def need_calibration(events: EventList, reporter: Reporter) -> None:
    """See to it that SAS_CCF names an index of calibration files; where none does, one is made for the observation.

    Raises
    ------
    TaskError
        `NoDate`: the event list does not tell when it was observed; or cifbuild failed.
    """
    if not has_sas() or os.environ.get("SAS_CCF"):
        return
    date = events.text("DATE-OBS")[:19]
    if not date:
        raise TaskError("NoDate", f"{events.name} has no DATE-OBS; give the calibration index (ccf).")
    reporter.stage("Running cifbuild")
    parameters = {
        "calindexset": "ccf.cif",
        "withobservationdate": "yes",
        "observationdate": date,
        "analysisdate": "now",
        "fullpath": "yes",
    }
    call("cifbuild", parameters, expected=["ccf.cif"])
    os.environ["SAS_CCF"] = str(Path("ccf.cif").absolute())


def set_area_with_sas(spectrum: str, events: EventList, reporter: Reporter) -> None:
    """BACKSCAL of a spectrum, by backscale."""
    reporter.stage(f"Running backscale on {spectrum}")
    call("backscale", {"spectrumset": spectrum, "badpixlocation": events.name})


def make_responses(
    spectrum: str, rmf: str, arf: str, *, events: EventList, selection: str, extended: bool, reporter: Reporter
) -> None:
    """The response matrix and the effective area of a spectrum, by rmfgen and arfgen.

    The parameters are those with which XGA (X-ray: Generate and Analyse) calls them.

    Parameters
    ----------
    selection
        The good events, for the map by which an extended source is weighted.
    extended
        Whether the source is larger than the point spread function.
    """
    weights = {"extendedsource": "yes" if extended else "no", "detmaptype": "dataset" if extended else "psf"}
    if extended:
        reporter.stage("Running evselect for the detector map")
        call("evselect", _detector_map(events, selection), expected=[DETECTOR_MAP])
        weights["detmaparray"] = f"{DETECTOR_MAP}:"
    reporter.stage("Running rmfgen")
    call("rmfgen", {"rmfset": rmf, "spectrumset": spectrum, **weights}, expected=[rmf])
    reporter.stage("Running arfgen")
    parameters = {
        "spectrumset": spectrum,
        "arfset": arf,
        "withrmfset": "yes",
        "rmfset": rmf,
        "badpixlocation": events.name,
        **weights,
        "setbackscale": "no",
        "badpixmaptype": weights["detmaptype"],
    }
    call("arfgen", parameters, expected=[arf])


def _detector_map(events: EventList, selection: str) -> dict[str, str]:
    return {
        "table": events.table,
        "expression": selection,
        "withimageset": "yes",
        "imageset": DETECTOR_MAP,
        "xcolumn": "DETX",
        "ycolumn": "DETY",
        "imagebinning": "binSize",
        "ximagebinsize": "100",
        "yimagebinsize": "100",
    }
