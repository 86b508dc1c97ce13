"""The graph of given activities and entities: what is told of each, and of the relations between them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from provenance.graph import (
    ActivityNode,
    ConfigFileNode,
    EntityNode,
    Graph,
    ParameterNode,
)
from provenance.models import (
    Activity,
    ActivityKind,
    AlternateOf,
    ConfigFile,
    Entity,
    Parameter,
)
from provenance.pause import without_collection
from provenance.reading.descriptions import config_file_descriptions, entity_descriptions, parameter_descriptions, tasks
from provenance.reading.relations import add_agents, add_influences, add_uses
from provenance.reading.rows import moment, rows_of
from provenance.visibility import open_keys
from provenance.walk import Found

__all__ = ["Detail", "graph_of"]

_decoded = lru_cache(maxsize=4096)(json.loads)
"""Nobody changes what is read: the same software, and often the same command, stands in many rows."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What a graph tells besides activities, entities and how they hang together."""

    agents: bool = True
    configuration: bool = True
    attributes: bool = True
    descriptions: bool = True


def graph_of(found: Found, *, user: Any, detail: Detail = Detail()) -> Graph:
    """What is told of these activities and entities, and of the relations between them.

    An activity that is closed to the user is a node without anything but its identifier. What is told besides, where
    the user may see it: entities from which parameters have their values, and earlier entities that are the same bytes.

    Raises
    ------
    vo.errors.ParameterError
        When there is more than one graph may have.
    """
    graph = Graph()
    with without_collection():
        _add_activities(graph, found.activities, user, detail)
        opened = [pk for pk, node in graph.activities.items() if not node.closed]
        entities = set(found.entities)
        if detail.configuration:
            entities |= _configure(graph, opened, user)
        entities |= _alternates(entities, user)
        _add_entities(graph, entities, user)
        add_uses(graph)
        if detail.agents:
            add_agents(graph, opened, user)
        add_influences(graph)
    return graph


def _add_activities(graph: Graph, keys: Iterable[int], user: Any, detail: Detail) -> None:
    known = list(keys)
    opened = open_keys(Activity, known, user)
    columns = (
        *("id", "identifier", "name", "start_time", "end_time", "comment", "phase", "exit_code", "host"),
        *("kind", "parent_id", "description_id"),
        *(("command", "software", "usage") if detail.attributes else ()),
    )
    rows = rows_of(Activity, "id", opened, *columns)
    of_jobs = {row[11] for row in rows if row[9] == ActivityKind.JOB}
    kinds = tasks({row[11] for row in rows} - {None}, of_jobs=of_jobs, in_full=detail.descriptions)
    nodes = {}
    for pk, identifier, name, start, end, comment, phase, exit_code, host, kind, parent, description, *more in rows:
        nodes[pk] = ActivityNode(
            *(pk, identifier, name, moment(start), moment(end), comment, phase, exit_code, host),
            *(kinds.get(description), False, *map(_decoded, more)),
            kind=kind,
            parent=parent,
        )
    closed = [pk for pk in known if pk not in opened]
    for pk, identifier, kind in rows_of(Activity, "id", closed, "id", "identifier", "kind"):
        nodes[pk] = ActivityNode(pk, identifier, closed=True, kind=kind)
    graph.activities = {pk: nodes[pk] for pk in sorted(nodes)}


def _add_entities(graph: Graph, keys: set[int], user: Any) -> None:
    opened = open_keys(Entity, keys, user)
    columns = ("id", "identifier", "name", "location", "generated_at_time", "comment", "sha256", "size")
    rows = rows_of(Entity, "id", keys, *columns, "description_id", "kind", "value", "invalidated_at_time")
    kinds = entity_descriptions({row[8] for row in rows} - {None})
    for pk, identifier, name, location, made, comment, sha256, size, kind, klass, value, gone in rows:
        known = (sha256, size, kinds.get(kind), klass, value)
        if pk in opened:
            node = EntityNode(pk, identifier, name, location, moment(made), comment, *known, moment(gone))
        else:
            node = EntityNode(pk, identifier, name, "", None, "", *known, closed=True)
        graph.entities[pk] = node


def _alternates(entities: set[int], user: Any) -> set[int]:
    """Earlier entities of the same bytes that the user may see."""
    return open_keys(Entity, {pk for (pk,) in rows_of(AlternateOf, "entity_id", entities, "alternate_id")}, user)


def _configure(graph: Graph, activities: Sequence[int], user: Any) -> set[int]:
    """Add parameters and configuration files; where values came from, as far as the user may see it."""
    names = ("activity_id", "name", "value", "description_id", "value_entity_id")
    rows = rows_of(Parameter, "activity_id", activities, *names)
    kinds = {node.pk: node for _, node in parameter_descriptions("id", {row[3] for row in rows} - {None})}
    for activity, name, value, kind, source in rows:
        graph.activities[activity].parameters.append(ParameterNode(name, value, kinds.get(kind), source))
    names = ("activity_id", "name", "location", "comment", "sha256", "description_id")
    files = rows_of(ConfigFile, "activity_id", activities, *names)
    of_files = {node.pk: node for _, node in config_file_descriptions("id", {row[5] for row in files} - {None})}
    for activity, *file, kind in files:
        graph.activities[activity].config_files.append(ConfigFileNode(*file, of_files.get(kind)))
    return open_keys(Entity, {row[4] for row in rows} - {None}, user)
