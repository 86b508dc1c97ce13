"""The identifiers by which rows of these tables are known, in SQL; keys of the database never are among them."""

from __future__ import annotations

from provenance.tap.view import Item, text

__all__ = ["activity_description", "described_by", "entity_description", "identifier"]


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
