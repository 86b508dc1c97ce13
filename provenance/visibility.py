"""Who may see which activities and entities, as a condition of Django's queries and as SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Model, Q

from provenance.chunks import chunks
from uws.times import now

__all__ = ["open_keys", "open_sql", "open_to"]


def open_to(user: Any, prefix: str = "") -> Q:
    """The activities (or entities) that a user may see: those of everybody and the user's own; a superuser sees all.

    Parameters
    ----------
    user
        Who asks: a Django user, anonymous or not, or None for nobody.
    prefix
        Of the path to them, such as ``activity__``.
    """
    if user is not None and user.is_authenticated:
        if user.is_superuser:
            return Q()
        return Q(**{f"{prefix}public_since__lte": now()}) | Q(**{f"{prefix}owner": user.pk})
    return Q(**{f"{prefix}public_since__lte": now()})


def open_keys(model: type[Model], keys: Iterable[int], user: Any) -> set[int]:
    """Those of the primary keys of activities, or of entities, that a user may see."""
    return {
        pk
        for part in chunks(keys)
        for pk in model._default_manager.filter(open_to(user), pk__in=part).order_by().values_list("pk", flat=True)
    }


def open_sql(model: type[Model], alias: str, user: Any) -> tuple[str, list[Any]]:
    """`open_to` in SQL, with ``%s`` for values, and these.

    Parameters
    ----------
    alias
        What the statement calls the table of the model.
    """
    query = model._default_manager.filter(open_to(user)).query
    if not query.where.children:
        return "1 = 1", []
    text, values = query.where.as_sql(query.get_compiler(connection=connection), connection)
    table = connection.ops.quote_name(model._meta.db_table)
    return f"({text.replace(f'{table}.', f'{alias}.')})", list(values)
