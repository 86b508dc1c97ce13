"""An archive with observations, a catalogue whose identifiers are numbers, and a table without positions."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from obstap import catalogue
from obstap.metadata import Column, Position, Table
from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent
from tests.obstap.published import published
from vo.healpix import cells

SOURCES = Table(
    name='test.Bright "sources"',
    description="A catalogue",
    key="source",
    columns=(
        Column("source", "long", ucd="meta.id;meta.main"),
        Column("ra", "double", unit="deg", ucd="pos.eq.ra;meta.main"),
        Column("dec", "double", unit="deg", ucd="pos.eq.dec;meta.main"),
        Column("flux", "double", principal=True),
        Column("note", "char", "*"),
    ),
    hidden={"_hpx": "BIGINT"},
    positions=(Position("ra", "dec", "_hpx"),),
)
NOTES = Table(name="test.notes", columns=(Column("note", "char", "*"),))

OBSERVATIONS = [
    {
        "dataproduct_type": "event",
        "calib_level": 2,
        "obs_collection": "survey",
        "obs_id": name,
        "obs_publisher_did": f"ivo://athanor.example/survey?{name}",
        "s_ra": ra,
        "s_dec": dec,
    }
    for name, ra, dec in (("a", 10.0, 20.0), ("b", 10.5, 20.0), ("pole", 123.0, 89.9), ("zero", 359.99, 0.0))
]


def sources() -> pa.RecordBatch:
    """Two sources at one place, and one far away."""
    ra, dec = [10.0, 10.0, 200.0], [20.0, 20.0, -45.0]
    columns = [[7, 8, 9], ra, dec, [1.5, None, 3.0], ["x", "y", "z"], [int(cell) for cell in cells(ra, dec)]]
    schema = catalogue.arrow_schema(SOURCES)
    return pa.record_batch([pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)], schema=schema)


@pytest.fixture(scope="session")
def _sky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    contents = [
        TableContent(OBSCORE, [batch(OBSERVATIONS)]),
        TableContent(SOURCES, [sources()]),
        TableContent(NOTES, ()),
    ]
    with published(tmp_path_factory.mktemp("sky"), contents) as url:
        yield url


@pytest.fixture(autouse=True)
def archive(_sky: str, settings) -> None:
    """Answer from that archive."""
    settings.ARCHIVE_URL = _sky
