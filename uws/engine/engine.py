"""The engine: takes jobs from the queue, has them run, records how they end. Several may run side by side.

One `step` does everything that can be done now:

1. take over, now and then, what engines held that have died;
2. watch: ask the executors about the runs in hand; record ends and stages, stop what is over its time or aborted;
3. claim: take queued jobs as long as there are slots;
4. announce: tell the packages above of jobs that have ended;
5. destroy, now and then, what is due.

Every decision is a guarded UPDATE or lies in a file that appears whole, so the engine, the web server and the
runners may be killed at any moment: the next engine goes on from there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, OperationalError, connections
from django.db.models import Q

from jobdefs import registry
from uws.engine.announce import Announcer
from uws.engine.claim import claim_next
from uws.engine.destroy import destroy_due, empty_trash
from uws.engine.finish import finish
from uws.engine.prepare import prepare_task
from uws.engine.presence import Presence, is_live, sweep
from uws.executors import Executor, Exit, InProcessExecutor, LocalExecutor, Progress, Run, State
from uws.models import Job, PhaseChange
from uws.phases import ACTIVE, Phase
from uws.times import now
from uws.transitions import move
from vo.errors import AthanorError

__all__ = ["Engine"]

logger = logging.getLogger("athanor.engine")

IDLE_SECONDS = 1.0
"""Longest pause between two steps."""

BUSY_SECONDS = 0.25
"""Longest pause while something runs: stages are read this often."""

SWEEP_SECONDS = 5.0
MARGIN_SECONDS = 15.0
"""How long after the end of its execution duration a run that watches its own time is stopped by the engine."""

ATTEMPTS = 5
"""How often a run that was lost or never began is started."""


@dataclass(slots=True)
class Held:
    """A run in this engine's hands."""

    run: Run
    executor: Executor
    deadline: datetime | None
    asked_to_stop: bool = False
    told: Progress | None = None


class Engine:
    """One engine.

    Parameters
    ----------
    executors
        By name; those of this service by default.
    slots
        How many runs each executor may have at a time, by its name.
    """

    def __init__(
        self, *, executors: Mapping[str, Executor] | None = None, slots: Mapping[str, int] | None = None
    ) -> None:
        self._folder = settings.ATHANOR_HOME / "run"
        self._presence = Presence(self._folder)
        self.identity = self._presence.identity
        here = settings.ATHANOR_LOCAL_SLOTS
        self._slots = dict(slots or {"local": here, "inprocess": max(here, 2)})
        self._executors = dict(executors or self._default_executors())
        self._announcer = Announcer()
        self._held: dict[str, Held] = {}
        self._next_sweep = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; runs that have a runner of their own go on without the engine."""
        sweep(self._folder)
        empty_trash()
        messages = [b""]
        while not stop.is_set():
            try:
                self.step(woken=bool(messages))
            except DatabaseError:
                logger.exception("The database does not answer; going on in a second.")
                connections.close_all()
                stop.wait(IDLE_SECONDS)
            messages = self._presence.ear.wait(BUSY_SECONDS if self._held else IDLE_SECONDS)
        self.close()

    def close(self) -> None:
        """Let go: in-process runs are asked to stop and are run again by the next engine."""
        for executor in self._executors.values():
            executor.close()
        self._presence.close()

    def wake(self) -> None:
        """Make `run` take its next step now; for other threads."""
        self._presence.ear.poke()

    def step(self, *, woken: bool = True) -> None:
        """Do everything that can be done now; see the head of this module."""
        sweep_is_due = woken or time.monotonic() >= self._next_sweep
        if sweep_is_due:
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
            self._take_over()
        self._watch()
        self._claim()
        self._announcer.announce_all()
        if sweep_is_due:
            destroy_due()

    @property
    def held(self) -> frozenset[str]:
        """Ids of the jobs that this engine runs now."""
        return frozenset(self._held)

    def _default_executors(self) -> dict[str, Executor]:
        inprocess = InProcessExecutor(slots=self._slots["inprocess"], ended=self._thread_ended)
        inprocess.preload(task.function for task in registry.all_definitions().values() if task.function)
        return {"local": LocalExecutor(), "inprocess": inprocess}

    def _thread_ended(self) -> None:
        connections.close_all()
        self.wake()

    # 1. take over

    def _take_over(self) -> None:
        """Take the jobs of engines that died; what their runs did meanwhile is seen by the next watch."""
        open_jobs = Job.objects.filter(Q(phase__in=ACTIVE) | Q(phase=Phase.ABORTED), reaped=False).exclude(
            Q(engine="") | Q(engine=self.identity)
        )
        for identity in set(open_jobs.values_list("engine", flat=True)):
            if is_live(self._folder, identity):
                continue
            for job in open_jobs.filter(engine=identity, executor__in=self._executors).select_related("owner"):
                if Job.objects.filter(pk=job.pk, engine=identity, reaped=False).update(engine=self.identity):
                    logger.info("Took over job %s from engine %s, which has died.", job.pk, identity)
                    self._hold(job, self._executors[job.executor])

    # 2. watch

    def _watch(self) -> None:
        if not self._held:
            return
        phases = dict(Job.objects.filter(pk__in=self._held).values_list("pk", "phase"))
        for job_id, held in list(self._held.items()):
            unwanted = phases.get(job_id) in (Phase.ABORTED, None)
            try:
                self._watch_one(job_id, held, unwanted=unwanted)
            except OperationalError:
                raise
            except Exception:
                logger.exception("Job %s cannot be followed.", job_id)
                self._finish(job_id, held, Exit(reason="failed", message="The run ended in a way not understood."))

    def _watch_one(self, job_id: str, held: Held, *, unwanted: bool) -> None:
        """Look at a run; `unwanted` when its job is aborted, or is no more."""
        status = held.executor.poll(held.run)
        match status.state:
            case State.ENDED:
                self._tell(job_id, held)
                self._finish(job_id, held, status.exit)
            case State.RUNNING:
                self._look_after(job_id, held, unwanted=unwanted)
            case State.LOST | State.ABSENT if unwanted or held.asked_to_stop:
                self._finish(job_id, held, Exit(reason="cancelled"))
            case State.ABSENT:
                self._again(job_id, held)
            case State.LOST if held.executor.repeats:
                self._again(job_id, held)
            case State.LOST:
                self._finish(job_id, held, Exit(reason="lost"))

    def _look_after(self, job_id: str, held: Held, *, unwanted: bool) -> None:
        if not held.asked_to_stop:
            if unwanted:
                self._stop(held, "cancelled")
            elif held.deadline is not None and now() >= held.deadline:
                self._stop(held, "wall-limit")
        self._tell(job_id, held)

    def _tell(self, job_id: str, held: Held) -> None:
        told = held.executor.progress(held.run)
        if told is not None and told != held.told:
            held.told = told
            Job.objects.filter(pk=job_id, engine=self.identity).update(
                stage=told.stage, progress_done=told.done, progress_total=told.total
            )

    def _stop(self, held: Held, reason: str) -> None:
        held.asked_to_stop = True
        held.executor.cancel(held.run, reason)

    def _finish(self, job_id: str, held: Held, ended: Exit | None) -> None:
        finish(job_id=job_id, engine=self.identity, ended=ended or Exit(reason="lost"))
        held.executor.forget(held.run)
        del self._held[job_id]

    # 3. claim

    def _claim(self) -> None:
        for name, executor in self._executors.items():
            busy = sum(held.executor is executor for held in self._held.values())
            for _ in range(self._slots.get(name, 1) - busy):
                job = claim_next(executor=name, engine=self.identity)
                if job is None:
                    break
                self._start(job, executor)

    def _start(self, job: Job, executor: Executor) -> None:
        held = self._hold(job, executor)
        try:
            task = prepare_task(job)
            self._update(job, command=job.command, software=job.software)
            handle = executor.submit(task)
        except OperationalError:
            raise
        except AthanorError as error:
            self._finish(job.pk, held, Exit(reason="failed", message=str(error)))
            return
        except Exception as error:
            logger.exception("Job %s could not be started.", job.pk)
            self._finish(job.pk, held, Exit(reason="failed-to-start", message=str(error)))
            return
        held.run = replace(held.run, handle=handle)
        self._update(job, handle=handle)

    def _hold(self, job: Job, executor: Executor) -> Held:
        held = Held(
            run=Run(job_id=job.pk, workdir=job.workdir, handle=job.handle),
            executor=executor,
            deadline=_deadline(job, executor),
        )
        self._held[job.pk] = held
        return held

    def _again(self, job_id: str, held: Held) -> None:
        """Queue a run again that never began, or that can be repeated; not for ever: it may be what kills engines."""
        if PhaseChange.objects.filter(job_id=job_id, phase=Phase.EXECUTING).count() >= ATTEMPTS:
            self._finish(job_id, held, Exit(reason="failed", message=f"The run was lost {ATTEMPTS} times."))
        elif move(
            job_id=job_id,
            old=Phase.EXECUTING,
            new=Phase.QUEUED,
            where={"engine": self.identity},
            engine="",
            start_time=None,
            handle={},
        ):
            held.executor.forget(held.run)
            del self._held[job_id]

    def _update(self, job: Job, **fields: object) -> None:
        Job.objects.filter(pk=job.pk, engine=self.identity).update(**fields)


def _deadline(job: Job, executor: Executor) -> datetime | None:
    """When the engine itself stops a run: in time, or later where the run is to watch its time by itself."""
    if not job.execution_duration or job.start_time is None:
        return None
    margin = MARGIN_SECONDS if executor.keeps_time else 0.0
    return job.start_time + timedelta(seconds=job.execution_duration + margin)
