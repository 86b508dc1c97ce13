"""`manage.py import_par`: definitions of exactly the tasks that an installation of SAS has."""

from __future__ import annotations

import os
import tempfile
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobdefs.par_import import find_files, read_files, write_definitions
from jobdefs.sas.version import ask_version
from uws.engine.sas import SOURCE_ROOT, site_installation
from vo.errors import AthanorError

NOTES = """
A definition takes names, types, defaults, ranges and conditions of its parameters from the parameter
file. What such a file does not tell, inputs, outputs, units and headings, comes from the definition
that Athanor has of the task. For a task that it does not know, files without a default are taken for
inputs, and those with one, or whose names begin with `out`, for outputs. What could not be expressed
is told; a file that is wrong is refused and the others are written. Restart the service afterwards.

examples:
  manage.py import_par $SAS_DIR/config --to /etc/athanor/definitions
  manage.py import_par $SAS_DIR/config --task arfgen --task rmfgen --version 21.0.0
"""


class Command(BaseCommand):
    """Reads all parameter files, then writes all definitions."""

    help = "Make task definitions from the parameter files of SAS ($SAS_DIR/config)."
    requires_system_checks: Sequence[str] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """A parser in which Django's own ``--version`` gives way to ours."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """The directory, the tasks and where the definitions go."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = NOTES
        parser.add_argument("config", type=Path, metavar="CONFIG", help="the directory $SAS_DIR/config")
        parser.add_argument(
            "--task", action="append", default=[], metavar="NAME", help="only this one; may be repeated"
        )
        parser.add_argument(
            "--to", type=Path, metavar="DIRECTORY", help="where definitions are written (default: ATHANOR_DEFINITIONS)"
        )
        parser.add_argument("--version", metavar="TEXT", help="version of SAS (default: what its sasversion says)")

    def handle(self, *, config: Path, task: list[str], to: Path | None, version: str | None, **_: Any) -> None:
        """Read, write and tell."""
        directory = to or (Path(settings.ATHANOR_DEFINITIONS) if settings.ATHANOR_DEFINITIONS else None)
        if directory is None:
            raise CommandError("Say by --to where definitions go, or set ATHANOR_DEFINITIONS to the site's directory.")
        try:
            files = find_files(config, task)
            found = read_files(files, version=version or _version(config))
            write_definitions([item.definition for item in found.imported.values()], directory)
        except AthanorError as error:
            raise CommandError(str(error)) from error
        for name, item in found.imported.items():
            self.stdout.write(f"{name}: {len(item.definition.parameters)} parameters")
            for note in item.notes:
                self.stdout.write(f"  {note}")
        for reason in found.refused.values():
            self.stderr.write(reason)
        self.stdout.write(f"{len(found.imported)} definitions are in {directory}; restart the service to use them.")
        if found.refused:
            raise CommandError(f"{len(found.refused)} of {len(files)} parameter files were refused.")


def _version(config: Path) -> str:
    sas = site_installation()._replace(root=str(config.resolve().parent), container=())
    with tempfile.TemporaryDirectory(prefix="athanor-") as folder:
        environment = {"PATH": os.defpath, "HOME": folder, "PYTHONPATH": str(SOURCE_ROOT), **sas.to_environment()}
        try:
            return ".".join(map(str, ask_version(environment)))
        except AthanorError as error:
            raise CommandError(f"{error} Say by --version which version of SAS it is.") from error
