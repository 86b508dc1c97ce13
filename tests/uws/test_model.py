"""The REST interface beside a small model of it: whatever a client does, both show the same jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client
from hypothesis import Phase as Stage
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.conftest import SHARED
from uws.executors import Exit, MemoryExecutor
from uws.models import Job
from uws.phases import FINAL, Phase
from uws.testing import assert_valid, parse, stepping_engine
from uws.times import format_time, now
from uws.transitions import move

OWNERS = ("", "ada", "bob")
WAITING = {"PENDING", "HELD"}
LONGEST = 600  # seconds; of the definition
RESULT = {
    "name": "output",
    "path": "work/out.txt",
    "media_type": "text/plain",
    "size": 7,
    "sha256": "0" * 64,
    "role": "product",
    "product_type": "",
}
ENDS = {
    "well": (Exit(reason="exited", exit_code=0, results=(RESULT,)), "COMPLETED", ""),
    "badly": (Exit(reason="exited", exit_code=3), "ERROR", "worker ended with exit code 3."),
    "late": (Exit(reason="wall-limit", message="Too long."), "ABORTED", "Too long."),
}

texts = st.sampled_from(["x", "a < b && \"c\" 'd'", "é☾", "]]>", "two  words"])
parameters = st.fixed_dictionaries(
    {},
    optional={
        "text": st.lists(texts, min_size=1, max_size=1),
        "keep": st.lists(texts, min_size=1, max_size=3),
        "seconds": st.sampled_from([["1"], ["2.5"]]),
    },
)
mistakes = st.sampled_from(["seconds=long", "nosuch=1", "PHASE=ABORT", "DESTRUCTION=x"])
run_ids = st.sampled_from(["", "r<1>"])
durations = st.sampled_from([0, 5, LONGEST, 10**6])
cases = st.sampled_from([str.lower, str.upper, str.title])


@dataclass
class Model:
    """What a job should be."""

    id: str
    owner: str
    created: str
    destruction: str
    phase: str = "PENDING"
    run_id: str = ""
    duration: int = 60
    parameters: dict[str, list[str]] = field(default_factory=dict)
    started: bool = False
    ended: bool = False
    error: str = ""
    results: list[str] = field(default_factory=list)
    end: str = ""  # how its run has ended, when the engine does not know yet
    suspended: bool = False  # so is its run

    @property
    def url(self) -> str:
        return f"/uws/worker/{self.id}"

    def enter(self, phase: str) -> None:
        self.phase = phase
        self.started |= phase == "EXECUTING"
        self.ended |= phase in FINAL

    def settle(self) -> None:
        """Let the engine do all that it can."""
        if self.phase == "QUEUED":
            self.enter("EXECUTING")
        if self.phase in ("EXECUTING", "SUSPENDED"):
            if self.end:
                exit_, phase, self.error = ENDS[self.end]
                self.results = [item["name"] for item in exit_.results]
                self.enter(phase)
            else:
                self.enter("SUSPENDED" if self.suspended else "EXECUTING")
        elif self.phase == "ABORTED" and self.end:
            self.results = [item["name"] for item in ENDS[self.end][0].results]
        self.end = ""

    def document(self) -> dict:
        """The job as its document tells it."""
        return {
            "jobId": self.id,
            "runId": self.run_id or None,
            "ownerId": self.owner or None,
            "phase": self.phase,
            "creationTime": self.created,
            "executionDuration": str(self.duration),
            "destruction": self.destruction,
            "started": self.started,
            "ended": self.ended,
            "parameters": sorted((name, value) for name, values in self.parameters.items() for value in values),
            "results": self.results,
            "error": self.error or None,
        }


def read(document: bytes) -> dict:
    """What of a job's document a model tells."""
    root = parse(document)
    assert root.get("version") == "1.1"
    told = {name: root.findtext(name) for name in ("jobId", "runId", "ownerId", "phase", "creationTime")}
    return {
        **{name: value or None for name, value in told.items()},
        "executionDuration": root.findtext("executionDuration"),
        "destruction": root.findtext("destruction"),
        "started": bool(root.findtext("startTime")),
        "ended": bool(root.findtext("endTime")),
        "parameters": sorted((item.get("id"), item.text) for item in root.find("parameters")),
        "results": [item.get("id") for item in root.find("results")],
        "error": root.findtext("errorSummary/message"),
    }


class Interface(RuleBasedStateMachine):
    """Three clients, one of them not signed in, and an engine whose runs the test ends."""

    users: dict = {}  # by name
    schemas = None

    def __init__(self) -> None:
        super().__init__()
        Job.objects.all().delete()
        self.jobs: list[Model] = []
        self.clients = {name: Client() for name in OWNERS}
        for name, user in self.users.items():
            self.clients[name].force_login(user)
        self.memory = MemoryExecutor("memory")
        self.context = stepping_engine({"memory": self.memory}, slots=1000)
        self.engine = self.context.__enter__()

    def teardown(self) -> None:
        self.context.__exit__(None, None, None)

    def pick(self, data, *phases: str) -> Model:
        return data.draw(st.sampled_from([job for job in self.jobs if not phases or job.phase in phases]), label="job")

    def post(self, job: Model, child: str, pairs) -> int:
        form = urlencode(list(pairs))
        answer = self.clients[job.owner].post(
            f"{job.url}{child}", form, content_type="application/x-www-form-urlencoded"
        )
        if answer.status_code == 303:
            assert answer["Location"] in (f"http://testserver{job.url}", "http://testserver/uws/worker")
        return answer.status_code

    def has(self, *phases: str) -> bool:
        return any(not phases or job.phase in phases for job in self.jobs)

    # making jobs

    @precondition(lambda self: len(self.jobs) < 6)
    @rule(
        owner=st.sampled_from(OWNERS),
        given=parameters,
        run=st.booleans(),
        run_id=run_ids,
        case=cases,
    )
    def create(self, owner, given, run, run_id, case):
        pairs = [(case(name), value) for name, values in given.items() for value in values]
        pairs += [(case("RUNID"), run_id)] * bool(run_id) + [(case("phase"), case("run"))] * run
        answer = self.clients[owner].post(
            "/uws/worker", urlencode(pairs), content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 303, answer.content
        path = urlsplit(answer["Location"]).path
        stored = Job.objects.get(pk=path.rpartition("/")[2])
        self.jobs.append(
            Model(
                id=stored.pk,
                owner=owner,
                created=format_time(stored.creation_time),
                destruction=format_time(stored.destruction),
                phase="QUEUED" if run else "PENDING",
                run_id=run_id,
                parameters=dict(given),
            )
        )

    @rule(
        owner=st.sampled_from(OWNERS),
        wrong=mistakes,
    )
    def create_wrongly(self, owner, wrong):
        form = f"text=x&{wrong}"
        answer = self.clients[owner].post("/uws/worker", form, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 400

    # changing them

    @precondition(lambda self: self.has())
    @rule(data=st.data(), given=parameters.filter(bool), child=st.sampled_from(["", "/parameters"]), case=cases)
    def set_parameters(self, data, given, child, case):
        job = self.pick(data)
        code = self.post(job, child, [(case(name), value) for name, values in given.items() for value in values])
        assert code == (303 if job.phase in WAITING else 403)
        if code == 303:
            job.parameters |= given

    @precondition(lambda self: self.has())
    @rule(data=st.data(), value=texts)
    def put_parameter(self, data, value):
        job = self.pick(data)
        answer = self.clients[job.owner].put(f"{job.url}/parameters/TEXT", value, content_type="text/plain")
        assert answer.status_code == (303 if job.phase in WAITING else 403)
        if job.phase in WAITING:
            job.parameters["text"] = [value]
            assert self.clients[job.owner].get(f"{job.url}/parameters/text").content.decode() == value

    @precondition(lambda self: self.has(*WAITING))
    @rule(data=st.data(), wrong=st.sampled_from([("seconds", "long"), ("DESTRUCTION", "x"), ("PHASE", "STOP")]))
    def change_wrongly(self, data, wrong):
        """One thing of several is wrong: nothing is changed."""
        job = self.pick(data, *WAITING)
        assert self.post(job, "", [("text", "other"), ("RUNID", "other"), ("EXECUTIONDURATION", "1"), wrong]) == 400

    @precondition(lambda self: self.has())
    @rule(data=st.data(), run_id=st.sampled_from(["", "r & 2"]))
    def name_it(self, data, run_id):
        job = self.pick(data)
        code = self.post(job, "", [("runid", run_id)])
        assert code == (303 if job.phase in WAITING else 403)
        if code == 303:
            job.run_id = run_id

    @precondition(lambda self: self.has())
    @rule(
        data=st.data(),
        seconds=durations,
        child=st.sampled_from(["", "/executionduration"]),
    )
    def set_duration(self, data, seconds, child):
        job = self.pick(data)
        code = self.post(job, child, [("EXECUTIONDURATION", seconds)])
        assert code == (303 if job.phase in WAITING else 403)
        if code == 303:
            job.duration = min(seconds, LONGEST) or LONGEST

    @precondition(lambda self: self.has())
    @rule(data=st.data(), hours=st.sampled_from([-1, 1, 2]), child=st.sampled_from(["", "/destruction"]))
    def set_destruction(self, data, hours, child):
        job = self.pick(data)
        moment = format_time(now() + timedelta(hours=hours))
        assert self.post(job, child, [("destruction", moment)]) == 303
        job.destruction = moment

    # running and ending them

    @precondition(lambda self: self.has())
    @rule(data=st.data(), child=st.sampled_from(["", "/phase"]))
    def run(self, data, child):
        job = self.pick(data)
        code = self.post(job, child, [("PHASE", "RUN")])
        assert code == (303 if job.phase in WAITING else 403)
        if code == 303:
            job.enter("QUEUED")

    @precondition(lambda self: self.has())
    @rule(data=st.data(), child=st.sampled_from(["", "/phase"]))
    def abort(self, data, child):
        job = self.pick(data)
        code = self.post(job, child, [("PHASE", "ABORT")])
        assert code == (403 if job.phase in ("COMPLETED", "ERROR") else 303)
        if code == 303:
            job.enter("ABORTED")

    @precondition(lambda self: self.has())
    @rule(data=st.data(), by_post=st.booleans())
    def delete(self, data, by_post):
        job = self.pick(data)
        answer = (
            self.clients[job.owner].post(job.url, {"ACTION": "DELETE"})
            if by_post
            else self.clients[job.owner].delete(job.url)
        )
        assert (answer.status_code, answer["Location"]) == (303, "http://testserver/uws/worker")
        self.forget(job)

    @precondition(lambda self: self.has("QUEUED"))
    @rule(data=st.data())
    def hold(self, data):
        """The site cannot queue the job."""
        job = self.pick(data, "QUEUED")
        assert move(job_id=job.id, old=Phase.QUEUED, new=Phase.HELD, held_reason="There is no room.")
        job.enter("HELD")

    @precondition(lambda self: self.has("EXECUTING"))
    @rule(data=st.data(), end=st.sampled_from(sorted(ENDS)))
    def end(self, data, end):
        job = self.pick(data, "EXECUTING")
        self.memory.finish(job.id, ENDS[end][0])
        job.end = end

    @precondition(lambda self: self.has("EXECUTING", "SUSPENDED"))
    @rule(data=st.data())
    def suspend_or_go_on(self, data):
        job = self.pick(data, "EXECUTING", "SUSPENDED")
        job.suspended = not job.suspended
        (self.memory.suspend if job.suspended else self.memory.begin)(job.id)
        self.engine_works()

    @rule()
    def engine_works(self):
        for _ in range(4):
            self.engine.step()
        for job in list(self.jobs):
            if job.destruction <= format_time(now()):
                self.forget(job)
            job.settle()

    def forget(self, job: Model) -> None:
        self.jobs.remove(job)
        for child in ("", "/phase", "/parameters", "/results"):
            assert self.clients[job.owner].get(f"{job.url}{child}").status_code == 404

    # looking at them

    def listed(self, owner: str, query: str = "") -> list[tuple]:
        answer = self.clients[owner].get(f"/uws/worker{query}")
        assert answer.status_code == 200, answer.content
        if self.schemas:
            assert_valid(answer.content, schemas=self.schemas)
        names = ("phase", "runId", "ownerId", "creationTime")
        return [(item.get("id"), *(item.findtext(name) or "" for name in names)) for item in parse(answer.content)]

    @rule(data=st.data(), owner=st.sampled_from(OWNERS), phases=st.sets(st.sampled_from(Phase), max_size=3))
    def list_some(self, data, owner, phases):
        own = [job for job in self.jobs if job.owner == owner]
        after = data.draw(
            st.sampled_from(["", "2001-01-01", "2999-01-01T00:00", *(job.created for job in own)]), "after"
        )
        last = data.draw(st.sampled_from([None, 1, 2, 100]), "last")
        pairs = [("PHASE", phase.lower()) for phase in phases]
        pairs += [("after", after)] * bool(after) + [("LAST", last)] * bool(last)
        expected = [
            job.id
            for job in sorted(own, key=lambda job: (job.created, job.id), reverse=True)
            if (not phases or job.phase in phases) and (not after or instant(job.created) > instant(after))
        ]
        assert [row[0] for row in self.listed(owner, f"?{urlencode(pairs)}")] == expected[:last]

    @invariant()
    def lists_are_the_same(self):
        for owner in OWNERS:
            expected = [
                (job.id, job.phase, job.run_id, job.owner, job.created)
                for job in sorted(self.jobs, key=lambda job: (job.created, job.id), reverse=True)
                if job.owner == owner
            ]
            assert self.listed(owner) == expected

    @invariant()
    def documents_are_the_same(self):
        for job in self.jobs:
            document = self.clients[job.owner].get(job.url).content
            assert read(document) == job.document()
            if self.schemas:
                assert_valid(document, schemas=self.schemas)


def instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@pytest.mark.timeout(600)
@pytest.mark.slow
def test_interface_and_model_agree(service, user, other):
    service.ATHANOR_EXECUTOR = "memory"
    Interface.users = {"ada": user, "bob": other}
    Interface.schemas = SHARED / "xsd" if SHARED.is_dir() else None  # documents are compared without it too
    limits = hypothesis_settings(
        max_examples=25, stateful_step_count=30, phases=[Stage.generate]
    )  # shrinking takes minutes
    run_state_machine_as_test(Interface, settings=limits)
