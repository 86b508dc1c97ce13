"""What the engine asks of whatever runs jobs, in terms of commands, directories and limits; nothing of Django.

The contract, held by one test for all executors:

* `submit` starts a task once and says how to find it again; a handle survives the engine as JSON.
* `poll` tells the truth whichever engine asks: RUNNING until all that can be known of the end is known, then ENDED
  with an `Exit`, as often as it is asked. LOST means that it began and nobody can say how it ended; nothing of it
  lives any more. ABSENT means that it never began, and may be submitted again without running twice.
* WAITING means that it lies in a queue of the executor's own, SUSPENDED that it was stopped and will go on.
* `cancel` makes the run end soon, and one that never began end without beginning.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from uws.runner_files import STAGE, read_json

__all__ = ["Executor", "Exit", "Progress", "Run", "State", "Status", "Task"]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be run.

    Parameters
    ----------
    argv
        The command, for executors that run programs.
    environment
        Variables beyond those that `uws.runner_child` gives every command.
    inputs
        For each input: ``name`` below ``work/inputs``, ``path``, ``sha256`` or an empty string; ``copy`` and
        ``unpack`` as `uws.runner_inputs.place_inputs` takes them.
    outputs
        See `uws.runner_results.collect`.
    speakers
        Names of tasks whose errors, told as SAS does, fail the run; where there are none, the errors of all do.
    limits
        See `uws.runner.Run`.
    network
        Whether the command may reach the network.
    sandbox
        What confines the command: ``mode`` (``off``, ``auto`` or ``require``) and what `uws.sandbox.walls` takes.
    resources
        What a batch system is asked for: ``name`` (of the definition), ``owner`` (a name or empty), ``cores``,
        ``memory_bytes``, ``wall_seconds`` (0 is no limit), ``partition``, ``account`` (empty for the site's own).
    function, parameters, base_url, user_id
        What an in-process task is called with.
    notify
        Folder of the sockets of engines that are told of the end.
    """

    job_id: str
    workdir: Path
    argv: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Mapping[str, Any], ...] = ()
    outputs: tuple[Mapping[str, Any], ...] = ()
    speakers: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    network: bool = False
    sandbox: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    function: str = ""
    parameters: Mapping[str, list[str]] = field(default_factory=dict)
    base_url: str = ""
    user_id: int | None = None
    notify: Path | None = None

    def document(self) -> dict[str, Any]:
        """Content of ``job.json`` for the runner."""
        return {
            "job_id": self.job_id,
            "argv": list(self.argv),
            "environment": dict(self.environment),
            "inputs": [dict(item) for item in self.inputs],
            "outputs": [dict(item) for item in self.outputs],
            "speakers": list(self.speakers),
            "limits": dict(self.limits),
            "network": self.network,
            "sandbox": dict(self.sandbox),
            "notify": str(self.notify) if self.notify else "",
        }


@dataclass(frozen=True, slots=True)
class Run:
    """A submitted task, as the engine remembers it; `handle` is empty when the engine died before it was stored."""

    job_id: str
    workdir: Path
    handle: Mapping[str, Any]


class State(StrEnum):
    """What is known of a run."""

    WAITING = "waiting"
    RUNNING = "running"
    SUSPENDED = "suspended"
    ENDED = "ended"
    LOST = "lost"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a run ended.

    Parameters
    ----------
    reason
        ``exited``, ``wall-limit``, ``cancelled``, ``error-told`` (exit code 0, but the task told of an error),
        ``output-missing``, ``failed-to-start``, ``failed`` (an in-process task raised), ``lost``, ``node-failed`` (lost
        with the machine on which it ran) or ``memory-limit``.
    message
        What reason, exit code and signal do not say; for ``failed`` a sentence for the user.
    results
        Name, path relative to the work directory, size in bytes, sha256, media_type, role, product_type of each file.
    inputs
        Name → sha256 of inputs that had none.
    listings
        Of those that are directories: name → name, size in bytes and sha256 of the files in it.
    messages
        Warnings and errors that the task and those that it called told: level, task, code and text of each.
    error
        The first of them that is the run's own error.
    """

    reason: str
    exit_code: int | None = None
    signal: int | None = None
    message: str = ""
    detail: str = ""
    started: str = ""
    ended: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    host: str = ""
    results: tuple[Mapping[str, Any], ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    listings: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[Mapping[str, str], ...] = ()
    error: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Exit:
        """What the runner's ``exit.json`` says."""
        known = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        lists = {name: tuple(known.get(name, ())) for name in ("results", "messages")}
        return cls(**{**known, **lists})


@dataclass(frozen=True, slots=True)
class Status:
    """Answer of `Executor.poll`; `exit` is there when the run has ended."""

    state: State
    exit: Exit | None = None


MOST = 2**31 - 1
"""The largest number of progress that databases store."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run says it is doing."""

    stage: str = ""
    done: int = 0
    total: int = 0

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Progress:
        """What a runner wrote, within the bounds that can be stored.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it is something else.
        """
        done, total = (min(max(int(document[name]), 0), MOST) for name in ("done", "total"))
        return cls(str(document["stage"])[:500].replace("\0", ""), done, total)


class Executor(ABC):
    """Something that runs tasks.

    Attributes
    ----------
    name
        Under which jobs ask for it.
    keeps_time
        Whether its runs end by themselves at their wall limit, so that the engine is the second line only.
    repeats
        Whether a lost run is simply run again.
    queues
        Whether runs wait in a queue of the executor's own (State.WAITING) before they begin.
    """

    name: str
    keeps_time = True
    repeats = False
    queues = False

    @abstractmethod
    def submit(self, task: Task) -> dict[str, Any]:
        """Start a task; what is needed to find it again.

        Raises
        ------
        OSError
            When it cannot be started now.
        """

    def submit_many(self, tasks: Sequence[Task]) -> list[dict[str, Any] | OSError]:
        """Start several tasks; for each its handle, or the error for which it cannot be started now."""
        return [self._try_submit(task) for task in tasks]

    @abstractmethod
    def poll(self, run: Run) -> Status:
        """What is known of a run now."""

    @abstractmethod
    def cancel(self, run: Run, reason: str) -> None:
        """Make a run end; `reason` is ``cancelled`` or ``wall-limit`` and comes back in its `Exit`."""

    def progress(self, run: Run) -> Progress | None:
        """What the run says it is doing, or None when it has said nothing that can be understood.

        A task may have damaged what its runner wrote; what a run says of itself decides nothing of how it ends.
        """
        try:
            told = read_json(run.workdir / STAGE)
            return None if told is None else Progress.from_document(told)
        except (KeyError, TypeError, ValueError, OSError):
            return None

    def forget(self, run: Run) -> None:  # noqa: B027 - most executors remember nothing
        """Drop what is remembered of a run whose end has been recorded."""

    def close(self) -> None:  # noqa: B027 - most executors hold nothing
        """Let go of everything; runs that outlive the engine go on."""

    def _try_submit(self, task: Task) -> dict[str, Any] | OSError:
        try:
            return self.submit(task)
        except OSError as error:
            return error
