"""`manage.py run_engine`: work on the queue until told to stop."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from uws.engine.engine import Engine


class Command(BaseCommand):
    """Runs one engine in the foreground."""

    help = (
        "Run the job engine: take queued jobs, run up to ATHANOR_LOCAL_SLOTS of them at a time on this machine, record "
        "how they end, and destroy what is past its destruction time. Several engines may run. SIGTERM or Ctrl-C stops "
        "it; runs go on and are found again by the next engine."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's own signature
        """Run until SIGTERM or SIGINT."""
        stop = threading.Event()
        engine = Engine()

        def ask_to_stop(*_: object) -> None:
            stop.set()
            engine.wake()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask_to_stop)
        self.stdout.write(f"Engine {engine.identity} is ready.")
        self.stdout.flush()
        engine.run(stop)
