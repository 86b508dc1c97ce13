"""The engine: takes jobs from the queue, has them run, records how they end. Several may run side by side.

One `step` does everything that can be done now:

1. take over, now and then, what engines held that have died;
2. watch: ask the executors about the runs in hand; record ends and stages, stop what is over its time or aborted;
   let jobs go on that waited for others;
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
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connections, transaction
from django.db.models import Q

from uws.engine.again import ATTEMPTS, clear, queue_again, retries_of
from uws.engine.announce import Announcer
from uws.engine.claim import Claimer
from uws.engine.destroy import destroy_due
from uws.engine.finish import finish
from uws.engine.held import Held
from uws.engine.housekeeping import Housekeeping
from uws.engine.prepare import prepare_task
from uws.engine.presence import Presence, is_live, sweep
from uws.engine.room import Room
from uws.engine.site import site_executors
from uws.executors import Executor, Exit, State, Task
from uws.limits import slots_of
from uws.models import Job
from uws.phases import ACTIVE, FINAL, TRANSITIONS, Phase
from uws.pipelines.needs import settle_needs
from uws.scheduling import executors_with_work, quote_of_started
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

WOKEN_SWEEP_SECONDS = 1.0
"""Shortest time between two looks for what died or is due: not every job that comes or ends is worth one."""

PAUSE_SECONDS = 15.0
"""How long an executor is left alone that did not answer."""

ENTERED = {State.WAITING: Phase.QUEUED, State.RUNNING: Phase.EXECUTING, State.SUSPENDED: Phase.SUSPENDED}
"""Phase of a job by the state of its run."""


class Engine:
    """One engine.

    Parameters
    ----------
    executors
        By name; those of this service by default.
    slots
        Cores that the runs of each executor may use at a time, by its name; one run may always use more.
    """

    def __init__(
        self, *, executors: Mapping[str, Executor] | None = None, slots: Mapping[str, int] | None = None
    ) -> None:
        self._folder = settings.ATHANOR_HOME / "run"
        self._presence = Presence(self._folder)
        self.identity = self._presence.identity
        self._executors = dict(executors or site_executors(threads=slots_of("inprocess"), ended=self._thread_ended))
        self._slots = dict(slots or {name: slots_of(name) for name in self._executors})
        self._claimer = Claimer(self.identity)
        self._announcer = Announcer()
        self._room = Room()
        self._held: dict[str, Held] = {}
        self._not_before: dict[str, float] = {}
        self._in_vain: dict[str, float] = {}
        self._swept = self._next_sweep = float("-inf")
        self._sweep_pause = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; runs that have a runner of their own go on without the engine."""
        sweep(self._folder)
        self._sweep_pause = WOKEN_SWEEP_SECONDS
        housekeeping = Housekeeping()
        messages = [b""]
        while not stop.is_set():
            try:
                self.step(woken=bool(messages))
            except Error:
                logger.exception("The database does not answer; going on in a second.")
                connections.close_all()
                stop.wait(IDLE_SECONDS)
            messages = self._presence.ear.wait(BUSY_SECONDS if self._held else IDLE_SECONDS)
        housekeeping.close()
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
        if woken:
            self._in_vain.clear()
            self._next_sweep = min(self._next_sweep, self._swept + self._sweep_pause)
        sweep_is_due = time.monotonic() >= self._next_sweep
        if sweep_is_due:
            self._swept = time.monotonic()
            self._next_sweep = self._swept + SWEEP_SECONDS
            self._take_over()
        self._watch()
        settle_needs()
        self._claim()
        self._announcer.announce_all()
        if sweep_is_due:
            destroy_due()

    @property
    def held(self) -> frozenset[str]:
        """Ids of the jobs that this engine runs now."""
        return frozenset(self._held)

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
                    self._held[job.pk] = Held.again(job, self._executors[job.executor])

    # 2. watch

    def _watch(self) -> None:
        if not self._held:
            return
        phases = dict(Job.objects.filter(pk__in=self._held).values_list("pk", "phase"))
        for job_id, held in list(self._held.items()):
            unwanted = phases.get(job_id, Phase.ABORTED) in FINAL
            try:
                self._watch_one(job_id, held, unwanted=unwanted)
            except (InterfaceError, OperationalError):
                raise
            except (ConnectionError, TimeoutError) as error:
                logger.warning("Nothing can be learnt now of job %s: %s", job_id, error)
            except Exception:
                logger.exception("Job %s cannot be followed.", job_id)
                self._finish(job_id, held, Exit(reason="failed", message="The run ended in a way not understood."))

    def _watch_one(self, job_id: str, held: Held, *, unwanted: bool) -> None:
        """Look at a run; `unwanted` when its job is aborted, or is no more."""
        status = held.executor.poll(held.run)
        stopping = unwanted or held.asked_to_stop
        match status.state:
            case State.ENDED if status.exit and status.exit.reason == "node-failed" and not stopping:
                self._lost(job_id, held, status.exit)
            case State.ENDED:
                self._tell(job_id, held)
                self._finish(job_id, held, status.exit)
            case State.WAITING | State.RUNNING | State.SUSPENDED:
                if not unwanted:
                    self._enter(job_id, held, ENTERED[status.state])
                self._look_after(job_id, held, unwanted=unwanted)
            case State.LOST | State.ABSENT if stopping:
                self._finish(job_id, held, Exit(reason="cancelled"))
            case State.ABSENT:
                most = max(ATTEMPTS - 1, retries_of(job_id))
                self._again(job_id, held, most=most, note="The run had not begun.")
            case State.LOST if held.executor.repeats:
                clear(held.run.workdir)
                self._again(job_id, held, most=ATTEMPTS - 1, note="The engine that ran it is gone.")
            case State.LOST:
                self._lost(job_id, held, Exit(reason="lost"))

    def _enter(self, job_id: str, held: Held, phase: Phase) -> None:
        """Let the job's phase follow its run: into and out of a batch system's queue, suspended or not."""
        if phase == held.phase:
            return
        if phase not in TRANSITIONS[held.phase]:
            self._enter(job_id, held, Phase.EXECUTING)
        instant = now()
        fields: dict[str, Any] = {}
        if phase == Phase.QUEUED:
            fields = {"start_time": None}
        elif phase == Phase.EXECUTING and held.started is None:
            quote = quote_of_started(Job.objects.get(pk=job_id), instant)
            fields = {"start_time": instant, "quote": quote}
        if move(job_id=job_id, old=held.phase, new=phase, where={"engine": self.identity}, **fields):
            held.enter(phase, instant)

    def _look_after(self, job_id: str, held: Held, *, unwanted: bool) -> None:
        if not held.asked_to_stop:
            if unwanted:
                self._stop(held, "cancelled")
            elif held.is_over_time(now()):
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
        self._forget(job_id, held)

    def _lost(self, job_id: str, held: Held, ended: Exit) -> None:
        """Run a job again that was lost with its machine, if its definition allows it."""
        retries = retries_of(job_id)
        if retries:
            clear(held.run.workdir)
            where = f" {ended.host}" if ended.host else ""
            if queue_again(
                job_id=job_id,
                engine=self.identity,
                most=retries,
                note=f"The run was lost with its machine{where}; it is run again.",
            ):
                self._forget(job_id, held)
                return
        self._finish(job_id, held, ended)

    def _again(self, job_id: str, held: Held, *, most: int, note: str) -> None:
        """Queue a run again that never began, or that can be repeated."""
        if queue_again(job_id=job_id, engine=self.identity, most=most, note=note):
            self._forget(job_id, held)
        else:
            self._finish(job_id, held, Exit(reason="failed", message=f"The run was lost {most + 1} times."))

    def _forget(self, job_id: str, held: Held) -> None:
        held.executor.forget(held.run)
        del self._held[job_id]
        self._in_vain.clear()

    # 3. claim

    def _claim(self) -> None:
        if not self._room.suffices():
            return
        free = {name: cores for name in self._executors if (cores := self._free_cores(name)) > 0}
        for name in executors_with_work(free):
            executor = self._executors[name]
            jobs = self._claimer.claim(
                executor=name, free=free[name], slots=self._slots.get(name, 1), queues=executor.queues
            )
            if not jobs:
                self._in_vain[name] = time.monotonic() + IDLE_SECONDS
            self._start(jobs, executor)

    def _free_cores(self, name: str) -> int:
        """Cores for which an executor may be given jobs now."""
        if time.monotonic() < max(self._not_before.get(name, 0.0), self._in_vain.get(name, 0.0)):
            return 0
        busy = sum(held.cores for held in self._held.values() if held.executor is self._executors[name])
        return self._slots.get(name, 1) - busy

    def _start(self, jobs: Sequence[Job], executor: Executor) -> None:
        """Hand jobs to an executor together; those that cannot be prepared end."""
        self._held.update({job.pk: Held.of(job, executor) for job in jobs})
        tasks = [task for job in jobs if (task := self._prepare(job)) is not None]
        answers = self._submit(tasks, executor)
        with transaction.atomic():
            for task, answer in zip(tasks, answers, strict=True):
                held = self._held[task.job_id]
                match answer:
                    case ConnectionError() | TimeoutError():
                        logger.warning("%s does not answer; job %s waits: %s", executor.name, task.job_id, answer)
                        self._not_before[executor.name] = time.monotonic() + PAUSE_SECONDS
                        queue_again(job_id=task.job_id, engine=self.identity)
                        self._forget(task.job_id, held)
                    case Exception():
                        self._finish(task.job_id, held, Exit(reason="failed-to-start", message=str(answer)))
                    case _:
                        held.run = replace(held.run, handle=answer)
                        self._update(task.job_id, handle=answer)

    def _submit(self, tasks: Sequence[Task], executor: Executor) -> Sequence[dict[str, Any] | Exception]:
        """For each task its handle or why it has none; what a failing executor has begun is watched all the same."""
        if not tasks:
            return []
        try:
            return executor.submit_many(tasks)
        except (InterfaceError, OperationalError):
            raise
        except Exception as error:
            logger.exception("Jobs could not be started: %s.", ", ".join(task.job_id for task in tasks))
            begun = [executor.poll(self._held[task.job_id].run).state is not State.ABSENT for task in tasks]
            return [{} if it_has else error for it_has in begun]

    def _prepare(self, job: Job) -> Task | None:
        try:
            task = prepare_task(job)
            quote = quote_of_started(job, job.start_time) if job.start_time else job.quote
            self._update(job.pk, command=job.command, software=job.software, quote=quote)
        except (InterfaceError, OperationalError):
            raise
        except AthanorError as error:
            ended = Exit(reason="failed", message=str(error))
        except Exception as error:
            logger.exception("Job %s could not be prepared.", job.pk)
            ended = Exit(reason="failed-to-start", message=str(error))
        else:
            return task
        self._finish(job.pk, self._held[job.pk], ended)
        return None

    def _update(self, job_id: str, **fields: object) -> None:
        Job.objects.filter(pk=job_id, engine=self.identity).update(**fields)
