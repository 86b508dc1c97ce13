"""Names and texts as ADQL writes them."""

from __future__ import annotations

import pytest

from obstap.names import RESERVED, literal, quoted


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("s_ra", "s_ra"),
        ("MixedCase2", "MixedCase2"),
        ("size", '"size"'),
        ("Distance", '"Distance"'),
        ("4XMM", '"4XMM"'),
        ("_hidden", '"_hidden"'),
        ("two words", '"two words"'),
        ('a"b', '"a""b"'),
        ("été", '"été"'),
        ("", '""'),
    ],
)
def test_quoted(name: str, written: str):
    assert quoted(name) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [("", "''"), ("a", "'a'"), ("it's", "'it''s'"), ("''", "''''''"), ("\\", "'\\'"), ("a\nb", "'a\nb'")],
)
def test_literal(text: str, written: str):
    assert literal(text) == written


def test_reserved_words():
    assert {"SIZE", "LEVEL", "VALUE", "ROWS", "DATE", "DISTANCE", "POINT", "REGION", "TOP", "OFFSET"} <= RESERVED
    assert all(word == word.upper() for word in RESERVED)
    assert not {"DEC", "OBSCORE", "S_RA", "NAME", "DESCRIPTION"} & RESERVED
