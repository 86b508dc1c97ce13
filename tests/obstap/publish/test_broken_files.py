"""A broken file gives one sentence and publishes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from obstap.publish import Choices
from obstap.publish.plan import make_plan
from obstap.publish.reading import open_source
from tests.obstap.publish import samples
from vo.errors import AthanorError

WRITERS = {
    "fits": samples.write_fits,
    "vot": samples.write_votable,
    "b2": lambda path: samples.write_votable(path, "binary2"),
    "parquet": samples.write_parquet,
    "voparquet": samples.write_voparquet,
    "ecsv": samples.write_ecsv,
    "csv": samples.write_csv,
}


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The bytes with an end cut off, some changed, or a piece left out or repeated."""
    kind, place = dice.randrange(4), dice.randrange(len(data))
    length = dice.randint(1, 200)
    if kind == 0:
        return data[:place]
    if kind == 1:
        changed = bytearray(data)
        for _ in range(dice.randint(1, 8)):
            changed[dice.randrange(len(data))] = dice.randrange(256)
        return bytes(changed)
    return data[:place] + data[place : place + length] * (0 if kind == 2 else 2) + data[place + length :]


@pytest.mark.parametrize("kind", WRITERS)
def test_damage_is_told_in_one_sentence(kind, tmp_path):
    path = WRITERS[kind](tmp_path / f"whole.{kind}")
    data, dice = path.read_bytes(), random.Random(20)
    broken = tmp_path / f"broken.{kind}"
    told = []
    for _ in range(60):
        broken.write_bytes(damaged(data, dice))
        try:
            with open_source(broken) as source:
                for _ in make_plan(source, Choices("trial.sources"), {}).batches():
                    pass
        except AthanorError as error:
            told.append(str(error))
    assert told
    assert [text for text in told if not 10 < len(text) < 600 or "\n" in text or "Traceback" in text] == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.fits", b"", "is no FITS file, VOTable, Parquet, ECSV or CSV file"),
        ("x.dat", b"a,b\n1,2\n", "CSV files are known by their ending"),
        ("x.csv", b"", "The file has no line that names its columns."),
        ("x.csv", b"a,b\n1,2\n3\n", "The rows cannot be read: CSV parse error: Expected 2 columns, got 1: 3."),
        ("x.csv", b"a,A\n1,2\n", "The table has the columns a and A; names must differ in more than case."),
        ("x.csv", b"a,,c\n1,2,3\n", "Column 2 has the name ''"),
        ("x.csv", b"a\n\xff\xfe\n", "The rows cannot be read:"),
        ("x.csv", b"a" * 64 + b"\n1\n", "has 64 bytes; 63 are allowed."),
        ("x.csv", b",".join(b"c%d" % n for n in range(1501)) + b"\n", "The table has 1501 columns; 1500 are allowed."),
        ("x.ecsv", b"a b\n1 2\n", "The file is no ECSV: its first line must be '# %ECSV 1.0'."),
        ("x.ecsv", b"# %ECSV 1.0\n# ---\n# datatype: [\na\n1\n", "The ECSV header is no YAML:"),
        ("x.ecsv", b"# %ECSV 1.0\n# ---\n# datatype: 1\na\n1\n", "does not list the columns under 'datatype'"),
        (
            "x.ecsv", b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: complex64}\na\n1\n",
            "Column a has the ECSV data type 'complex64'",
        ),
        (
            "x.ecsv", b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na\nx\n",
            "Column a: 'x' is no whole number of 64 bits.",
        ),
        (
            "x.ecsv", b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: string, subtype: json}\na\nx\n",
            "Column a holds values of the ECSV subtype 'json'; only arrays of numbers are published.",
        ),
        (
            "x.ecsv", b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\nb\n1\n",
            "The line of names does not hold the columns that the ECSV header describes.",
        ),
        ("x.vot", b"<html/>", "it is no VOTable: its root element is 'html', not VOTABLE."),
        ("x.vot", b"<!DOCTYPE VOTABLE [<!ENTITY a 'b'>]><VOTABLE/>", "it has a document type declaration"),
        ("x.csv.gz", b"\x1f\x8b\x08\x00", "The gzip stream is broken or truncated:"),
        ("x.parquet", b"PAR1 and nothing", "The Parquet file cannot be read:"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(name, content, message, publish, tmp_path: Path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandError) as told:
        publish(tmp_path / name)
    assert message in str(told.value)
    assert str(told.value).startswith(str(tmp_path / name))


def test_a_file_that_is_not_there(publish, tmp_path):
    with pytest.raises(CommandError, match="No such file or directory"):
        publish(tmp_path / "nothing.fits")


def test_a_wrong_value_at_the_end_leaves_everything_as_it_was(publish, archive, tmp_path):
    publish(samples.write_fits(tmp_path / "c.fits"))
    with archive.snapshot() as snapshot:
        before = snapshot.tables["trial.sources"]
    path = tmp_path / "x.csv"
    path.write_text("a\n" + "1\n" * 100_000 + "oops\n")
    (tmp_path / "m.csv").write_text("name,datatype\na,int\n")
    with pytest.raises(CommandError, match="Column a: 'oops' is no whole number of 32 bits"):
        publish(path, "--metadata", str(tmp_path / "m.csv"), "--replace")
    with archive.snapshot() as snapshot:
        assert snapshot.tables["trial.sources"] == before


def test_nested_columns_of_parquet_are_named(publish, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": [1], "deep": [{"x": 1}]}), tmp_path / "x.parquet")
    with pytest.raises(CommandError, match=r"Column deep has the type struct<x: int64>"):
        publish(tmp_path / "x.parquet")
