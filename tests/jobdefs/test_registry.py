"""Definitions are read from TOML, and every mistake in one is named by table and key."""

from __future__ import annotations

import pytest

from jobdefs import registry
from jobdefs.definition import Definition, Input, Limits, Output, Parameter
from vo.errors import AthanorError, NotFoundError

GOOD = """
name = "sieve"
version = "1.2"
title = "Sieve events"
environment = "builtin"
command = ["sieve", "--in={table}", "{*}"]
stages = ["Reading", "Writing"]

[limits]
duration = 60
max_duration = 120

[[parameters]]
name = "table"
type = "table"
description = "Events"
required = true

[[parameters]]
name = "withoutset"
type = "bool"
description = "Whether to write"
default = "no"

[[parameters]]
name = "outset"
type = "dataset"
description = "File"
default = "out.fits"
parent = "withoutset"

[[parameters]]
name = "low"
type = "real"
description = "Limit"
default = "0.5"
min = 0
max = 10
unit = "keV"

[[inputs]]
parameter = "table"
role = "events"
product_types = ["event"]

[[outputs]]
name = "kept"
role = "filtered"
media_type = "application/fits"
parameter = "outset"
when = "withoutset"
"""


def test_a_definition_is_what_its_document_says() -> None:
    definition = registry.parse_definition(GOOD, source="sieve.toml")
    assert definition == Definition(
        name="sieve",
        version="1.2",
        title="Sieve events",
        environment="builtin",
        command=("sieve", "--in={table}", "{*}"),
        stages=("Reading", "Writing"),
        limits=Limits(duration=60, max_duration=120),
        parameters=(
            Parameter(name="table", type="table", description="Events", required=True),
            Parameter(name="withoutset", type="bool", description="Whether to write", default="no"),
            Parameter(name="outset", type="dataset", description="File", default="out.fits", parent="withoutset"),
            Parameter(name="low", type="real", description="Limit", default="0.5", min=0, max=10, unit="keV"),
        ),
        inputs=(Input(parameter="table", role="events", product_types=("event",)),),
        outputs=(
            Output(name="kept", role="filtered", media_type="application/fits", parameter="outset", when="withoutset"),
        ),
    )
    assert Definition.from_dict(definition.to_dict()) == definition


MISTAKES = [
    ('title = "Sieve events"', 'titel = "x"', "titel: there is no such key; did you mean title?"),
    ('title = "Sieve events"', "", "title: it is missing."),
    ('version = "1.2"', "version = 1.2", "version: it must be a text, not 1.2."),
    ("duration = 60", "duration = 600", "limits.duration: it is above max_duration."),
    ("duration = 60", "duration = 0", "limits.duration: it must be above 0."),
    (
        'role = "events"',
        'role = "events"\ntype = "main"',
        "inputs[table].type: 'main' is none of Main, Calibration, Preview, Setup, Quality, Log, Context.",
    ),
    ("duration = 60", "time = 60", "limits.time: there is no such key."),
    ("duration = 60", 'duration = "60"', "limits.duration: it must be an integer, not '60'."),
    ('name = "sieve"', 'name = "Sieve"', "name: 'Sieve' must be lower-case"),
    ('type = "real"', 'type = "float"', "parameters[low].type: 'float' is none of bool, int"),
    ("required = true", 'required = "yes"', "parameters[table].required: it must be true or false"),
    ('unit = "keV"', 'units = "keV"', "parameters[low].units: there is no such key; did you mean unit?"),
    ('default = "0.5"', 'default = "half"', "parameters[low].default: 'half' is no number."),
    ('default = "0.5"', 'default = "50"', "parameters[low].default: 50 is out of range"),
    ('default = "no"', 'default = "N"', "parameters[withoutset].default: write 'no', not 'N'."),
    ("min = 0", "min = 20", "parameters[low].min: it is above max."),
    ('name = "low"', 'name = "OUTSET"', "parameters[outset].name: it is given more than once."),
    ('type = "real"', 'type = "choice"', "parameters[low].options: a choice has options"),
    (
        'name = "low"',
        'name = "Phase"',
        'parameters[Phase].name: it is a word that controls jobs; call it task_Phase, and give it argument = "Phase"',
    ),
    ('unit = "keV"', 'argument = "lo"', "parameters[low].argument: only a parameter that a task of SAS or a program"),
    ('parent = "withoutset"', 'parent = "with"', "parameters[outset].parent: there is no parameter 'with'."),
    ('parent = "withoutset"', 'parent = "low"', "parameters[outset].parent: low is no bool and no choice."),
    (
        'parent = "withoutset"',
        'parent = "withoutset"\nparent_value = "maybe"',
        "parameters[outset].parent_value: 'maybe' is none of yes, no.",
    ),
    (
        'default = "no"',
        'default = "no"\nparent = "withoutset"',
        "parameters[withoutset].parent: its parents go round in a circle.",
    ),
    (
        '[[inputs]]\nparameter = "table"',
        '[[inputs]]\nparameter = "tabel"',
        "inputs[tabel].parameter: there is no such parameter.",
    ),
    (
        '[[inputs]]\nparameter = "table"',
        '[[inputs]]\nparameter = "low"',
        "inputs[low].parameter: its type must be one of",
    ),
    ('parameter = "outset"\n', "", "outputs[kept].parameter: give a parameter or a pattern."),
    ('parameter = "outset"\n', 'pattern = "../*"\n', "outputs[kept].pattern: it must be a plain file name"),
    ('when = "withoutset"', 'when = "low"', "outputs[kept].when: there is no bool parameter 'low'."),
    ('"{*}"', '"{nosuch}"', "command[3]: {nosuch} is no parameter, nor {*} standing alone."),
    ('"{*}"', '"x{*}"', "command[3]: {*} is no parameter, nor {*} standing alone."),
    ('command = ["sieve", "--in={table}", "{*}"]', "", "command: it must begin with the program's name."),
    ('environment = "builtin"', 'environment = "docker"', "environment: 'docker' is none of"),
    ('environment = "builtin"', 'environment = "inprocess"', "function: an in-process task needs"),
    ("[limits]", "[[limits]]", "limits: it must be a table: [limits]."),
    ("[[inputs]]", "[inputs]", "inputs: it must be an array of tables: [[inputs]]."),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_mistakes_are_named_by_file_table_and_key(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(AthanorError) as caught:
        registry.parse_definition(GOOD.replace(old, new), source="sieve.toml")
    lines = caught.value.message.splitlines()
    assert any(line.startswith(f"sieve.toml: {message}") for line in lines), lines


def test_a_broken_document_is_refused() -> None:
    with pytest.raises(AthanorError, match=r"sieve.toml: this is no TOML"):
        registry.parse_definition("name = ", source="sieve.toml")


def test_all_mistakes_are_told_at_once() -> None:
    document = (
        GOOD.replace('unit = "keV"', "unit = 3").replace('title = "Sieve events"', "").replace("min = 0", 'min = "0"')
    )
    with pytest.raises(AthanorError) as caught:
        registry.parse_definition(document, source="sieve.toml")
    assert caught.value.message.splitlines() == [
        "sieve.toml: title: it is missing.",
        "sieve.toml: parameters[low].min: it must be a number, not '0'.",
        "sieve.toml: parameters[low].unit: it must be a text, not 3.",
    ]


def test_the_installed_definitions_are_right_and_read_once() -> None:
    definitions = registry.all_definitions()
    assert list(definitions) == sorted(definitions)
    assert "evselect" in definitions
    assert registry.all_definitions() is definitions
    for name, definition in definitions.items():
        assert registry.get(name) is definition
        assert Definition.from_dict(definition.to_dict()) == definition


def test_one_definition_is_read_alone() -> None:
    assert registry.product_definition("evselect") == registry.get("evselect")
    with pytest.raises(NotFoundError, match="There is no task"):
        registry.product_definition("evselct")


def test_an_unknown_task_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFoundError) as caught:
        registry.get("evselct")
    assert str(caught.value) == "There is no task 'evselct'. Did you mean evselect?"
    with pytest.raises(NotFoundError, match=r"The tasks are: .*evselect"):
        registry.get("zzz")


def test_a_file_is_called_like_its_task(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.toml").write_text(GOOD)
    monkeypatch.setattr(registry, "DIRECTORY", tmp_path)
    with pytest.raises(AthanorError, match=r"other.toml: name: it is 'sieve', but the file is called 'other'"):
        registry.all_definitions()


def test_the_sites_own_definitions_stand_beside_the_products_and_may_replace_them(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    product, site = tmp_path / "product", tmp_path / "site"
    product.mkdir()
    site.mkdir()
    (product / "sieve.toml").write_text(GOOD)
    (site / "sieve.toml").write_text(GOOD.replace('version = "', 'version = "site-'))
    (site / "apple.toml").write_text(GOOD.replace('name = "sieve"', 'name = "apple"', 1))
    monkeypatch.setattr(registry, "DIRECTORY", product)
    monkeypatch.setattr(registry, "_own", [])
    assert list(registry.all_definitions()) == ["sieve"]
    registry.add_directory(site)
    assert list(registry.all_definitions()) == ["apple", "sieve"]
    assert registry.get("sieve").version.startswith("site-")
