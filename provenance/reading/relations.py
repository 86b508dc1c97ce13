"""Reads how the activities, entities and agents of a graph hang together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from provenance.graph import AgentNode, Graph, Key, Relation
from provenance.models import (
    Agent,
    AlternateOf,
    HadMember,
    Used,
    WasAssociatedWith,
    WasAttributedTo,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.reading.rows import moment, rows_of

__all__ = ["add_agents", "add_influences", "add_uses"]


def add_uses(graph: Graph) -> None:
    """The relations used and wasGeneratedBy between what is there; of closed activities those that lead to them."""
    opened = [pk for pk, node in graph.activities.items() if not node.closed]
    activities, entities, relations = (
        _keys("activity", graph.activities),
        _keys("entity", graph.entities),
        graph.relations,
    )
    names = ("activity_id", "entity_id", "role", "description_id")
    for activity, entity, role, kind, time in rows_of(Used, "activity_id", opened, *names, "time"):
        if entity in entities:
            relations.append(Relation("used", activities[activity], entities[entity], role, moment(time), kind))
    # By entity: an ingest has generated far more than what is asked for.
    for activity, entity, role, kind in rows_of(WasGeneratedBy, "entity_id", entities, *names):
        if activity in activities:
            told = ("", None, None) if graph.activities[activity].closed else (role, None, kind)
            relations.append(Relation("wasGeneratedBy", entities[entity], activities[activity], *told))


def add_agents(graph: Graph, activities: Sequence[int], user: Any) -> None:
    """Who was responsible for the activities and for what is told of what they made."""
    associations = rows_of(WasAssociatedWith, "activity_id", activities, "activity_id", "agent_id", "role")
    attributions = rows_of(WasAttributedTo, "entity_id", graph.entities, "entity_id", "agent_id", "role")
    told = _told(graph)
    attributions = [row for row in attributions if row[0] in told]
    wanted = {agent for _, agent, _ in associations} | {agent for _, agent, _ in attributions}
    names = ("id", "identifier", "name", "type", "url", "comment", "affiliation", "email", "phone", "address")
    for row in rows_of(Agent, "id", wanted, *names):
        agent = AgentNode(*row)
        graph.agents[agent.pk] = agent if _is_self(agent, user) else agent._replace(email="", phone="", address="")
    keys, entities, agents = (
        _keys(kind, nodes)
        for kind, nodes in (("activity", graph.activities), ("entity", graph.entities), ("agent", graph.agents))
    )
    graph.relations.extend(
        Relation("wasAssociatedWith", keys[activity], agents[agent], role) for activity, agent, role in associations
    )
    graph.relations.extend(
        Relation("wasAttributedTo", entities[entity], agents[agent], role) for entity, agent, role in attributions
    )


def add_influences(graph: Graph) -> None:
    """Derivations, communications, memberships and alternates between what is there."""
    activities, entities = _keys("activity", graph.activities), _keys("entity", graph.entities)
    found = rows_of(WasDerivedFrom, "entity_id", entities, "entity_id", "used_entity_id")
    told = _told(graph)
    derivations = [(entity, source) for entity, source in found if entity in told]
    opened = [pk for pk, node in graph.activities.items() if not node.closed]
    communications = rows_of(WasInformedBy, "informed_id", opened, "informed_id", "informant_id")
    grouped = rows_of(HadMember, "entity_id", entities, "collection_id", "entity_id")
    members = [(collection, entity) for collection, entity in grouped if collection in told and entity in told]
    alternates = rows_of(AlternateOf, "entity_id", entities, "entity_id", "alternate_id")
    for kind, keys, pairs in (
        ("wasDerivedFrom", entities, derivations),
        ("wasInformedBy", activities, communications),
        ("hadMember", entities, members),
        ("alternateOf", entities, alternates),
    ):
        graph.relations.extend(
            Relation(kind, keys[source], keys[target]) for source, target in pairs if source in keys and target in keys
        )


def _keys(kind: str, nodes: Iterable[int]) -> dict[int, Key]:
    """The keys of nodes by primary key: one object each, however many relations a node has."""
    return {pk: (kind, pk) for pk in nodes}


def _told(graph: Graph) -> set[int]:
    """The entities of which it may be said what they come from, whose they are and what lies in them: what open
    activities made, and what is open itself.
    """
    made = {
        relation.source[1]
        for relation in graph.relations
        if relation.kind == "wasGeneratedBy" and not graph.activities[relation.target[1]].closed
    }
    return made | {pk for pk, node in graph.entities.items() if not node.closed}


def _is_self(agent: AgentNode, user: Any) -> bool:
    """Whether the user may read how to reach the agent."""
    if user is None or not user.is_authenticated:
        return False
    return bool(user.is_superuser) or agent.identifier == f"user/{user.get_username()}"
