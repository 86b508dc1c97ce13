"""By what a run is found in Slurm's queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uws.runner_files import read_json, write_json

__all__ = ["Ticket"]

SUBMISSION = "slurm.json"
"""In the work directory, written before sbatch is called: an engine that is killed before it stores the handle leaves
a run that the next engine finds by it."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Name of a submission, element of its array (0 for a job of its own) and the job's number where sbatch told it."""

    name: str
    element: int = 0
    job: str = ""

    @property
    def place(self) -> tuple[str, int]:
        """Where it is in a `uws.executors.slurm.queue.Snapshot`."""
        return self.name, self.element

    @property
    def key(self) -> str:
        """Under which sacct knows it, if its number is known."""
        return f"{self.job}_{self.element}" if self.job and self.element else self.job

    @property
    def handle(self) -> dict[str, Any]:
        """What the engine stores."""
        return {"name": self.name, "element": self.element, "job": self.job}

    def leave(self, workdir: Path) -> None:
        """Note in the work directory that the run is about to be submitted."""
        write_json(workdir / SUBMISSION, {"name": self.name, "element": self.element})

    @staticmethod
    def take_back(workdir: Path) -> None:
        """Note that it was not."""
        (workdir / SUBMISSION).unlink(missing_ok=True)

    @classmethod
    def of(cls, handle: Mapping[str, Any], workdir: Path) -> Ticket | None:
        """The ticket of a run; None when it was never submitted."""
        known = handle if "name" in handle else read_json(workdir / SUBMISSION)
        return None if known is None else cls(known["name"], int(known["element"]), str(known.get("job", "")))
