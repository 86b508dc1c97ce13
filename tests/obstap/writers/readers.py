"""Other people's readers of each format, and what a format cannot tell apart."""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.io.votable import parse
from astropy.io.votable.exceptions import W33, W55
from lxml import etree

from obstap.metadata import Column

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Format:
    """A format, how it is read, and its limits."""

    name: str
    read: Callable[[bytes, Sequence[Column]], list[Row]]
    empty_is_missing: bool = False
    nan_is_missing: bool = False
    has_lines: bool = True
    """Whether a text may have ends of lines and tabs in it."""


def canonical(value: Any, column: Column, form: Format) -> Any:
    """A value in the form in which what went in and what came out must be equal."""
    if isinstance(value, datetime):
        value = value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    if isinstance(value, (list, tuple)):
        elements = tuple(canonical(element, column, form) for element in value)
        no_element = not elements or all(element is None for element in elements)
        return None if form.empty_is_missing and no_element else elements
    if isinstance(value, str):
        if not form.has_lines:
            value = re.sub("\r\n|[\r\n\t]", " ", value)
        return None if form.empty_is_missing and value == "" else value
    if value is not None and column.datatype in ("float", "double"):
        value = float(np.float32(value)) if column.datatype == "float" else float(value)
        if math.isnan(value):
            return None if form.nan_is_missing else "NaN"
    return value


def _parsed(text: str | None, column: Column) -> Any:
    """A cell of a format made of characters."""
    if text is None or column.datatype in ("char", "unicodeChar"):
        return text
    if column.arraysize:
        return [_number(word, column) for word in text.split()]
    if text == "":
        return None
    return {"T": True, "F": False}[text] if column.datatype == "boolean" else _number(text, column)


def _number(text: str, column: Column) -> float | int:
    return float(text) if column.datatype in ("float", "double") else int(text)


def _votable(document: bytes, columns: Sequence[Column]) -> list[Row]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", W55)  # the house's choice: non-ASCII text in char fields of TABLEDATA
        warnings.simplefilter("ignore", W33)  # astropy's own names for columns of the same name
        table = parse(io.BytesIO(document), verify="exception").get_first_table()
    arrays = [table.array[name] for name in table.array.dtype.names]
    return [
        tuple(_of_votable(array[number], column) for array, column in zip(arrays, columns, strict=True))
        for number in range(len(table.array))
    ]


def _of_votable(value: Any, column: Column) -> Any:
    if np.ma.is_masked(value) and np.all(np.ma.getmaskarray(value)):
        return None
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, str):
        return html.unescape(value) if column.datatype == "char" and "&#" in value else value
    return value.item()


def _fits(document: bytes, columns: Sequence[Column]) -> list[Row]:
    with fits.open(io.BytesIO(document), logical_as_bytes=True) as file:
        file.verify("exception")
        table = file[1]
        nulls = [column.null for column in table.columns]
        return [
            tuple(_of_fits(value, column, null) for value, column, null in zip(row, columns, nulls, strict=True))
            for row in table.data
        ]


def _of_fits(value: Any, column: Column, null: int | None) -> Any:
    if isinstance(value, str):
        return html.unescape(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if column.datatype == "boolean":
        return {b"T": True, b"F": False, b"": None}[value]
    value = value.item()
    return None if value == null else value


def _csv(document: bytes, columns: Sequence[Column]) -> list[Row]:
    lines = list(csv.reader(io.StringIO(document.decode(), newline="")))[1:]
    return [tuple(_parsed(cell, column) for cell, column in zip(line, columns, strict=True)) for line in lines]


def _tsv(document: bytes, columns: Sequence[Column]) -> list[Row]:
    lines = [line.split("\t") for line in document.decode().removesuffix("\n").split("\n")[1:]]
    return [tuple(_parsed(cell, column) for cell, column in zip(line, columns, strict=True)) for line in lines]


def _json(document: bytes, columns: Sequence[Column]) -> list[Row]:
    def strict(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    found = json.loads(document, parse_constant=strict)
    assert [column["name"] for column in found["columns"]] == [column.name for column in columns]
    return [tuple(_of_json(value, column) for value, column in zip(row, columns, strict=True)) for row in found["data"]]


def _of_json(value: Any, column: Column) -> Any:
    if isinstance(value, list):
        return [_of_json(element, column) for element in value]
    return float(value) if column.datatype in ("float", "double") and value is not None else value


def _html(document: bytes, columns: Sequence[Column]) -> list[Row]:
    page = etree.fromstring(document.replace(b"<!DOCTYPE html>\n", b""))  # well-formed as XML too
    assert [cell.text for cell in page.iter("th")] == [column.name for column in columns]
    return [
        tuple(_parsed("".join(cell.itertext()), column) for cell, column in zip(row, columns, strict=True))
        for row in page.find(".//tbody")
    ]


def _text(document: bytes, columns: Sequence[Column]) -> list[Row]:
    lines = document.decode().removesuffix("\n").split("\n")
    rule = next(number for number, line in enumerate(lines) if set(line) <= set("- "))
    places = [slice(*match.span()) for match in re.finditer("-+", lines[rule])]
    return [
        tuple(_parsed(line[place].strip(), column) for place, column in zip(places, columns, strict=True))
        for line in lines[rule + 1 : -1]
    ]


def _arrow(document: bytes, columns: Sequence[Column]) -> list[Row]:
    table = pa.ipc.open_stream(document).read_all()
    table.validate(full=True)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _parquet(document: bytes, columns: Sequence[Column]) -> list[Row]:
    table = pq.read_table(pa.BufferReader(document))
    table.validate(full=True)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


FORMATS = {
    form.name: form
    for form in (
        Format("votable/td", _votable, empty_is_missing=True, nan_is_missing=True),
        Format("votable/b", _votable, empty_is_missing=True, nan_is_missing=True),
        Format("votable/b2", _votable, empty_is_missing=True, nan_is_missing=True),
        Format("csv", _csv, empty_is_missing=True),
        Format("tsv", _tsv, empty_is_missing=True, has_lines=False),
        Format("fits", _fits, empty_is_missing=True, nan_is_missing=True),
        Format("parquet", _parquet),
        Format("arrow", _arrow),
        Format("json", _json),
        Format("html", _html, empty_is_missing=True),
        Format("text", _text, empty_is_missing=True, has_lines=False),
    )
}
"""Every format by its short name."""
