"""What specgroup reads, writes and refuses."""

from __future__ import annotations

import hashlib
import itertools
import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from jobdefs.tasks.reporting import TaskError
from jobdefs.tasks.specgroup.task import run
from vo.errors import AthanorError

from ..conftest import call
from .spectra import flags, response, signs, spectrum

FLAT = [5] * 10


def test_all_else_is_copied(folder, fitsverify):
    name = spectrum(folder / "src.ds", FLAT)
    call("specgroup", run, spectrumset=name, mincounts=10)
    fitsverify(folder / "SpecGrp.ds")
    with fits.open(name) as before, fits.open("SpecGrp.ds", checksum=True) as after:
        assert [hdu.name for hdu in after] == [hdu.name for hdu in before]
        assert after["SPECTRUM"].columns.names == ["CHANNEL", "COUNTS", "GROUPING", "QUALITY"]
        assert after["SPECTRUM"].data["COUNTS"].tolist() == FLAT
        kept = {key for key in before["SPECTRUM"].header if key not in {"QUALITY", "GROUPING", "NAXIS1", "TFIELDS"}}
        assert all(after["SPECTRUM"].header[key] == before["SPECTRUM"].header[key] for key in kept)
        assert not {"QUALITY", "GROUPING"} & set(after["SPECTRUM"].header)
        assert after[0].header["CREATOR"].startswith("specgroup (")
        assert "Created by specgroup" in str(after[0].header["HISTORY"])
    assert Table.read("SpecGrp.ds", hdu="SPECTRUM").colnames == ["CHANNEL", "COUNTS", "GROUPING", "QUALITY"]


def test_equal_inputs_give_equal_bytes(folder):
    name, digests = spectrum(folder / "src.ds", FLAT), set()
    for _ in range(2):
        call("specgroup", run, spectrumset=name, mincounts=10)
        digests.add(hashlib.sha256((folder / "SpecGrp.ds").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_names_of_files_are_written_unless_not_wanted(folder):
    (folder / "inputs").mkdir()
    name = spectrum(folder / "src.ds", FLAT)
    spectrum(folder / "inputs" / "bkg.ds", FLAT)
    files = {"backgndset": "inputs/bkg.ds", "rmfset": "inputs/m.rmf", "arfset": "inputs/a.arf"}
    call("specgroup", run, spectrumset=name, mincounts=10, **files)
    header = fits.getheader("SpecGrp.ds", "SPECTRUM")
    assert [header[key] for key in ("BACKFILE", "RESPFILE", "ANCRFILE")] == ["bkg.ds", "m.rmf", "a.arf"]
    call("specgroup", run, spectrumset=name, mincounts=10, addfilenames="no", **files)
    header = fits.getheader("SpecGrp.ds", "SPECTRUM")
    assert [header[key] for key in ("BACKFILE", "RESPFILE", "ANCRFILE")] == ["none"] * 3


def test_a_spectrum_may_be_overwritten(folder, fitsverify):
    name = spectrum(folder / "src.ds", FLAT)
    call("specgroup", run, spectrumset=name, mincounts=10, overwrite="yes")
    assert signs(name) == "+-+-+-+-+-"
    assert [path.name for path in folder.iterdir()] == ["src.ds"]
    fitsverify(folder / "src.ds")
    call("specgroup", run, spectrumset=name, mincounts=25, overwrite="yes")
    assert signs(name) == "+----+----"


def test_groups_of_an_earlier_grouping_are_made_anew(folder):
    spectrum(folder / "src.ds", FLAT)
    call("specgroup", run, spectrumset="src.ds", mincounts=10, groupedset="one.ds")
    call("specgroup", run, spectrumset="one.ds", mincounts=25, groupedset="two.ds")
    assert signs("two.ds") == "+----+----"
    assert fits.getdata("two.ds", "SPECTRUM").columns.names == ["CHANNEL", "COUNTS", "GROUPING", "QUALITY"]


WRONG = [
    ({"mincounts": 10, "minSN": 3}, "ratioabovebgnd may be given, not mincounts and minSN"),
    ({"ratioabovebgnd": 3}, "ratioabovebgnd needs the spectrum of the background"),
    ({"oversample": 3}, "oversample needs the redistribution matrix, rmfset"),
    ({"ranges": "0.2-0.5", "units": "KEV"}, "ranges in keV need the redistribution matrix"),
    ({"ranges": "0.2-0.5"}, "must be whole channels; energies need units=KEV"),
    ({"ranges": "1-3,2-5"}, "two ranges have channels in common"),
    ({"ranges": "1-"}, "'1-' is no range"),
    ({"ranges": "5-2"}, "5-2 ends before it begins"),
    ({"ranges": "50-60"}, "no channel lies in 50:60; the spectrum has 0 to 9"),
    ({"setbad": "x"}, "setbad: 'x' is no range"),
    ({"setbad": "CCF"}, "setbad=CCF reads the calibration files of XMM-Newton"),
    ({"regbinstart": 3}, "regbinwid: it is missing"),
    ({"regbinstart": 30, "regbinwid": 2}, "regbinstart: 30 must not be above regbinend, 10"),
    ({"grouptemplate": "src.ds", "mincounts": 3}, "groups of grouptemplate are copied; mincounts can't"),
    ({"grouptemplate": "longer.ds"}, "longer.ds has the channels 0 to 11, the spectrum 0 to 9"),
    ({"minSN": 3, "backgndset": "longer.ds"}, "longer.ds has the channels 0 to 11"),
    ({"minSN": 3, "backgndset": "noscale.ds"}, "must be above 0"),
    ({"rmfset": "short.rmf", "units": "KEV", "ranges": "0.1-0.2"}, "the matrix belongs to another binning"),
    ({"rmfset": "src.ds", "units": "KEV", "ranges": "0.1-0.2"}, "src.ds is no redistribution matrix"),
    ({"rmfset": "bare.rmf", "oversample": 3}, "The matrix of bare.rmf can't be read: there is no extension MATRIX"),
    ({"spectrumset": "none.ds"}, "no file none.ds"),
    ({"spectrumset": "short.rmf"}, "short.rmf holds no SPECTRUM; its blocks are"),
    ({"groupedset": "src.ds"}, "groupedset=src.ds is the spectrum itself"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_what_can_not_be_done_is_told_and_leaves_nothing(folder, options, message):
    spectrum(folder / "src.ds", FLAT)
    spectrum(folder / "longer.ds", [1] * 12)
    spectrum(folder / "noscale.ds", FLAT, BACKSCAL=0.0)
    response(folder / "short.rmf", channels=5)
    with fits.open(response(folder / "bare.rmf", channels=10)) as file:
        fits.HDUList([file[0], file["EBOUNDS"]]).writeto("bare.rmf", overwrite=True)
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(AthanorError) as caught:
        call("specgroup", run, **{"spectrumset": "src.ds"} | options)
    assert message in str(caught.value)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_several_spectra_in_one_table_are_refused(folder):
    columns = [fits.Column("CHANNEL", "5I", array=np.ones((2, 5))), fits.Column("COUNTS", "5J", array=np.ones((2, 5)))]
    table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    fits.HDUList([fits.PrimaryHDU(), table]).writeto("many.ds")
    with pytest.raises(TaskError, match="holds several spectra"):
        call("specgroup", run, spectrumset="many.ds", mincounts=3)


def test_a_real_spectrum(folder, real, fitsverify):
    path = real("pn_pi_src_bin10.ds")
    call("specgroup", run, spectrumset=path, mincounts=25, setbad="0-39,2400-4095", arfset=real("pn_pi_src.arf"))
    fitsverify(folder / "SpecGrp.ds")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = fits.getdata(path, "SPECTRUM"), fits.getdata("SpecGrp.ds", "SPECTRUM")
    assert after.columns.names == before.columns.names
    assert np.array_equal(after["COUNTS"], before["COUNTS"])
    quality = np.array([int(flag) for flag in flags("SpecGrp.ds")])
    assert (quality[:40] == 5).all()
    assert (quality[2400:] == 5).all()
    assert not quality[40:2400].any()
    begins = np.flatnonzero(after["GROUPING"] == 1)
    sums = np.add.reduceat(np.where(quality == 0, before["COUNTS"], 0), begins)
    assert begins[0] == 40
    assert (sums >= 25).all()
    assert sums.sum() == before["COUNTS"][40:2400].sum()
    for low, high in itertools.pairwise(begins):
        assert before["COUNTS"][low : high - 1].sum() < 25 or high == begins[-1]
    assert fits.getheader("SpecGrp.ds", "SPECTRUM")["ANCRFILE"] == "pn_pi_src.arf"


def test_a_spectrum_with_errors_and_areas_in_columns(folder, real):
    path = real("P0112880201R1S004SRSPEC1003.FTZ")
    call("specgroup", run, spectrumset=path, minSN=3)
    rows = fits.getdata("SpecGrp.ds", "SPECTRUM")
    begins = np.flatnonzero(rows["GROUPING"] == 1)
    good = ~np.isin(rows["QUALITY"], (1, 5))
    sums = np.add.reduceat(np.where(good, rows["COUNTS"], 0.0), begins)
    noise = np.sqrt(np.add.reduceat(np.where(good, rows["STAT_ERR"] ** 2.0, 0.0), begins))
    assert len(begins) > 5
    assert np.mean(sums[noise > 0] / noise[noise > 0] >= 3) > 0.75  # the rest are ends of runs between bad channels
