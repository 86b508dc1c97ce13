"""What an owner may use: one answer from the allowances that name the owner, the owner's groups, or everybody.

For each quantity on its own, the allowance of the user decides; where it says nothing, the most generous of the
user's groups; where those say nothing, that of everybody; and last the site's settings. The allowances of one task
are combined so, and, apart from them, those of all tasks together; both hold. 0 is no limit, here as everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q

from uws.models import Allowance

__all__ = ["QUANTITIES", "Allowances", "Grant"]

UNNAMED = -1
"""Stands for every user whom no allowance names, so that they share one answer."""

QUANTITIES = ("running", "queued", "disk_bytes", "cpu_hours", "priority")
"""Columns of an allowance that limit something, or raise a priority."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an owner may use of one task, or of all together; 0 is no limit.

    Parameters
    ----------
    running, queued
        Jobs at a time.
    disk_bytes
        Of the files of jobs that are there.
    cpu_hours
        In the accounting period.
    priority
        Added to that of the owner's jobs.
    """

    running: int = 0
    queued: int = 0
    disk_bytes: int = 0
    cpu_hours: float = 0.0
    priority: int = 0


class Allowances:
    """The allowances that concern some owners.

    Parameters
    ----------
    rows
        The allowances.
    groups
        For each user the groups that have allowances, by their keys.
    """

    def __init__(self, rows: Iterable[Allowance], groups: Mapping[int, frozenset[int]]) -> None:
        self._groups = groups
        self._rows: dict[tuple[str, int | None, str], Allowance] = {}
        self._named: set[int | None] = set(groups)
        for row in rows:
            self._named.add(row.user_id)
            whom = ("user", row.user_id) if row.user_id else ("group", row.group_id) if row.group_id else ("all", None)
            self._rows[(*whom, row.definition)] = row
        self._grants: dict[tuple[int | None, str], Grant] = {}

    @classmethod
    def read(cls, owner: int | None = None, *, everybody: bool = False) -> Allowances:
        """Read what concerns one owner (None is nobody), or with `everybody` all that there is."""
        rows = Allowance.objects.all()
        if not everybody:
            common = Q(user__isnull=True, group__isnull=True)
            rows = rows.filter(common | Q(user=owner) | Q(group__user=owner) if owner else common)
        found = list(rows)
        granted = {row.group_id for row in found if row.group_id}
        members: dict[int, set[int]] = defaultdict(set)
        if granted:
            through = get_user_model()._meta.get_field("groups").remote_field.through
            pairs = through.objects.filter(group__in=granted)
            for user, group in (pairs if everybody else pairs.filter(user=owner)).values_list("user_id", "group_id"):
                members[user].add(group)
        return cls(found, {user: frozenset(groups) for user, groups in members.items()})

    def grant(self, owner: int | None, definition: str = "") -> Grant:
        """What an owner may use of a task; without a task of all together."""
        key = (owner if owner is None or owner in self._named else UNNAMED, definition)
        if key not in self._grants:
            self._grants[key] = self._combine(*key)
        return self._grants[key]

    def priority(self, owner: int | None, definition: str) -> int:
        """By how much the owner's jobs on a task are raised."""
        return self.grant(owner).priority + self.grant(owner, definition).priority

    def _combine(self, owner: int | None, definition: str) -> Grant:
        groups = self._groups.get(owner, frozenset()) if owner else frozenset()
        levels = [
            self._said([("user", owner, definition)]) if owner else _of_nobody(definition),
            self._said([("group", group, definition) for group in groups]),
            self._said([("all", None, definition)]),
            {} if definition else {"running": settings.ATHANOR_OWNER_RUNNING, "queued": settings.ATHANOR_OWNER_QUEUED},
        ]
        said: dict[str, int | float] = {}
        for level in reversed(levels):
            said |= level
        return Grant(**said)  # type: ignore[arg-type]  # the names are those of QUANTITIES

    def _said(self, keys: Iterable[tuple[str, int | None, str]]) -> dict[str, int | float]:
        """The most generous of what the allowances of one level say."""
        rows = [self._rows[key] for key in keys if key in self._rows]
        said = {}
        for name in QUANTITIES:
            values = [value for row in rows if (value := getattr(row, name)) is not None]
            if values:
                said[name] = max(values) if name == "priority" or 0 not in values else 0
        return said


def _of_nobody(definition: str) -> dict[str, int | float]:
    """The site's own limits of the jobs that have no owner, which all share."""
    if definition:
        return {}
    own = {"running": settings.ATHANOR_ANONYMOUS_RUNNING, "queued": settings.ATHANOR_ANONYMOUS_QUEUED}
    return {name: value for name, value in own.items() if value}
