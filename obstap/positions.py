"""Which columns are the position of a row.

They are found by their UCDs (``pos.eq.ra;meta.main`` with ``pos.eq.dec;meta.main``), else by names that catalogues use;
the archive's index takes ICRS degrees, so what has another unit or frame is not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from obstap.metadata import Column
from vo.errors import UsageError
from vo.wording import did_you_mean

__all__ = ["Chosen", "choose_position", "find"]

MAIN_UCDS = (("pos.eq.ra;meta.main", "pos.eq.dec;meta.main"), ("pos_eq_ra_main", "pos_eq_dec_main"))
UCDS = (("pos.eq.ra", "pos.eq.dec"),)
NAMES = (
    ("ra_icrs", "de_icrs"),
    ("ra_icrs", "dec_icrs"),
    ("raj2000", "dej2000"),
    ("raj2000", "decj2000"),
    ("_raj2000", "_dej2000"),
    ("ra_j2000", "dec_j2000"),
    ("s_ra", "s_dec"),
    ("sc_ra", "sc_dec"),
    ("ra", "dec"),
    ("radeg", "decdeg"),
    ("radeg", "dedeg"),
    ("ra_deg", "dec_deg"),
    ("ra_corr", "dec_corr"),
)
"""Names of the columns in lower case, the surest first."""

DEGREES = frozenset({"deg", "degree", "degrees"})
NUMBERS = frozenset({"float", "double"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns of the position and why they were taken; `lon` is empty when there are none."""

    lon: str = ""
    lat: str = ""
    why: str = ""


def choose_position(
    columns: Sequence[Column], frames: Mapping[str, str], given: Sequence[str] | None, warn: list[str]
) -> Chosen:
    """The columns that hold right ascension and declination.

    Parameters
    ----------
    frames
        Frames of columns, where they are known.
    given
        The names that the operator gives, or None when they shall be found.
    warn
        Is told why likely columns were not taken.

    Raises
    ------
    vo.errors.UsageError
        When columns that were given are not there, are no numbers, or are not in ICRS degrees.
    """
    if given is not None:
        lon, lat = (find(name, columns, "--position") for name in given)
        for column in (lon, lat):
            if reason := _objection(column, frames):
                raise UsageError(f"--position: column {column.name} {reason}; positions are ICRS degrees.")
        return Chosen(lon.name, lat.name, "given by --position")
    for lon, lat, why in _candidates(columns):
        reasons = [f"{column.name} {reason}" for column in (lon, lat) if (reason := _objection(column, frames))]
        unitless = [column.name for column in (lon, lat) if not column.unit]
        if unitless:
            verb = "have" if len(unitless) > 1 else "has"
            reasons.append(f"{' and '.join(unitless)} {verb} no unit, which --metadata can give")
        if not reasons:
            return Chosen(lon.name, lat.name, why)
        text = f"{lon.name} and {lat.name} were not taken for the position: {'; '.join(reasons)}."
        if text not in warn:
            warn.append(text)
    return Chosen()


def find(name: str, columns: Sequence[Column], option: str) -> Column:
    """The column of that name, in any case where only one fits.

    Raises
    ------
    vo.errors.UsageError
        When there is none.
    """
    plain = name.strip().strip('"')
    for column in columns:
        if column.name == plain:
            return column
    for column in columns:
        if column.name.lower() == plain.lower():
            return column
    names = [column.name for column in columns]
    raise UsageError(f"{option}: the table has no column {plain!r}.", hint=did_you_mean(plain, names))


def _candidates(columns: Sequence[Column]) -> list[tuple[Column, Column, str]]:
    by_ucd = [
        (*pair, f"by the UCDs {lon} and {lat}")
        for lon, lat in MAIN_UCDS
        for pair in _pairs(columns, lambda column: column.ucd.lower(), lon, lat)
    ]
    by_name = [
        (*pair, "by their names")
        for lon, lat in NAMES
        for pair in _pairs(columns, lambda column: column.name.lower(), lon, lat)
    ]
    only = [
        (*pair, f"by the UCDs {lon} and {lat}")
        for lon, lat in UCDS
        for pair in _pairs(columns, lambda column: column.ucd.lower(), lon, lat)
    ]
    return [*by_ucd, *by_name, *only]


def _pairs(
    columns: Sequence[Column], value: Callable[[Column], str], lon: str, lat: str
) -> list[tuple[Column, Column]]:
    """The one pair of columns whose `value` is `lon` and `lat`, in a list; empty when there is none or several."""
    lons = [column for column in columns if value(column) == lon]
    lats = [column for column in columns if value(column) == lat]
    return [(lons[0], lats[0])] if len(lons) == len(lats) == 1 else []


def _objection(column: Column, frames: Mapping[str, str]) -> str:
    """Why a column can be no coordinate in ICRS degrees; empty when it can."""
    if column.datatype not in NUMBERS or column.arraysize:
        return "holds no real numbers"
    if column.unit and column.unit.lower() not in DEGREES:
        return f"has the unit {column.unit}"
    frame = frames.get(column.name, "").upper()
    if frame and not _is_icrs(frame):
        return f"is in the frame {frame}"
    return ""


def _is_icrs(frame: str) -> bool:
    """Whether a frame is ICRS, or FK5 at J2000, which differs from it by less than 0.1 arcseconds."""
    name, _, equinox = frame.partition(" ")
    return name == "ICRS" or (name in ("FK5", "J2000") and equinox.lstrip("J") in ("", "2000", "2000.0"))
