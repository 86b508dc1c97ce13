"""Places the nodes of a drawing in layers, from the first inputs on the left to the last products.

A layered drawing after Sugiyama, Tagawa & Toda (1981): longest-path layers, order by barycentres; arrows over several
layers keep a way free for themselves. Heights follow the neighbours as near as the order allows (isotonic regression).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["GAP_X", "NODE_HEIGHT", "NODE_WIDTH", "Layout", "Place", "layers_of", "place"]

NODE_WIDTH, NODE_HEIGHT = 232, 50
GAP_X, GAP_Y, MARGIN = 120, 18, 20
WAY_HEIGHT = 6
"""Room that an arrow takes where it passes a layer, in pixels."""

SWEEPS = 4
"""How often the layers are ordered, and then levelled, to and fro; more changes little."""

MOST_WAYS = 4_000
"""Ways that are kept free at most; the longest arrows of a larger drawing cross what lies between."""

Key = Hashable
Arrow = tuple[Key, Key]
"""From what came later to what came earlier, as PROV's relations point."""


@dataclass(frozen=True, slots=True)
class Place:
    """Upper left corner of a node, in pixels."""

    x: float
    y: float


@dataclass(slots=True)
class Layout:
    """Where everything is, in pixels.

    Parameters
    ----------
    ways
        Heights at which an arrow passes the layers between its ends, with the left edge of each layer, from the later
        to the earlier; arrows without an entry pass none.
    """

    places: dict[Key, Place] = field(default_factory=dict)
    ways: dict[Arrow, list[Place]] = field(default_factory=dict)
    width: float = 0
    height: float = 0


@dataclass(frozen=True, slots=True)
class _Way:
    """An arrow's passage through a layer; all arrows to the same node share it."""

    end: Key
    layer: int


def place(
    nodes: Sequence[Key], arrows: Iterable[Arrow], *, beneath: Mapping[Key, Sequence[Key]] | None = None
) -> Layout:
    """Places for all nodes.

    Parameters
    ----------
    beneath
        More nodes that stand in a row beneath, each with the nodes that it should be near to.
    """
    known = set(nodes)
    edges = [
        (later, earlier)
        for later, earlier in dict.fromkeys(arrows)
        if later in known and earlier in known and later != earlier
    ]
    depth = _pulled(layers_of(nodes, edges), edges)
    layers: list[list[Key]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in nodes:
        layers[depth[node]].append(node)
    ways = _ways(edges, depth, layers)
    before, after = _neighbours(edges, depth, ways)
    _order(layers, before, after)
    middles = _level(layers, before, after)
    layout = Layout()
    top = min((middle - _height(key) / 2 for key, middle in middles.items()), default=0) - MARGIN
    for index, layer in enumerate(layers):
        x = MARGIN + index * (NODE_WIDTH + GAP_X)
        for key in layer:
            if not isinstance(key, _Way):
                layout.places[key] = Place(x, middles[key] - NODE_HEIGHT / 2 - top)
    for arrow, passed in ways.items():
        layout.ways[arrow] = [Place(MARGIN + way.layer * (NODE_WIDTH + GAP_X), middles[way] - top) for way in passed]
    bottom = max((spot.y + NODE_HEIGHT for spot in layout.places.values()), default=0)
    bottom = max([bottom, *(spot.y for passed in layout.ways.values() for spot in passed)])
    _place_beneath(layout, beneath or {}, bottom + 2.5 * GAP_Y if layout.places else MARGIN)
    bottom = max([bottom, *(layout.places[key].y + NODE_HEIGHT for key in beneath or ())])
    layout.width = max((spot.x + NODE_WIDTH for spot in layout.places.values()), default=0) + MARGIN
    layout.height = bottom + MARGIN
    return layout


def layers_of(nodes: Sequence[Key], edges: Sequence[Arrow]) -> dict[Key, int]:
    """For each node the length of the longest path to it, counted from those that nothing leads to.

    Cycles, which only broken records have, are cut where the first of their nodes stands.
    """
    after: dict[Key, list[Key]] = defaultdict(list)
    waiting = dict.fromkeys(nodes, 0)
    for later, earlier in edges:
        after[earlier].append(later)
        waiting[later] += 1
    depth = dict.fromkeys(nodes, 0)
    ready = deque(key for key in nodes if not waiting[key])
    rest = iter(nodes)
    done: set[Key] = set()
    while len(done) < len(depth):
        if not ready:
            ready.append(next(key for key in rest if key not in done))
        key = ready.popleft()
        if key in done:
            continue
        done.add(key)
        for other in after[key]:
            if other in done:
                continue
            depth[other] = max(depth[other], depth[key] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return depth


def _pulled(depth: dict[Key, int], edges: Sequence[Arrow]) -> dict[Key, int]:
    """The layers, with first inputs next to what uses them first, and none empty."""
    has_origin = {later for later, _ in edges}
    users: dict[Key, int] = {}
    for later, earlier in edges:
        if earlier not in has_origin:
            users[earlier] = min(users.get(earlier, depth[later]), depth[later])
    pulled = depth | {key: max(layer - 1, 0) for key, layer in users.items()}
    number = {layer: index for index, layer in enumerate(sorted(set(pulled.values())))}
    return {key: number[layer] for key, layer in pulled.items()}


def _ways(edges: Sequence[Arrow], depth: Mapping[Key, int], layers: list[list[Key]]) -> dict[Arrow, list[_Way]]:
    """What each long arrow passes, from the later end to the earlier; the passages are put into their layers."""
    known: set[_Way] = set()
    ways: dict[Arrow, list[_Way]] = {}
    for later, earlier in sorted(edges, key=lambda edge: depth[edge[0]] - depth[edge[1]]):
        passed = [_Way(earlier, layer) for layer in range(depth[later] - 1, depth[earlier], -1)]
        if not passed:
            continue
        if len(known) + len(passed) > MOST_WAYS:
            break
        ways[later, earlier] = passed
        for way in passed:
            if way not in known:
                known.add(way)
                layers[way.layer].append(way)
    return ways


def _neighbours(
    edges: Sequence[Arrow], depth: Mapping[Key, int], ways: Mapping[Arrow, list[_Way]]
) -> tuple[dict[Key, list[Key]], dict[Key, list[Key]]]:
    """For each node and passage those of the layer before and of the layer after that it is tied to."""
    before: dict[Key, dict[Key, None]] = defaultdict(dict)
    after: dict[Key, dict[Key, None]] = defaultdict(dict)
    for later, earlier in edges:
        chain = [later, *ways.get((later, earlier), ()), earlier]
        if depth[later] - depth[earlier] != len(chain) - 1:
            continue
        for one, other in pairwise(chain):
            before[one][other] = None
            after[other][one] = None
    return (
        defaultdict(list, {key: list(others) for key, others in before.items()}),
        defaultdict(list, {key: list(others) for key, others in after.items()}),
    )


def _order(layers: list[list[Key]], before: dict[Key, list[Key]], after: dict[Key, list[Key]]) -> None:
    rank = {key: row / len(layer) for layer in layers for row, key in enumerate(layer)}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        for layer in layers[1:] if forward else layers[-2::-1]:
            weight = {}
            for key in layer:
                others = neighbours[key]
                weight[key] = sum(map(rank.__getitem__, others)) / len(others) if others else rank[key]
            layer.sort(key=weight.__getitem__)
            rank.update((key, row / len(layer)) for row, key in enumerate(layer))


def _height(key: Key) -> float:
    return WAY_HEIGHT if isinstance(key, _Way) else NODE_HEIGHT


def _level(layers: list[list[Key]], before: dict[Key, list[Key]], after: dict[Key, list[Key]]) -> dict[Key, float]:
    """The height of the middle of each node and passage."""
    middles: dict[Key, float] = {}
    offsets = []
    for layer in layers:
        offset, last = [], None
        for key in layer:
            offset.append(0.0 if last is None else offset[-1] + (_height(last) + _height(key)) / 2 + GAP_Y)
            last = key
        offsets.append(offset)
        middles.update((key, row - offset[-1] / 2) for key, row in zip(layer, offset, strict=True))
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        order = range(1, len(layers)) if forward else range(len(layers) - 2, -1, -1)
        for index in order:
            layer, offset = layers[index], offsets[index]
            wished = []
            for key, row in zip(layer, offset, strict=True):
                others = before[key] if forward else after[key]
                aim = sum(map(middles.__getitem__, others)) / len(others) if others else middles[key]
                wished.append(aim - row)
            middles.update((key, level + row) for key, level, row in zip(layer, _rising(wished), offset, strict=True))
    return middles


def _rising(values: Sequence[float]) -> list[float]:
    """The numbers that never fall and lie nearest to these, by least squares (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = value, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean = (mean * count + other * others) / (count + others)
            count += others
        pools.append((mean, count))
    return [mean for mean, count in pools for _ in range(count)]


def _place_beneath(layout: Layout, beneath: Mapping[Key, Sequence[Key]], top: float) -> None:
    wished = {}
    for key, others in beneath.items():
        columns = [layout.places[other].x for other in others if other in layout.places]
        wished[key] = sum(columns) / len(columns) if columns else MARGIN
    right = MARGIN - 2 * GAP_Y
    for key in sorted(beneath, key=wished.__getitem__):
        x = max(wished[key], right + 2 * GAP_Y)
        layout.places[key] = Place(x, top)
        right = x + NODE_WIDTH
