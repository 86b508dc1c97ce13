"""`manage.py prepare`: everything that must be there before the service can be started."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Creates or updates the database, the tables and the static files; safe to run again."""

    help = (
        "Prepare the state directory (ATHANOR_HOME): migrate the database, create the archive's tables, collect the "
        "static files and, in an archive without files, make and ingest the demonstration archive. Safe to run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Only one switch."""
        parser.add_argument(
            "--no-demo", action="store_true", help="leave an empty archive empty, as production does by default"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Run the steps in their order."""
        from obstap import catalogue  # noqa: PLC0415 - the engines are loaded when they are needed
        from obstap.models import ArchiveFile  # noqa: PLC0415
        from obstap.products import recover  # noqa: PLC0415

        call_command("migrate", interactive=False, verbosity=0)
        catalogue.ensure()
        recover()
        call_command("collectstatic", interactive=False, verbosity=0)
        demo_wanted = not options["no_demo"] and not settings.ENVIRONMENT.production
        if demo_wanted and not ArchiveFile.objects.exists():
            self.stdout.write("Making the demonstration archive: simulated EPIC exposures (once, under a minute) …")
            folder = settings.ATHANOR_HOME / "archive" / "xmm-sim"
            call_command("make_demo_archive", output=str(folder), verbosity=0)
            call_command("ingest", *map(str, sorted(folder.glob("*.FIT"))))
        self.stdout.write(f"Ready in {settings.ATHANOR_HOME}")
