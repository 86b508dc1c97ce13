"""Arrays: one task over the rows of a table."""

from __future__ import annotations

import io
import json
import time

import pytest
from astropy.table import Table
from django.core.files.uploadedfile import SimpleUploadedFile

from uws.executors import MemoryExecutor
from uws.models import Job, JobKind, Need
from uws.phases import Phase
from uws.pipelines.executor import PipelineExecutor
from uws.selectors import child_counts, list_jobs
from uws.services import abort_job, create_job, retry_job, run_job, set_parameters
from uws.testing import drive, stepping_engine
from vo.errors import ParameterError, ParameterErrors


@pytest.fixture
def make_array(service):
    def make(content: bytes | str, *, run=True, user=None, files=None, execution_duration=None, **parameters) -> Job:
        data = content.encode() if isinstance(content, str) else content
        return create_job(
            definition="worker",
            parameters={name: [value] for name, value in parameters.items()},
            files={"sweep": SimpleUploadedFile("sweep.csv", data), **(files or {})},
            user=user,
            base_url="http://testserver",
            array="param:sweep",
            run=run,
            execution_duration=execution_duration,
        )

    return make


def parameters(job) -> list[dict]:
    return [item.parameters for item in sorted(job.children.all(), key=lambda item: int(item.branch))]


def summary(job) -> Table:
    result = job.results.get()
    assert (result.name, result.media_type, result.role) == ("summary", "application/x-votable+xml", "summary")
    return Table.read(job.workdir / result.path, format="votable")


def test_a_job_for_each_row(make_array, user):
    job = make_array("TEXT,seconds,_note\none,,x\ntwo,0,y\n", user=user, output="made.txt")
    assert (job.kind, job.executor, job.execution_duration) == (JobKind.ARRAY, "pipeline", 0)
    assert not job.children.exists()
    drive()
    job.refresh_from_db()
    assert (job.phase, job.error_message, job.progress_done, job.progress_total) == (Phase.COMPLETED, "", 2, 2)
    assert parameters(job) == [
        {"output": ["made.txt"], "text": ["one"]},
        {"output": ["made.txt"], "text": ["two"], "seconds": ["0"]},
    ]
    assert list(list_jobs(user=user)) == [job]
    first = job.children.get(branch="1")
    assert (first.owner, first.execution_duration, first.step) == (user, 60, "")
    assert first.definition_document["name"] == "worker"
    assert (first.workdir / "work" / "made.txt").read_text() == "one\n"
    assert job.inputs.get().parameter == "ARRAY"


def test_the_summary(make_array):
    job = make_array("text,code\na<b,\nboom,3\n")
    drive()
    job.refresh_from_db()
    assert (job.phase, job.error_type) == (Phase.ERROR, "fatal")
    assert job.error_message == "1 of 2 rows failed: 2. Retry runs only these again."
    first, second = (job.children.get(branch=branch) for branch in "12")
    assert job.error_detail.startswith(f"2: ERROR, http://testserver/jobs/{second.pk}/: worker ended with exit code 3")
    table = summary(job)
    assert table.colnames == ["row", "text", "code", "job_id", "phase", "results", "error"]
    assert [list(row)[:5] for row in table] == [
        [1, "a<b", "", first.pk, "COMPLETED"],
        [2, "boom", "3", second.pk, "ERROR"],
    ]
    assert table["results"][0] == f"http://testserver/uws/worker/{first.pk}/results/output"
    assert "this was asked for" in table["error"][1]


ROWS = [{"text": "one", "seconds": 0.5, "code": 0}, {"text": "tw o", "seconds": None, "code": 2}]


def written(form: str) -> bytes:
    table = Table(rows=[("one", 0.5, 0), ("tw o", float("nan"), 2)], names=["text", "seconds", "code"])
    buffer = io.BytesIO()
    if form == "json":
        return json.dumps(ROWS).encode()
    if form in ("votable", "fits"):
        table.write(buffer, format=form)
        return buffer.getvalue()
    text = io.StringIO()
    table.write(text, format={"csv": "ascii.csv", "tsv": "ascii.tab", "ecsv": "ascii.ecsv"}[form])
    return text.getvalue().replace("nan", '""' if form == "ecsv" else "").encode()


@pytest.mark.parametrize("form", ["csv", "tsv", "ecsv", "votable", "fits", "json"])
def test_formats(make_array, form):
    job = make_array(written(form))
    with stepping_engine({"pipeline": PipelineExecutor()}) as engine:
        for _ in range(3):
            engine.step()
    assert parameters(job) == [
        {"text": ["one"], "seconds": ["0.5"], "code": ["0"]},
        {"text": ["tw o"], "code": ["2"]},
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "ARRAY: The table is empty."),
        ("text\n", "ARRAY: The table has no rows."),
        ("_a,_b\n1,2\n", "ARRAY: No column of the table is a parameter of worker."),
        (
            "text,speed\na,1\n",
            (
                "ARRAY: worker has no parameter 'speed'. "
                "Columns have the names of parameters; one that begins with _ is not looked at."
            ),
        ),
        ("text,Text\na,b\n", "ARRAY: The table has the column 'text' more than once."),
        ("text,code\na\n", "ARRAY: row 1: It has 1 cells; there are 2 columns."),
        ("text\n1\n2\n3\n4\n", "ARRAY: The table has more than 3 rows. ATHANOR_MAX_ARRAY is the limit here."),
        (b"\xff\xfe\x00", "ARRAY: The table is no text in UTF-8, nor a VOTable or FITS file."),
        ("[1, 2", "ARRAY: The table is no JSON (Expecting ',' delimiter: line 1 column 6 (char 5))."),
        (
            "code,seconds\n1,1\nx,2\n3,y\n",
            "code: row 2: 'x' is no integer.\nseconds: row 3: 'y' is no number.",
        ),
        (
            "table\njob:aaaaaaaaaaaaaaaaaaaaaaaaaa/x\n",
            "table: row 1: There is no job 'aaaaaaaaaaaaaaaaaaaaaaaaaa' here.",
        ),
    ],
)
def test_mistakes(make_array, settings, content, message):
    settings.ATHANOR_MAX_ARRAY = 3
    with pytest.raises((ParameterError, ParameterErrors)) as caught:
        make_array(content)
    assert str(caught.value) == message
    assert not Job.objects.exists()
    assert not list(settings.ATHANOR_HOME.glob("jobs/*/*"))


def test_as_many_mistakes_as_are_worth_reading(make_array):
    with pytest.raises(ParameterErrors) as caught:
        make_array("code\n" + "x\n" * 60)
    assert len(caught.value.errors) == 51
    assert str(caught.value).splitlines()[-1] == "ARRAY: There are 10 mistakes more."


def test_a_table_that_is_not_there(make_job, service):
    with pytest.raises(ParameterError, match=r"^ARRAY: No file was sent as 'sweep'\."):
        create_job(definition="worker", parameters={}, user=None, base_url="http://x", array="param:sweep")


def test_a_result_is_the_table(make_job, service):
    made = make_job("lister", text='[{"text":"one"},{"text":"two"}]', run=True)
    drive()
    job = create_job(
        definition="worker", parameters={}, user=None, base_url="http://x", array=f"job:{made.pk}/list", run=True
    )
    assert job.inputs.get().entity_id == f"job:{made.pk}/list"
    drive()
    assert parameters(job) == [{"text": ["one"]}, {"text": ["two"]}]


def test_what_is_set_before_it_runs_counts(make_array):
    job = make_array("text\na\nb\n", run=False)
    set_parameters(job=job, parameters={"code": ["7"]})
    run_job(job=job)
    with stepping_engine({"pipeline": PipelineExecutor()}) as engine:
        for _ in range(3):
            engine.step()
    assert parameters(job) == [{"code": ["7"], "text": ["a"]}, {"code": ["7"], "text": ["b"]}]


def test_time_of_each_row(make_array):
    job = make_array("text\na\n", execution_duration=7)
    with stepping_engine({"pipeline": PipelineExecutor()}) as engine:
        for _ in range(3):
            engine.step()
    assert job.children.get().execution_duration == 7


def test_files_of_the_request_and_results_to_come(make_array, make_job):
    first = make_job(text="late", run=True)
    job = make_array(
        f"table,text\nparam:mine,a\njob:{first.pk}/output,b\nparam:mine,c\n",
        files={"mine": SimpleUploadedFile("x", b"sent\n")},
    )
    job.refresh_from_db()
    assert (job.waiting_for, Need.objects.get().needed) == (1, first)
    drive()
    made = [
        (item.workdir / "work" / "out.txt").read_text()
        for item in sorted(job.children.all(), key=lambda item: int(item.branch))
    ]
    assert made == ["a\nsent\n", "b\nlate\n", "c\nsent\n"]


def test_retry_runs_the_rows_that_failed(make_array):
    job = make_array("text,code\na,\nb,3\nc,\n")
    drive()
    again = retry_job(job=job)
    drive()
    assert {item.branch: bool(item.taken_over) for item in again.children.all()} == {"1": True, "2": False, "3": True}
    table = summary(again)
    assert list(table["phase"]) == ["COMPLETED", "ERROR", "COMPLETED"]


def test_an_array_of_pipelines(service):
    job = create_job(
        definition="chain",
        parameters={"gather": ["no"]},
        files={"sweep": SimpleUploadedFile("s", b'words\n"a b"\nc\n')},
        user=None,
        base_url="http://testserver",
        array="param:sweep",
        run=True,
    )
    drive()
    job.refresh_from_db()
    assert job.phase == Phase.COMPLETED
    inner = job.children.get(branch="1")
    assert (inner.kind, child_counts(job=inner)) == (JobKind.PIPELINE, {"total": 4, "COMPLETED": 4})
    assert list(inner.results.values_list("name", flat=True)) == ["last-1", "last-2"]
    leaf = inner.children.get(step="first", branch="2")
    assert (leaf.parameters, leaf.definition_document["name"]) == ({"text": ["one b"]}, "worker")


def test_abort_before_all_children_are_made(make_array, monkeypatch):
    monkeypatch.setattr("uws.pipelines.arrays.AT_ONCE", 2)
    job = make_array("text\n" + "a\n" * 5)
    with stepping_engine({"pipeline": PipelineExecutor()}) as engine:
        for _ in range(3):
            engine.step()
        assert 0 < job.children.count() < 5
        abort_job(job=job)
        drive(engine)
    assert set(job.children.values_list("phase", flat=True)) == {"ABORTED"}
    assert job.children.count() < 5
    assert len(summary(job)) == job.children.count()


def test_engines_die_while_children_are_made(make_array, monkeypatch):
    monkeypatch.setattr("uws.pipelines.arrays.AT_ONCE", 2)
    memory = MemoryExecutor("local")
    job = make_array("text\n" + "a\n" * 5)
    for _ in range(20):
        with stepping_engine({"local": memory, "pipeline": PipelineExecutor()}) as engine:
            engine.step()
        for pk in set(memory.tasks) - set(memory.exits):
            memory.finish(pk)
        job.refresh_from_db()
        if job.announced:
            break
    assert (job.phase, job.children.count()) == (Phase.COMPLETED, 5)
    assert sorted(job.children.values_list("branch", flat=True)) == ["1", "2", "3", "4", "5"]


@pytest.mark.slow
def test_ten_thousand_rows(make_array):
    job = make_array("text\n" + "".join(f"t{number}\n" for number in range(10_000)), run=False)
    begun = time.process_time()
    run_job(job=job)
    with stepping_engine({"pipeline": PipelineExecutor()}) as engine:
        while job.children.count() < 10_000:
            engine.step()
    assert child_counts(job=job) == {"total": 10_000, "QUEUED": 10_000}
    assert time.process_time() - begun < 60
