"""In-process tasks of the tests."""

from __future__ import annotations

import os
import time

from django.conf import settings

from uws.executors import InProcessContext, Produced
from vo.errors import QueryError, TimeLimitError


def run(context: InProcessContext) -> list[Produced]:
    """Do what QUERY says."""
    (query,) = context.parameters.get("QUERY", ["write"])
    context.stage(f"doing {query}")
    match query:
        case "refuse":
            raise QueryError("There is no table t.", text="SELECT * FROM t", line=1, column=15)
        case "late":
            raise TimeLimitError("The query took longer than its limit.")
        case "break":
            raise ZeroDivisionError("a surprise")
        case "wait":
            context.cancellation.wait(30)
        case "sleep":
            time.sleep(0.2)
        case "log":
            begun = time.monotonic()
            time.sleep(0.02)
            with (settings.ATHANOR_HOME / "log").open("a") as log:
                log.write(f"{context.workdir.name} {os.getpid()} {begun} {time.monotonic()}\n")
    path = context.workdir / "result.txt"
    path.write_text(f"{query}\n")
    return [Produced("result", path, "text/plain", role="answer")]
