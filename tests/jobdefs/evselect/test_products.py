"""Products hold exactly the events that a direct selection finds."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from .events import DEC, RA, START

pytestmark = pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning")

EXPRESSION = "#XMMEA_EP && PATTERN<=4 && PI in [300:10000] && (X,Y) in CIRCLE(25000,26000,7000)"


def chosen(events):
    radius = np.hypot(events["X"] - 25000.0, events["Y"] - 26000.0)
    flags = (events["FLAG"] & 0xCFA0000) == 0
    return flags & (events["PATTERN"] <= 4) & (events["PI"] >= 300) & (events["PI"] <= 10000) & (radius <= 7000)


IMAGE = {
    "imageset": "image.fits", "xcolumn": "X", "ycolumn": "Y", "imagebinning": "binSize", "ximagebinsize": 80,
    "yimagebinsize": 80,
}  # fmt: skip
ALL = {
    **IMAGE, "filteredset": "list.fits", "spectrumset": "spectrum.fits", "energycolumn": "PI", "rateset": "rate.fits",
    "timebinsize": 10, "makeratecolumn": "yes", "maketimecolumn": "yes", "histogramset": "histo.fits",
    "histogramcolumn": "TIME", "histogrambinsize": 25,
}  # fmt: skip


def test_all_products_of_one_run(events, evselect):
    keep = chosen(events)
    out = evselect(expression=EXPRESSION, **ALL)
    with fits.open(out / "list.fits") as hdus:
        rows = hdus["EVENTS"].data
        assert len(rows) == keep.sum() > 100
        for name, values in events.data.items():
            assert np.array_equal(rows[name], values[keep]), name
    with fits.open(out / "image.fits") as hdus:
        expected = np.zeros((648, 648), dtype=int)
        np.add.at(expected, ((events["Y"][keep] - 1) // 80, (events["X"][keep] - 1) // 80), 1)
        assert hdus[0].data.dtype == ">i4"
        assert np.array_equal(hdus[0].data, expected)
    with fits.open(out / "spectrum.fits") as hdus:
        rows = hdus["SPECTRUM"].data
        assert np.array_equal(rows["CHANNEL"], np.arange(4096))
        assert np.array_equal(rows["COUNTS"], np.bincount(events["PI"][keep] // 5, minlength=4096))
    with fits.open(out / "rate.fits") as hdus:
        rows = hdus["RATE"].data
        counts = np.bincount(((events["TIME"][keep] - START) // 10).astype(int), minlength=100)
        assert np.allclose(rows["RATE"], counts / 10)
        assert np.allclose(rows["ERROR"], np.sqrt(counts) / 10)
        assert np.allclose(rows["TIME"], START + 5 + 10 * np.arange(100))
    with fits.open(out / "histo.fits") as hdus:
        times = events["TIME"][keep]
        edges = times.min() + 25 * np.arange(len(hdus["HISTO"].data) + 1)
        assert np.array_equal(hdus["HISTO"].data["COUNTS"], np.histogram(times, edges)[0])
        assert np.allclose(hdus["HISTO"].data["TIME"], edges[:-1] + 12.5)


@pytest.mark.parametrize("chunk_rows", [7, 1000, 10**6])
def test_the_size_of_chunks_does_not_matter(events, evselect, chunk_rows):
    parameters = dict(ALL, withzcolumn="yes", zcolumn="TIME", zerrorcolumn="PI")
    names = [value for key, value in ALL.items() if key.endswith("set")]
    expected = {}
    for name in names:
        out = evselect(expression=EXPRESSION, **parameters)
        expected[name] = (out / name).read_bytes()
    evselect(expression=EXPRESSION, chunk_rows=chunk_rows, **parameters)
    for name in names:
        assert (out / name).read_bytes() == expected[name], name


def test_checksums_are_right(events, evselect):
    out = evselect(expression=f"{EXPRESSION} && TIME>=100000100", **ALL)
    for name in ("list.fits", "image.fits", "spectrum.fits", "rate.fits", "histo.fits"):
        with fits.open(out / name, checksum=True) as hdus:
            hdus.verify("exception")
            assert all("CHECKSUM" in hdu.header for hdu in hdus)


@pytest.mark.parametrize(("ra", "dec"), [(RA, DEC), (RA + 0.1, DEC - 0.05), (RA - 0.2, DEC + 0.15)])
def test_a_source_falls_on_the_pixel_that_the_wcs_says(events, evselect, ra, dec):
    out = evselect(expression=f"(RA,DEC) in CIRCLE({ra},{dec},0.01)", **IMAGE)
    with fits.open(out / "image.fits") as hdus:
        image, wcs = hdus[0].data, WCS(hdus[0].header)
        y, x = np.nonzero(image)
        assert len(x)
        distance = np.hypot(*(np.array([x, y]) - np.array(wcs.world_to_pixel_values(ra, dec))[:, None]))
        assert distance.max() <= 0.01 / (80 * 0.05 / 3600) + 0.75
        column = wcs.world_to_pixel_values(ra, dec)[0]
        assert hdus[0].header["CRVAL1L"] + 80 * column == pytest.approx(expected_x(ra, dec), abs=1e-3)


def expected_x(ra, dec):
    """X of a position by astropy, from the columns' own reference."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crpix, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [25921, 25921], [RA, DEC]
    wcs.wcs.cdelt = [-0.05 / 3600, 0.05 / 3600]
    return wcs.wcs_world2pix([[ra, dec]], 1)[0][0]


def test_arithmetic_of_the_image_is_that_of_sas(events, evselect):
    with fits.open(evselect(**IMAGE) / "image.fits") as hdus:
        header = hdus[0].header
        found = {key: header[key] for key in ("NAXIS1", "CRPIX1", "CRPIX1L", "CRVAL1L", "CDELT1L", "LTV1", "LTM1_1")}
    assert found == {
        "NAXIS1": 648, "CRPIX1": 324.50625, "CRPIX1L": 1, "CRVAL1L": 40.5, "CDELT1L": 80, "LTV1": 0.49375,
        "LTM1_1": 0.0125,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "shape", "bins"),
    [
        ({"ximagesize": 600, "yimagesize": 600, "imagebinning": "imageSize"}, (596, 596), (87, 87)),
        ({"ximagesize": 648, "yimagesize": 300, "imagebinning": "imageSize"}, (300, 648), (80, 173)),
        (
            {"ximagesize": 648, "yimagesize": 300, "imagebinning": "imageSize", "squarepixels": "yes"},
            (300, 300),
            (173, 173),
        ),
        (
            {"imagebinning": "binSize", "ximagebinsize": 87, "yimagebinsize": 87, "ximagemin": 3649, "ximagemax": 48106,
             "yimagemin": 3649, "yimagemax": 48106},
            (512, 512),
            (87, 87),
        ),
    ],
)  # fmt: skip
def test_sizes_of_images(events, evselect, parameters, shape, bins):
    out = evselect(imageset="image.fits", xcolumn="X", ycolumn="Y", **parameters)
    with fits.open(out / "image.fits") as hdus:
        assert hdus[0].data.shape == shape
        assert (hdus[0].header["CDELT1L"], hdus[0].header["CDELT2L"]) == bins


def test_an_image_about_a_position(events, evselect):
    centre = {"withcelestialcenter": "yes", "raimagecenter": RA + 0.05, "decimagecenter": DEC + 0.02}
    out = evselect(**IMAGE, **centre, ximagesize=101, yimagesize=51)
    with fits.open(out / "image.fits") as hdus:
        assert hdus[0].data.shape == (51, 101)
        place = WCS(hdus[0].header).world_to_pixel_values(RA + 0.05, DEC + 0.02)
        assert np.allclose(place, (50, 25), atol=0.5 / 80 + 1e-6)
        low = hdus[0].header["CRVAL1L"] - 40, hdus[0].header["CRVAL2L"] - 40
        x, y = events["X"] - low[0], events["Y"] - low[1]
        assert hdus[0].data.sum() == ((x >= 0) & (x < 101 * 80) & (y >= 0) & (y < 51 * 80)).sum()


def test_an_image_of_detector_columns_has_no_celestial_coordinates(events, evselect):
    out = evselect(imageset="image.fits", xcolumn="RAWX", ycolumn="RAWY", imagebinning="binSize")
    with fits.open(out / "image.fits") as hdus:
        header = hdus[0].header
        assert hdus[0].data.shape == (200, 64)
        assert [header[key] for key in ("CTYPE1", "CRPIX1", "CRVAL1", "CDELT1")] == ["RAWX", 1, 1, 1]
        assert "REFXCRVL" not in header
        expected = np.histogram2d(events["RAWY"], events["RAWX"], [np.arange(201) + 0.5, np.arange(65) + 0.5])[0]
        assert np.array_equal(hdus[0].data, expected)


@pytest.mark.parametrize(
    ("data_type", "bitpix"), [("Int8", 8), ("Int16", 16), ("Int32", 32), ("Real32", -32), ("Real64", -64)]
)
def test_types_of_pixels(events, evselect, data_type, bitpix):
    out = evselect(**IMAGE, imagedatatype=data_type)
    with fits.open(out / "image.fits") as hdus:
        assert hdus[0].header["BITPIX"] == bitpix
        assert hdus[0].data.sum() == len(events["X"])


def test_weights_are_summed_and_their_errors_too(events, evselect):
    weights = {"withzcolumn": "yes", "zcolumn": "PI"}
    spectrum = {"spectrumset": "spectrum.fits", "energycolumn": "PATTERN", "spectralbinsize": 1}
    sums = np.bincount(events["PATTERN"], weights=events["PI"], minlength=32)
    for error, squares in ((None, events["PI"].astype(float) ** 2), ("RAWX", events["RAWX"].astype(float) ** 2)):
        out = evselect(**IMAGE, **spectrum, **weights, **({"zerrorcolumn": error} if error else {}))
        with fits.open(out / "image.fits") as hdus:
            assert hdus[0].header["BITPIX"] == -64
            assert hdus[0].data.sum() == events["PI"].sum()
            assert (hdus["ERROR"].data ** 2).sum() == pytest.approx(squares.sum())
        with fits.open(out / "spectrum.fits") as hdus:
            rows = hdus["SPECTRUM"].data
            assert np.allclose(rows["COUNTS"], sums)
            assert np.allclose(rows["STAT_ERR"] ** 2, np.bincount(events["PATTERN"], weights=squares, minlength=32))
            assert hdus["SPECTRUM"].header["POISSERR"] is False


@pytest.mark.parametrize(
    ("parameters", "channels", "value"),
    [
        ({"spectralbinsize": 5}, 4096, 2.0),
        ({"spectralbinsize": 15, "specchannelmin": 0, "specchannelmax": 11999}, 800, 7.0),
        ({"spectralbinsize": 5, "specchannelmin": 0, "specchannelmax": 11999}, 2400, 2.0),
        ({"spectralbinsize": 10, "specchannelmin": 300, "specchannelmax": 1004}, 71, 304.5),
    ],
)
def test_channels_of_spectra(events, evselect, parameters, channels, value):
    out = evselect(spectrumset="spectrum.fits", energycolumn="PI", **parameters)
    with fits.open(out / "spectrum.fits") as hdus:
        header, rows = hdus["SPECTRUM"].header, hdus["SPECTRUM"].data
        assert (len(rows), header["DETCHANS"], header["TLMAX1"]) == (channels, channels, channels - 1)
        assert (header["SPECVAL"], header["SPECPIX"]) == (value, 0)
        first, last = parameters.get("specchannelmin", 0), parameters.get("specchannelmax", 20479)
        inside = events["PI"][(events["PI"] >= first) & (events["PI"] <= last)]
        expected = np.bincount((inside - first) // parameters["spectralbinsize"], minlength=channels)
        assert np.array_equal(rows["COUNTS"], expected)


def test_channels_that_do_not_fit_the_responses_are_told(events, evselect, capsys):
    spectrum = {"spectrumset": "spectrum.fits", "energycolumn": "PI"}
    evselect(**spectrum)
    evselect(**spectrum, specchannelmax=11999, nonStandardSpec="yes")
    assert "NonStandardSpectrum" not in capsys.readouterr().err
    evselect(**spectrum, specchannelmax=11999)
    assert "warning (NonStandardSpectrum), channels 0 to 11999 are not those of EPIC" in capsys.readouterr().err


def test_a_real_energy_column_is_truncated(events, evselect, capsys):
    out = evselect(spectrumset="spectrum.fits", energycolumn="TIME", spectralbinsize=10)
    assert "** evselect: warning (SpecIntColumn), energycolumn=TIME is not integer" in capsys.readouterr().err
    with fits.open(out / "spectrum.fits") as hdus:
        whole = events["TIME"].astype(int)
        assert np.array_equal(hdus["SPECTRUM"].data["COUNTS"], np.bincount((whole - whole.min()) // 10))


def test_a_rate_curve_over_a_range(events, evselect):
    out = evselect(rateset="rate.fits", timebinsize=7, timemin=START + 100, timemax=START + 300)
    with fits.open(out / "rate.fits") as hdus:
        header, rows = hdus["RATE"].header, hdus["RATE"].data
        assert rows.columns.names == ["COUNTS"]
        assert (len(rows), header["TSTART"], header["TSTOP"]) == (29, START + 100, START + 303)
        inside = events["TIME"][(events["TIME"] >= START + 100) & (events["TIME"] <= START + 300)]
        assert np.array_equal(rows["COUNTS"], np.bincount(((inside - START - 100) // 7).astype(int)))


def test_a_rate_curve_begins_with_the_earliest_good_time(events, evselect):
    out = evselect(rateset="rate.fits", timebinsize=10, expression="CCDNR in 4,5", maketimecolumn="yes")
    with fits.open(out / "rate.fits") as hdus:
        assert hdus["RATE"].header["TSTART"] == START + 2
        assert hdus["RATE"].data["TIME"][0] == START + 7
        assert len(hdus["RATE"].data) == 100


def test_energy_range_of_a_rate_curve(events, evselect):
    for expression, energy, expected in (
        ("PI in [500:2000]", "PI", (500, 2000)),
        ("PI>=500", "PI", (500, 20479)),
        ("true", "PHA", (0, 4095)),
    ):
        out = evselect(rateset="rate.fits", expression=expression, energycolumn=energy)
        with fits.open(out / "rate.fits") as hdus:
            header = hdus["RATE"].header
            assert (header["CHANMIN"], header["CHANMAX"], header["CHANTYPE"]) == (*expected, energy)


def test_all_rows_with_a_flag(events, evselect):
    keep = chosen(events)
    out = evselect(expression=EXPRESSION, filteredset="list.fits", destruct="no")
    with fits.open(out / "list.fits", checksum=True) as hdus:
        rows = hdus["EVENTS"].data
        assert np.array_equal(rows["EVFLAG"], np.where(keep, 128, 0))
        assert np.array_equal(rows["TIME"], events["TIME"])
    evselect(expression=EXPRESSION, filteredset="list.fits", destruct="no", flagcolumn="FLAG", flagbit=9)
    with fits.open(out / "list.fits", checksum=True) as hdus:
        assert np.array_equal(hdus["EVENTS"].data["FLAG"], np.where(keep, events["FLAG"] | 512, events["FLAG"] & ~512))


def test_nothing_selected_gives_empty_products_and_a_warning(events, evselect, capsys):
    out = evselect(expression="PI<0", **{**ALL, "histogramcolumn": "PHA"})
    output = capsys.readouterr()
    assert "evselect:- selected 0 rows from the input table." in output.out
    assert "** evselect: warning (NoFilteredEvents), no event passes the expression" in output.err
    with fits.open(out / "list.fits") as hdus:
        assert len(hdus["EVENTS"].data) == 0
    with fits.open(out / "image.fits") as hdus:
        assert not hdus[0].data.any()
    for name, column in (("spectrum.fits", "COUNTS"), ("rate.fits", "RATE"), ("histo.fits", "COUNTS")):
        with fits.open(out / name) as hdus:
            assert len(hdus[1].data)
            assert not hdus[1].data[column].any()


def test_a_product_without_counts_in_its_range_is_told(events, evselect, capsys):
    evselect(**IMAGE, expression="X<10000", ximagemin=20000, ximagemax=30000)
    assert "warning (NoFilteredEvents), no selected event lies within the range of imageset." in capsys.readouterr().err


@pytest.mark.parametrize(
    "expression",
    [
        "(X,Y) in CIRCLE(52000,2000,600)",  # reaches into the legal range
        "(X,Y) in BOX(51900,100,100,100,45)",
        "!((X,Y) in CIRCLE(90000,2000,600))",
        "(X,Y) in CIRCLE(90000,2000,600) || (X,Y) in CIRCLE(25000,25000,600)",
    ],
)
def test_a_region_that_meets_the_legal_range_is_taken(events, evselect, expression):
    evselect(**IMAGE, expression=expression)
