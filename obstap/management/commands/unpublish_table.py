"""`manage.py unpublish_table`: take a published catalogue away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vo.errors import AthanorError


class Command(BaseCommand):
    """Takes one table away in one step, after a question."""

    help = (
        "Take a table away that publish_table has published. Queries that run go on with it; the file that it came"
        " from is not touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which table, and whether to ask."""
        parser.add_argument("name", metavar="SCHEMA.TABLE", help="the table")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Ask, take away and tell."""
        from obstap.publish import removable, unpublish  # noqa: PLC0415 - loads Arrow
        from obstap.stores import get_store  # noqa: PLC0415

        try:
            table = removable(options["name"], get_store())
            if not options["yes"] and not self._agreed(table.name):
                self.stdout.write("Nothing was changed.")
                return
            others = unpublish(table.name)
        except AthanorError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(f"{table.name} is no longer published.")
        for other in others:
            self.stderr.write(f"warning: {other} has a foreign key to it, which is no longer shown.")

    def _agreed(self, name: str) -> bool:
        try:
            return input(f"Take {name} away? [y/N] ").strip().lower() in ("y", "yes")
        except EOFError as error:
            raise CommandError("There is nobody to ask; give --yes.") from error
