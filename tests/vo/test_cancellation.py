"""What whoever cancels, and whoever is cancelled, may rely on."""

from __future__ import annotations

import threading

import pytest

from vo.cancellation import Cancellation
from vo.errors import CancellationError


def test_callbacks_are_called_once():
    cancellation, calls = Cancellation(), []
    cancellation.on_cancel(lambda: calls.append(1))
    assert (cancellation.cancelled, calls) == (False, [])
    cancellation.cancel()
    cancellation.cancel()
    assert (cancellation.cancelled, calls) == (True, [1])


def test_a_callback_that_comes_late_is_called_at_once():
    cancellation, calls = Cancellation(), []
    cancellation.cancel()
    cancellation.on_cancel(lambda: calls.append(1))
    with cancellation.calling(lambda: calls.append(2)):
        assert calls == [1, 2]


def test_what_is_forgotten_is_not_called():
    cancellation, calls = Cancellation(), []
    with cancellation.calling(calls.clear):
        cancellation.on_cancel(calls.clear)
        cancellation.forget(calls.clear)
    cancellation.forget(calls.clear)
    calls.append(1)
    cancellation.cancel()
    assert calls == [1]


def test_check():
    cancellation = Cancellation()
    cancellation.check()
    cancellation.cancel()
    with pytest.raises(CancellationError, match=r"^The work was cancelled\.$"):
        cancellation.check()


def test_a_callback_may_register_another():
    cancellation, calls = Cancellation(), []
    cancellation.on_cancel(lambda: cancellation.on_cancel(lambda: calls.append(1)))
    cancellation.cancel()
    assert calls == [1]


def test_waiting():
    cancellation = Cancellation()
    assert not cancellation.wait(0)
    thread = threading.Thread(target=cancellation.cancel)
    thread.start()
    assert cancellation.wait(60)
    thread.join()


def test_each_of_many_callbacks_is_called_once_whenever_it_comes():
    cancellation, calls = Cancellation(), []
    begin = threading.Barrier(3)

    def register() -> None:
        begin.wait()
        for number in range(2000):
            cancellation.on_cancel(lambda number=number: calls.append(number))

    threads = [threading.Thread(target=register) for _ in range(2)]
    for thread in threads:
        thread.start()
    begin.wait()
    cancellation.cancel()
    for thread in threads:
        thread.join()
    assert sorted(calls) == sorted([*range(2000)] * 2)
