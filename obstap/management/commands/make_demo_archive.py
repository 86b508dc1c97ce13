"""`manage.py make_demo_archive`: simulated EPIC exposures to try the service with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vo.errors import UsageError


class Command(BaseCommand):
    """Simulates exposures; the same seed gives the same files."""

    help = (
        "Simulate XMM-Newton EPIC exposures (pn, MOS1, MOS2) and write their event lists, in the pipeline's layout, "
        "for trials without real data. The same seed gives the same bytes. Ingest them with `manage.py ingest`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where, how many, and with what seed."""
        parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers (default 1)")
        parser.add_argument(
            "--output", type=Path, metavar="DIR", help="folder to write into (default ATHANOR_HOME/archive/xmm-sim)"
        )
        parser.add_argument(
            "--observations", type=int, metavar="N", help="make only the first N of the planned observations"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Make the files and tell of each."""
        from obstap.demo import make_archive  # noqa: PLC0415 - loads astropy

        folder = Path(options["output"] or settings.ATHANOR_HOME / "archive" / "xmm-sim").expanduser().resolve()
        wanted = {} if options["observations"] is None else {"observations": options["observations"]}
        size = count = 0
        try:
            for written in make_archive(folder, seed=options["seed"], **wanted):
                size, count = size + written.path.stat().st_size, count + 1
                if options["verbosity"]:
                    self.stdout.write(f"{written.path.name}: {written.events} events")
        except UsageError as error:
            raise CommandError(f"--{error}") from error
        if options["verbosity"]:
            self.stdout.write(f"{count} files, {size / 1e6:.1f} MB in {folder}")
