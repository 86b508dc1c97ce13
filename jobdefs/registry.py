"""The definitions that this installation has: one TOML file each, read once; the site's own beside the product's.

A file holds the fields of `jobdefs.definition.Definition`; parameters, inputs and outputs are arrays of tables
(``[[parameters]]``), limits one table (``[limits]``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from vo.errors import AthanorError, NotFoundError
from vo.wording import did_you_mean

from .definition import Definition
from .schema import build_definition
from .stepcheck import link_steps

__all__ = [
    "DIRECTORY",
    "add_directory",
    "all_definitions",
    "get",
    "parse_definition",
    "product_definition",
    "product_definitions",
]

DIRECTORY = Path(__file__).parent / "definitions"
"""Where the product's definitions stand."""

_own: list[Path] = []


def add_directory(directory: Path) -> None:
    """Read the definitions of a directory too; one of them replaces the product's own of the same name."""
    if directory not in _own:
        _own.append(directory)


def parse_definition(text: str, *, source: str) -> Definition:
    """The definition that a TOML document describes.

    Parameters
    ----------
    source
        The file's name, for messages.

    Raises
    ------
    vo.errors.AthanorError
        With every mistake, each by file, table and key.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AthanorError(f"{source}: this is no TOML: {error}.") from error
    return build_definition(document, source=source)


def _parsed(path: Path) -> Definition:
    definition = parse_definition(path.read_text(encoding="utf-8"), source=path.name)
    if definition.name != path.stem:
        raise AthanorError(f"{path.name}: name: it is {definition.name!r}, but the file is called {path.stem!r}.")
    return definition


@cache
def _read(directories: tuple[Path, ...]) -> Mapping[str, Definition]:
    found: dict[str, Definition] = {}
    for path in (path for directory in directories for path in directory.glob("*.toml")):
        found[path.stem] = _parsed(path)
    linked = {
        name: link_steps(item, found, source=f"{name}.toml") if item.environment == "pipeline" else item
        for name, item in sorted(found.items())
    }
    return MappingProxyType(linked)


def all_definitions() -> Mapping[str, Definition]:
    """Every definition by name, in alphabetical order.

    Raises
    ------
    vo.errors.AthanorError
        When a file is wrong.
    """
    return _read((DIRECTORY, *_own))


def product_definitions() -> Mapping[str, Definition]:
    """The definitions that come with the product, whatever the site has in their place."""
    return _read((DIRECTORY,))


@cache
def product_definition(name: str) -> Definition:
    """The product's own definition of a task that is no pipeline; its file alone is read, for tasks that start often.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none; names the nearest.
    """
    path = DIRECTORY / f"{name}.toml"
    return _parsed(path) if name.isprintable() and "/" not in name and path.is_file() else get(name)


def get(name: str) -> Definition:
    """The definition of that name.

    Raises
    ------
    vo.errors.NotFoundError
        When there is none; names the nearest.
    """
    definitions = all_definitions()
    if name in definitions:
        return definitions[name]
    known = [item.name for item in definitions.values() if not item.internal]
    raise NotFoundError(
        f"There is no task {name[:80]!r}.",
        hint=did_you_mean(name, known) or f"The tasks are: {', '.join(known) or 'none'}.",
    )
