"""Drawings of provenance: what is put together, where it stands, and how it is written."""

from provenance.drawing.collapse import ALL
from provenance.drawing.compose import compose
from provenance.drawing.parts import Drawing, Links
from provenance.drawing.png import draw_png
from provenance.drawing.svg import draw, draw_svg, legend, write
from provenance.drawing.texts import web_address

__all__ = ["ALL", "Drawing", "Links", "compose", "draw", "draw_png", "draw_svg", "legend", "web_address", "write"]
