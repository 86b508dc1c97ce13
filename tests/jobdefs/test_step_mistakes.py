"""Every mistake in the steps of a pipeline is named by table and key."""

from __future__ import annotations

import pytest

from jobdefs.registry import parse_definition
from vo.errors import AthanorError

from .chain import HEAD, TASK, change, read


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
