"""Selections of all columns of a wide table, for which an engine may have a short way to be told."""

from __future__ import annotations

from obstap.adql import bound

__all__ = ["whole_table"]

WIDE = 20
"""Columns from which on the short way saves work: an engine reads one sign sooner than their names."""


def whole_table(select: bound.Select) -> bound.Relation | None:
    """The table whose columns are selected, all of them as they are and nothing else, if there is one.

    It has hidden columns to leave out and columns of URLs to complete, as the short way demands.
    """
    (source, *others), items = select.sources, select.items
    if others or select.extras or len(items) < WIDE or not isinstance(source, bound.Table):
        return None
    relation = source.relation
    if not (relation.hidden and relation.url_prefixed) or len(items) != len(relation.columns):
        return None
    for item, (_, column) in zip(items, relation.columns, strict=True):
        value = item.value
        if not (type(value) is bound.Field and value.relation is relation and value.column == column == item.name):
            return None
    return relation
