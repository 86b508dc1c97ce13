"""What the parameters ask for, as bins over the columns of the table at hand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vo.wording import did_you_mean, plain

from ..fitsio import Column, Table
from ..parameters import Invocation
from ..reporting import TaskError
from ..skyplane import SkyPlane, sky_plane
from .axes import Axis, Limits, bins_for, make_axis, needs_data, value_range
from .counting import Weights
from .exposure import Exposure

__all__ = ["Plan", "find_column"]

_STANDARD_CHANNELS = {"EPN": (0, 20479), "EMOS1": (0, 11999), "EMOS2": (0, 11999)}


def find_column(table: Table, name: str, parameter: str) -> Column:
    """The column of that name, which must hold one number a row.

    Raises
    ------
    TaskError
        There is no such column, or it holds something else.
    """
    column = table.columns.get(name.upper())
    if column is None:
        known = [item.name for item in table.columns.values()]
        raise TaskError(
            "NoColumn",
            f"{parameter}={name}: the table has the columns {', '.join(known)}.",
            hint=did_you_mean(name, known),
        )
    if not column.scalar or column.code == "L":
        raise TaskError("ColType", f"{parameter}={name}: the column does not hold one number for each row.")
    return column


@dataclass(slots=True)
class Plan:
    """Turns parameters into axes.

    Parameters
    ----------
    exposure
        Its good times are the default range of rate curves.
    data
        Capitalised column name → lowest and highest selected value, for the columns that `unknown` names.
    """

    call: Invocation
    table: Table
    exposure: Exposure | None
    warn: Callable[[str, str], None]
    data: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)

    def unknown(self) -> set[str]:
        """The columns whose data must be searched for their range before anything can be binned."""
        wanted = []
        if self.call.flag("withimageset") and not self.call.flag("withcelestialcenter"):
            wanted += [self._image_axis("x"), self._image_axis("y")]
        if self.call.flag("withspectrumset"):
            wanted.append((self._energy(), self._limits("spec")))
        if self.call.flag("withrateset") and self._good_times() is None:
            wanted.append((self._time(), self._limits("time")))
        if self.call.flag("withhistogramset"):
            wanted.append((self._histogram(), self._limits("histo")))
        ignore = self.call.flag("ignorelegallimits")
        return {column.name.upper() for column, limits in wanted if needs_data(column, limits, ignore_legal=ignore)}

    def weights(self) -> Weights | None:
        """The columns that are summed instead of counting."""
        if not self.call.flag("withzcolumn"):
            return None
        column = find_column(self.table, self.call.text("zcolumn"), "zcolumn")
        if not self.call.flag("withzerrorcolumn"):
            return Weights(column.name)
        return Weights(column.name, find_column(self.table, self.call.text("zerrorcolumn"), "zerrorcolumn").name)

    def image(self) -> tuple[tuple[Axis, Axis], SkyPlane | None]:
        """The axes of the image and its sky coordinates."""
        columns = [self._image_axis(letter)[0] for letter in "xy"]
        plane = sky_plane(self.table.header, columns[0], columns[1])
        if self.call.flag("withcelestialcenter"):
            return self._centred(columns, plane), plane
        spans = [self._range(*self._image_axis(letter)) for letter in "xy"]
        bins = [self._bin(letter, column, span) for letter, column, span in zip("xy", columns, spans, strict=True)]
        if self.call.flag("squarepixels"):
            bins = [max(bins)] * 2
        names = [f"{letter}imagebinsize" for letter in "xy"]
        axes = [
            make_axis(column, span, width, parameter=name, code="ImgBinVal")
            for column, span, width, name in zip(columns, spans, bins, names, strict=True)
        ]
        return (axes[0], axes[1]), plane

    def spectrum(self) -> Axis:
        """The channels of the spectrum; a real column is truncated to whole numbers, with a warning."""
        column = self._energy()
        low, high = self._range(column, self._limits("spec"))
        width = self.call.integer("spectralbinsize")
        self._check_channels(column, (low, high))
        if column.integer:
            return make_axis(column, (low, high), width, parameter="spectralbinsize", code="BadSpecLimits")
        self.warn("SpecIntColumn", f"energycolumn={column.name} is not integer; its values are truncated.")
        low, high = math.floor(low), math.floor(high)
        whole = dataclasses.replace(column, code="J", scale=1, zero=0)
        axis = make_axis(whole, (low, high), width, parameter="spectralbinsize", code="BadSpecLimits")
        return dataclasses.replace(axis, column=column, high=math.nextafter(high + 1, low), origin=low)

    def rate(self) -> Axis:
        """The time bins of the rate curve; from the earliest good time on when no range is asked for."""
        column, limits, times = self._time(), self._limits("time"), self._good_times()
        span = times if times is not None else self._range(column, limits)
        return make_axis(column, span, self.call.real("timebinsize"), parameter="timebinsize", code="RateBinVal")

    def histogram(self) -> Axis:
        """The bins of the histogram."""
        column = self._histogram()
        span = self._range(column, self._limits("histo"))
        width = self.call.real("histogrambinsize")
        return make_axis(column, span, width, parameter="histogrambinsize", code="HistoBinVal")

    def _image_axis(self, letter: str) -> tuple[Column, Limits]:
        column = find_column(self.table, self.call.text(f"{letter}column"), f"{letter}column")
        names = (f"{letter}imagemin", f"{letter}imagemax")
        return column, self._given(f"with{letter}ranges", names, f"{letter.upper()}RangeVal")

    def _energy(self) -> Column:
        return find_column(self.table, self.call.text("energycolumn"), "energycolumn")

    def _time(self) -> Column:
        return find_column(self.table, self.call.text("timecolumn"), "timecolumn")

    def _histogram(self) -> Column:
        return find_column(self.table, self.call.text("histogramcolumn"), "histogramcolumn")

    def _limits(self, product: str) -> Limits:
        match product:
            case "spec":
                return self._given("withspecranges", ("specchannelmin", "specchannelmax"), "BadSpecLimits")
            case "time":
                return self._given("withtimeranges", ("timemin", "timemax"), "TimeRangeVal")
        return self._given("withhistoranges", ("histogrammin", "histogrammax"), "HistoRangeVal")

    def _given(self, switch: str, names: tuple[str, str], code: str) -> Limits:
        if not self.call.flag(switch):
            return Limits(None, None, names, code)
        return Limits(self.call.real(names[0]), self.call.real(names[1]), names, code)

    def _good_times(self) -> tuple[float, float] | None:
        if self.exposure is None or self.call.flag("withtimeranges"):
            return None
        start, stop = self.exposure.start, self.exposure.stop
        return None if start is None or stop is None or stop <= start else (start, stop)

    def _range(self, column: Column, limits: Limits) -> tuple[float, float]:
        ignore = self.call.flag("ignorelegallimits")
        data = self.data.get(column.name.upper())
        return value_range(column, limits, ignore_legal=ignore, data=data, warn=self.warn)

    def _bin(self, letter: str, column: Column, span: tuple[float, float]) -> float:
        if self.call.text("imagebinning") == "binSize":
            return self.call.real(f"{letter}imagebinsize")
        return bins_for(column, span, self.call.integer(f"{letter}imagesize"))

    def _centred(self, columns: list[Column], plane: SkyPlane | None) -> tuple[Axis, Axis]:
        """An image of ximagesize x yimagesize pixels about a position; pixels beyond the legal limits stay empty."""
        if plane is None:
            names = " and ".join(column.name for column in columns)
            raise TaskError("WcsTransform", f"withcelestialcenter=yes: columns {names} have no sky coordinates.")
        centre = plane.pixel(self.call.real("raimagecenter"), self.call.real("decimagecenter"))
        legal = [
            (column.low if column.low is not None else -math.inf, column.high if column.high is not None else math.inf)
            for column in columns
        ]
        if self.call.flag("ignorelegallimits"):
            legal = [(-math.inf, math.inf)] * 2
        bins = []
        for letter, column, limits in zip("xy", columns, legal, strict=True):
            if self.call.text("imagebinning") != "binSize" and math.isinf(limits[1] - limits[0]):
                raise TaskError(
                    "ImgBinVal", f"column {column.name} has no legal limits: give imagebinning=binSize and bin sizes."
                )
            bins.append(self._bin(letter, column, limits))
        if self.call.flag("squarepixels"):
            bins = [max(bins)] * 2
        axes = [self._about(*item) for item in zip("xy", columns, centre, bins, legal, strict=True)]
        return axes[0], axes[1]

    def _about(self, letter: str, column: Column, centre: float, width: float, legal: tuple[float, float]) -> Axis:
        count = self.call.integer(f"{letter}imagesize")
        half = 0.5 if column.integer else 0.0
        origin = centre - count * width / 2
        origin = round(origin + half) - half if column.integer else origin
        span = (origin + half, origin + count * width - half)
        axis = make_axis(column, span, width, parameter=f"{letter}imagebinsize", code="ImgBinVal")
        low, high = max(span[0], legal[0]), min(span[1], legal[1])
        if low > high:
            raise TaskError(
                f"{letter.upper()}RangeVal",
                f"an image about {column.name}={centre:.1f} lies outside the limits, "
                f"{plain(legal[0])} to {plain(legal[1])}.",
            )
        return dataclasses.replace(axis, low=low, high=high, count=count)

    def _check_channels(self, column: Column, span: tuple[float, float]) -> None:
        standard = _STANDARD_CHANNELS.get(self.table.header.text("INSTRUME"))
        if column.name.upper() != "PI" or standard is None or self.call.flag("nonStandardSpec"):
            return
        if span != standard:
            self.warn(
                "NonStandardSpectrum",
                f"channels {plain(span[0])} to {plain(span[1])} are not those of EPIC responses, "
                f"{standard[0]} to {standard[1]}.",
            )
