"""`manage.py export_jdl`: a task as a description that OPUS reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobdefs import registry
from jobdefs.exchange import write_jdl
from vo.errors import AthanorError


class Command(BaseCommand):
    """Writes the document, and tells what it cannot say."""

    help = (
        "Write a task as JDL (VOTable 1.3). What JDL has no words for is told on standard error: lists, parameters "
        "that switch others on, limits but the execution duration, and more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which task, and where to."""
        parser.add_argument("task", metavar="TASK", help="name of the task")
        parser.add_argument("--to", type=Path, metavar="FILE", help="file to write (default: standard output)")
        parser.add_argument(
            "--names",
            choices=("provdm", "opus"),
            default="provdm",
            help="utypes of the IVOA Provenance Data Model 1.0 (default), or those of OPUS itself",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Write it."""
        try:
            exported = write_jdl(registry.get(options["task"]), names=options["names"])
        except AthanorError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            for line in exported.lost:
                self.stderr.write(line)
        if options["to"] is None:
            self.stdout.write(exported.document, ending="")
            return
        try:
            options["to"].write_text(exported.document, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['to']}: it cannot be written: {error.strerror}.") from error
