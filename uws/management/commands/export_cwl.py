"""`manage.py export_cwl`: a task as a tool of the Common Workflow Language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobdefs import registry
from jobdefs.exchange import write_cwl
from vo.errors import AthanorError


class Command(BaseCommand):
    """Writes the document."""

    help = (
        "Write a task as a CommandLineTool of CWL v1.2, in JSON. Pipelines and tasks of the service itself have none."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which task, and where to."""
        parser.add_argument("task", metavar="TASK", help="name of the task")
        parser.add_argument("--to", type=Path, metavar="FILE", help="file to write (default: standard output)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Write it."""
        try:
            document = write_cwl(registry.get(options["task"]))
        except AthanorError as error:
            raise CommandError(str(error)) from error
        if options["to"] is None:
            self.stdout.write(document, ending="")
            return
        try:
            options["to"].write_text(document, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['to']}: it cannot be written: {error.strerror}.") from error
