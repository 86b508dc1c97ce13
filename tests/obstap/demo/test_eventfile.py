"""The layout of simulated event lists is that of the pipeline's, and their columns agree with each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from obstap.demo.cameras import CAMERAS
from obstap.demo.eventfile import write
from obstap.demo.exposure import simulate
from obstap.demo.sky import OBSERVATIONS
from obstap.ingest.dl3_index import Dl3Indices
from obstap.ingest.fitsfile import read_headers
from obstap.ingest.recognise import recognise
from vo import regions

START = 250_000_000.0
EQUINOX, PULSAR, POLE, GAP = (OBSERVATIONS[number] for number in (1, 4, 6, 8))


def made(folder: Path, observation, instrument: str) -> Path:
    return write(simulate(observation, instrument, start=START, seed=7), folder)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each camera, of the field at right ascension 0."""
    folder = tmp_path_factory.mktemp("sim")
    return {instrument: made(folder, EQUINOX, instrument) for instrument in CAMERAS}


def test_names_are_those_of_the_pipeline(files: dict[str, Path]) -> None:
    assert [path.name for path in files.values()] == [
        "P0999000201PNS003PIEVLI0000.FIT",
        "P0999000201M1S001MIEVLI0000.FIT",
        "P0999000201M2S002MIEVLI0000.FIT",
    ]


@pytest.mark.parametrize(("instrument", "chips"), [("EPN", 12), ("EMOS1", 7), ("EMOS2", 7)])
def test_extensions(files: dict[str, Path], instrument: str, chips: int) -> None:
    with fits.open(files[instrument]) as hdus:
        hdus.verify("exception")
        numbers = range(1, chips + 1)
        assert [hdu.name for hdu in hdus] == [
            "PRIMARY",
            "EVENTS",
            *(f"EXPOSU{number:02d}" for number in numbers),
            *(f"BADPIX{number:02d}" for number in numbers),
            *(f"STDGTI{number:02d}" for number in numbers),
        ]
        assert hdus["EXPOSU01"].columns.names == ["TIME", "FRACEXP"]
        assert hdus["BADPIX01"].columns.names == ["RAWX", "RAWY", "TYPE", "YEXTENT", "BADFLAG"]
        assert hdus["STDGTI01"].columns.names == ["START", "STOP"]


PN_COLUMNS = [
    ("TIME", "D", "s", None, None), ("RAWX", "I", "pixel", 1, 64), ("RAWY", "I", "pixel", 1, 200),
    ("DETX", "I", "0.05arcsec", -20480, 20480), ("DETY", "I", "0.05arcsec", -20480, 20480),
    ("X", "J", "0.05arcsec", 1, 51840), ("Y", "J", "0.05arcsec", 1, 51840), ("PHA", "I", "CHAN", 0, 4095),
    ("PI", "I", "eV", 0, 20479), ("FLAG", "J", None, None, None), ("PATTERN", "B", None, 0, 31),
    ("PAT_ID", "I", None, None, None), ("PAT_SEQ", "B", None, None, None), ("OFFSETX", "I", "pixel", None, None),
    ("CCDNR", "B", None, 1, 12),
]  # fmt: skip
MOS_COLUMNS = [
    {"RAWX": ("RAWX", "I", "pixel", 1, 600), "RAWY": ("RAWY", "I", "pixel", 1, 600), "PI": ("PI", "I", "eV", 0, 11999),
     "CCDNR": ("CCDNR", "B", None, 1, 7)}.get(column[0], column)
    for column in PN_COLUMNS if column[0] not in ("PAT_ID", "PAT_SEQ", "OFFSETX")
]  # fmt: skip


@pytest.mark.parametrize(
    ("instrument", "expected"), [("EPN", PN_COLUMNS), ("EMOS1", MOS_COLUMNS), ("EMOS2", MOS_COLUMNS)]
)
def test_columns(files: dict[str, Path], instrument: str, expected: list[tuple]) -> None:
    header = fits.getheader(files[instrument], "EVENTS")
    words = ("TTYPE", "TFORM", "TUNIT", "TLMIN", "TLMAX")
    assert [tuple(header.get(f"{word}{number}") for word in words) for number in range(1, header["TFIELDS"] + 1)] == (
        expected
    )
    events = fits.getdata(files[instrument], "EVENTS")
    for name, _, _, low, high in expected:
        if low is not None:
            assert low <= events[name].min() <= events[name].max() <= high, name


def test_keywords(files: dict[str, Path]) -> None:
    header = fits.getheader(files["EPN"], "EVENTS")
    assert {keyword: header[keyword] for keyword in (
        "TELESCOP", "INSTRUME", "OBS_ID", "EXPIDSTR", "DATAMODE", "SUBMODE", "FILTER", "OBJECT", "ORIGIN", "RA_PNT",
        "DEC_PNT", "PA_PNT", "TIMESYS", "MJDREF", "XMMEA_EP", "XMMEA_16", "REFXCTYP", "REFXCRPX",
        "REFXCRVL", "REFXCDLT", "REFXLMIN", "REFXLMAX", "REFYCTYP", "REFYCRPX", "REFYCRVL", "REFYCDLT", "DSTYP1",
        "DSVAL1", "DSTYP2", "DSVAL2", "DSUNI2", "DSREF2", "12DSVAL1", "12DSREF2",
    )} == {
        "TELESCOP": "XMM", "INSTRUME": "EPN", "OBS_ID": "0999000201", "EXPIDSTR": "S003", "DATAMODE": "IMAGING",
        "SUBMODE": "PrimeFullWindow", "FILTER": "Medium", "OBJECT": "SIMULATED FIELD AT RA 0",
        "ORIGIN": "Athanor simulation", "RA_PNT": 0.03, "DEC_PNT": -30.1, "PA_PNT": 65.0, "TIMESYS": "TT",
        "MJDREF": 50814.0, "XMMEA_EP": "(FLAG & 0xcfa0000) == 0",
        "XMMEA_16": "(FLAG & 0x10000) != 0", "REFXCTYP": "RA---TAN", "REFXCRPX": 25921, "REFXCRVL": 0.03,
        "REFXCDLT": pytest.approx(-1.38888888888889e-05), "REFXLMIN": 1, "REFXLMAX": 51840, "REFYCTYP": "DEC--TAN",
        "REFYCRPX": 25921, "REFYCRVL": -30.1, "REFYCDLT": pytest.approx(1.38888888888889e-05), "DSTYP1": "CCDNR",
        "DSVAL1": "1", "DSTYP2": "TIME", "DSVAL2": "TABLE", "DSUNI2": "s", "DSREF2": ":STDGTI01", "12DSVAL1": "12",
        "12DSREF2": ":STDGTI12",
    }  # fmt: skip
    assert "XMMEA_EM" not in header
    assert "XMMEA_EP" not in fits.getheader(files["EMOS1"], "EVENTS")
    assert "SIMULATED DATA" in str(header["COMMENT"])
    assert fits.getheader(files["EPN"], "STDGTI05")["CCDID"] == 1
    assert fits.getheader(files["EPN"], "STDGTI05")["QUADRANT"] == 1
    assert fits.getheader(files["EMOS1"], "STDGTI05")["CCDID"] == 4


@pytest.mark.parametrize("instrument", CAMERAS)
def test_times_are_sorted_and_good(files: dict[str, Path], instrument: str) -> None:
    with fits.open(files[instrument]) as hdus:
        header, events = hdus["EVENTS"].header, hdus["EVENTS"].data
        times = events["TIME"]
        assert (np.diff(times) >= 0).all()
        assert header["TSTART"] <= times[0] < times[-1] <= header["TSTOP"]
        for ccd in CAMERAS[instrument].ccds:
            gti = hdus[f"STDGTI{ccd.number:02d}"].data
            here = times[events["CCDNR"] == ccd.number]
            assert (np.searchsorted(gti["START"], here) > np.searchsorted(gti["STOP"], here)).all()
            ontime = (gti["STOP"] - gti["START"]).sum()
            assert header[f"ONTIME{ccd.number:02d}"] == pytest.approx(ontime)
            fractions = hdus[f"EXPOSU{ccd.number:02d}"].data["FRACEXP"]
            assert 20.0 * fractions.sum() == pytest.approx(header[f"LIVETI{ccd.number:02d}"], rel=1e-5)
        assert header["EXPOSURE"] == max(header[f"LIVETI{ccd.number:02d}"] for ccd in CAMERAS[instrument].ccds)


def test_a_gap_in_telemetry_is_a_gap_in_everything(tmp_path: Path) -> None:
    with fits.open(made(tmp_path, GAP, "EMOS1")) as hdus:
        gti = hdus["STDGTI03"].data
        assert gti["START"][1] - gti["STOP"][0] == 900.0
        times = hdus["EVENTS"].data["TIME"]
        assert not ((times > gti["STOP"][0]) & (times < gti["START"][1])).any()
        exposed = hdus["EXPOSU03"].data
        assert (exposed["FRACEXP"] == 0).sum() == 44


@pytest.mark.parametrize("instrument", CAMERAS)
def test_chips_pixels_and_camera_coordinates_agree(files: dict[str, Path], instrument: str) -> None:
    camera = CAMERAS[instrument]
    events = fits.getdata(files[instrument], "EVENTS")
    place = camera.locate(events["DETX"].astype(float), events["DETY"].astype(float))
    assert (place.ccd == events["CCDNR"]).mean() > 0.995  # DETX is rounded, which may cross an edge
    same = place.ccd == events["CCDNR"]
    for raw, mine in (("RAWX", place.rawx), ("RAWY", place.rawy)):
        assert np.abs(mine - events[raw])[same].max() <= 1
        assert (mine == events[raw])[same].mean() > 0.95
    assert set(np.unique(events["CCDNR"])) == {ccd.number for ccd in camera.ccds}


@pytest.mark.parametrize("instrument", CAMERAS)
def test_sky_coordinates_are_the_camera_turned_by_the_position_angle(files: dict[str, Path], instrument: str) -> None:
    events = fits.getdata(files[instrument], "EVENTS")
    turned = (events["X"] - 25921 + 1j * (events["Y"] - 25921)) * np.exp(-1j * np.radians(65.0))
    assert np.abs(turned - (events["DETX"] + 1j * events["DETY"])).max() < 1


@pytest.mark.parametrize("instrument", CAMERAS)
def test_flags_and_patterns(files: dict[str, Path], instrument: str) -> None:
    events = fits.getdata(files[instrument], "EVENTS")
    flag, pattern = events["FLAG"], events["PATTERN"]
    outside = (flag & 0x10000) != 0
    assert (outside == ~CAMERAS[instrument].in_field(events["DETX"].astype(float), events["DETY"].astype(float))).all()
    assert 0.01 < outside.mean() < 0.3
    assert ((flag & 1) != 0).tolist() == (pattern > 12).tolist()
    assert 0.6 < (pattern == 0).mean() < 0.85
    assert 0.1 < ((pattern >= 1) & (pattern <= 4)).mean() < 0.35
    good = 0xCFA0000 if instrument == "EPN" else 0x766BA000
    assert 0.9 < ((flag & good) == 0).mean() < 1 if instrument == "EPN" else ((flag & good) == 0).mean() > 0.7


@pytest.mark.parametrize("observation", [EQUINOX, POLE], ids=["right ascension 0", "near the pole"])
@pytest.mark.parametrize("instrument", CAMERAS)
def test_events_of_the_field_lie_in_the_region(tmp_path: Path, observation, instrument: str) -> None:
    path = made(tmp_path, observation, instrument)
    product = recognise(read_headers(path), Dl3Indices())
    assert product.collection == "xmm-sim"
    with fits.open(path) as hdus:
        header, events = hdus["EVENTS"].header, hdus["EVENTS"].data
        field = events[(events["FLAG"] & 0x10000) == 0]
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = [header["REFXCTYP"], header["REFYCTYP"]]
    wcs.wcs.crpix = [header["REFXCRPX"], header["REFYCRPX"]]
    wcs.wcs.crval = [header["REFXCRVL"], header["REFYCRVL"]]
    wcs.wcs.cdelt = [header["REFXCDLT"], header["REFYCDLT"]]
    lon, lat = wcs.all_pix2world(field["X"], field["Y"], 1)
    assert regions.contains(product.obs["s_region"], lon, lat).all()
    assert regions.area(product.obs["s_region"]) < 0.21
