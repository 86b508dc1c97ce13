"""What each kind of file becomes: every value of its rows."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from obstap.footprints import epic_region
from obstap.ingest.dl3_index import Dl3Indices
from obstap.ingest.fitsfile import read_headers
from obstap.ingest.outcomes import NotAProduct, Refused
from obstap.ingest.product import Product
from obstap.ingest.recognise import recognise
from obstap.obscore import OBSCORE, OBSCORE_HEA
from tests.obstap.ingest.builders import CHANDRA, GADF, NUSTAR, XMM, dl3_store, event_list, image, table, write

HC = 1.239841984332002e-06
SECOND = 1 / 86400

COMMON = {
    "calib_level": 2, "pol_xel": 0, "o_ucd": "phot.count", "data_rights": "public", "access_format": "application/fits",
}  # fmt: skip
"""What the rows of all kinds say."""


def found(path: Path) -> Product:
    return recognise(read_headers(path), Dl3Indices())


def assert_rows(product: Product, obs: Mapping[str, object], hea: Mapping[str, object]) -> None:
    """Compare all columns; those that are not given must be NULL."""
    for row, expected in ((product.obs, COMMON | dict(obs)), (product.hea, {"messenger_name": "photon"} | dict(hea))):
        given = {name: value for name, value in row.items() if value is not None}
        assert given.keys() == expected.keys()
        for name, value in expected.items():
            assert given[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), name
    assert product.obs.keys() <= {column.name for column in OBSCORE.columns}
    assert product.hea.keys() <= {column.name for column in OBSCORE_HEA.columns}


def test_chandra_event_list(tmp_path: Path) -> None:
    product = found(event_list(tmp_path / "acisf10027N003_evt2.fits", CHANDRA, rows=12))
    assert product.collection == "chandra"
    assert_rows(
        product,
        {
            "dataproduct_type": "event",
            "dataproduct_subtype": "event-list",
            "obs_id": "10027",
            "obs_title": "Chandra ACIS event list of M82 (ACIS-7)",
            "target_name": "M82",
            "facility_name": "Chandra",
            "instrument_name": "ACIS",
            "obs_creator_name": "ASC",
            "obs_creation_date": datetime(2021, 1, 9, 0, 5, 26),  # noqa: DTZ001 - the tables hold UTC without zone
            "s_ra": 149.09885492322,
            "s_dec": 69.715351594383,
            "s_fov": 0.4,
            "s_region": (149.09885492322, 69.715351594383, 0.2),
            "s_resolution": 0.5,
            "t_min": 54743 + (2647.43077 - 65.184) * SECOND,
            "t_max": 54743 + (2647.43077 + 21307.18855 - 65.184) * SECOND,
            "t_exptime": 18279.338652893,
            "t_resolution": 0.44104,
            "em_min": HC / 8000,
            "em_max": HC / 300,
        },
        {"ev_xel": 12, "energy_min": 300.0, "energy_max": 8000.0, "obs_mode": "POINTING", "analysis_mode": "FAINT"},
    )


def test_nustar_event_list(tmp_path: Path) -> None:
    product = found(event_list(tmp_path / "nu60001110002A01_cl.evt", NUSTAR, rows=3))
    assert product.collection == "nustar"
    start = 55197.00076601852 + 8e7 * SECOND - 67.184 * SECOND
    assert_rows(
        product,
        {
            "dataproduct_type": "event",
            "dataproduct_subtype": "event-list",
            "obs_id": "60001110002",
            "obs_title": "NuSTAR FPMA event list of 3C273",
            "target_name": "3C273",
            "facility_name": "NuSTAR",
            "instrument_name": "FPMA",
            "obs_creator_name": "HEASARC/GSFC",
            "obs_creation_date": datetime(2014, 10, 2, 11, 17, 19),  # noqa: DTZ001
            "s_ra": 187.2779,
            "s_dec": 2.0524,
            "s_fov": 2 * 8.7 / 60,
            "s_region": (187.2779, 2.0524, 8.7 / 60),
            "s_resolution": 18.0,
            "t_min": product.obs["t_min"],
            "t_max": product.obs["t_max"],
            "t_exptime": 20800.25,
            "t_resolution": 2e-6,
            "em_min": HC / 79_000,
            "em_max": HC / 3_000,
        },
        {"ev_xel": 3, "energy_min": 3e3, "energy_max": 79e3, "obs_mode": "SCIENCE", "analysis_mode": "OBSERVING"},
    )
    assert product.obs["t_min"] == pytest.approx(start, abs=0.002 * SECOND)  # TDB wanders 1.7 ms about TT
    assert product.obs["t_max"] == pytest.approx(start + 50_000 * SECOND, abs=0.002 * SECOND)


def test_xmm_event_list(tmp_path: Path) -> None:
    product = found(event_list(tmp_path / "P0124710801PNS001PIEVLI0000.FIT", XMM, rows=9))
    assert product.collection == "xmm"
    region = epic_region("EPN", ra=195.361708333333, dec=27.7594166666667, position_angle=130.234176635742)
    assert_rows(
        product,
        {
            "dataproduct_type": "event",
            "dataproduct_subtype": "event-list",
            "obs_id": "0124710801",
            "obs_title": "XMM-Newton EPN imaging event list of Coma8 (Medium filter)",
            "proposal_id": "012471",
            "target_name": "Coma8",
            "facility_name": "XMM-Newton",
            "instrument_name": "EPN",
            "obs_creator_name": "Leicester/SSC",
            "obs_creation_date": datetime(2012, 12, 20, 21, 57, 5),  # noqa: DTZ001
            "s_ra": 195.361708333333,
            "s_dec": 27.7594166666667,
            "s_fov": product.obs["s_fov"],
            "s_region": region,
            "s_resolution": 6.0,
            "t_min": 51888 + 77067 * SECOND,  # XMM-Newton's dates are UTC although TIMESYS is TT
            "t_max": 51889 + 14420 * SECOND,
            "t_exptime": 20350.5,
            "t_resolution": 0.199,
            "em_min": HC / 15_000,
            "em_max": HC / 150,
        },
        {"ev_xel": 9, "energy_min": 150.0, "energy_max": 15e3, "obs_mode": "POINTING", "analysis_mode": "IMAGING"},
    )
    assert 0.48 < product.obs["s_fov"] < 0.52


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"TSTART": 92870729.0, "TSTOP": 92894478.0}, {"t_min": 51888 + (77129.0 - 64.184) * SECOND}),
        ({"EXPOSURE": 111.0}, {"t_exptime": 111.0}),
        ({"LIVETI01": None, "LIVETI04": None}, {"t_exptime": 21649.4}),
        ({"OBS_MODE": "SLEW"}, {"s_ra": None, "s_dec": None, "s_region": None, "s_fov": None}),
        ({"RA_PNT": None}, {"s_ra": None, "s_region": None}),
        ({"DEC_PNT": "north"}, {"s_ra": None, "s_region": None}),
        ({"DEC_PNT": 90.5}, {"s_ra": None, "s_region": None}),
        ({"RA_PNT": -10.0}, {"s_ra": 350.0}),
        ({"PA_PNT": None}, {"s_region": (195.361708333333, 27.7594166666667, 0.25), "s_fov": 0.5}),
        ({"INSTRUME": "RGS1"}, {"s_fov": 5 / 60, "em_max": HC / 330, "instrument_name": "RGS1"}),
        ({"OBJECT": None}, {"target_name": None, "obs_title": "XMM-Newton EPN imaging event list (Medium filter)"}),
        ({"OBS_ID": None}, {"obs_id": "0124710801"}),
        ({"DSTYP1": "PI", "DSUNI1": "eV", "DSVAL1": "200:12000"}, {"em_min": HC / 12000, "em_max": HC / 200}),
        ({"DSTYP1": "PI", "DSUNI1": "eV", "DSVAL1": ":12000"}, {"em_min": HC / 15000}),
        ({"ORIGIN": "Athanor simulation"}, {"collection": "xmm-sim"}),
        ({"TELESCOP": "eROSITA"}, {"collection": "erosita", "facility_name": "eROSITA", "s_region": None}),
        ({"TELESCOP": None}, {"collection": "other", "facility_name": None}),
    ],
)
def test_what_single_keywords_do(tmp_path: Path, changes: Mapping[str, object], expected: Mapping[str, object]) -> None:
    product = found(event_list(tmp_path / "P0124710801PNS001PIEVLI0000.FIT", XMM, **changes))
    row = product.obs | {"collection": product.collection}
    for name, value in expected.items():
        assert row.get(name) == (pytest.approx(value) if isinstance(value, float) else value), name


def test_old_equinoxes_are_precessed(tmp_path: Path) -> None:
    """The Crab pulsar's place of 1950 is at its place of 2000."""
    old = {"RADECSYS": "FK4", "EQUINOX": 1950.0, "RA_PNT": 82.880625, "DEC_PNT": 21.981778}
    product = found(event_list(tmp_path / "old.fits", CHANDRA, **old, RADESYS=None))
    assert product.obs["s_ra"] == pytest.approx(83.6332, abs=1e-3)
    assert product.obs["s_dec"] == pytest.approx(22.0145, abs=1e-3)


def test_dl3_events_with_index(tmp_path: Path) -> None:
    store = dl3_store(tmp_path)
    product = found(store / "data" / "run23592.fits.gz")
    assert product.collection == "hess-dl3-dr1"
    assert_rows(
        product,
        {
            "dataproduct_type": "event",
            "dataproduct_subtype": "event-bundle",
            "obs_id": "23592",
            "obs_title": "H.E.S.S. Phase I DL3 events with response functions of Crab Nebula (run 23592)",
            "target_name": "Crab Nebula",
            "facility_name": "H.E.S.S.",
            "instrument_name": "H.E.S.S. Phase I",
            "obs_creator_name": "H.E.S.S. Collaboration",
            "obs_creation_date": datetime(2018, 5, 6, 9, 14, 31),  # noqa: DTZ001
            "s_ra": 82.01333618164062,
            "s_dec": 22.01444435119629,
            "s_fov": 5.0,
            "s_region": (82.01333618164062, 22.01444435119629, 2.5),
            "s_resolution": 560.0,
            "t_min": 53347 + (78900.184 - 64.184) * SECOND,
            "t_max": 53347 + (80586.184 - 64.184) * SECOND,
            "t_exptime": 1581.2646484375,
            "em_min": HC / 100e12,
            "em_max": HC / 0.5e12,
        },
        {
            "ev_xel": 7,
            "energy_min": 0.5e12,
            "energy_max": 100e12,
            "obs_mode": "WOBBLE",
            "event_type": "std",
            "pointing_mode": "parallel",
            "messenger_pdgid": "22",
        },
    )


def test_dl3_events_without_index(tmp_path: Path) -> None:
    product = found(event_list(tmp_path / "run.fits", GADF))
    assert (product.collection, product.obs["dataproduct_subtype"]) == ("hess", "event-list")
    assert (product.obs["s_ra"], product.obs["s_dec"]) == (82.0133333285646, 22.014444444444)
    assert (product.hea["energy_min"], product.hea["energy_max"]) == (1e11, 1e14)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"RA_PNT": 83.0}, "pointings in the index and in the header .* are 0.91. degrees apart"),
        ({"TSTOP": 124237400.0}, r"TSTOP is 124237400.0 in the index but 124237322.0 in the header"),
        ({"EVENT_COUNT": 8}, "index counts 8 events, the table EVENTS has 7"),
    ],
)
def test_an_index_that_contradicts_its_file_is_refused(tmp_path: Path, row: Mapping[str, object], message: str) -> None:
    with pytest.raises(Refused, match=message):
        found(dl3_store(tmp_path, **row) / "data" / "run23592.fits.gz")


def test_image_with_tangent_plane(tmp_path: Path) -> None:
    header = {
        "TELESCOP": "Chandra", "INSTRUME": "ACIS", "OBS_ID": "77", "OBJECT": "nowhere",
        "DATE-OBS": "2010-01-01T00:00:00", "DATE-END": "2010-01-01T01:00:00", "TIMESYS": "UTC",
        "EXPOSURE": 3000.0, "RADESYS": "ICRS",
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 20.5, "CRPIX2": 10.5, "CRVAL1": 0.0, "CRVAL2": 0.0,
        "CDELT1": -0.01, "CDELT2": 0.01, "CUNIT1": "deg", "CUNIT2": "deg",
    }  # fmt: skip
    product = found(image(tmp_path / "image.fits", header))
    east = math.degrees(math.atan(math.radians(0.2)))
    north = math.degrees(math.atan(math.radians(0.1) * math.cos(math.radians(east))))
    region = product.obs.pop("s_region")
    assert list(region) == pytest.approx([east, -north, 360 - east, -north, 360 - east, north, east, north], abs=1e-9)
    assert_rows(
        product,
        {
            "dataproduct_type": "image",
            "dataproduct_subtype": "counts",
            "obs_id": "77",
            "obs_title": "Chandra ACIS counts image of nowhere",
            "target_name": "nowhere",
            "facility_name": "Chandra",
            "instrument_name": "ACIS",
            "s_ra": 0.0,
            "s_dec": 0.0,
            "s_fov": product.obs["s_fov"],
            "s_resolution": 0.5,
            "s_xel1": 40,
            "s_xel2": 20,
            "s_pixel_scale": 36.0,
            "t_min": 55197.0,
            "t_max": 55197 + 3600 * SECOND,
            "t_exptime": 3000.0,
            "t_xel": 1,
            "em_min": HC / 10_000,
            "em_max": HC / 100,
            "em_xel": 1,
        },
        {"energy_min": 100.0, "energy_max": 10_000.0},
    )
    assert product.obs["s_fov"] == pytest.approx(2 * math.hypot(0.2, 0.1), rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "longitude", "latitude", "expected"),
    [
        ("RA---SIN", 83.633, 22.0145, (83.633, 22.0145)),
        ("GLON-CAR", 184.5575, -5.7843, (83.633, 22.0145)),
        ("RA---ZEA", 10.0, 89.99, (10.0, 89.99)),
    ],
)
def test_images_in_other_projections_and_frames(
    tmp_path: Path, kind: str, longitude: float, latitude: float, expected: tuple[float, float]
) -> None:
    other = ("DEC--" if kind.startswith("RA") else "GLAT-") + kind[-3:]
    header = {
        "CTYPE1": kind, "CTYPE2": other, "CRPIX1": 20.5, "CRPIX2": 10.5, "CRVAL1": longitude, "CRVAL2": latitude,
        "CDELT1": -0.01, "CDELT2": 0.01,
    }  # fmt: skip
    if kind.endswith("CAR"):  # the reference point of a plate carrée lies on the equator
        header |= {"CRVAL2": 0.0, "CRPIX2": 10.5 - latitude / 0.01}
    product = found(image(tmp_path / "image.fits", header))
    assert (product.obs["s_ra"], product.obs["s_dec"]) == pytest.approx(expected, abs=2e-3)
    assert len(product.obs["s_region"]) == 2 * 4 * 8
    assert product.obs["s_fov"] == pytest.approx(2 * math.hypot(0.2, 0.1), rel=2e-2)


def test_an_image_of_the_whole_sky_has_no_outline(tmp_path: Path) -> None:
    header = {"CTYPE1": "GLON-AIT", "CTYPE2": "GLAT-AIT", "CRPIX1": 20.5, "CRPIX2": 10.5, "CRVAL1": 0.0, "CRVAL2": 0.0,
              "CDELT1": -8.1, "CDELT2": 8.1}  # fmt: skip
    product = found(image(tmp_path / "sky.fits", header))
    assert product.obs.get("s_region") is None
    assert (product.obs["s_ra"], product.obs["s_dec"]) == pytest.approx((266.405, -28.936), abs=1e-2)


def test_cubes_count_their_planes(tmp_path: Path) -> None:
    header = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CTYPE3": "ENERGY", "CRPIX1": 20.5, "CRPIX2": 10.5,
              "CRVAL1": 10.0, "CRVAL2": 20.0, "CDELT1": -0.01, "CDELT2": 0.01}  # fmt: skip
    row = found(image(tmp_path / "cube.fits", header, shape=(7, 20, 40))).obs
    assert (row["dataproduct_type"], row["em_xel"], row["s_xel1"], row["s_xel2"]) == ("cube", 7, 40, 20)
    row = found(image(tmp_path / "plane.fits", header, shape=(1, 20, 40))).obs
    assert (row["dataproduct_type"], row["em_xel"]) == ("image", 1)


def test_event_lists_are_known_by_their_class_too(tmp_path: Path) -> None:
    path = write(tmp_path / "events.fits", table("PHOTONS", {"TIME": "D"}, CHANDRA | {"HDUCLAS1": "EVENTS"}))
    assert found(path).obs["dataproduct_type"] == "event"


def test_events_with_energies_need_not_be_dl3(tmp_path: Path) -> None:
    """Fermi's photon lists have the columns of DL3, but energies in MeV and no HDUCLASS of GADF."""
    path = event_list(tmp_path / "photons.fits", GADF, HDUCLASS="GADF", TELESCOP="GLAST", INSTRUME="LAT")
    with fits.open(path, mode="update") as hdus:
        hdus["EVENTS"].header["HDUCLASS"] = "OGIP"
    product = found(path)
    assert (product.collection, product.obs["facility_name"]) == ("glast", "GLAST")
    assert product.obs.get("em_min") is None


SPECTRUM = {
    "TELESCOP": "XMM", "INSTRUME": "EPN", "OBS_ID": "0124710801", "OBJECT": "Coma8", "FILTER": "Medium",
    "DATE-OBS": "2000-12-10T21:24:27", "DATE-END": "2000-12-11T04:00:20", "TIMESYS": "TT", "EXPOSURE": 11754.5,
    "HDUCLASS": "OGIP", "HDUCLAS1": "SPECTRUM", "HDUCLAS2": "TOTAL", "CHANTYPE": "PI", "DETCHANS": 4096,
    "DSTYP1": "PI", "DSUNI1": "eV", "DSVAL1": "200:12000", "DSTYP2": "POS(X,Y)", "DSVAL2": "CIRCLE(26641,25921,600)",
    "REFXCTYP": "RA---TAN", "REFXCRPX": 25921, "REFXCRVL": 195.0, "REFXCDLT": -1.38888888888889e-05,
    "REFYCRPX": 25921, "REFYCRVL": 0.0, "REFYCDLT": 1.38888888888889e-05,
}  # fmt: skip


def spectrum(path: Path, **changes: object) -> Path:
    header = {keyword: value for keyword, value in (SPECTRUM | changes).items() if value is not None}
    return write(path, table("SPECTRUM", {"CHANNEL": "I", "COUNTS": "J"}, header, rows=4))


def test_spectrum_of_a_circle(tmp_path: Path) -> None:
    product = found(spectrum(tmp_path / "source.ds"))
    assert_rows(
        product,
        {
            "dataproduct_type": "spectrum",
            "dataproduct_subtype": "source and background",
            "obs_id": "0124710801",
            "obs_title": "XMM-Newton EPN source and background spectrum of Coma8 (Medium filter)",
            "proposal_id": "012471",
            "target_name": "Coma8",
            "facility_name": "XMM-Newton",
            "instrument_name": "EPN",
            "s_ra": product.obs["s_ra"],
            "s_dec": product.obs["s_dec"],
            "s_fov": 60 / 3600,
            "s_region": product.obs["s_region"],
            "s_resolution": 6.0,
            "t_min": 51888 + 77067 * SECOND,
            "t_max": 51889 + 14420 * SECOND,
            "t_exptime": 11754.5,
            "t_xel": 1,
            "em_min": HC / 12_000,
            "em_max": HC / 200,
            "em_xel": 4096,
        },
        {"energy_min": 200.0, "energy_max": 12_000.0},
    )
    assert product.obs["s_region"] == pytest.approx((194.99, 0.0, 30 / 3600), abs=1e-6)
    assert (product.obs["s_ra"], product.obs["s_dec"]) == product.obs["s_region"][:2]


@pytest.mark.parametrize(
    ("value", "radius"),
    [
        ("annulus(26641,25921,600,1200)", 60 / 3600),
        ("Circle(26641,25921,300)&Circle(26641,25921,300)", 15 / 3600),
        ("CIRCLE(26641,25921,600)&!CIRCLE(1,1,5)", None),
        ("BOX(26641,25921,600,600,0)", None),
        ("TABLE", None),
    ],
)
def test_regions_of_spectra(tmp_path: Path, value: str, radius: float | None) -> None:
    product = found(spectrum(tmp_path / "source.ds", DSVAL2=value, RA_OBJ=195.5, DEC_OBJ=1.5))
    if radius is None:
        assert product.obs.get("s_region") is None
        assert (product.obs["s_ra"], product.obs["s_dec"]) == (195.5, 1.5)
    else:
        assert product.obs["s_region"][2] == pytest.approx(radius)


def test_light_curve(tmp_path: Path) -> None:
    header = SPECTRUM | {"HDUCLAS1": "LIGHTCURVE", "TIMEDEL": 100.0, "EXPOSURE": None, "MJDREF": 50814.0,
                         "TSTART": 92870729.0, "TSTOP": 92871729.0}  # fmt: skip
    header = {keyword: value for keyword, value in header.items() if value is not None}
    path = tmp_path / "P0124710801PNS001SRCTSR8001.FTZ"
    product = found(write(path, table("RATE", {"TIME": "D", "RATE": "E", "ERROR": "E"}, header, rows=10)))
    row = product.obs
    assert (row["dataproduct_type"], row["dataproduct_subtype"], row["t_xel"]) == ("timeseries", "source", 10)
    assert (row["t_resolution"], row["t_exptime"], row["o_ucd"]) == (100.0, 1000.0, "arith.rate;phot.count")
    assert row["t_min"] == pytest.approx(51888 + (77129.0 - 64.184) * SECOND, abs=1e-9)
    assert row["obs_title"] == "XMM-Newton EPN light curve of source of Coma8 (Medium filter)"
    assert row["s_region"] == pytest.approx((194.99, 0.0, 30 / 3600), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "hdu", "reason"),
    [
        ("ccf.cif", table("CALINDEX", {"SCOPE": "8A"}), "index of calibration files"),
        ("a.arf", table("SPECRESP", {"SPECRESP": "E"}, {"HDUCLAS1": "RESPONSE"}), "instrument response"),
        ("a.rmf", table("EBOUNDS", {"CHANNEL": "I", "E_MIN": "E"}, {"HDUCLAS1": "RESPONSE"}), "instrument response"),
        ("obs-index.fits", table("OBS_INDEX", {"OBS_ID": "K"}, {"HDUCLAS1": "INDEX"}), "index of a DL3 store"),
        ("gti.ds", table("STDGTI", {"START": "D", "STOP": "D"}, {"HDUCLAS1": "GTI"}), "good time intervals only"),
        ("list.fits", table("SRCLIST", {"RA": "D"}), r"no event list.*\(HDUs: SRCLIST\)"),
    ],
)
def test_what_is_no_product(tmp_path: Path, name: str, hdu: object, reason: str) -> None:
    with pytest.raises(NotAProduct, match=reason):
        found(write(tmp_path / name, hdu))


ODD = ["nan", "inf", "1e4000", "-1", "99999999999", "'text'", "T", "", "1 2", "'", "0", "(1,2)", "\u00e9"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One small file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    sky = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 20.5, "CRPIX2": 10.5, "CRVAL1": 1.0, "CDELT1": -0.1}
    headers = {"chandra": CHANDRA, "xmm": XMM, "dl3": GADF}
    paths = [event_list(folder / f"{name}.fits", header) for name, header in headers.items()]
    paths += [spectrum(folder / "spectrum.fits"), image(folder / "image.fits", sky)]
    return [path.read_bytes() for path in paths]


@settings(max_examples=150, deadline=None)
@given(
    kind=st.integers(0, 4),
    damage=st.lists(
        st.one_of(
            st.tuples(st.integers(0, 11_519), st.binary(min_size=1, max_size=8)),
            st.tuples(st.integers(0, 143).map(lambda card: card * 80 + 10), st.sampled_from(ODD)),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_damage_is_refused_or_harmless(
    whole: list[bytes], tmp_path_factory: pytest.TempPathFactory, kind: int, damage: list[tuple[int, bytes | str]]
) -> None:
    """Whatever is wrong with a file, it is told as such and does not end the run."""
    content = bytearray(whole[kind])
    for place, change in damage:
        new = change if isinstance(change, bytes) else change.rjust(20).encode("latin-1")
        content[place % len(content) : place % len(content) + len(new)] = new
    path = tmp_path_factory.getbasetemp() / "damaged.fits"
    path.write_bytes(content)
    with contextlib.suppress(Refused, NotAProduct):
        assert found(path).obs["obs_id"]
