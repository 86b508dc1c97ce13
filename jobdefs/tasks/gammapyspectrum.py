"""``python -m jobdefs.tasks.gammapyspectrum events=… region=…``"""

from __future__ import annotations

import sys

from .dl3.powerlaw import run
from .running import run_program

if __name__ == "__main__":
    sys.exit(run_program("gammapy-spectrum", run))
