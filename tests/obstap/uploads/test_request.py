"""The parameter UPLOAD (TAP 1.1 §2.7.6)."""

from __future__ import annotations

import pytest

from obstap.uploads.request import parse_uploads
from vo.errors import ParameterError


@pytest.mark.parametrize(
    ("values", "pairs"),
    [
        ([], []),
        (["", "  "], []),
        (["t1,param:t1"], [("t1", "param:t1")]),
        ([" t1 , param:t1 ; T2,param:two ;"], [("t1", "param:t1"), ("T2", "param:two")]),
        (["a,param:a", "b,http://x/y"], [("a", "param:a"), ("b", "http://x/y")]),
        (["a,http://x/y?p=1,2;q=3;b,param:b"], [("a", "http://x/y?p=1,2;q=3"), ("b", "param:b")]),
    ],
)
def test_pairs(values: list[str], pairs: list[tuple[str, str]]) -> None:
    assert [(upload.name, upload.uri) for upload in parse_uploads(values)] == pairs


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["t1"], "'t1' is no pair; write name,URI pairs such as t1,param:t1 with ';' between them."),
        (["t1,"], "'t1,' is no pair;"),
        (["1t,param:x"], "'1t' is no name of a table: it must be a letter and up to 62 more letters, digits and '_'"),
        (["TAP_UPLOAD.t,param:x"], "'TAP_UPLOAD.t' is no name of a table:"),
        (['"my table",param:x'], "'\"my table\"' is no name of a table:"),
        (["ünder,param:x"], "'ünder' is no name of a table:"),
        (["x" * 64 + ",param:x"], "is no name of a table:"),
        (
            ["Table,param:x"],
            "'Table' is a reserved word of ADQL and cannot name a table; take another, such as my_Table.",
        ),
        (["t,param:x", "T,param:y"], "two tables are named T; give each a name of its own, in any case."),
        ([f"t{number},param:x" for number in range(21)], "it names 21 tables; 20 are allowed."),
    ],
)
def test_what_is_no_pair(values: list[str], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse_uploads(values)
    assert caught.value.parameter == "UPLOAD"
    assert message in str(caught.value)
