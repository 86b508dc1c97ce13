"""`manage.py serve`: the web server and the job engine in one command."""

from __future__ import annotations

import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.supervisor import Program, Supervisor

KEEP_ALIVE = 30
"""Seconds for which an idle connection is kept."""

HEALTHCHECK = 60
"""Seconds in which a worker must answer its master; long ones, for a hard query may keep all of Python waiting."""

GRACE = 10
"""Seconds that requests under way may take when the server stops."""

MEMORY = {"MALLOC_ARENA_MAX": "4", "ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Variables of the web server's processes (mallopt(3), Arrow's C++ manual, Environment Variables).

By default glibc and Arrow keep free memory apart for each thread. A long answer is made by many threads in turn, and
what it takes at once would stay with each of them.
"""


class Command(BaseCommand):
    """Runs the service in the foreground until SIGTERM or Ctrl-C."""

    help = (
        "Serve on HOST:PORT with ATHANOR_WEB_WORKERS processes and run one job engine, in the foreground. A process "
        "that dies is started again. SIGTERM or Ctrl-C stops all; jobs on other machines go on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch for sites that run their engines elsewhere."""
        parser.add_argument(
            "--no-engine", action="store_true", help="serve only; engines run as processes of their own"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Run until told to stop."""
        _require_free_port()
        programs = [Program("web server", web_server(), takes_group=True, environment=MEMORY)]
        if not options["no_engine"]:
            programs.append(Program("job engine", engine(), patience=30))
        supervisor = Supervisor(programs)
        supervisor.handle_signals()
        supervisor.run(each_tick=self._tell_when_ready())
        self.stdout.write("Stopped.")

    def _tell_when_ready(self) -> Any:
        told = False

        def tell() -> None:
            nonlocal told
            if not told and _answers():
                told = True
                self.stdout.write(f"Athanor serves on {address()} (Ctrl-C stops it)")
                self.stdout.flush()

        return tell


def web_server() -> list[str]:
    """The web server's command line; uvicorn takes uvloop and httptools by itself where they are installed."""
    return [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
        *("--app-dir", str(settings.BASE_DIR)),
        *("--host", settings.ATHANOR_HOST, "--port", str(settings.ATHANOR_PORT)),
        *("--workers", str(settings.ATHANOR_WEB_WORKERS)),
        *("--no-server-header", "--no-access-log", "--log-level", "warning", "--lifespan", "off"),
        *("--timeout-worker-healthcheck", str(HEALTHCHECK)),
        *("--timeout-keep-alive", str(KEEP_ALIVE), "--timeout-graceful-shutdown", str(GRACE)),
    ]


def engine() -> list[str]:
    """The job engine's command line."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_engine"]


def address() -> str:
    """Where a browser on this machine finds the service."""
    host = "localhost" if settings.ATHANOR_HOST in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.ATHANOR_HOST  # noqa: S104
    return settings.ATHANOR_BASE_URL or f"http://{host}:{settings.ATHANOR_PORT}/"


def _reach() -> tuple[str, int]:
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what listens everywhere is reached here
    return local.get(settings.ATHANOR_HOST, settings.ATHANOR_HOST), settings.ATHANOR_PORT


def _answers() -> bool:
    try:
        with socket.create_connection(_reach(), timeout=1):
            return True
    except OSError:
        return False


def _require_free_port() -> None:
    if _answers():
        raise CommandError(
            f"Something serves on port {settings.ATHANOR_PORT} already. Stop it, or set PORT to another number."
        )
