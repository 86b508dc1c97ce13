"""Texts of nodes, as far as there is room for them."""

from __future__ import annotations

from provenance.drawing.layout import NODE_WIDTH
from provenance.drawing.parts import Node

__all__ = ["DETAIL_SIZE", "NAME_SIZE", "ROLE_SIZE", "shortened", "texts_of", "web_address"]

NAME_SIZE, DETAIL_SIZE, ROLE_SIZE = 14, 12, 11.5
"""Heights of letters, in pixels."""

BOLD = 1.1
"""How much wider bold letters are."""


def web_address(url: str) -> str:
    """An address that browsers can open, or an empty text: those of the IVOA (``ivo:``) cannot be."""
    return url if url.startswith(("https://", "http://")) else ""


def texts_of(node: Node) -> tuple[str, str]:
    """The two lines of a node, as far as there is room for them."""
    room = NODE_WIDTH - (30 if node.style in ("entity", "collection") else 16)
    mark = "✕ " if node.style == "failed" else ""
    return shortened(mark + node.name, room, BOLD * NAME_SIZE), shortened(node.detail, room + 6, DETAIL_SIZE)


def shortened(text: str, room: float, size: float) -> str:
    """The beginning and the end of a text that is too long: names of files differ at either.

    Parameters
    ----------
    room, size
        Width that there is and height of the letters, in pixels. Widths of letters are those of a wide font, since
        nobody knows which font a reader has.
    """
    if _width(text, size) <= room:
        return text
    length = len(text)
    while length > 4:
        length -= 1
        tail = length // 3
        short = f"{text[: length - tail - 1]}…{text[-tail:]}"
        if _width(short, size) <= room:
            break
    return short


def _width(text: str, size: float) -> float:
    return size * sum(_NARROW.get(letter, 0.74 if letter.isupper() else 0.62) for letter in text)


_NARROW = dict.fromkeys("ijl.,:;'|!()[]/ ", 0.34) | dict.fromkeys("frt-", 0.45) | dict.fromkeys("mwMW@%", 0.97)
"""Widths of letters that are not like others, in parts of their height."""
