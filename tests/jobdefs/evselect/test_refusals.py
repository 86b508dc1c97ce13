"""What can't be done is refused with SAS's code and a text that says what would be right; nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jobdefs.tasks.reporting import TaskError

ROOT = Path(__file__).resolve().parents[3]
SKY = {"imageset": "image.fits", "xcolumn": "X", "ycolumn": "Y", "imagebinning": "binSize", "ximagebinsize": 80,
       "yimagebinsize": 80}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "message", "parameters"),
    [
        ("DatasetError", "There is no file absent.fits.", {"table": "absent.fits"}),
        ("DatasetError", "There is no block 'NONE' in events.fits", {"table": "events.fits:NONE"}),
        ("DatasetError", "is an image; a binary table is needed", {"table": "events.fits:PRIMARY"}),
        ("DatasetError", "cut short: block EVENTS should end at byte", {"table": "short.fits"}),
        ("DatasetError", "short.fits is no FITS file|cut short", {"table": "short.fits", "filteredset": "list.fits"}),
        ("DatasetError", "There is no block 'ABSENT'", {**SKY, "blockstocopy": "ABSENT"}),
        ("DatasetError", "can't be written: No such file", {**SKY, "imageset": "nowhere/image.fits"}),
        ("NoColumn", "xcolumn=RAWZ: the table has the columns TIME, .*Did you mean RAW", {**SKY, "xcolumn": "RAWZ"}),
        ("NoColumn", "zcolumn=WEIGHT: the table has", {**SKY, "withzcolumn": "yes"}),
        ("ImgBinVal", "ximagebinsize=1.5 must be a whole number, because column X is", {**SKY, "ximagebinsize": 1.5}),
        ("ImgBinVal", "would have 51840 x 51840 pixels", {**SKY, "ximagebinsize": 1, "yimagebinsize": 1}),
        ("XRangeVal", "ximagemin=60000, ximagemax=70000 lie outside", {**SKY, "ximagemin": 60000, "ximagemax": 70000}),
        ("YRangeVal", "yimagemin=9 must be below yimagemax=5", {**SKY, "yimagemin": 9, "yimagemax": 5}),
        ("XRangeVal", "an image about X=.* lies outside the limits, 1 to 51840",
         {**SKY, "raimagecenter": 155, "decimagecenter": 2.5}),
        ("YRangeVal", "an image about Y=.* lies outside", {**SKY, "raimagecenter": 150.25, "decimagecenter": 10}),
        ("WcsTransform", "lies 90 degrees or more", {**SKY, "raimagecenter": 330, "decimagecenter": 2.5}),
        ("WcsTransform", "columns RAWX and RAWY have no sky coordinates",
         {"imageset": "image.fits", "raimagecenter": 150, "decimagecenter": 2}),
        ("ImageType", "imagedatatype=Int8 does not fit: a pixel holds 5000 counts",
         {**SKY, "ximagebinsize": 60000, "yimagebinsize": 60000, "imagedatatype": "Int8"}),
        ("ImageType", "sums of weights are not whole", {**SKY, "zcolumn": "PI", "imagedatatype": "Int32"}),
        ("BadSpecLimits", "specchannelmin=9 must be below specchannelmax=5",
         {"spectrumset": "s.fits", "specchannelmin": 9, "specchannelmax": 5}),
        ("TimeRangeVal", "timemin=9 must be below timemax=5", {"rateset": "r.fits", "timemin": 9, "timemax": 5}),
        ("RateBinVal", "timebinsize=1e-07 makes .* bins", {"rateset": "r.fits", "timebinsize": 1e-7}),
        ("HistoBinVal", "histogrambinsize=0.5 must be a whole number",
         {"histogramset": "h.fits", "histogramcolumn": "PI", "histogrambinsize": 0.5}),
        ("HistoRangeVal", "histogrammin=50000, histogrammax=60000 lie outside",
         {"histogramset": "h.fits", "histogramcolumn": "PI", "histogrammin": 50000, "histogrammax": 60000}),
        ("HistoRangeVal", "column TIME has no legal limits .* and no event is selected",
         {"histogramset": "h.fits", "expression": "PI<0"}),
        ("ColType", "flagbit=9 does not fit: column EVFLAG is made with 8 bits",
         {"filteredset": "list.fits", "flagcolumn": "EVFLAG", "flagbit": 9}),
        ("ColType", "flagcolumn=TIME is no plain integer column",
         {"filteredset": "list.fits", "flagcolumn": "TIME", "flagbit": 1}),
        ("DssException", "the CIRCLE at X=90000, Y=2000 lies outside the image: X has legal values 1 to 51840",
         {**SKY, "expression": "(X,Y) in CIRCLE(90000,2000,600)"}),
        ("DssException", "the POLYGON at X=60000, Y=60000 lies outside the image",
         {**SKY, "expression": "PATTERN<=4 && (X,Y) in POLYGON(60000,60000,70000,60000,70000,70000)"}),
        ("DssException", "the BOX at X=60000, Y=100 lies outside the image",
         {**SKY, "expression": "(X,Y) in BOX(60000,100,100,100,45)"}),
        ("SameDataset", "imageset=list.fits is the same file as filteredset", {**SKY, "imageset": "list.fits",
                                                                             "filteredset": "./list.fits"}),
        ("SameDataset", "filteredset=events.fits is the same file as table", {"filteredset": "events.fits"}),
        ("DssException", "block BADPIX04 has no data subspace",
         {"filtertype": "dataSubspace", "dssblock": "BADPIX04", "filteredset": "list.fits"}),
        ("DssException", "line 1, column 11", {**SKY, "expression": "PI>300 && PATTRN<=4"}),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("events")
def test_refusals(evselect, folder, code, message, parameters):
    (folder / "short.fits").write_bytes((folder / "events.fits").read_bytes()[:50_000])
    before = sorted(folder.iterdir())
    with pytest.raises(TaskError, match=message) as refusal:
        evselect(**parameters)
    assert refusal.value.code == code
    assert sorted(folder.iterdir()) == before


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jobdefs.tasks.evselect", *arguments],
        cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_run_as_its_users_see_it(events, folder):
    done = run(folder, "table=events.fits", "expression=(PATTERN<=4)", "imageset=image.fits", "xcolumn=X", "ycolumn=Y")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert lines[0].startswith("evselect:- Executing (routine): evselect table=events.fits expression='(PATTERN<=4)' ")
    assert lines[0].endswith(" -w 1 -V 4")
    assert lines[1].startswith("evselect:- evselect (evselect-3.71.1-compatible)  [athanor-0.1.0] started:  20")
    count = (events["PATTERN"] <= 4).sum()
    assert lines[2:7] == [
        "[STAGE] Reading the event list", "[STAGE] Selecting events", "[PROGRESS] 5000/5000",
        f"evselect:- selected {count} rows from the input table.", "[STAGE] Writing products",
    ]  # fmt: skip
    assert lines[7].startswith("evselect:- evselect (evselect-3.71.1-compatible)  [athanor-0.1.0] ended:    20")


def test_a_wrong_expression_as_its_users_see_it(events, folder):
    done = run(folder, "table=events.fits", "expression=PI>300 && PATTRN<=4", "imageset=image.fits")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[:2] == ["PI>300 && PATTRN<=4", "          ^^^^^^"]
    assert lines[2].startswith("** evselect: error (DssException), line 1, column 11: ")
    assert "Did you mean PATTERN?" in lines[2]


def test_a_truncated_list_as_its_users_see_it(events, folder):
    (folder / "short.fits").write_bytes((folder / "events.fits").read_bytes()[:50_000])
    done = run(folder, "table=short.fits", "imageset=image.fits")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "** evselect: error (DatasetError), short.fits is cut short: block EVENTS should end at"
    )
    assert sorted(path.name for path in folder.iterdir()) == ["events.fits", "short.fits"]


def test_files_that_exist_stay_when_that_is_wanted(events, folder):
    (folder / "image.fits").write_bytes(b"old")
    done = run(folder, "-c", "table=events.fits", "imageset=image.fits")
    assert done.returncode == 1
    assert "image.fits exists and may not be overwritten (noclobber)" in done.stderr
    assert (folder / "image.fits").read_bytes() == b"old"


def test_an_interrupted_run_leaves_nothing(events, folder):
    """SIGTERM while a list is written, as a job's abortion sends it."""
    script = (
        "import os, signal, runpy, sys\n"
        "from jobdefs.tasks.evselect import scan\n"
        "scan.Selected.rows = property(lambda self: os.kill(os.getpid(), signal.SIGTERM))\n"
        "sys.argv = ['evselect', 'table=events.fits', 'filteredset=list.fits']\n"
        "runpy.run_module('jobdefs.tasks.evselect', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    assert done.returncode == 128 + 15
    assert [path.name for path in folder.iterdir()] == ["events.fits"]


def test_the_task_starts_without_heavy_packages():
    script = (
        "import sys, jobdefs.tasks.evselect.task\n"
        "heavy = {'astropy', 'django', 'duckdb', 'pyarrow', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
