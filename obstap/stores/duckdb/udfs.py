"""The user-defined functions of ADQL, and regions against the outlines of MOCs, as DuckDB functions.

All give NULL where they have no value.
"""

from __future__ import annotations

from functools import lru_cache

import duckdb
import numpy as np
import pyarrow as pa

from obstap.stores.duckdb.vectors import Shapes, Vector, lists, numbers, whole_numbers
from vo import epochs, frames, healpix, healpix_grid
from vo.moc_outlines import Arcs

__all__ = ["register"]

_LARGEST = 1e12
"""Numbers beyond this are no parameters of a star; with them, squares could be too large."""


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the functions to a connection; its cursors have them too.

    ``athanor_healpix(order, lon, lat)`` is a nested cell, ``athanor_healpix_centre(order, cell)`` a point,
    ``athanor_propagated(lon, lat, parallax, pm_lon, pm_lat, velocity, years)`` the parameters of a star at another
    epoch, ``athanor_rotated(shape, matrix)`` a shape in another frame, ``athanor_bin(x, low, high, n)`` the bin of a
    number, and ``athanor_meets(shape, arcs)`` is BOOLEAN.
    Of the macros, ``athanor_words(text)`` is a list, ``athanor_sexagesimal(text, letter)`` and ``athanor_hours(text)``
    are numbers.
    """
    shape, number, whole = "DOUBLE[]", "DOUBLE", "BIGINT"
    for name, function, arguments, result in (
        ("athanor_healpix", _healpix, [whole, number, number], whole),
        ("athanor_healpix_centre", _healpix_centre, [whole, whole], shape),
        ("athanor_propagated", _propagated, [number] * 7, shape),
        ("athanor_rotated", _rotated, [shape, shape], shape),
        ("athanor_bin", _bin, [number, number, number, "INTEGER"], "INTEGER"),
        ("athanor_meets", _meets, [shape, "VARCHAR"], "BOOLEAN"),
    ):
        connection.create_function(
            name, function, arguments, result, type="arrow", null_handling="special", side_effects=False
        )
    for macro in _MACROS:
        connection.execute(macro)


_MACROS = (
    r"""
CREATE MACRO athanor_words(given) AS
  list_filter(regexp_split_to_array(lower(given), '[\x01-/:-@\[-`{-\x7F]+'), lambda word: word <> '')
""",
    r"""
CREATE MACRO athanor_parted(given, letter) AS regexp_replace(regexp_replace(regexp_replace(
  lower(trim(given)),
  '^([+-]?[0-9]{1,3})' || letter || ' *([0-9]{1,2})m *([0-9]{1,2}(\.[0-9]{0,20})?)s$', '\1:\2:\3'),
  '^([+-]?[0-9]{2})([0-9]{2})([0-9]{2}(\.[0-9]{0,20})?)$', '\1:\2:\3'),
  '^([+-]?[0-9]{1,3})(?: *: *| +)([0-9]{1,2})(?: *: *| +)([0-9]{1,2}(\.[0-9]{0,20})?)$', '\1:\2:\3')
""",
    r"""
CREATE MACRO athanor_number(parted) AS CASE
  WHEN regexp_full_match(parted, '[+-]?[0-9]{1,3}:[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]{0,20})?') THEN
    CASE WHEN starts_with(parted, '-') THEN -1 ELSE 1 END * (CAST(ltrim(split_part(parted, ':', 1), '+-') AS DOUBLE)
      + CAST(split_part(parted, ':', 2) AS DOUBLE) / 60 + CAST(split_part(parted, ':', 3) AS DOUBLE) / 3600)
  END
""",
    "CREATE MACRO athanor_sexagesimal(given, letter) AS athanor_number(athanor_parted(given, letter))",
    """
CREATE MACRO athanor_hours(given) AS CASE
  WHEN regexp_matches(given, '^ *[0-9]') AND athanor_sexagesimal(given, 'h') < 24
  THEN athanor_sexagesimal(given, 'h') * 15 END
""",
)
"""Hours and degrees are brought into the form d:m:s before they are read."""


def _healpix(order: Vector, lon: Vector, lat: Vector) -> pa.Array:
    found = healpix.cells(numbers(lon), numbers(lat), whole_numbers(order))
    return pa.array(found, mask=found < 0)


def _healpix_centre(order: Vector, cell: Vector) -> pa.Array:
    places = np.stack(healpix_grid.centres(whole_numbers(order), whole_numbers(cell)), axis=-1)
    return lists(places, np.isfinite(places[:, 0]))


def _propagated(  # noqa: PLR0917 - DuckDB counts them
    lon: Vector, lat: Vector, parallax: Vector, pm_lon: Vector, pm_lat: Vector, velocity: Vector, time: Vector
) -> pa.Array:
    stars = np.stack([numbers(part) for part in (lon, lat, parallax, pm_lon, pm_lat, velocity)], axis=-1)
    years = numbers(time)
    tame = (np.isnan(stars) | (np.abs(stars) <= _LARGEST)).all(axis=-1) & (np.abs(years) <= _LARGEST)
    found = epochs.propagated(np.where(tame[:, None], stars, 0.0), np.where(tame, years, np.nan))
    return lists(found, np.isfinite(found[:, 0]))


def _rotated(shapes: Vector, matrices: Vector) -> pa.Array:
    """Rows of shapes, all turned by the same matrix."""
    matrix = np.array(matrices[0].as_py(), dtype=float) if len(matrices) else np.eye(3)
    return Shapes(shapes).changed(lambda block: frames.rotated(block, matrix))


def _bin(values: Vector, low: Vector, high: Vector, count: Vector) -> pa.Array:
    """0 below the limits and for NULL and NaN, 1 to n between them, n + 1 from the upper limit on."""
    x, lower, upper, n = numbers(values), numbers(low), numbers(high), count.to_numpy()
    inside = (x >= lower) & (x < upper)
    part = np.where(inside, (np.where(inside, x, 0) - lower) / (upper - lower), 0)
    bins = np.where(inside, np.minimum((n * part).astype(np.int64), n - 1) + 1, np.where(x >= upper, n + 1, 0))
    return pa.array(bins.astype(np.int32))


def _meets(shapes: Vector, outlines: Vector) -> pa.Array:
    """Rows of shapes against the same arcs, which are given as a text of numbers."""
    column = Shapes(shapes)
    result = np.zeros(column.rows, dtype=bool)
    if column.rows:
        arcs = _arcs(outlines[0].as_py())
        for rows, block in column.by_size():
            result[rows] = arcs.meet(block)
    return pa.array(result, mask=~column.good)


@lru_cache(maxsize=256)
def _arcs(text: str) -> Arcs:
    return Arcs(np.array(text.split(), dtype=float))
