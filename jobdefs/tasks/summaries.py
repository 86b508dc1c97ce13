"""Summaries: what a task has found, as a file that programs read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["write_json"]


def write_json(path: str, told: Mapping[str, Any]) -> None:
    """Write a summary as JSON (RFC 8259, which has no NaN).

    Raises
    ------
    ValueError
        A number is not finite.
    """
    Path(path).write_text(json.dumps(told, indent=2, allow_nan=False) + "\n")
