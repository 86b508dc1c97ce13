"""Answers of queries as people read them: rounded where they need not be exact, with the exact value at hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.urls import reverse

from obstap.metadata import Column
from vo.quantities import human_size
from web.coordinates import iso_from_mjd

__all__ = ["Cell", "Head", "ResultTable", "cell", "result_table"]

NULL = "–"

ONE_LINE = 32
"""Characters of a text that are kept on one line."""

NUMBERS = frozenset({"short", "int", "long", "float", "double"})
MJD_COLUMNS = frozenset({"t_min", "t_max"})
CONVERTED = MJD_COLUMNS | {"access_estsize"}
"""Columns that are shown as dates or in units that fit their size."""


@dataclass(slots=True)
class Cell:
    """A value as it is shown; `title` is the exact value where `text` is not."""

    text: str
    title: str = ""
    href: str = ""
    number: bool = False
    fixed: bool = False  # not to be broken into lines
    null: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A column's name, its unit where the cells do not bring their own, and whether its cells are numbers."""

    name: str
    unit: str
    description: str
    number: bool


@dataclass(frozen=True, slots=True)
class ResultTable:
    """Rows of an answer, ready to be shown."""

    columns: tuple[Column, ...]
    rows: list[list[Cell]]

    @property
    def heads(self) -> list[Head]:
        """What stands above each column."""
        return [
            Head(column.name, "" if column.name in CONVERTED else column.unit, column.description, is_number(column))
            for column in self.columns
        ]


def result_table(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> ResultTable:
    """A table of all columns; identifiers and addresses become links."""
    shown = [[cell(column, value) for column, value in zip(columns, row, strict=True)] for row in rows]
    names = [column.name for column in columns]
    if {"obs_id", "access_url"} <= set(names):
        for row in shown:
            _point(row[names.index("obs_id")], row[names.index("access_url")])
    return ResultTable(columns=tuple(columns), rows=shown)


def _point(observation: Cell, file: Cell) -> None:
    """Lead to this file's place on the page of its observation."""
    if observation.href and file.href:
        observation.href += f"#{file.href.rpartition('/')[2]}"


def is_number(column: Column) -> bool:
    """Whether values of the column are single numbers that line up at the right."""
    return column.datatype in NUMBERS and not column.arraysize and column.name not in MJD_COLUMNS


def cell(column: Column, value: Any) -> Cell:
    """One value."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return Cell(NULL, title="no value", null=True, number=is_number(column))
    match value:
        case bool():
            return Cell("true" if value else "false")
        case datetime():
            return Cell(value.strftime("%Y-%m-%dT%H:%M:%S"), title=value.isoformat(), fixed=True)
        case list() | tuple():
            return Cell(" ".join(_rounded(item) for item in value), title=" ".join(str(item) for item in value))
        case int() | float():
            return _number(column, value)
    return _text(column, str(value))


def _number(column: Column, value: float) -> Cell:
    exact = f"{value!r} {column.unit}".rstrip()
    if column.name == "access_estsize":
        return Cell(human_size(value * 1000), title=exact, number=True)
    if column.name in MJD_COLUMNS:
        try:
            return Cell(iso_from_mjd(value), title=f"MJD {value!r}", fixed=True)
        except OverflowError:
            return Cell(_rounded(value), title=exact)
    if column.unit == "deg" and isinstance(value, float):
        return Cell(f"{value:.5f}", title=exact, number=True)
    text = _rounded(value)
    return Cell(text, title="" if text == repr(value) else exact, number=is_number(column))


def _text(column: Column, value: str) -> Cell:
    if column.name == "obs_id" and value:
        return Cell(value, href=reverse("observation", args=[value]), fixed=len(value) <= ONE_LINE)
    if column.name == "obs_publisher_did" and value:
        return Cell(value, href=f"{reverse('dataset')}?{urlencode({'did': value})}")
    if urlsplit(value).scheme in ("http", "https") and not any(mark.isspace() for mark in value):
        return Cell("download" if column.name == "access_url" else value, title=value, href=value)
    return Cell(value, fixed=len(value) <= ONE_LINE)


def _rounded(value: Any) -> str:
    return f"{value:.7g}" if isinstance(value, float) else str(value)
