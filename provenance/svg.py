"""Draws a provenance graph as SVG, in W3C PROV's shapes and colours, with a link on every node.

No outside program is needed, so that a bare machine can draw it too.
"""

from __future__ import annotations

from dataclasses import dataclass

from provenance.document import activity_url, entity_url
from provenance.graph import ActivityNode, Graph, Relation
from provenance.layout import NODE_HEIGHT, NODE_WIDTH, Layout, Place, place
from vo.xmltext import attribute, content

__all__ = ["draw"]

DRAWN = ("used", "wasGeneratedBy", "wasAssociatedWith")
"""Relations that are drawn; the others follow from them and stand in the table beneath."""

COLOURS = {
    "entity": ("#fffbd6", "#8a7a1f"),
    "activity": ("#dfe4ff", "#3d4fb5"),
    "failed": ("#fde3e0", "#b3372b"),
    "closed": ("#eceef1", "#6b7280"),
    "agent": ("#ffe7cc", "#a9641a"),
}
"""Fill and outline of each kind of node; attributes, since a page's security policy may forbid style elements."""

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:.0f} {height:.0f}"'
    ' role="img" aria-labelledby="graph-title graph-desc" fill="#1d2230" text-anchor="middle"'
    ' font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif">'
)
MARKER = (
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
    ' orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="#55607a"/></marker></defs>'
)


@dataclass(frozen=True, slots=True)
class Box:
    """What a node shows: two lines of text, a link and a tip."""

    style: str
    name: str
    kind: str
    url: str
    tip: str


def draw(graph: Graph, *, base_url: str, title: str) -> str:
    """The graph as an SVG document.

    Data flow from left to right; arrows point, as PROV's do, from what came later to what it came from.
    """
    layout = place(graph)
    size = f'width="{layout.width:.0f}" height="{layout.height:.0f}"'
    parts = [
        HEAD.format(size=size, width=layout.width, height=layout.height),
        f'<title id="graph-title">{content(title)}</title>',
        f'<desc id="graph-desc">{content(_describe(graph))}</desc>',
        MARKER,
        f'<rect {size} fill="#fff"/>',
    ]
    parts.extend(_edge(relation, layout) for relation in graph.relations if relation.kind in DRAWN)
    parts.extend(_nodes(graph, layout, base_url))
    parts.append("</svg>\n")
    return "\n".join(parts)


def _describe(graph: Graph) -> str:
    return f"{len(graph.activities)} activities, {len(graph.entities)} entities and {len(graph.agents)} agents."


def _nodes(graph: Graph, layout: Layout, base_url: str) -> list[str]:
    nodes = []
    for pk, entity in graph.entities.items():
        kind = entity.description.name if entity.description else "entity"
        box = Box("entity", entity.name or entity.identifier, kind, entity_url(entity, base_url), entity.identifier)
        nodes.append(_node(layout.places["entity", pk], box, radius=NODE_HEIGHT / 2))
    for pk, activity in graph.activities.items():
        box = _activity_box(activity, base_url)
        nodes.append(_node(layout.places["activity", pk], box, radius=3))
    for pk, agent in graph.agents.items():
        box = Box("agent", agent.name, agent.type, agent.url, agent.identifier)
        nodes.append(_node(layout.places["agent", pk], box, radius=12))
    return nodes


def _activity_box(activity: ActivityNode, base_url: str) -> Box:
    if activity.closed:
        return Box("closed", activity.label, "a job of somebody else", "", activity.identifier)
    style = "activity" if activity.phase == "COMPLETED" else "failed"
    when = f"{activity.start_time:%Y-%m-%d %H:%M:%S}" if activity.start_time else "never started"
    return Box(
        style, activity.label, f"{activity.phase} · {when}", activity_url(activity, base_url), activity.identifier
    )


def _node(spot: Place, box: Box, *, radius: float) -> str:
    fill, outline = COLOURS[box.style]
    middle = f"{NODE_WIDTH / 2:g}"
    node = (
        f'<g transform="translate({spot.x:.1f} {spot.y:.1f})"><title>{content(box.tip)}</title>'
        f'<rect width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="{radius:g}" fill="{fill}" stroke="{outline}"'
        ' stroke-width="1.5"/>'
        f'<text x="{middle}" y="23" font-size="14" font-weight="600">{content(_shorten(box.name, 24))}</text>'
        f'<text x="{middle}" y="41" font-size="11.5">{content(_shorten(box.kind, 34))}</text></g>'
    )
    return f'<a href="{attribute(box.url)}">{node}</a>' if box.url else node


def _edge(relation: Relation, layout: Layout) -> str:
    start, end = layout.places[relation.source], layout.places[relation.target]
    if relation.kind == "wasAssociatedWith":
        x1, y1 = start.x + NODE_WIDTH / 2, start.y + NODE_HEIGHT
        x2, y2 = end.x + NODE_WIDTH / 2, end.y
        middle = (y1 + y2) / 2
        path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
        dashes = ' stroke-dasharray="4 4"'
    else:
        x1, y1 = start.x, start.y + NODE_HEIGHT / 2
        x2, y2 = end.x + NODE_WIDTH, end.y + NODE_HEIGHT / 2
        middle = (x1 + x2) / 2
        path = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        dashes = ""
    label = relation.role or relation.kind
    return (
        f'<path d="{path}" fill="none" stroke="#55607a" stroke-width="1.4"{dashes} marker-end="url(#arrow)">'
        f"<title>{relation.kind}</title></path>"
        f'<text x="{(x1 + x2) / 2:.1f}" y="{(y1 + y2) / 2 - 5:.1f}" font-size="11" fill="#3f4a63"'
        f' stroke="#fff" stroke-width="4" paint-order="stroke">{content(_shorten(label, 18))}</text>'
    )


def _shorten(text: str, length: int) -> str:
    """The beginning and the end of a text that is too long: names of files differ at either."""
    if len(text) <= length:
        return text
    tail = length // 3
    return f"{text[: length - tail - 1]}…{text[-tail:]}"
