"""The same tasks where there is SAS: which of its tasks they call, and with what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from astropy.io import fits

from jobdefs.tasks.reporting import TaskError
from tests.sasroot import SasRoot, make_sas

from .conftest import ROOT, draw_nothing
from .sky import STEADY, circle, run

OWN_EVSELECT = f"""
import subprocess
sys.exit(subprocess.run(
    [sys.executable, "-P", "-m", "jobdefs.tasks.evselect", *sys.argv[1:]], env={{"PYTHONPATH": {str(ROOT)!r}}}
).returncode)
"""
BACKSCALE = """
from astropy.io import fits
fits.setval(parameters["spectrumset"], "BACKSCAL", value=1136000.0, ext=1)
"""
SPECGROUP = """
import shutil
shutil.copy(parameters["spectrumset"], parameters["groupedset"])
"""
EPICLCCORR = """
import shutil
shutil.copy(parameters["srctslist"], parameters["outset"])
"""
EREGIONANALYSE = """
say("counts 2873, S/N 51.2")
print("SASCIRCLE: (X,Y) in CIRCLE(23761.5,30240.25,655)")
"""
CLEAN = "(PATTERN<=4) && (FLAG==0) && (PI in [200:15000])"


@pytest.fixture
def sas(job, monkeypatch) -> SasRoot:
    """A stand-in for SAS in which evselect is ours, and the others write what is looked for."""
    made = make_sas(
        job / "sas",
        behaviours={
            "evselect": OWN_EVSELECT,
            "backscale": BACKSCALE,
            "rmfgen": "write(parameters['rmfset'])",
            "arfgen": "write(parameters['arfset'])",
            "specgroup": SPECGROUP,
            "cifbuild": "write(parameters['calindexset'])",
            "epiclccorr": EPICLCCORR,
            "eregionanalyse": EREGIONANALYSE,
        },
    )
    monkeypatch.setenv("SAS_DIR", str(made.root))
    monkeypatch.setenv("SAS_CCFPATH", str(made.ccf))
    monkeypatch.setenv("HOME", str(job / "home"))
    draw_nothing(monkeypatch)
    return made


@pytest.fixture
def index(job, monkeypatch) -> Path:
    """A calibration index, as a job has it that was given one."""
    path = job / "inputs" / "ccf.cif"
    path.write_bytes(b"")
    monkeypatch.setenv("SAS_CCF", "inputs/ccf.cif")
    return path


def test_the_chain_of_a_spectrum(sas, index, capfd) -> None:
    told = run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), mincounts=20)
    calls = [call for call in sas.calls() if call.task != "sasversion"]
    assert [call.task for call in calls] == [
        "evselect", "backscale", "evselect", "backscale", "rmfgen", "arfgen", "specgroup",
    ]  # fmt: skip
    source, scale, background, other_scale, rmf, arf, group = (call.argv for call in calls)
    shape = told["source"]["selection"]
    assert source == [
        "table=inputs/pn.fits", f"expression={CLEAN} && {shape}", "withspectrumset=yes", "spectrumset=source.fits",
        "energycolumn=PI", "spectralbinsize=5", "withspecranges=yes", "specchannelmin=0", "specchannelmax=20479",
    ]  # fmt: skip
    assert shape.startswith("((X,Y) IN CIRCLE(")
    assert background[3] == "spectrumset=background.fits"
    assert background[1] == f"expression={CLEAN} && {told['background']['selection']}"
    assert scale == ["spectrumset=source.fits", "badpixlocation=inputs/pn.fits"]
    assert other_scale == ["spectrumset=background.fits", "badpixlocation=inputs/pn.fits"]
    assert rmf == ["rmfset=source.rmf", "spectrumset=source.fits", "extendedsource=no", "detmaptype=psf"]
    assert arf == [
        "spectrumset=source.fits", "arfset=source.arf", "withrmfset=yes", "rmfset=source.rmf",
        "badpixlocation=inputs/pn.fits", "extendedsource=no", "detmaptype=psf", "setbackscale=no", "badpixmaptype=psf",
    ]  # fmt: skip
    assert group == [
        "spectrumset=source.fits", "groupedset=grouped.fits", "mincounts=20", "setbad=0-39,3000-4095",
        "backgndset=background.fits", "rmfset=source.rmf", "arfset=source.arf", "addfilenames=yes",
    ]  # fmt: skip
    assert {call.environment["SAS_CCF"] for call in calls} == {str(index)}
    assert told["responses"] == {"made": True, "rmf": "source.rmf", "arf": "source.arf"}
    assert told["source"]["backscal"] == 1136000.0
    header = fits.getheader("source.fits", "SPECTRUM")
    assert [header[key] for key in ("BACKFILE", "RESPFILE", "ANCRFILE")] == [
        "background.fits", "source.rmf", "source.arf",
    ]  # fmt: skip
    said = capfd.readouterr().out
    stages = [line.removeprefix("[STAGE] ") for line in said.splitlines() if line.startswith("[STAGE] Running")]
    assert stages == [
        "Running evselect for source.fits", "Running backscale on source.fits", "Running evselect for background.fits",
        "Running backscale on background.fits", "Running rmfgen", "Running arfgen", "Running specgroup",
    ]  # fmt: skip


def test_extended_sources_are_weighted_by_a_detector_map(sas, index) -> None:
    run("epic-spectrum", table="inputs/mos1.fits", source=circle(STEADY, 60), extended="yes", grouping="none")
    calls = [call for call in sas.calls() if call.task != "sasversion"]
    detector_map = next(call for call in calls if call.parameters.get("imageset") == "detmap.fits")
    assert detector_map.argv == [
        "table=inputs/mos1.fits", "expression=(PATTERN<=12) && (FLAG==0) && (PI in [200:12000])", "withimageset=yes",
        "imageset=detmap.fits", "xcolumn=DETX", "ycolumn=DETY", "imagebinning=binSize", "ximagebinsize=100",
        "yimagebinsize=100",
    ]  # fmt: skip
    (rmf,), (arf,) = sas.calls("rmfgen"), sas.calls("arfgen")
    for call in (rmf, arf):
        assert call.parameters["extendedsource"] == "yes"
        assert call.parameters["detmaptype"] == "dataset"
        assert call.parameters["detmaparray"] == "detmap.fits:"
    assert sas.calls("evselect")[0].parameters["specchannelmax"] == "11999"
    assert not sas.calls("specgroup")


def test_an_index_is_made_where_none_is_given(sas, monkeypatch) -> None:
    monkeypatch.setenv("SAS_CCF", "")
    run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), grouping="none")
    assert sas.calls("cifbuild")[0].argv == [
        "calindexset=ccf.cif", "withobservationdate=yes",
        f"observationdate={fits.getheader('inputs/pn.fits')['DATE-OBS']}", "analysisdate=now", "fullpath=yes",
    ]  # fmt: skip
    assert {call.environment["SAS_CCF"] for call in sas.calls("arfgen")} == {str(Path("ccf.cif").absolute())}


def test_the_chain_of_a_light_curve(sas, index) -> None:
    told = run("epic-lightcurve", table="inputs/pn.fits", source=circle(STEADY, 30), timebinsize=50)
    calls = [call for call in sas.calls() if call.task != "sasversion"]
    assert [call.task for call in calls] == ["evselect", "evselect", "epiclccorr"]
    source, background, corrected = calls
    for call, name, part in (
        (source, "source_rate.fits", "source"),
        (background, "background_rate.fits", "background"),
    ):
        assert call.parameters["rateset"] == name
        assert call.parameters["expression"].endswith(f"(PI in [300:10000]) && {told[part]['selection']}")
    for key in ("timemin", "timemax", "timebinsize"):
        assert source.parameters[key] == background.parameters[key]
    assert corrected.argv == [
        "srctslist=source_rate.fits", "eventlist=inputs/pn.fits", "outset=lightcurve.fits",
        "applyabsolutecorrections=yes", "withbkgset=yes", "bkgtslist=background_rate.fits",
    ]  # fmt: skip
    assert told["corrections"] == {"made_by": "epiclccorr", "absolute": True}


def test_the_chain_of_a_region(sas, index) -> None:
    told = run("epic-region", table="inputs/pn.fits", source="physical; circle(23750,30230,400)")
    (call,) = sas.calls("eregionanalyse")
    assert call.parameters["imageset"] == "image.fits"
    assert call.parameters["srcexp"] == "(X,Y) in CIRCLE(23750,30230,400)"
    assert float(call.parameters["backval"]) == pytest.approx(told["background_density"] * 400, rel=1e-4)
    assert (told["x"], told["y"], told["radius_pixels"]) == (23761.5, 30240.25, 655)
    assert told["made_by"] == "eregionanalyse"
    assert told["region"].startswith("CIRCLE 150.0")
    kept = run("epic-region", table="inputs/pn.fits", source="physical; circle(23750,30230,400)", optimise="no")
    assert (kept["x"], kept["radius_pixels"]) == (23761.5, 400)


def test_what_sas_says_of_a_failure_is_told(sas, index) -> None:
    sas.behave("arfgen", "error('badCcf', 'no PSF calibration'); sys.exit(1)")
    with pytest.raises(TaskError) as caught:
        run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), grouping="none")
    assert (caught.value.code, str(caught.value)) == ("badCcf", "arfgen: no PSF calibration")
    assert not Path("summary.json").exists()


def test_a_region_that_is_not_told_is_an_error(sas, index) -> None:
    sas.behave("eregionanalyse", "say('nothing found')")
    with pytest.raises(TaskError, match="without the line SASCIRCLE"):
        run("epic-region", table="inputs/pn.fits", source=circle(STEADY, 20))


def test_the_summary_is_json(sas, index) -> None:
    run("epic-lightcurve", table="inputs/pn.fits", source=circle(STEADY, 30), withbackground="no")
    assert "background" not in json.loads(Path("summary.json").read_text())
    assert sas.calls("epiclccorr")[0].argv[-1] == "applyabsolutecorrections=yes"
