"""Python packages that some tasks need and that the product does without."""

from __future__ import annotations

from importlib.util import find_spec

from .definition import Definition

__all__ = ["missing_packages"]


def missing_packages(definition: Definition) -> list[str]:
    """The packages that a task needs and that are not installed here."""
    return [name for name in definition.packages if find_spec(name) is None]
