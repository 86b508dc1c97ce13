"""The two models, and what the W3C's has no class for.

W3C PROV-DM (2013-04-30) has no descriptions and no configuration; ProvenanceDM 1.0 §4 maps them to entities whose
``prov:type`` is the class of the IVOA's model, tied by ``wasInfluencedBy``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from provenance.notations import Name, Statement, Value

__all__ = ["Attributes", "Model", "present", "thing", "tie"]

Attributes = list[tuple[str, Value]]


class Model(StrEnum):
    """Whose classes a document uses."""

    IVOA = "IVOA"
    W3C = "W3C"


def present(pairs: Iterable[tuple[str, Value | None]]) -> Attributes:
    """The attributes that have a value."""
    return [(name, value) for name, value in pairs if value is not None and value != ""]


def thing(model: Model, kind: str, name: Name, attributes: Attributes) -> Statement:
    """Something that W3C PROV has no class for; `kind` is what the IVOA's serialisations call it."""
    if model is Model.IVOA:
        return Statement(kind, name, (), attributes)
    return Statement("entity", name, (), [("prov:type", _class(kind)), *attributes])


def tie(model: Model, kind: str, source: Name, target: Name, attributes: Attributes | None = None) -> Statement:
    """A relation that W3C PROV has no name for."""
    if model is Model.IVOA:
        return Statement(kind, None, (source, target), attributes or ())
    return Statement("wasInfluencedBy", None, (source, target), [("prov:type", _class(kind))])


def _class(kind: str) -> Name:
    return Name("voprov", kind[0].upper() + kind[1:])
