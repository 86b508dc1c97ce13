"""Definitions are written as TOML that people can read, and are read back as they were."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobdefs.definition import Definition, Input, Limits, Output, Parameter
from jobdefs.registry import DIRECTORY, parse_definition
from jobdefs.writing import to_toml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(' "\\\n\t'), max_size=400)
LONG = "A text of many words " * 20
PLAIN = Definition(name="sieve", version="1", title="Sieve", environment="sas", command=("sieve", "{*}"))


@pytest.mark.parametrize("path", sorted(DIRECTORY.glob("*.toml")), ids=lambda path: path.stem)
def test_each_definition_of_the_product_comes_back(path: object) -> None:
    definition = parse_definition(path.read_text(encoding="utf-8"), source=path.name)
    document = to_toml(definition)
    assert parse_definition(document, source=path.name) == definition
    assert max(len(line) for line in document.splitlines()) < 150


@given(TEXTS, TEXTS)
def test_texts_come_back_whatever_they_hold(title: str, description: str) -> None:
    definition = replace(
        PLAIN,
        title=title,
        description=description,
        parameters=(Parameter("low", "string", description, group=title),),
    )
    assert parse_definition(to_toml(definition), source="x") == definition


@given(st.text('ab " \\\n', max_size=60).map(lambda text: f"{LONG}{text}{LONG}{text}"))
def test_long_texts_come_back(text: str) -> None:
    assert parse_definition(to_toml(replace(PLAIN, description=text)), source="x").description == text


@given(
    st.floats(allow_nan=False) | st.integers(-(2**60), 2**60),
    st.lists(st.text("abc |*.=", min_size=1), min_size=1, max_size=30, unique=True),
)
def test_numbers_and_lists_come_back(number: float, options: list[str]) -> None:
    options = [option.strip() or "x" for option in options]
    parameters = (Parameter("low", "real", "", min=number), Parameter("how", "choice", "", options=tuple(options)))
    definition = replace(PLAIN, parameters=parameters, limits=Limits(memory=2**53 + 1))
    assert parse_definition(to_toml(definition), source="x") == definition


def test_the_document_reads_like_one_of_ours() -> None:
    definition = replace(
        PLAIN,
        category="Events",
        description=f"{LONG}\n\nAnd more.\n",
        limits=Limits(duration=60),
        parameters=(
            Parameter("table", "table", "Events.", required=True, group="Filter"),
            Parameter("low", "real", "Limit.", "1", min=0, max=4.5, unit="keV", group="Energy"),
        ),
        inputs=(Input("table", "events", product_types=("event",)),),
        outputs=(Output("kept", "events", "application/fits", pattern="*.fits", required=False),),
    )
    assert to_toml(definition) == GOLDEN


GOLDEN = '''name = "sieve"
version = "1"
title = "Sieve"
description = """
A text of many words A text of many words A text of many words A text of many words A text of many words A text of \\
many words A text of many words A text of many words A text of many words A text of many words A text of many words \\
A text of many words A text of many words A text of many words A text of many words A text of many words A text of \\
many words A text of many words A text of many words A text of many words 

And more.
"""
environment = "sas"
category = "Events"
command = ["sieve", "{*}"]

[limits]
duration = 60

[[inputs]]
parameter = "table"
role = "events"
product_types = ["event"]

[[outputs]]
name = "kept"
role = "events"
media_type = "application/fits"
pattern = "*.fits"
required = false

# Filter

[[parameters]]
name = "table"
type = "table"
description = "Events."
required = true
group = "Filter"

# Energy

[[parameters]]
name = "low"
type = "real"
description = "Limit."
default = "1"
unit = "keV"
min = 0
max = 4.5
group = "Energy"
'''  # noqa: W291
