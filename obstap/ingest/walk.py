"""Finding the files to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["walk"]


def walk(paths: Sequence[Path]) -> Iterator[Path]:
    """The files among `paths` and below those that are folders, as absolute paths in a fixed order, each once.

    Hidden files and folders are left out. Paths that do not exist are given as they are.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _below(Path(os.path.abspath(path))):  # noqa: PTH100 - links stay as the operator made them
            if file not in seen:
                seen.add(file)
                yield file


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))
