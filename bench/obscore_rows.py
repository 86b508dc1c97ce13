"""Rows of ObsCore for benchmarks: always the same ones, as many as are asked for.

Pointings are spread evenly over the sky; each has 40 products that share its position and times, as in a real archive.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obstap.obscore import batch
from vo import regions

__all__ = ["generate", "positions"]

PRODUCTS = 40
"""Products of one pointing."""

_SEED = 20_261_121
_POINTINGS_A_BATCH = 400
_INSTRUMENTS = ("EPN", "EMOS1", "EMOS2", "RGS1", "RGS2", "OM")
_TYPES = ("event", "image", "spectrum", "timeseries")
_WAVELENGTH_OF_1_KEV = 1.23984198e-9
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - stored times have no zone


def positions(count: int, seed: int = _SEED) -> np.ndarray:
    """ICRS longitudes and latitudes (degrees) of the first `count` pointings, shape (count, 2)."""
    random = np.random.default_rng(seed)
    uniform = random.random((count, 2))
    return np.stack([360 * uniform[:, 0], np.degrees(np.arcsin(2 * uniform[:, 1] - 1))], axis=1)


def generate(rows: int, seed: int = _SEED) -> Iterator[pa.RecordBatch]:
    """`rows` rows in batches that `obstap.catalogue.publish` takes."""
    pointings = -(-rows // PRODUCTS)
    places = positions(pointings, seed)
    left = rows
    for start in range(0, pointings, _POINTINGS_A_BATCH):
        numbers = range(start, min(start + _POINTINGS_A_BATCH, pointings))
        shared = batch([_pointing(number, *places[number]) for number in numbers])
        products = _products(shared, start)
        yield products.slice(0, left)
        left -= products.num_rows


def _pointing(number: int, lon: float, lat: float) -> dict[str, object]:
    start = 51_544.0 + number * 0.3
    seconds = 5_000 + number * 37 % 90_000
    region = (lon, lat, 0.25) if number % 4 == 0 else regions.box(lon, lat, 0.4 + number % 10 / 50, 0.4)
    return {
        "calib_level": 1 + number % 2,
        "obs_collection": f"mission-{number % 7}",
        "obs_id": f"{number:010d}",
        "obs_publisher_did": f"pointing {number}",
        "access_format": "application/fits",
        "target_name": f"Target {number % 9_999}",
        "s_ra": lon,
        "s_dec": lat,
        "s_fov": 0.5,
        "s_region": region,
        "s_resolution": 6.0,
        "t_min": start,
        "t_max": start + seconds / 86_400,
        "t_exptime": float(seconds),
        "t_resolution": 0.0734,
        "em_min": _WAVELENGTH_OF_1_KEV / 12,
        "em_max": _WAVELENGTH_OF_1_KEV / 0.2,
        "em_res_power": 20.0 + number % 30,
        "o_ucd": "phot.count",
        "facility_name": "XMM-Newton",
        "obs_title": f"Observation {number} of a field of the survey",
        "data_rights": "public",
        "obs_release_date": _EPOCH + timedelta(hours=number),
        "proposal_id": f"{number % 3_000:06d}",
    }


def _products(shared: pa.RecordBatch, start: int) -> pa.RecordBatch:
    """All products of the pointings in `shared`, the first of which has the number `start`."""
    table = shared.take(np.repeat(np.arange(shared.num_rows), PRODUCTS))
    serial = np.arange(table.num_rows) + start * PRODUCTS
    text = pc.utf8_lpad(pa.array(serial).cast(pa.string()), 10, "0")
    changed = {
        "dataproduct_type": pa.array(np.array(_TYPES)[serial % len(_TYPES)]),
        "instrument_name": pa.array(np.array(_INSTRUMENTS)[serial % len(_INSTRUMENTS)]),
        "obs_publisher_did": pc.binary_join_element_wise("ivo://athanor.example/bench?P", text, ""),
        "access_url": pc.binary_join_element_wise("files/bench/P", text, "EVLI0000.FTZ", ""),
        "access_estsize": pa.array(1_000 + serial * 7_919 % 500_000),
        "s_xel1": pa.array(np.full(len(serial), 648)),
        "s_xel2": pa.array(np.full(len(serial), 648)),
        "em_xel": pa.array(serial % 4_096),
    }
    arrays = [
        changed[field.name].cast(field.type) if field.name in changed else table.column(field.name)
        for field in shared.schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=shared.schema)
