"""A light curve without its background, corrected for dead time and gaps, in the layout of epiclccorr.

The corrections are those that an event list alone allows: rates are counts per second of live time of the chips under
the region. Vignetting, point spread function, quantum efficiency and filter need calibration files, and are not
corrected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..apertures import Aperture, EventList
from ..filespec import file_and_block
from ..fitscards import Card
from ..fitsio import Hdu, open_fits
from ..fitsout import Field, Outputs, Writer, table_block
from ..gtifile import new_primary
from ..parameters import Invocation
from ..reporting import Reporter, TaskError
from .livetimes import good_times_by_chip, live_times

__all__ = ["Curve", "net_curve", "read_curve", "write_net_curve"]

_STRUCTURE = re.compile(
    r"XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|T(?:TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|LMIN|LMAX)\d+|EXTNAME"
    r"|CHECKSUM|DATASUM|HDUCLAS2|BACKAPP|DEADAPP|VIGNAPP"
)


@dataclass(frozen=True, slots=True)
class Curve:
    """What was counted, bin by bin.

    Parameters
    ----------
    times
        Middles of the bins, seconds.
    width
        Of a bin.
    counts
        Of each bin.
    live
        Seconds for which the chips under the region were sensitive, weighted by their shares of it.
    """

    times: np.ndarray
    width: float
    counts: np.ndarray
    live: np.ndarray

    @property
    def rates(self) -> tuple[np.ndarray, np.ndarray]:
        """Rates and their errors, count/s; NaN where there was no live time."""
        live = np.where(self.live > 0, self.live, np.nan)
        return self.counts / live, np.sqrt(self.counts) / live

    @property
    def exposed(self) -> np.ndarray:
        """Live time of each bin against its width."""
        return self.live / self.width


def read_curve(path: str, events: EventList, where: Aperture, reporter: Reporter) -> Curve:
    """The light curve that evselect made of a region, with its live times.

    Raises
    ------
    TaskError
        `NoBins`: it has no bins.
    """
    with open_fits(path) as file, open_fits(events.name) as source:
        table = file.table(file.find("RATE"))
        rows, width = table.all(), float(table.header.number("TIMEDEL") or 0.0)
        if not table.length or not width:
            raise TaskError("NoBins", f"{path} has no time bins; the time bins must be shorter than the exposure.")
        times = rows["TIME"].astype(float)
        edges = np.append(times - width / 2, times[-1] + width / 2)
        list_table = source.table(source.find(file_and_block(events.table)[1]))
        good = good_times_by_chip(table, reporter) or good_times_by_chip(list_table, reporter)
        live = live_times(source, list_table, good, edges, reporter)
        shares = _shares(events, where, list(live))
        total = sum((shares[number] * live[number] for number in live), np.zeros(len(times)))
        return Curve(times, width, np.rint(rows["RATE"] * width), total)


def net_curve(source: Curve, background: Curve | None, ratio: float) -> dict[str, np.ndarray]:
    """The columns of the corrected curve; errors by Gaussian propagation.

    Parameters
    ----------
    ratio
        Area of the source's region against that of the background's.
    """
    rates, errors = source.rates
    columns = {"TIME": source.times, "RATE": rates, "ERROR": errors, "FRACEXP": source.exposed}
    if background is None:
        return columns
    more, more_errors = (ratio * values for values in background.rates)
    columns |= {"RATE": rates - more, "ERROR": np.hypot(errors, more_errors), "BACKV": more, "BACKE": more_errors}
    return columns


def write_net_curve(
    call: Invocation, rate: str, columns: Mapping[str, np.ndarray], *, exposure: float, reporter: Reporter
) -> None:
    """Write the corrected curve (parameter outset) with header, good times and regions of the curve of the source.

    Parameters
    ----------
    rate
        File of the curve of the source.
    exposure
        Live time in seconds.
    """
    with open_fits(rate) as file, Outputs(clobber=call.clobber) as outputs:
        writer = outputs.open(call.text("outset"))
        target = file.find("RATE")
        primary = file.hdus[0].header
        writer.write(new_primary(reporter, call, primary, target.header))
        _write_rates(writer, target, columns, exposure)
        for hdu in file.hdus[1:]:
            if hdu.index != target.index:
                writer.copy(file, hdu)
        reporter.message(f"{call.text('outset')}: {len(columns['TIME'])} bins of {primary.text('OBS_ID')}.")


def _write_rates(writer: Writer, target: Hdu, columns: Mapping[str, np.ndarray], exposure: float) -> None:
    units = {"TIME": ("D", "s", "middle of the bin"), "FRACEXP": ("E", "", "live time against width of the bin")}
    comments = {
        "RATE": "count rate in live time", "ERROR": "error of RATE", "BACKV": "rate of the background in the region",
        "BACKE": "error of BACKV",
    }  # fmt: skip
    fields = []
    for name, values in columns.items():
        form, unit, comment = units.get(name, ("D", "count/s", comments.get(name, "")))
        fields.append(Field(name, values.astype(np.float64 if form == "D" else np.float32), comment, unit))
    header, data = table_block("RATE", fields)
    header.extend(card for card in target.header if not _STRUCTURE.fullmatch(card.keyword))
    with_background = "BACKV" in columns
    for card in (
        Card("HDUCLAS2", "NET" if with_background else "TOTAL", "Background subtracted" if with_background else ""),
        Card("BACKAPP", with_background, "Background is subtracted"),
        Card("DEADAPP", True, "Dead time is corrected"),
        Card("VIGNAPP", False, "Vignetting is not corrected"),
        Card("EXPOSURE", exposure, "[s] Live time of the chips under the region"),
        Card("TIMEPIXR", 0.5, "TIME is that of the middle of a bin"),
    ):
        header.set(card.keyword, card.value, card.comment)
    writer.write(header, data)


def _shares(events: EventList, where: Aperture, numbers: list[int]) -> dict[int, float]:
    """The share of each chip in the region."""
    if 0 in numbers:
        return {number: float(number == 0) for number in numbers}
    areas = events.detector.areas_by_chip(where.shapes)
    total = sum(areas.get(number, 0.0) for number in numbers)
    if not total:
        return dict.fromkeys(numbers, 1 / len(numbers)) if numbers else {}
    return {number: areas.get(number, 0.0) / total for number in numbers}
