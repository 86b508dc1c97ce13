"""Small spectra and responses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits


def spectrum(
    path: Path, counts: Sequence[float], *, first: int = 0, quality: Sequence[int] = (), **keywords: object
) -> str:
    """Write a spectrum of these counts; gives its name."""
    columns = [
        fits.Column("CHANNEL", "I", array=first + np.arange(len(counts))),
        fits.Column("COUNTS", "J", unit="count", array=np.asarray(counts)),
    ]
    if quality:
        columns.append(fits.Column("QUALITY", "I", array=np.asarray(quality)))
    table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    header = {
        "TELESCOP": "XMM", "INSTRUME": "EPN", "FILTER": "Medium", "HDUCLASS": "OGIP", "HDUCLAS1": "SPECTRUM",
        "HDUVERS": "1.2.0", "CHANTYPE": "PI", "DETCHANS": len(counts), "POISSERR": True, "EXPOSURE": 100.0,
        "AREASCAL": 1.0, "BACKSCAL": 1.0, "CORRSCAL": 1.0, "BACKFILE": "none", "RESPFILE": "none", "ANCRFILE": "none",
        "GROUPING": 0, "SYS_ERR": 0,
    }  # fmt: skip
    if not quality:
        header["QUALITY"] = 0
    table.header.update(header | keywords)
    extra = fits.BinTableHDU.from_columns([fits.Column("X", "D", array=[1.0, 2.0])], name="REG00101")
    fits.HDUList([fits.PrimaryHDU(), table, extra]).writeto(path, overwrite=True)
    return path.name


def response(path: Path, *, channels: int = 100, width: float = 0.1, step: float = 0.05, first: int = 0) -> str:
    """Write a matrix that spreads photons as a Gaussian of constant width (sigma, keV) over channels of `step` keV."""
    edges = step * np.arange(channels + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    bounds = fits.BinTableHDU.from_columns(
        [
            fits.Column("CHANNEL", "I", array=first + np.arange(channels)),
            fits.Column("E_MIN", "E", unit="keV", array=edges[:-1]),
            fits.Column("E_MAX", "E", unit="keV", array=edges[1:]),
        ],
        name="EBOUNDS",
    )
    rows, starts, lengths = [], [], []
    for centre in centres:
        values = np.exp(-((centres - centre) ** 2) / 2 / width**2)
        kept = np.flatnonzero(values > 1e-5)
        rows.append(values[kept])
        starts.append([first + kept[0]])
        lengths.append([len(kept)])
    matrix = fits.BinTableHDU.from_columns(
        [
            fits.Column("ENERG_LO", "E", unit="keV", array=edges[:-1]),
            fits.Column("ENERG_HI", "E", unit="keV", array=edges[1:]),
            fits.Column("N_GRP", "I", array=np.ones(channels)),
            fits.Column("F_CHAN", "PI()", array=np.array([np.array(item) for item in starts], dtype=object)),
            fits.Column("N_CHAN", "PI()", array=np.array([np.array(item) for item in lengths], dtype=object)),
            fits.Column("MATRIX", "PE()", array=np.array([np.asarray(item) for item in rows], dtype=object)),
        ],
        name="MATRIX",
    )
    matrix.header["TLMIN4"] = first
    fits.HDUList([fits.PrimaryHDU(), bounds, matrix]).writeto(path)
    return path.name


def signs(path: str | Path) -> str:
    """GROUPING as text: ``+`` begins a group, ``-`` goes on with it, ``.`` is in none."""
    return "".join({1: "+", -1: "-", 0: "."}[int(value)] for value in fits.getdata(path, "SPECTRUM")["GROUPING"])


def flags(path: str | Path) -> str:
    """QUALITY as digits."""
    return "".join(str(int(value)) for value in fits.getdata(path, "SPECTRUM")["QUALITY"])
