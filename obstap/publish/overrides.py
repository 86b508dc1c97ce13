"""Files that describe columns: for CSV files that bring no description, and to put right what a file says.

Two forms are read. A table (``.csv``) has a line for each column and the heads ``name``, ``datatype``, ``arraysize``,
``xtype``, ``unit``, ``ucd``, ``utype``, ``description``, ``principal`` and ``indexed``, of which only the first must be
there. TOML (``.toml``) says the same in a table ``[columns.NAME]`` for each, and of the whole table in ``[table]``.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from obstap.metadata import DATATYPES, Column
from obstap.origin import ORIGIN
from obstap.publish.source import Source
from vo.errors import UsageError
from vo.wording import did_you_mean

__all__ = ["Overrides", "read_overrides"]

TEXTS = ("datatype", "arraysize", "xtype", "unit", "ucd", "utype", "description")
FLAGS = ("principal", "indexed")
TABLE = ("description", "utype", *ORIGIN)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a description says: attributes of the table, and of columns by their names."""

    table: Mapping[str, str] = field(default_factory=dict)
    origin: tuple[tuple[str, str], ...] = ()
    columns: Mapping[str, Mapping[str, str | bool]] = field(default_factory=dict)

    def apply(self, source: Source) -> None:
        """Let `source` say what the description says, where it says something.

        Raises
        ------
        vo.errors.UsageError
            When the description names a column that the file does not have.
        """
        known = {column.name: column for column in source.columns}
        for name in self.columns.keys() - known.keys():
            raise UsageError(
                f"--metadata describes a column {name!r} that the file does not have.", hint=did_you_mean(name, known)
            )
        source.columns = tuple(_changed(column, self.columns.get(column.name, {})) for column in source.columns)
        source.undeclared -= {name for name, told in self.columns.items() if told.get("datatype")}
        source.description = self.table.get("description", source.description)
        source.utype = self.table.get("utype", source.utype)
        told = {name for name, _ in self.origin}
        source.origin = (*self.origin, *(item for item in source.origin if item[0] not in told))


def read_overrides(path: Path) -> Overrides:
    """The description in a file.

    Raises
    ------
    vo.errors.UsageError
        When the file is malformed or says what cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--metadata: {path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if path.suffix.lower() == ".toml":
        return _from_toml(text)
    if path.suffix.lower() == ".csv":
        return Overrides(columns=_from_csv(text))
    raise UsageError(f"--metadata: {path.name} must be a .csv or a .toml file.")


def _from_csv(text: str) -> dict[str, Mapping[str, str | bool]]:
    reader = csv.DictReader(text.splitlines())
    heads = reader.fieldnames or []
    _check_keys(heads, ("name", *TEXTS, *FLAGS), "has a head")
    if "name" not in heads:
        raise UsageError("--metadata: the first line must name the column 'name'.")
    described = {}
    for record in reader:
        name = record.pop("name") or ""
        if None in record:
            raise UsageError(f"--metadata: the line of column {name!r} has more cells than the first line.")
        if name:
            described[name] = _checked(name, {key: value for key, value in record.items() if value})
    return described


def _from_toml(text: str) -> Overrides:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"--metadata is no TOML: {error}.") from error
    _check_keys(data, ("table", "columns"), "has a table")
    table, columns = data.get("table", {}), data.get("columns", {})
    if not isinstance(table, dict) or not isinstance(columns, dict):
        raise UsageError("--metadata: [table] and [columns.NAME] must be tables.")
    _check_keys(table, TABLE, "says of the table")
    for name, told in columns.items():
        if not isinstance(told, dict):
            raise UsageError(f"--metadata: {name} must be described in a table [columns.{name}].")
        _check_keys(told, (*TEXTS, *FLAGS), f"says of column {name}")
    return Overrides(
        table={key: str(value) for key, value in table.items() if key not in ORIGIN},
        origin=_origin(table),
        columns={name: _checked(name, told) for name, told in columns.items()},
    )


def _origin(table: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """What is told of where the data come from; a list gives several of a kind."""
    told = [(key, value if isinstance(value, list) else [value]) for key, value in table.items() if key in ORIGIN]
    return tuple((key, str(value)) for key, values in told for value in values)


def _check_keys(given: Mapping[str, object] | list[str], allowed: tuple[str, ...], what: str) -> None:
    for key in given:
        if key not in allowed:
            raise UsageError(f"--metadata {what} {key!r}; it must be one of {', '.join(allowed)}.")


def _checked(name: str, told: Mapping[str, object]) -> dict[str, str | bool]:
    values: dict[str, str | bool] = {}
    for key, value in told.items():
        if key in FLAGS:
            values[key] = value is True or str(value).strip().lower() in ("1", "true", "yes")
        else:
            values[key] = str(value).strip()
    datatype = values.get("datatype")
    if datatype is not None and datatype not in DATATYPES:
        raise UsageError(
            f"--metadata: column {name} has the datatype {datatype!r}; it must be one of {', '.join(DATATYPES)}."
        )
    return values


def _changed(column: Column, told: Mapping[str, str | bool]) -> Column:
    changed = replace(column, **told)
    if "datatype" in told and "arraysize" not in told:
        return replace(changed, arraysize="*" if changed.is_text else "")
    return changed
