"""A small event list, and a shorthand to select from it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jobdefs.tasks.selectlib import Block, BlockOpener, Selection, compile_selection
from vo.errors import NotFoundError

HEADER = {
    "XMMEA_EP": "(FLAG & 0xcfa0000) == 0",
    "XMMEA_EM": "(FLAG & 0x766ba000) == 0",
    "XMMEA_16": "(FLAG & 0x10000) != 0",
    "TSTART": 100.5,
    "MAXPI": 12000,
    "GOOD": True,
    "NARROW": "(#XMMEA_EP) && PI in [#LOWPI:#MAXPI]",
    "LOWPI": 300,
    "OWNSELF": "#OTHER",
    "OTHER": "#OWNSELF",
}

EVENTS: dict[str, np.ndarray] = {
    "TIME": np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0]),
    "X": np.array([0, 3, 5, 100, -5, 51840], dtype=np.int32),
    "Y": np.array([0, 4, 0, 200, -1, 51840], dtype=np.int32),
    "PI": np.array([0, 500, 2000, 2001, 12000, 32767], dtype=np.int16),
    "PATTERN": np.array([0, 1, 4, 5, 12, 255], dtype=np.uint8),
    "FLAG": np.array([0, 0x10000, 0x20000, 6, -(2**31), 0xFFF], dtype=np.int32),
    "CCDNR": np.array([1, 2, 3, 4, 5, 12], dtype=np.uint8),
    "RATE": np.array([0.1, 0.4, 0.5, np.nan, np.inf, -1.0], dtype=np.float32),
    "GOODEV": np.array([True, False, True, False, True, False]),
    "NAME": np.array(["a", "b ", "Abc", "", "zz", "b"], dtype="S3"),
}


def no_files(spec: str) -> Block:
    raise NotFoundError(f"There is no file {spec}.")


def compiled(
    text: str,
    *,
    header: Mapping[str, object] = HEADER,
    data: Mapping[str, np.ndarray] = EVENTS,
    open_table: BlockOpener = no_files,
) -> Selection:
    return compile_selection(text, header=header, columns=list(data), open_table=open_table)


def rows(text: str, **options: object) -> list[int]:
    """Numbers of the selected rows."""
    data = options.get("data", EVENTS)
    return np.flatnonzero(compiled(text, **options).evaluate(data)).tolist()
