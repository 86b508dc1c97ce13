"""The EPIC cameras, and the selections that are usual for their events.

Source: XMM-Newton Users' Handbook and SAS threads: PATTERN<=4 for pn, <=12 for MOS; FLAG==0, or the filters #XMMEA_EP
and #XMMEA_EM that event lists carry; flares of the background show above 10 keV, among single events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vo.errors import AthanorError, ParameterError
from vo.wording import plain

from .filespec import file_and_block
from .fitsio import FitsFile, Table, open_fits
from .reporting import TaskError

__all__ = ["CAMERAS", "FLAGS", "Camera", "instrument_of", "instrument_of_file", "standard_selection"]

FLAGS = ("0", "standard", "any")
"""What may be asked of FLAG: that it is 0, that the camera's own filter (#XMMEA_EP, #XMMEA_EM) holds, or nothing."""

_NUMBERS = frozenset(["TIME", "RAWX", "RAWY", "DETX", "DETY", "X", "Y", "PHA", "PI", "FLAG", "PATTERN", "CCDNR"])
"""Columns that hold a number for each event."""


@dataclass(frozen=True, slots=True)
class Camera:
    """What is usual for the events of a camera.

    Parameters
    ----------
    instrument
        INSTRUME.
    short
        As the pipeline's file names have it: `PN`, `M1`, `M2`.
    pattern
        Highest good PATTERN.
    flag_filter
        The filter of FLAG that the header of an event list holds.
    pimax
        Highest PI that is calibrated, in eV.
    flare_selection, flare_rate
        The events that tell flares of the background, and the highest rate of them in quiet times, in count/s.
    """

    instrument: str
    short: str
    pattern: int
    flag_filter: str
    pimax: int
    flare_selection: str
    flare_rate: float

    @property
    def is_pn(self) -> bool:
        """Whether it is the pn camera."""
        return self.short == "PN"


def _mos(number: int) -> Camera:
    return Camera(
        f"EMOS{number}", f"M{number}", 12, "#XMMEA_EM", 12_000, "#XMMEA_EM && (PI>10000) && (PATTERN==0)", 0.35
    )


CAMERAS: Mapping[str, Camera] = MappingProxyType(
    {
        "EPN": Camera("EPN", "PN", 4, "#XMMEA_EP", 15_000, "#XMMEA_EP && (PI in [10000:12000]) && (PATTERN==0)", 0.4),
        "EMOS1": _mos(1),
        "EMOS2": _mos(2),
    }
)
"""INSTRUME → camera."""


def standard_selection(
    instrument: str,
    *,
    flag: str = "0",
    pattern: int | None = None,
    pimin: float | None = None,
    pimax: float | None = None,
) -> str:
    """The expression, in SAS's selection language, that good events of a camera fulfil.

    Parameters
    ----------
    instrument
        INSTRUME, as `instrument_of` gives it.
    flag
        One of `FLAGS`.
    pattern
        Highest PATTERN; None for the camera's own.
    pimin, pimax
        Lowest and highest PI in eV, both included; None for no such end.

    Returns
    -------
    str
        For instance ``(PATTERN<=4) && (FLAG==0) && (PI in [200:8000])``.

    Raises
    ------
    vo.errors.ParameterError
        When `flag` is none of `FLAGS`, or the energies leave nothing between them.
    """
    camera = CAMERAS[instrument]
    if flag not in FLAGS:
        raise ParameterError("flag", f"{flag!r} is none of {', '.join(FLAGS)}.")
    conditions = [f"(PATTERN<={camera.pattern if pattern is None else pattern})"]
    if flag != "any":
        conditions.append("(FLAG==0)" if flag == "0" else camera.flag_filter)
    if pimin is not None and pimax is not None and pimin >= pimax:
        raise ParameterError("pimax", f"{plain(pimax)} eV must be above pimin, {plain(pimin)} eV.")
    if pimin is not None or pimax is not None:
        low, high = ("" if end is None else plain(end) for end in (pimin, pimax))
        conditions.append(f"(PI in [{low}:{high}])")
    return " && ".join(conditions)


def instrument_of(path: str) -> str:
    """INSTRUME of an event list of an EPIC camera.

    Parameters
    ----------
    path
        The file; a block's name may follow (``events.fits:EVENTS``).

    Raises
    ------
    TaskError
        `NotEpic`: it is of no EPIC camera; `DatasetError`: it can't be read, or holds no such block.
    """
    try:
        name, block = file_and_block(path)
        with open_fits(name) as file:
            return instrument_of_file(file, block)
    except TaskError:
        raise
    except AthanorError as error:
        raise TaskError("DatasetError", str(error)) from error


def instrument_of_file(file: FitsFile, block: str = "") -> str:
    """The same of a file that is open.

    Raises
    ------
    TaskError
        `NotEpic`: it is of no EPIC camera, or what should be numbers are none.
    vo.errors.NotFoundError
        It has no such block.
    """
    headers = (file.find(block).header, file.hdus[0].header)
    found = next((text for header in headers if (text := header.text("INSTRUME"))), "").upper()
    if found not in CAMERAS:
        told = f"is from the instrument {found}" if found else "does not name its instrument (INSTRUME)"
        raise TaskError("NotEpic", f"{file.name} {told}; an event list of {', '.join(CAMERAS)} is needed.")
    if file.find(block).kind == "BINTABLE":
        _check_columns(file.table(file.find(block)))
    return found


def _check_columns(table: Table) -> None:
    """Refuse a list whose columns of numbers hold texts or several numbers an event."""
    for name in _NUMBERS & table.columns.keys():
        column = table.columns[name]
        if not column.scalar or column.code == "L":
            raise TaskError("NotEpic", f"Column {name} of {table.file.name} holds no number for each event.")
