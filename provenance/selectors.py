"""Reads provenance: the graph around a job or any other thing, as its asker may see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

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

__all__ = ["Detail", "find_entity", "graph_of", "job_graph"]

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
    get_job(job_id=job_id, user=user)
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


def _rows(query: Any, field: str, keys: Iterable[int], *names: str) -> list[tuple[Any, ...]]:
    """Values of the rows whose `field` is one of the keys, in the order in which they were made."""
    rows = [row for part in chunks(keys) for row in query.filter(**{f"{field}__in": part}).values_list("pk", *names)]
    return [row[1:] for row in sorted(rows)]


def _add_activities(graph: Graph, keys: Iterable[int], user: Any, detail: Detail) -> None:
    more = ("command", "software", "usage") if detail.attributes else ()
    names = (
        *("pk", "identifier", "name", "start_time", "end_time", "comment", "phase", "exit_code", "host"),
        *("description_id", *more),
    )
    known = list(keys)
    rows = [
        row for part in chunks(known) for row in Activity.objects.filter(open_to(user), pk__in=part).values_list(*names)
    ]
    kinds = {
        kind[0]: ActivityDescriptionNode(*kind)
        for part in chunks({row[9] for row in rows} - {None})
        for kind in ActivityDescription.objects.filter(pk__in=part).values_list(
            "pk", "name", "version", "description", "docurl", "type"
        )
    }
    nodes = {row[0]: ActivityNode(*row[:9], kinds.get(row[9]), False, *row[10:]) for row in rows}
    closed = [pk for pk in known if pk not in nodes]
    for pk, identifier in _rows(Activity.objects, "pk", closed, "pk", "identifier"):
        nodes[pk] = ActivityNode(pk, identifier, closed=True)
    graph.activities = {pk: nodes[pk] for pk in sorted(nodes)}


def _add_entities(graph: Graph, keys: Iterable[int]) -> None:
    names = (
        *("pk", "identifier", "name", "location", "generated_at_time", "comment", "sha256", "size"),
        "description_id",
    )
    rows = [row for part in chunks(keys) for row in Entity.objects.filter(pk__in=part).values_list(*names)]
    kinds = {
        kind[0]: EntityDescriptionNode(*kind)
        for part in chunks({row[8] for row in rows} - {None})
        for kind in EntityDescription.objects.filter(pk__in=part).values_list("pk", "name", "type", "content_type")
    }
    graph.entities = {row[0]: EntityNode(*row[:8], kinds.get(row[8])) for row in sorted(rows, key=lambda row: row[0])}


def _add_parameters(graph: Graph, activities: Sequence[int]) -> None:
    names = ("activity_id", "name", "value", "description__value_type", "description__unit", "description__ucd")
    for activity, *told in _rows(Parameter.objects, "activity", activities, *names):
        graph.activities[activity].parameters.append(ParameterNode(*(value or "" for value in told)))


def _add_uses(graph: Graph) -> None:
    """The relations used and wasGeneratedBy between what is there; of closed activities those that lead to them."""
    opened = [pk for pk, node in graph.activities.items() if not node.closed]
    names = ("activity_id", "entity_id", "role")
    for activity, entity, role, time in _rows(Used.objects, "activity", opened, *names, "time"):
        if entity in graph.entities:
            graph.relations.append(Relation("used", ("activity", activity), ("entity", entity), role, time))
    for activity, entity, role in _rows(WasGeneratedBy.objects, "activity", graph.activities, *names):
        if entity in graph.entities:
            told = "" if graph.activities[activity].closed else role
            graph.relations.append(Relation("wasGeneratedBy", ("entity", entity), ("activity", activity), told))


def _add_agents(graph: Graph, activities: Sequence[int]) -> None:
    associations = _rows(WasAssociatedWith.objects, "activity", activities, "activity_id", "agent_id", "role")
    attributions = _rows(WasAttributedTo.objects, "entity", graph.entities, "entity_id", "agent_id", "role")
    wanted = {agent for _, agent, _ in associations}
    rows = _rows(Agent.objects, "pk", wanted, "pk", "identifier", "name", "type", "url")
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
    for entity, source in _rows(WasDerivedFrom.objects, "entity", graph.entities, "entity_id", "used_entity_id"):
        if source in graph.entities:
            graph.relations.append(Relation("wasDerivedFrom", ("entity", entity), ("entity", source)))
    opened = [pk for pk, node in graph.activities.items() if not node.closed]
    for informed, informant in _rows(WasInformedBy.objects, "informed", opened, "informed_id", "informant_id"):
        if informant in graph.activities:
            graph.relations.append(Relation("wasInformedBy", ("activity", informed), ("activity", informant)))
