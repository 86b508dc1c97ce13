"""Groups of random spectra against the plain definition."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jobdefs.tasks.specgroup.grouping import BAD, Figures, Groups
from jobdefs.tasks.specgroup.task import _test

channels = st.integers(1, 40).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(0, 9), min_size=count, max_size=count),
        st.lists(st.integers(0, 5), min_size=count, max_size=count),
        st.lists(st.booleans(), min_size=count, max_size=count),
    )
)


def plain(passes, good, backwards):
    """Lists of channels: the groups, and what is left of each run; by trying every end of every group."""
    groups, rests = [], []
    order = range(len(good) - 1, -1, -1) if backwards else range(len(good))
    run: list[int] = []
    for place in [*order, None]:
        if place is not None and good[place]:
            run.append(place)
            if passes(run):
                groups.append(run)
                run = []
        elif run:
            rests.append(run)
            run = []
        if place is not None and not good[place]:
            groups.append([])  # a bad channel ends the run: what follows joins no group before it
    return groups, rests


@given(
    lots=channels,
    statistic=st.sampled_from(["mincounts", "minSN", "ratioabovebgnd"]),
    least=st.sampled_from([1.0, 2.0, 7.0]),
    backwards=st.booleans(),
    left_over=st.sampled_from(["addtogroup", "setbad", "owngroup"]),
)
@settings(max_examples=300)
def test_groups_are_those_of_the_definition(lots, statistic, least, backwards, left_over):
    counts, background, good = (np.array(lot) for lot in lots)

    def passes(run):
        source, other = sum(counts[run]), sum(background[run]) / 2
        if statistic == "mincounts":
            return source >= least
        if statistic == "minSN":
            noise = math.sqrt(source + other / 2)
            return noise > 0 and (source - other) / noise >= least
        return source > other if other == 0 else (source - other) / other >= least

    groups = Groups(np.where(good, 0, BAD).astype(np.int16))
    groups.add_statistical(
        Figures(counts.astype(float), counts.astype(float), background / 2.0, background / 4.0),
        _test(statistic, least),
        wide=lambda *_: True,
        backwards=backwards,
        left_over=left_over,
    )
    expected = np.zeros(len(counts), dtype=int)
    quality = np.where(good, 0, BAD)
    made, rests = plain(passes, good, backwards)
    lots = [group for group in made if group]
    for rest in rests:
        before = next((lot for lot in lots if lot[-1] == rest[0] + (1 if backwards else -1)), None)
        if left_over == "setbad":
            quality[rest] = BAD
        elif left_over == "addtogroup" and before is not None:
            before.extend(rest)
        else:
            lots.append(rest)
    for lot in lots:
        expected[lot] = -1
        expected[min(lot)] = 1
    assert groups.grouping.tolist() == expected.tolist()
    assert groups.quality.tolist() == quality.tolist()


@given(
    count=st.integers(1, 60), first=st.integers(0, 59), last=st.integers(0, 59), width=st.integers(1, 20),
    taken=st.integers(0, 59),
)  # fmt: skip
def test_regular_groups_never_cross_a_group_that_there_is(count, first, last, width, taken):
    first, last, taken = (min(place, count - 1) for place in (first, last, taken))
    groups = Groups(np.zeros(count, dtype=np.int16))
    groups.add(taken, taken)
    groups.add_regular(first, last, width)
    number = np.cumsum(groups.grouping == 1)
    for place in range(count):
        if place == taken:
            assert groups.grouping[place] == 1
        elif first <= place <= last:
            same = place > first and place - 1 != taken and (place - first) // width == (place - 1 - first) // width
            assert groups.grouping[place] == (-1 if same else 1)
        else:
            assert groups.grouping[place] == 0
    assert number[-1] == groups.count
