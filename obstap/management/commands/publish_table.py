"""`manage.py publish_table`: make a catalogue a table of the archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from vo.errors import AthanorError

if TYPE_CHECKING:
    from obstap.publish import Plan


class Command(BaseCommand):
    """Reads a file, publishes its table in one step and tells what was chosen and what is doubtful."""

    help = (
        "Publish a catalogue as a table that TAP queries: FITS (also as TOPCAT writes it), VOTable, Parquet, ECSV, CSV "
        "or TSV, each also compressed by gzip. Names, units, UCDs and descriptions of the columns are taken over. "
        "Nothing is published when anything is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to publish, and what the file does not say."""
        add = parser.add_argument
        add("file", type=Path, metavar="FILE", help="the catalogue")
        add("--name", required=True, metavar="SCHEMA.TABLE", help="name of the table, such as xmm.catalogue")
        add("--description", default="", help="what the table holds, in a sentence")
        add("--schema-description", default="", help="what the schema holds, in a sentence")
        add("--utype", default="", help="the concept of a data model that the table stands for")
        add(
            "--metadata",
            type=Path,
            metavar="FILE",
            help="a .csv or .toml file that describes columns; it overrides FILE",
        )
        add("--hdu", default="", metavar="N|NAME", help="which table of a FITS file or VOTable (default: the first)")
        add("--key", metavar="COLUMN", help="what tells rows apart (default: by UCD meta.id;meta.main; '' for none)")
        add(
            "--position", nargs=2, metavar=("RA", "DEC"), help="columns in ICRS degrees (default: by UCD, then by name)"
        )
        add(
            "--foreign-key",
            action="append",
            default=[],
            metavar="'COLUMN -> SCHEMA.TABLE.COLUMN'",
            help="a column that points into another published table; may be repeated",
        )
        add("--index", nargs="+", default=[], metavar="COLUMN", help="columns that queries often restrict")
        add("--principal", nargs="+", default=[], metavar="COLUMN", help="columns to be shown first")
        add("--replace", action="store_true", help="replace a table of that name")
        add("--dry-run", action="store_true", help="read and check everything, publish nothing")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Publish and tell."""
        from obstap.publish import Choices, publish_file  # noqa: PLC0415 - loads Arrow

        choices = Choices(
            name=options["name"],
            description=options["description"],
            utype=options["utype"],
            key=options["key"],
            position=options["position"],
            foreign_keys=options["foreign_key"],
            indexed=options["index"],
            principal=options["principal"],
        )
        with tqdm(unit=" rows", unit_scale=True, disable=None if options["verbosity"] else True) as bar:

            def started(plan: Plan) -> Callable[[int], object]:
                bar.reset(total=plan.source.rows)
                return bar.update

            try:
                plan = publish_file(
                    options["file"],
                    choices,
                    table=options["hdu"],
                    metadata=options["metadata"],
                    schema_description=options["schema_description"],
                    replace=options["replace"],
                    dry_run=options["dry_run"],
                    started=started,
                )
            except AthanorError as error:
                bar.disable = True
                raise CommandError(f"{options['file']}: {error}") from error
        self._tell(plan, verbosity=options["verbosity"], dry_run=options["dry_run"])

    def _tell(self, plan: Plan, *, verbosity: int, dry_run: bool) -> None:
        from obstap.publish import summary  # noqa: PLC0415 - loads Arrow

        told = summary(plan, dry_run=dry_run)
        for line in told.warnings:
            self.stderr.write(f"warning: {line}")
        if verbosity:
            for line in told.facts:
                self.stdout.write(line)
