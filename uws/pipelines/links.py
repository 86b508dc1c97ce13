"""The same file in the directories of two jobs."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

__all__ = ["link_or_copy"]


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or where file systems do not allow that a copy; a target that exists stays.

    Raises
    ------
    OSError
        When the source cannot be read, or the target not be written.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
