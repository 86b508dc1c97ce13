"""Small FITS files of each kind, made in the test that needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits

CHANDRA = {
    "TELESCOP": "CHANDRA", "INSTRUME": "ACIS", "DETNAM": "ACIS-7", "OBS_ID": "10027", "OBJECT": "M82", "ORIGIN": "ASC",
    "DATE": "2021-01-09T00:05:26", "OBS_MODE": "POINTING", "DATAMODE": "FAINT", "RADESYS": "ICRS",
    "RA_PNT": 149.09885492322, "DEC_PNT": 69.715351594383, "TIMESYS": "TT", "MJDREF": 50814.0, "TIMEZERO": 0.0,
    "TIMEUNIT": "s", "TSTART": 339468247.43077, "TSTOP": 339489554.61932, "TIMEDEL": 0.44104,
    "ONTIME": 20154.79879868, "LIVETIME": 18279.338652893, "EXPOSURE": 18279.338652893,
    "DSTYP1": "energy", "DSUNIT1": "eV", "DSVAL1": "300:8000",
}  # fmt: skip

NUSTAR = {
    "TELESCOP": "NuSTAR", "INSTRUME": "FPMA", "OBS_ID": "60001110002", "OBJECT": "3C273", "ORIGIN": "HEASARC/GSFC",
    "DATE": "2014-10-02T11:17:19", "OBS_MODE": "SCIENCE", "DATAMODE": "OBSERVING", "RADECSYS": "FK5",
    "EQUINOX": 2000.0, "RA_PNT": 187.2779, "DEC_PNT": 2.0524, "TIMESYS": "TDB", "MJDREFI": 55197,
    "MJDREFF": 0.00076601852, "TIMEUNIT": "s", "TSTART": 80000000.0, "TSTOP": 80050000.0, "TIMEDEL": 2e-6,
    "ONTIME": 21000.5, "LIVETIME": 20800.25,
}  # fmt: skip

XMM = {
    "TELESCOP": "XMM", "INSTRUME": "EPN", "OBS_ID": "0124710801", "EXPIDSTR": "S001", "DATAMODE": "IMAGING",
    "SUBMODE": "PrimeFullWindowExtended", "FILTER": "Medium", "FRMTIME": 199, "OBJECT": "Coma8",
    "ORIGIN": "Leicester/SSC", "DATE": "2012-12-20T21:57:05.000", "OBS_MODE": "POINTING", "RADECSYS": "FK5",
    "EQUINOX": 2000.0, "RA_PNT": 195.361708333333, "DEC_PNT": 27.7594166666667, "PA_PNT": 130.234176635742,
    "TIMESYS": "TT", "MJDREF": 50814.0, "TIMEZERO": 0, "TIMEUNIT": "s", "DATE-OBS": "2000-12-10T21:24:27",
    "DATE-END": "2000-12-11T04:00:20", "ONTIME01": 21649.4, "ONTIME04": 21642.2, "LIVETI01": 20350.5,
    "LIVETI04": 20343.75,
}  # fmt: skip

GADF = {
    "HDUCLASS": "GADF", "HDUCLAS1": "EVENTS", "TELESCOP": "HESS", "INSTRUME": "H.E.S.S. Phase I",
    "ORIGIN": "H.E.S.S. Collaboration", "OBS_ID": 23592, "OBJECT": "Crab Nebula", "OBS_MODE": "WOBBLE",
    "EV_CLASS": "std", "CONV_DEP": 0.0, "RA_PNT": 82.0133333285646, "DEC_PNT": 22.014444444444, "RADECSYS": "FK5",
    "EQUINOX": 2000, "DATE": "2018-05-06T09:14:31", "TIMESYS": "TT", "MJDREFI": 51910,
    "MJDREFF": 0.000742870370370241, "TIMEUNIT": "s", "TSTART": 124235636.0, "TSTOP": 124237322.0, "ONTIME": 1686.0,
    "LIVETIME": 1581.2646484375,
}  # fmt: skip

X_RAY_COLUMNS = {"TIME": "D", "X": "J", "Y": "J", "PI": "I"}
DL3_COLUMNS = {"EVENT_ID": "K", "TIME": "D", "RA": "E", "DEC": "E", "ENERGY": "E"}


def table(
    name: str, columns: Mapping[str, str], header: Mapping[str, object] | None = None, *, rows: int = 5
) -> fits.BinTableHDU:
    """A binary table with zeros in it."""
    hdu = fits.BinTableHDU.from_columns(
        [fits.Column(name=column, format=form, array=np.zeros(rows)) for column, form in columns.items()], name=name
    )
    for keyword, value in (header or {}).items():
        hdu.header[keyword] = value
    return hdu


def write(path: Path, *hdus: fits.hdu.base.ExtensionHDU, primary: Mapping[str, object] | None = None) -> Path:
    """A file of these HDUs behind an empty primary one."""
    first = fits.PrimaryHDU()
    for keyword, value in (primary or {}).items():
        if keyword == "COMMENT":
            first.header.add_comment(value)
        else:
            first.header[keyword] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([first, *hdus]).writeto(path, overwrite=True)
    return path


def event_list(path: Path, header: Mapping[str, object], *, rows: int = 5, **changes: object) -> Path:
    """An X-ray event list; `changes` replace keywords, None leaves one out (``_`` stands for ``-``)."""
    columns = DL3_COLUMNS if header.get("HDUCLASS") == "GADF" else X_RAY_COLUMNS
    return write(path, table("EVENTS", columns, changed(header, changes), rows=rows))


def changed(header: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """A header with some keywords replaced or left out."""
    merged = dict(header) | {
        keyword.replace("_OBS", "-OBS").replace("_END", "-END"): value for keyword, value in changes.items()
    }
    return {keyword: value for keyword, value in merged.items() if value is not None}


def image(path: Path, header: Mapping[str, object], shape: Sequence[int] = (20, 40)) -> Path:
    """An image in the primary HDU."""
    hdu = fits.PrimaryHDU(np.zeros(shape, np.int32))
    for keyword, value in header.items():
        hdu.header[keyword] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    hdu.writeto(path, overwrite=True)
    return path


def dl3_store(folder: Path, *, obs_ids: Sequence[int] = (23592,), **row: object) -> Path:
    """A DL3 store with index files; the data files of `obs_ids` but the last are there when there are several.

    `row` replaces values of the observation index.
    """
    values = {
        "RA_PNT": np.float32(82.013336), "DEC_PNT": np.float32(22.014444), "TSTART": 124235636.0,
        "TSTOP": 124237322.0, "EVENT_COUNT": 7, "SAFE_ENERGY_LO": np.float32(0.5), "SAFE_ENERGY_HI": np.float32(100.0),
    } | row  # fmt: skip
    formats = {"RA_PNT": "E", "DEC_PNT": "E", "TSTART": "D", "TSTOP": "D", "EVENT_COUNT": "K",
               "SAFE_ENERGY_LO": "E", "SAFE_ENERGY_HI": "E"}  # fmt: skip
    columns = [fits.Column(name="OBS_ID", format="K", array=list(obs_ids))]
    columns += [
        fits.Column(name=name, format=formats[name], array=[value] * len(obs_ids)) for name, value in values.items()
    ]
    index = fits.BinTableHDU.from_columns(columns, name="OBS_INDEX")
    index.header["HDUCLAS1"] = "INDEX"
    write(folder / "obs-index.fits.gz", index)
    names = [f"run{obs_id}.fits.gz" for obs_id in obs_ids]
    hdus = fits.BinTableHDU.from_columns(
        [
            fits.Column(name="OBS_ID", format="K", array=[obs_id for obs_id in obs_ids for _ in range(2)]),
            fits.Column(name="HDU_TYPE", format="6A", array=["events", "aeff"] * len(obs_ids)),
            fits.Column(name="FILE_DIR", format="4A", array=["data"] * 2 * len(obs_ids)),
            fits.Column(name="FILE_NAME", format="34A", array=[name for name in names for _ in range(2)]),
        ],
        name="HDU_INDEX",
    )
    hdus.header["HDUCLAS1"] = "INDEX"
    write(folder / "hdu-index.fits.gz", hdus)
    for obs_id, name in list(zip(obs_ids, names, strict=True))[: max(len(obs_ids) - 1, 1)]:
        write(
            folder / "data" / name,
            table("EVENTS", DL3_COLUMNS, GADF | {"OBS_ID": obs_id}, rows=7),
            table("AEFF", {"EFFAREA": "E"}, {"HDUCLAS1": "RESPONSE", "LO_THRES": 0.87, "HI_THRES": 100.0}, rows=1),
            primary={"COMMENT": "Webpage: https://www.mpi-hd.mpg.de/hfm/HESS/pages/dl3-dr1/"},
        )
    return folder
