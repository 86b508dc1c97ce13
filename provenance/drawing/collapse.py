"""Puts together what a reader of a drawing takes for one thing: the jobs of a step, the files of a job.

Activities of one task at the same distance from the first inputs, which use and make the same, are one step; entities
that come from the same step and go to the same steps are one pile. A pipeline whose steps are there made nothing by
itself: what it passed on are the files of its steps.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from provenance.drawing.layout import layers_of
from provenance.graph import Graph, Key

__all__ = ["ALL", "CONFIGURED", "FEW", "FLOW", "Cluster", "collapse", "flatten"]

FEW = 20
"""Activities and entities up to which everything is drawn as it is."""

FEWEST_JOBS, FEWEST_FILES = 2, 3
"""From how many on activities, and entities, are put together."""

ALL = "all"
"""What `expand` says to see everything."""

CONFIGURED = "wasConfiguredBy"
"""What ties an activity to a value that another activity made."""

FLOW = ("used", "wasGeneratedBy", "hadMember", CONFIGURED)
"""Relations along which data flow."""


@dataclass(slots=True)
class Cluster:
    """What is drawn as one node.

    Parameters
    ----------
    token
        What names it to `collapse`; empty for what never was put together with others.
    members
        Keys of the activities, or of the entities, in it.
    """

    token: str
    members: list[Key] = field(default_factory=list)


def flatten(graph: Graph) -> tuple[Graph, set[Key]]:
    """The graph without pipelines that passed on files of their steps and made none, and the files passed on."""
    parents = {node.parent for node in graph.activities.values() if node.parent in graph.activities}
    if not parents:
        return graph, set()
    maker_of = {item.source: item.target[1] for item in graph.relations if item.kind == "wasGeneratedBy"}
    origin_of = {
        item.source: item.target
        for item in graph.relations
        if item.kind == "wasDerivedFrom" and item.target in maker_of and _same_bytes(graph, item.source, item.target)
    }
    passed = {key: origin_of[key] for key, maker in maker_of.items() if maker in parents and key in origin_of}
    gone: set[Key] = {("activity", pk) for pk in parents}
    gone -= {("activity", maker) for key, maker in maker_of.items() if key not in passed}
    passed = {key: origin for key, origin in passed.items() if ("activity", maker_of[key]) in gone}
    for key in passed:  # pipelines of pipelines
        seen = {key}
        while passed[key] in passed and passed[key] not in seen:
            seen.add(passed[key])
            passed[key] = passed[passed[key]]
    if not gone:
        return graph, set()
    relations = {
        item._replace(source=passed.get(item.source, item.source), target=passed.get(item.target, item.target)): None
        for item in graph.relations
        if item.source not in gone and item.target not in gone
    }
    used = {key for item in relations for key in (item.source, item.target)}
    flat = Graph(
        {pk: node for pk, node in graph.activities.items() if ("activity", pk) not in gone},
        {
            pk: node
            for pk, node in graph.entities.items()
            if ("entity", pk) not in passed and (("entity", pk) in used or ("entity", pk) in maker_of)
        },
        graph.agents,
        [item for item in relations if item.source != item.target],
    )
    return flat, set(passed.values())


def _same_bytes(graph: Graph, one: Key, other: Key) -> bool:
    return graph.entities[one[1]].sha256 == graph.entities[other[1]].sha256


def collapse(
    graph: Graph, *, expand: Collection[str] = (), focus: Collection[Key] = (), kept: Collection[Key] = ()
) -> list[Cluster]:
    """What to draw of a graph, agents left aside.

    Parameters
    ----------
    expand
        Tokens of clusters whose members are drawn one by one; `ALL` for every one.
    focus
        Nodes that stay by themselves.
    kept
        Entities that are not put together with others.
    """
    keys: list[Key] = [("activity", pk) for pk in graph.activities]
    keys += [("entity", pk) for pk in graph.entities]
    if len(keys) <= FEW:
        return [Cluster("", [key]) for key in keys]
    flow = _Flow(graph, keys)
    steps = _steps(flow, frozenset(focus))
    drawn = list(_taken_out(steps, expand, FEWEST_JOBS))
    alone = {cluster.members[0] for cluster in drawn if len(cluster.members) == 1}
    for pile in _piles(flow, steps, frozenset(focus), frozenset(kept)):
        drawn += _taken_out(_apart(pile, flow, alone), expand, FEWEST_FILES)
    return drawn


class _Flow:
    """Who used and made what, in which roles."""

    def __init__(self, graph: Graph, keys: list[Key]) -> None:
        self.graph = graph
        self.makers: dict[Key, list[Key]] = defaultdict(list)
        self.users: dict[Key, list[Key]] = defaultdict(list)
        self.used: dict[Key, set[str]] = defaultdict(set)
        self.made: dict[Key, set[str]] = defaultdict(set)
        self.roles: dict[Key, Counter[str]] = defaultdict(Counter)
        arrows = []
        for relation in graph.relations:
            if relation.kind not in FLOW:
                continue
            source, target, role = relation.source, relation.target, relation.role
            arrows.append((source, target))
            if relation.kind in ("used", CONFIGURED):
                self.users[target].append(source)
                self.used[source].add(role)
                self.roles[target][role] += 1
            elif relation.kind == "wasGeneratedBy":
                self.makers[source].append(target)
                self.made[target].add(role)
                self.roles[source][role] += 1
        self.layer = layers_of(keys, arrows)


def _steps(flow: _Flow, focus: frozenset[Key]) -> list[Cluster]:
    """The activities in steps; one that made less than its like, since it failed, still is of their step."""
    alike: dict[object, list[tuple[set[str], Cluster]]] = defaultdict(list)
    steps: list[Cluster] = []
    nodes = flow.graph.activities
    for pk in sorted(nodes, key=lambda pk: (-len(flow.made["activity", pk]), pk)):
        key: Key = ("activity", pk)
        node = nodes[pk]
        likeness = key if key in focus else (node.label, node.closed, flow.layer[key], frozenset(flow.used[key]))
        step = next((step for made, step in alike[likeness] if flow.made[key] <= made), None)
        if step is None:
            step = Cluster(node.label)
            alike[likeness].append((flow.made[key], step))
            steps.append(step)
        step.members.append(key)
    return _named(steps)


def _piles(flow: _Flow, steps: Iterable[Cluster], focus: frozenset[Key], kept: frozenset[Key]) -> list[Cluster]:
    """The entities by the steps that they come from and go to."""
    step_of = {key: step.token for step in steps for key in step.members}
    piles: dict[object, Cluster] = {}
    for pk in flow.graph.entities:
        key: Key = ("entity", pk)
        makers = frozenset(step_of[maker] for maker in flow.makers[key])
        users = frozenset(step_of[user] for user in flow.users[key])
        likeness = key if key in focus else (makers, users, key in kept)
        if likeness not in piles:
            roles = flow.roles[key]
            piles[likeness] = Cluster(f"{min(makers, default='inputs')}.{min(roles, default='files')}")
        piles[likeness].members.append(key)
    return _named(piles.values())


def _named(clusters: Iterable[Cluster]) -> list[Cluster]:
    """The clusters with tokens that fit into an address and differ."""
    seen: Counter[str] = Counter()
    named = []
    for cluster in clusters:
        token = re.sub(r"[^A-Za-z0-9_.]+", "-", cluster.token)[:80].strip("-") or "node"
        seen[token] += 1
        named.append(Cluster(f"{token}-{seen[token]}" if seen[token] > 1 else token, cluster.members))
    return named


def _apart(pile: Cluster, flow: _Flow, alone: Collection[Key]) -> list[Cluster]:
    """A pile, parted by those of its makers and users that are drawn by themselves."""
    parts: dict[object, Cluster] = {}
    for key in pile.members:
        near = frozenset(other for other in (*flow.makers[key], *flow.users[key]) if other in alone)
        parts.setdefault(near, Cluster(pile.token)).members.append(key)
    return list(parts.values())


def _taken_out(clusters: Iterable[Cluster], expand: Collection[str], fewest: int) -> Iterator[Cluster]:
    """The clusters, with the members of small ones and of those that are to be expanded one by one."""
    for cluster in clusters:
        if len(cluster.members) >= fewest and cluster.token not in expand and ALL not in expand:
            cluster.members.sort()
            yield cluster
        else:
            yield from (Cluster(cluster.token, [key]) for key in sorted(cluster.members))
