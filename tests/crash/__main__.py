"""SIGKILL of web servers, engines and runners while jobs run; every job must end once, as its command earns.

    python -m tests.crash [--executor local|slurm] [--database sqlite|postgresql] [--jobs 200] [--kills 300] [--seed 1]

Slurm and PostgreSQL are the tests' own, made of Debian's packages. Exit status 1 where anything is lost, doubled or
left over.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests import postgres, slurm
from tests.crash.service import Fragile
from tests.crash.trial import trial


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executor", choices=("local", "slurm"), default="local")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--jobs", type=int, help="200, or 50 on Slurm")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, help="seconds that a job takes at most: 1.5, or 8 on Slurm")
    parser.add_argument("--pause", type=float, default=0.8, help="longest pause between two kills, in seconds")
    options = parser.parse_args()
    jobs, longest = (50, 8.0) if options.executor == "slurm" else (200, 1.5)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="athanor-crash-")))
        settings = {}
        if options.executor == "slurm":
            if missing := slurm.lacking():
                raise SystemExit(f"Slurm needs {missing}.")
            cluster = stack.enter_context(slurm.running_cluster())
            settings |= {"ATHANOR_EXECUTOR": "slurm", "SLURM_CONF": str(cluster.configuration)}
        if options.database == "postgresql":
            if missing := postgres.lacking():
                raise SystemExit(f"PostgreSQL needs {missing}.")
            server = stack.enter_context(postgres.running_server())
            settings["DATABASE_URL"] = server.loopback_url(server.create_database())
        service = Fragile(folder, settings)
        stack.callback(service.stop)
        service.start()
        report = trial(
            service,
            jobs=options.jobs or jobs,
            kills=options.kills,
            seed=options.seed,
            longest=options.longest or longest,
            pause=options.pause,
        )
        if report.faults:
            sys.stdout.write(f"{service.logs()}\n")
    kills, phases = (", ".join(f"{name} {n}" for name, n in sorted(c.items())) for c in (report.kills, report.phases))
    sys.stdout.write(
        f"seed {options.seed}: {sum(report.phases.values())} jobs, {sum(report.kills.values())} kills ({kills}) "
        f"in {report.seconds:.0f} s\nended: {phases}; runs started again: {report.restarts}\n"
    )
    sys.stdout.write("\n".join([*report.faults[:50], f"{len(report.faults)} faults\n"]))
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
