"""Writing allowances, for the operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from jobdefs import registry
from uws.models import Allowance
from uws.scheduling.allowances import QUANTITIES
from vo.errors import NotFoundError
from vo.wording import did_you_mean

__all__ = ["find_group", "find_user", "remove_allowance", "set_allowance"]


@transaction.atomic
def set_allowance(
    *, user: str = "", group: str = "", definition: str = "", changes: Mapping[str, int | float | None]
) -> Allowance | None:
    """Change what a user, a group or, where neither is named, everybody may use; None when nothing is left to say.

    Parameters
    ----------
    definition
        The task for which it counts; empty for all together.
    changes
        By quantity; None lets the allowance say nothing of it, 0 is no limit. Others stay.

    Raises
    ------
    vo.errors.NotFoundError
        When there is no such user, group or task.
    """
    row = _find(user, group, definition)
    for name in QUANTITIES:
        if name in changes:
            setattr(row, name, changes[name])
    if all(getattr(row, name) is None for name in QUANTITIES):
        if row.pk:
            row.delete()
        return None
    row.save()
    return row


def remove_allowance(*, user: str = "", group: str = "", definition: str = "") -> bool:
    """Take an allowance away; whether there was one. Errors as of `set_allowance`."""
    row = _find(user, group, definition, known_task=False)
    if row.pk is None:
        return False
    row.delete()
    return True


def find_user(name: str) -> Any:
    """The user of that name.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none.
    """
    users = get_user_model()
    found = users.objects.filter(**{users.USERNAME_FIELD: name}).first()
    if found is None:
        raise NotFoundError(f"There is no user {name!r}.")
    return found


def find_group(name: str) -> Group:
    """The group of that name.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none; names the nearest.
    """
    found = Group.objects.filter(name=name).first()
    if found is None:
        known = Group.objects.values_list("name", flat=True)
        raise NotFoundError(f"There is no group {name!r}.", hint=did_you_mean(name, known))
    return found


def _find(user: str, group: str, definition: str, *, known_task: bool = True) -> Allowance:
    """The allowance as it is, or a new one that says nothing."""
    if definition and known_task:
        definition = registry.get(definition).name
    whose = {
        "user": find_user(user) if user else None,
        "group": find_group(group) if group else None,
        "definition": definition,
    }
    return Allowance.objects.filter(**whose).first() or Allowance(**whose)
