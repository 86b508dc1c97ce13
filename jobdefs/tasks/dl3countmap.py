"""``python -m jobdefs.tasks.dl3countmap events=… emin=…``"""

from __future__ import annotations

import sys

from .dl3.countmap import run
from .running import run_program

if __name__ == "__main__":
    sys.exit(run_program("dl3-countmap", run))
