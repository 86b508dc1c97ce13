"""``python -m jobdefs.tasks.dl3onoff events=… region=…``"""

from __future__ import annotations

import sys

from .dl3.onoff import run
from .running import run_program

if __name__ == "__main__":
    sys.exit(run_program("dl3-onoff-spectrum", run))
