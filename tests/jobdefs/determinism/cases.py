"""A call of every built-in task, on a small simulated observation, and the reasons of those that have none."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jobdefs import registry
from obstap.demo.eventfile import write
from obstap.demo.exposure import simulate
from tests.jobdefs.dl3.runs import write_run
from tests.jobdefs.epic.sky import OBSERVATION, START, STEADY, circle
from tests.jobdefs.tasks.specgroup.spectra import spectrum
from tests.jobdefs.xmm.standin import event_list, make_odf, observation_text

__all__ = ["CASES", "OBSID", "WITHOUT", "Case", "make_stock", "missing", "tasks"]

OBSID = "0201903501"
"""Observation of the chains that call SAS."""

HESS = Path(__file__).resolve().parents[3] / "../shared/data/hess-dl3-dr1/data"


@dataclass(frozen=True, slots=True)
class Case:
    """A call.

    Parameters
    ----------
    arguments
        Inputs are ``inputs/…`` of the directory of `make_stock`.
    makes
        Files that it must write.
    here
        Inputs that the task gets in the directory in which it works.
    sas
        Whether it calls SAS, for which there is a stand-in.
    slow
        Whether it takes longer than all others together.
    any_processor
        Whether the processor may be another one.
    """

    arguments: tuple[str, ...]
    makes: tuple[str, ...]
    here: tuple[str, ...] = ()
    sas: bool = False
    slow: bool = False
    any_processor: bool = True


WITHOUT = {
    "fetch-xmm": "it asks ESA's archive over the network, and what it writes is what the archive sends",
    "find-events": "it is run by the service itself: tests/e2e/test_repeated_products.py",
    "tap": "it is run by the service itself: tests/e2e/test_repeated_products.py",
}
"""Task → why it has no case."""

_SOURCE = circle(STEADY, 40)
_GOOD = "PI>300 && gti(inputs/mos1.fits:STDGTI01,TIME)"
_LISTS = ("inputs/pn.fits", "inputs/mos1.fits")
_CCF = "ccf=inputs/ccf.cif"
_ODF = (f"odf=inputs/{OBSID}", _CCF)
_OBSERVATION = (*_ODF, f"summary=inputs/0807_{OBSID}_SCX00000SUM.SAS")
_PN, _M1 = f"obsid{OBSID}-instPN-subexp", f"obsid{OBSID}-instM1-subexp"
_MERGED = f"P{OBSID}R1S004merged0000.FIT"

CASES: dict[str, Case] = {
    "dl3-countmap": Case(
        ("events=inputs/1.fits", "events=inputs/2.fits", "emin=0.7", "emax=20"), ("countmap.fits", "countmap.png")
    ),
    "dl3-onoff-spectrum": Case(
        ("events=inputs/1.fits", "events=inputs/2.fits", "region=CIRCLE 83.5 22.2 0.11"),
        ("on.pha", "off.pha", "spectrum.ecsv", "regions.reg", "spectrum.png"),
    ),
    "epic-events": Case(
        ("table=inputs/pn.fits", f"region={_SOURCE}", f"expression={_GOOD}"),
        ("filtered.fits",),
    ),
    "epic-flare-filter": Case(
        ("table=inputs/pn.fits", "threshold=100"), ("rate.fits", "gti.fits", "clean.fits", "rate.png", "summary.json")
    ),
    "epic-image": Case(
        (*(f"events={name}" for name in _LISTS), "binsize=16"),
        ("image_00200_01000.fits", "image_00200_01000.png", "colours.png"),
    ),
    "epic-lightcurve": Case(
        ("table=inputs/pn.fits", f"source={_SOURCE}", "timebinsize=100"),
        ("lightcurve.fits", "lightcurve.png", "summary.json"),
    ),
    "epic-region": Case(("table=inputs/pn.fits", f"source={_SOURCE}"), ("image.fits", "region.txt", "region.json")),
    "epic-spectrum": Case(
        ("table=inputs/pn.fits", f"source={_SOURCE}"),
        ("source.fits", "background.fits", "spectrum.png", "summary.json"),
    ),
    "evselect": Case(
        (
            *("table=inputs/pn.fits", f"expression=#XMMEA_EP && {_GOOD}"),
            *("filteredset=list.fits", "imageset=image.fits", "xcolumn=X", "ycolumn=Y", "imagebinning=binSize"),
            *("ximagebinsize=160", "yimagebinsize=160", "spectrumset=spectrum.fits", "energycolumn=PI"),
            *("rateset=rate.fits", "timebinsize=50", "histogramset=histogram.fits", "histogramcolumn=PATTERN"),
        ),
        ("list.fits", "image.fits", "spectrum.fits", "rate.fits", "histogram.fits"),
    ),
    "gammapy-spectrum": Case(
        ("events=inputs/023523.fits.gz", "region=CIRCLE 83.633333 22.014444 0.11"),
        ("fit.ecsv", "fluxpoints.ecsv", "spectrum.png"),
        slow=True,
        any_processor=False,  # where a fit ends to the last digit is decided by the last digits of its function
    ),
    "gtibuild": Case(("file=inputs/times.txt", "table=gti.fits"), ("gti.fits",)),
    "gtimerge": Case(("tables=inputs/pn.fits inputs/mos1.fits", "gtitable=gti.fits"), ("gti.fits",)),
    "preview": Case(("product=inputs/pn.fits",), ("preview.png",)),
    "specgroup": Case(
        ("spectrumset=inputs/spectrum.fits", "groupedset=grouped.fits", "mincounts=25"), ("grouped.fits",)
    ),
    "tabgtigen": Case(
        ("table=inputs/pn.fits:EVENTS", "expression=PI>200", "timecolumn=TIME", "gtiset=gti.fits"), ("gti.fits",)
    ),
    "xmm-cif": Case((_ODF[0], "analysisdate=2023-01-31"), ("ccf.cif",), sas=True),
    "xmm-clean": Case(
        (f"eventfile=inputs/{_M1}S001-events.fits", "gtifile=inputs/gti.fits", _CCF),
        (f"{_M1}S001-en-cleanevents.fits",),
        sas=True,
    ),
    "xmm-emanom": Case(
        (f"eventfile={_M1}S001-events.fits", _CCF), ("mos1S001-anom.log",), here=(f"{_M1}S001-events.fits",), sas=True
    ),
    "xmm-emchain": Case((*_OBSERVATION, "instrument=M1", "exposure=S001"), (f"{_M1}S001-events.fits",), sas=True),
    "xmm-epchain": Case((*_OBSERVATION, "exposure=S003"), (f"{_PN}S003-events.fits",), sas=True),
    "xmm-espfilt": Case(
        (f"eventfile=inputs/{_M1}S001-events.fits", _CCF), (f"{_M1}S001-en2.5_8.5keV-gti.fits",), sas=True
    ),
    "xmm-images": Case(
        (f"eventfile=inputs/{_M1}S001-events.fits", "attitude=inputs/ccf.cif", _CCF, "bands_ev=500:2000"),
        (f"obsid{OBSID}-instM1-subexpALL-en0.5_2keV-image.fits",),
        sas=True,
    ),
    "xmm-merge": Case(
        (
            *(f"events=inputs/{_M1}{exposure}-events.fits" for exposure in ("S001", "U002")),
            *(f"allgood=inputs/{_M1}{exposure}-events.fits" for exposure in ("S001", "U002")),
            _CCF,
        ),
        (f"obsid{OBSID}-instM1-subexpALL-en-finalevents.fits",),
        sas=True,
    ),
    "xmm-odf": Case(_ODF, (f"0807_{OBSID}_SCX00000SUM.SAS", "exposures.csv", "instruments.csv"), sas=True),
    "xmm-rgs-angles": Case(
        (*_OBSERVATION, "instrument=R1", "exposure=S004", f"files={_MERGED}"), (_MERGED,), here=(_MERGED,), sas=True
    ),
    "xmm-rgs-events": Case((*_OBSERVATION, "instrument=R1", "exposure=S004"), (_MERGED,), sas=True),
    "xmm-rgs-filter": Case(
        (*_OBSERVATION, "instrument=R1", "exposure=S004", f"files={_MERGED}"),
        (f"obsid{OBSID}-instR1-subexpS004-finalevents.fits",),
        here=(_MERGED,),
        sas=True,
    ),
}  # fmt: skip
"""Task → the call that is repeated."""


def tasks() -> list[str]:
    """Every task that is run by this product's own code."""
    return [
        name
        for name, definition in registry.product_definitions().items()
        if definition.environment in {"builtin", "any", "inprocess"}
    ]


def missing(task: str) -> str:
    """What a task needs that is not here; empty when nothing is missing."""
    if task == "gammapy-spectrum" and find_spec("gammapy") is None:
        return "gammapy is not installed"
    if task == "gammapy-spectrum" and not HESS.is_dir():
        return "the H.E.S.S. test data are not at hand"
    return ""


def make_stock(folder: Path) -> None:
    """Write the inputs of all cases."""
    for instrument, name in (("EPN", "pn.fits"), ("EMOS1", "mos1.fits")):
        write(simulate(OBSERVATION, instrument, start=START, seed=3), folder).rename(folder / name)
    for seed in (1, 2):
        write_run(folder / f"{seed}.fits", seed=seed, source=(83.5, 22.2))
    spectrum(folder / "spectrum.fits", [3] * 200)
    (folder / "times.txt").write_text(f"{START} {START + 900} +\n{START + 100} {START + 200} -\n")
    for name in ("gti.fits", "ccf.cif"):
        (folder / name).write_text("index")
    for instrument, exposure in (("M1", "S001"), ("M1", "U002")):
        event_list(folder / f"obsid{OBSID}-inst{instrument}-subexp{exposure}-events.fits", OBSID, instrument, exposure)
    make_odf(folder, OBSID)
    (folder / f"0807_{OBSID}_SCX00000SUM.SAS").write_text(observation_text(OBSID))
    if not missing("gammapy-spectrum"):
        (folder / "023523.fits.gz").write_bytes((HESS / "hess_dl3_dr1_obs_id_023523.fits.gz").read_bytes())
