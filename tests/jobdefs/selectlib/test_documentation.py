"""The page of the language names what the language has, and its examples are expressions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobdefs.tasks.selectlib import check_syntax
from jobdefs.tasks.selectlib.attributes import CONSTANTS
from jobdefs.tasks.selectlib.vocabulary import ALL_NAMES, SHAPES, UNSUPPORTED

PAGE = (Path(__file__).resolve().parents[3] / "docs/reference/selection.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", PAGE)
EXAMPLES = [line for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def test_every_name_is_on_the_page():
    words = {word.lower() for piece in CODE for word in re.findall(r"\w+", piece)}
    assert set(ALL_NAMES) <= words
    assert {name.lower() for name in CONSTANTS} <= words
    assert {"random", "selected"} <= words & UNSUPPORTED.keys()


@pytest.mark.parametrize("name", SHAPES)
def test_figures_are_written_as_messages_write_them(name):
    form = SHAPES[name if name != "polygon2" else "polygon"]
    wanted = f"{form.name.upper()}({','.join(form.numbers).replace('...', '…')})"
    assert wanted in CODE


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_are_right(text):
    check_syntax(text)


def test_there_are_examples():
    assert len(EXAMPLES) >= 3
