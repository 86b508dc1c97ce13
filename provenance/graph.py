"""A piece of provenance in memory: what serialisers and drawings work from."""

from __future__ import annotations

from dataclasses import dataclass, field

from provenance.models import Activity, Agent, Entity

__all__ = ["Graph", "Relation"]


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge, in the direction of PROV: from what came later to what it came from.

    `kind` is PROV's name of the relation; `source` and `target` are keys such as ``("entity", pk)``.
    """

    kind: str
    source: tuple[str, int]
    target: tuple[str, int]
    role: str = ""


@dataclass(slots=True)
class Graph:
    """Activities, entities and agents by primary key, and the relations between them."""

    activities: dict[int, Activity] = field(default_factory=dict)
    entities: dict[int, Entity] = field(default_factory=dict)
    agents: dict[int, Agent] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
