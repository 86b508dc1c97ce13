"""A piece of provenance in memory: what notations and drawings work from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

__all__ = [
    "ActivityDescriptionNode",
    "ActivityNode",
    "AgentNode",
    "EntityDescriptionNode",
    "EntityNode",
    "Graph",
    "Key",
    "ParameterNode",
    "Relation",
]

Key = tuple[str, int]
"""Kind (``activity``, ``entity`` or ``agent``) and primary key of a node."""


class ParameterNode(NamedTuple):
    """A value with which an activity was configured, and what is known of the parameter."""

    name: str
    value: str
    value_type: str = ""
    unit: str = ""
    ucd: str = ""


class ActivityDescriptionNode(NamedTuple):
    """A task in one version."""

    pk: int
    name: str
    version: str = ""
    description: str = ""
    docurl: str = ""
    type: str = ""

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".rstrip()


class EntityDescriptionNode(NamedTuple):
    """A kind of file."""

    pk: int
    name: str
    type: str = ""
    content_type: str = ""


@dataclass(slots=True)
class ActivityNode:
    """An activity; of one that is closed to the asker nothing but its identifier is told."""

    pk: int
    identifier: str
    name: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    comment: str = ""
    phase: str = ""
    exit_code: int | None = None
    host: str = ""
    description: ActivityDescriptionNode | None = None
    closed: bool = False
    command: Sequence[str] = ()
    software: dict[str, str] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    parameters: list[ParameterNode] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What the activity is called where there is little room."""
        if self.closed:
            return "closed"
        return self.description.label if self.description else self.name


class EntityNode(NamedTuple):
    """An entity."""

    pk: int
    identifier: str
    name: str = ""
    location: str = ""
    generated_at_time: datetime | None = None
    comment: str = ""
    sha256: str = ""
    size: int | None = None
    description: EntityDescriptionNode | None = None


class AgentNode(NamedTuple):
    """An agent."""

    pk: int
    identifier: str = ""
    name: str = ""
    type: str = ""
    url: str = ""


class Relation(NamedTuple):
    """An edge, in the direction of PROV: from what came later to what it came from.

    `kind` is PROV's name of the relation.
    """

    kind: str
    source: Key
    target: Key
    role: str = ""
    time: datetime | None = None


@dataclass(slots=True)
class Graph:
    """Activities, entities and agents by primary key, and the relations between them."""

    activities: dict[int, ActivityNode] = field(default_factory=dict)
    entities: dict[int, EntityNode] = field(default_factory=dict)
    agents: dict[int, AgentNode] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
