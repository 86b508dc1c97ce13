"""Flares are cut out of simulated event lists."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobdefs import registry
from jobdefs.activation import active_outputs
from jobdefs.tasks.epic_flare_filter.task import run
from jobdefs.tasks.reporting import TaskError
from tests.sasroot import make_sas

from .conftest import call

WIDTH = 100.0
GOOD = {"EPN": 4, "EMOS1": 12}
FILTERS = {"EPN": 0xCFA0000, "EMOS1": 0x766BA000}


def rates(path: Path, camera: str) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the bins, and rates of the background above 10 keV, counted plainly."""
    with fits.open(path) as file:
        events = file["EVENTS"].data
        start = min(hdu.data["START"].min() for hdu in file if hdu.name.startswith("STDGTI"))
        stop = max(hdu.data["STOP"].max() for hdu in file if hdu.name.startswith("STDGTI"))
        hard = (events["PATTERN"] == 0) & (events["PI"] >= (10000 if camera == "EPN" else 10001))
        hard &= (events["PI"] <= (12000 if camera == "EPN" else 32767)) & ((events["FLAG"] & FILTERS[camera]) == 0)
        edges = start + WIDTH * np.arange(np.ceil((stop - start) / WIDTH) + 1)
        return edges, np.histogram(events["TIME"][hard], edges)[0] / WIDTH


def kept_bins(edges: np.ndarray) -> np.ndarray:
    """Which bins lie in the good times that were found."""
    gti = fits.getdata("gti.fits", "STDGTI")
    middles = edges[:-1] + WIDTH / 2
    return ((middles[:, None] > gti["START"]) & (middles[:, None] < gti["STOP"])).any(axis=1)


def in_bins(times: np.ndarray, edges: np.ndarray, kept: np.ndarray) -> np.ndarray:
    place = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, len(kept) - 1)
    return kept[place]


@pytest.mark.parametrize(
    ("camera", "asked", "level"),
    [("EPN", {}, 0.4), ("EMOS1", {}, 0.35), ("EMOS1", {"method": "sigma"}, None)],
)
def test_the_flare_is_cut_and_nothing_else(folder, flares, camera, asked, level):
    call("epic-flare-filter", run, table=flares[camera], **asked)
    edges, rate = rates(flares[camera], camera)
    summary = json.loads((folder / "summary.json").read_text())
    level = summary["threshold"] if level is None else level
    kept = kept_bins(edges)
    assert np.allclose(fits.getdata("rate.fits", "RATE")["RATE"], rate)
    assert rate[kept].max() <= level
    assert (rate[~kept] > level).all()
    assert not kept[rate.argmax()]

    before, after = fits.getdata(flares[camera], "EVENTS"), fits.getdata("clean.fits", "EVENTS")
    good = (before["PATTERN"] <= GOOD[camera]) & (before["FLAG"] == 0) & in_bins(before["TIME"], edges, kept)
    assert np.array_equal(after["TIME"], before["TIME"][good])
    assert summary["threshold"] == level
    assert summary["events_before"] == len(before)
    assert summary["events_after"] == len(after)
    assert summary["share_kept"] == pytest.approx(kept.mean(), abs=0.01)
    assert fits.getheader("clean.fits", "EVENTS")["ONTIME"] == pytest.approx(summary["good_time_kept"], rel=0.02)


def test_clipping_finds_the_quiet_rate(folder, flares):
    call("epic-flare-filter", run, table=flares["EPN"], method="sigma")
    edges, rate = rates(flares["EPN"], "EPN")
    summary = json.loads((folder / "summary.json").read_text())
    quiet = rate[: len(rate) // 2]  # the flare comes in the last third
    assert summary["quiet_rate"] == pytest.approx(np.median(quiet), abs=0.02)
    assert summary["quiet_sigma"] == pytest.approx(quiet.std(), rel=0.5)
    assert kept_bins(edges)[: len(rate) // 2].mean() > 0.97
    assert summary["share_kept"] < 0.9


def test_the_rate_alone_tells_what_the_threshold_would_cut(folder, flares):
    call("epic-flare-filter", run, table=flares["EPN"], rateonly="yes", mingtisize=300)
    assert sorted(path.name for path in folder.iterdir()) == ["rate.fits", "rate.png", "summary.json"]
    alone = json.loads((folder / "summary.json").read_text())
    call("epic-flare-filter", run, table=flares["EPN"], mingtisize=300)
    whole = json.loads((folder / "summary.json").read_text())
    assert alone == {key: value for key, value in whole.items() if key in alone}
    assert (folder / "rate.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_products_are_proper_and_equal_inputs_give_equal_bytes(folder, fitsverify, flares):
    digests = set()
    for _ in range(2):
        call("epic-flare-filter", run, table=flares["EMOS1"])
        digests.add(tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())))
    assert len(digests) == 1
    fitsverify(folder / "rate.fits", folder / "gti.fits", folder / "clean.fits")


def test_other_events_may_be_counted_and_kept(folder, flares):
    call("epic-flare-filter", run, table=flares["EPN"], ratepimin=2000, ratepimax=8000, threshold=1.5,
         expression="PI<5000", timebinsize=50)  # fmt: skip
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["rate_selection"] == "#XMMEA_EP && (PATTERN==0) && (PI in [2000:8000])"
    assert summary["selection"] == "(PI<5000)"
    assert fits.getheader("rate.fits", "RATE")["TIMEDEL"] == 50
    events = fits.getdata("clean.fits", "EVENTS")
    assert events["PI"].max() < 5000
    assert events["PATTERN"].max() > 4
    call("epic-flare-filter", run, table=flares["EPN"], ratepimax=8000, rateexpression="PATTERN<=4", rateonly="yes")
    selection = json.loads((folder / "summary.json").read_text())["rate_selection"]
    assert selection == "(PATTERN<=4) && (PI in [:8000])"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"threshold": 0}, "no time is left below 0 count/s; the lowest rate is"),
        ({"ratepimin": 5000, "ratepimax": 5000}, "ratepimax=5000 eV must be above ratepimin=5000 eV"),
        ({"rateexpression": "PIE>3"}, "no column PIE. Did you mean PI"),
        ({"timebinsize": 10000, "method": "sigma"}, "2 bins tell a rate; 5 are needed"),
        ({"table": "none.fits"}, "no file none.fits"),
    ],
)
def test_what_can_not_be_done_is_told(folder, flares, asked, message):
    with pytest.raises(TaskError, match=message):
        call("epic-flare-filter", run, **{"table": flares["EPN"]} | asked)
    assert not (folder / "clean.fits").exists()


def test_lists_of_other_instruments_are_refused(folder):
    table = fits.BinTableHDU.from_columns([fits.Column("TIME", "D", array=[1.0])], name="EVENTS")
    table.header["INSTRUME"] = "RGS1"
    fits.HDUList([fits.PrimaryHDU(), table]).writeto("rgs.fits")
    with pytest.raises(TaskError, match="from the instrument RGS1"):
        call("epic-flare-filter", run, table="rgs.fits")


def test_results_are_promised_as_asked_for():
    definition = registry.get("epic-flare-filter")
    assert set(active_outputs(definition, {})) == {"rate", "rate-preview", "summary", "gti", "filtered"}
    assert set(active_outputs(definition, {"rateonly": ["yes"]})) == {"rate", "rate-preview", "summary"}


def test_tasks_of_sas_are_run_where_there_is_sas(folder, flares, monkeypatch):
    made = {
        "evselect": """
import shutil
if parameters.get("withrateset") == "yes":
    write_table(parameters["rateset"], "RATE", TIME=[3e8 + 50, 3e8 + 150, 3e8 + 250], RATE=[0.1, 0.9, 0.2])
else:
    write_table(parameters["filteredset"], "EVENTS", TIME=[50.0])
""",
        "tabgtigen": """
write_table(parameters["gtiset"], "STDGTI", START=[3e8, 3e8 + 200], STOP=[3e8 + 100, 3e8 + 300])
""",
    }
    sas = make_sas(folder / "sas", behaviours=made)
    monkeypatch.setenv("SAS_DIR", str(sas.root))
    monkeypatch.setenv("SAS_CCFPATH", str(sas.ccf))
    call("epic-flare-filter", run, table=flares["EMOS1"], threshold=0.5, pattern=0)
    rate, times, clean = sas.calls()
    assert [item.task for item in (rate, times, clean)] == ["evselect", "tabgtigen", "evselect"]
    assert rate.parameters["expression"] == "#XMMEA_EM && (PI>10000) && (PATTERN==0)"
    assert (rate.parameters["makeratecolumn"], rate.parameters["timebinsize"]) == ("yes", "100")
    assert (times.parameters["table"], times.parameters["expression"]) == ("rate.fits:RATE", "RATE<=0.5")
    assert clean.parameters["expression"] == "(PATTERN<=0) && (FLAG==0) && gti(gti.fits,TIME)"
    assert json.loads((folder / "summary.json").read_text())["events_after"] == 1
