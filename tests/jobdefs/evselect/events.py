"""A small EPIC event list in the layout of the pipeline's (EVENTS, EXPOSUnn, BADPIXnn, STDGTInn), made for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.io import fits

START = 1.0e8
RA, DEC = 150.25, 2.5
STEP = 0.05 / 3600

COLUMNS = {
    "TIME": ("D", "s", None),
    "RAWX": ("I", "pixel", (1, 64)),
    "RAWY": ("I", "pixel", (1, 200)),
    "DETX": ("I", "0.05 arcsec", (-20000, 20000)),
    "DETY": ("I", "0.05 arcsec", (-20000, 20000)),
    "X": ("J", "0.05 arcsec", (1, 51840)),
    "Y": ("J", "0.05 arcsec", (1, 51840)),
    "PHA": ("I", "CHAN", (0, 4095)),
    "PI": ("I", "eV", (0, 20479)),
    "FLAG": ("J", "", None),
    "PATTERN": ("B", "", (0, 31)),
    "CCDNR": ("B", "", (1, 12)),
}

GOOD_TIMES = {1: [(0.0, 400.0), (500.0, 990.0)], 4: [(2.0, 1000.0)], 5: [(10.0, 700.0)]}
"""CCD → good times, seconds after START."""

LIVE = 0.9


@dataclass
class Events:
    """What stands in a file, for direct calculations."""

    path: Path
    data: dict[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.data[name]


def good_times(ccd: int) -> np.ndarray:
    return np.array(GOOD_TIMES[ccd]) + START


def make_events(path: Path, *, rows: int = 5000, seed: int = 1, frame: float = 0.5) -> Events:
    """Write a list with events of CCDs 1, 4 and 5 within their good times."""
    data = _simulate(rows, np.random.default_rng(seed))
    fits.HDUList([_primary(), _table(data), *_exposures(frame), _bad_pixels(), *_times()]).writeto(path)
    return Events(path, data)


def _simulate(rows: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    ccds = rng.choice([1, 4, 5], size=rows, p=[0.2, 0.5, 0.3]).astype(np.uint8)
    times = np.empty(rows)
    for ccd in GOOD_TIMES:
        chosen = ccds == ccd
        intervals = good_times(ccd)
        which = rng.integers(0, len(intervals), chosen.sum())
        times[chosen] = rng.uniform(intervals[which, 0] + 0.01, intervals[which, 1] - 0.01)
    order = np.argsort(times)
    x = np.clip(rng.normal(25921, 6000, rows), 1, 51840).astype(np.int32)
    y = np.clip(rng.normal(25921, 6000, rows), 1, 51840).astype(np.int32)
    flags = rng.choice([0, 0, 0, 0, 1, 1 << 4, 1 << 16, 1 << 21], size=rows)
    return {
        "TIME": times[order],
        "RAWX": rng.integers(1, 65, rows).astype(np.int16),
        "RAWY": rng.integers(1, 201, rows).astype(np.int16),
        "DETX": (x - 25921).clip(-20000, 20000).astype(np.int16),
        "DETY": (y - 25921).clip(-20000, 20000).astype(np.int16),
        "X": x,
        "Y": y,
        "PHA": rng.integers(0, 4096, rows).astype(np.int16),
        "PI": rng.exponential(2000, rows).clip(0, 20479).astype(np.int16),
        "FLAG": flags.astype(np.int32),
        "PATTERN": rng.integers(0, 13, rows).astype(np.uint8),
        "CCDNR": ccds[order],
    }


def _primary() -> fits.PrimaryHDU:
    header = fits.Header()
    for card in (
        ("XPROC0", "epchain odf=/somewhere # (epchain-8.82)"),
        ("CREATOR", "epchain (epchain-8.82)", "name of code which created this data set"),
        ("DATE", "2020-01-01T00:00:00", "creation date"),
        ("FILTER", "Medium", "Filter ID"),
        ("TELESCOP", "XMM", "Telescope (mission) name"),
        ("INSTRUME", "EPN", "Instrument name"),
        ("OBS_ID", "0999990101", "Observation identifier"),
        ("EXPIDSTR", "S003", "Exposure identifier (Xnnn)"),
        ("OBJECT", "Nothing", "Name of observed object"),
        ("DATE-OBS", "2001-03-03T09:45:36", "Start Time (UTC) of exposure"),
        ("CONTENT", "EPIC PN IMAGING MODE EVENT LIST", "Contents of file"),
    ):
        header.append(card)
    header.add_history("Created by epframes (epframes-8.93)")
    header.add_comment("SIMULATED")
    return fits.PrimaryHDU(header=header)


def _table(data: dict[str, np.ndarray]) -> fits.BinTableHDU:
    columns = [
        fits.Column(name, COLUMNS[name][0], unit=COLUMNS[name][1] or None, array=values)
        for name, values in data.items()
    ]
    table = fits.BinTableHDU.from_columns(columns, name="EVENTS")
    header = table.header
    for number, (_, _, limits) in enumerate(COLUMNS.values(), start=1):
        if limits:
            header[f"TLMIN{number}"], header[f"TLMAX{number}"] = limits
    for card in (
        ("TELESCOP", "XMM"),
        ("INSTRUME", "EPN"),
        ("FILTER", "Medium"),
        ("TIMESYS", "TT"),
        ("MJDREF", 50814.0),
        ("TIMEUNIT", "s"),
        ("EQUINOX", 2000.0),
        ("RADECSYS", "FK5"),
        ("XMMEA_EP", "(FLAG & 0xcfa0000) == 0"),
    ):
        header.append(card)
    for axis, kind, value, step in (("X", "RA---TAN", RA, -STEP), ("Y", "DEC--TAN", DEC, STEP)):
        for suffix, entry in (("CTYP", kind), ("CRPX", 25921), ("CRVL", value), ("CDLT", step), ("LMIN", 1),
                              ("LMAX", 51840), ("CUNI", "deg")):  # fmt: skip
            header[f"REF{axis}{suffix}"] = entry
    header["DSTYP1"], header["DSTYP2"], header["DSUNI2"], header["DSVAL2"] = "CCDNR", "TIME", "s", "TABLE"
    for number, ccd in enumerate(GOOD_TIMES, start=1):
        prefix = "" if number == 1 else str(number)
        header[f"{prefix}DSVAL1"], header[f"{prefix}DSREF2"] = str(ccd), f":STDGTI{ccd:02d}"
    for ccd in GOOD_TIMES:
        header[f"ONTIME{ccd:02d}"] = ontime = float(np.diff(good_times(ccd), axis=1).sum())
        header[f"LIVETI{ccd:02d}"] = ontime * LIVE
    header["ONTIME"], header["LIVETIME"], header["EXPOSURE"] = 998.0, 998.0 * LIVE, 998.0 * LIVE
    return table


def _exposures(frame: float) -> list[fits.BinTableHDU]:
    centres = START + np.arange(frame / 2, 1000, frame)
    tables = []
    for ccd in GOOD_TIMES:
        good = good_times(ccd)
        fraction = np.where(((centres[:, None] >= good[:, 0]) & (centres[:, None] <= good[:, 1])).any(axis=1), LIVE, 0)
        columns = [fits.Column("TIME", "D", unit="s", array=centres), fits.Column("FRACEXP", "E", array=fraction)]
        tables.append(fits.BinTableHDU.from_columns(columns, name=f"EXPOSU{ccd:02d}"))
    return tables


def _bad_pixels() -> fits.BinTableHDU:
    columns = [fits.Column("RAWX", "I", array=np.array([3, 4])), fits.Column("RAWY", "I", array=np.array([5, 6]))]
    return fits.BinTableHDU.from_columns(columns, name="BADPIX04")


def _times() -> list[fits.BinTableHDU]:
    tables = []
    for ccd in GOOD_TIMES:
        good = good_times(ccd)
        columns = [
            fits.Column("START", "D", unit="s", array=good[:, 0]),
            fits.Column("STOP", "D", unit="s", array=good[:, 1]),
        ]
        table = fits.BinTableHDU.from_columns(columns, name=f"STDGTI{ccd:02d}")
        table.header["CCDID"] = (ccd, "CCD ID")
        table.header["HDUCLAS1"] = "GTI"
        tables.append(table)
    return tables
