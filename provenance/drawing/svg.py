"""Draws a provenance graph as SVG, in W3C PROV's shapes and colours, with a link on every node.

No outside program is needed, so that a bare machine can draw it too.
"""

from __future__ import annotations

from collections.abc import Iterable

from provenance.drawing.compose import compose
from provenance.drawing.layout import GAP_X, NODE_HEIGHT, NODE_WIDTH, Place
from provenance.drawing.parts import Arrow, Drawing, Label, Links, Node
from provenance.drawing.texts import DETAIL_SIZE, NAME_SIZE, ROLE_SIZE, shortened, texts_of
from provenance.graph import Graph
from vo.xmltext import attribute, content

__all__ = ["ARROW", "COLOURS", "INK", "ROLE", "draw", "draw_svg", "legend", "shape", "write"]

COLOURS = {
    "entity": ("#fffbd6", "#8a7a1f"),
    "collection": ("#fffbd6", "#8a7a1f"),
    "value": ("#f1f7d8", "#64731b"),
    "activity": ("#dfe4ff", "#3d4fb5"),
    "failed": ("#fde3e0", "#b3372b"),
    "closed": ("#eceef1", "#6b7280"),
    "agent": ("#ffe7cc", "#a9641a"),
}
"""Fill and outline of each kind of node; attributes, since a page's security policy may forbid style elements."""

INK, ARROW, ROLE = "#1d2230", "#55607a", "#3f4a63"
"""Of names, arrows and roles."""

LEGEND = {
    "entity": "entity: a file or another data set",
    "collection": "collection of entities",
    "value": "a value that was passed on",
    "activity": "activity: a job or another that was completed",
    "failed": "✕ activity that failed or was aborted",
    "closed": "a job that you may not see",
    "agent": "agent: who is responsible",
}
"""What the shapes mean."""

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:.0f} {height:.0f}"'
    f' role="graphics-document document" aria-labelledby="graph-title graph-desc" fill="{INK}" text-anchor="middle"'
    ' font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif">'
)
MARKER = (
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
    f' orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="{ARROW}"/></marker></defs>'
)


def draw(graph: Graph, *, base_url: str, title: str) -> str:
    """The graph as an SVG document; of a large one, steps and piles of files stand for what is in them."""
    return write(compose(graph, links=Links.of_documents(base_url)), title=title)


def legend(drawing: Drawing) -> list[tuple[str, str]]:
    """Small pictures of the shapes that occur in a drawing, each with what it means."""
    styles = {node.style for node in drawing.nodes}
    rows = [(style, {}, text) for style, text in LEGEND.items() if style in styles]
    if drawing.is_collapsed:
        rows.append(("entity", {"is_pile": True}, "several, put together: open it to see each"))
    if any(node.is_marked for node in drawing.nodes):
        rows.append(("entity", {"is_marked": True}, "what this page is about"))
    head = f'<svg viewBox="-4 -4 {NODE_WIDTH + 12} {NODE_HEIGHT + 12}" width="56" height="18" aria-hidden="true">'
    return [(f"{head}{shape(style, is_small=True, **look)}</svg>", text) for style, look, text in rows]


def draw_svg(graph: Graph, *, base_url: str, title: str) -> bytes:
    """`draw` as the bytes of a file."""
    return draw(graph, base_url=base_url, title=title).encode()


def write(drawing: Drawing, *, title: str, fit: bool = False) -> str:
    """A drawing as an SVG document.

    Data flow from left to right; arrows point, as PROV's do, from what came later to what it came from.

    Parameters
    ----------
    fit
        Whether the picture is as wide as there is room, in place of its own size.
    """
    layout = drawing.layout
    exact = f'width="{layout.width:.0f}" height="{layout.height:.0f}"'
    parts = [
        HEAD.format(size='width="100%"' if fit else exact, width=layout.width, height=layout.height),
        f'<title id="graph-title">{content(title)}</title>',
        f'<desc id="graph-desc">{content(_describe(drawing.nodes))}</desc>',
        MARKER,
        f'<rect {exact} fill="#fff"/>',
    ]
    parts.extend(_arrow(arrow, drawing) for arrow in drawing.arrows)
    parts.extend(_label(label, layout.places[label.key]) for label in drawing.labels)
    parts.extend(_node(node, layout.places[node.key]) for node in drawing.nodes)
    parts.append("</svg>\n")
    return "\n".join(parts)


def _describe(nodes: Iterable[Node]) -> str:
    counts = dict.fromkeys(("activity", "entity", "agent"), 0)
    for node in nodes:
        counts[node.key[0]] += node.count
    return f"{counts['activity']} activities, {counts['entity']} entities and {counts['agent']} agents."


def _node(node: Node, spot: Place) -> str:
    middle = f"{NODE_WIDTH / 2:g}"
    name, detail = texts_of(node)
    below = 5 if node.style == "agent" else 0  # a house has its roof above
    inner = (
        f'<g transform="translate({spot.x:.1f} {spot.y:.1f})"><title>{content(node.tip)}</title>'
        f"{shape(node.style, is_pile=node.count > 1 or node.style == 'collection', is_marked=node.is_marked)}"
        f'<text x="{middle}" y="{21 + below}" font-size="{NAME_SIZE}" font-weight="600">{content(name)}</text>'
        f'<text x="{middle}" y="{38 + below}" font-size="{DETAIL_SIZE}">{content(detail)}</text></g>'
    )
    return f'<a href="{attribute(node.url)}">{inner}</a>' if node.url else inner


def shape(style: str, *, is_pile: bool = False, is_marked: bool = False, is_small: bool = False) -> str:
    """The outline of a node, at the origin: pills for entities, boxes for activities, houses for agents.

    Parameters
    ----------
    is_small
        Whether it is shown in another size: lines then keep their width.
    """
    fill, outline = COLOURS[style]
    width = 3.5 if is_marked else 1.5
    look = f'fill="{fill}" stroke="{outline}" stroke-width="{width:g}"'
    if is_small:
        look += ' vector-effect="non-scaling-stroke"'
    if style == "closed":
        look += ' stroke-dasharray="5 4"'
    if style == "agent":
        right, bottom = NODE_WIDTH, NODE_HEIGHT
        return f'<path d="M0 {bottom}V12L{right / 2:g} 0L{right} 12V{bottom}z" {look}/>'
    radius = {"entity": NODE_HEIGHT / 2, "collection": NODE_HEIGHT / 2, "value": 12}.get(style, 2)
    box = f'width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="{radius:g}"'
    behind = f'<rect x="5" y="5" {box} {look}/>' if is_pile else ""
    return f"{behind}<rect {box} {look}/>"


def _arrow(arrow: Arrow, drawing: Drawing) -> str:
    start, end = drawing.layout.places[arrow.source], drawing.layout.places[arrow.target]
    dashes = ""
    if arrow.kind == "wasAssociatedWith":
        x1, y1 = start.x + NODE_WIDTH / 2, start.y + NODE_HEIGHT
        x2, y2 = end.x + NODE_WIDTH / 2, end.y
        middle = (y1 + y2) / 2
        path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
        dashes = ' stroke-dasharray="4 4"'
    else:
        path = _path(start, end, drawing.layout.ways.get((arrow.source, arrow.target), ()))
        if arrow.kind not in ("used", "wasGeneratedBy"):
            dashes = ' stroke-dasharray="7 4"'
    told = f"{arrow.kind} × {arrow.count}" if arrow.count > 1 else arrow.kind
    return (
        f'<path d="{path}" fill="none" stroke="{ARROW}" stroke-width="1.4"{dashes} marker-end="url(#arrow)">'
        f"<title>{content(told)}</title></path>"
    )


def _path(start: Place, end: Place, ways: Iterable[Place]) -> str:
    """From the left edge of a node to the right edge of another, by the ways that are kept free between them."""
    x, y = start.x, start.y + NODE_HEIGHT / 2
    parts = [f"M{x:.1f} {y:.1f}"]
    for way in ways:
        parts.append(_curve(x, y, way.x + NODE_WIDTH, way.y))
        parts.append(f"H{way.x:.1f}")
        x, y = way.x, way.y
    parts.append(_curve(x, y, end.x + NODE_WIDTH, end.y + NODE_HEIGHT / 2))
    return "".join(parts)


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    bend = max(abs(x1 - x2) / 2, GAP_X / 2)
    return f"C{x1 - bend:.1f} {y1:.1f} {x2 + bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _label(label: Label, spot: Place) -> str:
    x, anchor = (spot.x - 8, "end") if label.on_left else (spot.x + NODE_WIDTH + 10, "start")
    y = spot.y + NODE_HEIGHT / 2 - 6
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{ROLE_SIZE}" text-anchor="{anchor}" fill="{ROLE}" stroke="#fff"'
        f' stroke-width="4" paint-order="stroke">{content(shortened(label.text, GAP_X - 14, ROLE_SIZE))}'
        f"<title>{content(label.text)}</title></text>"
    )
