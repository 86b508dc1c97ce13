"""Parquet and Arrow: types, names and metadata as pyarrow reads them."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io.votable import parse

from obstap.metadata import Column
from obstap.writers import Info, get_writer
from tests.obstap.writers.samples import COLUMNS, TYPES, batches
from vo.errors import AthanorError

INFOS = [Info("QUERY", "SELECT 1"), Info("server_software", "x", "y")]


def written(fmt: str, batches, columns, **options: object) -> bytes:
    return b"".join(get_writer(fmt).stream(batches, columns, **options))


def parquet(document: bytes) -> pq.ParquetFile:
    return pq.ParquetFile(pa.BufferReader(document))


def content(document: bytes) -> bytes:
    return parquet(document).metadata.metadata[b"IVOA.VOTable-Parquet.content"]


def test_arrow_types_and_metadata():
    schema = pa.ipc.open_stream(written("arrow", batches(), COLUMNS, infos=INFOS)).schema
    assert tuple(schema.types) == TYPES
    assert schema.metadata == {b"QUERY": b"SELECT 1", b"server_software": b"x"}
    assert schema.field("ra").metadata == {
        b"datatype": b"double",
        b"unit": b"deg",
        b"ucd": b"pos.eq.ra",
        b"utype": b"obscore:Char.SpatialAxis.Coverage.Location.C1",
    }
    assert schema.field("seen").metadata == {b"datatype": b"char", b"arraysize": b"*", b"xtype": b"timestamp"}
    assert schema.field("name").metadata[b"description"] == b"A <name> & more"


@pytest.mark.parametrize(("maxrec", "told"), [(2, {b"QUERY_STATUS": b"OVERFLOW"}), (3, None)])
def test_a_cut_is_told_by_the_last_batch_of_arrow(maxrec, told):
    reader = pa.ipc.open_stream(written("arrow", batches(size=1), COLUMNS, maxrec=maxrec))
    found = []
    while True:
        try:
            found.append(reader.read_next_batch_with_custom_metadata())
        except StopIteration:
            break
    assert sum(one.batch.num_rows for one in found) == maxrec
    assert (dict(found[-1].custom_metadata) if found[-1].custom_metadata else None) == told


def test_parquet_has_the_metadata_of_a_votable(validate):
    document = written("parquet", batches(), COLUMNS, infos=INFOS, maxrec=1)
    assert parquet(document).metadata.metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"
    validate(content(document))
    votable = parse(io.BytesIO(content(document)), verify="exception")
    fields = votable.get_first_table().fields
    assert [field.name for field in fields] == parquet(document).schema_arrow.names
    assert [(field.unit, field.ucd) for field in fields][6:8] == [("ct/s", None), ("deg", "pos.eq.ra")]
    assert fields[0].description == "A <name> & more"
    infos = [(info.name, info.value) for info in votable.resources[0].infos]
    assert infos == [
        ("QUERY_STATUS", "OK"),
        ("QUERY", "SELECT 1"),
        ("server_software", "x"),
        ("QUERY_STATUS", "OVERFLOW"),
    ]
    assert b"<DATA>" not in content(document)


def test_times_are_text_in_parquet_as_its_votable_says():
    schema = parquet(written("parquet", batches(), COLUMNS)).schema_arrow
    expected = [pa.string() if pa.types.is_temporal(kind) else kind for kind in TYPES]
    assert schema.types == [pa.list_(pa.field("element", k.value_type)) if pa.types.is_list(k) else k for k in expected]


def test_parquet_is_compressed_and_has_row_groups_of_a_good_size(monkeypatch):
    monkeypatch.setattr("obstap.writers.parquet.GROUP_ROWS", 5)
    batch = pa.record_batch([pa.array(range(4), pa.int32())], names=["n"])
    file = parquet(written("parquet", [batch] * 5, [Column("n", "int")]))
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    assert file.read()["n"].to_pylist() == [0, 1, 2, 3] * 5
    assert len(groups) < 5
    assert {group.column(0).compression for group in groups} == {"ZSTD"}


def test_parquet_is_sent_as_its_row_groups_fill(monkeypatch):
    monkeypatch.setattr("obstap.writers.parquet.GROUP_ROWS", 1)
    asked: list[int] = []

    def rows():
        for number, batch in enumerate(batches(size=1)):
            asked.append(number)
            yield batch

    chunks = get_writer("parquet").stream(rows(), COLUMNS)
    assert next(chunks).startswith(b"PAR1")
    assert asked == [0]
    chunks.close()


@pytest.mark.parametrize("fmt", ["parquet", "arrow"])
def test_each_column_has_a_name_of_its_own(fmt):
    columns = [Column(name, "int") for name in ("n", "N", "n", "n_2")]
    document = written(fmt, [], columns)
    names = parquet(document).schema_arrow.names if fmt == "parquet" else pa.ipc.open_stream(document).schema.names
    assert names == ["n", "N_2", "n_3", "n_2_2"]
    if fmt == "parquet":
        assert [field.name for field in parse(io.BytesIO(content(document))).get_first_table().fields] == names


@pytest.mark.parametrize("fmt", ["parquet", "arrow"])
def test_texts_in_a_column_of_times_are_read_as_times(fmt):
    column = Column("t", "char", "*", xtype="timestamp")
    batch = pa.record_batch([pa.array(["2020-01-02T03:04:05.5", None])], names=["t"])
    document = written(fmt, [batch], [column])
    if fmt == "parquet":
        assert parquet(document).read()["t"].to_pylist() == ["2020-01-02T03:04:05.5", None]
    else:
        assert str(pa.ipc.open_stream(document).read_all()["t"][0]) == "2020-01-02 03:04:05.500000"
        with pytest.raises(AthanorError, match="A value of column t is no time"):
            written(fmt, [pa.record_batch([pa.array(["soon"])], names=["t"])], [column])


def test_astropy_reads_the_units_of_parquet(tmp_path):
    pytest.importorskip("pandas", reason="astropy reads Parquet with pandas, which is not installed")
    from astropy.table import Table

    columns = [Column("n", "int", description="A number"), Column("ra", "double", unit="deg", ucd="pos.eq.ra")]
    batch = pa.record_batch([pa.array([1, 2], pa.int32()), pa.array([1.5, 2.5])], names=["n", "ra"])
    (tmp_path / "t.parquet").write_bytes(written("parquet", [batch], columns))
    table = Table.read(tmp_path / "t.parquet", format="parquet.votable")
    assert [list(row) for row in table] == [[1, 1.5], [2, 2.5]]
    assert str(table["ra"].unit) == "deg"
    assert table["ra"].meta["ucd"] == "pos.eq.ra"
    assert table["n"].description == "A number"
