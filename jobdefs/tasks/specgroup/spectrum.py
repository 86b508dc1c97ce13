"""Reading an OGIP spectrum, and writing it with its groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vo.errors import NotFoundError

from .. import headers
from ..fitscards import Card, Header
from ..fitsio import Column, FitsFile, Hdu, Table
from ..fitsout import Outputs
from ..history import creation_cards, history_cards
from ..parameters import Invocation
from ..reporting import Reporter, TaskError

__all__ = ["Spectrum", "read_spectrum", "write_grouped"]

_STORED = {"I": ">i2", "J": ">i4"}


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One spectrum.

    Parameters
    ----------
    channels
        Channel numbers, one after the other.
    counts, variance
        Of each channel.
    quality, grouping
        QUALITY and GROUPING of each channel; 0 where the file tells neither.
    scale
        BACKSCAL · AREASCAL · EXPOSURE of each channel.
    """

    file: FitsFile
    hdu: Hdu
    channels: np.ndarray
    counts: np.ndarray
    variance: np.ndarray
    quality: np.ndarray
    grouping: np.ndarray
    scale: np.ndarray


def read_spectrum(file: FitsFile, block: str = "") -> Spectrum:
    """The spectrum of a file: the block of that name, else SPECTRUM, else a table of HDUCLAS1 SPECTRUM.

    Raises
    ------
    TaskError
        There is none, or it is none of counts in channels.
    """
    hdu = _find(file, block)
    table = file.table(hdu)
    if "CHANNEL" not in table.columns or not {"COUNTS", "RATE"} & table.columns.keys():
        raise TaskError("NoSpectrum", f"Block {hdu.name} of {file.name} lacks a column CHANNEL, and COUNTS or RATE.")
    if not table.columns["CHANNEL"].scalar:
        raise TaskError("NoSpectrum", f"{file.name} holds several spectra, one a row; a spectrum of its own is needed.")
    for column in (table.columns[name] for name in ("COUNTS", "RATE", "STAT_ERR") if name in table.columns):
        if not column.scalar or column.code == "L":
            raise TaskError("NoSpectrum", f"Column {column.name} of {file.name} holds no number for each channel.")
    if not table.length:
        raise TaskError("NoSpectrum", f"The spectrum of {file.name} has no channels.")
    rows = table.all()
    channels = rows["CHANNEL"].astype(np.int64)
    if not (np.diff(channels) == 1).all():
        raise TaskError("ChannelOrder", f"The channels of {file.name} do not follow one another.")
    exposure = _of_channels(table, "EXPOSURE", 0.0)
    counts = rows["COUNTS"].astype(float) if "COUNTS" in rows else rows["RATE"] * exposure
    counts = np.nan_to_num(counts, nan=0.0, posinf=0.0, neginf=0.0)
    variance = np.maximum(counts, 0)
    if hdu.header.get("POISSERR") is not True and "STAT_ERR" in rows:
        errors = rows["STAT_ERR"].astype(float) * (1 if "COUNTS" in rows else exposure)
        variance = np.nan_to_num(errors**2, nan=0.0, posinf=0.0)
    return Spectrum(
        file=file,
        hdu=hdu,
        channels=channels,
        counts=counts,
        variance=variance,
        quality=_of_channels(table, "QUALITY", 0).astype(np.int16),
        grouping=_of_channels(table, "GROUPING", 0).astype(np.int16),
        scale=_of_channels(table, "BACKSCAL", 1.0) * _of_channels(table, "AREASCAL", 1.0) * exposure,
    )


def _find(file: FitsFile, block: str) -> Hdu:
    if block:
        return file.find(block)
    try:
        return file.find("SPECTRUM")
    except NotFoundError:
        found = next((hdu for hdu in file.hdus if hdu.header.text("HDUCLAS1").upper() == "SPECTRUM"), None)
    if found is None:
        there = ", ".join(hdu.name or str(hdu.index) for hdu in file.hdus)
        raise TaskError("NoSpectrum", f"{file.name} holds no SPECTRUM; its blocks are: {there}.")
    return found


def _of_channels(table: Table, name: str, default: float) -> np.ndarray:
    """A column, or the keyword that stands for the same value in every channel."""
    if name in table.columns and table.columns[name].scalar:
        return table.all()[name].astype(float)
    value = table.header.number(name)
    return np.full(table.length, float(default if value is None else value))


def write_grouped(
    outputs: Outputs,
    path: str,
    spectrum: Spectrum,
    *,
    grouping: np.ndarray,
    quality: np.ndarray,
    keywords: Sequence[Card],
    reporter: Reporter,
    call: Invocation,
) -> None:
    """Write the file of a spectrum with its groups; all else is copied.

    Parameters
    ----------
    keywords
        Their values replace those of the spectrum's header.
    """
    file, table = spectrum.file, spectrum.file.table(spectrum.hdu)
    primary = file.hdus[0].header
    creation = creation_cards(reporter, call, primary)
    writer = outputs.open(path)
    for hdu in file.hdus:
        if hdu.index == 0:
            writer.copy(file, hdu, headers.list_primary(primary, creation, history_cards(reporter, primary)))
        elif hdu.index != spectrum.hdu.index:
            writer.copy(file, hdu)
        else:
            header = Header(hdu.header)
            header.remove(lambda keyword: keyword in {"GROUPING", "QUALITY", "CHECKSUM", "DATASUM"})
            rows = _with_columns(header, table, {"GROUPING": grouping, "QUALITY": quality})
            for card in keywords:
                header.set(card.keyword, card.value, card.comment)
            stream = writer.stream(header)
            stream.write(rows)
            main = table.width * table.length
            if hdu.size > main:
                stream.copy(file, hdu.offset + main, hdu.size - main)
            stream.finish()


def _with_columns(header: Header, table: Table, columns: dict[str, np.ndarray]) -> np.ndarray:
    """The rows with these columns, in place where the table has them, else after the others."""
    old = table.all().rows
    new = {name: values for name, values in columns.items() if name not in table.columns}
    if new and table.hdu.size > table.width * table.length:
        raise TaskError("NoSpectrum", f"The spectrum of {table.file.name} has arrays of variable length.")
    rows = np.empty((table.length, table.width + 2 * len(new)), dtype=np.uint8)
    rows[:, : table.width] = old
    number = int(header.number("TFIELDS") or 0)
    for place, (name, values) in enumerate(new.items()):
        begin = table.width + 2 * place
        rows[:, begin : begin + 2] = values.astype(">i2")[:, None].view(np.uint8)
        number += 1
        header.append(f"TTYPE{number}", name, f"{name.capitalize()} flag of the channel")
        header.append(f"TFORM{number}", "I", "data format of field: 2-byte INTEGER")
    for name in columns.keys() - new.keys():
        column = table.columns[name]
        kind = _kind(table, column)
        rows[:, column.offset : column.offset + column.size] = columns[name].astype(kind)[:, None].view(np.uint8)
    header.set("NAXIS1", rows.shape[1])
    header.set("TFIELDS", number)
    return rows


def _kind(table: Table, column: Column) -> str:
    kind = _STORED.get(column.code)
    if kind is None or column.repeat != 1 or (column.scale, column.zero) != (1, 0):
        raise TaskError("NoSpectrum", f"Column {column.name} of {Path(table.file.name).name} is not of whole numbers.")
    return kind
