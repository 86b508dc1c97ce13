"""Steps that read the branches with the same value in a column, what may be left out, and how long they may run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.uws.test_pipeline_plan import World, pipeline, step
from uws.pipelines.plan import make_plan
from uws.pipelines.state import State

CAMERAS = pipeline(
    step("list", foreach="items"),
    step("clean", foreach="list/rows", when="item.camera = M1|PN", on_failure="continue"),
    step("oot", foreach="list/rows", when="item.camera = PN && wanted", on_failure="continue"),
    step(
        "merge",
        foreach="list/parts",
        given={"sets": "{clean/out}", "text": "{name}"},
    ),
    step(
        "camera",
        foreach="list/rows",
        given={"sets": "{clean/out[camera]}", "table": "{oot/out[camera]?}", "text": "x{oot/out?}"},
    ),
)


def cameras(*rows, **values) -> World:
    """Exposures of two observations, each with the camera that made it."""
    columns = [{"exposure": exposure, "camera": camera} for exposure, camera in rows]
    world = World(CAMERAS, {"list-1id": columns, "list-2id": columns}, items=["o1", "o2"], **values)
    world.plan()
    world.end("list", "1")
    world.end("list", "2")
    world.plan()
    return world


def test_branches_with_the_same_value_in_a_column():
    """Sub-exposures of one camera, of one's own observation; others are not waited for."""
    world = cameras(("S001", "M1"), ("S003", "PN"), ("U002", "PN"))
    assert world.plan().states["oot", "1.1"] == State.LEFT_OUT
    world.end("clean", "1.1")
    world.plan()
    assert world.parameters["camera", "1.1"] == {"sets": ["job:clean-1x1id/out"], "text": ["x"]}
    world.end("clean", "1.2")
    world.end("clean", "1.3", failed=True)
    world.end("oot", "1.2")
    assert ("camera", "1.2") not in world.children
    world.end("oot", "1.3")
    world.plan()
    assert world.parameters["camera", "1.3"] == {
        "sets": ["job:clean-1x2id/out"],
        "table": ["job:oot-1x2id/out", "job:oot-1x3id/out"],
        "text": ["xjob:oot-1x3id/out"],
    }
    assert world.parameters["camera", "1.2"]["sets"] == ["job:clean-1x2id/out"]
    assert not any(branch.startswith("2") for name, branch in world.children if name == "camera")


def test_what_may_have_been_left_out():
    world = cameras(("S003", "PN"), wanted=["no"])
    world.end("clean", "1.1")
    plan = world.plan()
    assert plan.states["oot", "1.1"] == State.LEFT_OUT
    assert world.parameters["camera", "1.1"] == {"sets": ["job:clean-1x1id/out"], "text": ["x"]}


def test_failures_of_others_with_the_same_value_count():
    world = cameras(("S001", "M1"), ("S003", "PN"), ("S004", "R1"))
    world.end("oot", "1.2", failed=True)
    world.end("clean", "1.1", failed=True)
    world.end("clean", "1.2")
    states = world.plan().states
    assert (states["camera", "1.1"], states["camera", "1.2"]) == (State.BLOCKED, State.BLOCKED)
    assert states["camera", "1.3"] == State.LEFT_OUT, "no exposure of that camera is cleaned"


@pytest.mark.parametrize(("wanted", "table"), [("yes", "job:a-id/out"), ("no", "ivo://x")])
def test_the_first_of_several_that_is_there(wanted, table):
    world = World(
        pipeline(
            step("a", when="wanted"),
            step("b", given={"table": ("{a/out?}", "ivo://{name}"), "sets": ("{a/out?}", "ivo://{name}")}),
        ),
        wanted=[wanted],
        name=["x"],
    )
    world.plan()
    if wanted == "yes":
        world.end("a")
        world.plan()
    sets = ["job:a-id/out", "ivo://x"] if wanted == "yes" else ["ivo://x"]
    assert world.parameters["b", ""] == {"table": [table], "sets": sets}


def test_a_column_that_is_not_there():
    world = World(
        pipeline(
            step("list"), step("a", foreach="list/rows"), step("b", foreach="list/rows", given={"sets": "{a/out[ra]}"})
        ),
        {"list-id": [{"dec": "1"}]},
    )
    world.plan()
    world.end("list")
    world.plan()
    world.end("a", "1")
    world.plan()
    assert world.parameters["b", "1"] == "What b is run for has no column 'ra'; there are: dec."


@pytest.mark.parametrize(
    ("duration", "values", "expected"),
    [(0, {}, None), (600, {}, 600), ("{seconds}", {"seconds": ["7"]}, 7), ("{seconds}", {}, None)],
)
def test_how_long_a_step_may_run(duration, values, expected):
    definition = pipeline(step("a", duration=duration))
    world = World(definition, **values)
    [wanted] = make_plan(definition, world.values, {}, lambda *_: [], most=9).wanted
    assert wanted.duration == expected


# Whatever fails and is left out: what a branch reads is what a plain reading of its table gives.

rows = st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.booleans()), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, min_size=1, max_size=3), st.booleans())
def test_any_table(observations, optional):
    """Rows are: the camera, whether the step before is run for it, whether that fails."""
    mark = "?" if optional else ""
    world = World(
        pipeline(
            step("list", foreach="items"),
            step("a", foreach="list/rows", when="item.run = yes", on_failure="continue"),
            step("b", foreach="list/rows", given={"sets": f"{{a/out[camera]{mark}}}"}),
        ),
        {
            f"list-{number}id": [{"camera": camera, "run": "yes" if run else "no"} for camera, run, _ in table]
            for number, table in enumerate(observations, start=1)
        },
        items=[str(number) for number in range(len(observations))],
    )
    world.plan()
    for number in range(1, len(observations) + 1):
        world.end("list", str(number))
    world.plan()
    places = {
        f"{outer}.{inner}": row
        for outer, table in enumerate(observations, start=1)
        for inner, row in enumerate(table, start=1)
    }
    for branch, (_, run, fails) in places.items():
        if run:
            world.end("a", branch, failed=fails)
    states = world.plan().states
    for branch, (camera, _, _) in places.items():
        same = {
            other: (run, fails)
            for other, (name, run, fails) in places.items()
            if name == camera and other.partition(".")[0] == branch.partition(".")[0]
        }
        gives = [f"job:a-{other.replace('.', 'x')}id/out" for other, told in same.items() if told == (True, False)]
        if gives:
            assert world.parameters["b", branch] == {"sets": gives}
        elif any(run for run, _ in same.values()):
            assert states["b", branch] == State.BLOCKED
        elif optional:
            assert world.parameters["b", branch] == {}
        else:
            assert states["b", branch] == State.LEFT_OUT
