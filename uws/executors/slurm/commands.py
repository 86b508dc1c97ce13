"""Slurm's commands, called with argument lists, bounded in time, their errors in two kinds."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Commands", "Refused", "Unreachable"]

PATH = "/usr/local/bin:/usr/bin:/bin"

AWAY = (
    "unable to contact slurm controller",
    "connection refused",
    "connection timed out",
    "communication",
    "transport endpoint",
    "temporarily unable",
    "try again",
    "protocol authentication error",
    "in standby mode",
    "controller is",
    "maxsubmitjob",
    "job submit limit",
)
"""What Slurm says when it takes nothing now, and may later."""

UNSURE = ("socket timed out", "zero bytes", "unexpected message", "insane message")
"""What Slurm says when it was asked, and its answer was lost."""


class Refused(OSError):
    """Slurm will not do it; the message is Slurm's own."""


class Unreachable(ConnectionError):
    """Slurm gives no answer now.

    Parameters
    ----------
    unsure
        Whether it may have done what it was asked for.
    """

    def __init__(self, message: str, *, unsure: bool = False) -> None:
        super().__init__(message)
        self.unsure = unsure


@dataclass(frozen=True, slots=True)
class Commands:
    """Where Slurm's commands are and how they are called.

    Parameters
    ----------
    folder
        Directory of the programs; None to search ``/usr/local/bin``, ``/usr/bin`` and ``/bin``.
    environment
        Variables that they get, such as ``SLURM_CONF``. They get nothing of the engine's own environment, for Slurm
        hands on to a job whatever sbatch sees.
    seconds
        How long one may take.
    """

    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 30.0

    def run(self, name: str, *arguments: str) -> str:
        """What a command prints.

        Raises
        ------
        Refused
            When Slurm says no, or the program is not here.
        Unreachable
            When there is no answer.
        """
        program = str(self.folder / name) if self.folder else name
        try:
            done = subprocess.run(
                [program, *arguments],
                env={"PATH": PATH, "LANG": "C.UTF-8", **self.environment},
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=self.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unreachable(f"{name} did not answer within {self.seconds:g} s", unsure=True) from error
        except OSError as error:
            raise Refused(f"{name}, a program of Slurm, cannot be run here: {error.strerror}") from error
        if done.returncode:
            raise _error(name, done.stderr or done.stdout)
        return done.stdout


def _error(name: str, told: str) -> Refused | Unreachable:
    words = _words(name, told.splitlines())
    lower = told.lower()
    if any(sign in lower for sign in UNSURE):
        return Unreachable(words, unsure=True)
    if any(sign in lower for sign in AWAY):
        return Unreachable(words)
    return Refused(f"Slurm refused it: {words}")


def _words(name: str, lines: Sequence[str]) -> str:
    """What an error stream says, without the names of program and level at the head of each line."""
    told = []
    for line in lines:
        words = line.strip().removeprefix(f"{name}:").strip().removeprefix("error:").strip()
        words = words.removeprefix("Batch job submission failed:").strip().rstrip(".")
        if words and words not in told:
            told.append("".join(character if character.isprintable() else " " for character in words))
    return "; ".join(told)[:500] or f"{name} failed without a word"
