"""The hidden columns by which the archive finds positions and computes with regions (see `obstap.metadata`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column, Position, Region
from vo import healpix, regions
from vo.errors import UsageError

__all__ = ["Tally", "hidden_names", "position_cells", "region_columns", "shows_region"]

REGION_UCD = "pos.outline"
REGION_UTYPE = "char.spatialaxis.coverage.support.area"
REGION_NAMES = frozenset({"s_region"})


@dataclass(slots=True)
class Tally:
    """What was counted while rows went by."""

    rows: int = 0
    unplaced: int = 0
    regions: dict[str, int] = field(default_factory=dict)
    """Name of a column to its texts that are no region."""


def shows_region(column: Column) -> bool:
    """Whether a text column holds regions in STC-S."""
    if not column.is_text:
        return False
    return (
        column.xtype == "adql:REGION"
        or column.name.lower() in REGION_NAMES
        or column.ucd.lower().startswith(REGION_UCD)
        or column.utype.lower().rpartition(":")[2].endswith(REGION_UTYPE)
    )


def hidden_names(columns: Sequence[Column], wanted: Sequence[str]) -> list[str]:
    """Names for hidden columns that no column has, made of the wanted ones by underscores before them."""
    taken = {column.name.lower() for column in columns}
    names = []
    for free in wanted:
        name = free
        while name.lower() in taken:
            name = f"_{name}"
        taken.add(name.lower())
        names.append(name)
    return names


def position_cells(batch: pa.RecordBatch, position: Position, tally: Tally) -> pa.Array:
    """The cells of positions; rows without a right one have none and are counted."""
    lon, lat = (
        batch.column(name).cast(pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False)
        for name in (position.lon, position.lat)
    )
    with np.errstate(invalid="ignore"):
        good = (lon >= 0) & (lon <= 360) & (np.abs(lat) <= 90)
    cells = np.full(len(lon), -1, np.int64)
    cells[good] = healpix.cells(lon[good], lat[good])
    tally.unplaced += int(len(good) - good.sum())
    return pa.array(cells, mask=~good)


def region_columns(array: pa.Array, region: Region, tally: Tally) -> tuple[pa.Array, list[pa.Array]]:
    """The texts of regions as they are shown, and the hidden columns in the order of `Region`.

    A text that is no region, or one of a kind that is not supported, stays as it is and is counted.
    """
    encoded = pc.dictionary_encode(array)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    shapes, texts, cones = [], [], []
    for text in encoded.dictionary.to_pylist():
        shape = _shape(text)
        shapes.append(shape)
        texts.append(text if shape is None else regions.to_text(shape))
        cones.append((np.nan,) * 4 if shape is None else regions.bounding_cone(shape))
    places = encoded.indices
    shown = pa.array(texts, pa.string()).take(places)
    columns = [pa.array(shapes, pa.list_(pa.float64())).take(places)]
    numbers = np.array(cones, dtype=float).reshape(-1, 4)
    columns += [pa.array(values, from_pandas=True).cast(pa.float64()).take(places) for values in numbers.T]
    wrong = array.is_valid().to_numpy(zero_copy_only=False).sum() - (len(array) - columns[0].null_count)
    tally.regions[region.text] = tally.regions.get(region.text, 0) + int(wrong)
    return shown, columns


def _shape(text: str) -> tuple[float, ...] | None:
    try:
        shape = regions.parse_stcs(text)
    except UsageError:
        return None
    return shape if len(shape) > 2 else None
