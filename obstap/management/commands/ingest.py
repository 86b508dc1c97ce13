"""`manage.py ingest`: bring files into the archive."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm


class Command(BaseCommand):
    """Reads headers, publishes rows of ObsCore and remembers where the files lie."""

    help = (
        "Bring FITS files into the archive: event lists (XMM-Newton, H.E.S.S. and other DL3, Chandra, NuSTAR and other "
        "OGIP), spectra, light curves and sky images. Files that were ingested before and have not changed are "
        "skipped; changed ones replace their rows. The files stay where they are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to ingest, and how."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file or folder")
        parser.add_argument(
            "--collection",
            metavar="NAME",
            help="put all files into this collection (default: by their headers)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
        parser.add_argument("--again", action="store_true", help="read unchanged files anew, too")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Run the ingest and tell what it did."""
        from obstap.ingest import Report, ingest  # noqa: PLC0415 - loads astropy
        from obstap.models import PublishedProduct  # noqa: PLC0415 - models load after the applications

        collection = options["collection"]
        if collection is not None and not collection.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise CommandError(
                f"--collection: {collection!r} is no name of a collection; use letters, digits, '-', '_' and '.'."
            )

        if collection is not None and PublishedProduct.objects.filter(collection__iexact=collection).exists():
            raise CommandError(f"--collection: {collection!r} holds published products of jobs; choose another name.")

        def bar(paths: list[Path]) -> Any:
            return tqdm(paths, unit=" files", disable=None if options["verbosity"] else True)

        report: Report = ingest(
            paths=options["paths"],
            collection=collection,
            dry_run=options["dry_run"],
            again=options["again"],
            progress=bar,
        )
        self._tell(report, verbosity=options["verbosity"], dry_run=options["dry_run"])
        if report.failed:
            raise CommandError("Nothing could be ingested.", returncode=1)

    def _tell(self, report: Any, *, verbosity: int, dry_run: bool) -> None:
        for path, reason in report.refused:
            self.stderr.write(f"refused: {path}: {reason}")
        if verbosity > 1 or dry_run:
            for entry in report.ingested:
                self.stdout.write(f"{entry.product.obs['dataproduct_type']}: {entry.path} as {entry.did}")
        if verbosity > 1:
            for path, reason in report.ignored:
                self.stdout.write(f"ignored: {path}: {reason}")
            for path in report.absent:
                self.stdout.write(f"absent: {path}")
        if verbosity:
            for reason, count in sorted(Counter(reason for _, reason in report.ignored).items()):
                self.stdout.write(f"ignored: {count} × {reason}")
            kinds = Counter(entry.collection for entry in report.ingested)
            detail = "; ".join(f"{name}: {count}" for name, count in sorted(kinds.items()))
            done = "would be ingested" if dry_run else "ingested"
            self.stdout.write(
                f"{len(report.ingested)} {done}" + (f" ({detail})" if detail else "") + f", "
                f"{report.unchanged} unchanged, {len(report.ignored)} ignored, {len(report.refused)} refused"
                + (f", {len(report.absent)} listed in an index but absent" if report.absent else "")
            )
