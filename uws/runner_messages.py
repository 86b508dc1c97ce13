"""What tasks tell of warnings and errors, in SAS's form, as far as it is kept with a job. Standard library only."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["Messages"]

MAX_MESSAGES = 100
"""Of each level; what a job prints is kept with it for good."""

MAX_TEXT = 500
MAX_NAME = 100


class Messages:
    """The messages of one run, each once, in their order.

    Parameters
    ----------
    speakers
        Tasks whose errors fail the run: what calls tasks may do without what one of them could not make, and says so
        itself if it cannot. Where none are named, the errors of all tasks fail it.
    """

    def __init__(self, speakers: Collection[str] = ()) -> None:
        self.speakers = speakers
        self.kept: list[dict[str, str]] = []
        self.error: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def read(self, line: str) -> None:
        """Take what a line tells, if it is a message."""
        from jobdefs.sas.messages import read_message  # noqa: PLC0415 - most runs tell of nothing

        found = read_message(line)
        if found is None:
            return
        message = {
            "level": found.level,
            "task": found.task[:MAX_NAME],
            "code": found.code[:MAX_NAME],
            "text": found.text[:MAX_TEXT],
        }
        if found.level != "warning" and not self.error and self._is_own(found.task):
            self.error = message
        count = self._counts.get(found.level, 0)
        if count < MAX_MESSAGES and message not in self.kept:
            self._counts[found.level] = count + 1
            self.kept.append(message)

    def _is_own(self, task: str) -> bool:
        return not self.speakers or task in self.speakers
