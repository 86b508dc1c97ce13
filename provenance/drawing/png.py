"""Draws a provenance graph as PNG: the same picture as the SVG, where links and vectors cannot be had.

The letters are those that come with matplotlib, so that the bytes are the same on every machine.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from provenance.drawing.compose import compose
from provenance.drawing.layout import GAP_X, NODE_HEIGHT, NODE_WIDTH, Place
from provenance.drawing.parts import Arrow, Drawing, Label, Links, Node
from provenance.drawing.svg import ARROW, COLOURS, INK, ROLE
from provenance.drawing.texts import DETAIL_SIZE, NAME_SIZE, ROLE_SIZE, shortened, texts_of
from provenance.graph import Graph
from vo.errors import ParameterError

__all__ = ["MOST_PIXELS", "draw_png"]

MOST_PIXELS = 24_000_000
"""Of a picture: it is held in memory while it is drawn, 4 bytes a pixel."""

SCALES = (2.0, 1.5, 1.0, 0.75)
"""Pixels for one of the layout's, the greatest that is allowed; with fewer the names could not be read."""

POINTS = 72
"""To the inch; the pictures are drawn at one pixel of the layout a point."""

_ONE_AT_A_TIME = threading.Lock()
"""The caches of matplotlib are not made for threads."""


def draw_png(graph: Graph, *, base_url: str, title: str) -> bytes:
    """The graph as a picture.

    Raises
    ------
    vo.errors.ParameterError
        When it would have more than `MOST_PIXELS`.
    """
    drawing = compose(graph, links=Links.of_documents(base_url))
    area = drawing.layout.width * drawing.layout.height
    scale = next((scale for scale in SCALES if area * scale**2 <= MOST_PIXELS), None)
    if scale is None:
        raise ParameterError(
            "RESPONSEFORMAT",
            f"The picture would be {drawing.layout.width:.0f} × {drawing.layout.height:.0f} pixels; that is too large.",
            hint="Ask for PROV-SVG, or for fewer relations.",
        )
    import matplotlib as mpl  # noqa: PLC0415 - it is large, and few ask for pictures

    with _ONE_AT_A_TIME, mpl.rc_context():
        mpl.rcdefaults()  # settings of the user or the site do not matter
        return _Canvas(drawing, scale).painted(title)


class _Canvas:
    """A figure whose coordinates are those of the layout."""

    def __init__(self, drawing: Drawing, scale: float) -> None:
        from matplotlib import get_data_path  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
        from matplotlib.font_manager import FontProperties, get_font  # noqa: PLC0415
        from matplotlib.patheffects import withStroke  # noqa: PLC0415

        self.drawing = drawing
        self.scale = scale
        size = (drawing.layout.width / POINTS, drawing.layout.height / POINTS)
        self.figure = Figure(figsize=size, dpi=POINTS * scale, facecolor="white")
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, drawing.layout.width), ylim=(drawing.layout.height, 0))
        self.axes.axis("off")
        fonts = Path(get_data_path(), "fonts", "ttf")
        self.plain = FontProperties(fname=fonts / "DejaVuSans.ttf")
        self.bold = FontProperties(fname=fonts / "DejaVuSans-Bold.ttf")
        self.halo = [withStroke(linewidth=4, foreground="white")]
        self.known = get_font(str(fonts / "DejaVuSans.ttf")).get_charmap()

    def painted(self, title: str) -> bytes:
        """The picture, as the bytes of a file."""
        places = self.drawing.layout.places
        for arrow in self.drawing.arrows:
            self._arrow(arrow)
        for label in self.drawing.labels:
            self._label(label, places[label.key])
        for node in self.drawing.nodes:
            self._node(node, places[node.key])
        file = io.BytesIO()
        self.figure.savefig(file, format="png", metadata={"Software": None, "Title": title[:200]})
        return file.getvalue()

    def _node(self, node: Node, spot: Place) -> None:
        fill, outline = COLOURS[node.style]
        look = {"facecolor": fill, "edgecolor": outline, "linewidth": 3.5 if node.is_marked else 1.5}
        if node.style == "closed":
            look["linestyle"] = (0, (5, 4))
        if node.count > 1 or node.style == "collection":
            self._outline(node.style, spot.x + 5, spot.y + 5, look)
        self._outline(node.style, spot.x, spot.y, look)
        name, detail = texts_of(node)
        below = 5 if node.style == "agent" else 0
        middle = spot.x + NODE_WIDTH / 2
        self._text(middle, spot.y + 21 + below, name, size=NAME_SIZE - 1, font=self.bold)
        self._text(middle, spot.y + 38 + below, detail, size=DETAIL_SIZE - 0.5)

    def _outline(self, style: str, x: float, y: float, look: dict[str, Any]) -> None:
        from matplotlib.patches import FancyBboxPatch, Polygon  # noqa: PLC0415

        if style == "agent":
            right, bottom = x + NODE_WIDTH, y + NODE_HEIGHT
            corners = [(x, bottom), (x, y + 12), (x + NODE_WIDTH / 2, y), (right, y + 12), (right, bottom)]
            self.axes.add_patch(Polygon(corners, closed=True, zorder=3, **look))
            return
        radius = {"entity": NODE_HEIGHT / 2, "collection": NODE_HEIGHT / 2, "value": 12}.get(style, 2)
        rounding = f"round,pad=0,rounding_size={radius}"
        self.axes.add_patch(
            FancyBboxPatch((x, y), NODE_WIDTH, NODE_HEIGHT, boxstyle=rounding, mutation_aspect=1, zorder=3, **look)
        )

    def _arrow(self, arrow: Arrow) -> None:
        start, end = self.drawing.layout.places[arrow.source], self.drawing.layout.places[arrow.target]
        if arrow.kind == "wasAssociatedWith":
            x1, y1, x2, y2 = start.x + NODE_WIDTH / 2, start.y + NODE_HEIGHT, end.x + NODE_WIDTH / 2, end.y
            middle = (y1 + y2) / 2
            self._line([(x1, y1)], [[(x1, middle), (x2, middle), (x2, y2)]], dashes=(4, 4))
            self._head([(x2, y2), (x2 - 4.5, y2 - 9), (x2 + 4.5, y2 - 9)])
            return
        ways = self.drawing.layout.ways.get((arrow.source, arrow.target), ())
        dashes = None if arrow.kind in ("used", "wasGeneratedBy") else (7, 4)
        self._flow(start, end, ways, dashes)

    def _flow(self, start: Place, end: Place, ways: Iterable[Place], dashes: tuple[int, int] | None) -> None:
        x, y = start.x, start.y + NODE_HEIGHT / 2
        stops = [(way.x + NODE_WIDTH, way.x, way.y) for way in ways]
        tip = end.x + NODE_WIDTH
        for right, left, height in [*stops, (tip, tip, end.y + NODE_HEIGHT / 2)]:
            bend = max(abs(x - right) / 2, GAP_X / 2)
            self._line([(x, y)], [[(x - bend, y), (right + bend, height), (right, height)]], dashes=dashes)
            if left != right:
                self._line([(right, height)], [[(right, height), (left, height), (left, height)]], dashes=dashes)
            x, y = left, height
        self._head([(x, y), (x + 9, y - 4.5), (x + 9, y + 4.5)])

    def _line(self, start: list[Any], curves: list[list[Any]], *, dashes: tuple[int, int] | None) -> None:
        from matplotlib.patches import PathPatch  # noqa: PLC0415
        from matplotlib.path import Path as Curve  # noqa: PLC0415

        corners = [*start, *(point for curve in curves for point in curve)]
        codes = [Curve.MOVETO, *([Curve.CURVE4] * 3 * len(curves))]
        style = (0, dashes) if dashes else "solid"
        look = {"fill": False, "edgecolor": ARROW, "linewidth": 1.4, "linestyle": style, "zorder": 1}
        self.axes.add_patch(PathPatch(Curve(corners, codes), **look))

    def _head(self, corners: list[tuple[float, float]]) -> None:
        from matplotlib.patches import Polygon  # noqa: PLC0415

        self.axes.add_patch(Polygon(corners, closed=True, facecolor=ARROW, edgecolor="none", zorder=2))

    def _label(self, label: Label, spot: Place) -> None:
        x, align = (spot.x - 8, "right") if label.on_left else (spot.x + NODE_WIDTH + 10, "left")
        text = shortened(label.text, GAP_X - 14, ROLE_SIZE)
        self._text(x, spot.y + NODE_HEIGHT / 2 - 6, text, size=ROLE_SIZE - 0.5, align=align, colour=ROLE)

    def _text(
        self, x: float, y: float, text: str, *, size: float, font: Any = None, align: str = "center", colour: str = INK
    ) -> None:
        font = (font or self.plain).copy()
        font.set_size(size)
        shown = "".join(letter if ord(letter) in self.known else "□" for letter in text)
        drawn = self.axes.text(x, y, shown, fontproperties=font, ha=align, color=colour, zorder=4, parse_math=False)
        if colour == ROLE:  # roles stand on arrows
            drawn.set_path_effects(self.halo)
            drawn.set_zorder(2)
