"""What things are called in documents: identifiers that are addresses of this service, where it has a page for them."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from provenance.graph import ActivityDescriptionNode, ActivityNode, AgentNode, EntityDescriptionNode, EntityNode
from provenance.models import ActivityKind
from provenance.notations import Name
from provenance.notations.provxml import LOCAL_NAME

__all__ = [
    "VOPROV",
    "activity_name",
    "activity_url",
    "agent_name",
    "entity_description_name",
    "entity_name",
    "entity_url",
    "namespaces",
    "part",
    "resolver_url",
    "task_name",
    "term",
]

VOPROV = "http://www.ivoa.net/documents/ProvenanceDM/index.html#"
"""Namespace of the IVOA model's classes and attributes, as voprov writes it."""

_SAFE = "/~&+*?$!=',;:.-#%"
"""Characters of an identifier that a name holds as they are."""


def namespaces(base_url: str) -> dict[str, str]:
    """Prefix → IRI of the names below, for a service with this root."""
    return {
        "voprov": VOPROV,
        "athanor": f"{base_url}/provenance/terms#",
        "job": f"{base_url}/jobs/",
        "activity": f"{base_url}/provenance/activities/",
        "task": f"{base_url}/jobdefs/",
        "description": f"{base_url}/provenance/descriptions/",
        "result": f"{base_url}/uws/",
        "agent": f"{base_url}/provenance/agents/",
        "ivo": "ivo://",
        "entity": f"{base_url}/provenance/entities/?ID=",
    }


def activity_url(activity: ActivityNode, base_url: str) -> str:
    """The page of an activity: that of the job, if it was one."""
    if activity.kind == ActivityKind.JOB:
        return f"{base_url}/jobs/{activity.identifier}/"
    return f"{base_url}/provenance/activities/{quote(activity.identifier, safe=':')}/"


def entity_url(entity: EntityNode, base_url: str) -> str:
    """Where the entity can be had: a result's URL, or the link resolver of an archived file's identifier."""
    if "://" in entity.location:
        return entity.location
    if entity.location:
        return f"{base_url}/{entity.location}"
    return resolver_url(entity.identifier, base_url)


def resolver_url(identifier: str, base_url: str) -> str:
    """The address that leads to wherever an entity can be had."""
    return f"{base_url}/provenance/entities/?ID={quote(identifier, safe='')}"


def activity_name(activity: ActivityNode) -> Name:
    """Of an activity."""
    if activity.kind == ActivityKind.JOB:
        return Name("job", activity.identifier)
    return Name("activity", _ending(f"{quote(activity.identifier, safe=':')}/", "activity"))


def part(activity: Name, kind: str, number: int, name: str) -> Name:
    """Of something that an activity has, such as a parameter."""
    return Name(activity.prefix, f"{activity.local}#{kind}-{number}-{quote(name, safe='')}")


def entity_name(entity: EntityNode) -> Name:
    """Of an entity: its address if it is a result, its IVOA identifier if it has one."""
    if entity.location.startswith("uws/"):
        return Name("result", quote(entity.location.removeprefix("uws/"), safe=_SAFE))
    if entity.identifier.startswith("ivo://"):
        return Name("ivo", quote(entity.identifier.removeprefix("ivo://"), safe=_SAFE))
    return Name("entity", _ending(quote(entity.identifier, safe=""), "entity"))


def agent_name(agent: AgentNode) -> Name:
    """Of an agent."""
    return Name("agent", _ending(quote(agent.identifier, safe=""), "agent"))


def task_name(kind: ActivityDescriptionNode, *more: str) -> Name:
    """Of a task in one version, or of something that it describes: in what way, and in which role or by which name."""
    local = "/".join(quote(word, safe="") for word in more)
    place = f"{quote(kind.name, safe='')}/#{quote(kind.version, safe='')}{'/' if more else ''}{local}"
    place = _ending(place, "description")
    return Name("task", place) if kind.is_task else Name("description", f"activity/{place}")


def entity_description_name(kind: EntityDescriptionNode) -> Name:
    """Of a kind of entity, made of what tells it from others."""
    words = (kind.name, kind.type, kind.content_type, kind.value_type, kind.unit)
    place = "/".join(["entity", *(quote(word, safe="") for word in words)]).rstrip("/")
    return Name("description", _ending(place, "description"))


def _ending(local: str, word: str) -> str:
    """A name of our own that PROV-XML can hold as it is: with a fragment where it would end in no XML name."""
    if LOCAL_NAME.search(local):
        return local
    return f"{local}{'/' if '#' in local else '#'}{word}"


@lru_cache(maxsize=1024)
def term(text: str) -> str:
    """A text as part of the name of an attribute."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_-.") else "_" for sign in text)
