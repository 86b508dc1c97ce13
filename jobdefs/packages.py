"""Python packages with which tasks work: those that some need and the product does without, and the versions of all."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from .definition import Definition

__all__ = ["missing_packages", "package_versions"]


def missing_packages(definition: Definition) -> list[str]:
    """The packages that a task needs and that are not installed here."""
    return [name for name in definition.packages if find_spec(name) is None]


def package_versions(names: Iterable[str]) -> dict[str, str]:
    """The versions of those packages that are installed here."""
    return {name: found for name in names if (found := _version(name))}


@functools.cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
