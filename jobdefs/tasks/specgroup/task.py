"""specgroup: what its parameters ask for.

Parameters and their meaning are those of specgroup-1.7 of XMM-Newton SAS; the definition tells where its documents
leave a choice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from vo.errors import ParameterError

from ..filespec import file_and_block
from ..fitscards import Card
from ..fitsio import open_fits
from ..fitsout import Outputs
from ..parameters import Invocation
from ..reporting import Reporter, TaskError
from ..running import running
from .grouping import BAD, BAD_BY_USER, Figures, Groups, Reached
from .ranges import read_ranges
from .response import channel_energies, full_widths
from .spectrum import Spectrum, read_spectrum, write_grouped

__all__ = ["VERSION", "run"]

VERSION = "specgroup-1.7-compatible"
"""What messages, CREATOR and XPROC0 call this task."""

_STATISTICS = ("mincounts", "minSN", "ratioabovebgnd")
_REGULAR = ("regbinstart", "regbinend", "regbinwid")
_FILES = {"backgndset": "BACKFILE", "rmfset": "RESPFILE", "arfset": "ANCRFILE"}


def run(call: Invocation) -> None:
    """Do what the parameters ask for.

    Raises
    ------
    TaskError
        What was asked for can't be done; nothing is left behind then.
    """
    with running(call, VERSION) as reporter, ExitStack() as stack:
        _check(call)
        path, block = file_and_block(call.text("spectrumset"))
        overwrite = call.flag("overwrite")
        target = path if overwrite else call.text("groupedset")
        if not overwrite and Path(target).resolve() == Path(path).resolve():
            raise TaskError("SameDataset", f"groupedset={target} is the spectrum itself; name another, or set "
                            "overwrite=yes.")  # fmt: skip
        spectrum = read_spectrum(stack.enter_context(open_fits(path)), block)
        groups = _Grouping(call, spectrum, reporter).groups()
        _remark(reporter, groups)
        outputs = stack.enter_context(Outputs(clobber=call.clobber))
        write_grouped(
            outputs,
            target,
            spectrum,
            grouping=groups.grouping,
            quality=groups.quality,
            keywords=_keywords(call),
            reporter=reporter,
            call=call,
        )


def _check(call: Invocation) -> None:
    """Refuse what does not go together."""
    statistics = [name for name in _STATISTICS if _is_set(call, name)]
    if len(statistics) > 1:
        raise TaskError("MoreThanOneStatMethod", f"only one of {', '.join(_STATISTICS)} may be given, not "
                        f"{' and '.join(statistics)}.")  # fmt: skip
    others = [*statistics, *(name for name in (*_REGULAR, "ranges", "oversample") if _is_set(call, name))]
    if _is_set(call, "grouptemplate") and others:
        raise TaskError("TemplateAndOptions", f"the groups of grouptemplate are copied; {others[0]} can't change them.")
    if any(_is_set(call, name) for name in _REGULAR) and not _is_set(call, "regbinwid"):
        raise ParameterError("regbinwid", "it is missing; groups of how many channels are to be made?")
    if _is_set(call, "ratioabovebgnd") and not _is_set(call, "backgndset"):
        raise TaskError("NoBackground", "ratioabovebgnd needs the spectrum of the background, backgndset.")
    energies = call.text("units") == "KEV" and (_is_set(call, "ranges") or _bad_ranges(call))
    if (energies or _is_set(call, "oversample")) and not _is_set(call, "rmfset"):
        why = "ranges in keV need" if energies else "oversample needs"
        raise TaskError("NoRMFsupplied", f"{why} the redistribution matrix, rmfset.")
    if call.text("setbad").upper() == "CCF":
        raise TaskError("NoCalibration", "setbad=CCF reads the calibration files of XMM-Newton, which only SAS does; "
                        "give ranges of channels.")  # fmt: skip


def _is_set(call: Invocation, name: str) -> bool:
    return bool(call.text(name))


def _bad_ranges(call: Invocation) -> str:
    text = call.text("setbad").strip()
    return "" if text.lower() in {"", "no"} else text


class _Grouping:
    """The grouping of one spectrum."""

    def __init__(self, call: Invocation, spectrum: Spectrum, reporter: Reporter) -> None:
        self.call = call
        self.spectrum = spectrum
        self.reporter = reporter
        self.energies: np.ndarray | None = None
        if _is_set(call, "oversample") or call.text("units") == "KEV":
            self.energies = channel_energies(call.text("rmfset"), spectrum.channels) if call.text("rmfset") else None

    def groups(self) -> Groups:
        """Bad channels, then ranges, regular groups, and groups by a statistic of what is left."""
        call = self.call
        groups = Groups(self.spectrum.quality.copy())
        if _is_set(call, "grouptemplate"):
            return self._template(groups)
        for low, high in self._ranges("setbad", _bad_ranges(call)):
            groups.set_bad(np.arange(low, high + 1))
        for low, high in self._ranges("ranges", call.text("ranges")):
            if groups.grouping[low : high + 1].any():
                raise ParameterError("ranges", "two ranges have channels in common.")
            groups.add(low, high)
        if _is_set(call, "regbinwid"):
            groups.add_regular(*self._regular())
        statistic = next((name for name in _STATISTICS if _is_set(call, name)), "")
        if statistic or _is_set(call, "oversample"):
            groups.add_statistical(
                self._figures(),
                _test(statistic, float(call.text(statistic)) if statistic else 0.0),
                wide=self._wide(),
                backwards=call.flag("hightolow"),
                left_over=call.text("lastbin"),
            )
        elif call.is_given("lastbin"):
            groups.add_left_over(call.text("lastbin"))
        return groups

    def _template(self, groups: Groups) -> Groups:
        path, block = file_and_block(self.call.text("grouptemplate"))
        with open_fits(path) as file:
            template = read_spectrum(file, block)
            self._check_channels(template, path)
        groups.grouping[:] = template.grouping
        groups.quality[:] = template.quality
        for low, high in self._ranges("setbad", _bad_ranges(self.call)):
            chosen = np.arange(low, high + 1)
            groups.set_bad(chosen)
        return groups

    def _check_channels(self, other: Spectrum, path: str) -> None:
        mine, its = self.spectrum.channels, other.channels
        if not np.array_equal(mine, its):
            raise TaskError(
                "ChannelMismatch",
                f"{path} has the channels {its[0]} to {its[-1]}, the spectrum {mine[0]} to {mine[-1]}.",
            )

    def _ranges(self, name: str, text: str) -> list[tuple[int, int]]:
        """First and last place of the channels of each range."""
        if not text:
            return []
        found = []
        in_channels = self.call.text("units") == "CHAN"
        values = self.spectrum.channels if in_channels or self.energies is None else self.energies.mean(axis=1)
        for low, high in read_ranges(name, text, whole=in_channels):
            inside = np.flatnonzero((values >= low) & (values <= high))
            if not len(inside):
                ends = f"{values.min():g} to {values.max():g}{'' if in_channels else ' keV'}"
                raise ParameterError(name, f"no channel lies in {low:g}:{high:g}; the spectrum has {ends}.")
            found.append((int(inside[0]), int(inside[-1])))
        return found

    def _regular(self) -> tuple[int, int, int]:
        """First and last place and width of regular groups; the parameters count places from 1."""
        count, call = len(self.spectrum.channels), self.call
        first = call.integer("regbinstart") if _is_set(call, "regbinstart") else 1
        last = call.integer("regbinend") if _is_set(call, "regbinend") else count
        if first > last or first > count:
            raise ParameterError("regbinstart", f"{first} must not be above regbinend, {min(last, count)}.")
        if last > count:
            self.reporter.warning("RegbinRange", f"regbinend={last} lies beyond the spectrum's {count} channels.")
        return first - 1, min(last, count) - 1, call.integer("regbinwid")

    def _figures(self) -> Figures:
        spectrum = self.spectrum
        background = variance = np.zeros(len(spectrum.counts))
        if _is_set(self.call, "backgndset") and not _is_set(self.call, "mincounts"):
            path, block = file_and_block(self.call.text("backgndset"))
            with open_fits(path) as file:
                other = read_spectrum(file, block)
            self._check_channels(other, path)
            if not ((spectrum.scale > 0).all() and (other.scale > 0).all()):
                raise TaskError(
                    "NoScale", "BACKSCAL, AREASCAL and EXPOSURE of spectrum and background must be above 0."
                )
            ratio = spectrum.scale / other.scale
            background, variance = other.counts * ratio, other.variance * ratio**2
        return Figures(spectrum.counts, spectrum.variance, background, variance)

    def _wide(self) -> Callable[[int, int], bool]:
        """Whether a group is wide enough: a fraction of the response's width at the energy in its middle."""
        if not _is_set(self.call, "oversample") or self.energies is None:
            return _always
        bounds, factor = self.energies, self.call.real("oversample")
        middles = bounds.mean(axis=1)
        widths = full_widths(self.call.text("rmfset"), middles) / factor
        order = np.argsort(middles)
        grid, least = middles[order], widths[order]
        lows, highs = bounds[:, 0].tolist(), bounds[:, 1].tolist()

        def wide(first: int, last: int) -> bool:
            low, high = min(lows[first], lows[last]), max(highs[first], highs[last])
            return high - low >= float(np.interp((low + high) / 2, grid, least)) * (1 - 1e-9)

        return wide


def _always(first: int, last: int) -> bool:  # noqa: ARG001 (it stands for a test of both)
    return True


def _test(statistic: str, least: float) -> Reached:
    """The test that a group must pass; of sums over its channels."""

    def counts(total: float, *_: float) -> bool:
        return total >= least

    def signal(total: float, variance: float, background: float, background_variance: float) -> bool:
        noise = math.sqrt(variance + background_variance)
        return noise > 0 and (total - background) / noise >= least

    def ratio(total: float, variance: float, background: float, _: float) -> bool:  # noqa: ARG001 (as the others)
        return total > background if background <= 0 else (total - background) / background >= least

    def any_number(*_: float) -> bool:
        return True

    return {"mincounts": counts, "minSN": signal, "ratioabovebgnd": ratio}.get(statistic, any_number)


def _keywords(call: Invocation) -> list[Card]:
    """The names of the files that belong to the spectrum; they lie beside it, so that no folder is named."""
    if not call.flag("addfilenames"):
        return []
    return [
        Card(keyword, Path(file_and_block(call.text(name))[0]).name, "")
        for name, keyword in _FILES.items()
        if _is_set(call, name)
    ]


def _remark(reporter: Reporter, groups: Groups) -> None:
    bad = int(np.isin(groups.quality, (BAD, BAD_BY_USER)).sum())
    single = int(((groups.grouping == 0) & ~np.isin(groups.quality, (BAD, BAD_BY_USER))).sum())
    reporter.message(f"{groups.count} groups; {bad} channels are bad, {single} are in no group.")
    if not groups.count:
        reporter.warning("NoGroups", "no group was made: no way of grouping was given, or no channel is good.")
