"""`manage.py import_jdl`: definitions of tasks from OPUS's descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobdefs.exchange import Imported, read_jdl
from jobdefs.writing import to_toml
from vo.errors import AthanorError


class Command(BaseCommand):
    """Writes what it can make of each file, and tells what it changed or left out."""

    help = (
        "Make definitions of JDL files of OPUS (VOTable, both layouts). A script that is one simple command becomes "
        "the definition's command; any other is written beside the definition, is no program until you make it "
        "executable, and takes its values from environment variables. Nothing is run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which files, and where to."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JDL file")
        parser.add_argument(
            "--to", type=Path, metavar="DIRECTORY", help="where definitions are written (default: to standard output)"
        )
        parser.add_argument(
            "--programs",
            default="/usr/local/bin",
            metavar="DIRECTORY",
            help="where programs are that scripts call by their bare names (default: %(default)s)",
        )
        parser.add_argument("--replace", action="store_true", help="overwrite definitions and scripts that are there")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's form
        """Read all files; write only when all could be read."""
        folder: Path | None = options["to"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"--to: {folder} is no directory.")
        scripts = str(folder.resolve()) if folder is not None else options["programs"]
        found: dict[Path, Imported] = {}
        for path in options["files"]:
            try:
                found[path] = read_jdl(path.read_bytes(), programs=options["programs"], scripts=scripts)
            except AthanorError as error:
                raise CommandError(f"{path}: {error}") from error
            except OSError as error:
                raise CommandError(f"{path}: it cannot be read: {error.strerror}.") from error
        made: dict[str, Path] = {}
        for path, imported in found.items():
            other = made.setdefault(imported.definition.name, path)
            if other != path:
                raise CommandError(f"{other} and {path} both describe {imported.definition.name}; import one of them.")
            self._check_room(folder, imported, replace=options["replace"])
            for note in imported.notes:
                self.stderr.write(f"{path}: {note}")
        for imported in found.values():
            self._write(folder, imported)

    def _check_room(self, folder: Path | None, imported: Imported, *, replace: bool) -> None:
        for path in self._files(folder, imported):
            if path.exists() and not replace:
                raise CommandError(f"{path} is there already; give --replace to overwrite it.")

    def _files(self, folder: Path | None, imported: Imported) -> dict[Path, str]:
        if folder is None:
            return {}
        name = imported.definition.name
        files = {folder / f"{name}.toml": to_toml(imported.definition)}
        return files | ({folder / f"{name}.sh": imported.script} if imported.script else {})

    def _write(self, folder: Path | None, imported: Imported) -> None:
        if folder is None:
            self.stdout.write(to_toml(imported.definition))
            if imported.script:
                self.stderr.write("The script is written only where --to names a directory.")
            return
        for path, text in self._files(folder, imported).items():
            path.write_text(text, encoding="utf-8")
            self.stdout.write(str(path))
