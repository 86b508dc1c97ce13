"""The relations of a graph as the rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provenance.drawing import Links, web_address
from provenance.graph import Graph, Key, Relation

__all__ = ["PAGE_ROWS", "End", "Page", "Row", "page_of"]

PAGE_ROWS = 500
"""Rows of a page of the table."""


@dataclass(frozen=True, slots=True)
class End:
    """What a relation leads from or to."""

    name: str
    url: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Row:
    """A relation."""

    source: End
    kind: str
    role: str
    target: End


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of the table; `first` and `last` count from 1."""

    rows: list[Row]
    first: int
    last: int
    total: int
    number: int

    @property
    def earlier(self) -> int:
        """Number of the page before, or 0."""
        return self.number - 1

    @property
    def later(self) -> int:
        """Number of the page after, or 0."""
        return self.number + 1 if self.last < self.total else 0


def page_of(graph: Graph, *, links: Links, node: str, number: int) -> Page:
    """A page of the relations between nodes whose names or identifiers have something in them."""
    wanted = graph.relations
    if node:
        matching = _matching(graph, node.casefold())
        wanted = [item for item in wanted if item.source in matching or item.target in matching]
    number = min(number, max(1, -(-len(wanted) // PAGE_ROWS)))
    first = (number - 1) * PAGE_ROWS
    shown = wanted[first : first + PAGE_ROWS]
    end_of = _ends(graph, links)
    rows = [_row(item, end_of) for item in shown]
    return Page(rows, first + 1 if shown else 0, first + len(shown), len(wanted), number)


def _matching(graph: Graph, text: str) -> set[Key]:
    found: set[Key] = set()
    for pk, activity in graph.activities.items():
        if not activity.closed and (text in activity.label.casefold() or text in activity.identifier.casefold()):
            found.add(("activity", pk))
    for pk, entity in graph.entities.items():
        if text in entity.name.casefold() or text in entity.identifier.casefold():
            found.add(("entity", pk))
    found |= {("agent", pk) for pk, agent in graph.agents.items() if text in agent.name.casefold()}
    return found


def _ends(graph: Graph, links: Links) -> Callable[[Key], End]:
    def end_of(key: Key) -> End:
        kind, pk = key
        if kind == "activity":
            activity = graph.activities[pk]
            if activity.closed:
                return End("closed", "", "")
            return End(activity.label, links.activity(activity), activity.identifier)
        if kind == "entity":
            entity = graph.entities[pk]
            return End(entity.name or entity.identifier, links.entity(entity), entity.identifier)
        agent = graph.agents[pk]
        return End(agent.name, web_address(agent.url), agent.identifier)

    return end_of


def _row(relation: Relation, end_of: Callable[[Key], End]) -> Row:
    return Row(end_of(relation.source), relation.kind, relation.role, end_of(relation.target))
