"""What is drawn of a provenance graph, and where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from provenance.drawing.collapse import CONFIGURED, FLOW, Cluster, collapse, flatten
from provenance.drawing.layout import place
from provenance.drawing.parts import Arrow, Drawing, Label, Links, Node
from provenance.drawing.texts import web_address
from provenance.graph import ActivityNode, EntityNode, Graph, Key, Relation
from provenance.models import EntityKind

__all__ = ["MOST_NODES", "compose"]

MOST_NODES = 400
"""Nodes that are drawn at most; those furthest from what the drawing is about are left out."""

FEW_ACTIVITIES = 3
"""Activities up to which those responsible are drawn unasked: lines to them cross all others."""

WORST = ("ERROR", "ABORTED")
"""Phases that are told of several jobs before all others."""


def compose(
    graph: Graph, *, links: Links, expand: Collection[str] = (), focus: Collection[Key] = (), agents: bool | None = None
) -> Drawing:
    """The drawing of a graph.

    Parameters
    ----------
    expand
        Tokens of `provenance.drawing.collapse` whose things are drawn one by one.
    focus
        What the drawing is about.
    agents
        Whether those responsible are drawn too; by default where no more than `FEW_ACTIVITIES` are.
    """
    flat, kept = flatten(_tied(graph, focus))
    clusters = collapse(flat, expand=expand, focus=focus, kept=kept)
    drawn = _nearest(flat, clusters, focus)
    if agents is None:
        agents = sum(cluster.members[0][0] == "activity" for cluster in drawn) <= FEW_ACTIVITIES
    return _Composer(flat, drawn, links, {*focus, *kept}).compose(
        agents=agents, left_out=sum(len(item.members) for item in clusters) - sum(len(item.members) for item in drawn)
    )


def _tied(graph: Graph, focus: Collection[Key]) -> Graph:
    """The graph with arrows to values that configured activities, without entities that no arrow leads to or from."""
    configured = [
        Relation(CONFIGURED, ("activity", pk), ("entity", parameter.value_entity), parameter.name)
        for pk, activity in graph.activities.items()
        for parameter in activity.parameters
        if parameter.value_entity in graph.entities
    ]
    relations = [*graph.relations, *configured]
    ends = {key for item in relations if item.kind in (*FLOW, "wasDerivedFrom") for key in (item.source, item.target)}
    ends |= set(focus)
    entities = {pk: node for pk, node in graph.entities.items() if ("entity", pk) in ends}
    return Graph(graph.activities, entities or graph.entities, graph.agents, relations)


def _nearest(graph: Graph, clusters: list[Cluster], focus: Collection[Key]) -> list[Cluster]:
    """The clusters that are fewest arrows away from the focus, as many as are drawn."""
    if len(clusters) <= MOST_NODES:
        return clusters
    cluster_of = {member: number for number, cluster in enumerate(clusters) for member in cluster.members}
    near: dict[int, set[int]] = defaultdict(set)
    for relation in graph.relations:
        if relation.kind in FLOW and relation.source in cluster_of and relation.target in cluster_of:
            one, other = cluster_of[relation.source], cluster_of[relation.target]
            near[one].add(other)
            near[other].add(one)
    met = dict.fromkeys(cluster_of[key] for key in focus if key in cluster_of) or {0: None}
    for number in (queue := list(met)):
        fresh = sorted(other for other in near[number] if other not in met)
        met.update(dict.fromkeys(fresh))
        queue += fresh
    met.update(dict.fromkeys(range(len(clusters))))
    return [clusters[number] for number in sorted(list(met)[:MOST_NODES])]


class _Composer:
    """Makes a drawing of clusters."""

    def __init__(self, graph: Graph, clusters: list[Cluster], links: Links, marked: Collection[Key]) -> None:
        self.graph = graph
        self.clusters = clusters
        self.links = links
        self.marked = marked
        self.node_of = {member: cluster.members[0] for cluster in clusters for member in cluster.members}
        self.roles: dict[Key, list[tuple[str, bool]]] = defaultdict(list)
        for relation in graph.relations:
            if relation.kind == "wasGeneratedBy" and relation.target in self.node_of:
                self.roles[relation.source].append((relation.role, True))
            elif relation.kind in ("used", CONFIGURED) and relation.source in self.node_of:
                self.roles[relation.target].append((relation.role, False))

    def compose(self, *, agents: bool, left_out: int) -> Drawing:
        drawing = Drawing(left_out=left_out)
        drawing.nodes = [self._node(cluster) for cluster in self.clusters]
        drawing.arrows = list(self._arrows())
        drawing.labels = [label for cluster in self.clusters for label in self._labels(cluster)]
        flow = [(arrow.source, arrow.target) for arrow in drawing.arrows]
        beneath = self._add_agents(drawing) if agents else {}
        drawing.layout = place([node.key for node in drawing.nodes if node.style != "agent"], flow, beneath=beneath)
        return drawing

    def _node(self, cluster: Cluster) -> Node:
        kind, pk = cluster.members[0]
        if kind == "activity":
            return self._activity(self.graph.activities[pk]) if len(cluster.members) == 1 else self._jobs(cluster)
        return self._entity(self.graph.entities[pk]) if len(cluster.members) == 1 else self._files(cluster)

    def _activity(self, node: ActivityNode) -> Node:
        key = ("activity", node.pk)
        if node.closed:
            return Node(key, "closed", "closed", "a job of somebody else", "", "A job of somebody else")
        when = f"{node.start_time:%Y-%m-%d %H:%M}" if node.start_time else "never started"
        style = "activity" if node.phase == "COMPLETED" else "failed"
        detail = f"{node.phase} · {when}"
        tip = f"{node.label}, {detail} ({node.identifier})"
        return Node(key, style, node.label, detail, self.links.activity(node), tip, is_marked=key in self.marked)

    def _entity(self, node: EntityNode) -> Node:
        key = ("entity", node.pk)
        style = {EntityKind.COLLECTION: "collection", EntityKind.VALUE: "value"}.get(node.kind, "entity")
        name = node.name or node.identifier
        if node.value:
            name = f"{name} = {node.value}"
        detail = node.description.name if node.description else style
        tip = f"{name} ({node.identifier})" if name != node.identifier else name
        return Node(key, style, name, detail, self.links.entity(node), tip, is_marked=key in self.marked)

    def _jobs(self, cluster: Cluster) -> Node:
        nodes = [self.graph.activities[pk] for _, pk in cluster.members]
        number = len(nodes)
        if nodes[0].closed:
            tip = f"{number} jobs of somebody else"
            return Node(cluster.members[0], "closed", f"closed × {number}", "jobs of somebody else", "", tip, number)
        phases = Counter(node.phase for node in nodes)
        worst = next((phase for phase in (*WORST, *sorted(phases)) if phases[phase] and phase != "COMPLETED"), "")
        name = f"{nodes[0].label} × {number}"
        detail = f"{worst}: {phases[worst]} of {number}" if worst else f"all {number} COMPLETED"
        told = ", ".join(f"{count} {phase}" for phase, count in phases.most_common())
        url = self.links.cluster(cluster.token)
        return Node(cluster.members[0], "failed" if worst else "activity", name, detail, url, f"{name}: {told}", number)

    def _files(self, cluster: Cluster) -> Node:
        nodes = [self.graph.entities[pk] for _, pk in cluster.members]
        number = len(nodes)
        made = {role for key in cluster.members for role, is_made in self.roles[key] if is_made}
        roles = made or {role for key in cluster.members for role, _ in self.roles[key]}
        kinds = Counter(node.description.name for node in nodes if node.description)
        is_values = all(node.kind == EntityKind.VALUE for node in nodes)
        name = f"{min(roles)} × {number}" if len(roles) == 1 and min(roles) else f"{number} files"
        if is_values:
            name = f"{number} values"
        names = ", ".join(node.name or node.identifier for node in nodes[:8])
        return Node(
            cluster.members[0],
            "value" if is_values else "entity",
            name,
            ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "entities",
            self.links.cluster(cluster.token),
            f"{name}: {names}{', …' if number > 8 else ''}",
            number,
            is_marked=not self.marked.isdisjoint(cluster.members),
        )

    def _arrows(self) -> Iterator[Arrow]:
        counts: Counter[tuple[str, Key, Key]] = Counter()
        made = {relation.source for relation in self.graph.relations if relation.kind == "wasGeneratedBy"}
        for relation in self.graph.relations:
            kind, source, target = relation.kind, self.node_of.get(relation.source), self.node_of.get(relation.target)
            is_flow = kind in FLOW or (kind == "wasDerivedFrom" and relation.source not in made)
            if is_flow and source is not None and target is not None and source != target:
                counts[kind, source, target] += 1
        return (Arrow(*ends, count) for ends, count in counts.items())

    def _labels(self, cluster: Cluster) -> Iterator[Label]:
        for on_left in (True, False):
            roles = {
                role for key in cluster.members for role, is_made in self.roles[key] if is_made == on_left and role
            }
            if roles and len(roles) <= (1 if len(cluster.members) > 1 else 2):
                yield Label(", ".join(sorted(roles)), cluster.members[0], on_left)

    def _add_agents(self, drawing: Drawing) -> dict[Key, list[Key]]:
        """Draw the agents; gives the nodes that each is to stand beneath."""
        beneath: dict[Key, list[Key]] = {("agent", pk): [] for pk in self.graph.agents}
        roles: dict[Key, dict[str, None]] = defaultdict(dict)
        for relation in self.graph.relations:
            source = self.node_of.get(relation.source)
            if relation.kind != "wasAssociatedWith" or source is None or relation.target not in beneath:
                continue
            roles[relation.target][relation.role] = None
            if source not in beneath[relation.target]:
                drawing.arrows.append(Arrow("wasAssociatedWith", source, relation.target))
                beneath[relation.target].append(source)
        for pk, node in self.graph.agents.items():
            key = ("agent", pk)
            detail = " · ".join(filter(None, [node.type, ", ".join(filter(None, roles[key]))]))
            drawing.nodes.append(Node(key, "agent", node.name, detail, web_address(node.url), node.identifier))
        return beneath
