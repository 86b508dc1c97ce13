"""Images as filters of lists: the products, and the data subspace that names the image."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from .events import DEC, RA

IMAGE = {
    "imageset": "image.fits", "xcolumn": "X", "ycolumn": "Y", "imagebinning": "binSize", "ximagebinsize": 400,
    "yimagebinsize": 400,
}  # fmt: skip


def write_mask(name: str, source: str, *, extension: bool = False) -> np.ndarray:
    """Every third pixel of an image that evselect made, with its keywords."""
    with fits.open(source) as hdus:
        mask = (np.add.outer(np.arange(hdus[0].data.shape[0]), np.arange(hdus[0].data.shape[1])) % 3 == 0).astype("i2")
        header = hdus[0].header.copy()
    kept = ("CTYPE", "CRPIX", "CRVAL", "CDELT", "CUNIT", "LTM", "LTV", "WCSNAME", "RADECSYS", "EQUINOX")
    header = fits.Header([card for card in header.cards if card.keyword.startswith(kept)])
    hdu = fits.ImageHDU(mask, header, name="MASK") if extension else fits.PrimaryHDU(mask, header)
    (fits.HDUList([fits.PrimaryHDU(), hdu]) if extension else fits.HDUList([hdu])).writeto(name)
    return mask


@pytest.mark.parametrize(
    "expression",
    ["(X,Y) in IMAGE(mask.fits)", "IMAGE(mask.fits,X,Y)", "(RA,DEC) in IMAGE(mask.fits)", "mask(mask.fits,0,0,X,Y)"],
)
@pytest.mark.parametrize("extension", [False, True])
def test_an_image_of_the_sky_cuts_list_and_image(events, evselect, expression, extension):
    evselect(**IMAGE)
    mask = write_mask("mask.fits", "image.fits", extension=extension)
    keep = mask[(events["Y"] - 1) // 400, (events["X"] - 1) // 400] != 0
    out = evselect(expression=expression, filteredset="list.fits", **IMAGE)
    assert 100 < keep.sum() < len(keep)
    with fits.open(out / "list.fits", checksum=True) as hdus:
        assert np.array_equal(hdus["EVENTS"].data["TIME"], events["TIME"][keep])
        header = hdus["EVENTS"].header
        number = next(number for number in range(1, 9) if header[f"DSTYP{number}"] == "POS(X,Y)")
        assert header[f"DSVAL{number}"] == "IMAGE"
        block = hdus[header[f"DSREF{number}"][1:]]
        assert np.array_equal(block.data, mask)
        assert block.header["CRVAL1"] == RA
    with fits.open(out / "image.fits") as hdus:
        assert hdus[0].data.sum() == keep.sum()
        assert not hdus[0].data[mask == 0].any()


def test_an_image_in_the_data_subspace_filters_again(events, evselect):
    """The subspace of a product selects, from the whole list, the rows that the image selected."""
    evselect(**IMAGE)
    write_mask("mask.fits", "image.fits")
    evselect(expression="(X,Y) in IMAGE(mask.fits) && PI>=500", filteredset="first.fits")
    with fits.open("first.fits") as first, fits.open("events.fits") as hdus:
        filters = fits.ImageHDU(np.zeros((2, 2)), name="FILTER")
        filters.header.extend(
            card for card in first["EVENTS"].header.cards if card.keyword.lstrip("0123456789")[:2] == "DS"
        )
        fits.HDUList([*hdus, filters, *(hdu for hdu in first if hdu.name.startswith("BLK"))]).writeto("both.fits")
    out = evselect(table="both.fits", filtertype="dataSubspace", dssblock="FILTER", filteredset="second.fits")
    with fits.open(out / "first.fits") as first, fits.open(out / "second.fits") as second:
        assert len(first["EVENTS"].data) > 100
        assert np.array_equal(first["EVENTS"].data["TIME"], second["EVENTS"].data["TIME"])


def test_an_image_of_another_pointing_is_projected(events, evselect):
    image = np.zeros((40, 40), dtype=np.uint8)
    image[10:30, 10:30] = 1
    header = fits.Header({
        "CTYPE1": "RA---SIN", "CTYPE2": "DEC--SIN", "CRPIX1": 20.5, "CRPIX2": 20.5, "CRVAL1": RA + 0.05,
        "CRVAL2": DEC - 0.05, "CDELT1": -0.01, "CDELT2": 0.01, "RADESYS": "ICRS",
    })  # fmt: skip
    fits.PrimaryHDU(image, header).writeto("other.fits")
    out = evselect(expression="(X,Y) in IMAGE(other.fits)", filteredset="list.fits")
    evselect(expression=f"(RA,DEC) in BOX({RA + 0.05},{DEC - 0.05},0.1,0.1,0)", filteredset="box.fits")
    with fits.open(out / "list.fits") as hdus, fits.open(out / "box.fits") as box:
        found, near = hdus["EVENTS"].data["TIME"], box["EVENTS"].data["TIME"]
        assert len(found) > 100
        assert len(np.setxor1d(found, near)) <= 0.01 * len(found)


def test_an_image_of_the_detector(events, evselect):
    detector = {"imageset": "det.fits", "xcolumn": "DETX", "ycolumn": "DETY", "imagebinning": "binSize"}
    evselect(**detector, ximagebinsize=1000, yimagebinsize=1000)
    mask = write_mask("mask.fits", "det.fits")
    column, row = ((events[name].astype(int) + 20000) // 1000 for name in ("DETX", "DETY"))
    keep = mask[row, column] != 0
    for expression in ("(DETX,DETY) in IMAGE(mask.fits)", "IMAGE(mask.fits)"):
        out = evselect(expression=expression, filteredset="list.fits")
        with fits.open(out / "list.fits") as hdus:
            assert np.array_equal(hdus["EVENTS"].data["TIME"], events["TIME"][keep])
