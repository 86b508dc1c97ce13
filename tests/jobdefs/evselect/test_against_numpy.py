"""Random lists, selections, bins, weights and good times: every product is what plain numpy makes of the events."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobdefs import registry
from jobdefs.tasks.evselect.task import run
from jobdefs.tasks.parameters import parse_arguments

FORMS = {"TIME": "D", "X": "J", "Y": "J", "PI": "I", "U": "I", "WEIGHT": "E", "EWEIGHT": "D", "CCDNR": "B"}
SPAN = 200.0
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@dataclass
class Lot:
    """A random list in a folder of its own, its good times, and whether each row passes the expression."""

    folder: Path
    data: dict[str, np.ndarray]
    good: np.ndarray
    expression: str
    keep: np.ndarray
    chunk_rows: int

    def run(self, product: str, **parameters: object) -> Path:
        path = self.folder / f"{product}.fits"
        arguments = [f"table={self.folder}/list.fits", f"{product}={path}", f"expression={self.expression}"]
        arguments += [f"{name}={value}" for name, value in parameters.items()]
        run(parse_arguments(registry.get("evselect"), arguments), chunk_rows=self.chunk_rows)
        return path

    def __getitem__(self, name: str) -> np.ndarray:
        """The selected rows of a column."""
        return self.data[name][self.keep].astype(float)

    def sums(self, numbers: np.ndarray, count: int, weighted: bool) -> tuple[np.ndarray, np.ndarray]:
        """Counts or sums of weights, and their variances, of the selected rows in numbered bins; outside is -1."""
        inside = numbers >= 0
        weights = self["WEIGHT"][inside] if weighted else None
        squares = self["EWEIGHT"][inside] ** 2 if weighted else None
        place = numbers[inside].astype(int)
        return np.bincount(place, weights, count), np.bincount(place, squares, count)


@st.composite
def lots(draw: st.DrawFn) -> Lot:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(1, 300))
    data = {
        "TIME": np.round(rng.uniform(0, SPAN, rows), 3),
        "X": rng.integers(1, 101, rows), "Y": rng.integers(-20, 21, rows),
        "PI": rng.integers(0, 500, rows), "U": rng.integers(32700, 32800, rows),
        "WEIGHT": rng.normal(1, 1, rows).astype(np.float32), "EWEIGHT": rng.uniform(0, 1, rows),
        "CCDNR": rng.integers(1, 4, rows),
    }  # fmt: skip
    edges = sorted(draw(st.sets(st.integers(0, 400), min_size=2, max_size=10)))
    good = np.array(edges[: len(edges) // 2 * 2], dtype=float).reshape(-1, 2) / 2
    low = draw(st.integers(0, 400))
    radius = draw(st.integers(5, 60))
    in_time = ((data["TIME"][:, None] >= good[:, 0]) & (data["TIME"][:, None] <= good[:, 1])).any(axis=1)
    tests = {
        f"PI>={low}": data["PI"] >= low,
        "gti(:GOOD,TIME)": in_time,
        f"(X,Y) in CIRCLE(50,0,{radius})": (data["X"] - 50.0) ** 2 + data["Y"] ** 2.0 <= radius**2,
        "CCDNR in 1,3": data["CCDNR"] != 2,
        "U>32750": data["U"] > 32750,
    }
    chosen = draw(st.sets(st.sampled_from(sorted(tests)), max_size=3))
    expression = " && ".join(sorted(chosen)) or "true"
    keep = np.logical_and.reduce([tests[name] for name in chosen] or [np.ones(rows, dtype=bool)])
    folder = Path(tempfile.mkdtemp(prefix="lot"))
    write(folder / "list.fits", data, good)
    return Lot(folder, data, good, expression, keep, draw(st.sampled_from([0, 1, 7, 100])))


def write(path: Path, data: dict[str, np.ndarray], good: np.ndarray) -> None:
    columns = [
        fits.Column(name, form, array=data[name], bzero=2**15 if name == "U" else None) for name, form in FORMS.items()
    ]
    table = fits.BinTableHDU.from_columns(columns, name="EVENTS")
    for number, limits in ((2, (1, 100)), (3, (-20, 20)), (4, (0, 499))):
        table.header[f"TLMIN{number}"], table.header[f"TLMAX{number}"] = limits
    times = [fits.Column(name, "D", array=good[:, place]) for place, name in enumerate(("START", "STOP"))]
    fits.HDUList([fits.PrimaryHDU(), table, fits.BinTableHDU.from_columns(times, name="GOOD")]).writeto(path)


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@EXAMPLES
@given(lots(), st.booleans())
def test_lists(lot: Lot, flagged: bool) -> None:
    path = lot.run("filteredset", destruct="no" if flagged else "yes")
    with fits.open(path, checksum=True) as hdus:
        rows = hdus["EVENTS"].data
        for name, values in lot.data.items():
            assert np.array_equal(rows[name], values if flagged else values[lot.keep]), name
        if flagged:
            assert np.array_equal(rows["EVFLAG"] == 128, lot.keep)


@EXAMPLES
@given(
    lots(), st.integers(1, 30), st.integers(1, 30), st.tuples(st.integers(1, 50), st.integers(51, 100)), st.booleans()
)
def test_images(lot: Lot, xbin: int, ybin: int, span: tuple[int, int], weighted: bool) -> None:
    path = lot.run(
        "imageset", xcolumn="X", ycolumn="Y", imagebinning="binSize", ximagebinsize=xbin, yimagebinsize=ybin,
        ximagemin=span[0], ximagemax=span[1], withzcolumn=weighted, withzerrorcolumn=weighted,
    )  # fmt: skip
    width, height = -(-(span[1] - span[0] + 1) // xbin), -(-41 // ybin)
    x, y = lot["X"], lot["Y"]
    place = np.where((x >= span[0]) & (x <= span[1]), (y + 20) // ybin * width + (x - span[0]) // xbin, -1)
    sums, squares = lot.sums(place, width * height, weighted)
    with fits.open(path) as hdus:
        assert hdus[0].data.shape == (height, width)
        assert np.allclose(hdus[0].data.ravel(), sums)
        assert not weighted or np.allclose(hdus["ERROR"].data.ravel() ** 2, squares)


@EXAMPLES
@given(lots(), st.integers(1, 60), st.tuples(st.integers(0, 200), st.integers(201, 499)), st.booleans(), st.booleans())
def test_spectra(lot: Lot, width: int, span: tuple[int, int], limited: bool, weighted: bool) -> None:
    low, high = span if limited else (0, 499)
    limits = {"specchannelmin": low, "specchannelmax": high} if limited else {}
    path = lot.run("spectrumset", energycolumn="PI", spectralbinsize=width, **limits, withzcolumn=weighted,
                   withzerrorcolumn=weighted)  # fmt: skip
    count = -(-(high - low + 1) // width)
    energy = lot["PI"]
    sums, squares = lot.sums(np.where((energy >= low) & (energy <= high), (energy - low) // width, -1), count, weighted)
    rows = fits.getdata(path, "SPECTRUM")
    assert np.array_equal(rows["CHANNEL"], np.arange(count))
    assert np.allclose(rows["COUNTS"], sums)
    assert not weighted or np.allclose(rows["STAT_ERR"] ** 2, squares)


@EXAMPLES
@given(lots(), st.sampled_from([0.5, 1.0, 7.0, 33.0]), st.booleans(), st.booleans())
def test_rate_curves(lot: Lot, width: float, limited: bool, weighted: bool) -> None:
    """Without a range the curve begins with the good times that the selection leaves, and ends with them."""
    good = lot.good
    low, high = (10.0, 150.0) if limited else (good[0, 0], good[-1, 1])
    limits = {"timemin": low, "timemax": high} if limited else {}
    path = lot.run("rateset", timebinsize=width, **limits, makeratecolumn="yes", maketimecolumn="yes",
                   withzcolumn=weighted, withzerrorcolumn=weighted)  # fmt: skip
    count = max(int(np.ceil((high - low) / width - 1e-6)), 1)
    time = lot["TIME"]
    place = np.where((time >= low) & (time <= high), np.minimum((time - low) // width, count - 1), -1)
    sums, squares = lot.sums(place, count, weighted)
    rows = fits.getdata(path, "RATE")
    assert np.allclose(rows["RATE"], sums / width)
    assert np.allclose(rows["ERROR"], np.sqrt(squares) / width)
    assert np.allclose(rows["TIME"], low + width * (np.arange(count) + 0.5))


@EXAMPLES
@given(lots(), st.sampled_from([("PI", 1), ("PI", 13), ("U", 3), ("TIME", 2.5), ("WEIGHT", 0.25)]), st.booleans())
def test_histograms(lot: Lot, what: tuple[str, float], weighted: bool) -> None:
    """PI has legal limits; the others take the range of the selected rows."""
    name, width = what
    values = lot[name]
    if name != "PI" and not len(values):
        return
    half = 0.5 if name in {"PI", "U"} else 0.0
    low, high = (0, 499) if name == "PI" else (values.min(), values.max())
    if low == high and not half:
        return
    path = lot.run("histogramset", histogramcolumn=name, histogrambinsize=width, withzcolumn=weighted,
                   withzerrorcolumn=weighted)  # fmt: skip
    count = max(int(np.ceil((high - low + 2 * half) / width - 1e-6)), 1)
    place = np.minimum(np.floor((values - (low - half)) / width), count - 1)
    sums, squares = lot.sums(place, count, weighted)
    rows = fits.getdata(path, "HISTO")
    assert np.allclose(rows["COUNTS"], sums)
    assert np.allclose(rows[name], low - half + width * (np.arange(count) + 0.5))
    assert not weighted or np.allclose(rows["ERROR"] ** 2, squares)
