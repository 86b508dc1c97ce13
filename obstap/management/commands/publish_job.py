"""`manage.py publish_job`: make results of a job products of the archive."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vo.errors import AthanorError


class Command(BaseCommand):
    """Publishes all that is asked for, or nothing."""

    help = (
        "Publish results of a COMPLETED job in ivoa.obscore, whoever's it is. Their files are copied into the archive "
        "and stay when the job is destroyed. Run again with the same job and collection, it adds what is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which results, and under which name."""
        parser.add_argument("job", metavar="JOBID", help="the job, or the beginning of its id that no other has")
        parser.add_argument(
            "--result", metavar="NAME", nargs="+", default=[], help="results (default: all that are data products)"
        )
        parser.add_argument("--collection", metavar="NAME", required=True, help="their obs_collection")
        parser.add_argument(
            "--release-date", metavar="DATE", default="", help="when the files become public, as 2027-01-31 (UTC)"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Publish, and tell what the products are called."""
        from obstap.products import publish_results  # noqa: PLC0415 - loads astropy
        from obstap.products.dates import parse_release_date  # noqa: PLC0415
        from uws.operating.selection import find_job  # noqa: PLC0415

        try:
            products = publish_results(
                job=find_job(options["job"]),
                collection=options["collection"],
                names=options["result"],
                release_date=parse_release_date(options["release_date"]),
            )
        except AthanorError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"Nothing was published: {error.strerror}: {error.filename or 'the archive'}."
            ) from error
        if options["verbosity"]:
            for product in products:
                self.stdout.write(f"{product.result}: {product.obs_publisher_did}")
