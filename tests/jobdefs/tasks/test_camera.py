"""The usual selections of the EPIC cameras."""

from __future__ import annotations

import pytest
from astropy.io import fits

from jobdefs.tasks.camera import CAMERAS, instrument_of, standard_selection
from jobdefs.tasks.reporting import TaskError
from jobdefs.tasks.selectlib import check_syntax
from vo.errors import ParameterError


def _list(path, instrument: str | None, *, primary: str | None = None) -> str:
    table = fits.BinTableHDU.from_columns([fits.Column("PI", "I", array=[1])], name="EVENTS")
    head = fits.PrimaryHDU()
    if instrument is not None:
        table.header["INSTRUME"] = instrument
    if primary is not None:
        head.header["INSTRUME"] = primary
    fits.HDUList([head, table]).writeto(path)
    return str(path)


@pytest.mark.parametrize(
    ("instrument", "asked", "expected"),
    [
        ("EPN", {}, "(PATTERN<=4) && (FLAG==0)"),
        ("EMOS1", {}, "(PATTERN<=12) && (FLAG==0)"),
        ("EPN", {"flag": "standard"}, "(PATTERN<=4) && #XMMEA_EP"),
        ("EMOS2", {"flag": "standard", "pattern": 0}, "(PATTERN<=0) && #XMMEA_EM"),
        ("EMOS2", {"flag": "any"}, "(PATTERN<=12)"),
        ("EPN", {"pimin": 200, "pimax": 8000.0}, "(PATTERN<=4) && (FLAG==0) && (PI in [200:8000])"),
        ("EPN", {"pimin": 200}, "(PATTERN<=4) && (FLAG==0) && (PI in [200:])"),
        ("EPN", {"pimax": 200}, "(PATTERN<=4) && (FLAG==0) && (PI in [:200])"),
    ],
)
def test_selection(instrument, asked, expected):
    assert standard_selection(instrument, **asked) == expected
    check_syntax(expected)


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_flare_selections_are_of_the_language(camera):
    check_syntax(camera.flare_selection)


@pytest.mark.parametrize(("asked", "parameter"), [({"flag": "7"}, "flag"), ({"pimin": 500, "pimax": 500}, "pimax")])
def test_nonsense_is_refused(asked, parameter):
    with pytest.raises(ParameterError) as caught:
        standard_selection("EPN", **asked)
    assert caught.value.parameter == parameter


def test_the_instrument_is_read_from_the_table_or_the_primary_header(tmp_path):
    assert instrument_of(_list(tmp_path / "one.fits", "EPN")) == "EPN"
    assert instrument_of(_list(tmp_path / "two.fits", "EMOS1", primary="EPN") + ":EVENTS") == "EMOS1"
    assert instrument_of(_list(tmp_path / "three.fits", None, primary="EMOS2")) == "EMOS2"


def test_other_instruments_are_refused_by_name(tmp_path):
    with pytest.raises(TaskError, match=r"from the instrument ACIS; an event list of EPN, EMOS1, EMOS2 is needed"):
        instrument_of(_list(tmp_path / "one.fits", "ACIS"))
    with pytest.raises(TaskError, match="does not name its instrument"):
        instrument_of(_list(tmp_path / "two.fits", None))
    with pytest.raises(TaskError, match=r"no file .*missing\.fits"):
        instrument_of(str(tmp_path / "missing.fits"))
    with pytest.raises(TaskError, match="no block 'NOPE'"):
        instrument_of(_list(tmp_path / "three.fits", "EPN") + ":NOPE")
