"""Columns that several tables have: above all the identifiers of their rows, which never are keys of the database."""

from __future__ import annotations

from provenance.tap.view import Item, text

__all__ = ["DATA_SET", "SOFTWARE", "activity_description", "described_by", "entity_description", "identifier"]

DATA_SET = text(
    "obs_publisher_did",
    "CASE WHEN substr(e.identifier, 1, 6) = 'ivo://' THEN e.identifier END",
    "The data set of ivoa.obscore that it is, in its present state or another; NULL for others",
    form="did",
    confine="e.identifier",
    ucd="meta.ref.ivoid",
)
"""Of an entity that is called `e`."""

SOFTWARE = text(
    "software",
    "CAST(a.software AS text)",
    "What ran, with versions: name version; name version; …",
    form="software",
    ucd="meta.version",
)
"""Of an activity that is called `a`."""


def identifier(what: str, sql: str, description: str, *, utype: str = "", name: str = "") -> Item:
    """The column that says which activity, entity or agent is meant; `name` where it is not ``<what>_id``."""
    ucd = "meta.id;meta.main" if utype.endswith(".id") else "meta.id.assoc"
    return text(name or f"{what}_id", sql, description, ucd=ucd, utype=utype)


def described_by(what: str, sql: str, description: str) -> Item:
    """The column that says which description belongs to the row."""
    return text(f"{what}_id", sql, description, ucd="meta.id.assoc", principal=False)


def activity_description(alias: str) -> str:
    """What identifies a task in one version: ``<name>/<version>``."""
    return f"{alias}.name || '/' || {alias}.version"


def entity_description(alias: str) -> str:
    """What identifies a kind of entity: all that tells it from others."""
    parts = " || ';' || ".join(f"{alias}.{column}" for column in ("name", "type", "content_type", "value_type", "unit"))
    return f"rtrim({parts}, ';')"
