"""Files as parameters of tasks name them: ``file``, or ``file:BLOCK``."""

from __future__ import annotations

from pathlib import Path

from .selectlib import split_blockspec

__all__ = ["file_and_block"]


def file_and_block(text: str) -> tuple[str, str]:
    """The file and the block of it that a parameter's value names; the block is empty where it names none."""
    return (text, "") if Path(text).exists() else split_blockspec(text)
