"""A piece of provenance in memory: what notations and drawings work from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from provenance.models import ActivityKind, EntityKind

__all__ = [
    "ActivityDescriptionNode",
    "ActivityNode",
    "AgentNode",
    "ConfigFileDescriptionNode",
    "ConfigFileNode",
    "EntityDescriptionNode",
    "EntityNode",
    "Graph",
    "Key",
    "ParameterDescriptionNode",
    "ParameterNode",
    "Relation",
    "RoleDescriptionNode",
]

Key = tuple[str, int]
"""Kind (``activity``, ``entity`` or ``agent``) and primary key of a node."""


class ParameterDescriptionNode(NamedTuple):
    """What is known of a parameter of a task."""

    pk: int
    name: str
    value_type: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    min: str = ""
    max: str = ""
    default: str = ""
    options: Sequence[str] = ()
    description: str = ""


class ParameterNode(NamedTuple):
    """A value with which an activity was configured; `value_entity` is the primary key of where it came from."""

    name: str
    value: str
    description: ParameterDescriptionNode | None = None
    value_entity: int | None = None

    @property
    def unit(self) -> str:
        """Of the value."""
        return self.description.unit if self.description else ""


class ConfigFileDescriptionNode(NamedTuple):
    """A file with which a task is configured."""

    pk: int
    name: str
    content_type: str = ""
    description: str = ""


class ConfigFileNode(NamedTuple):
    """A file with which an activity was configured."""

    name: str
    location: str = ""
    comment: str = ""
    sha256: str = ""
    description: ConfigFileDescriptionNode | None = None


class EntityDescriptionNode(NamedTuple):
    """A kind of entity."""

    pk: int
    name: str
    type: str = ""
    content_type: str = ""
    value_type: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    description: str = ""
    docurl: str = ""


class RoleDescriptionNode(NamedTuple):
    """What a task uses or generates in a role."""

    pk: int
    role: str
    type: str = ""
    multiplicity: str = ""
    description: str = ""
    entity_description: EntityDescriptionNode | None = None


class ActivityDescriptionNode(NamedTuple):
    """A task in one version; `is_task` says whether it is one that users can start."""

    pk: int
    name: str
    version: str = ""
    description: str = ""
    docurl: str = ""
    type: str = ""
    subtype: str = ""
    is_task: bool = True
    usages: Sequence[RoleDescriptionNode] = ()
    generations: Sequence[RoleDescriptionNode] = ()
    parameters: Sequence[ParameterDescriptionNode] = ()
    config_files: Sequence[ConfigFileDescriptionNode] = ()

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".rstrip()


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
    config_files: list[ConfigFileNode] = field(default_factory=list)
    kind: str = ActivityKind.JOB
    parent: int | None = None

    @property
    def label(self) -> str:
        """What the activity is called where there is little room."""
        if self.closed:
            return "closed"
        return self.description.label if self.description else self.name


class EntityNode(NamedTuple):
    """An entity.

    One that is closed to the asker, which an open activity used, has neither a location, times nor a comment: these
    would tell of the activity that made it.
    """

    pk: int
    identifier: str
    name: str = ""
    location: str = ""
    generated_at_time: datetime | None = None
    comment: str = ""
    sha256: str = ""
    size: int | None = None
    description: EntityDescriptionNode | None = None
    kind: str = EntityKind.DATASET
    value: str = ""
    invalidated_at_time: datetime | None = None
    closed: bool = False


class AgentNode(NamedTuple):
    """An agent; how to reach it is told to itself and to superusers."""

    pk: int
    identifier: str = ""
    name: str = ""
    type: str = ""
    url: str = ""
    comment: str = ""
    affiliation: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""


class Relation(NamedTuple):
    """An edge, in the direction of PROV: from what came later to what it came from.

    `kind` is PROV's name of the relation; `description` is the primary key of what the task says of the role.
    """

    kind: str
    source: Key
    target: Key
    role: str = ""
    time: datetime | None = None
    description: int | None = None


@dataclass(slots=True)
class Graph:
    """Activities, entities and agents by primary key, and the relations between them."""

    activities: dict[int, ActivityNode] = field(default_factory=dict)
    entities: dict[int, EntityNode] = field(default_factory=dict)
    agents: dict[int, AgentNode] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
