"""Jobs on a cluster: the real engine, the real executor and runner, and a Slurm of the tests' own."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from uws.engine import engine as engine_module
from uws.engine.engine import Engine
from uws.engine.site import site_executors
from uws.executors import Run, State, Task
from uws.executors.slurm import Commands, SlurmExecutor, Unreachable
from uws.models import Job
from uws.phases import Phase
from uws.runner_files import read_json
from uws.services import abort_job, run_job
from uws.testing import drive, stepping_engine

SECONDS = 100.0
"""Longest wait for anything."""

ONCE = """#!{python}
import os, sys, time
given = dict(item.split("=", 1) for item in sys.argv[1:])
try:
    os.close(os.open(given["log"], os.O_CREAT | os.O_EXCL))
except FileExistsError:
    open("out.txt", "w").write("second")
else:
    print("[STAGE] first", flush=True)
    time.sleep(600)
"""
"""A task that goes on for long when it is run first, and succeeds when it is run again."""


def make_executor(cluster, **options) -> SlurmExecutor:
    return SlurmExecutor(
        folder=cluster.folder / "lists",
        **{"commands": cluster.commands, "interval": 0.2, "settling": 1.0, "visible": 2.0, **options},
    )


@pytest.fixture
def site(slurm, service):
    service.ATHANOR_EXECUTOR = "slurm"
    return service


@pytest.fixture
def executor(slurm):
    executor = make_executor(slurm)
    yield executor
    executor.close()


@pytest.fixture
def engine(site, executor, monkeypatch) -> Engine:
    monkeypatch.setattr(engine_module, "PAUSE_SECONDS", 0.5)
    with stepping_engine({"slurm": executor}, slots=100) as engine:
        yield engine


def step_until(engine: Engine, condition: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, list(Job.objects.values_list("pk", "phase", "stage", "error_message"))
        engine.step()
        time.sleep(0.02)


def poll_until(executor: SlurmExecutor, run: Run, *states: State):
    end = time.monotonic() + SECONDS
    while (status := executor.poll(run)).state not in states:
        assert time.monotonic() < end, status
        time.sleep(0.02)
    return status


def now_of(job: Job) -> Job:
    job.refresh_from_db()
    return job


def phases(job: Job) -> list[str]:
    return [change.phase for change in job.phase_changes.all()]


def is_working(job: Job) -> bool:
    return (now_of(job).phase, job.stage) == (Phase.EXECUTING, "working")


class TestEngine:
    def test_waits_runs_and_completes(self, slurm, engine, make_job):
        with slurm.closed():
            job = make_job(text="hello", run=True)
            step_until(engine, lambda: now_of(job).stage == "waiting in Slurm: its partition is down")
            assert (job.phase, job.start_time, job.engine) == (Phase.QUEUED, None, engine.identity)
        drive(engine, seconds=SECONDS)
        assert (now_of(job).phase, job.error_message, job.exit_code) == (Phase.COMPLETED, "", 0)
        assert phases(job) == ["PENDING", "QUEUED", "EXECUTING", "COMPLETED"]
        assert job.creation_time <= job.start_time <= job.end_time
        assert (job.stage, job.progress_done, job.progress_total) == ("working", 1, 2)
        assert job.usage["cpu_seconds"] > 0
        assert job.host
        result = job.results.get()
        assert (result.path, result.sha256) == ("work/out.txt", hashlib.sha256(b"hello\n").hexdigest())
        assert engine.held == frozenset()

    def test_twenty_jobs_are_one_submission(self, slurm, engine, make_job):
        before = set(slurm.jobs())
        jobs = [make_job(text=str(number), run=True) for number in range(20)]
        engine.step()
        handles = [now_of(job).handle for job in jobs]
        assert sorted(handle["element"] for handle in handles) == list(range(1, 21))
        assert set(slurm.jobs()) - before == {handle["job"] for handle in handles}
        assert len(set(slurm.jobs()) - before) == 1
        drive(engine, seconds=SECONDS)
        assert [(now_of(job).phase, job.error_message) for job in jobs] == [("COMPLETED", "")] * 20
        assert [(job.workdir / "work/out.txt").read_text() for job in jobs] == [f"{n}\n" for n in range(20)]

    def test_own_limit_of_time(self, engine, make_job):
        job = make_job(seconds="600")
        Job.objects.filter(pk=job.pk).update(execution_duration=1)
        run_job(job=now_of(job))
        drive(engine, seconds=SECONDS)
        assert now_of(job).phase == Phase.ABORTED
        assert job.error_message == "The job ran longer than its execution duration of 1 s and was stopped."
        assert job.usage["wall_seconds"] >= 1

    def test_aborted_while_it_waits(self, slurm, engine, make_job):
        with slurm.closed():
            job = make_job(text="never", run=True)
            step_until(engine, lambda: now_of(job).stage.startswith("waiting in Slurm:"))
            abort_job(job=now_of(job))
            drive(engine, seconds=SECONDS)
        assert slurm.jobs("State", job.handle["job"]) == ["CANCELLED"]
        assert now_of(job).phase == Phase.ABORTED
        assert not (job.workdir / "work").exists()

    def test_one_element_of_an_array_ends_and_the_others_go_on(self, slurm, engine, make_job):
        with slurm.closed():
            jobs = [make_job(text="done", run=True) for _ in range(4)]
            step_until(engine, lambda: now_of(jobs[3]).stage.startswith("waiting in Slurm:"))
            abort_job(job=now_of(jobs[0]))
            cancelled = now_of(jobs[1]).handle
            slurm.commands.run("scancel", f"{cancelled['job']}_{cancelled['element']}")
            step_until(engine, lambda: now_of(jobs[0]).reaped and now_of(jobs[1]).reaped)
            assert {now_of(job).phase for job in jobs[2:]} == {Phase.QUEUED}
        drive(engine, seconds=SECONDS)
        assert [now_of(job).phase for job in jobs] == ["ABORTED", "ERROR", "COMPLETED", "COMPLETED"]
        assert jobs[1].error_message == "The run was stopped from outside. Run the job again."

    def test_aborted_while_it_runs(self, slurm, engine, make_job):
        job = make_job(text="never", seconds="600", run=True)
        step_until(engine, lambda: is_working(job))
        assert "[STAGE] working" in (job.workdir / "stdout.txt").read_text()
        abort_job(job=now_of(job))
        drive(engine, seconds=SECONDS)
        assert phases(job) == ["PENDING", "QUEUED", "EXECUTING", "ABORTED"]
        assert now_of(job).host
        assert job.usage["cpu_seconds"] > 0
        slurm.wait(lambda: slurm.jobs("State", job.handle["job"]) == ["COMPLETED"], "the runner goes on")

    def test_suspended_by_the_operator(self, slurm, engine, make_job):
        job = make_job(seconds="600", run=True)
        step_until(engine, lambda: is_working(job))
        slurm.commands.run("scontrol", "suspend", job.handle["job"])
        step_until(engine, lambda: now_of(job).phase == Phase.SUSPENDED)
        slurm.commands.run("scontrol", "resume", job.handle["job"])
        step_until(engine, lambda: now_of(job).phase == Phase.EXECUTING)
        slurm.commands.run("scontrol", "suspend", job.handle["job"])
        step_until(engine, lambda: now_of(job).phase == Phase.SUSPENDED)
        abort_job(job=now_of(job))
        drive(engine, seconds=SECONDS)
        assert now_of(job).phase == Phase.ABORTED

    def test_cancelled_by_the_operator(self, slurm, engine, make_job):
        job = make_job(seconds="600", run=True)
        step_until(engine, lambda: is_working(job))
        slurm.commands.run("scancel", job.handle["job"])
        drive(engine, seconds=SECONDS)
        assert (now_of(job).phase, job.error_type) == (Phase.ERROR, "transient")
        assert job.error_message == "The run was stopped from outside. Run the job again."

    def test_lost_with_its_node_and_run_on_the_other(self, slurm, engine, make_job, sas, site):
        site.ATHANOR_SANDBOX = "off"  # the task is to know by a file beside its directory that it was run before
        (sas / "bin" / "worker").write_text(ONCE.replace("{python}", sys.executable))
        job = make_job(log=str(sas / "begun"))
        Job.objects.filter(pk=job.pk).update(definition_document={**job.definition_document, "retries": 1})
        run_job(job=now_of(job))
        step_until(engine, lambda: now_of(job).stage == "first")
        [node] = slurm.jobs("NodeList", job.handle["job"])
        slurm.crash(node)
        try:
            drive(engine, seconds=SECONDS)
            [other] = slurm.jobs("NodeList", now_of(job).handle["job"])
        finally:
            slurm.start_node(node)
        assert (job.phase, job.error_message) == (Phase.COMPLETED, "")
        assert {node, other} == {"n1", "n2"}
        assert phases(job) == ["PENDING", "QUEUED", "EXECUTING", "QUEUED", "EXECUTING", "COMPLETED"]
        assert (job.workdir / job.results.get().path).read_text() == "second"

    def test_controller_away_for_a_while(self, slurm, engine, executor, make_job):
        long = make_job(seconds="600", run=True)
        short = make_job(seconds="5", text="done meanwhile", run=True)
        step_until(engine, lambda: is_working(long) and now_of(short).phase != Phase.QUEUED)
        slurm.stop("slurmctld")
        try:
            step_until(engine, lambda: now_of(short).phase == Phase.COMPLETED)
            late = make_job(text="late", run=True)
            step_until(engine, lambda: not executor._queue.latest().current)
            engine.step()
            assert (now_of(late).phase, late.engine, late.handle) == (Phase.QUEUED, "", {})
            assert is_working(long)
        finally:
            slurm.start_controller()
        step_until(engine, lambda: now_of(late).phase == Phase.COMPLETED)
        assert is_working(long)
        abort_job(job=now_of(long))
        drive(engine, seconds=SECONDS)
        assert [phases(job)[2:] for job in (long, short, late)] == [
            ["EXECUTING", "ABORTED"],
            ["EXECUTING", "COMPLETED"],
            ["EXECUTING", "COMPLETED"],
        ]

    @pytest.mark.usefixtures("site")
    @pytest.mark.parametrize("after_sbatch", [True, False])
    def test_engine_killed_before_it_stores_the_handle(self, slurm, make_job, monkeypatch, after_sbatch):
        class Killed(BaseException):
            """Goes past every handler, as a signal does."""

        def die(commands, name, *arguments):
            if name == "sbatch":
                if after_sbatch:
                    run(commands, name, *arguments)
                raise Killed
            return run(commands, name, *arguments)

        run = Commands.run
        before = set(slurm.jobs())
        jobs = [make_job(text="once", log="log", run=True) for _ in range(3)]
        with monkeypatch.context() as patch, stepping_engine({"slurm": make_executor(slurm)}, slots=100) as first:
            patch.setattr(Commands, "run", die)
            with pytest.raises(Killed):
                first.step()
        assert [now_of(job).handle for job in jobs] == [{}] * 3
        with stepping_engine({"slurm": make_executor(slurm)}, slots=100) as second:
            drive(second, seconds=SECONDS)
        assert [(now_of(job).phase, job.error_message) for job in jobs] == [("COMPLETED", "")] * 3
        assert [(job.workdir / "work" / "log").read_text().split() for job in jobs] == [[job.pk] for job in jobs]
        assert len(set(slurm.jobs()) - before) == 1

    def test_as_the_site_wants_it(self, slurm, site, make_job):
        site.SLURM_CONF = str(slurm.configuration)
        site.ATHANOR_SLURM_PARTITION = "brief"
        job = make_job(text="hello", run=True)
        with stepping_engine(site_executors(threads=1, ended=lambda: None)) as engine:
            drive(engine, seconds=SECONDS)
        assert (now_of(job).phase, job.error_message) == (Phase.COMPLETED, "")
        assert slurm.jobs("Partition", job.handle["job"]) == ["brief"]

    def test_what_slurm_refuses_is_told(self, engine, make_job):
        job = make_job(text="never")
        Job.objects.filter(pk=job.pk).update(
            definition_document={**job.definition_document, "partition": "nowhere; touch /tmp/x"}
        )
        run_job(job=now_of(job))
        drive(engine, seconds=SECONDS)
        assert now_of(job).phase == Phase.ERROR
        assert job.error_message == (
            "worker could not be started: Slurm refused it: invalid partition specified: nowhere; touch /tmp/x;"
            " Invalid partition name specified."
        )


class TestExecutor:
    """What is seen below the engine."""

    def task(self, workdir: Path, code: str, **more) -> Task:
        return Task(workdir.name, workdir, (sys.executable, "-c", code), limits={"grace_seconds": 0.3}, **more)

    def test_limit_of_slurm(self, slurm, executor, tmp_path):
        task = self.task(tmp_path / "job", "import time; time.sleep(600)")
        run = Run("job", task.workdir, executor.submit(task))
        poll_until(executor, run, State.RUNNING)
        slurm.commands.run("scontrol", "update", f"JobId={run.handle['job']}", "TimeLimit=0")
        status = poll_until(executor, run, State.ENDED)
        assert (status.exit.reason, status.exit.message) == (
            "wall-limit",
            "The job reached the time limit of the cluster and was stopped.",
        )
        assert executor.poll(run) == status
        executor.forget(run)
        assert executor.poll(run) == status

    def test_nothing_of_the_engine_reaches_the_node(self, executor, tmp_path, monkeypatch):
        monkeypatch.setenv("SECRET_KEY", "do not tell")
        code = "import os; open('out', 'wb').write(open(f'/proc/{os.getppid()}/environ', 'rb').read())"
        task = self.task(tmp_path / "a b'$(c)", code)
        run = Run(task.job_id, task.workdir, executor.submit(task))
        assert poll_until(executor, run, State.ENDED).exit.exit_code == 0
        told = (task.workdir / "work" / "out").read_bytes()
        assert b"SLURM_JOB_ID" in told
        assert b"do not tell" not in told

    def test_submitted_twice_runs_once(self, slurm, executor, tmp_path):
        log = tmp_path / "log"
        task = self.task(tmp_path / "job", f"open({str(log)!r}, 'a').write('x')")
        with slurm.closed():
            runs = [Run("job", task.workdir, executor.submit(task)) for _ in range(2)]
            assert runs[0].handle != runs[1].handle
        ends = [poll_until(executor, run, State.ENDED) for run in runs]
        slurm.wait(lambda: set(slurm.jobs("State", runs[1].handle["job"])) <= {"COMPLETED", "FAILED"}, "still there")
        assert ends[0] == ends[1]
        assert log.read_text() == "x"
        with pytest.raises(FileExistsError):
            executor.submit(task)

    def test_answer_of_sbatch_that_was_lost(self, slurm, tmp_path):
        class Deaf(Commands):
            def run(self, name, *arguments):
                told = super().run(name, *arguments)
                if name == "sbatch":
                    raise Unreachable("sbatch did not answer", unsure=True)
                return told

        executor = make_executor(slurm, commands=Deaf(environment=slurm.commands.environment))
        task = self.task(tmp_path / "job", "open('out', 'w')")
        run = Run("job", task.workdir, executor.submit(task))
        assert run.handle["job"] == ""
        assert poll_until(executor, run, State.ENDED).exit.exit_code == 0
        executor.close()

    def test_work_directory_that_the_node_does_not_see(self, slurm, executor, tmp_path):
        task = self.task(tmp_path / "job", "")
        with slurm.closed():
            run = Run("job", task.workdir, executor.submit(task))
            task.workdir.rename(tmp_path / "elsewhere")
        status = poll_until(executor, run, State.ENDED)
        assert status.exit.reason == "failed-to-start"
        assert status.exit.message.endswith("it must lie on a file system that all nodes share")

    def test_runner_killed_on_its_node(self, slurm, executor, tmp_path):
        task = self.task(tmp_path / "job", "import time; time.sleep(600)")
        run = Run("job", task.workdir, executor.submit(task))
        poll_until(executor, run, State.RUNNING)
        slurm.wait((task.workdir / "started").exists, "the runner has not begun")
        os.kill(read_json(task.workdir / "started")["pid"], signal.SIGKILL)
        assert poll_until(executor, run, State.LOST, State.ENDED).state is State.LOST
