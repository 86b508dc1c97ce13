"""A run in an engine's hands: where it is, and until when it may go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from uws.executors import Executor, Progress, Run
from uws.models import Job
from uws.phases import Phase

__all__ = ["MARGIN_SECONDS", "Held"]

MARGIN_SECONDS = 15.0
"""How long after the end of its execution duration a run that watches its own time is stopped by the engine."""


@dataclass(slots=True)
class Held:
    """A run in an engine's hands.

    Parameters
    ----------
    phase
        Of its job, as the engine saw it last.
    cores
        That it takes of its executor's slots.
    duration
        Seconds that it may execute; 0 is no limit.
    started
        When it began to execute; None while it waits in a queue of its executor.
    paused
        Since when it is suspended.
    """

    run: Run
    executor: Executor
    phase: Phase
    cores: int
    duration: int
    started: datetime | None
    paused: datetime | None = None
    asked_to_stop: bool = False
    told: Progress | None = None

    @classmethod
    def of(cls, job: Job, executor: Executor) -> Held:
        """The run of a job that the engine has just taken."""
        return cls(
            run=Run(job_id=job.pk, workdir=job.workdir, handle=job.handle),
            executor=executor,
            phase=Phase(job.phase),
            cores=job.cores,
            duration=job.execution_duration,
            started=job.start_time,
        )

    @classmethod
    def again(cls, job: Job, executor: Executor) -> Held:
        """A run that is taken over: its time counts from when it began, or went on after its last suspension."""
        held = cls.of(job, executor)
        changes = list(job.phase_changes.values_list("phase", "time"))
        if held.started and any(phase == Phase.SUSPENDED for phase, _ in changes):
            resumed = [time for phase, time in changes if phase == Phase.EXECUTING]
            held.started = max(held.started, *resumed)
        return held

    def is_over_time(self, instant: datetime) -> bool:
        """Whether the engine is to stop it; time in a queue does not count (UWS 1.1 §2.1.4), nor does a suspension."""
        if not self.duration or self.started is None or self.phase != Phase.EXECUTING:
            return False
        margin = MARGIN_SECONDS if self.executor.keeps_time else 0.0
        return instant >= self.started + timedelta(seconds=self.duration + margin)

    def enter(self, phase: Phase, instant: datetime) -> None:
        """Take note that its job has entered a phase."""
        match phase:
            case Phase.QUEUED:
                self.started = None
            case Phase.SUSPENDED:
                self.paused = instant
            case Phase.EXECUTING if self.started is None:
                self.started = instant
            case Phase.EXECUTING if self.paused is not None:
                self.started += instant - self.paused
        if phase != Phase.SUSPENDED:
            self.paused = None
        self.phase = phase
