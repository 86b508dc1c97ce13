"""The hidden columns by which the archive finds positions and computes with regions (see `obstap.metadata`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.metadata import Column, Position, Region, Table
from vo import healpix, regions
from vo.errors import UsageError

__all__ = ["Tally", "hidden_arrays", "region_parts", "searchable"]

REGION_UCD = "pos.outline"
REGION_UTYPE = "char.spatialaxis.coverage.support.area"
REGION_NAMES = frozenset({"s_region"})


@dataclass(slots=True)
class Tally:
    """What was counted while rows went by.

    Parameters
    ----------
    rows
        All of them.
    unplaced
        Those without a position.
    regions
        Name of a column to its texts that are no region.
    """

    rows: int = 0
    unplaced: int = 0
    regions: dict[str, int] = field(default_factory=dict)


def searchable(table: Table, lon: str = "", lat: str = "") -> Table:
    """The table with hidden columns for its position and for each column that shows regions.

    Parameters
    ----------
    lon, lat
        Names of the columns of the position (ICRS, degrees); empty where there is none.
    """
    hidden: dict[str, str] = {}
    positions: tuple[Position, ...] = ()
    if lon:
        (cell,) = _free_names(table.columns, ["_hpx"])
        hidden[cell] = "BIGINT"
        positions = (Position(lon, lat, cell),)
    found = []
    for number, column in enumerate(filter(_shows_region, table.columns), 1):
        prefix = f"_region{number if number > 1 else ''}"
        names = _free_names(table.columns, [f"{prefix}{part}" for part in ("", "_x", "_y", "_z", "_radius")])
        hidden |= {name: "DOUBLE" if part else "DOUBLE[]" for part, name in enumerate(names)}
        found.append(Region(column.name, *names))
    return replace(table, hidden=hidden, positions=positions, regions=tuple(found))


def hidden_arrays(
    table: Table, visible: Sequence[pa.Array], tally: Tally, *, any_longitude: bool = False
) -> tuple[list[pa.Array], list[pa.Array]]:
    """The visible columns with their regions in one spelling, and the hidden columns; each in the order of the table.

    A text that is no region, or one of a kind that is not supported, stays as it is. It and rows without a position are
    counted in `tally`.

    Parameters
    ----------
    any_longitude
        Whether longitudes outside 0 to 360 degrees are positions too.
    """
    shown = {column.name: array for column, array in zip(table.columns, visible, strict=True)}
    hidden: dict[str, pa.Array] = {}
    for position in table.positions:
        lon, lat = shown[position.lon], shown[position.lat]
        hidden[position.cell] = _position_cells(lon, lat, tally, any_longitude=any_longitude)
    for region in table.regions:
        shown[region.text], parts = _region_columns(shown[region.text], region, tally)
        hidden |= zip((region.shape, region.x, region.y, region.z, region.radius), parts, strict=True)
    return list(shown.values()), [hidden[name] for name in table.hidden]


def region_parts(shapes: Sequence[tuple[float, ...] | None]) -> list[pa.Array]:
    """The hidden columns of regions in the order of `obstap.metadata.Region`; missing where the shape is.

    Parameters
    ----------
    shapes
        Shapes of `vo.regions` in degrees.
    """
    cones = [(np.nan,) * 4 if shape is None else regions.bounding_cone(shape) for shape in shapes]
    numbers = np.array(cones, dtype=float).reshape(-1, 4)
    return [
        pa.array(shapes, pa.list_(pa.float64())),
        *(pa.array(values, pa.float64(), from_pandas=True) for values in numbers.T),
    ]


def _shows_region(column: Column) -> bool:
    """Whether a text column holds regions in STC-S."""
    return column.is_text and (
        column.xtype == "adql:REGION"
        or column.name.lower() in REGION_NAMES
        or column.ucd.lower().startswith(REGION_UCD)
        or column.utype.lower().rpartition(":")[2].endswith(REGION_UTYPE)
    )


def _free_names(columns: Sequence[Column], wanted: Sequence[str]) -> list[str]:
    """Names that no column has, made of the wanted ones by underscores before them."""
    taken = {column.name.lower() for column in columns}
    names = []
    for name in wanted:
        free = name
        while free.lower() in taken:
            free = f"_{free}"
        taken.add(free.lower())
        names.append(free)
    return names


def _position_cells(lon: pa.Array, lat: pa.Array, tally: Tally, *, any_longitude: bool) -> pa.Array:
    """The cells of positions; rows without a right one have none and are counted."""
    east, north = (array.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False) for array in (lon, lat))
    cells = healpix.cells(east, north)
    none = cells < 0
    if not any_longitude:
        none |= (east < 0) | (east > 360)
    tally.unplaced += int(np.count_nonzero(none))
    return pa.array(cells, mask=none)


def _region_columns(array: pa.Array, region: Region, tally: Tally) -> tuple[pa.Array, list[pa.Array]]:
    """The texts of regions in one spelling, and the hidden columns in the order of `Region`."""
    encoded = pc.dictionary_encode(array)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    given = encoded.dictionary.to_pylist()
    shapes = [_shape(text) for text in given]
    texts = [text if shape is None else regions.to_text(shape) for text, shape in zip(given, shapes, strict=True)]
    shown = pa.array(texts, pa.string()).take(encoded.indices)
    parts = [part.take(encoded.indices) for part in region_parts(shapes)]
    wrong = parts[0].null_count - array.null_count
    tally.regions[region.text] = tally.regions.get(region.text, 0) + wrong
    return shown, parts


def _shape(text: str) -> tuple[float, ...] | None:
    try:
        shape = regions.parse_stcs(text)
    except UsageError:
        return None
    return shape if len(shape) > 2 else None
