"""All rows of a typical job, and what is recorded of jobs that ended otherwise."""

from __future__ import annotations

import hashlib
import json

import pytest

from provenance.models import (
    Activity,
    ActivityDescription,
    ConfigFile,
    Entity,
    Parameter,
    WasAssociatedWith,
    WasAttributedTo,
    WasDerivedFrom,
)
from provenance.recording import record_job
from tests.provenance.recording.conftest import TASK, TIME, digest
from uws.engine.announce import Announcer
from uws.models import Job
from uws.phases import Phase
from uws.transitions import abort

INPUTS = (
    ("table", "ivo://x/archive?one", digest("a")),
    ("ccf", "job:earlier/parameters/ccf.cif", digest("c")),
)
RESULTS = (
    ("spectrum-1", "spectrum", digest("1")),
    ("spectrum-2", "spectrum", digest("2")),
    ("preview", "preview", digest("3")),
)


@pytest.fixture
def recorded(smelted, django_user_model) -> Activity:
    user = django_user_model.objects.create_user("ada")
    job = smelted(
        "typical",
        inputs=INPUTS,
        results=RESULTS,
        parameters={"table": ["ivo://x/archive?one"], "ccf": ["param:ccf.cif"], "group": ["yes"]},
        owner=user,
        exit_code=0,
        host="node7",
        command=["/opt/site/bin/smelt", "group=yes"],
        software={"athanor": "0.1.0", "os": "Debian"},
        usage={"cpu_seconds": 2.5},
    )
    return record_job(job_id=job.pk)


def test_the_activity(recorded) -> None:
    assert (recorded.kind, recorded.identifier, recorded.name, recorded.phase) == (
        "job",
        "typical",
        "smelt",
        "COMPLETED",
    )
    assert (recorded.start_time, recorded.end_time) == (TIME, TIME.replace(minute=5))
    assert (recorded.exit_code, recorded.host, recorded.command) == (0, "node7", ["smelt", "group=yes"])
    assert (recorded.software, recorded.usage) == ({"athanor": "0.1.0", "os": "Debian"}, {"cpu_seconds": 2.5})
    assert (recorded.owner.username, recorded.public_since, recorded.parent) == ("ada", None, None)


def test_what_was_used_and_made(recorded) -> None:
    used = recorded.used.order_by("pk").values_list("entity__identifier", "role", "entity__sha256", "description__type")
    assert list(used) == [
        ("ivo://x/archive?one", "events", digest("a"), "Main"),
        ("job:earlier/parameters/ccf.cif", "calibration index", digest("c"), "Setup"),
    ]
    made = recorded.generated.order_by("pk").values_list("entity__identifier", "role", "description__type")
    assert list(made) == [
        ("job:typical/spectrum-1", "spectrum", "Main"),
        ("job:typical/spectrum-2", "spectrum", "Main"),
        ("job:typical/preview", "preview", "Preview"),
    ]
    assert set(WasDerivedFrom.objects.values_list("entity__identifier", "used_entity__identifier")) == {
        (f"job:typical/{name}", identifier) for name, _, _ in RESULTS for _, identifier, _ in INPUTS
    }
    entity = Entity.objects.get(identifier="job:typical/spectrum-1")
    assert (entity.kind, entity.name, entity.size) == ("dataset", "spectrum-1.out", 50)
    assert entity.location == "uws/smelt/typical/results/spectrum-1"
    assert (entity.generated_at_time, entity.invalidated_at_time) == (TIME.replace(minute=5), None)
    assert (entity.owner.username, entity.public_since) == ("ada", None)


def test_the_configuration_is_complete(recorded) -> None:
    rows = Parameter.objects.order_by("pk").values_list("name", "value", "is_default", "description__unit")
    assert list(rows) == [
        ("table", "ivo://x/archive?one", False, ""),
        ("ccf", "param:ccf.cif", False, ""),
        ("group", "yes", False, ""),
        ("limit", "2000", True, "eV"),
        ("counts", "25", True, ""),
    ]
    document = json.dumps(TASK.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    files = ConfigFile.objects.order_by("pk").values_list("name", "location", "comment", "sha256", "description__name")
    assert list(files) == [
        ("definition", "jobdefs/smelt/", "Version 2.0", hashlib.sha256(document.encode()).hexdigest(), "definition"),
        ("ccf.cif", "", "job:earlier/parameters/ccf.cif", digest("c"), "ccf"),
    ]


def test_who_is_responsible(recorded) -> None:
    assert set(WasAssociatedWith.objects.values_list("agent__identifier", "role")) == {
        ("user/ada", "Operator"),
        ("athanor/0.1.0", "Provider"),
    }
    assert set(WasAttributedTo.objects.values_list("entity__identifier", "agent__identifier", "role")) == {
        (f"job:typical/{name}", "user/ada", "Creator") for name, _, _ in RESULTS
    }


def test_the_task_is_described(recorded) -> None:
    kind = ActivityDescription.objects.get()
    assert (kind.name, kind.version, kind.type, kind.docurl) == (
        "smelt",
        "2.0",
        "Reduction",
        "https://example.org/smelt",
    )
    used = kind.usages.order_by("pk").values_list("role", "type", "multiplicity", "entity_description__content_type")
    assert list(used) == [
        ("events", "Main", "1", "application/fits"),
        ("calibration index", "Setup", "0..1", "application/fits"),
        ("more events", "Main", "0..*", "application/fits"),
    ]
    made = kind.generations.order_by("pk").values_list("role", "type", "multiplicity", "entity_description__name")
    assert list(made) == [
        ("spectrum", "Main", "1..*", "spectrum"),
        ("preview", "Preview", "1", "image/png"),
        ("log", "Log", "0..1", "text/plain"),
    ]
    assert list(kind.config_files.order_by("pk").values_list("name", "content_type")) == [
        ("definition", "application/json"),
        ("ccf", "application/fits"),
    ]


@pytest.mark.parametrize(
    ("phase", "begun", "told"),
    [
        (Phase.COMPLETED, True, (2, 1, 3)),
        (Phase.ERROR, True, (2, 1, 3)),
        (Phase.ABORTED, True, (2, 1, 3)),
        (Phase.ERROR, False, (0, 1, 1)),
        (Phase.ABORTED, False, (0, 1, 1)),
    ],
)
def test_every_phase_in_which_a_job_ends(smelted, phase: Phase, begun: bool, told: tuple[int, int, int]) -> None:
    """Inputs, results and parameters that are told: a job that never began used nothing, and took no default."""
    job = smelted(
        "ended",
        inputs=INPUTS,
        results=RESULTS[:1],
        parameters={"table": ["ivo://x/archive?one"]},
        phase=phase,
        begun=begun,
        error_message="It broke." if phase != Phase.COMPLETED else "",
    )
    activity = record_job(job_id=job.pk)
    assert (activity.phase, activity.comment) == (phase, job.error_message)
    assert (activity.used.count(), activity.generated.count(), activity.parameters.count()) == told


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.HELD, Phase.QUEUED])
def test_a_job_that_is_aborted_before_it_ran_is_recorded(smelted, phase: Phase) -> None:
    job = smelted("waiting", phase=phase, begun=False, reaped=False, end_time=None)
    abort(job_id=job.pk)
    Announcer().announce_all()
    activity = Activity.objects.get(identifier="waiting")
    assert (activity.phase, activity.start_time) == ("ABORTED", None)
    assert activity.end_time == Job.objects.get(pk="waiting").end_time


def test_parameters_that_the_task_refused_are_recorded_as_they_were_given(smelted) -> None:
    job = smelted("refused", parameters={"limit": ["hot"], "nothing": ["1"]}, phase=Phase.ERROR)
    activity = record_job(job_id=job.pk)
    assert set(activity.parameters.values_list("name", "value", "is_default")) == {
        ("limit", "hot", False),
        ("nothing", "1", False),
    }


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 300])
def test_whatever_is_given_is_stored(smelted, text: str) -> None:
    more = {"error_message": text} if "\0" not in text and text.isprintable() else {}
    job = smelted("odd", parameters={"limit": [text], text: ["1"]}, phase=Phase.ERROR, **more)
    assert record_job(job_id=job.pk).parameters.count() == 2
