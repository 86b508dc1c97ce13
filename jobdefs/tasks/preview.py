"""``python -m jobdefs.tasks.preview product=… size=…``: the picture of a FITS product."""

from __future__ import annotations

import sys
from pathlib import Path

from .filespec import file_and_block
from .parameters import Invocation
from .previews import write_preview
from .running import run_program, running

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
    with running(call, VERSION) as reporter:
        reporter.stage("Drawing")
        path, block = file_and_block(call.text("product"))
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


if __name__ == "__main__":
    sys.exit(run_program("preview", run))
