"""Lines by which tasks of SAS tell of errors and warnings: ``** task: error (Code), text``.

Source: SAS documentation of the error library; in a meta task the task is named ``chain::task``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Message", "read_message"]

_MESSAGE = re.compile(
    r"\*\* (?P<task>[\w:.-]+): (?P<level>warning|error|fatal)(?: \((?P<code>[^)]*)\))?,?\s*(?P<text>.*)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Message:
    """What a task said.

    Parameters
    ----------
    level
        ``warning``, ``error`` or ``fatal``.
    task
        The task that said it; in a chain the innermost.
    code
        SAS's name of it (``ImgBinVal``); empty where it gave none.
    """

    level: str
    task: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.task}: {self.level}{f' ({self.code})' if self.code else ''}, {self.text}"


def read_message(line: str) -> Message | None:
    """The warning or error of a line; None when it is something else."""
    matched = _MESSAGE.search(line)
    if matched is None:
        return None
    task = matched["task"].rpartition("::")[2]
    return Message(matched["level"].lower(), task, matched["code"] or "", matched["text"].strip())
