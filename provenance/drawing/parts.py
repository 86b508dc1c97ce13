"""The parts of a drawing: nodes with their texts and links, arrows, and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from provenance.document import activity_url, entity_url
from provenance.drawing.layout import Layout
from provenance.graph import ActivityNode, EntityNode, Key

__all__ = ["Arrow", "Drawing", "Label", "Links", "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """What a node shows.

    Parameters
    ----------
    style
        ``activity``, ``failed``, ``closed``, ``entity``, ``collection``, ``value`` or ``agent``.
    tip
        What is told of it in full.
    count
        Of how many things it stands.
    is_marked
        Whether the drawing is about it.
    """

    key: Key
    style: str
    name: str
    detail: str
    url: str
    tip: str
    count: int = 1
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """From what came later to what came earlier; `kind` is PROV's name of the relation."""

    kind: str
    source: Key
    target: Key
    count: int = 1


@dataclass(frozen=True, slots=True)
class Label:
    """Roles beside a node: those in which an entity was made (on its left) or used (on its right)."""

    text: str
    key: Key
    on_left: bool


@dataclass(slots=True)
class Drawing:
    """Nodes, arrows and labels with their places; `left_out` counts the nodes that are not drawn."""

    nodes: list[Node] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    layout: Layout = field(default_factory=Layout)
    left_out: int = 0

    @property
    def is_collapsed(self) -> bool:
        """Whether a node stands for several things."""
        return any(node.count > 1 for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of nodes; `cluster` gives that of several things by their token, or an empty text."""

    activity: Callable[[ActivityNode], str]
    entity: Callable[[EntityNode], str]
    cluster: Callable[[str], str] = lambda _: ""

    @classmethod
    def of_documents(cls, base_url: str) -> Links:
        """To the pages of activities and to the files."""
        return cls(lambda node: activity_url(node, base_url), lambda node: entity_url(node, base_url))
