"""One at a time: what several processes count before they write, they do in turn."""

from __future__ import annotations

from zlib import crc32

from django.db import connection

__all__ = ["take_turn"]

NAMESPACE = crc32(b"athanor") - 2**31
"""First half of the keys of our locks: other programs may use the same database."""


def take_turn(what: str) -> None:
    """Wait for the others that do this; the turn ends with the transaction.

    SQLite has one writer at a time, and our transactions begin as writers (``transaction_mode``).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NAMESPACE, crc32(what.encode()) - 2**31])
