"""Rows of ObsCore as record batches."""

# ruff: noqa: DTZ001 - stored times have no zone

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obstap.arrow import arrow_schema
from obstap.obscore import OBSCORE, OBSCORE_HEA, batch, hea_batch
from vo import healpix, regions
from vo.errors import ParameterError

MINIMAL = {
    "calib_level": 1,
    "obs_collection": "xmm",
    "obs_id": "0123456789",
    "obs_publisher_did": "ivo://athanor.example/xmm?P0123456789PNS003PIEVLI0000",
}


def one(**values: object) -> dict[str, object]:
    (row,) = batch([MINIMAL | values]).to_pylist()
    return row


def test_minimal_row():
    row = one()
    assert {name: value for name, value in row.items() if value is not None} == MINIMAL


def test_schema():
    assert batch([MINIMAL]).schema == arrow_schema(OBSCORE)
    assert batch([]).schema == arrow_schema(OBSCORE)
    assert hea_batch([]).schema == arrow_schema(OBSCORE_HEA)


def test_circle():
    row = one(s_ra=83.633, s_dec=22.0145, s_region=(83.633, 22.0145, 0.25))
    assert row["s_region"] == "CIRCLE ICRS 83.633 22.0145 0.25"
    assert row["_region"] == [83.633, 22.0145, 0.25]
    assert row["_region_radius"] == 0.25
    assert row["_hpx"] == healpix.cells(83.633, 22.0145)


def test_polygon():
    shape = [10.0, 10.0, 11.0, 10.0, 11.0, 11.0]
    row = one(s_region=np.array(shape))
    assert row["s_region"] == "POLYGON ICRS 10 10 11 10 11 11"
    assert row["_region"] == shape
    assert row["_hpx"] is None
    assert np.hypot(row["_region_x"], np.hypot(row["_region_y"], row["_region_z"])) == pytest.approx(1)


def test_rows_keep_their_order():
    rows = [MINIMAL | {"obs_publisher_did": f"ivo://a/b?{i}", "t_min": float(i) or None} for i in range(3)]
    assert batch(rows).column("t_min").to_pylist() == [None, 1.0, 2.0]


@pytest.mark.parametrize(
    ("time", "stored"),
    [
        (datetime(2020, 1, 2, 3, 4, 5, 678), datetime(2020, 1, 2, 3, 4, 5, 678)),
        (datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 2)),
        (datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=2))), datetime(2020, 1, 1, 22)),
    ],
)
def test_times_are_utc(time: datetime, stored: datetime):
    assert one(obs_release_date=time)["obs_release_date"] == stored


def test_nan_is_null():
    assert one(t_exptime=float("nan"))["t_exptime"] is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"obs_id": None}, "obs_id: A row of ivoa.obscore has no value here; it must have one."),
        ({"obs_id": ""}, "obs_id: A row of ivoa.obscore has no value here; it must have one."),
        ({"colour": "red"}, "colour: ivoa.obscore has no such column."),
        ({"_hpx": 1}, "_hpx: ivoa.obscore has no such column."),
        ({"calib_level": 5}, "calib_level: 5 is no level; it must be 0, 1, 2, 3 or 4."),
        ({"s_ra": 1.0}, f"s_ra: {MINIMAL['obs_publisher_did']} gives only one of s_ra and s_dec; give both or none."),
        ({"s_ra": 361.0, "s_dec": 0.0}, "s_ra: 361.0 is no right ascension; it must lie between 0 and 360 degrees."),
        ({"s_ra": 1.0, "s_dec": -91.0}, "s_dec: -91.0 is no declination; it must lie between -90 and 90 degrees."),
        ({"s_ra": float("nan"), "s_dec": 0.0}, "s_ra: nan is no right ascension"),
        ({"s_region": (1.0, 2.0)}, "s_region: A point is no region"),
        ({"s_region": (1.0, 2.0, 3.0, 4.0)}, "s_region: 4 coordinates make no region"),
        ({"t_xel": "many"}, "t_xel: It must be of type long"),
        ({"t_min": "2020-01-01"}, "t_min: It must be of type double"),
    ],
)
def test_what_is_wrong_is_said(values: dict[str, object], message: str):
    with pytest.raises(ParameterError) as caught:
        one(**values)
    assert str(caught.value).startswith(message)


def test_extension():
    (row,) = hea_batch([{"obs_publisher_did": "ivo://a/b?1", "ev_xel": 3, "energy_min": 200.0}]).to_pylist()
    assert {name: value for name, value in row.items() if value is not None} == {
        "obs_publisher_did": "ivo://a/b?1",
        "ev_xel": 3,
        "energy_min": 200.0,
    }
    with pytest.raises(ParameterError):
        hea_batch([{"ev_xel": 3}])


@given(lon=st.floats(0, 360), lat=st.floats(-90, 90), radius=st.floats(0.001, 10), side=st.floats(0.01, 5))
def test_hidden_columns_hold_the_region(lon: float, lat: float, radius: float, side: float):
    for shape in ((lon, lat, radius), regions.box(lon, lat, side, side)):
        row = one(s_ra=lon, s_dec=lat, s_region=shape)
        assert regions.parse_stcs(row["s_region"]) == pytest.approx(shape)
        longitudes, latitudes = (shape[:1], shape[1:2]) if len(shape) == 3 else (shape[0::2], shape[1::2])
        centre = np.degrees(np.arctan2(row["_region_y"], row["_region_x"])), np.degrees(np.arcsin(row["_region_z"]))
        assert (regions.distance(*centre, longitudes, latitudes) <= row["_region_radius"] + 1e-6).all()
