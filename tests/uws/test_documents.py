"""UWS documents in full, and valid against the schema in every phase."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from uws.models import Job, Result
from uws.phases import Phase
from uws.testing import assert_valid, parse

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)
LATER = datetime(2026, 3, 2, tzinfo=UTC)
JOB_ID = "abcdefghijklmnopqrstuvwxyz"
SHA = "0" * 64

PENDING_JOB = f"""<?xml version="1.0" encoding="UTF-8"?>
<uws:job version="1.1" xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<uws:jobId>{JOB_ID}</uws:jobId>
<uws:ownerId xsi:nil="true"/>
<uws:phase>PENDING</uws:phase>
<uws:quote xsi:nil="true"/>
<uws:creationTime>2026-03-01T12:00:00.250Z</uws:creationTime>
<uws:startTime xsi:nil="true"/>
<uws:endTime xsi:nil="true"/>
<uws:executionDuration>60</uws:executionDuration>
<uws:destruction>2026-03-02T00:00:00.000Z</uws:destruction>
<uws:parameters/>
<uws:results/>
<uws:jobInfo><definition>worker</definition>\
<definitionVersion>2.1</definitionVersion></uws:jobInfo>
</uws:job>
"""

ENDED_JOB = f"""<?xml version="1.0" encoding="UTF-8"?>
<uws:job version="1.1" xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<uws:jobId>{JOB_ID}</uws:jobId>
<uws:runId>a &lt;run&gt; &amp; "more"</uws:runId>
<uws:ownerId>ada</uws:ownerId>
<uws:phase>ERROR</uws:phase>
<uws:quote>2026-03-02T00:00:00.000Z</uws:quote>
<uws:creationTime>2026-03-01T12:00:00.250Z</uws:creationTime>
<uws:startTime>2026-03-01T12:00:00.250Z</uws:startTime>
<uws:endTime>2026-03-02T00:00:00.000Z</uws:endTime>
<uws:executionDuration>60</uws:executionDuration>
<uws:destruction xsi:nil="true"/>
<uws:parameters>
<uws:parameter id="text">a &lt; b &amp;&amp; "c" &gt; d&#13;
é</uws:parameter>
<uws:parameter id="keep">one</uws:parameter>
<uws:parameter id="keep">two</uws:parameter>
<uws:parameter id="bell" byReference="true">http://testserver/uws/worker/{JOB_ID}/parameters/bell</uws:parameter>
</uws:parameters>
<uws:results>
<uws:result id="a b" xlink:type="simple" xlink:href="http://testserver/uws/worker/{JOB_ID}/results/a%20b" \
size="12" mime-type="text/plain" xmlns:custom="urn:uwscustom" custom:sha256="{SHA}"/>
</uws:results>
<uws:errorSummary type="transient" hasDetail="true">\
<uws:message>It &lt;broke&gt;\ufffd.</uws:message></uws:errorSummary>
<uws:jobInfo><definition>worker</definition>\
<definitionVersion>2.1</definitionVersion><executor>local</executor>\
<stage>2 of 3: &amp;c</stage><progress done="2" total="3"/>\
<cpu_seconds>1.5</cpu_seconds><wall_seconds>2.25</wall_seconds><exitCode>3</exitCode></uws:jobInfo>
</uws:job>
"""

JOBS = f"""<?xml version="1.0" encoding="UTF-8"?>
<uws:jobs version="1.1" xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<uws:jobref id="{JOB_ID}" xlink:type="simple" xlink:href="http://testserver/uws/worker/{JOB_ID}">\
<uws:phase>PENDING</uws:phase><uws:runId>R&amp;D</uws:runId><uws:ownerId xsi:nil="true"/>\
<uws:creationTime>2026-03-01T12:00:00.250Z</uws:creationTime></uws:jobref>
</uws:jobs>
"""

NAMESPACES = (
    'xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


@pytest.fixture
def pending(service) -> Job:
    return Job.objects.create(
        id=JOB_ID,
        definition="worker",
        definition_version="2.1",
        creation_time=MOMENT,
        destruction=LATER,
        execution_duration=60,
    )


@pytest.fixture
def ended(service, user) -> Job:
    job = Job.objects.create(
        id=JOB_ID,
        definition="worker",
        definition_version="2.1",
        run_id='a <run> & "more"',
        owner=user,
        phase=Phase.ERROR,
        parameters={"text": ['a < b && "c" > d\r\né'], "keep": ["one", "two"], "bell": ["ding\x07"]},
        creation_time=MOMENT,
        start_time=MOMENT,
        end_time=LATER,
        quote=LATER,
        execution_duration=60,
        executor="local",
        stage="2 of 3: &c",
        progress_done=2,
        progress_total=3,
        usage={"cpu_seconds": 1.5, "wall_seconds": 2.25},
        exit_code=3,
        error_type="transient",
        error_message="It <broke>\x07.",
        error_detail="At length.",
    )
    Result.objects.create(job=job, name="a b", path="work/x", media_type="text/plain", size=12, sha256=SHA)
    return job


def test_pending_job(client, pending):
    answer = client.get(f"/uws/worker/{JOB_ID}")
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer["Vary"].startswith("Accept")
    assert answer.content.decode() == PENDING_JOB


def test_ended_job(client, ended, user):
    client.force_login(user)
    assert client.get(f"/uws/worker/{JOB_ID}").content.decode() == ENDED_JOB


def test_list(client, pending):
    Job.objects.update(run_id="R&D")
    answer = client.get("/uws/worker")
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.decode() == JOBS


def test_empty_list_and_children(client, pending):
    url = f"/uws/worker/{JOB_ID}"
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    assert client.get(f"{url}/results").content.decode() == f"{declaration}<uws:results {NAMESPACES}/>\n"
    assert client.get(f"{url}/parameters").content.decode() == f"{declaration}<uws:parameters {NAMESPACES}/>\n"
    Job.objects.all().delete()
    assert client.get("/uws/worker").content.decode() == (
        f'{declaration}<uws:jobs version="1.1" {NAMESPACES}>\n</uws:jobs>\n'
    )


def test_json(client, ended, user):
    client.force_login(user)
    answer = client.get(f"/uws/worker/{JOB_ID}", headers={"accept": "application/json"})
    assert answer.json() == {
        "version": "1.1",
        "jobId": JOB_ID,
        "runId": 'a <run> & "more"',
        "ownerId": "ada",
        "phase": "ERROR",
        "quote": "2026-03-02T00:00:00.000Z",
        "creationTime": "2026-03-01T12:00:00.250Z",
        "startTime": "2026-03-01T12:00:00.250Z",
        "endTime": "2026-03-02T00:00:00.000Z",
        "executionDuration": 60,
        "destruction": None,
        "parameters": [
            {"id": "text", "value": 'a < b && "c" > d\r\né'},
            {"id": "keep", "value": "one"},
            {"id": "keep", "value": "two"},
            {"id": "bell", "href": f"http://testserver/uws/worker/{JOB_ID}/parameters/bell"},
        ],
        "results": [
            {
                "id": "a b",
                "href": f"http://testserver/uws/worker/{JOB_ID}/results/a%20b",
                "mime-type": "text/plain",
                "size": 12,
                "sha256": SHA,
            }
        ],
        "errorSummary": {"type": "transient", "hasDetail": True, "message": "It <broke>\x07."},
        "jobInfo": {
            "definition": "worker",
            "definitionVersion": "2.1",
            "executor": "local",
            "stage": "2 of 3: &c",
            "progress": {"done": 2, "total": 3},
            "cpu_seconds": 1.5,
            "wall_seconds": 2.25,
            "exitCode": 3,
        },
    }


def info(client) -> dict:
    """The jobInfo, the same as XML and as JSON."""
    element = parse(client.get(f"/uws/worker/{JOB_ID}").content).find("jobInfo")
    told = client.get(f"/uws/worker/{JOB_ID}", headers={"accept": "application/json"}).json()["jobInfo"]
    assert {item.tag: item.text for item in element} == {name: str(value) for name, value in told.items()}
    return told


def test_place_in_the_queue(client, pending):
    assert "queuePosition" not in info(client)
    Job.objects.update(phase=Phase.QUEUED, executor="local", priority=3)
    assert info(client)["queuePosition"] == 1
    Job.objects.create(
        id="b" * 26, definition="worker", phase=Phase.QUEUED, executor="local", priority=4, creation_time=LATER
    )
    assert info(client)["queuePosition"] == 2
    Job.objects.filter(pk=JOB_ID).update(phase=Phase.EXECUTING)
    assert "queuePosition" not in info(client)


def test_why_a_job_is_held(client, pending):
    Job.objects.update(phase=Phase.HELD, held_reason="Too many of your jobs are <queued>.")
    assert info(client)["heldReason"] == "Too many of your jobs are <queued>."
    Job.objects.update(phase=Phase.QUEUED)
    assert "heldReason" not in info(client)


def test_json_list(client, pending):
    answer = client.get("/uws/worker", headers={"accept": "application/json"})
    assert answer.json() == {
        "version": "1.1",
        "jobs": [
            {
                "id": JOB_ID,
                "href": f"http://testserver/uws/worker/{JOB_ID}",
                "phase": "PENDING",
                "ownerId": None,
                "creationTime": "2026-03-01T12:00:00.250Z",
            }
        ],
    }


@pytest.mark.parametrize("phase", Phase)
def test_valid_in_every_phase(client, ended, user, phase, shared):
    client.force_login(user)
    Job.objects.update(phase=phase)
    schemas = shared / "xsd"
    for path in ("", f"/{JOB_ID}", f"/{JOB_ID}/results", f"/{JOB_ID}/parameters"):
        assert_valid(client.get(f"/uws/worker{path}?PHASE={phase}").content, schemas=schemas)
    assert parse(client.get(f"/uws/worker/{JOB_ID}").content).findtext("phase") == phase


@pytest.mark.parametrize("phase", Phase)
def test_pyvo_reads_it(client, ended, user, phase):
    from io import BytesIO

    from pyvo.io.uws import parse_job

    client.force_login(user)
    Job.objects.update(phase=phase)
    url = f"http://testserver/uws/worker/{JOB_ID}"
    job = parse_job(BytesIO(client.get(url).content))
    assert (job.version, job.jobid, job.runid, job.ownerid, job.phase) == (
        "1.1",
        JOB_ID,
        'a <run> & "more"',
        "ada",
        phase,
    )
    times = [job.creationtime, job.starttime, job.endtime, job.quote, job.destruction]
    assert (times, job.executionduration.sec) == ([MOMENT, MOMENT, LATER, LATER, None], 60)
    assert [(item.id_, bool(item.byreference), item.content) for item in job.parameters] == [
        ("text", False, 'a < b && "c" > d\r\né'),
        ("keep", False, "one"),
        ("keep", False, "two"),
        ("bell", True, f"{url}/parameters/bell"),
    ]
    assert [(item.id_, item.href, item.size, item.mimetype) for item in job.results] == [
        ("a b", f"{url}/results/a%20b", 12, "text/plain")
    ]
    error = job.errorsummary
    assert (error.type_, error.has_detail, error.message.content) == ("transient", True, "It <broke>\ufffd.")


@pytest.mark.parametrize("phase", Phase)
def test_pyvo_reads_the_list(client, ended, user, phase):
    from io import BytesIO

    from pyvo.io.uws import parse_job_list

    client.force_login(user)
    Job.objects.update(phase=phase)
    (listed,) = parse_job_list(BytesIO(client.get(f"/uws/worker?PHASE={phase}").content))
    assert (listed.jobid, listed.phase, listed.runid, listed.ownerid, listed.creationtime) == (
        JOB_ID,
        phase,
        'a <run> & "more"',
        "ada",
        MOMENT,
    )


def test_list_needs_one_query(client, service, django_assert_num_queries):
    Job.objects.bulk_create(Job(id=f"{number:026}", definition="worker", creation_time=MOMENT) for number in range(300))
    with django_assert_num_queries(1):
        answer = client.get("/uws/worker")
    assert len(parse(answer.content)) == 300
