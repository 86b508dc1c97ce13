"""Reads provenance: the graph around a job or any other thing, as its asker may see it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import Model

from provenance.graph import (
    ActivityDescriptionNode,
    ActivityNode,
    AgentNode,
    EntityDescriptionNode,
    EntityNode,
    Graph,
    ParameterNode,
    Relation,
)
from provenance.models import (
    Activity,
    ActivityDescription,
    Agent,
    Entity,
    EntityDescription,
    Parameter,
    ParameterDescription,
    Used,
    WasAssociatedWith,
    WasAttributedTo,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.walk import Found, chunks, open_to
from uws.digests import known_digest
from uws.inputs import resolve
from uws.selectors import get_job
from vo.errors import NotFoundError

__all__ = ["Detail", "find_entity", "graph_of", "is_visible", "job_graph"]

MOST = 200
"""Activities that the graph of a job shows at most: a generation that would exceed it is left out."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What a graph tells besides activities, entities and how they hang together."""

    agents: bool = True
    configuration: bool = True
    attributes: bool = True


def job_graph(*, job_id: str, user: Any, depth: int = 3) -> Graph:
    """The provenance of a job and of the jobs that made its inputs.

    Parameters
    ----------
    user
        Who asks; jobs that this user may not see end the graph.
    depth
        How many generations of earlier jobs to follow.

    Raises
    ------
    vo.errors.NotFoundError
        When the job is not visible to the user, or has not ended yet.
    """
    if not is_visible(job_id, user):
        raise NotFoundError(f"There is no job {job_id!r} here.")
    start = Activity.objects.filter(identifier=job_id).values_list("pk", flat=True).first()
    if start is None:
        raise NotFoundError(f"Job {job_id} has no provenance yet.", hint="It is recorded when the job has ended.")
    wanted, frontier = {start}, {start}
    for _ in range(depth):
        earlier = WasInformedBy.objects.filter(open_to(user, "informant__"), informed__in=frontier)
        frontier = set(earlier.values_list("informant", flat=True)) - wanted
        if not frontier or len(wanted) + len(frontier) > MOST:
            break
        wanted |= frontier
    used = Used.objects.filter(activity__in=wanted).values_list("entity_id", flat=True)
    made = WasGeneratedBy.objects.filter(activity__in=wanted).values_list("entity_id", flat=True)
    return graph_of(Found(wanted, {*used, *made}), user=user)


def find_entity(*, identifier: str, user: object | None) -> str | None:
    """Path, below the service's base URL, of the file that an entity is; None when it is gone or closed.

    A file that has changed since is another entity (its identifier carries the new digest after ``#``); the entity that
    it was is gone.
    """
    # PostgreSQL refuses to look for a text with NUL.
    entity = None if "\0" in identifier else Entity.objects.filter(identifier=identifier).first()
    if entity is None:
        return None
    try:
        found = resolve(identifier.partition("#")[0], user=user)
        present = found.sha256 or known_digest(found.path)
    except (NotFoundError, OSError):
        return None
    if entity.sha256 and present != entity.sha256:
        return None
    return entity.location or found.location or None


def is_visible(identifier: str, user: Any) -> bool:
    """Whether a user may see the provenance of a job: its owner, and everybody once a product of it is public."""
    if "\0" in identifier:
        return False
    if Activity.objects.filter(open_to(user), identifier=identifier).exists():
        return True
    try:
        get_job(job_id=identifier, user=user)
    except NotFoundError:
        return False
    return True


def graph_of(found: Found, *, user: Any, detail: Detail = Detail()) -> Graph:
    """What is told of these activities and entities, and of the relations between them.

    An activity that is closed to the user is a node without anything but its identifier.
    """
    graph = Graph()
    _add_activities(graph, found.activities, user, detail)
    _add_entities(graph, found.entities)
    opened = [pk for pk, node in graph.activities.items() if not node.closed]
    if detail.configuration:
        _add_parameters(graph, opened)
    _add_uses(graph)
    if detail.agents:
        _add_agents(graph, opened)
    _add_influences(graph)
    return graph


def _rows(model: type[Model], field: str, keys: Iterable[int], *columns: str) -> list[tuple[Any, ...]]:
    """Columns of the rows whose `field` is one of the keys, in the order in which they were made, as they are stored.

    Plain SQL: for tens of thousands of rows Django's own reading takes three times as long.
    """
    table = model._meta.db_table
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for part in chunks(keys):
            cursor.execute(
                f"SELECT id, {', '.join(columns)} FROM {table} "  # noqa: S608 - names of ours, and numbers
                f"WHERE {field} IN ({', '.join(map(str, part))})"
            )
            found += cursor.fetchall()
    found.sort(key=itemgetter(0))
    return [row[1:] for row in found]


def _moment(stored: Any) -> datetime | None:
    """A time as databases give it; without a zone it is UTC."""
    if isinstance(stored, str):
        stored = datetime.fromisoformat(stored)
    return stored.replace(tzinfo=UTC) if stored is not None and stored.tzinfo is None else stored


def _add_activities(graph: Graph, keys: Iterable[int], user: Any, detail: Detail) -> None:
    known = list(keys)
    opened = {
        pk
        for part in chunks(known)
        for pk in Activity.objects.filter(open_to(user), pk__in=part).values_list("pk", flat=True)
    }
    columns = (
        *("id", "identifier", "name", "start_time", "end_time", "comment", "phase", "exit_code", "host"),
        *("description_id", *(("command", "software", "usage") if detail.attributes else ())),
    )
    rows = _rows(Activity, "id", opened, *columns)
    names = ("id", "name", "version", "description", "docurl", "type")
    descriptions = {row[9] for row in rows} - {None}
    kinds = {row[0]: ActivityDescriptionNode(*row) for row in _rows(ActivityDescription, "id", descriptions, *names)}
    nodes = {}
    for pk, identifier, name, start, end, comment, phase, exit_code, host, kind, *more in rows:
        nodes[pk] = ActivityNode(
            *(pk, identifier, name, _moment(start), _moment(end), comment, phase, exit_code, host, kinds.get(kind)),
            False,
            *(json.loads(text) for text in more),
        )
    closed = [pk for pk in known if pk not in opened]
    for pk, identifier in _rows(Activity, "id", closed, "id", "identifier"):
        nodes[pk] = ActivityNode(pk, identifier, closed=True)
    graph.activities = {pk: nodes[pk] for pk in sorted(nodes)}


def _add_entities(graph: Graph, keys: Iterable[int]) -> None:
    columns = ("id", "identifier", "name", "location", "generated_at_time", "comment", "sha256", "size")
    rows = _rows(Entity, "id", keys, *columns, "description_id")
    names = ("id", "name", "type", "content_type")
    descriptions = {row[8] for row in rows} - {None}
    kinds = {row[0]: EntityDescriptionNode(*row) for row in _rows(EntityDescription, "id", descriptions, *names)}
    graph.entities = {
        pk: EntityNode(pk, identifier, name, location, _moment(time), comment, sha256, size, kinds.get(kind))
        for pk, identifier, name, location, time, comment, sha256, size, kind in rows
    }


def _add_parameters(graph: Graph, activities: Sequence[int]) -> None:
    rows = _rows(Parameter, "activity_id", activities, "activity_id", "name", "value", "description_id")
    descriptions = {row[3] for row in rows} - {None}
    names = ("id", "value_type", "unit", "ucd")
    kinds = {row[0]: row[1:] for row in _rows(ParameterDescription, "id", descriptions, *names)}
    for activity, name, value, kind in rows:
        graph.activities[activity].parameters.append(ParameterNode(name, value, *kinds.get(kind, ())))


def _add_uses(graph: Graph) -> None:
    """The relations used and wasGeneratedBy between what is there; of closed activities those that lead to them."""
    opened = [pk for pk, node in graph.activities.items() if not node.closed]
    names = ("activity_id", "entity_id", "role")
    for activity, entity, role, time in _rows(Used, "activity_id", opened, *names, "time"):
        if entity in graph.entities:
            graph.relations.append(Relation("used", ("activity", activity), ("entity", entity), role, _moment(time)))
    for activity, entity, role in _rows(WasGeneratedBy, "activity_id", graph.activities, *names):
        if entity in graph.entities:
            told = "" if graph.activities[activity].closed else role
            graph.relations.append(Relation("wasGeneratedBy", ("entity", entity), ("activity", activity), told))


def _add_agents(graph: Graph, activities: Sequence[int]) -> None:
    associations = _rows(WasAssociatedWith, "activity_id", activities, "activity_id", "agent_id", "role")
    attributions = _rows(WasAttributedTo, "entity_id", graph.entities, "entity_id", "agent_id", "role")
    wanted = {agent for _, agent, _ in associations}
    rows = _rows(Agent, "id", wanted, "id", "identifier", "name", "type", "url")
    graph.agents = {row[0]: AgentNode(*row) for row in rows}
    graph.relations.extend(
        Relation("wasAssociatedWith", ("activity", activity), ("agent", agent), role)
        for activity, agent, role in associations
    )
    graph.relations.extend(
        Relation("wasAttributedTo", ("entity", entity), ("agent", agent), role)
        for entity, agent, role in attributions
        if agent in graph.agents
    )


def _add_influences(graph: Graph) -> None:
    """Derivations and communications between what is there."""
    for entity, source in _rows(WasDerivedFrom, "entity_id", graph.entities, "entity_id", "used_entity_id"):
        if source in graph.entities:
            graph.relations.append(Relation("wasDerivedFrom", ("entity", entity), ("entity", source)))
    opened = [pk for pk, node in graph.activities.items() if not node.closed]
    for informed, informant in _rows(WasInformedBy, "informed_id", opened, "informed_id", "informant_id"):
        if informant in graph.activities:
            graph.relations.append(Relation("wasInformedBy", ("activity", informed), ("activity", informant)))
