"""The executor for Slurm.

The same runner as on the engine's machine runs on a node (`uws.runner`), in a work directory that both see; what it
writes to ``exit.json`` is the truth of how a run ended. Slurm tells the rest: that a run waits, runs, is suspended,
was ended for its time or memory, or was lost with its node.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uws.executors.base import Executor, Exit, Progress, Run, State, Status, Task
from uws.executors.locking import locked
from uws.executors.slurm.cancellation import Cancellations
from uws.executors.slurm.commands import Commands
from uws.executors.slurm.queue import Account, Entry, Queue, Snapshot
from uws.executors.slurm.request import Site
from uws.executors.slurm.states import LIVE, why_waiting
from uws.executors.slurm.submission import Submitter
from uws.executors.slurm.ticket import Ticket
from uws.executors.slurm.verdict import (
    BUSY,
    is_doubtful,
    never_begun,
    refined,
    without_report,
)
from uws.runner_files import EXIT, HEARTBEAT, STARTED, ask_to_stop, asked_reason, read_json, write_json
from uws.times import format_time, now

__all__ = ["SlurmExecutor"]

SETTLING_SECONDS = 15.0
"""How long a submission of unknown outcome may take to appear in Slurm's queue."""

VISIBLE_SECONDS = 30.0
"""How long a file that a node has written may take to be seen here: network file systems remember what was missing."""

SILENCE_SECONDS = 60.0
"""After so long without a heartbeat a lock is not believed that a node holds which Slurm has given up."""


@dataclass(slots=True)
class _Followed:
    """What is remembered of a run from poll to poll; times are of the monotonic clock.

    Parameters
    ----------
    since
        When this executor heard of it first.
    state
        What was answered last.
    reason
        Slurm's, while it waits.
    ended
        When Slurm was first seen to have ended it.
    doubted
        When the runner's report was first seen that Slurm may make more exact.
    beat, beaten
        Time of the last heartbeat on the file's clock, and when it was seen here first.
    """

    since: float = field(default_factory=time.monotonic)
    state: State | None = None
    reason: str = ""
    ended: float | None = None
    doubted: float | None = None
    beat: int = 0
    beaten: float = 0.0


class SlurmExecutor(Executor):
    """Submits runs by sbatch, follows them by one squeue for all, ends them by scancel.

    Parameters
    ----------
    folder
        Where it keeps lists of work directories; on the file system that the nodes share, as the work directories.
    interval
        Seconds between two looks at Slurm's queue.
    settling, visible
        See `SETTLING_SECONDS` and `VISIBLE_SECONDS`.
    """

    name = "slurm"
    queues = True

    def __init__(
        self,
        *,
        folder: Path,
        commands: Commands | None = None,
        site: Site | None = None,
        interval: float = 1.0,
        settling: float = SETTLING_SECONDS,
        visible: float = VISIBLE_SECONDS,
    ) -> None:
        commands = commands or Commands()
        self._submitter = Submitter(commands, folder=folder, site=site or Site())
        self._cancellations = Cancellations(commands)
        self._queue = Queue(commands, interval=interval, before=self._cancellations.send)
        self._settling = settling
        self._visible = visible
        self._followed: dict[str, _Followed] = {}

    def submit(self, task: Task) -> dict[str, Any]:
        """Submit one job.

        Raises
        ------
        uws.executors.slurm.commands.Refused
            When Slurm does not take it.
        uws.executors.slurm.commands.Unreachable
            When Slurm does not answer.
        """
        answer = self.submit_many([task])[0]
        if isinstance(answer, OSError):
            raise answer
        return answer

    def submit_many(self, tasks: Sequence[Task]) -> list[dict[str, Any] | OSError]:
        """Submit jobs, those of the same resources as one array."""
        answers = self._submitter.submit(tasks)
        for task in tasks:
            self._followed[task.job_id] = _Followed(state=State.WAITING)
        return answers

    def poll(self, run: Run) -> Status:
        """See `uws.executors.base`; never waits for Slurm, whose last answer is an `interval` old at most."""
        status = self._look(run)
        self._follow(run).state = status.state
        if status.state not in LIVE.values():
            self._cancellations.forget(run.job_id)
        return status

    def cancel(self, run: Run, reason: str) -> None:
        """Leave a note for the runner, and let Slurm wake it or take it out of the queue with the next look."""
        if not run.workdir.is_dir():
            return
        ask_to_stop(run.workdir, reason)
        ticket = Ticket.of(run.handle, run.workdir)
        if ticket is not None:
            self._cancellations.add(run.job_id, ticket)
            self._queue.hurry()
            return
        with locked(run.workdir) as held:
            if held and not (run.workdir / EXIT).exists():
                write_json(run.workdir / EXIT, {"reason": reason}, durable=True)

    def progress(self, run: Run) -> Progress | None:
        """What the run says it is doing, or what it waits for."""
        followed = self._follow(run)
        if followed.state is State.WAITING:
            return Progress(stage=why_waiting(followed.reason))
        return super().progress(run) or Progress()

    def forget(self, run: Run) -> None:
        """Drop what is remembered of a run whose end has been recorded."""
        self._followed.pop(run.job_id, None)
        self._cancellations.forget(run.job_id)
        ticket = Ticket.of(run.handle, run.workdir)
        if ticket is not None and ticket.key:
            self._queue.forget(ticket.key)

    def close(self) -> None:
        """Leave the jobs to Slurm."""
        self._queue.close()

    def _follow(self, run: Run) -> _Followed:
        return self._followed.setdefault(run.job_id, _Followed())

    def _look(self, run: Run) -> Status:
        ticket = Ticket.of(run.handle, run.workdir)
        report = None
        if ticket is not None:
            snapshot = self._queue.latest()
            entry = snapshot.entries.get(ticket.place)
            state = LIVE.get(entry.state) if entry else None
            if entry and state is State.WAITING and snapshot.current:
                self._follow(run).reason = entry.reason
                return Status(state)
        report = read_json(run.workdir / EXIT)
        if report is not None and (ticket is None or not self._doubts(run, report)):
            return _ended(report)
        if ticket is None:
            return Status(State.ABSENT)
        if not snapshot.current:
            return self._as_it_was(run)
        if entry is None:
            return self._look_elsewhere(run, ticket, snapshot)
        return Status(state) if state else self._conclude(run, entry)

    def _doubts(self, run: Run, report: Mapping[str, Any]) -> bool:
        """Whether Slurm is still to say why the run ended, which it knows a moment after the runner."""
        if not is_doubtful(report, run.workdir):
            return False
        followed = self._follow(run)
        followed.doubted = followed.doubted or time.monotonic()
        return time.monotonic() < followed.doubted + SILENCE_SECONDS

    def _as_it_was(self, run: Run) -> Status:
        """What was known last, and what the files tell."""
        if self._follow(run).state is State.SUSPENDED:
            return Status(State.SUSPENDED)
        return Status(State.RUNNING if (run.workdir / STARTED).exists() else State.WAITING)

    def _look_elsewhere(self, run: Run, ticket: Ticket, snapshot: Snapshot) -> Status:
        """What became of a run that is not in Slurm's queue: too young, forgotten, or never submitted."""
        settling = 0.0 if ticket.job else self._settling
        if snapshot.begun <= self._follow(run).since + settling:
            return self._as_it_was(run)
        if ticket.element and ticket.name in snapshot.names and not (run.workdir / STARTED).exists():
            # An element that is cancelled while it waits vanishes from its array.
            return self._conclude(run, Entry(ticket.name, ticket.element, ticket.key, "CANCELLED"))
        told = self._queue.account(ticket.key) if ticket.job else Account.NOTHING
        if told is Account.ASKED:
            return self._as_it_was(run)
        # Accounts may say for ever that a job runs whose end they have missed.
        known = isinstance(told, Entry) and told.name == ticket.name and told.state not in LIVE
        return self._conclude(run, told if known and isinstance(told, Entry) else None)

    def _conclude(self, run: Run, entry: Entry | None) -> Status:
        """The end of a run of which Slurm says that it has ended, or knows nothing any more."""
        with locked(run.workdir) as held:
            if not held and self._beats(run):
                return Status(State.RUNNING)
            report = read_json(run.workdir / EXIT)
            if report is None:
                return self._conclude_without_report(run, entry)
            better = refined(report, entry, run.workdir) if entry else report
            if better != report:
                write_json(run.workdir / EXIT, better, durable=True)
            return _ended(better)

    def _conclude_without_report(self, run: Run, entry: Entry | None) -> Status:
        ended = without_report(entry, run.workdir) if entry else None
        if ended is None and entry and self._may_appear(run):
            return Status(State.RUNNING)
        if ended is None and (asked := asked_reason(run.workdir)):
            ended = Exit(reason=asked)
        if ended is None:
            if (run.workdir / STARTED).exists():
                return Status(State.LOST)
            if entry is None or entry.exit_code == BUSY or entry.signal:
                return Status(State.ABSENT)
            ended = never_begun(entry)
        report = {"reason": ended.reason, "message": ended.message, "host": ended.host, "ended": format_time(now())}
        if run.workdir.is_dir():
            write_json(run.workdir / EXIT, report, durable=True)
        return _ended(report)

    def _may_appear(self, run: Run) -> bool:
        """Whether the runner may have left its report, and the file system does not show it yet."""
        followed = self._follow(run)
        followed.ended = followed.ended or time.monotonic()
        return time.monotonic() < followed.ended + self._visible

    def _beats(self, run: Run) -> bool:
        """Whether the runner that holds the lock gives signs of life."""
        followed = self._follow(run)
        try:
            beat = (run.workdir / HEARTBEAT).stat().st_mtime_ns
        except OSError:
            beat = 0
        if beat != followed.beat or not followed.beaten:
            followed.beat, followed.beaten = beat, time.monotonic()
        return time.monotonic() < followed.beaten + SILENCE_SECONDS


def _ended(report: Mapping[str, Any]) -> Status:
    return Status(State.ENDED, Exit.from_document(report))
