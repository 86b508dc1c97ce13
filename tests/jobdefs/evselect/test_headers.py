"""Headers of products in full, in the form that SAS gives them."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy.io import fits

from jobdefs.tasks.fitscards import Header
from jobdefs.tasks.headers import combined_expression

EXPECTED = Path(__file__).parent / "expected"
EXPRESSION = "#XMMEA_EP && PATTERN<=4 && PI in [300:10000] && (X,Y) in CIRCLE(25921,25921,6000) && TIME<=100000600"
PRODUCTS = {
    "image": ("imageset", 0, {"xcolumn": "X", "ycolumn": "Y", "imagebinning": "binSize", "ximagebinsize": 80,
                              "yimagebinsize": 80}),
    "spectrum": ("spectrumset", 1, {"energycolumn": "PI"}),
    "rate": ("rateset", 1, {"energycolumn": "PI", "timebinsize": 10, "makeratecolumn": "yes", "maketimecolumn": "yes"}),
    "histogram": ("histogramset", 1, {"histogramcolumn": "PATTERN"}),
    "list": ("filteredset", 1, {}),
}  # fmt: skip
OWN = ("XPROC0", "XPROC1", "CHECKSUM", "DATASUM")


def lines(path: Path, block: int) -> list[str]:
    """The records of a header, without those that are tested apart."""
    with fits.open(path) as hdus:
        header = Header.parse(hdus[block].header.tostring())
    return [record.rstrip() for card in header if card.keyword not in OWN for record in card.records]


@pytest.mark.parametrize("product", PRODUCTS)
def test_headers_in_full(events, evselect, product):
    name, block, parameters = PRODUCTS[product]
    out = evselect(expression=EXPRESSION, **{name: "product.fits"}, **parameters)
    expected = (EXPECTED / f"{product}.txt").read_text(encoding="ascii").splitlines()
    assert lines(out / "product.fits", block) == expected


def test_primary_header_of_a_table_product(events, evselect):
    out = evselect(spectrumset="product.fits", energycolumn="PI")
    expected = (EXPECTED / "primary.txt").read_text(encoding="ascii").splitlines()
    assert lines(out / "product.fits", 0) == expected


def test_good_times_and_regions_in_full(events, evselect):
    out = evselect(expression=EXPRESSION, spectrumset="product.fits", energycolumn="PI")
    with fits.open(out / "product.fits") as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SPECTRUM", "REG00002", "GTI00002", "GTI00102", "GTI00202"]
        assert list(hdus["REG00002"].data[0]) == ["CIRCLE", 25921.0, 25921.0, 6000.0, 1]
        assert hdus["GTI00002"].data["START"].tolist() == [1e8, 1e8 + 500]
        assert hdus["GTI00002"].data["STOP"].tolist() == [1e8 + 400, 1e8 + 600]
        assert list(hdus["GTI00102"].data[0]) == [1e8 + 2, 1e8 + 600]
    for number, name in ((2, "region"), (3, "gti")):
        expected = (EXPECTED / f"{name}.txt").read_text(encoding="ascii").splitlines()
        assert lines(out / "product.fits", number) == expected


def test_the_command_is_recorded_whole(events, evselect):
    out = evselect(expression="PI in [300:10000]", imageset="image.fits")
    with fits.open(out / "image.fits") as hdus:
        earlier, command = (hdus[0].header[f"XPROC{number}"] for number in (0, 1))
        assert "XPROC2" not in hdus[0].header
    assert earlier == "epchain odf=/somewhere # (epchain-8.82)"
    assert command.startswith("evselect table=events.fits expression='PI in [300:10000]' ")
    assert command.endswith(" # (evselect-3.71.1-compatible) [athanor-0.1.0]")
    for assignment in ("imageset=image.fits", "blockstocopy=''", "withimageset=yes", "ximagesize=600", "flagbit=-1"):
        assert f" {assignment} " in command


def test_keywords_and_blocks_that_are_asked_for_are_copied(events, evselect, capsys):
    out = evselect(imageset="image.fits", attributestocopy="XMMEA_EP ABSENT", blockstocopy="BADPIX04 STDGTI01")
    assert "warning (NoAttrib), the input has no keyword ABSENT" in capsys.readouterr().err
    with fits.open(out / "image.fits", checksum=True) as hdus:
        assert hdus[0].header["XMMEA_EP"] == "(FLAG & 0xcfa0000) == 0"
        assert hdus["BADPIX04"].data["RAWX"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("PI>300", "", "PI>300"),
        ("PI>300", "true", "PI>300"),
        ("true", "FLAG==0", "FLAG==0"),
        ("A || B", "C", "(A || B) && (C)"),
    ],
)
def test_expressions_add_up(new, old, expected):
    assert combined_expression(new, old) == expected


def test_a_list_that_is_filtered_again_remembers(events, evselect):
    evselect(expression="PI>=300", filteredset="first.fits")
    out = evselect(table="first.fits", expression="PATTERN<=4", filteredset="second.fits")
    with fits.open(out / "second.fits") as hdus:
        header = hdus["EVENTS"].header
        assert header["SLCTEXPR"] == "(PATTERN<=4) && (PI>=300)"
        assert [header[f"DSTYP{number}"] for number in (1, 2, 3, 4)] == ["CCDNR", "PATTERN", "PI", "TIME"]
        assert [header[f"DSVAL{number}"] for number in (2, 3)] == [":4", "300:"]
        told = [card for card in hdus[0].header.cards if card.keyword.startswith("XPROC")]
    assert [card.keyword for card in told] == ["XPROC0", "XPROC1", "XPROC2"]
    assert [card.value.split()[:2] for card in told] == [
        ["epchain", "odf=/somewhere"], ["evselect", "table=events.fits"], ["evselect", "table=first.fits"],
    ]  # fmt: skip
