"""What a comparison may come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["FileComparison", "Outcome", "worst"]


class Outcome(StrEnum):
    """Of a result, a step, an input or a whole job; verdicts are the first four."""

    IDENTICAL = "identical"
    DATES = "identical but for dates and checksums"
    DIFFERENT = "different"
    FAILED = "failed"
    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"

    @property
    def is_same(self) -> bool:
        """Whether nothing differs that matters."""
        return self in (Outcome.IDENTICAL, Outcome.DATES)


@dataclass(frozen=True, slots=True)
class FileComparison:
    """How two files differ; `detail` says where, for people, and is empty for files that do not."""

    outcome: Outcome
    detail: str = ""


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The verdict on a whole from those on its parts; what is missing or too much makes it different."""
    found = set(outcomes)
    if Outcome.FAILED in found:
        return Outcome.FAILED
    if found - {Outcome.IDENTICAL, Outcome.DATES}:
        return Outcome.DIFFERENT
    return Outcome.DATES if Outcome.DATES in found else Outcome.IDENTICAL
