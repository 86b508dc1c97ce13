"""Identifiers of jobs."""

from __future__ import annotations

import base64
import secrets

__all__ = ["new_id"]


def new_id() -> str:
    """26 characters of base 32: 130 bits that cannot be guessed."""
    return base64.b32encode(secrets.token_bytes(17))[:26].decode("ascii").lower()
