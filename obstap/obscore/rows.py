"""Rows of ObsCore as record batches, with the hidden columns filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from obstap.arrow import arrow_schema
from obstap.hidden import region_parts
from obstap.metadata import Table
from obstap.obscore.tables import OBSCORE, OBSCORE_HEA, REQUIRED
from vo import healpix, regions
from vo.errors import ParameterError, UsageError

__all__ = ["batch", "hea_batch"]


def batch(rows: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
    """Rows of `OBSCORE`, one mapping of column names to values each; columns that are not given are NULL.

    Parameters
    ----------
    rows
        ``s_region`` is a shape of `vo.regions` in degrees (ICRS): 3 numbers for a circle, 2n >= 6 for a polygon.
        ``s_ra`` and ``s_dec`` are degrees (ICRS). Times of type timestamp are `datetime`; without a time zone they
        are UTC. NaN counts as NULL, except in positions and regions.

    Raises
    ------
    vo.errors.ParameterError
        When a column is unknown, a required one is missing or a value has the wrong type or range.
    """
    _check(rows)
    shapes = [_shape(row.get("s_region")) for row in rows]
    texts = [None if shape is None else regions.to_text(shape) for shape in shapes]
    visible = _visible(OBSCORE, rows, replaced={"s_region": texts})
    return pa.RecordBatch.from_arrays(visible + _hidden(rows, shapes), schema=arrow_schema(OBSCORE))


def hea_batch(rows: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
    """Rows of `OBSCORE_HEA`, one mapping of column names to values each; columns that are not given are NULL.

    Raises
    ------
    vo.errors.ParameterError
        When a column is unknown, the key is missing or a value has the wrong type.
    """
    _check_columns(OBSCORE_HEA, rows, required={OBSCORE_HEA.key})
    return pa.RecordBatch.from_arrays(_visible(OBSCORE_HEA, rows), schema=arrow_schema(OBSCORE_HEA))


def _check(rows: Sequence[Mapping[str, object]]) -> None:
    _check_columns(OBSCORE, rows, required=REQUIRED)
    for row in rows:
        if row["calib_level"] not in range(5):
            raise ParameterError("calib_level", f"{row['calib_level']!r} is no level; it must be 0, 1, 2, 3 or 4.")
        _check_position(row)


def _check_position(row: Mapping[str, object]) -> None:
    ra, dec = row.get("s_ra"), row.get("s_dec")
    if (ra is None) != (dec is None):
        raise ParameterError("s_ra", f"{row['obs_publisher_did']} gives only one of s_ra and s_dec; give both or none.")
    if ra is not None and not 0 <= ra <= 360:
        raise ParameterError("s_ra", f"{ra!r} is no right ascension; it must lie between 0 and 360 degrees.")
    if dec is not None and not -90 <= dec <= 90:
        raise ParameterError("s_dec", f"{dec!r} is no declination; it must lie between -90 and 90 degrees.")


def _check_columns(table: Table, rows: Sequence[Mapping[str, object]], *, required: Iterable[str]) -> None:
    names = {column.name for column in table.columns}
    for row in rows:
        for name in row.keys() - names:
            raise ParameterError(name, f"{table.name} has no such column.")
        for name in sorted(required):
            if row.get(name) in (None, ""):
                raise ParameterError(name, f"A row of {table.name} has no value here; it must have one.")


def _shape(value: object) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        shape = regions.checked(value)
    except UsageError as error:
        raise ParameterError("s_region", str(error)) from error
    if len(shape) == 2:
        raise ParameterError("s_region", "A point is no region; give a circle (3 numbers) or a polygon (6 or more).")
    return shape


def _visible(
    table: Table, rows: Sequence[Mapping[str, object]], *, replaced: Mapping[str, list] | None = None
) -> list[pa.Array]:
    arrays = []
    for column, field in zip(table.columns, arrow_schema(table), strict=False):
        values = (replaced or {}).get(column.name)
        if values is None:
            values = [_plain(row.get(column.name)) for row in rows]
        try:
            arrays.append(pa.array(values, type=field.type, from_pandas=True))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise ParameterError(column.name, f"It must be of type {column.datatype}: {error}.") from error
    return arrays


def _plain(value: object) -> object:
    """A time without zone, in UTC; other values as they are."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _hidden(rows: Sequence[Mapping[str, object]], shapes: Sequence[tuple[float, ...] | None]) -> list[pa.Array]:
    lon, lat = (np.array([row.get(name) for row in rows], dtype=float) for name in ("s_ra", "s_dec"))
    cells = healpix.cells(lon, lat)
    return [pa.array(cells, mask=cells < 0), *region_parts(shapes)]
