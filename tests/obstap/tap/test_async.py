"""``/tap/async``: queries as jobs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.test import Client
from lxml import etree

from obstap.tap.asyncjob import run
from uws.executors import InProcessContext
from uws.testing import drive
from vo.errors import AthanorError, ParameterError, TimeLimitError, UsageError

VOTABLE = "application/x-votable+xml"
QUERY = "SELECT id, n FROM test.things ORDER BY id"
CSV = b'id,n\r\na<1>,1\r\n"b,2",\r\nc,3\r\n'


@pytest.fixture
def make_context(archive, tmp_path: Path):
    """Makes what the engine calls the task with."""

    def make(**parameters: str) -> InProcessContext:
        given = {"LANG": "ADQL", "QUERY": QUERY, **parameters}
        return InProcessContext(
            parameters={name: [value] for name, value in given.items()},
            workdir=tmp_path,
            base_url="http://x",
            user_id=None,
            time_limit=10,
        )

    return make


@pytest.mark.parametrize(
    ("parameters", "name", "media_type"),
    [
        ({}, "result.vot", VOTABLE),
        ({"RESPONSEFORMAT": "text/xml"}, "result.vot", "text/xml"),
        ({"responseformat": "csv"}, "result.csv", "text/csv;header=present"),
    ],
)
def test_one_result_of_the_right_type(make_context, tmp_path, parameters, name, media_type):
    (produced,) = run(make_context(**parameters))
    assert (produced.name, produced.path, produced.media_type) == ("result", tmp_path / name, media_type)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_answer(make_context, tmp_path):
    run(make_context(RESPONSEFORMAT="csv"))
    assert (tmp_path / "result.csv").read_bytes() == CSV


def test_a_wrong_parameter_is_an_error_when_the_job_runs(make_context, tmp_path):
    with pytest.raises(ParameterError, match=r"MAXREC: 'x' is no number of rows"):
        run(make_context(MAXREC="x"))
    assert list(tmp_path.iterdir()) == []


def test_a_late_error_fails_the_job_and_leaves_no_file(make_context, tmp_path, monkeypatch):
    from obstap.stores.duckdb.queries import Batches

    step = Batches.__next__

    def failing(self):
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps > 1:
            raise TimeLimitError("The query took too long.")
        return step(self)

    monkeypatch.setattr(Batches, "__next__", failing)
    with pytest.raises(UsageError, match="took too long"):
        run(make_context())
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_query_leaves_no_file(make_context, tmp_path):
    context = make_context(
        QUERY="SELECT a.column_name FROM " + ", ".join(f"tap_schema.columns AS {name}" for name in "abcd"),
        MAXREC="20000000",
    )
    timer = threading.Timer(0.3, context.cancellation.cancel)
    timer.start()
    with pytest.raises(AthanorError, match="cancelled"):
        run(context)
    timer.join()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db(transaction=True)
class TestOverHttp:
    """The job list, as a client sees it."""

    @pytest.fixture(autouse=True)
    def _home(self, archive, settings, tmp_path):
        settings.ATHANOR_HOME = tmp_path / "home"
        settings.ATHANOR_HOME.mkdir()

    def create(self, client: Client, **parameters: str) -> str:
        response = client.post("/tap/async", {"LANG": "ADQL", "QUERY": QUERY, **parameters})
        assert response.status_code == 303
        return response["Location"].removeprefix("http://testserver")

    def test_from_creation_to_result(self, client: Client):
        job = self.create(client, RESPONSEFORMAT="csv", RUNID="mine")
        assert job.startswith("/tap/async/")
        assert client.get(f"{job}/phase").text == "PENDING"
        assert client.post(f"{job}/phase", {"PHASE": "RUN"}).status_code == 303
        drive()
        assert client.get(f"{job}/phase").text == "COMPLETED"
        result = client.get(f"{job}/results/result")
        assert result["Content-Type"] == "text/csv;header=present"
        assert result.getvalue() == CSV
        document = etree.fromstring(client.get(job, headers={"accept": "text/xml"}).content)
        (reference,) = document.findall("{*}results/{*}result")
        assert reference.get("id") == "result"
        assert reference.get("{http://www.w3.org/1999/xlink}href") == f"http://testserver{job}/results/result"

    def test_a_job_may_be_created_empty_and_filled_later(self, client: Client):
        job = client.post("/tap/async")["Location"].removeprefix("http://testserver")
        client.post(f"{job}/parameters", {"lang": "ADQL", "QUERY": "SELECT\n id FROM test.things WHERE n = 3"})
        client.post(f"{job}/parameters", {"RESPONSEFORMAT": "csv"})
        client.post(f"{job}/phase", {"PHASE": "RUN"})
        drive()
        assert client.get(f"{job}/results/result").getvalue() == b"id\r\nc\r\n"

    def test_an_empty_answer_is_a_result(self, client: Client):
        job = self.create(client, QUERY="SELECT id FROM test.things WHERE n = 99", PHASE="RUN")
        drive()
        assert b"<TABLEDATA>\n</TABLEDATA>" in client.get(f"{job}/results/result").getvalue()

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"QUERY": "DUFF QUERY"}, "line 1, column 1: "),
            ({"LANG": "SQL"}, "LANG: the query language 'SQL' is unknown"),
            ({"UPLOAD": "t,param:t"}, "UPLOAD: table t: no file named 't' came with the request."),
        ],
    )
    def test_errors_are_votables(self, client: Client, parameters, message):
        job = self.create(client, PHASE="RUN", **parameters)
        drive()
        assert client.get(f"{job}/phase").text == "ERROR"
        response = client.get(f"{job}/error")
        assert response.status_code == 200
        assert response["Content-Type"] == VOTABLE
        assert f'<INFO name="QUERY_STATUS" value="ERROR">{message}' in response.text
        summary = etree.fromstring(client.get(job).content).find("{*}errorSummary")
        assert summary.get("hasDetail") == "true"
        assert summary.findtext("{*}message").startswith(message)

    def test_a_query_that_takes_too_long_is_an_error_that_says_so(self, client: Client):
        endless = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS c{number}" for number in range(6))
        job = self.create(client, QUERY=endless, EXECUTIONDURATION="1", PHASE="RUN")
        drive()
        assert client.get(f"{job}/phase").text == "ERROR"
        assert "The query exceeded its time limit of 1 s. Narrow it" in client.get(f"{job}/error").text

    @pytest.mark.parametrize(
        ("setting", "asked", "granted"),
        [(600, "", "600"), (600, "60", "60"), (600, "99999999", "86400"), (172800, "99999999", "172800")],
    )
    def test_the_site_says_how_long_queries_may_take(self, client: Client, settings, setting, asked, granted):
        settings.ATHANOR_ASYNC_TIME_LIMIT = setting
        job = self.create(client)
        if asked:
            client.post(f"{job}/executionduration", {"EXECUTIONDURATION": asked})
        assert client.get(f"{job}/executionduration").text == granted
        tap = etree.fromstring(client.get("/tap/capabilities").content).find("capability")
        assert tap.findtext("executionDuration/default") == str(setting)
        assert tap.findtext("executionDuration/hard") == str(max(setting, 86400))

    def test_tap_is_not_listed_among_the_tasks(self, client: Client):
        assert "tap" not in [task["name"] for task in client.get("/uws").json()["definitions"]]
        assert client.get("/uws/tap").status_code == 404
