"""Python packages that some tasks need and that the product does without."""

from __future__ import annotations

from importlib.util import find_spec

from .definition import Definition

__all__ = ["missing_packages"]


def missing_packages(definition: Definition) -> list[str]:
    """The packages that a task needs, or a task that one of its steps runs, and that are not installed here."""
    wanted = [*definition.packages, *(name for task in definition.tasks for name in task.packages)]
    return [name for name in dict.fromkeys(wanted) if find_spec(name) is None]
