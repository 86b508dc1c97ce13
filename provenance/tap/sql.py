"""The statements that read these tables: what an asker may see stands in each of them.

What is open to whom is said in one place, `provenance.visibility.open_to`. An activity that is closed is not there at
all, nor is anything that only it tells of; what an open activity used can be seen as what it made can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import connection

from provenance.models import Activity, Entity
from provenance.tap.view import View
from provenance.visibility import open_sql
from vo.wording import is_storable

__all__ = ["MOST_VALUES", "Statement", "statement"]

Statement = tuple[str, list[Any]]
"""SQL with ``%s`` for values, and these."""

_MARK = re.compile(r"\{(activity|entity|own|visible):(\w+)\}")

_OF_ACTIVITIES = """EXISTS (
    SELECT 1 FROM provenance_{table} of_{alias}
    JOIN provenance_activity by_{alias} ON by_{alias}.id = of_{alias}.activity_id
    WHERE of_{alias}.entity_id = {alias}.id AND {{activity:by_{alias}}}
)"""

_SETS = {"own": ("entity", "wasgeneratedby"), "visible": ("own", "used")}
"""Entities that are open or were made by an open activity, and those that one used besides."""

MOST_VALUES = 300
"""Texts to which a column is confined at most: SQLite takes expressions of a depth of 1,000."""


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
    conditions, texts = [view.condition], []
    for name, wanted in only.items():
        more_conditions, more = _confined(view, name, sorted(text for text in wanted if is_storable(text)))
        conditions += more_conditions
        texts += more
    condition = " AND ".join(conditions)
    sql = f"SELECT {selected} FROM {view.source} WHERE {condition} ORDER BY {view.order}"  # noqa: S608 - texts of ours
    values: list[Any] = []
    sql = _expanded(sql, user, values)
    return sql, values + texts


def _confined(view: View, name: str, texts: list[str]) -> tuple[list[str], list[str]]:
    """The condition that a column has one of some texts, where it can be asked for, and its values."""
    item = view.items[name]
    if not texts:
        return ["1 = 0"], []
    if item.confine is None or len(texts) > MOST_VALUES:
        return [], []
    looked_up = item.confine or item.sql
    if item.form == "did":  # states of a data set have its identifier and more behind '#', which '$' follows
        least, most = ("~>=~", "~<~") if connection.vendor == "postgresql" else (">=", "<")
        each = f"{looked_up} = %s OR ({looked_up} {least} %s AND {looked_up} {most} %s)"
        condition = " OR ".join([each] * len(texts))
        return [f"({condition})"], [value for text in texts for value in (text, f"{text}#", f"{text}$")]
    marks = ", ".join(["%s"] * len(texts))
    return [f"{looked_up} IN ({marks})"], texts


def _expanded(sql: str, user: Any, values: list[Any]) -> str:
    """The statement with conditions on what may be seen in place of their marks; `values` get theirs."""

    def condition(found: re.Match[str]) -> str:
        name, alias = found.groups()
        if name in _SETS:
            before, table = _SETS[name]
            told = _OF_ACTIVITIES.format(table=table, alias=alias)
            return _expanded(f"({{{before}:{alias}}} OR {told})", user, values)
        text, more = open_sql(Activity if name == "activity" else Entity, alias, user)
        values.extend(more)
        return text

    return _MARK.sub(condition, sql)
