"""Pieces are made by several threads and come in their order, whatever goes wrong."""

from __future__ import annotations

import threading

import pytest

from obstap.writers.inorder import in_order
from vo.errors import AthanorError


def test_everything_comes_in_order():
    assert list(in_order(lambda number: -number, range(100))) == [-number for number in range(100)]


def test_nothing_comes_of_nothing():
    assert list(in_order(str, ())) == []


def test_two_are_made_at_once():
    meeting = threading.Barrier(2, timeout=60)

    def meet(number: int) -> int:
        if number:
            meeting.wait()
        return number

    assert list(in_order(meet, range(3))) == [0, 1, 2]


def test_first_is_made_before_the_second_arrives():
    asked = []

    def items():
        for number in range(9):
            asked.append(number)
            yield number

    made = in_order(str, items())
    assert next(made) == "0"
    assert asked == [0]
    made.close()


def test_late_error_comes_after_all_that_came_before_it():
    def items():
        yield from range(7)
        raise AthanorError("too late")

    made = in_order(str, items())
    assert [next(made) for _ in range(7)] == list("0123456")
    with pytest.raises(AthanorError, match="too late"):
        next(made)


def test_a_piece_that_cannot_be_made_ends_the_rest():
    def make(number: int) -> int:
        if number == 4:
            raise AthanorError("not this one")
        return number

    made = in_order(make, range(9))
    assert [next(made) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(AthanorError, match="not this one"):
        next(made)
    assert list(made) == []
