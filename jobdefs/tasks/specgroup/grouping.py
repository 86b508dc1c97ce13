"""The channels of a spectrum in groups (OGIP/92-007, 3.3.1; SAS documentation of specgroup-1.7).

GROUPING is 1 in the first channel of a group, -1 in its others and 0 in channels of no group. QUALITY is 0 for good
channels, 1 for bad ones by software, 2 for dubious ones, 5 for those that the user set bad.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

__all__ = ["BAD", "BAD_BY_USER", "GOOD", "LEFT_OVER", "Figures", "Groups", "Reached"]

GOOD, BAD, DUBIOUS, BAD_BY_USER = 0, 1, 2, 5

LEFT_OVER = ("addtogroup", "setbad", "owngroup")
"""What may be done with channels that do not suffice for a group of their own."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a test of a group may ask for, of each channel; sums over a group are those of its channels.

    Parameters
    ----------
    counts, variance
        Of the spectrum, background included.
    background, background_variance
        Counts of the background spectrum, scaled to the area and the exposure of the source, and their variance.
    """

    counts: np.ndarray
    variance: np.ndarray
    background: np.ndarray
    background_variance: np.ndarray


Reached = Callable[[float, float, float, float], bool]
"""Whether the sums over counts, variance, background and its variance suffice for a group."""


@dataclass(slots=True)
class Groups:
    """The groups of a spectrum, while they are made.

    Attributes
    ----------
    grouping, quality
        One a channel.
    """

    quality: np.ndarray
    grouping: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.grouping = np.zeros(len(self.quality), dtype=np.int16)

    @property
    def count(self) -> int:
        """Number of groups."""
        return int((self.grouping == 1).sum())

    def set_bad(self, chosen: np.ndarray) -> None:
        """Set channels bad by the user's wish."""
        self.quality[chosen] = BAD_BY_USER

    def add(self, first: int, last: int) -> None:
        """Make one good group of these neighbours."""
        self.grouping[first : last + 1] = -1
        self.grouping[first] = 1
        self.quality[first : last + 1] = GOOD

    def add_regular(self, first: int, last: int, width: int) -> None:
        """Make groups of so many channels of those that are in none; at a group that there is, one ends."""
        free = np.flatnonzero(self.grouping[first : last + 1] == 0)
        if not len(free):
            return
        number = free // width
        begins = np.concatenate([[True], (np.diff(free) > 1) | (np.diff(number) > 0)])
        for lot in np.split(free, np.flatnonzero(begins)[1:]):
            self.add(first + int(lot[0]), first + int(lot[-1]))

    def segments(self) -> Iterator[tuple[int, int]]:
        """First and last channel of each run of good channels that are in no group."""
        free = (self.grouping == 0) & (self.quality != BAD) & (self.quality != BAD_BY_USER)
        edges = np.diff(np.concatenate([[0], free.astype(np.int8), [0]]))
        firsts, lasts = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        yield from zip(firsts.tolist(), lasts.tolist(), strict=True)

    def add_statistical(
        self,
        figures: Figures,
        reached: Reached,
        *,
        wide: Callable[[int, int], bool],
        backwards: bool,
        left_over: str,
    ) -> None:
        """Make the smallest groups, one after the other, for which a test holds and that are wide enough.

        Parameters
        ----------
        wide
            Whether a group from the one channel to the other is wide enough.
        backwards
            Whether to begin with the highest channel.
        left_over
            What becomes of channels at the end of a run that do not suffice; one of `LEFT_OVER`.
        """
        columns = [
            column.tolist()
            for column in (figures.counts, figures.variance, figures.background, figures.background_variance)
        ]
        for first, last in [*self.segments()]:
            steps = range(last, first - 1, -1) if backwards else range(first, last + 1)
            found = _greedy(columns, steps, reached, wide)
            self._close(found, steps, left_over, backwards=backwards)

    def add_left_over(self, left_over: str) -> None:
        """Deal with channels that are in no group and are not bad: join them to a group beside, or as is asked."""
        for first, last in [*self.segments()]:
            if left_over == "setbad":
                self.quality[first : last + 1] = BAD
            elif left_over == "addtogroup" and first > 0 and self.grouping[first - 1] != 0:
                self.grouping[first : last + 1] = -1
            elif left_over == "addtogroup" and last + 1 < len(self.grouping) and self.grouping[last + 1] == 1:
                self.grouping[last + 1] = -1
                self.grouping[first : last + 1] = -1
                self.grouping[first] = 1
            else:
                self.add(first, last)

    def _close(self, found: list[tuple[int, int]], steps: range, left_over: str, *, backwards: bool) -> None:
        """Enter the groups of a run, and what is left of it after them."""
        for low, high in found:
            self.add(low, high)
        edge = (found[-1][0] - 1 if backwards else found[-1][1] + 1) if found else steps[0]
        rest = (steps[-1], edge) if backwards else (edge, steps[-1])
        if rest[0] > rest[1]:
            return
        if left_over == "setbad":
            self.quality[rest[0] : rest[1] + 1] = BAD
        elif left_over == "addtogroup" and found:
            low, high = found[-1]
            self.add(min(low, rest[0]), max(high, rest[1]))
        else:
            self.add(*rest)


def _greedy(
    columns: list[list[float]], steps: range, reached: Reached, wide: Callable[[int, int], bool]
) -> list[tuple[int, int]]:
    """Lowest and highest channel of each group, in the order in which they are made."""
    counts, variances, backgrounds, background_variances = columns
    found: list[tuple[int, int]] = []
    begin = steps[0]
    total = variance = background = background_variance = 0.0
    for place in steps:
        total += counts[place]
        variance += variances[place]
        background += backgrounds[place]
        background_variance += background_variances[place]
        if reached(total, variance, background, background_variance):
            pair = (min(begin, place), max(begin, place))
            if wide(*pair):
                found.append(pair)
                begin = place + steps.step
                total = variance = background = background_variance = 0.0
    return found
