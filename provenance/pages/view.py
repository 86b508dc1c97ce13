"""What a page of provenance is asked to show, and the addresses of other views of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from vo.errors import ParameterError

__all__ = ["DIRECTIONS", "MAX_DEPTH", "View", "read_depth", "read_view"]

MAX_DEPTH = 50
"""Generations of other jobs that one request may ask for."""

MOST_EXPANDED = 40
"""Steps and piles of files that one page shows one by one; more would make its address too long."""

DIRECTIONS = {
    "back": "what it came from",
    "forth": "what became of it",
    "both": "both",
}
"""Where to look, and what people call it."""

_NAMES = ("depth", "direction", "node", "page", "agents", "steps", "fit")


@dataclass(frozen=True, slots=True)
class View:
    """What is shown.

    Parameters
    ----------
    depth
        How many generations of other activities.
    expand
        Tokens of what is drawn one by one, see `provenance.drawing.collapse`.
    agents
        Whether those responsible are drawn; None where the drawing decides.
    steps
        Whether the jobs of a pipeline are drawn in its place.
    fit
        Whether the drawing is as wide as the page.
    node
        Part of a name or identifier: the table tells of matching nodes alone.
    page
        Of the table, from 1.
    """

    depth: int = 3
    direction: str = "back"
    expand: tuple[str, ...] = ()
    agents: bool | None = None
    steps: bool = True
    fit: bool = False
    node: str = ""
    page: int = 1

    def query(self, fixed: Mapping[str, str], **changes: Any) -> str:
        """The query of this view's address, with something else changed; what is as usual is left out."""
        other, usual = replace(self, **changes), View()
        names = [name for name in _NAMES if getattr(other, name) != getattr(usual, name)]
        values = [getattr(other, name) for name in names]
        told = [*fixed.items(), *zip(names, (int(v) if isinstance(v, bool) else v for v in values), strict=True)]
        told += [("expand", token) for token in other.expand]
        return f"?{urlencode(told)}"


def read_view(given: QueryDict) -> View:
    """The view that the query of an address asks for.

    Raises
    ------
    vo.errors.ParameterError
        When a value is wrong.
    """
    direction = given.get("direction", "back")
    if direction not in DIRECTIONS:
        raise ParameterError("direction", f"{direction[:40]!r} is none of {', '.join(DIRECTIONS)}.")
    expand = tuple(dict.fromkeys(given.getlist("expand")))
    if len(expand) > MOST_EXPANDED:
        raise ParameterError(
            "expand", f"It is given {len(expand)} times; {MOST_EXPANDED} are allowed.", hint="expand=all"
        )
    agents = given.get("agents", "")
    return View(
        depth=read_depth(given),
        direction=direction,
        expand=expand,
        agents=_flag("agents", agents) if agents else None,
        steps=_flag("steps", given.get("steps", "1")),
        fit=_flag("fit", given.get("fit", "0")),
        node=given.get("node", "").strip()[:500],
        page=_number(given, "page", 1, 1, 10**6),
    )


def read_depth(given: QueryDict) -> int:
    """How many generations of other activities are asked for; 3 where nothing is.

    Raises
    ------
    vo.errors.ParameterError
        When it is no number, or too large.
    """
    return _number(given, "depth", 3, 0, MAX_DEPTH)


def _number(given: QueryDict, name: str, usual: int, least: int, most: int) -> int:
    text = given.get(name, str(usual))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise ParameterError(name, f"{text[:40]!r} is not a whole number from {least} to {most}.")
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise ParameterError(name, f"{text[:40]!r} is neither 0 nor 1.")
    return text == "1"
