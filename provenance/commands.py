"""Commands as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

__all__ = ["plain_command"]

_LAUNCHER = "jobdefs.sas"
"""Module that becomes a task of SAS."""


def plain_command(command: Sequence[str]) -> list[str]:
    """The command that ran: the task and its parameters, without who started it and from where.

    Tasks of SAS stand for themselves, built-in ones are modules of Python, programs of the site have their names. What
    is plain already stays as it is.
    """
    words = [str(word) for word in command]
    if not words:
        return []
    if words[1:3] == ["-P", "-m"]:
        module, arguments = words[3], words[4:]
        return arguments if module == _LAUNCHER else ["python", "-P", "-m", module, *arguments]
    return [PurePath(words[0]).name, *words[1:]]
