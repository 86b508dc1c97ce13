"""Sockets by which engines and web servers are woken."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

import pytest

from uws.engine.presence import Presence, is_live, sweep
from uws.wake import ENGINE, Ear, wake, wake_watchers, watcher_address


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="w") as name:
        yield Path(name)


def test_all_engines_hear(folder):
    ears = [Ear(folder / f"{number}{ENGINE}") for number in range(2)]
    wake(folder, b"job")
    wake(folder)
    for ear in ears:
        assert ear.wait(1) == [b"job", b""]
        assert ear.wait(0) == []
        ear.close()
    assert not list(folder.iterdir())


def test_waiting_ends_at_once(folder):
    ear = Ear(folder / f"e{ENGINE}")
    timer = threading.Timer(0.1, ear.poke)
    timer.start()
    assert ear.wait(30) == [b""]
    timer.join()
    ear.close()


def test_nobody_listens(folder):
    wake(folder / "none")
    (folder / f"plain{ENGINE}").write_text("no socket")
    wake(folder)


def test_many_unheard_messages_block_nobody(folder):
    ear = Ear(folder / f"e{ENGINE}")
    for _ in range(5000):
        wake(folder)
    ear.close()


def test_watchers(folder):
    ear = Ear(watcher_address(folder))
    dead = Ear(watcher_address(folder))
    dead._socket.close()
    wake_watchers(folder)
    assert ear.drain() == [b""]
    assert not dead.path.exists()
    ear.close()


def test_path_too_long_for_a_socket(folder):
    deep = folder / ("d" * 100)
    deep.mkdir()
    ear = Ear(deep / f"e{ENGINE}")
    assert not ear.hears
    begun = time.monotonic()
    assert ear.wait(0.05) == []
    assert time.monotonic() - begun > 0.04
    ear.poke()
    ear.close()


def test_presence(folder):
    one, two = Presence(folder), Presence(folder)
    assert is_live(folder, one.identity)
    assert is_live(folder, two.identity)
    one.close()
    assert not is_live(folder, one.identity)
    assert not is_live(folder, "nobody:1:abc")
    sweep(folder)
    assert len(list(folder.iterdir())) == 2
    two.close()
    assert not list(folder.iterdir())


def test_sweep_removes_what_killed_engines_left(folder):
    for name in ("dead.engine.lock", "dead.engine.sock"):
        (folder / name).touch()
    sweep(folder)
    assert not list(folder.iterdir())
