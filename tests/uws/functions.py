"""In-process tasks of the tests."""

from __future__ import annotations

import time

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
    path = context.workdir / "result.txt"
    path.write_text(f"{query}\n")
    return [Produced("result", path, "text/plain", role="answer")]
