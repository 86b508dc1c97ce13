"""Ending runs on request: those that wait by scancel, those that run by a signal, so that they tell how they ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from uws.executors.base import State
from uws.executors.slurm.commands import Commands, Refused
from uws.executors.slurm.queue import Snapshot
from uws.executors.slurm.states import LIVE
from uws.executors.slurm.ticket import Ticket

__all__ = ["Cancellations"]

AGAIN_SECONDS = 5.0
"""How often Slurm is asked to end what lives on."""

PATIENCE = 60.0
"""Seconds after which a run that does not heed the signal is ended by force, its results left where they are."""

AT_ONCE = 200
"""Jobs that one call of scancel ends."""


@dataclass(slots=True)
class _Wish:
    ticket: Ticket
    since: float
    sent: float = 0.0


class Cancellations:
    """The runs that are to end."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._wishes: dict[str, _Wish] = {}

    def add(self, job_id: str, ticket: Ticket) -> None:
        """Let a run end."""
        self._wishes.setdefault(job_id, _Wish(ticket, time.monotonic()))

    def forget(self, job_id: str) -> None:
        """It has ended."""
        self._wishes.pop(job_id, None)

    def send(self, snapshot: Snapshot) -> None:
        """Ask Slurm to end what, by its last answer, lives.

        Raises
        ------
        uws.executors.slurm.commands.Unreachable
            When it does not answer; it is asked again.
        """
        now = time.monotonic()
        waiting, running, stubborn = [], [], []
        due = []
        for wish in list(self._wishes.values()):
            entry = snapshot.entries.get(wish.ticket.place)
            if entry is None or entry.state not in LIVE or (wish.sent and now < wish.sent + AGAIN_SECONDS):
                continue
            due.append(wish)
            match LIVE[entry.state]:
                case State.WAITING:
                    waiting.append(entry.key)
                case State.RUNNING if now < wish.since + PATIENCE:
                    running.append(entry.key)
                case _:
                    stubborn.append(entry.key)
        # Not with --state=PENDING: for one element of an array that would take the whole array out of the queue.
        self._scancel([], waiting)
        self._scancel(["--batch", "--signal=TERM"], running)
        self._scancel([], stubborn)
        for wish in due:
            wish.sent = now

    def _scancel(self, options: Sequence[str], keys: Sequence[str]) -> None:
        for start in range(0, len(keys), AT_ONCE):
            # It fails, too, when one of them has just ended or begun; the next look tells.
            with contextlib.suppress(Refused):
                self._commands.run("scancel", *options, *keys[start : start + AT_ONCE])
