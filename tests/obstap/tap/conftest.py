"""A small archive behind a TAP service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from obstap import catalogue
from obstap.metadata import Column, ForeignKey, Table
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent, TableStore, get_store

THINGS = Table(
    name="test.things",
    description="Things <small & large>",
    columns=(
        Column(
            "id", "char", "*", ucd="meta.id;meta.main", description="Identifier", indexed=True, principal=True, std=True
        ),
        Column("ra", "double", unit="deg", ucd="pos.eq.ra"),
        Column("n", "int"),
        Column("seen", "char", "*", xtype="timestamp"),
        Column("size", "float"),
    ),
    foreign_keys=(ForeignKey("ivoa.obscore", (("id", "obs_id"),), "Where it was seen"),),
)

ROWS = (
    ("a<1>", 10.5, 1, datetime.fromisoformat("2020-01-01T12:00:00"), 0.5),
    ("b,2", 20.25, None, None, None),
    ("c", float("nan"), 3, datetime.fromisoformat("2021-06-30T23:59:59.25"), 1e10),
)

OBSERVATIONS = [
    {
        "dataproduct_type": "event",
        "calib_level": 2,
        "obs_collection": "XMM-EPIC",
        "obs_id": f"000000000{number}",
        "obs_publisher_did": f"ivo://athanor.example/XMM-EPIC?000000000{number}",
        "access_url": f"files/XMM-EPIC/P000000000{number}PNS001PIEVLI0000.FTZ",
        "access_format": "application/fits",
        "target_name": "Crab",
        "s_ra": 83.633 + number / 10,
        "s_dec": 22.014,
        "s_fov": 0.5,
        "s_region": (83.633 + number / 10, 22.014, 0.25),
        "t_min": 53000.0 + number,
        "t_max": 53000.5 + number,
        "t_exptime": 30000.0,
        "facility_name": "XMM-Newton",
        "instrument_name": "EPN",
    }
    for number in range(1, 4)
]


def things() -> pa.RecordBatch:
    """The rows of test.things."""
    arrays = [pa.array(list(values)) for values in zip(*ROWS, strict=True)]
    schema = catalogue.arrow_schema(THINGS)
    return pa.record_batch([array.cast(field.type) for array, field in zip(arrays, schema, strict=True)], schema=schema)


@pytest.fixture(scope="session")
def _published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from obstap.stores.duckdb import DuckDBStore

    directory: Path = tmp_path_factory.mktemp("tables")
    store = DuckDBStore(directory)
    catalogue.ensure(store)
    catalogue.publish(
        [TableContent(THINGS, [things()]), TableContent(OBSCORE, [batch(OBSERVATIONS)])],
        store=store,
    )
    store.close()
    yield f"duckdb:{directory}"
    get_store_of(directory).close()


def get_store_of(directory: Path) -> TableStore:
    """The store that answered from a directory."""
    from obstap import stores
    from obstap.stores.duckdb import DuckDBStore

    return stores._stores.pop(f"duckdb:{directory}", None) or DuckDBStore(directory)


@pytest.fixture
def archive(_published: str, settings) -> TableStore:
    """An archive with test.things and three observations."""
    settings.ARCHIVE_URL = _published
    return get_store()
