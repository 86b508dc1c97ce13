"""The statements that read these tables: what an asker may see stands in each of them.

What is open to whom is said in one place, `provenance.walk.open_to`. An activity that is closed is not there at all,
nor is anything that only it tells of; what an open activity used can be seen as what it made can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provenance.models import Activity, Entity
from provenance.tap.view import View
from provenance.walk import open_to

__all__ = ["Statement", "statement"]

Statement = tuple[str, list[Any]]
"""SQL with ``%s`` for values, and these."""

_SETS = {
    "open_activity": "",
    "open_entity": "",
    "own_entity": """
        SELECT id FROM open_entity
        UNION SELECT entity_id FROM provenance_wasgeneratedby WHERE activity_id IN (SELECT id FROM open_activity)""",
    "visible_entity": """
        SELECT id FROM own_entity
        UNION SELECT entity_id FROM provenance_used WHERE activity_id IN (SELECT id FROM open_activity)""",
}
"""Keys of what may be seen, each made of those before it."""

_MOST_VALUES = 500
"""Texts to which a column is confined at most: SQLite takes 32,766 values in a statement, some of which are others."""


def statement(view: View, columns: list[str], only: Mapping[str, frozenset[str]], *, user: Any, zone: str) -> Statement:
    """The statement for some columns of a table, as texts and numbers.

    Parameters
    ----------
    only
        Columns, of which only rows with one of these texts matter.
    zone
        What turns a time into one without zone, in UTC, with ``{}`` for the time.
    """
    items = [view.items[name] for name in columns]
    selected = ", ".join(zone.format(item.sql) if item.form == "time" else item.sql for item in items)
    conditions, values = [view.condition], []
    for name, texts in only.items():
        condition, more = _confined(view, name, sorted(text for text in texts if "\0" not in text))
        conditions += condition
        values += more
    sql = f"SELECT {selected} FROM {view.source} WHERE {' AND '.join(conditions)}"  # noqa: S608 - texts of ours, and marks
    needed = [name for name in _SETS if f"{{{name}}}" in sql]
    for name in needed:
        sql = sql.replace(f"{{{name}}}", f"(SELECT id FROM {name})")  # noqa: S608 - one of the sets
    sets, before = _sets(needed, user)
    return sets + sql, before + values


def _confined(view: View, name: str, texts: list[str]) -> tuple[list[str], list[str]]:
    """The condition that a column has one of some texts, where it can be asked for, and its values."""
    item = view.items[name]
    if item.confine is None or not 0 < len(texts) <= _MOST_VALUES:
        return [], []
    marks = ", ".join(["%s"] * len(texts))
    form = item.confine or f"{item.sql} IN ({{}})"
    return [form.replace("{}", marks)], texts * form.count("{}")


def _sets(needed: list[str], user: Any) -> Statement:
    """The beginning of a statement that names these sets."""
    if not needed:
        return "", []
    parts, values = [], []
    last = max(list(_SETS).index(name) for name in needed)
    for name in list(_SETS)[: last + 1]:
        sql = _SETS[name]
        if name in ("open_activity", "open_entity"):
            model = Activity if name == "open_activity" else Entity
            found = model.objects.filter(open_to(user)).order_by().values_list("pk")
            sql, more = found.query.sql_with_params()
            values += more
        parts.append(f"{name}(id) AS ({sql})")
    return f"WITH {', '.join(parts)} ", values
