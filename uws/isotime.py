"""Instants that the database itself writes as UWS shows them: long lists need no `datetime` for each row."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Func

__all__ = ["IsoTime"]


class IsoTime(Func):
    """A column of instants as texts such as ``2026-03-01T12:00:00.000Z``, which `uws.times.format_time` would give."""

    output_field = CharField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """SQLite stores texts in UTC; its ``%f`` is seconds with milliseconds."""
        return self.as_sql(
            compiler,
            connection,
            template="strftime('%%%%Y-%%%%m-%%%%dT%%%%H:%%%%M:%%%%fZ', %(expressions)s)",
            **context,
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """PostgreSQL stores instants and writes them in whatever zone it is told."""
        template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
        return self.as_sql(compiler, connection, template=template, **context)
