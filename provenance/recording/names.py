"""Identifiers for which the database has room."""

from __future__ import annotations

import hashlib

__all__ = ["LONGEST", "fitting"]

LONGEST = 500
"""Characters of an identifier."""


def fitting(identifier: str, most: int = LONGEST) -> str:
    """An identifier that the database has room for: a digest stands for the end of one that is longer."""
    if len(identifier) <= most:
        return identifier
    digest = hashlib.sha256(identifier.encode()).hexdigest()[:32]
    return f"{identifier[: most - len(digest) - 1]}~{digest}"
