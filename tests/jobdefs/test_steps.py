"""Pipelines are read from TOML, and every mistake in their steps is named by table and key."""

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
from vo.errors import AthanorError

TASK = """
name = "sieve"
version = "1"
title = "Sieve"
command = ["sieve", "{*}"]

[[parameters]]
name = "table"
type = "table"
description = "Events"
required = true

[[parameters]]
name = "low"
type = "int"
min = 0
description = "Limit"

[[parameters]]
name = "sets"
type = "table"
multiple = true
description = "More tables"

[[parameters]]
name = "outset"
type = "dataset"
default = "out.fits"
description = "File"

[[inputs]]
parameter = "table"
role = "events"

[[inputs]]
parameter = "sets"
role = "events"

[[outputs]]
name = "kept"
role = "filtered"
media_type = "application/fits"
product_type = "event"
description = "What is kept"
parameter = "outset"

[[outputs]]
name = "exposures"
role = "list"
media_type = "text/csv"
pattern = "exposures.csv"

[[outputs]]
name = "parts"
role = "part"
media_type = "application/fits"
pattern = "part*.fits"
"""

HEAD = """
name = "chain"
version = "1"
title = "Chain"
environment = "pipeline"

[[parameters]]
name = "observations"
type = "table"
multiple = true
required = true
description = "Event lists"

[[parameters]]
name = "low"
type = "int"
description = "Limit"

[[parameters]]
name = "withmerge"
type = "bool"
default = "yes"
description = "Whether to merge"

[[parameters]]
name = "mode"
type = "choice"
options = ["fast", "slow"]
default = "fast"
description = "How"

[[inputs]]
parameter = "observations"
role = "events"
"""

STEPS = """
[[steps]]
name = "list"
task = "sieve"
foreach = "observations"
parameters = { table = "{item}" }

[[steps]]
name = "filter"
task = "sieve"
foreach = "list/exposures"
on_failure = "continue"
when = "item.camera = M1|M2"
parameters = { table = "{item.observations}", sets = ["{list/kept}", "{list/parts}"], low = "{item.low}" }

[[steps]]
name = "merge"
task = "sieve"
foreach = "observations"
when = "withmerge"
parameters = { table = "{list/kept}", sets = "{filter/kept}" }

[[steps]]
name = "all"
task = "sieve"
needs = ["merge"]
when = "mode = slow"
parameters = { table = "job:abc/kept", sets = "{merge/kept}", low = "{low}", outset = "all.fits" }

[[outputs]]
name = "merged"
from = "merge/kept"

[[outputs]]
name = "total"
from = "all/kept"
product_type = "measurements"
"""

SIEVE = parse_definition(TASK, source="sieve.toml")


def read(text: str) -> Definition:
    return link_steps(
        parse_definition(text, source="chain.toml"),
        {"sieve": SIEVE, "other": parse_definition(HEAD.replace("chain", "other"), source="other.toml")},
        source="chain.toml",
    )


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


def change(old: str, new: str) -> str:
    assert old in HEAD + STEPS
    return (HEAD + STEPS).replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (HEAD, ["steps: a pipeline needs at least one."]),
        (
            change('task = "sieve"', 'task = "seive"'),
            ["steps[list].task: there is no task 'seive'; did you mean sieve?"],
        ),
        (
            change('task = "sieve"', 'task = "other"'),
            ["steps[list].task: other is a pipeline itself; a step runs a task."],
        ),
        (
            change('name = "list"', 'name = "List"'),
            ["steps[List].name: it must be lower-case letters, digits, - and _, beginning with a letter."],
        ),
        (
            change('name = "all"', 'name = "list"').replace("all/kept", "merge/kept"),
            ["steps[list].name: it is given more than once."],
        ),
        (
            change('on_failure = "continue"', 'on_failure = "ignore"'),
            ["steps[filter].on_failure: 'ignore' is none of stop, continue."],
        ),
        (
            change('needs = ["merge"]', 'needs = ["mrge"]'),
            ["steps[all].needs: there is no step 'mrge'; did you mean merge?"],
        ),
        (
            change('when = "withmerge"', 'needs = ["all"]'),
            ["steps: they need each other in a circle: merge, all, merge."],
        ),
        (
            change('sets = "{filter/kept}"', 'sets = "{merge/kept}"'),
            ["steps: they need each other in a circle: merge, merge."],
        ),
        (
            change('foreach = "observations"', 'foreach = "observation"'),
            ["steps[list].foreach: there is no parameter 'observation'; did you mean observations?"],
        ),
        (
            change('foreach = "observations"', 'foreach = "low"'),
            ["steps[list].foreach: low has one value; a parameter with multiple = true has several."],
        ),
        (
            change('foreach = "list/exposures"', 'foreach = "list/kept"'),
            [
                (
                    "steps[filter].foreach: list/kept is one file and no table of a known kind (application/fits); "
                    "a step is run for each of several files, or for each row of a table."
                ),
            ],
        ),
        (
            change('foreach = "list/exposures"', 'foreach = "lst/exposures"'),
            ["steps[filter].foreach: there is no step 'lst'; did you mean list?"],
        ),
        (
            change('foreach = "list/exposures"', 'foreach = "list/exposure"'),
            ["steps[filter].foreach: sieve: there is no result 'exposure'; did you mean exposures?"],
        ),
        (
            change('when = "withmerge"', 'when = "withmerg"'),
            ["steps[merge].when: there is no parameter 'withmerg'; did you mean withmerge?"],
        ),
        (change('when = "withmerge"', 'when = "low"'), ["steps[merge].when: low is no bool and no choice."]),
        (change('when = "withmerge"', 'when = "mode"'), ["steps[merge].when: say which: mode = fast|slow."]),
        (change('when = "mode = slow"', 'when = "mode = quick"'), ["steps[all].when: 'quick' is none of fast, slow."]),
        (change('when = "mode = slow"', 'when = "item.a = b"'), ["steps[all].when: there is no item without foreach."]),
        (
            change('when = "withmerge"', 'when = "mode < 3"'),
            ["steps[merge].when: write parameter, parameter = value or item.column = value|value; join several by &&."],
        ),
        (
            change('when = "withmerge"', 'when = "withmerge && mode"'),
            ["steps[merge].when: say which: mode = fast|slow."],
        ),
        (
            change('when = "withmerge"', "duration = -1"),
            ["steps[merge].duration: it must be above 0."],
        ),
        (
            change('when = "withmerge"', 'duration = "1 h"'),
            ["steps[merge].duration: write seconds, or {parameter} of the pipeline that says them."],
        ),
        (
            change('when = "withmerge"', 'duration = "{item.time}"'),
            ["steps[merge].duration: write seconds, or {parameter} of the pipeline that says them."],
        ),
        (
            change('when = "withmerge"', 'duration = "{lo}"'),
            ["steps[merge].duration: there is no parameter 'lo'; did you mean low?"],
        ),
        (
            change('when = "withmerge"', 'duration = "{low}"'),
            ["steps[merge].duration: low must be one int whose min is 1 or more."],
        ),
        (
            change('sets = "{filter/kept}"', 'sets = "{filter/kept[]}"'),
            ["steps[merge].parameters.sets: write {step/result[column]?}, not {filter/kept[]}."],
        ),
        (
            change('sets = "{filter/kept}"', 'sets = "{filter/kept?[camera]}"'),
            ["steps[merge].parameters.sets: write {step/result[column]?}, not {filter/kept?[camera]}."],
        ),
        (
            change('sets = "{merge/kept}"', 'sets = "{merge/kept[observations]}"'),
            [
                "steps[all].parameters.sets: [observations] compares items, and all has none without foreach.",
            ],
        ),
        (
            change('table = "{list/kept}"', 'table = "{list/kept[camera]}"'),
            [
                "steps[merge].parameters.table: the item of merge has no column 'camera'; observations can be named.",
                "steps[merge].parameters.table: the item of list has no column 'camera'; observations can be named.",
                "steps[merge].parameters.table: sieve takes one value of table, and these are several.",
            ],
        ),
        (
            change('foreach = "list/exposures"', 'foreach = "list/exposures[camera]"'),
            ["steps[filter].foreach: write list/exposures alone; [column] and ? belong into parameters."],
        ),
        (
            change('from = "merge/kept"', 'from = "merge/kept?"'),
            ["outputs[merged].from: write merge/kept alone; [column] and ? belong into parameters."],
        ),
        (
            change('when = "withmerge"', 'when = "item.camera = M1"'),
            ["steps[merge].when: the item has no column 'camera'; observations can be named."],
        ),
        (
            change('table = "{item}" }', 'tabel = "{item}" }'),
            [
                "steps[list].parameters.tabel: sieve: there is no parameter 'tabel'; did you mean table?",
                "steps[list].parameters.table: sieve cannot do without it.",
            ],
        ),
        (
            change('low = "{low}"', 'low = "{lo}"'),
            ["steps[all].parameters.low: there is no parameter 'lo'; did you mean low?"],
        ),
        (
            change('low = "{low}"', 'low = "-3"'),
            ["steps[all].parameters.low: -3 is out of range; it must be at least 0."],
        ),
        (change('low = "{low}"', 'low = "{low"'), ["steps[all].parameters.low: the braces of '{low' do not match."]),
        (
            change('outset = "all.fits"', 'outset = "../all.fits"'),
            [
                "steps[all].parameters.outset: '../all.fits' is no plain file name.",
            ],
        ),
        (
            change('low = "{low}"', 'low = "{item}"'),
            ["steps[all].parameters.low: there is no item without foreach."],
        ),
        (
            change('table = "{item.observations}"', 'table = "{item}"'),
            ["steps[filter].parameters.table: the item is a row of a table: name a column, as {item.column}."],
        ),
        (
            change('table = "{list/kept}"', 'table = "{filter/kept}"'),
            ["steps[merge].parameters.table: sieve takes one value of table, and these are several."],
        ),
        (
            change('table = "{list/kept}"', 'table = ["{list/kept}", "{list/kept}"]'),
            ["steps[merge].parameters.table: sieve takes one value of table, and these are several."],
        ),
        (
            change('table = "{list/kept}"', 'table = "{list/parts}"'),
            ["steps[merge].parameters.table: sieve takes one value of table, and these are several."],
        ),
        (
            change('table = "{item}" }', 'table = "{observations}" }'),
            ["steps[list].parameters.table: sieve takes one value of table, and these are several."],
        ),
        (
            change('sets = "{merge/kept}"', 'sets = "{merge/keep}"'),
            ["steps[all].parameters.sets: sieve: there is no result 'keep'; did you mean kept?"],
        ),
        (change('from = "merge/kept"', 'from = "merge"'), ["outputs[merged].from: 'merge' is no step/result."]),
        (
            change('from = "merge/kept"', 'from = "merge/lost"'),
            ["outputs[merged].from: sieve: there is no result 'lost'."],
        ),
        (change('from = "merge/kept"', ""), ["outputs[merged].from: it is missing: say step/result."]),
        (
            change('from = "merge/kept"', 'from = "merge/kept"\npattern = "*.fits"'),
            ["outputs[merged]: a pipeline's output has from, and no parameter, pattern or when."],
        ),
        (
            change('environment = "pipeline"', 'environment = "pipeline"\ncommand = ["x"]'),
            ["command: a pipeline has steps, and no command or function of its own."],
        ),
        (
            change('name = "low"\ntype = "int"', 'name = "item"\ntype = "int"'),
            ["parameters[item].name: the word stands for what a step is run for."],
        ),
        (
            change('{ table = "{item}" }', "{ table = 3 }"),
            ["steps[list].parameters: it must be a table of texts and lists of texts, not {'table': 3}."],
        ),
        (
            change('on_failure = "continue"', 'onfailure = "continue"'),
            ["steps[filter].onfailure: there is no such key; did you mean on_failure?"],
        ),
    ],
)
def test_mistakes(text, messages):
    with pytest.raises(AthanorError) as caught:
        read(text)
    assert str(caught.value).splitlines() == [f"chain.toml: {message}" for message in messages]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            '[[steps]]\nname = "one"\ntask = "sieve"\n',
            'steps: only a definition with environment = "pipeline" has steps.',
        ),
        (
            '[[outputs]]\nname = "x"\nrole = "x"\nmedia_type = "text/plain"\npattern = "x"\nfrom = "a/b"\n',
            "outputs[x].from: only a pipeline's output has it.",
        ),
    ],
)
def test_tasks_have_no_steps(more, message):
    with pytest.raises(AthanorError) as caught:
        parse_definition(TASK + more, source="sieve.toml")
    assert str(caught.value) == f"sieve.toml: {message}"


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
