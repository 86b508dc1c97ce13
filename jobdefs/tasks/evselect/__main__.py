"""``python -m jobdefs.tasks.evselect name=value …``"""

from __future__ import annotations

import sys

from ..running import run_program
from .task import run

if __name__ == "__main__":
    sys.exit(run_program("evselect", run))
