"""Images of EPIC event lists in bands of energy: what they count, how they add up, and what SAS is asked for."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

from jobdefs import registry
from jobdefs.tasks.epic_image import task
from jobdefs.tasks.epic_image.grid import parse_bands
from jobdefs.tasks.parameters import parse_arguments
from jobdefs.tasks.reporting import TaskError
from obstap.demo import make_archive
from tests.sasroot import make_sas
from vo.errors import ParameterError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    return [written.path for written in make_archive(folder, observations=1)]


@pytest.fixture
def lists(archive, tmp_path, monkeypatch):
    """The event lists of pn and both MOS, as inputs of a job in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("SAS_DIR", raising=False)
    (tmp_path / "inputs").mkdir()
    for path in archive:
        (tmp_path / "inputs" / path.name).symlink_to(path)
    return sorted(f"inputs/{path.name}" for path in archive)


def run(*events, bands=(), **parameters):
    words = [*(f"events={name}" for name in events), *(f"bands={band}" for band in bands)]
    words += [f"{key}={value}" for key, value in parameters.items()]
    task.run(parse_arguments(registry.get("epic-image"), words))


def counted(path, low, high, pattern):
    """Good events of a band in a file."""
    events = fits.getdata(path, "EVENTS")
    good = (events["FLAG"] == 0) & (events["PATTERN"] <= pattern) & (events["PI"] >= low) & (events["PI"] < high)
    return events[good]


def test_one_list(lists):
    pn = next(name for name in lists if "PN" in name)
    run(pn, bands=["500:2000"])
    image = fits.getdata("image_00500_02000.fits")
    assert image.sum() == len(counted(pn, 500, 2000, 4))
    assert sorted(path.name for path in Path().iterdir()) == [
        "image_00500_02000.fits", "image_00500_02000.png", "inputs",
    ]  # fmt: skip
    done = subprocess.run(["fitsverify", "-q", "image_00500_02000.fits"], capture_output=True, text=True, check=False)
    assert "verification OK" in done.stdout


def test_the_lists_of_an_observation_are_added_where_they_are_on_the_sky(lists):
    run(*lists, binsize=8)
    header = fits.getheader("image_00200_01000.fits")
    image = fits.getdata("image_00200_01000.fits")
    assert image.shape == (255, 255)
    assert header["INSTRUME"] == "EPIC"
    assert not any(key.startswith(("DSTYP", "ONTIME")) for key in header)
    expected = np.zeros_like(image)
    for name in lists:
        events = counted(name, 200, 1000, 4 if "PN" in name else 12)
        table = fits.getheader(name, "EVENTS")
        x = (events["X"] - table["REFXCRPX"]) * table["REFXCDLT"] / header["CDELT1"] + header["CRPIX1"]
        y = (events["Y"] - table["REFYCRPX"]) * table["REFYCDLT"] / header["CDELT2"] + header["CRPIX2"]
        np.add.at(expected, (np.rint(y - 1).astype(int), np.rint(x - 1).astype(int)), 1)
    assert image.sum() == expected.sum()
    assert np.abs(image - expected).sum() < 0.02 * image.sum()
    exposures = [fits.getheader(name, "EVENTS")["EXPOSURE"] for name in lists if "EXPOSURE" in fits.getheader(name, 1)]
    assert header["EXPOSURE"] >= sum(exposures) * 0.9
    assert {path.name for path in Path().iterdir()} == {
        "inputs", "colours.png", *(f"image_{band}.{end}" for band in ("00200_01000", "01000_02000", "02000_12000")
        for end in ("fits", "png")),
    }  # fmt: skip
    done = subprocess.run(["fitsverify", "-q", "image_00200_01000.fits"], capture_output=True, text=True, check=False)
    assert "verification OK" in done.stdout


def test_a_region_is_cut_out(lists):
    run(lists[0], bands=["500:2000"], region="CIRCLE 150.12 2.24 0.02")
    header = fits.getheader("image_00500_02000.fits")
    assert (header["NAXIS1"], header["NAXIS2"]) == (36, 36)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)  # of RADECSYS
        centre = WCS(header).wcs_pix2world(17.5, 17.5, 0)
    assert (float(centre[0]), float(centre[1])) == pytest.approx((150.12, 2.24), abs=1e-4)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"bands": ["10"]}, "is no band"),
        ({"bands": ["1000:200"]}, "is no band"),
        ({"bands": ["200:1000", "200:1000"]}, "more than once"),
        ({"binsize": 4.03}, "multiple of 0.05 arcsec"),
        ({"binsize": 0.05}, "too many"),
        ({"region": "PHYSICAL CIRCLE 25000 25000 100"}, "on the sky"),
    ],
)
def test_refusals(lists, parameters, words):
    with pytest.raises(ParameterError, match=words):
        run(lists[0], **parameters)
    assert [path.name for path in Path().iterdir()] == ["inputs"]


def test_lists_of_other_places_are_not_added(lists):
    with fits.open(lists[0]) as file:
        file["EVENTS"].header["REFYCRVL"] += 60
        file.writeto("inputs/far.fits")
    with pytest.raises(TaskError, match=r"can't be added|lies 90 degrees"):
        run(lists[1], "inputs/far.fits")


def test_bands():
    assert [band.text for band in parse_bands(["200:1000", "2000:12000"])] == ["0.2–1 keV", "2–12 keV"]


def test_without_sas_there_are_no_exposure_maps(lists, capsys):
    Path("inputs/attitude.fits").touch()
    run(lists[0], bands=["500:2000"], attitude="inputs/attitude.fits", binsize=40)
    assert "warning (NoExposureMaps), exposure maps need XMM-Newton SAS" in capsys.readouterr().err


IMAGE = f"""
import os, subprocess
subprocess.run([{sys.executable!r}, "-m", "jobdefs.tasks.evselect", *sys.argv[1:]], check=True,
               env={{**os.environ, "PYTHONPATH": {str(ROOT)!r}, "SAS_DIR": ""}})
"""
EXPOSURE = """
import shutil
shutil.copy(parameters["imageset"], parameters["expimageset"])
"""


def test_with_sas_and_an_attitude_eexpmap_is_called_for_each_list_and_band(lists, tmp_path, monkeypatch):
    sas = make_sas(tmp_path.parent / f"{tmp_path.name}-sas", behaviours={"evselect": IMAGE, "eexpmap": EXPOSURE})
    monkeypatch.setenv("SAS_DIR", str(sas.root))
    monkeypatch.setenv("SAS_CCFPATH", str(sas.ccf))
    monkeypatch.setenv("SAS_CCF", str(tmp_path / "inputs/ccf.cif"))
    Path("inputs/attitude.fits").touch()
    run(*lists[:2], bands=["200:1000", "2000:12000"], attitude="inputs/attitude.fits", binsize=40)
    calls = [call for call in sas.calls() if call.task == "eexpmap"]
    assert len(calls) == 4
    given = calls[0].parameters
    assert (given["pimin"], given["pimax"], given["withvignetting"]) == ("200", "999", "yes")
    assert (given["eventset"], given["attitudeset"]) == (lists[0], "inputs/attitude.fits")
    image, exposure = (fits.getdata(f"{kind}_00200_01000.fits") for kind in ("image", "expmap"))
    np.testing.assert_array_equal(image, exposure)
    assert [path.name for path in Path().glob("part*")] == []
