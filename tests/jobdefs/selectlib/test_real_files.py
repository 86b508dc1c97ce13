"""A filter that SAS recorded in a product, against the data subspace that SAS wrote beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobdefs.tasks.selectlib import Block, compile_selection, split_blockspec

FLARES = Path(__file__).resolve().parents[4] / "shared/data/xmm/P0124710801PNS001FBKTSR0000.FTZ"
COLUMNS = ["TIME", "RAWX", "RAWY", "X", "Y", "PI", "PATTERN", "FLAG", "CCDNR"]

pytestmark = pytest.mark.skipif(
    not FLARES.exists(), reason="the XMM-Newton sample files are not beside the source tree"
)


@pytest.fixture(scope="module")
def product() -> fits.HDUList:
    with fits.open(FLARES) as product:
        yield product


def _block(product: fits.HDUList, spec: str) -> Block:
    hdu = product[split_blockspec(spec)[1]]
    if hdu.is_image:
        return Block(hdu.name, header=hdu.header, image=np.asarray(hdu.data))
    return Block(
        hdu.name, header=hdu.header, columns={name.upper(): np.asarray(hdu.data[name]) for name in hdu.columns.names}
    )


def test_the_recorded_expression_selects_what_its_tables_say(product: fits.HDUList) -> None:
    generator = np.random.default_rng(11)
    count = 20_000
    data = {
        "TIME": np.sort(generator.uniform(9.287e7, 9.2895e7, count)),
        "RAWX": generator.integers(1, 65, count).astype(np.int16),
        "RAWY": generator.integers(1, 201, count).astype(np.int16),
        "X": generator.integers(15000, 36000, count).astype(np.int32),
        "Y": generator.integers(25000, 35000, count).astype(np.int32),
        "PI": generator.integers(0, 12000, count).astype(np.int16),
        "PATTERN": generator.integers(0, 13, count).astype(np.uint8),
        "FLAG": np.where(generator.random(count) < 0.9, 0x10, 0x10000).astype(np.int32),
        "CCDNR": generator.integers(1, 13, count).astype(np.uint8),
    }
    text = product["RATE"].header["SLCTEXPR"]
    selection = compile_selection(text, header={}, columns=COLUMNS, open_table=lambda spec: _block(product, spec))
    found = selection.evaluate(data)
    assert set(selection.columns) == set(COLUMNS)
    assert 100 < found.sum() < count / 4
    assert np.array_equal(found, _by_hand(product, data))


def _by_hand(product: fits.HDUList, data: dict[str, np.ndarray]) -> np.ndarray:
    masks = ["MASK", *(f"BLK{number:03d}01" for number in range(2, 13))]
    common = (data["PATTERN"] <= 4) & (data["PI"] >= 500) & (data["PI"] <= 7500) & (data["FLAG"] & 0xFFFFFEF == 0)
    for row in product["REGION"].data:
        common &= np.hypot(data["X"] - row["X"][0], data["Y"] - row["Y"][0]) > row["R"][0]
    result = np.zeros(len(common), dtype=bool)
    for ccd, mask in enumerate(masks, start=1):
        times = product[f"GTI{13 * (ccd - 1):03d}01"].data
        good = (data["TIME"][:, None] >= times["START"]) & (data["TIME"][:, None] <= times["STOP"])
        lit = product[mask].data[data["RAWY"] - 1, data["RAWX"] - 1] != 0
        result |= common & lit & good.any(axis=1) & (data["CCDNR"] == ccd)
    return result


def test_a_component_gives_the_keywords_that_sas_wrote(product: fits.HDUList) -> None:
    header = product["RATE"].header
    component = header["SLCTEXPR"].split(" ) || ( ")[0].removeprefix("( ")
    types = {"TFIELDS": len(COLUMNS)}
    for number, (name, form) in enumerate(zip(COLUMNS, "DIIJJIBJB", strict=True), start=1):
        types |= {f"TTYPE{number}": name, f"TFORM{number}": form}
    selection = compile_selection(
        component, header=types, columns=COLUMNS, open_table=lambda spec: _block(product, spec)
    )
    written = {header[f"DSTYP{number}"]: header[f"DSVAL{number}"] for number in range(2, 8)}
    made = {constraint.axis: constraint.value for constraint in selection.dss}
    assert made.pop("RAW(RAWX,RAWY)") == header["DSVAL1"] == "IMAGE"
    assert made == written
    assert {item.axis: item.form for item in selection.dss if item.form} == {"FLAG": header["DSFORM4"]}
