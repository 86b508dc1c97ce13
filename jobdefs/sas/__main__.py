"""``python -P -m jobdefs.sas TASK name=value…``: run a task of SAS."""

from __future__ import annotations

import sys

from .launch import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
