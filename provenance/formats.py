"""The forms in which a graph of provenance can be had, by the names and media types that clients ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from provenance.document import Model, state
from provenance.drawing import draw_png, draw_svg
from provenance.graph import Graph
from provenance.notations import Document, write_json, write_provn, write_turtle, write_votable, write_xml
from vo.errors import ParameterError
from vo.wording import nearest

__all__ = ["FORMATS", "Format", "find_format", "preferred_format"]

Writer = Callable[[Document], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """A form.

    Parameters
    ----------
    name
        As ProvSAP calls it.
    extension
        Of files.
    notation
        Writes the statements of a graph; None for a picture.
    picture
        Draws a graph, where no statements are written.
    """

    name: str
    media_type: str
    extension: str
    notation: Writer | None = None
    picture: Callable[..., bytes] = draw_svg

    @property
    def content_type(self) -> str:
        """What a header says of it."""
        return self.media_type if self.media_type == "image/png" else f"{self.media_type}; charset=utf-8"

    def write(
        self, graph: Graph, *, base_url: str, model: Model = Model.W3C, descriptions: bool = True, title: str = ""
    ) -> Iterable[bytes]:
        """The graph in this form, in pieces."""
        if self.notation is None:
            return [self.picture(graph, base_url=base_url, title=title or "Provenance")]
        return self.notation(state(graph, base_url=base_url, model=model, descriptions=descriptions))


FORMATS = (
    Format("PROV-JSON", "application/json", "json", write_json),
    Format("PROV-N", "text/provenance-notation", "provn", write_provn),
    Format("PROV-XML", "application/provenance+xml", "xml", write_xml),
    Format("PROV-TURTLE", "text/turtle", "ttl", write_turtle),
    Format("PROV-VOTABLE", "application/x-votable+xml", "vot", write_votable),
    Format("PROV-SVG", "image/svg+xml", "svg"),
    Format("PROV-PNG", "image/png", "png", picture=draw_png),
)
"""Every form, the one that is given where nothing is asked for first."""

_SYNONYMS = {
    "TURTLE": "PROV-TURTLE",
    "PROV-O": "PROV-TURTLE",
    "GRAPH": "PROV-SVG",
    "JSON": "PROV-JSON",
    "VOTABLE/TD": "PROV-VOTABLE",
}


def find_format(text: str) -> Format:
    """The form of that name, extension or media type, in any case.

    Raises
    ------
    vo.errors.ParameterError
        When there is none.
    """
    wanted = text.strip()
    name = _SYNONYMS.get(wanted.upper(), wanted.upper())
    kind = wanted.partition(";")[0].strip().lower()
    for item in FORMATS:
        if name in (item.name, item.name.removeprefix("PROV-"), item.extension.upper()) or kind == item.media_type:
            return item
    known = [item.name for item in FORMATS]
    near = nearest(name, known)
    hint = f"Did you mean {near}?" if near else f"The forms are {', '.join(known)}."
    raise ParameterError("RESPONSEFORMAT", f"{text[:80]!r} is no form of provenance.", hint=hint)


def preferred_format(accept: str) -> Format:
    """The form that an Accept header prefers (RFC 9110 §12.5.1); PROV-JSON where it prefers none of ours."""
    ranges = [_range(item) for item in accept.split(",") if item.strip()]
    return max(FORMATS, key=lambda item: _quality(item.media_type, ranges))


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return name, float(quality)
    except ValueError:
        return name, 0.0


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        found = [quality for given, quality in ranges if given == name]
        if found:
            return max(found)
    return 0.0
