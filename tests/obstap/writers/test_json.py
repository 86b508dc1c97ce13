"""JSON: in full, and as Python's json module reads it."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obstap.metadata import Column
from obstap.writers import Info, get_writer
from vo.errors import TimeLimitError

COLUMNS = (
    Column("obs_id", "char", "*", ucd="meta.id", description='A "name"'),
    Column("ra", "double", unit="deg"),
    Column("numbers", "int", "*"),
    Column("flag", "boolean"),
)
BATCH = pa.record_batch(
    [
        pa.array(['a "b" \\ \n\x1f</script>é', None, "", "x"]),
        pa.array([83.5, None, float("nan"), float("-inf")]),
        pa.array([[1, None, 3], None, [], [-(2**31)]], pa.list_(pa.int32())),
        pa.array([True, None, False, True]),
    ],
    names=[column.name for column in COLUMNS],
)

HEAD = """{"infos": [{"name": "QUERY", "value": "SELECT 1"}],
"columns": [{"name": "obs_id", "datatype": "char", "arraysize": "*", "ucd": "meta.id", "description": "A \\"name\\""}, \
{"name": "ra", "datatype": "double", "unit": "deg"}, {"name": "numbers", "datatype": "int", "arraysize": "*"}, \
{"name": "flag", "datatype": "boolean"}],
"data": [
"""
FIRST = r"""["a \"b\" \\ \u000a\u001f</script>é",83.5,[1,null,3],true]"""
REST = """,
[null,null,null,null],
["","NaN",[],false],
["x","-Infinity",[-2147483648],true]"""
INFOS = [Info("QUERY", "SELECT 1")]


def written(batches, columns=COLUMNS, **options: object) -> str:
    return b"".join(get_writer("json").stream(batches, columns, **options)).decode()


def end(status: str, message: str = "") -> str:
    return f'\n],\n"query_status": "{status}",\n"message": "{message}"}}\n'


@pytest.mark.parametrize("size", [1, 3, 4])
def test_in_full(size):
    parts = [BATCH.slice(start, size) for start in range(0, 4, size)]
    assert written(parts, infos=INFOS) == HEAD + FIRST + REST + end("OK")


def test_a_cut_is_told_at_the_end():
    assert written([BATCH], infos=INFOS, maxrec=1) == HEAD + FIRST + end("OVERFLOW")


def test_a_late_error_is_told_at_the_end():
    def failing():
        yield BATCH.slice(0, 1)
        raise TimeLimitError("too\nlong")

    assert written(failing(), infos=INFOS) == HEAD + FIRST + end("ERROR", r"too\nlong")


def test_no_rows():
    assert json.loads(written([]))["data"] == []


def test_integers_have_all_their_digits():
    batch = pa.record_batch([pa.array([2**63 - 1, -(2**63)])], names=["n"])
    assert json.loads(written([batch], [Column("n", "long")]))["data"] == [[2**63 - 1], [-(2**63)]]


def test_not_a_number_is_no_missing_element():
    batch = pa.record_batch([pa.array([[1.0, None, float("nan"), float("inf")]])], names=["v"])
    assert json.loads(written([batch], [Column("v", "double", "*")]))["data"] == [[[1.0, None, "NaN", "Infinity"]]]


@given(st.lists(st.one_of(st.none(), st.text()), min_size=1))
def test_any_text_is_read_back(texts):
    batch = pa.record_batch([pa.array(texts, pa.string())], names=["text"])
    assert json.loads(written([batch], [Column("text", "char", "*")]))["data"] == [[text] for text in texts]
