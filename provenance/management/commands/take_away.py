"""`manage.py take_away`: a job as an RO-Crate in a zip file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vo.errors import AthanorError


class Command(BaseCommand):
    """Writes the whole file, or none."""

    help = (
        "Write an ended job, whoever's it is, as an RO-Crate: a zip file with its results, logs, definition and "
        "provenance, and programs that repeat it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which job, where to, and what with it."""
        parser.add_argument("job", metavar="JOBID", help="the job, or the beginning of its id that no other has")
        parser.add_argument("file", metavar="FILE", type=Path, help="the zip file, or a directory for it")
        parser.add_argument("--inputs", action="store_true", help="take the input files along that its owner may read")
        parser.add_argument("--url", metavar="URL", default="", help="of the service (default: as the job was made)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Write it."""
        from django.conf import settings  # noqa: PLC0415 - as the rest, where it is needed

        from provenance.crate import collect, crate_name, write_crate  # noqa: PLC0415
        from uws.operating.selection import find_job  # noqa: PLC0415

        try:
            job = find_job(options["job"])
            address = options["url"] or settings.ATHANOR_BASE_URL or job.base_url or "http://localhost"
            crate = collect(job=job, user=job.owner, base_url=address.rstrip("/"), with_inputs=options["inputs"])
        except AthanorError as error:
            raise CommandError(str(error)) from error
        target: Path = options["file"]
        target = target / crate_name(crate) if target.is_dir() else target
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as file:
                for chunk in write_crate(crate):
                    file.write(chunk)
            part.replace(target)
        except OSError as error:
            raise CommandError(f"{target}: it cannot be written: {error.strerror}.") from error
        finally:
            part.unlink(missing_ok=True)
        if options["verbosity"]:
            self.stdout.write(f"{target}: {target.stat().st_size:,} bytes")
