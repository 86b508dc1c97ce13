"""`manage.py copy_archive`: take the archive's tables from one engine to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from vo.errors import AthanorError


class Command(BaseCommand):
    """Publishes every table of one archive in another, in one step."""

    help = (
        "Copy all published tables with their metadata from one archive to another, such as from DuckDB files to "
        "PostgreSQL. Readers of the second archive see what it had until all has been copied, and then the copy. "
        "Safe to run again. The first archive can be read meanwhile, but what is published in it is not copied."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """From where to where."""
        parser.add_argument("source", metavar="FROM", help="URL of an archive, as in ARCHIVE_URL")
        parser.add_argument("target", metavar="TO", help="URL of the archive that is to have its tables")
        parser.add_argument(
            "--drop", action="store_true", help="remove the tables of the second archive that the first has not"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Copy and tell what was copied."""
        if options["source"] == options["target"]:
            raise CommandError("FROM and TO are the same archive.")
        from obstap.stores import open_store  # noqa: PLC0415 - loads the engines

        try:
            source, target = open_store(options["source"]), open_store(options["target"])
            try:
                self._copy(source, target, drop=options["drop"], verbosity=options["verbosity"])
            finally:
                source.close()
                target.close()
        except (AthanorError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error

    def _copy(self, source: Any, target: Any, *, drop: bool, verbosity: int) -> None:
        from obstap.stores import TableContent  # noqa: PLC0415 - as above

        with source.snapshot() as snapshot, target.exclusive():
            with target.snapshot() as present:
                surplus = sorted(set(present.tables) - set(snapshot.tables))
            if surplus and not drop:
                raise CommandError(
                    f"The second archive has tables that the first has not: {', '.join(surplus)}."
                    " Their rows would stay, but TAP_SCHEMA would no longer tell of them; give --drop to remove them."
                )
            counts = {name: _count(snapshot, name) for name in snapshot.tables}
            with tqdm(total=sum(counts.values()), unit=" rows", disable=None if verbosity else True) as bar:
                contents = [TableContent(table, _rows(snapshot, name, bar)) for name, table in snapshot.tables.items()]
                target.replace(contents, drop=surplus)
        if verbosity:
            self.stdout.write(f"{len(counts)} tables with {sum(counts.values())} rows copied")


def _count(snapshot: Any, name: str) -> int:
    (batch,) = snapshot.execute(f"SELECT count(*) AS n FROM {snapshot.physical(name)}")  # noqa: S608 - the store's name
    return batch.column(0)[0].as_py()


def _rows(snapshot: Any, name: str, bar: tqdm) -> Iterator[pa.RecordBatch]:
    """The rows of a table, read when they are asked for."""
    bar.set_description(name)
    for batch in snapshot.execute(f"SELECT * FROM {snapshot.physical(name)}"):  # noqa: S608 - as above
        yield batch
        bar.update(batch.num_rows)
