"""Small tables from anybody: what is no table, or stands for more than fits, is refused in words and at once."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from uws.pipelines.tables import read_table
from vo.errors import UsageError

MOST = 3
TOO_MANY = "The table has more than 3 rows. ATHANOR_MAX_ARRAY is the limit here."


def fits_table(*columns: fits.Column) -> bytes:
    written = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(written)
    return written.getvalue()


WORDS = fits_table(fits.Column("text", "10A", array=["one", "two"]))


def said(card: str, value: str) -> bytes:
    """The table of two words, with another value of the same length in its header."""
    padded = value if value.startswith("'") else f"{value:>20}"
    return re.sub(rf"(?<={card:8}= )( {{0,19}}\d+|'.{{8}}')".encode(), padded.encode(), WORDS, count=1)


def shared_heap() -> bytes:
    """Two rows that are both the same 100,000 bytes at the end of the file."""
    size = 100_000
    cells = np.array([np.zeros(size, "u1"), np.zeros(0, "u1")], dtype=object)
    written = fits_table(fits.Column("text", "PB()", array=cells))
    first, second = struct.pack(">ii", size, 0), struct.pack(">ii", 0, size)
    assert written.count(first + second) == 1
    return written.replace(first + second, first * 2)


def votable(rows: int) -> bytes:
    return (
        '<VOTABLE><RESOURCE><TABLE><FIELD name="text" datatype="int"/><DATA><TABLEDATA>'
        + "<TR><TD>1</TD></TR>" * rows
        + "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


@pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyWarning")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text," + b"x" * 200_000 + b"\na,b\n", "The line of names: It cannot be read (field larger than field limit"),
        (b"text,code\na,1\n" + b"x" * 200_000 + b",1\n", "row 2: It cannot be read (field larger than field limit"),
        (b"text\n" + b"a\n" * 1_000_000, TOO_MANY),
        (b"text\na\n\xff\n", "The table is no text in UTF-8"),
        (b"[" + b"0," * 1_000_000 + b"0]", TOO_MANY),
        (b'[{"text":' + b"[" * 700 + b"]" * 700 + b"}]", "row 1: A cell holds lists within lists, too many."),
        (rb'[{"text": "\ud800"}]', "row 1: A cell holds the character U+D800."),
        (b"text,code\na,\0\n", "row 1: A cell holds the character U+0000."),
        (rb'[{"te\u202e\ud800xt": "a"}]', r"The name of the column 'te\u202e\ud800xt' is not printable."),
        (b"[" * 100_000, "The table is no JSON"),
        ("[{" + ",".join(f'"c{n}": 1' for n in range(100_000)) + "}, 1]", "The table has 100,001 columns"),
        (votable(200_000), TOO_MANY),
        (said("NAXIS2", "3000000000"), TOO_MANY),
        (said("NAXIS1", "300000000000000"), "The FITS file cannot be read"),
        (said("TFORM1", "'99Z     '"), "The FITS file cannot be read (Format '99Z' is not recognized.)."),
        (said("TFORM1", "'1PA(5)  '"), "The FITS file cannot be read"),
        (shared_heap(), "row 1: A cell has 100,000 values; 65,536 are allowed."),
    ],
)
def test_a_table_that_is_refused(tmp_path: Path, content: bytes | str, message: str) -> None:
    path = tmp_path / "table"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UsageError, match=re.escape(message)):
        read_table(path, most=MOST)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (WORDS, [{"text": "one"}, {"text": "two"}]),
        (
            fits_table(fits.Column("text", "PJ()", array=np.array([np.array([1, 2]), np.array([3])], dtype=object))),
            [{"text": "1 2"}, {"text": "3"}],
        ),
        (b"# a comment\r\ntext;code\r\n\r\n'a;1\r\n", [{"text": "'a", "code": "1"}]),
        (b'text,code\n"a\nb",1\n', [{"text": "a\nb", "code": "1"}]),
    ],
)
def test_a_table_that_is_read(tmp_path: Path, content: bytes, rows: list[dict[str, str]]) -> None:
    path = tmp_path / "table"
    path.write_bytes(content)
    assert read_table(path, most=MOST) == rows
