"""`manage.py unpublish_job`: take published results of a job out of the archive."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vo.errors import AthanorError


class Command(BaseCommand):
    """Withdraws all that is asked for, after a question."""

    help = (
        "Take results that publish_job has published out of the archive: their rows and their files, for good. The job "
        "may be gone; its provenance stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which results, and whether to ask."""
        parser.add_argument("job", metavar="JOBID", help="the whole id of the job")
        parser.add_argument("--result", metavar="NAME", nargs="+", default=[], help="results (default: all)")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Ask, withdraw and tell."""
        from obstap.products import withdraw_results  # noqa: PLC0415 - loads astropy

        if not options["yes"] and not self._agreed(options["job"], options["result"]):
            self.stdout.write("Nothing was changed.")
            return
        try:
            withdrawn = withdraw_results(job_id=options["job"], names=options["result"])
        except AthanorError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            for did in withdrawn:
                self.stdout.write(f"{did} is no longer published.")

    def _agreed(self, job: str, results: list[str]) -> bool:
        what = ", ".join(results) or "all published results"
        try:
            return input(f"Take {what} of {job} out of the archive? [y/N] ").strip().lower() in ("y", "yes")
        except EOFError as error:
            raise CommandError("There is nobody to ask; give --yes.") from error
