"""Places the nodes of a provenance graph in layers, from the first inputs on the left to the last products.

A layered drawing after Sugiyama, Tagawa & Toda (1981): longest-path layers, order by barycentres.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from provenance.graph import Graph, Key

__all__ = ["Layout", "Place", "place"]

NODE_WIDTH, NODE_HEIGHT = 250, 54
GAP_X, GAP_Y, MARGIN = 130, 26, 24
SWEEPS = 6
"""How often the layers are ordered to and fro; more changes little."""


@dataclass(frozen=True, slots=True)
class Place:
    """Upper left corner of a node, in pixels."""

    x: float
    y: float


@dataclass(slots=True)
class Layout:
    """Places of all nodes and the size of the drawing, in pixels."""

    places: dict[Key, Place] = field(default_factory=dict)
    width: float = 0
    height: float = 0


def place(graph: Graph) -> Layout:
    """Places for every activity, entity and agent of `graph`; agents stand in a row beneath."""
    before = _predecessors(graph)
    layers = _layers(graph, before)
    _order(layers, before)
    layout = Layout()
    tallest = max((len(layer) for layer in layers), default=0)
    flow_height = tallest * (NODE_HEIGHT + GAP_Y) - GAP_Y if tallest else 0
    for index, layer in enumerate(layers):
        top = MARGIN + (flow_height - (len(layer) * (NODE_HEIGHT + GAP_Y) - GAP_Y)) / 2
        for row, key in enumerate(layer):
            layout.places[key] = Place(MARGIN + index * (NODE_WIDTH + GAP_X), top + row * (NODE_HEIGHT + GAP_Y))
    _place_agents(graph, layout, MARGIN + flow_height + 2 * GAP_Y)
    layout.width = max((spot.x + NODE_WIDTH for spot in layout.places.values()), default=0) + MARGIN
    layout.height = max((spot.y + NODE_HEIGHT for spot in layout.places.values()), default=0) + MARGIN
    return layout


def _predecessors(graph: Graph) -> dict[Key, list[Key]]:
    """For each node those that the data flowed from: PROV's arrows point there."""
    before: dict[Key, list[Key]] = defaultdict(list)
    for relation in graph.relations:
        if relation.kind in ("used", "wasGeneratedBy"):
            before[relation.source].append(relation.target)
    return before


def _layers(graph: Graph, before: dict[Key, list[Key]]) -> list[list[Key]]:
    nodes = [("entity", pk) for pk in graph.entities] + [("activity", pk) for pk in graph.activities]
    depth: dict[Key, int] = {}
    for node in nodes:
        stack = [node]
        while stack:
            key = stack[-1]
            waiting = [other for other in before[key] if other not in depth and other not in stack]
            if waiting:
                stack.extend(waiting[:1])
                continue
            depth[key] = 1 + max((depth.get(other, -1) for other in before[key]), default=-1)
            stack.pop()
    layers: list[list[Key]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in nodes:
        layers[depth[node]].append(node)
    return layers


def _order(layers: list[list[Key]], before: dict[Key, list[Key]]) -> None:
    after: dict[Key, list[Key]] = defaultdict(list)
    for key, others in list(before.items()):
        for other in others:
            after[other].append(key)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        sequence = layers[1:] if forward else layers[-2::-1]
        rank = {key: row for layer in layers for row, key in enumerate(layer)}
        for layer in sequence:
            weight = {
                key: sum(rank[other] for other in neighbours[key]) / len(neighbours[key])
                if neighbours[key]
                else rank[key]
                for key in layer
            }
            layer.sort(key=lambda key, weight=weight: weight[key])
            rank.update((key, row) for row, key in enumerate(layer))


def _place_agents(graph: Graph, layout: Layout, top: float) -> None:
    columns: dict[Key, list[float]] = defaultdict(list)
    for relation in graph.relations:
        if relation.kind == "wasAssociatedWith" and relation.source in layout.places:
            columns[relation.target].append(layout.places[relation.source].x)
    right = MARGIN - GAP_Y
    agents = [("agent", pk) for pk in graph.agents]
    for key in sorted(agents, key=lambda key: sum(columns[key]) / len(columns[key]) if columns[key] else 0):
        wished = sum(columns[key]) / len(columns[key]) if columns[key] else MARGIN
        x = max(wished - (NODE_WIDTH + GAP_Y) / 2 * (len(agents) > 1), right + GAP_Y)
        layout.places[key] = Place(x, top)
        right = x + NODE_WIDTH
