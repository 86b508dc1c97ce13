"""Pipelines from end to end: children, results, failure, abort, retry, engines that die."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from uws.engine.destroy import destroy_due
from uws.executors import Exit
from uws.models import Job, JobKind, Result
from uws.phases import Phase
from uws.pipelines import executor, links
from uws.pipelines.executor import PipelineExecutor
from uws.selectors import child_counts, list_jobs
from uws.services import abort_job, create_job, delete_job, retry_job, run_job, set_destruction
from uws.signals import job_finished
from uws.testing import drive, stepping_engine
from uws.times import now
from vo.errors import IllegalStateError, UsageError


def children(job) -> dict[str, str]:
    return {
        f"{step} {branch}".strip(): phase
        for step, branch, phase in job.children.order_by("step", "branch").values_list("step", "branch", "phase")
    }


def child(job, step, branch="") -> Job:
    return job.children.get(step=step, branch=branch)


def texts(job) -> dict[str, str]:
    return {result.name: (job.workdir / result.path).read_text() for result in job.results.all()}


def rows(*words, **codes) -> str:
    return json.dumps([{"word": word, "code": codes.get(word, "")} for word in words]).replace(" ", "")


def test_a_pipeline_runs_its_steps(make_job, user):
    job = make_job("chain", words=["a", "b"], user=user, run=True, run_id="mine")
    assert (job.kind, job.executor) == (JobKind.PIPELINE, "pipeline")
    drive()
    job.refresh_from_db()
    assert (job.phase, job.error_message, job.progress_done, job.progress_total) == (Phase.COMPLETED, "", 5, 5)
    assert children(job) == dict.fromkeys(["first 1", "first 2", "second 1", "second 2", "third"], "COMPLETED")
    assert texts(job) == {"last-1": "two a\none a\n", "last-2": "two b\none b\n", "all": "all\n"}
    second = child(job, "second", "2")
    assert second.parameters == {"text": ["two b"], "table": [f"job:{child(job, 'first', '2').pk}/output"]}
    assert (second.owner, second.priority, second.run_id, second.kind) == (user, 0, "mine", JobKind.TASK)
    assert (second.destruction, second.definition_document["name"]) == (None, "worker")
    assert list(list_jobs(user=user)) == [job]
    assert child_counts(job=job) == {"total": 5, "COMPLETED": 5}


def test_results_are_those_of_the_children(make_job):
    job = make_job("chain", words=["a"], run=True)
    drive()
    ours, theirs = job.results.get(name="last-1"), child(job, "second", "1").results.get()
    assert (ours.path, ours.sha256, ours.size, ours.media_type, ours.role) == (
        "results/last-1.txt",
        theirs.sha256,
        theirs.size,
        "text/plain",
        "product",
    )
    assert (job.workdir / ours.path).samefile(theirs.job.workdir / theirs.path)


def test_results_are_copied_between_file_systems(make_job, monkeypatch):
    def link(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(links.os, "link", link)
    job = make_job("chain", words=["a"], run=True)
    drive()
    theirs = child(job, "second", "1").results.get()
    assert texts(job)["last-1"] == "two a\none a\n"
    assert not (job.workdir / "results/last-1.txt").samefile(theirs.job.workdir / theirs.path)
    assert sorted(path.name for path in (job.workdir / "results").iterdir()) == ["all.txt", "last-1.txt"]


def test_rows_of_a_table_that_a_step_has_made(make_job):
    job = make_job("tree", rows=[rows("x", "skip", "y"), rows(), rows("z")], run=True)
    drive()
    job.refresh_from_db()
    assert children(job) == dict.fromkeys(
        ["bough 1", "bough 3", "leaf 1.1", "leaf 1.3", "leaf 3.1", "list 1", "list 2", "list 3"], "COMPLETED"
    )
    assert {name: text for name, text in texts(job).items() if name.startswith("leaf")} == {
        "leaf-1.1": "x\n",
        "leaf-1.3": "y\n",
        "leaf-3.1": "z\n",
    }
    leaves = [child(job, "leaf", branch).pk for branch in ("1.1", "1.3")]
    assert child(job, "bough", "1").parameters["tables"] == [f"job:{pk}/output" for pk in leaves]


def test_files_that_came_with_the_request(service):
    job = create_job(
        definition="tree",
        parameters={"rows": [rows("x")]},
        files={"table": SimpleUploadedFile("t", b"sent\n")},
        user=None,
        base_url="http://testserver",
        run=True,
    )
    drive()
    assert texts(job)["leaf-1.1"] == "x\nsent\n"
    assert child(job, "leaf", "1.1").inputs.get().entity_id == f"job:{job.pk}/parameters/table"
    assert job.inputs.get().reference == "param:table"


def test_a_pipeline_waits_for_others(make_job):
    first = make_job(text="before", run=True)
    job = make_job("tree", rows=[rows("x")], table=f"job:{first.pk}/output", run=True)
    after = make_job(text="after", table=f"job:{job.pk}/leaf-1.1", run=True)
    job.refresh_from_db()
    assert (job.phase, job.waiting_for) == (Phase.QUEUED, 1)
    drive()
    after.refresh_from_db()
    assert after.phase == Phase.COMPLETED
    assert (after.workdir / "work" / "out.txt").read_text() == "after\nx\nbefore\n"


def test_a_step_that_stops_the_whole(make_job):
    job = make_job("chain", words=["a", "b"], run=True)
    Job.objects.filter(pk=job.pk).update(definition_document=stopping(job.definition_document))
    drive()
    job.refresh_from_db()
    failed = child(job, "first", "1"), child(job, "first", "2")
    assert (job.phase, job.error_type) == (Phase.ERROR, "fatal")
    assert job.error_message == (
        "2 of 5 steps failed: first 1 (a), first 2 (b). Retry runs again only what did not complete."
    )
    assert [line.partition(", ")[2].partition(": ")[0] for line in job.error_detail.splitlines()] == [
        f"http://testserver/jobs/{item.pk}/" for item in failed
    ]
    assert children(job) == {"first 1": "ERROR", "first 2": "ERROR"}
    assert (job.progress_done, job.progress_total) == (2, 5)


def stopping(document):
    for step in document["steps"]:
        step["on_failure"] = "stop"
        step["parameters"]["code"] = ["3"]
    return document


def test_a_step_without_which_it_goes_on(make_job):
    job = make_job("tree", rows=[rows("x", "y", y="3"), rows("z", z="4")], run=True)
    drive()
    job.refresh_from_db()
    assert (job.phase, job.error_type) == (Phase.COMPLETED, "transient")
    assert job.error_message == (
        "2 of 7 steps failed: leaf 1.2 (y, 3), leaf 2.1 (z, 4). Retry runs again only what did not complete."
    )
    assert children(job) == {
        "bough 1": "COMPLETED",
        "leaf 1.1": "COMPLETED",
        "leaf 1.2": "ERROR",
        "leaf 2.1": "ERROR",
        "list 1": "COMPLETED",
        "list 2": "COMPLETED",
    }
    assert sorted(texts(job)) == ["bough-1", "leaf-1.1"]


def test_a_table_that_is_none(make_job):
    job = make_job("tree", rows=['{"a":1}'], run=True)
    drive()
    job.refresh_from_db()
    assert job.phase == Phase.ERROR
    assert job.error_message == f"list/list of job {child(job, 'list', '1').pk}: The JSON is no list of objects."


def test_parameters_that_do_not_fit(make_job):
    job = make_job("tree", rows=[rows("x", x="many")], run=True)
    drive()
    leaf = child(job, "leaf", "1.1")
    assert (leaf.phase, leaf.error_message) == (Phase.ERROR, "code: 'many' is no integer.")
    assert [change.phase for change in leaf.phase_changes.all()] == ["ERROR"]


def test_more_jobs_than_a_pipeline_may_make(make_job, settings):
    settings.ATHANOR_MAX_ARRAY = 3
    job = make_job("chain", words=["a", "b"], run=True)
    drive()
    job.refresh_from_db()
    assert (job.phase, job.error_message) == (Phase.ERROR, "The pipeline would have more than 3 jobs.")
    assert not job.children.exists()


def test_what_cannot_run_here_is_refused(make_job, settings):
    settings.SAS_DIR = ""
    with pytest.raises(UsageError, match="worker needs XMM-Newton SAS"):
        make_job("chain", words=["a"], run=True)


# Abort and destruction


def engine_of(memory):
    return stepping_engine({"local": memory, "pipeline": PipelineExecutor()})


def test_abort_ends_the_children(make_job, memory):
    job = make_job("chain", words=["a", "b"], run=True)
    with engine_of(memory) as engine:
        for _ in range(3):
            engine.step()
        assert children(job) == {"first 1": "EXECUTING", "first 2": "EXECUTING"}
        memory.finish(child(job, "first", "1").pk)
        engine.step()
        engine.step()
        abort_job(job=job)
        drive(engine)
    job.refresh_from_db()
    assert job.phase == Phase.ABORTED
    assert children(job) == {"first 1": "COMPLETED", "first 2": "ABORTED", "second 1": "ABORTED"}


def test_a_surprise_leaves_no_child_to_itself(make_job, memory, monkeypatch):
    job = make_job("chain", words=["a", "b"], run=True)
    with engine_of(memory) as engine:
        for _ in range(3):
            engine.step()
        assert children(job) == {"first 1": "EXECUTING", "first 2": "EXECUTING"}
        memory.finish(child(job, "first", "1").pk)
        monkeypatch.setattr(executor, "advance", lambda *_: 1 / 0)
        drive(engine)
    job.refresh_from_db()
    assert (job.phase, job.error_message) == (Phase.ERROR, "It could not go on, in a way not understood.")
    assert children(job) == {"first 1": "COMPLETED", "first 2": "ABORTED"}


def test_abort_of_queued_children(make_job, memory):
    job = make_job("chain", words=["a", "b", "c"], run=True)
    with stepping_engine({"pipeline": PipelineExecutor()}) as engine:
        for _ in range(3):
            engine.step()
        assert set(children(job).values()) == {"QUEUED"}
        abort_job(job=job)
        drive(engine)
    assert set(children(job).values()) == {"ABORTED"}
    assert [change.phase for change in child(job, "first", "1").phase_changes.all()] == ["QUEUED", "ABORTED"]
    assert not memory.tasks


def test_abort_of_one_child_is_a_failure(make_job, memory):
    job = make_job("tree", rows=["[]"], run=True)
    with engine_of(memory) as engine:
        for _ in range(3):
            engine.step()
        abort_job(job=child(job, "list", "1"))
        drive(engine)
    job.refresh_from_db()
    assert job.phase == Phase.ERROR
    assert job.error_message.startswith("1 of 2 steps failed: list 1 ([]).")


def test_time_limit_of_the_whole(make_job, memory):
    job = make_job("tree", rows=["[]"], run=True)
    with engine_of(memory) as engine:
        for _ in range(3):
            engine.step()
    long_ago = now() - timedelta(days=365)
    Job.objects.filter(pk=job.pk).update(start_time=long_ago)
    job.phase_changes.update(time=long_ago)
    with engine_of(memory) as engine:
        drive(engine)
    job.refresh_from_db()
    assert job.phase == Phase.ABORTED
    assert "ran longer" in job.error_message
    assert children(job) == {"list 1": "ABORTED"}


def test_children_go_with_their_parent(make_job):
    job = make_job("chain", words=["a"], run=True)
    drive()
    part = child(job, "first", "1")
    for refused in (
        lambda: delete_job(job=part),
        lambda: retry_job(job=part),
        lambda: set_destruction(job=part, destruction=now()),
    ):
        with pytest.raises(IllegalStateError, match=f"The job is a part of job {job.pk}"):
            refused()
    folders = [item.workdir for item in (job, *job.children.all())]
    assert all(folder.is_dir() for folder in folders)
    delete_job(job=job)
    for _ in range(3):
        destroy_due()
    assert not Job.objects.exists()
    assert not any(folder.exists() for folder in folders)


# Retry


def test_retry_runs_what_failed(make_job):
    heard = []
    job = make_job("tree", rows=[rows("x", "y", y="3"), rows("z")], run=True)
    drive()

    def hear(job_id, **_):
        heard.append(job_id)

    old = {(item.step, item.branch): item for item in job.children.all()}
    again = retry_job(job=job)
    assert (again.retry_of, again.parameters, again.definition_document) == (
        job,
        job.parameters,
        job.definition_document,
    )
    job_finished.connect(hear)
    drive()
    job_finished.disconnect(hear)
    again.refresh_from_db()
    new = {(item.step, item.branch): item for item in again.children.all()}
    taken = {key for key, item in new.items() if item.taken_over}
    assert taken == {("list", "1"), ("list", "2"), ("leaf", "1.1"), ("leaf", "2.1"), ("bough", "1"), ("bough", "2")}
    assert all(new[key].taken_over == old[key].pk and new[key].retry_of == old[key] for key in taken)
    assert sorted(heard) == sorted([again.pk, *(item.pk for item in new.values())])
    assert again.phase == Phase.COMPLETED
    assert again.error_message.startswith("1 of 7 steps failed: leaf 1.2 (y, 3).")
    assert texts(again) == texts(job)
    path = again.results.get(name="leaf-1.1").path
    assert (again.workdir / path).samefile(job.workdir / path)
    delete_job(job=job)
    for _ in range(3):
        destroy_due()
    again.refresh_from_db()
    assert (again.retry_of, texts(again)["leaf-1.1"]) == (None, "x\n")


def test_retry_does_again_what_builds_on_what_is_run_again(make_job):
    job = make_job("tree", rows=[rows("x", "y")], run=True)
    drive()
    Job.objects.filter(pk=child(job, "leaf", "1.2").pk).update(phase=Phase.ERROR)
    again = retry_job(job=job)
    drive()
    taken = {(item.step, item.branch): bool(item.taken_over) for item in again.children.all()}
    assert taken == {("list", "1"): True, ("leaf", "1.1"): True, ("leaf", "1.2"): False, ("bough", "1"): False}


def test_retry_of_a_retry_names_the_job_that_ran(make_job):
    job = make_job("chain", words=["a"], run=True)
    drive()
    second = retry_job(job=job)
    drive()
    third = retry_job(job=second)
    drive()
    origin = child(job, "first", "1").pk
    assert child(third, "first", "1").taken_over == origin
    later = make_job(table=f"job:{child(third, 'first', '1').pk}/output", run=True)
    assert later.inputs.get().entity_id == f"job:{origin}/output"


def test_files_that_are_gone_are_made_again(make_job):
    job = make_job("chain", words=["a"], gather="no", run=True)
    drive()
    first = child(job, "first", "1")
    (first.workdir / first.results.get().path).unlink()
    again = retry_job(job=job)
    drive()
    assert {item.step: bool(item.taken_over) for item in again.children.all()} == {"first": False, "second": False}
    assert texts(again) == {"last-1": "two a\none a\n"}


def test_retry_of_a_plain_job_with_its_files(service):
    job = create_job(
        definition="worker",
        parameters={"text": ["hello"]},
        files={"table": SimpleUploadedFile("t", b"sent\n")},
        user=None,
        base_url="http://testserver",
        run=True,
    )
    with pytest.raises(IllegalStateError, match="only a job that has ended can be run again"):
        retry_job(job=job)
    drive()
    again = retry_job(job=job)
    drive()
    again.refresh_from_db()
    assert (again.phase, again.retry_of, again.parameters) == (Phase.COMPLETED, job, job.parameters)
    assert texts(again) == {"output": "hello\nsent\n"}


# Engines that die


def finish_as_told(memory, failing=()) -> None:
    """Let what an engine has started end, with files where it went well."""
    for job in Job.objects.filter(pk__in=set(memory.tasks) - set(memory.exits)):
        if (job.step, job.branch) in failing:
            memory.finish(job.pk, Exit(reason="exited", exit_code=1))
            continue
        name = "list" if job.definition == "lister" else "output"
        path = job.workdir / "work" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(job.parameters["text"][0])
        item = {"name": name, "path": f"work/{name}.txt", "size": 1, "sha256": "0" * 64}
        result = {**item, "media_type": "text/plain", "role": "", "product_type": ""}
        memory.finish(job.pk, Exit(reason="exited", exit_code=0, results=(result,)))


@pytest.mark.parametrize("failing", [(), (("leaf", "1.2"),), (("list", "2"),), (("bough", "1"),)])
@pytest.mark.parametrize("steps", [1, 2])
def test_engines_die_between_any_two_steps(make_job, memory, steps, failing):
    """Each engine lives for a step or two; what the next one knows stands in the database."""
    job = make_job("tree", rows=[rows("x", "y"), rows("z")], run=True)
    for _ in range(60):
        with engine_of(memory) as engine:
            for _ in range(steps):
                engine.step()
        finish_as_told(memory, failing)
        job.refresh_from_db()
        if job.announced:
            break
    phases = children(job)
    assert job.phase == (Phase.ERROR if failing and failing[0][0] != "leaf" else Phase.COMPLETED)
    assert Job.objects.filter(parent=job).values_list("step", "branch").distinct().count() == job.children.count()
    assert {key for key, phase in phases.items() if phase == "ERROR"} == {" ".join(key) for key in failing}
    assert all(count == 1 for count in starts(job).values())
    if not failing:
        assert len(phases) == 7
        assert job.results.count() == 5


def starts(job) -> dict[str, int]:
    """How often each child began to execute."""
    counts: dict[str, int] = {}
    for item in job.children.all():
        if item.phase != Phase.ERROR or item.start_time:
            counts[item.pk] = item.phase_changes.filter(phase=Phase.EXECUTING).count()
    return counts


def test_an_end_that_is_cut_short_is_made_again(make_job, memory, monkeypatch):
    """The links are there, the rows are not: the next engine links nothing twice and records everything."""
    job = make_job("chain", words=["a"], run=True)
    from uws.engine import engine as module

    def die(**_):
        raise KeyboardInterrupt

    with engine_of(memory) as engine:
        for _ in range(20):
            engine.step()
            finish_as_told(memory)
            if "third" in children(job) and child(job, "third").reaped:
                break
        real = module.finish
        monkeypatch.setattr(module, "finish", die)
        with pytest.raises(KeyboardInterrupt):
            drive(engine)
        monkeypatch.setattr(module, "finish", real)
    assert (job.workdir / "results").is_dir()
    assert not Result.objects.filter(job=job).exists()
    with engine_of(memory) as engine:
        drive(engine)
    job.refresh_from_db()
    assert (job.phase, job.results.count()) == (Phase.COMPLETED, 2)


def test_many_parents_are_counted_by_one_query(make_job, memory, django_assert_max_num_queries):
    jobs = [make_job("chain", words=["a", "b"], run=True) for _ in range(10)]
    executor = PipelineExecutor()
    with stepping_engine({"local": memory, "pipeline": executor}) as engine:
        for _ in range(4):
            engine.step()
        assert engine.held >= {job.pk for job in jobs}
        with django_assert_max_num_queries(1):
            for job in jobs:
                run = engine._held[job.pk].run
                assert executor.poll(run).state == "running"


def test_run_is_refused_twice(make_job):
    job = make_job("chain", words=["a"], run=True)
    with pytest.raises(IllegalStateError):
        run_job(job=job)
