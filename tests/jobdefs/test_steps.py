"""Pipelines are read from TOML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobdefs.definition import Definition
from jobdefs.registry import all_definitions, parse_definition
from jobdefs.stepcheck import link_steps
from jobdefs.steps import (
    TemplateField,
    axes_of,
    in_order,
    needs_of,
    parse_condition,
    parse_conditions,
    read_field,
)

from .chain import HEAD, SIEVE, STEPS, TASK, read


def test_a_pipeline():
    pipeline = read(HEAD + STEPS)
    assert [step.name for step in in_order(pipeline)] == ["list", "filter", "merge", "all"]
    assert pipeline.tasks == (SIEVE,)
    step = pipeline.steps[1]
    assert (step.foreach, step.on_failure) == ("list/exposures", "continue")
    assert step.parameters == {
        "table": ("{item.observations}",),
        "sets": ("{list/kept}", "{list/parts}"),
        "low": ("{item.low}",),
    }
    assert needs_of(step) == ("list",)
    assert axes_of(pipeline) == {
        "list": ("observations",),
        "filter": ("observations", "list/exposures"),
        "merge": ("observations",),
        "all": (),
    }


def test_outputs_are_described_as_those_of_the_steps():
    merged, total = read(HEAD + STEPS).outputs
    assert (merged.source, merged.role, merged.media_type) == ("merge/kept", "filtered", "application/fits")
    assert (merged.product_type, merged.description) == ("event", "What is kept")
    assert total.product_type == "measurements"


def test_plain_data_and_back():
    pipeline = read(HEAD + STEPS)
    assert Definition.from_dict(pipeline.to_dict()) == pipeline


def test_documents_from_before_there_were_steps():
    old = SIEVE.to_dict()
    del old["steps"], old["tasks"]
    for output in old["outputs"]:
        del output["source"]
    assert Definition.from_dict(old) == SIEVE


@pytest.mark.parametrize(
    ("text", "name", "is_item", "values", "negated"),
    [
        ("withmerge", "withmerge", False, (), False),
        ("withmerge = no", "withmerge", False, ("no",), False),
        ("mode=slow|fast", "mode", False, ("slow", "fast"), False),
        ("item.camera = M1 | M2", "camera", True, ("M1", "M2"), False),
        ("item.camera != OM", "camera", True, ("OM",), True),
        ("item.filter = ", "filter", True, ("",), False),
    ],
)
def test_conditions(text, name, is_item, values, negated):
    condition = parse_condition(text)
    assert (condition.name, condition.is_item, condition.values, condition.negated) == (name, is_item, values, negated)


def test_a_pattern_that_fits_one_file():
    """Such a result can be the value of a parameter that takes one."""
    single = parse_definition(
        TASK.replace('pattern = "part*.fits"', 'pattern = "part*.fits"\nsingle = true'), source=""
    )
    text = HEAD + STEPS.replace('table = "{list/kept}"', 'table = "{list/parts}"')
    assert link_steps(parse_definition(text, source=""), {"sieve": single}, source="").tasks == (single,)


def test_alternatives_for_one_value():
    text = HEAD + STEPS.replace('table = "{list/kept}"', 'table = ["{list/kept?}", "{item}"]')
    assert read(text).steps[2].parameters["table"] == ("{list/kept?}", "{item}")


def test_several_conditions():
    assert [condition.name for condition in parse_conditions("item.camera = M1 && withmerge")] == [
        "camera",
        "withmerge",
    ]
    assert parse_conditions("withmerge &&") is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("low", TemplateField("parameter", "low")),
        ("item", TemplateField("item", "")),
        ("item.camera", TemplateField("item", "camera")),
        ("a/b", TemplateField("result", "b", "a")),
        ("a/b[camera]", TemplateField("result", "b", "a", "camera")),
        ("a/b?", TemplateField("result", "b", "a", optional=True)),
        ("a/b[camera]?", TemplateField("result", "b", "a", "camera", optional=True)),
        ("a/b]", TemplateField("result", "b]", "a")),
    ],
)
def test_fields(text, field):
    assert read_field(text) == field


@pytest.mark.parametrize("text", ["", "item.camera", "a b", "a = b = c", "a < 3", "1a = 2"])
def test_no_conditions(text):
    assert parse_condition(text) is None


def test_the_pipeline_of_the_documents():
    page = (Path(__file__).resolve().parent.parent.parent / "docs/howto/pipelines.md").read_text()
    text = re.search(r"```toml\n(.*?)```", page, flags=re.DOTALL)[1]
    pipeline = link_steps(parse_definition(text, source="page"), all_definitions(), source="page")
    assert axes_of(pipeline)["spectrum"] == ("observations", "list/result")
    assert {item.name: item.product_type for item in pipeline.outputs} == {
        "mos": "event",
        "pn": "event",
        "spectrum": "spectrum",
    }
