"""A history in which there is something of everything that the model has, with fixed identifiers, times and digests.

An ingest brought in an event list. In the public workspace evselect made a spectrum of it, was run once more with the
same bytes, compared, and once failed. Ada's specgroup grouped the spectrum, which nobody but her may see; of what it
made, with a file of hers, her preview drew the picture that was published.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.contrib.auth import get_user_model

from provenance import models
from provenance.models import ActivityKind, EntityKind

__all__ = ["BASE", "IDS", "build"]

BASE = "https://archive.example"
TIME = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
EVSELECT, SPECGROUP, PREVIEW = "e" * 26, "g" * 26, "p" * 26
FAILED, AGAIN = "f" * 26, "a" * 26
INGEST, COMPARISON, PUBLICATION = "ingest:20260220", "comparison:1", "publication:1"
EVENTS = "ivo://archive.example/xmm?P0123700101PNS003PIEVLI0000.FIT"
PICTURE = "ivo://archive.example/products?preview"
IDS = (PICTURE, f"job:{EVSELECT}/spectrum", FAILED, f"{BASE}/provenance/activities/{COMPARISON}/")


def build() -> SimpleNamespace:
    """Make the rows; who asks, by part played."""
    users = get_user_model().objects
    ada = users.create_user("ada", password="x", first_name="Ada", last_name="L.")
    askers = SimpleNamespace(
        owner=ada,
        stranger=users.create_user("bob", password="x"),
        superuser=users.create_superuser("root", password="x"),
    )
    agents = _agents()
    tasks = _tasks()
    _evselect(agents, tasks)
    _ada(ada, agents, tasks)
    return askers


def _agents() -> SimpleNamespace:
    create = models.Agent.objects.create
    return SimpleNamespace(
        anonymous=create(identifier="user/anonymous", name="anonymous user", type="Person"),
        ada=create(
            identifier="user/ada",
            name="Ada L.",
            type="Person",
            comment='Calls herself "A. & L."',
            email="ada@archive.example",
            affiliation="Institute of <Engines>",
            phone="+44 1",
            address="12 St James's Square",
        ),
        archive=create(
            identifier="archive",
            name="The archive",
            type="Organization",
            email="staff@archive.example",
            url="https://archive.example",
        ),
        service=create(identifier="athanor/1.0", name="Athanor 1.0", type="SoftwareAgent"),
    )


def _tasks() -> SimpleNamespace:
    tasks = SimpleNamespace()
    for name, kind, comment in (
        ("ingest", "Observation", "Brings files in."),
        ("evselect", "Selection", "Filters events, and makes spectra."),
        ("specgroup", "Reduction", ""),
        ("preview", "Analysis", "Draws a picture."),
        ("comparison", "", ""),
        ("publication", "", ""),
    ):
        task = models.ActivityDescription.objects.create(
            name=name, version="1.2", description=comment, type=kind, docurl=f"https://docs.example/{name}"
        )
        setattr(tasks, name, task)
    create = models.EntityDescription.objects.create
    tasks.events = create(
        name="event list", type="event", content_type="application/fits", docurl="https://ogip.example"
    )
    tasks.spectrum = create(name="spectrum", type="spectrum", content_type="application/fits")
    tasks.picture = create(name="image/png", content_type="image/png")
    tasks.folder = create(name="folder", description="Calibration files")
    tasks.number = create(name="number", value_type="int", unit="channel", ucd="meta.number")
    return tasks


def _activity(identifier: str, task: Any, minute: int, **more: Any) -> models.Activity:
    return models.Activity.objects.create(
        **{
            "identifier": identifier,
            "name": task.name,
            "start_time": TIME + timedelta(minutes=minute),
            "end_time": TIME + timedelta(minutes=minute, seconds=30.5),
            "phase": "COMPLETED",
            "description": task,
            **more,
        }
    )


def _entity(identifier: str, description: Any, digest: str = "", **more: Any) -> models.Entity:
    size = {"sha256": digest * 64, "size": 2880} if digest else {}
    return models.Entity.objects.create(identifier=identifier, description=description, **size, **more)


def _associate(activity: models.Activity, agent: models.Agent, role: str = "Operator") -> None:
    models.WasAssociatedWith.objects.create(activity=activity, agent=agent, role=role)


def _result(
    activity: models.Activity, role: str, description: Any, digest: str, agent: Any, **more: Any
) -> models.Entity:
    entity = _entity(
        f"job:{activity.identifier}/{role}",
        description,
        digest,
        **{
            "name": f"{role}.fits",
            "location": f"uws/{activity.name}/{activity.identifier}/results/{role}",
            "generated_at_time": activity.end_time,
            "owner": activity.owner,
            "public_since": activity.public_since,
            **more,
        },
    )
    told = activity.description.generations.filter(role=role).first()
    models.WasGeneratedBy.objects.create(entity=entity, activity=activity, role=role, description=told)
    models.WasAttributedTo.objects.create(entity=entity, agent=agent, role="Creator")
    return entity


def _evselect(agents: SimpleNamespace, tasks: SimpleNamespace) -> None:
    usage = models.UsageDescription.objects.create(
        activity_description=tasks.evselect,
        role="events",
        type="Main",
        multiplicity="1",
        description="What is filtered",
        entity_description=tasks.events,
    )
    models.GenerationDescription.objects.create(
        activity_description=tasks.evselect,
        role="spectrum",
        type="Main",
        multiplicity="0..1",
        entity_description=tasks.spectrum,
    )
    withspectrum = models.ParameterDescription.objects.create(
        activity_description=tasks.evselect,
        name="column",
        value_type="string",
        default="PI",
        options=["PI", "PHA"],
        description="Which to make a spectrum of",
    )
    limit = models.ParameterDescription.objects.create(
        activity_description=tasks.evselect,
        name="limit",
        value_type="real",
        unit="eV",
        ucd="em.energy",
        min="0",
        max="15000",
    )
    file = models.ConfigFileDescription.objects.create(
        activity_description=tasks.evselect, name="definition", content_type="application/json", description="The task"
    )
    ingest = _activity(
        INGEST, tasks.ingest, 0, kind=ActivityKind.INGEST, public_since=TIME, software={"athanor": "1.0"}
    )
    _associate(ingest, agents.archive, "Publisher")
    events = _entity(EVENTS, tasks.events, "1", name="P0123700101PNS003PIEVLI0000.FIT", public_since=TIME)
    models.WasGeneratedBy.objects.create(entity=events, activity=ingest, role="ingested")
    folder = _entity(
        "ivo://archive.example/ccf", tasks.folder, name="ccf", kind=EntityKind.COLLECTION, public_since=TIME
    )
    for number in (1, 2):
        member = _entity(
            f"ivo://archive.example/ccf?{number}", None, str(number + 1), name=f"XRT{number}_µ.CCF", public_since=TIME
        )
        models.HadMember.objects.create(collection=folder, entity=member)
    spectra, values = {}, {}
    for identifier, minute, digest in ((EVSELECT, 10, "5"), (AGAIN, 40, "5"), (FAILED, 20, "")):
        job = _activity(
            identifier,
            tasks.evselect,
            minute,
            public_since=TIME,
            host="node1",
            exit_code=0 if digest else 1,
            command=["evselect", 'expression=PI<1500 && "X">2', "limit=1500"],
            software={"athanor": "1.0", "xmm sas": "22.1"},
            usage={"cpu_seconds": 1.5, "max_memory_bytes": 2**33},
            **({} if digest else {"phase": "ERROR", "comment": "evselect: <no> events\npassed."}),
        )
        models.Used.objects.create(activity=job, entity=events, role="events", time=job.start_time, description=usage)
        models.Used.objects.create(activity=job, entity=folder, role="ccf", time=job.start_time)
        models.Parameter.objects.create(activity=job, name="column", value="PI", description=withspectrum)
        models.Parameter.objects.create(activity=job, name="limit", value="1500", description=limit)
        models.ConfigFile.objects.create(
            activity=job,
            name="definition",
            location="jobdefs/evselect/",
            sha256="d" * 64,
            comment="1.2",
            description=file,
        )
        _associate(job, agents.anonymous)
        _associate(job, agents.service, "Provider")
        if digest:
            spectra[identifier] = _result(job, "spectrum", tasks.spectrum, digest, agents.anonymous)
            models.WasDerivedFrom.objects.create(entity=spectra[identifier], used_entity=events)
        if identifier == EVSELECT:
            values[identifier] = _result(
                job,
                "channels",
                tasks.number,
                "",
                agents.anonymous,
                kind=EntityKind.VALUE,
                value="4096",
                location="",
                name="",
            )
        models.WasInformedBy.objects.create(informed=job, informant=ingest)
    models.AlternateOf.objects.create(entity=spectra[AGAIN], alternate=spectra[EVSELECT])
    comparison = _activity(COMPARISON, tasks.comparison, 50, kind=ActivityKind.COMPARISON, public_since=TIME)
    for role, identifier in (("original", EVSELECT), ("repetition", AGAIN)):
        models.Used.objects.create(activity=comparison, entity=spectra[identifier], role=role)
    _result(
        comparison, "verdict", None, "", agents.service, kind=EntityKind.VALUE, value="identical", location="", name=""
    )


def _ada(ada: Any, agents: SimpleNamespace, tasks: SimpleNamespace) -> None:
    spectrum = models.Entity.objects.get(identifier=f"job:{EVSELECT}/spectrum")
    channels = models.Entity.objects.get(identifier=f"job:{EVSELECT}/channels")
    private = _activity(SPECGROUP, tasks.specgroup, 60, owner=ada, host="node2", command=["specgroup", "secret=1"])
    models.Used.objects.create(activity=private, entity=spectrum, role="spectrum", time=private.start_time)
    models.Parameter.objects.create(activity=private, name="secret", value="of Ada")
    _associate(private, agents.ada)
    grouped = _result(private, "grouped", tasks.spectrum, "6", agents.ada)
    models.WasDerivedFrom.objects.create(entity=grouped, used_entity=spectrum)
    models.WasInformedBy.objects.create(informed=private, informant_id=spectrum.generations.get().activity_id)
    drawing = _activity(PREVIEW, tasks.preview, 70, owner=ada, public_since=TIME)
    upload = _entity(f"job:{PREVIEW}/style", None, "7", name="style.txt", owner=ada)
    for entity, role in ((grouped, "spectrum"), (upload, "style")):
        models.Used.objects.create(activity=drawing, entity=entity, role=role, time=drawing.start_time)
    models.Parameter.objects.create(activity=drawing, name="bins", value="4096", value_entity=channels)
    models.WasInformedBy.objects.create(informed=drawing, informant=private)
    _associate(drawing, agents.ada)
    picture = _result(drawing, "picture", tasks.picture, "8", agents.ada, name="picture.png", public_since=None)
    picture.invalidated_at_time = TIME + timedelta(days=1)
    picture.save()
    models.WasDerivedFrom.objects.create(entity=picture, used_entity=grouped)
    publication = _activity(
        PUBLICATION, tasks.publication, 80, kind=ActivityKind.PUBLICATION, owner=ada, public_since=TIME
    )
    _associate(publication, agents.ada, "Publisher")
    models.Used.objects.create(activity=publication, entity=picture, role="result", time=publication.start_time)
    published = _entity(
        PICTURE,
        tasks.picture,
        "8",
        name="picture.png",
        location="data/products/picture.png",
        generated_at_time=publication.end_time,
        owner=ada,
        public_since=TIME,
    )
    models.WasGeneratedBy.objects.create(entity=published, activity=publication, role="published")
    models.WasDerivedFrom.objects.create(entity=published, used_entity=picture)
    models.WasAttributedTo.objects.create(entity=published, agent=agents.ada, role="Creator")
