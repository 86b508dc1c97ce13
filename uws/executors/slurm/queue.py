"""What Slurm says of our jobs: asked for all of them together and by a thread, so that no engine waits for it."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from uws.executors.slurm.commands import Commands, Refused

__all__ = ["Account", "Entry", "Queue", "Snapshot", "parse_accounts", "parse_queue"]

logger = logging.getLogger("athanor.engine")

FIELDS = ("Name", "ArrayJobID", "ArrayTaskID", "JobID", "State", "exit_code", "NodeList", "Reason")
SEPARATOR = "|"
PAUSE = 5
"""How many intervals pass before Slurm is asked again that did not answer."""

NO_ACCOUNTING = 600.0
"""Seconds before sacct is asked again that has no answers to give."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A job, or an element of an array.

    Parameters
    ----------
    name
        Of the submission.
    element
        Of the array, from 1; 0 for a job of its own.
    key
        Under which scancel and sacct know it.
    exit_code, signal
        Of the batch script, by which it ended.
    """

    name: str
    element: int
    key: str
    state: str
    exit_code: int = 0
    nodes: str = ""
    reason: str = ""
    signal: int = 0


@dataclass(frozen=True)
class Snapshot:
    """Slurm's whole answer at one time.

    Parameters
    ----------
    begun
        When it was asked for, in seconds of the monotonic clock.
    current
        False when Slurm has failed to answer since.
    """

    begun: float = 0.0
    entries: dict[tuple[str, int], Entry] = field(default_factory=dict)
    current: bool = False

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all submissions of which Slurm knows anything."""
        return frozenset(name for name, _ in self.entries)


class Account(Enum):
    """What the accounting says instead of an `Entry`."""

    ASKED = "asked"
    NOTHING = "nothing"


class Queue:
    """The queue as it was a moment ago.

    Parameters
    ----------
    interval
        Seconds after which an answer is asked for anew.
    before
        Called in the thread before each look, with the last snapshot.
    """

    def __init__(self, commands: Commands, *, interval: float, before: Callable[[Snapshot], None]) -> None:
        self._commands = commands
        self._interval = interval
        self._before = before
        self._snapshot = Snapshot()
        self._not_before = 0.0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="slurm")
        self._look: Future[None] | None = None
        self._wanted: set[str] = set()
        self._accounts: dict[str, Entry | Account] = {}
        self._accounting_not_before = 0.0

    def latest(self) -> Snapshot:
        """The last answer; a newer one is under way when it is older than the interval."""
        if (self._look is None or self._look.done()) and time.monotonic() >= self._not_before:
            self._look = self._thread.submit(self._refresh)
        return self._snapshot

    def hurry(self) -> None:
        """Look again as soon as there is a reason to."""
        self._not_before = 0.0

    def account(self, key: str) -> Entry | Account:
        """What the accounting (sacct) remembers of a job that Slurm's controller has forgotten."""
        known = self._accounts.get(key)
        if known is None:
            self._wanted.add(key)
        return known or Account.ASKED

    def forget(self, key: str) -> None:
        """Drop what the accounting said of a job."""
        self._wanted.discard(key)
        self._accounts.pop(key, None)

    def close(self) -> None:
        """Look no more."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _refresh(self) -> None:
        begun = time.monotonic()
        pause = self._interval
        try:
            self._before(self._snapshot)
            told = self._commands.run(
                "squeue", "--me", "--array", "--states=all", "--noheader", "--Format", _format(FIELDS)
            )
            self._snapshot = Snapshot(begun, {(entry.name, entry.element): entry for entry in parse_queue(told)}, True)
            self._ask_accounting()
        except OSError as error:
            if self._snapshot.current or not self._snapshot.begun:
                logger.warning("Slurm does not answer; what was known of its jobs stands: %s", error)
            self._snapshot = Snapshot(begun, self._snapshot.entries, current=False)
            pause *= PAUSE
        except Exception:
            logger.exception("Slurm's answer is not understood; what was known of its jobs stands.")
            self._snapshot = Snapshot(begun, self._snapshot.entries, current=False)
            pause *= PAUSE
        self._not_before = time.monotonic() + pause

    def _ask_accounting(self) -> None:
        wanted = sorted(self._wanted)
        if not wanted:
            return
        found: dict[str, Entry] = {}
        if time.monotonic() >= self._accounting_not_before:
            try:
                found = {entry.key: entry for entry in parse_accounts(self._sacct(wanted))}
            except Refused:
                self._accounting_not_before = time.monotonic() + NO_ACCOUNTING
        self._accounts.update({key: found.get(key, Account.NOTHING) for key in wanted})
        self._wanted.difference_update(wanted)

    def _sacct(self, keys: Iterable[str]) -> str:
        return self._commands.run(
            "sacct",
            "--allocations",
            "--noheader",
            "--parsable2",
            f"--jobs={','.join(keys)}",
            "--format=JobName,JobID,State,ExitCode,NodeList",
        )


def parse_queue(told: str) -> list[Entry]:
    """The entries of squeue's answer; a line that is not understood is left out."""
    entries = []
    for line in told.splitlines():
        words = [word.strip() for word in line.split(SEPARATOR)]
        with contextlib.suppress(ValueError, IndexError):
            name, array, element, job, state, status, nodes, reason = words[: len(FIELDS)]
            number = int(element) if element.isdecimal() else 0
            key = f"{array}_{number}" if number else job
            code, signal = _ended(status)
            entries.append(Entry(name, number, key, state, code, nodes, reason, signal))
    return entries


def parse_accounts(told: str) -> list[Entry]:
    """The entries of sacct's answer; a state may be followed by words, as in ``CANCELLED by 1000``."""
    entries = []
    for line in told.splitlines():
        with contextlib.suppress(ValueError, IndexError):
            name, key, state, status, nodes = line.split(SEPARATOR)[:5]
            element = key.partition("_")[2]
            number = int(element) if element.isdecimal() else 0
            code, signal = _ended(status)
            entries.append(Entry(name, number, key, state.split()[0], code, nodes, signal=signal))
    return entries


def _ended(status: str) -> tuple[int, int]:
    """Exit code and signal, from ``code:signal`` or from a number as wait(2) gives it."""
    code, separator, signal = status.partition(":")
    if separator:
        return int(code or 0), int(signal or 0)
    return int(code or 0) >> 8, int(code or 0) & 0x7F


def _format(fields: Iterable[str]) -> str:
    return ",".join(f"{name}:{SEPARATOR}" for name in fields)
