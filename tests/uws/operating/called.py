"""``manage.py jobs`` as tests call it."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

__all__ = ["NOON", "refusal", "run"]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def run(*arguments: str) -> str:
    """What the command writes."""
    out = io.StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=io.StringIO())
    text = out.getvalue()
    assert max((len(line) for line in text.splitlines()), default=0) <= 100 or "{" in text or "," in text
    return text


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert caught.value.returncode == 1
    return str(caught.value)
