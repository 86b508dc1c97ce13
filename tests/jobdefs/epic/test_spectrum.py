"""epic-spectrum on simulated lists: rates that are known, areas, groups, what is told and what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobdefs.tasks.reporting import TaskError
from obstap.demo.cameras import CAMERAS
from vo.errors import ParameterError, ParameterErrors

from .sky import DEC, DURATION, EMPTY, PULSING, RA, STEADY, circle, run, true_rate

ALL = {"flag": "any", "pattern": 31, "pimin": 500, "pimax": 8000}
"""Every event of a band: what the simulation makes of patterns and flags does not matter then."""

PRODUCTS = ("source.fits", "background.fits", "grouped.fits", "regions.reg", "summary.json", "spectrum.png")


@pytest.mark.parametrize(("name", "instrument"), [("pn", "EPN"), ("mos1", "EMOS1")])
@pytest.mark.parametrize("source", [STEADY, PULSING], ids=lambda source: source.name)
def test_the_rates_of_sources_are_found(folder, name, instrument, source) -> None:
    told = run("epic-spectrum", table=f"inputs/{name}.fits", source=circle(source, 30), grouping="none", **ALL)
    expected = true_rate(source, CAMERAS[instrument], arcsec=30, pimin=500, pimax=8000)
    assert told["net"]["rate"] == pytest.approx(expected, rel=0.05)
    assert told["net"]["rate_error"] < 0.02 * expected
    assert told["source"]["exposure"] == pytest.approx(DURATION * CAMERAS[instrument].live_fraction, rel=0.005)


def test_spectra_are_written_for_those_who_fit_them(folder) -> None:
    told = run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30))
    with (
        fits.open("source.fits") as source,
        fits.open("background.fits") as background,
        fits.open("grouped.fits") as file,
    ):
        header = source["SPECTRUM"].header
        assert (header["DETCHANS"], header["SPECDELT"], header["CHANTYPE"]) == (4096, 5, "PI")
        assert (
            header["BACKSCAL"] == told["source"]["backscal"] == pytest.approx(np.pi * 600**2, rel=0.06)
        )  # a bad pixel is near
        assert header["BACKFILE"] == file["SPECTRUM"].header["BACKFILE"] == "background.fits"
        assert header["RESPFILE"] == header["ANCRFILE"] == "none"
        assert background["SPECTRUM"].header["BACKSCAL"] == told["background"]["backscal"]
        counts = source["SPECTRUM"].data["COUNTS"]
        assert counts.sum() == told["source"]["counts"]
        grouping, quality = (file["SPECTRUM"].data[name] for name in ("GROUPING", "QUALITY"))
        starts = np.flatnonzero((grouping != -1) & (quality == 0))
        assert np.add.reduceat(counts * (quality == 0), starts)[:-1].min() >= 25
        # Channels in which the selected energies, 200 to 15000 eV, leave no events are bad.
        assert np.flatnonzero(quality == 0)[[0, -1]].tolist() == [40, 2999]
        assert any("BACKSCAL set by epic-spectrum" in line for line in source[0].header["HISTORY"])
    assert Path("regions.reg").read_text().splitlines() == [
        "# Region file format: DS9 version 4.1",
        f"icrs;circle({STEADY.ra},{STEADY.dec},0.0083333333)",
        f"icrs;annulus({STEADY.ra},{STEADY.dec},0.0166666666,0.0333333332) # background",
    ]
    assert Path("spectrum.png").read_bytes().startswith(b"\x89PNG")


def test_without_sas_it_is_said_that_there_are_no_responses(job, capfd) -> None:
    told = run("epic-spectrum", table="inputs/mos1.fits", source=circle(STEADY, 30), grouping="none")
    assert told["responses"]["made"] is False
    assert "need XMM-Newton SAS and its calibration files" in told["responses"]["why"]
    said = capfd.readouterr().out
    assert told["responses"]["why"] in said
    assert not list(job.glob("*.rmf")) + list(job.glob("*.arf")) + list(job.glob("grouped.fits"))
    stages = [line.removeprefix("[STAGE] ") for line in said.splitlines() if line.startswith("[STAGE] ")]
    own = [stage for stage in stages if stage not in {"Reading the event list", "Selecting events", "Writing products"}]
    assert own == [
        "Processing event list mos1.fits",
        "Loading the source region",
        "Loading the background region",
        "Running evselect for source.fits",
        "Running evselect for background.fits",
        "Drawing the preview",
    ]
    with fits.open("source.fits") as file:
        assert file["SPECTRUM"].header["DETCHANS"] == 2400


def test_regions_may_be_given_in_sky_pixels(folder) -> None:
    there = run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), grouping="none")
    condition = there["source"]["selection"].removeprefix("((X,Y) IN ").removesuffix(")")
    again = run("epic-spectrum", table="inputs/pn.fits", source=condition.title(), grouping="none")
    assert again["source"]["region"].startswith("PHYSICAL CIRCLE ")
    for part in ("source", "background"):
        assert again[part]["counts"] == there[part]["counts"]
        assert again[part]["area"] == there[part]["area"]


def test_what_is_excluded_counts_neither_events_nor_area(folder) -> None:
    chosen = f'annulus({STEADY.ra},{STEADY.dec},60",180")'
    whole = run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), background=chosen)
    hole = f'circle({STEADY.ra},{STEADY.dec + 0.033},20")'
    less = run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), background=chosen, exclude=hole)
    assert whole["background"]["area"] - less["background"]["area"] == pytest.approx(np.pi * 400**2, rel=0.05)
    assert less["background"]["counts"] < whole["background"]["counts"]
    assert less["background"]["selection"].count("!((X,Y) IN CIRCLE(") == 1


def test_a_further_condition_holds_too(folder) -> None:
    everything = run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), grouping="none")
    half = run(
        "epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), expression="CCDNR in [4:5] || CCDNR == 1",
        grouping="none", withbackground="no",
    )  # fmt: skip
    assert half["events"].startswith("(CCDNR in [4:5] || CCDNR == 1) && (PATTERN<=4)")
    assert half["source"]["counts"] == everything["source"]["counts"]  # the source is on chip 5
    assert "background" not in half
    assert "net" not in half


def test_groups_of_equal_signal_to_noise(folder) -> None:
    run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), minSN=10)
    with fits.open("grouped.fits") as file:
        assert 5 < (file["SPECTRUM"].data["GROUPING"] == 1).sum() < 200


def test_equal_inputs_give_equal_bytes(job) -> None:
    made = []
    for _ in range(2):
        run("epic-spectrum", table="inputs/pn.fits", source=circle(PULSING, 30))
        made.append({name: Path(name).read_bytes() for name in PRODUCTS})
        for name in PRODUCTS:
            Path(name).unlink()
    assert made[0] == made[1]
    assert str(job).encode() not in b"".join(made[0].values())


def test_fitsverify_finds_no_error(folder) -> None:
    if shutil.which("fitsverify") is None:
        pytest.skip("fitsverify is not installed (Debian package fitsverify).")
    run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30))
    for name in ("source.fits", "background.fits", "grouped.fits"):
        told = subprocess.run(["fitsverify", "-q", name], capture_output=True, text=True, timeout=60, check=False)
        assert "OK" in told.stdout or " and 0 errors" in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("parameters", "code", "said"),
    [
        ({"source": "CIRCLE 200 2 0.01"}, "RegionOutside", "source lies outside the field of inputs/pn.fits"),
        ({"source": f"CIRCLE {RA + 0.4} {DEC} 0.01"}, "RegionOutside", "source"),
        ({"background": "CIRCLE 200 2 0.01"}, "RegionOutside", "background lies outside"),
        ({"exclude": "CIRCLE 150 2 0.1; NOT CIRCLE 150 2 0.01"}, "ExcludedRegion", "without NOT"),
        ({"innerfactor": 3, "outerfactor": 3}, "BadRadius", "outerfactor=3 must be larger than innerfactor=3"),
        ({"sourceset": "a.fits", "backgroundset": "a.fits"}, "SameDataset", "a.fits is the name of two products"),
        ({"withbackground": "no", "grouping": "minSN"}, "NoBackground", "needs a background"),
        ({"pimin": 501, "pimax": 503}, "NoChannels", "no channel of 5 eV lies within the energies"),
        ({"table": "source.py"}, "DatasetError", "source.py"),
    ],
)
def test_what_cannot_be_done_is_told(folder, parameters, code, said) -> None:
    (folder / "source.py").write_text("no FITS file")
    given = {"table": "inputs/pn.fits", "source": circle(STEADY, 30), **parameters}
    with pytest.raises(TaskError) as caught:
        run("epic-spectrum", **given)
    assert caught.value.code == code
    assert said in str(caught.value)


def test_wrong_parameters_are_told_by_name(folder) -> None:
    with pytest.raises(ParameterErrors, match=r"source: .*circel is not known"):
        run("epic-spectrum", table="inputs/pn.fits", source="circel(1,2,3)")
    with pytest.raises(ParameterErrors, match="source: It is missing"):
        run("epic-spectrum", table="inputs/pn.fits")
    with pytest.raises(ParameterError, match="must be above pimin"):
        run("epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), pimin=500, pimax=400)


def test_a_region_without_events_has_a_spectrum_of_zeros(folder) -> None:
    told = run(
        "epic-spectrum", table="inputs/pn.fits", source=f"CIRCLE {EMPTY[0]} {EMPTY[1]} 0.001", pimin=14990, pimax=15000,
        grouping="none",
    )  # fmt: skip
    assert told["source"]["counts"] == 0
    assert json.loads(Path("summary.json").read_text()) == told


def test_a_background_that_holds_the_source_is_remarked_on(folder, capfd) -> None:
    run(
        "epic-spectrum", table="inputs/pn.fits", source=circle(STEADY, 30), background=circle(STEADY, 90),
        grouping="none",
    )  # fmt: skip
    assert "warning (RegionOverlap), the background region holds a part of the source region." in capfd.readouterr().err
