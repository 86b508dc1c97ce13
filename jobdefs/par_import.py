"""Definitions of the tasks of an installation of SAS, from its parameter files, into a directory of definitions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vo.errors import AthanorError, NotFoundError, UsageError
from vo.wording import did_you_mean

from .definition import Definition
from .from_par import Imported, definition_from_par
from .registry import all_definitions, product_definitions
from .sas.par import read_par
from .stepcheck import link_steps
from .writing import to_toml

__all__ = ["Found", "find_files", "read_files", "write_definitions"]

ENVIRONMENT = "rgsproc"
"""The product's task whose parameters for environment variables those get that it does not know."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of parameter files: definitions by task, and why others were refused."""

    imported: dict[str, Imported]
    refused: dict[str, str]


def find_files(config: Path, tasks: Sequence[str] = ()) -> list[Path]:
    """The parameter files of some tasks, or of all.

    Parameters
    ----------
    config
        The directory ``$SAS_DIR/config``.

    Raises
    ------
    vo.errors.NotFoundError
        When there is no such directory, none for one of the tasks, or none at all.
    """
    files = {path.stem: path for path in sorted(config.glob("*.par")) if path.is_file()}
    if not files:
        raise NotFoundError(f"There are no parameter files (*.par) in {config}.", hint="Name $SAS_DIR/config.")
    missing = [task for task in tasks if task not in files]
    if missing:
        raise NotFoundError(f"There is no {missing[0]}.par in {config}.", hint=did_you_mean(missing[0], files))
    return [files[task] for task in dict.fromkeys(tasks)] if tasks else list(files.values())


def read_files(files: Sequence[Path], *, version: str) -> Found:
    """The definitions of the tasks; a file that is wrong is refused by itself.

    Parameters
    ----------
    version
        Of SAS, which becomes that of the definitions.
    """
    product = product_definitions()
    found = Found({}, {})
    for path in files:
        own = product.get(path.stem)
        if own is not None and own.environment not in ("sas", "any"):
            found.refused[path.stem] = f"{path.name}: Athanor has a task of its own of that name."
            continue
        try:
            found.imported[path.stem] = definition_from_par(
                path.stem,
                read_par(path.read_bytes(), source=path.name),
                version=version,
                own=own,
                environment=product[ENVIRONMENT],
            )
        except OSError as error:
            found.refused[path.stem] = f"{path.name}: it cannot be read: {error.strerror}."
        except AthanorError as error:
            found.refused[path.stem] = str(error)
    _refuse_what_breaks_pipelines(found)
    return found


def write_definitions(definitions: Sequence[Definition], directory: Path) -> list[Path]:
    """Write each into a file of its own; those of the same names are replaced, all or none.

    Raises
    ------
    vo.errors.UsageError
        When the directory cannot be written to.
    """
    parts: dict[Path, Path] = {}
    blocked = [definition.name for definition in definitions if (directory / f"{definition.name}.toml").is_dir()]
    if blocked:
        raise UsageError(f"{blocked[0]}.toml in {directory} is a directory.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for definition in definitions:
            path = directory / f"{definition.name}.toml"
            part = path.with_suffix(f".part{os.getpid()}")
            parts[part] = path
            part.write_text(to_toml(definition), encoding="utf-8")
        for part, path in parts.items():
            part.replace(path)
    except OSError as error:
        raise UsageError(f"Definitions cannot be written to {directory}: {error.strerror}.") from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return list(parts.values())


def _refuse_what_breaks_pipelines(found: Found) -> None:
    """Refuse definitions with which a pipeline of this site could no longer be read."""
    definitions = dict(all_definitions())
    for pipeline in [item for item in definitions.values() if item.environment == "pipeline"]:
        used = {step.task for step in pipeline.steps} & set(found.imported)
        tasks = definitions | {name: found.imported[name].definition for name in used}
        try:
            link_steps(replace(pipeline, tasks=()), tasks, source=f"{pipeline.name}.toml")
        except AthanorError as error:
            for name in sorted(used):
                found.imported.pop(name)
                found.refused[name] = f"{name}.par: a pipeline of this site needs what it does not have: {error}"
