"""Each resource of a job with each method in each phase: the code of the answer and the phase after it.

What the tables do not name is answered with 405. Each line gives the code, and `then` the phase after it where it
changes; `but` says in which phases it is otherwise. A number stands for a code that leaves the phase as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from uws.models import Job, Result
from uws.phases import Phase

PENDING, QUEUED, EXECUTING, COMPLETED, ERROR, ABORTED, UNKNOWN, HELD, SUSPENDED, ARCHIVED = Phase
GONE = "gone"

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
RESOURCES = {
    "": "GET, HEAD, POST, DELETE",
    "phase": "GET, HEAD, POST",
    "executionduration": "GET, HEAD, POST",
    "destruction": "GET, HEAD, POST",
    "error": "GET, HEAD",
    "quote": "GET, HEAD",
    "owner": "GET, HEAD",
    "results": "GET, HEAD",
    "results/output": "GET, HEAD",
    "parameters": "GET, HEAD, POST",
    "parameters/text": "GET, HEAD, PUT",
    "parameters/t1": "GET, HEAD, PUT",
}
"""Which methods each resource knows."""

NOWHERE = ("nothing", "phase/x", "Phase", "results/nothing/x", "parameters/text/x", "quote/x/y")
"""What a job does not have, whatever the method."""


@dataclass(frozen=True)
class Line:
    """What is sent to a resource, and what comes of it."""

    resource: str
    request: str  # method and form
    code: int
    then: str = ""
    but: dict[Phase, int | tuple[int, str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.request} {self.resource or 'job'}"

    def expected(self) -> dict[str, tuple[int, str]]:
        usual = (self.code, self.then) if self.then else self.code
        found = {phase: self.but.get(phase, usual) for phase in Phase}
        return {phase: (what, phase) if isinstance(what, int) else what for phase, what in found.items()}


WHILE_IT_WAITS = {PENDING: 303, HELD: 303}
TO_THE_QUEUE = {PENDING: (303, QUEUED), HELD: (303, QUEUED)}
ENDED = {COMPLETED: 403, ERROR: 403, ARCHIVED: 403}

TABLE = [
    *(
        Line(resource, method, 200, but={ARCHIVED: 410} if resource == "results/output" else {})
        for resource in RESOURCES
        for method in ("GET", "HEAD")
    ),
    # a job
    Line("", "POST PHASE=RUN", 403, but=TO_THE_QUEUE),
    Line("", "POST PHASE=ABORT", 303, then=ABORTED, but=ENDED),
    Line("", "POST ACTION=DELETE", 303, then=GONE),
    Line("", "POST action=delete", 303, then=GONE),
    Line("", "POST ACTION=RETRY", 403, but=dict.fromkeys((COMPLETED, ERROR, ABORTED, ARCHIVED), 303)),
    Line("", "POST text=new", 403, but=WHILE_IT_WAITS),
    Line("", "POST RUNID=new", 403, but=WHILE_IT_WAITS),
    Line("", "POST EXECUTIONDURATION=5", 403, but=WHILE_IT_WAITS),
    Line("", "POST DESTRUCTION=2999-01-01", 303, but={ARCHIVED: 403}),
    Line("", "POST text=new&PHASE=RUN", 403, but=TO_THE_QUEUE),
    Line("", "POST", 400),
    Line("", "POST PHASE=COMPLETED", 400),
    Line("", "POST PHASE=RUN&PHASE=ABORT", 400),
    Line("", "POST ACTION=ARCHIVE", 400),
    Line("", "DELETE", 303, then=GONE),
    # its simple resources
    Line("phase", "POST PHASE=RUN", 403, but=TO_THE_QUEUE),
    Line("phase", "POST phase=run", 403, but=TO_THE_QUEUE),
    Line("phase", "POST PHASE=ABORT", 303, then=ABORTED, but=ENDED),
    Line("phase", "POST PHASE=HELD", 400),
    Line("phase", "POST ACTION=DELETE", 400),
    Line("phase", "POST", 400),
    Line("executionduration", "POST EXECUTIONDURATION=5", 403, but=WHILE_IT_WAITS),
    Line("executionduration", "POST ExecutionDuration=0", 403, but=WHILE_IT_WAITS),
    Line("executionduration", "POST EXECUTIONDURATION=-1", 400),
    Line("executionduration", "POST EXECUTIONDURATION=1.5", 400),
    Line("executionduration", "POST", 400),
    Line("destruction", "POST DESTRUCTION=2999-01-01T00:00:00Z", 303, but={ARCHIVED: 403}),
    Line("destruction", "POST destruction=2001-01-01", 303, but={ARCHIVED: 403}),
    Line("destruction", "POST DESTRUCTION=never", 400),
    Line("destruction", "POST", 400),
    # its parameters
    Line("parameters", "POST text=new&keep=a&keep=b", 403, but=WHILE_IT_WAITS),
    Line("parameters", "POST RUNID=new", 403, but=WHILE_IT_WAITS),
    Line("parameters", "POST PHASE=RUN", 400),
    Line("parameters", "POST", 400),
    Line("parameters", "POST nosuch=1", 403, but={PENDING: 400, HELD: 400}),
    Line("parameters/text", "PUT", 403, but=WHILE_IT_WAITS),
    Line("parameters/t1", "PUT", 400, but={phase: 403 for phase in Phase if phase not in (PENDING, HELD)}),
]  # fmt: skip


@pytest.fixture
def job(make_job, user) -> Job:
    """A job that has everything that a job can have."""
    job = make_job(text="old", user=user)
    Job.objects.update(error_type="fatal", error_message="Broken.")
    for folder, name in (("uploads", "t1"), ("work", "out.txt")):
        (job.workdir / folder).mkdir(parents=True)
        (job.workdir / folder / name).write_text("content")
    Result.objects.create(job=job, name="output", path="work/out.txt", media_type="text/plain", size=7, sha256="0" * 64)
    return job


def send(client, job: Job, resource: str, request: str) -> int:
    method, _, form = request.partition(" ")
    url = f"/uws/worker/{job.pk}/{resource}".rstrip("/")
    media_type = "text/plain" if method == "PUT" else "application/x-www-form-urlencoded"
    return client.generic(method, url, form, content_type=media_type)


def outcomes(client, job: Job, resource: str, request: str) -> dict[str, tuple[int, str]]:
    """For each phase that the job may be in, the code of the answer and the phase after it."""
    found = {}
    for phase in Phase:
        Job.objects.filter(pk=job.pk).update(phase=phase, deleted=False)
        code = send(client, job, resource, request).status_code
        after = Job.objects.get(pk=job.pk)
        found[phase] = (code, GONE if after.deleted else after.phase)
    return found


@pytest.mark.parametrize("line", TABLE, ids=str)
def test_what_a_resource_answers(client, job, user, line):
    client.force_login(user)
    assert outcomes(client, job, line.resource, line.request) == line.expected()


NAMED = {(line.resource, line.request.partition(" ")[0]) for line in TABLE}


@pytest.mark.parametrize("resource", RESOURCES)
def test_other_methods_are_refused(client, job, user, resource):
    client.force_login(user)
    unknown = [method for method in METHODS if method not in RESOURCES[resource].split(", ")]
    assert {method for name, method in NAMED if name == resource} == set(RESOURCES[resource].split(", "))
    for method in unknown:
        assert outcomes(client, job, resource, method) == {phase: (405, phase) for phase in Phase}, method
        allow = send(client, job, resource, method)["Allow"]
        assert set(allow.split(", ")) == set(RESOURCES[resource].split(", "))


@pytest.mark.parametrize("resource", [*NOWHERE, "results/nothing", "parameters/nothing"])
def test_what_a_job_does_not_have(client, job, user, resource):
    client.force_login(user)
    methods = METHODS if resource in NOWHERE else ("GET", "HEAD")
    for method in methods:
        assert outcomes(client, job, resource, method) == {phase: (404, phase) for phase in Phase}, method


@pytest.mark.parametrize("line", [line for line in TABLE if not line.request.startswith("HEAD")], ids=str)
def test_anothers_job_is_like_none(client, job, other, line):
    """Another user's job and one that does not exist get the same answers, and nothing changes."""
    before = Job.objects.get()
    answers = []
    for login in (client.logout, lambda: client.force_login(other)):
        login()
        theirs = send(client, job, line.resource, line.request)
        nobodys = send(client, Job(id="a" * 26), line.resource, line.request)
        assert theirs.status_code == 404
        assert theirs.content.replace(job.pk.encode(), b"a" * 26) == nobodys.content
        answers.append(theirs)
    after = Job.objects.get()
    assert {item.name: getattr(after, item.name) for item in Job._meta.fields} == {
        item.name: getattr(before, item.name) for item in Job._meta.fields
    }
    assert all(answer.status_code == 404 for answer in answers)


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_slash_at_the_end_changes_nothing(client, job, user, resource):
    client.force_login(user)
    url = f"/uws/worker/{job.pk}/{resource}".rstrip("/")
    plain, slashed = client.get(url), client.get(f"{url}/")
    assert (plain.status_code, slashed.status_code) == (200, 200)
    assert b"".join(plain) == b"".join(slashed)


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/uws", "GET, HEAD"), ("/uws/worker", "GET, HEAD, POST"), ("/uws/worker/", "GET, HEAD, POST")],
)
def test_lists_and_their_methods(client, job, path, allow):
    for method in METHODS:
        answer = client.generic(method, path)
        if method not in allow.split(", "):
            assert (answer.status_code, answer["Allow"]) == (405, allow)
        else:
            assert answer.status_code == (303 if method == "POST" else 200)
    assert Job.objects.count() == 1 + ("POST" in allow)


@pytest.mark.parametrize("path", ["/uws/nothing", "/uws/worker/nothing", "/uws/nothing/x/phase", "/uws/worker/a/b/c/d"])
def test_what_is_nowhere(client, job, path):
    for method in ("GET", "HEAD", "POST", "DELETE"):
        expected = {404} if method != "DELETE" else {404, 405}
        assert client.generic(method, path).status_code in expected, method
    other = f"/uws/open/{job.pk}"  # the job of another list
    assert client.get(other).status_code == 404
