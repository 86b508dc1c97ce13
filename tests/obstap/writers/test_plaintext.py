"""Plain text: in full, and what it does with values that do not fit."""

from __future__ import annotations

import pyarrow as pa
import pytest
from astropy.io import ascii as astropy_ascii
from hypothesis import given
from hypothesis import strategies as st

from obstap.metadata import Column
from obstap.writers import get_writer
from vo.errors import TimeLimitError

COLUMNS = (
    Column("target", "char", "*"),
    Column("s_ra", "double", unit="deg"),
    Column("n", "int"),
    Column("seen", "char", "*", xtype="timestamp"),
)
BATCH = pa.record_batch(
    [
        pa.array(["Crab", None, "η Car"]),
        pa.array([83.633, -1e-300, None]),
        pa.array([1, None, -20]),
        pa.array([None, "2020", None]),
    ],
    names=[column.name for column in COLUMNS],
)

LINES = """target     s_ra    n  seen
            deg
------  -------  ---  ----
Crab     83.633    1
        -1e-300       2020
η Car            -20
"""


def written(batches, columns=COLUMNS, **options: object) -> str:
    return b"".join(get_writer("text").stream(batches, columns, **options)).decode()


@pytest.mark.parametrize("size", [1, 2, 3])
def test_in_full(size):
    parts = [BATCH.slice(start, size) for start in range(0, 3, size)]
    assert written(parts) == LINES + "# 3 rows\n"


def test_the_last_line_tells_a_cut_and_an_error():
    def failing():
        yield BATCH
        raise TimeLimitError("too\nlong")

    assert written([BATCH], maxrec=1).splitlines()[3:] == ["Crab    83.633  1", "# 1 row, OVERFLOW: there are more"]
    assert written(failing()) == LINES + "# 3 rows, ERROR: too long\n"


def test_no_rows():
    assert written([], COLUMNS[1:3]) == "s_ra  n\n deg\n----  -\n# 0 rows\n"
    assert written([], COLUMNS[2:3]) == "n\n-\n# 0 rows\n"


def test_a_longer_value_after_those_that_gave_the_width_is_whole(monkeypatch):
    monkeypatch.setattr("obstap.writers.plaintext.LOOK_AHEAD", 2)
    batch = pa.record_batch([pa.array(["a", "bb", "much longer", "c"]), pa.array([1, 2, 3, 4])], names=["t", "n"])
    document = written([batch.slice(0, 2), batch.slice(2, 2)], [Column("t", "char", "*"), Column("n", "int")])
    assert document.splitlines()[2:] == ["a   1", "bb  2", "much longer  3", "c   4", "# 4 rows"]


def test_rows_wait_for_no_more_than_the_widths_need(monkeypatch):
    monkeypatch.setattr("obstap.writers.plaintext.LOOK_AHEAD", 2)
    asked: list[int] = []

    def rows():
        for number in range(9):
            asked.append(number)
            yield BATCH.slice(0, 1)

    chunks = get_writer("text").stream(rows(), COLUMNS)
    assert next(chunks).startswith(b"target")
    assert asked == [0, 1]
    chunks.close()


def test_a_very_long_value_does_not_make_all_lines_long():
    batch = pa.record_batch([pa.array(["x" * 500, "y"]), pa.array([1, 2])], names=["t", "n"])
    lines = written([batch], [Column("t", "char", "*"), Column("n", "int")]).splitlines()
    assert lines[2:] == ["x" * 500 + "  1", "y".ljust(80) + "  2", "# 2 rows"]


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_value_commands_the_terminal_or_breaks_its_line(texts):
    batch = pa.record_batch([pa.array(texts, pa.string()), pa.array(range(len(texts)))], names=["t", "n"])
    document = written([batch], [Column("t\x1b[2J", "char", "*", unit="a\nb"), Column("n", "int")])
    lines = document.removesuffix("\n").split("\n")
    assert len(lines) == len(texts) + 4
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for line in lines for c in line)


def test_astropy_reads_it():
    columns = [Column("name", "char", "*"), Column("ra", "double", unit="deg")]
    batch = pa.record_batch([pa.array(["a b", "c"]), pa.array([1.5, -2.25])], names=["name", "ra"])
    lines = [line for line in written([batch], columns).splitlines() if not line.startswith("#")]
    table = astropy_ascii.read(
        lines, format="fixed_width_two_line", header_start=0, position_line=2, data_start=3, guess=False
    )
    assert [tuple(row) for row in table] == [("a b", 1.5), ("c", -2.25)]
