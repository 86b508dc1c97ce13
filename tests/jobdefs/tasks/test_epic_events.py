"""Good events of simulated lists."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from jobdefs.tasks.epic_events import run
from jobdefs.tasks.reporting import TaskError
from vo.errors import ParameterError

from .conftest import call
from .test_gtimerge import times


def all_events(path):
    return fits.getdata(path, "EVENTS")


def made():
    return fits.getdata("filtered.fits", "EVENTS")


@pytest.mark.parametrize(
    ("camera", "asked", "condition"),
    [
        ("EPN", {}, lambda e: (e["PATTERN"] <= 4) & (e["FLAG"] == 0) & (e["PI"] >= 200) & (e["PI"] <= 15000)),
        ("EMOS1", {}, lambda e: (e["PATTERN"] <= 12) & (e["FLAG"] == 0) & (e["PI"] >= 200) & (e["PI"] <= 12000)),
        ("EPN", {"flag": "any", "pattern": 0, "pimin": 500, "pimax": 2000},
         lambda e: (e["PATTERN"] == 0) & (e["PI"] >= 500) & (e["PI"] <= 2000)),
        ("EPN", {"flag": "standard"},
         lambda e: (e["PATTERN"] <= 4) & ((e["FLAG"] & 0xCFA0000) == 0) & (e["PI"] >= 200) & (e["PI"] <= 15000)),
        ("EMOS1", {"expression": "CCDNR==1", "timemin": 3e8 + 1000, "timemax": "2007-07-05T06:00:00"},
         lambda e: (e["PATTERN"] <= 12) & (e["FLAG"] == 0) & (e["PI"] >= 200) & (e["PI"] <= 12000)
         & (e["CCDNR"] == 1) & (e["TIME"] >= 3e8 + 1000) & (e["TIME"] <= 300002400)),
    ],
)  # fmt: skip
def test_conditions(folder, flares, camera, asked, condition):
    call("epic-events", run, table=flares[camera], **asked)
    before = all_events(flares[camera])
    expected = before["TIME"][condition(before)]
    assert len(expected) > 100
    assert np.array_equal(made()["TIME"], expected)
    assert (folder / "events.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_good_times(folder, fitsverify, flares):
    table = times("gti.fits", [[3e8 + 100, 3e8 + 500], [3e8 + 900, 3e8 + 1000]], MJDREF=50814.0)
    call("epic-events", run, table=flares["EMOS1"], gti=f"{table}:STDGTI", timemax=3e8 + 950)
    since = made()["TIME"] - 3e8
    assert len(since)
    fitsverify(folder / "filtered.fits")
    assert (((since >= 100) & (since <= 500)) | ((since >= 900) & (since <= 950))).all()


def test_a_region_of_the_sky(folder, flares):
    header = fits.getheader(flares["EPN"], "EVENTS")
    ra, dec = 150.1213, 2.2381
    call("epic-events", run, table=flares["EPN"], region=f"circle({ra},{dec},0.01)")
    plane = WCS(naxis=2)
    plane.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    plane.wcs.crpix = [header["REFXCRPX"], header["REFYCRPX"]]
    plane.wcs.crval = [header["REFXCRVL"], header["REFYCRVL"]]
    plane.wcs.cdelt = [header["REFXCDLT"], header["REFYCDLT"]]
    centre = SkyCoord(ra, dec, unit="deg")

    def away(events):
        sky = plane.pixel_to_world(events["X"].astype(float) - 1, events["Y"].astype(float) - 1)
        return SkyCoord(sky.ra, sky.dec).separation(centre).to_value(u.deg)

    before = all_events(flares["EPN"])
    good = (before["PATTERN"] <= 4) & (before["FLAG"] == 0) & (before["PI"] >= 200) & (before["PI"] <= 15000)
    distance = away(before[good])
    assert len(made()) > 500
    assert away(made()).max() < 0.01001
    assert (distance < 0.00999).sum() <= len(made()) <= (distance < 0.01001).sum()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"pimin": 5000, "pimax": 3000}, "pimax: 3000 eV must be above pimin, 5000 eV"),
        ({"timemin": 3e8 + 5, "timemax": 3e8}, "timemax: 300000000.0 must be after timemin"),
        ({"gti": "none.fits"}, "none.fits"),
        ({"expression": "PIE>3"}, "no column PIE"),
        ({"table": "none.fits"}, "no file none.fits"),
    ],
)
def test_what_can_not_be_done_is_told(folder, flares, asked, message):
    with pytest.raises((TaskError, ParameterError)) as caught:
        call("epic-events", run, **{"table": flares["EPN"]} | asked)
    assert message in str(caught.value)
    assert list(folder.iterdir()) == []


def test_events_without_a_place_have_no_picture(folder, flares, capfd):
    with fits.open(flares["EMOS1"]) as file:
        columns = [column for column in file["EVENTS"].columns if column.name not in {"X", "Y", "DETX", "DETY", "RAWY"}]
        table = fits.BinTableHDU.from_columns(columns, name="EVENTS")
        table.header.update({"INSTRUME": "EMOS1", "TELESCOP": "XMM"})
        fits.HDUList([fits.PrimaryHDU(), table]).writeto("timing.fits")
    call("epic-events", run, table="timing.fits", pimax=1000)
    assert made()["PI"].max() <= 1000
    assert not (folder / "events.png").exists()
    assert "epic-events: warning (NoPicture)" in capfd.readouterr().err
    with pytest.raises(TaskError, match="has no columns X and Y"):
        call("epic-events", run, table="timing.fits", region="circle(10,10,1)")


def test_no_event_at_all_leaves_an_empty_list_without_a_picture(folder, flares):
    call("epic-events", run, table=flares["EMOS1"], timemax=1000)
    assert len(made()) == 0
    assert [path.name for path in folder.iterdir()] == ["filtered.fits"]
