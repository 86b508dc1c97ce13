"""Which form of an answer a client prefers: XML, JSON, or the page for people."""

from __future__ import annotations

from django.http import HttpRequest

__all__ = ["HTML", "JSON", "XML", "preferred_form", "prefers_json"]

XML = "text/xml"
JSON = "application/json"
HTML = "text/html"
TEXT = "text/plain"
XHTML = "application/xhtml+xml"

_NAMES = {XML: ("text/xml", "application/xml"), JSON: (JSON,), HTML: (HTML,)}


def preferred_form(request: HttpRequest) -> str:
    """`XML`, `JSON` or `HTML`: the one that Accept gives the highest quality, XML at equal quality (UWS 1.1 §2.2).

    HTML is for browsers, which name XHTML too, and for clients that take nothing else: Java's own HTTP client, which
    TOPCAT uses, puts ``text/html`` first in every request and wants XML.
    """
    accepted = _accepted(request.headers.get("Accept", ""))
    if XHTML not in accepted and any(_quality(name, accepted) for name in _NAMES[XML]):
        accepted.pop(HTML, None)
    best, best_quality = XML, max(_quality(name, accepted) for name in _NAMES[XML]) if accepted else 1.0
    for form in (JSON, HTML):
        quality = max(_quality(name, accepted) for name in _NAMES[form])
        if quality > best_quality:
            best, best_quality = form, quality
    return best


def prefers_json(request: HttpRequest) -> bool:
    """Whether a client wants the value of a resource as JSON rather than as plain text."""
    accepted = _accepted(request.headers.get("Accept", ""))
    return _quality(JSON, accepted) > _quality(TEXT, accepted)


def _accepted(header: str) -> dict[str, float]:
    """Media ranges of an Accept header with their qualities (RFC 9110 §12.5.1); malformed items are left out."""
    accepted = {}
    for item in header.split(","):
        media_range, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = min(max(float(parameter[2:]), 0.0), 1.0)
                except ValueError:
                    quality = 0.0
        if "/" in media_range:
            accepted[media_range] = quality
    return accepted


def _quality(name: str, accepted: dict[str, float]) -> float:
    """Quality of a media type: the most specific range that fits counts."""
    kind = name.partition("/")[0]
    for media_range in (name, f"{kind}/*", "*/*"):
        if media_range in accepted:
            return accepted[media_range]
    return 0.0
