"""``python -m jobdefs.tasks.preview product=… size=…``: the picture of a FITS product."""

from __future__ import annotations

import sys
from pathlib import Path

from .parameters import Invocation, read_command_line
from .previews import write_preview
from .reporting import Reporter

__all__ = ["run"]

VERSION = "preview-1.0"
"""What messages call this task."""


def run(call: Invocation) -> None:
    """Draw the picture that the parameters ask for.

    Raises
    ------
    vo.errors.UsageError
        The product can't be read or drawn.
    """
    reporter = Reporter("preview", VERSION, verbosity=call.verbosity)
    reporter.executing(call.command, call.options)
    reporter.started()
    reporter.stage("Drawing")
    path, block = _split(call.text("product"))
    write_preview(
        Path(path),
        Path("preview.png"),
        size=call.integer("size"),
        block=block,
        scale=call.text("scale"),
        smooth=call.real("smooth"),
        background=Path(call.text("background")) if call.text("background") else None,
        threshold=call.real("threshold") if call.text("threshold") else None,
        title=call.text("title"),
    )
    reporter.ended()


def _split(text: str) -> tuple[str, str]:
    """The file and the block that a colon names."""
    path, colon, block = text.rpartition(":")
    return (path, block) if colon and not Path(text).exists() else (text, "")


if __name__ == "__main__":
    sys.exit(read_command_line("preview", run))
