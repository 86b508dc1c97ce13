"""What a pipeline does next, judged from its definition and its children alone."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobdefs.definition import Definition, Input, Output, Parameter, Step
from jobdefs.steps import needs_of
from uws.pipelines.plan import make_plan
from uws.pipelines.state import Child, State
from vo.errors import UsageError

TASK = Definition(
    name="work",
    version="1",
    title="Work",
    command=("work",),
    parameters=(
        Parameter("text", "string", ""),
        Parameter("table", "table", ""),
        Parameter("sets", "table", "", multiple=True),
    ),
    inputs=(Input("table", "events"), Input("sets", "events")),
    outputs=(
        Output("out", "product", "application/fits", pattern="out.fits"),
        Output("rows", "list", "text/csv", pattern="rows.csv"),
        Output("parts", "part", "application/fits", pattern="part*.fits"),
    ),
)


def pipeline(*steps: Step) -> Definition:
    return Definition(
        name="chain",
        version="1",
        title="Chain",
        environment="pipeline",
        parameters=(
            Parameter("items", "string", "", multiple=True),
            Parameter("name", "string", ""),
            Parameter("wanted", "bool", "", default="yes"),
        ),
        steps=steps,
        tasks=(TASK,),
    )


def step(name: str, **more) -> Step:
    parameters = {key: value if isinstance(value, tuple) else (value,) for key, value in more.pop("given", {}).items()}
    return Step(name=name, task="work", parameters=parameters, **more)


class World:
    """Children as an engine would make them, without one."""

    most = 10_000

    def __init__(self, definition: Definition, rows=None, **values) -> None:
        self.definition = definition
        self.values = {"wanted": ["yes"], **values}
        self.children: dict[tuple[str, str], Child] = {}
        self.parameters: dict[tuple[str, str], dict[str, list[str]]] = {}
        self.rows = rows or {}

    def plan(self):
        plan = make_plan(self.definition, self.values, self.children, self._rows, most=self.most)
        for wanted in plan.wanted:
            key = wanted.step.name, wanted.branch
            assert key not in self.children
            self.children[key] = Child(f"{'-'.join(key)}id".replace(".", "x"), State.RUNNING)
            self.parameters[key] = wanted.parameters if not wanted.error else wanted.error
        return plan

    def end(self, name: str, branch: str = "", *, results=("out", "rows"), failed: bool = False) -> None:
        child = self.children[name, branch]
        assert child.state == State.RUNNING
        state = State.FAILED if failed else State.COMPLETED
        self.children[name, branch] = Child(child.id, state, () if failed else tuple(results))

    def running(self) -> list[str]:
        keys = (
            f"{name} {branch}".strip()
            for (name, branch), child in self.children.items()
            if child.state == State.RUNNING
        )
        return sorted(keys)

    def _rows(self, child, name):
        found = self.rows[child.id]
        if isinstance(found, Exception):
            raise found
        return found


def test_one_after_the_other():
    world = World(
        pipeline(step("a", given={"text": "{name}!"}), step("b", given={"table": "{a/out}"}), step("c", needs=("b",))),
        name=["x"],
    )
    assert world.plan().total == 3
    assert (world.running(), world.parameters["a", ""]) == (["a"], {"text": ["x!"]})
    world.end("a")
    world.plan()
    assert (world.running(), world.parameters["b", ""]) == (["b"], {"table": ["job:a-id/out"]})
    assert not world.plan().has_ended
    world.end("b")
    world.plan()
    world.end("c")
    plan = world.plan()
    assert (plan.has_ended, plan.done, plan.total, plan.stage, plan.failed) == (True, 3, 3, "", [])


def test_each_branch_goes_its_own_way():
    world = World(
        pipeline(
            step("a", foreach="items", given={"text": "{item}"}),
            step("b", foreach="items", given={"text": "{name} {item} {item.items}", "table": "{a/out}"}),
            step("all", given={"sets": "{b/out}", "text": "{items}"}),
        ),
        items=["x", "y/z"],
        name=["n"],
    )
    plan = world.plan()
    assert plan.stage == ""
    assert world.plan().stage == "a (2)"
    world.end("a", "2")
    world.plan()
    assert world.running() == ["a 1", "b 2"]
    assert world.parameters["b", "2"] == {"text": ["n y/z y/z"], "table": ["job:a-2id/out"]}
    world.end("a", "1")
    world.end("b", "2")
    world.plan()
    assert world.running() == ["b 1"]
    world.end("b", "1")
    world.plan()
    assert world.parameters["all", ""] == {"sets": ["job:b-1id/out", "job:b-2id/out"], "text": ["x", "y/z"]}


def test_failures_are_named_by_what_they_were_for():
    """Branches of the same number may stand for different things."""
    rows = [{"camera": "PN", "exposure": "S003", "mode": "", "filter": "Thin1", "more": "x"}]
    definition = pipeline(
        step("list"),
        step("a", foreach="items", on_failure="continue"),
        step("b", foreach="list/rows", on_failure="continue"),
    )
    world = World(definition, {"list-id": rows}, items=["ivo://x/events.fits"])
    plan = world.plan()
    assert {(wanted.step.name, wanted.branch): wanted.label for wanted in plan.wanted} == {
        ("list", ""): "",
        ("a", "1"): "events.fits",
    }
    world.end("list")
    (wanted,) = world.plan().wanted
    assert (wanted.step.name, wanted.branch, wanted.label) == ("b", "1", "PN, S003")


def test_branches_within_branches():
    """As DAXA does: exposures of each observation, merged by observation, then all together."""
    rows = {
        "list-1id": [{"exposure": "S001", "camera": "M1"}, {"exposure": "S003", "camera": "PN"}],
        "list-2id": [{"exposure": "U002", "camera": "M1"}],
    }
    world = World(
        pipeline(
            step("list", foreach="items", given={"text": "{item}"}),
            step(
                "mos",
                foreach="list/rows",
                when="item.camera = M1|M2",
                given={"text": "{item.items}-{item.exposure}", "table": "{list/out}"},
            ),
            step("pn", foreach="list/rows", when="item.camera = PN", given={"text": "{item.exposure}"}),
            step("merge", foreach="items", given={"sets": ("{mos/out}", "{pn/out}")}),
            step("all", given={"sets": "{merge/out}"}),
        ),
        rows,
        items=["o1", "o2"],
    )
    assert world.plan().total == 5
    world.end("list", "2")
    plan = world.plan()
    assert world.running() == ["list 1", "mos 2.1"]
    assert plan.states["pn", "2.1"] == State.LEFT_OUT
    assert world.parameters["mos", "2.1"] == {"text": ["o2-U002"], "table": ["job:list-2id/out"]}
    world.end("mos", "2.1")
    world.plan()
    assert world.running() == ["list 1"], "merge 2 reads pn too, whose branches of observation 2 are all left out"
    world.end("list", "1")
    world.plan()
    assert world.running() == ["mos 1.1", "pn 1.2"]
    world.end("mos", "1.1")
    world.end("pn", "1.2")
    world.plan()
    assert world.parameters["merge", "1"] == {"sets": ["job:mos-1x1id/out", "job:pn-1x2id/out"]}


def test_several_files_of_a_result():
    world = World(
        pipeline(
            step("split"),
            step("each", foreach="split/parts", given={"table": "{item}"}),
            step("all", given={"sets": "{split/parts}"}),
        )
    )
    world.plan()
    world.end("split", results=("out", "parts-1", "parts-2", "parts-10", "parts-extra"))
    world.plan()
    assert world.parameters["each", "3"] == {"table": ["job:split-id/parts-10"]}
    assert world.parameters["all", ""] == {"sets": [f"job:split-id/parts-{n}" for n in (1, 2, 10)]}
    single = World(world.definition)
    single.plan()
    single.end("split", results=("out", "parts"))
    single.plan()
    assert single.parameters["each", "1"] == {"table": ["job:split-id/parts"]}


def test_nothing_to_repeat():
    world = World(pipeline(step("a", foreach="items"), step("b", needs=("a",)), step("c", given={"sets": "{a/out}"})))
    plan = world.plan()
    assert world.running() == ["b"]
    assert plan.states == {("b", ""): State.READY, ("c", ""): State.LEFT_OUT}
    assert plan.total == 1


@pytest.mark.parametrize(
    ("wanted", "running", "states"),
    [
        ("yes", ["a"], {("b", ""): State.WAITING, ("c", ""): State.WAITING, ("d", ""): State.WAITING}),
        ("no", ["c"], {("a", ""): State.LEFT_OUT, ("b", ""): State.LEFT_OUT, ("d", ""): State.WAITING}),
    ],
)
def test_conditions(wanted, running, states):
    """What reads a step that is left out is left out; what only comes after it is not."""
    world = World(
        pipeline(
            step("a", when="wanted"),
            step("b", given={"table": "{a/out}"}),
            step("c", needs=("a",)),
            step("d", needs=("c",)),
        ),
        wanted=[wanted],
    )
    plan = world.plan()
    assert world.running() == running
    assert {key: plan.states[key] for key in states} == states


def test_a_failure_stops_everything():
    world = World(
        pipeline(step("a", foreach="items"), step("b", foreach="items", needs=("a",)), step("c", needs=("b",))),
        items=["1", "2", "3"],
    )
    world.plan()
    world.end("a", "1")
    world.plan()
    world.end("a", "2", failed=True)
    plan = world.plan()
    assert world.running() == ["a 3", "b 1"]
    assert (plan.stops, plan.has_ended, plan.wanted) == (True, False, [])
    world.end("a", "3")
    world.end("b", "1")
    plan = world.plan()
    assert (plan.has_ended, plan.failed) == (True, [("a", "2")])
    assert plan.states["b", "2"] == State.BLOCKED
    assert plan.states["b", "3"] == State.READY
    assert (plan.done, plan.total) == (4, 7)


def test_a_failure_leaves_out_what_builds_on_it():
    world = World(
        pipeline(
            step("a", foreach="items", on_failure="continue"),
            step("b", foreach="items", given={"table": "{a/out}"}),
            step("c", given={"sets": "{b/out}"}),
        ),
        items=["1", "2"],
    )
    world.plan()
    world.end("a", "1", failed=True)
    world.end("a", "2")
    world.plan()
    assert world.running() == ["b 2"]
    world.end("b", "2")
    world.plan()
    assert world.parameters["c", ""] == {"sets": ["job:b-2id/out"]}
    world.end("c")
    plan = world.plan()
    assert (plan.has_ended, plan.stops, plan.failed) == (True, False, [("a", "1")])
    assert plan.states["b", "1"] == State.BLOCKED


def test_nothing_is_gathered_of_failures_alone():
    definition = pipeline(
        step("a", on_failure="continue"),
        step("b", foreach="a/parts"),
        step("c", needs=("b",)),
        step("d", given={"sets": "{b/out}"}),
    )
    world = World(definition)
    world.plan()
    world.end("a", failed=True)
    plan = world.plan()
    assert plan.has_ended
    assert plan.states == {("a", ""): State.FAILED, ("c", ""): State.BLOCKED, ("d", ""): State.BLOCKED}


def test_a_table_that_is_none():
    world = World(pipeline(step("a"), step("b", foreach="a/rows")), {"a-id": UsageError("It is empty.")})
    world.plan()
    world.end("a")
    plan = world.plan()
    assert (plan.errors, plan.stops, plan.has_ended) == (["a/rows of job a-id: It is empty."], True, True)


@pytest.mark.parametrize(
    ("given_", "error"),
    [
        ({"text": "{item.ra}"}, "What b is run for has no column 'ra'; there are: dec."),
        ({"text": "x{a/parts}"}, "a gave no parts."),
    ],
)
def test_parameters_that_cannot_be_made(given_, error):
    world = World(pipeline(step("a"), step("b", foreach="a/rows", given=given_)), {"a-id": [{"dec": "1"}]})
    world.plan()
    world.end("a")
    world.plan()
    assert world.parameters["b", "1"] == error


def test_what_has_no_value_is_not_given():
    world = World(
        pipeline(
            step("a"), step("b", foreach="a/rows", given={"text": "{name}", "table": "{a/parts}", "sets": "{item.x}"})
        ),
        {"a-id": [{"x": ""}]},
    )
    world.plan()
    world.end("a")
    world.plan()
    assert world.parameters["b", "1"] == {}


# Any pipeline, whatever fails and in whatever order its jobs end, comes to what a plain description says.


@st.composite
def pipelines(draw):
    steps = []
    for number in range(draw(st.integers(1, 7))):
        earlier = [item.name for item in steps]
        reads = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
        steps.append(
            step(
                f"s{number}",
                needs=tuple(needs),
                foreach=draw(st.sampled_from(["", "", "items"])),
                when=draw(st.sampled_from(["", "", "", "wanted = no"])),
                on_failure=draw(st.sampled_from(["stop", "continue"])),
                given={"sets": tuple(f"{{{name}/out}}" for name in reads)} if reads else {},
            )
        )
    draw(st.randoms(use_true_random=False)).shuffle(steps)
    items = draw(st.integers(0, 3))
    failing = draw(st.sets(st.tuples(st.sampled_from([item.name for item in steps]), st.integers(0, 3)), max_size=4))
    return pipeline(*steps), items, failing, draw(st.integers(0, 10**6))


def predict(definition: Definition, items: int, failing) -> dict[tuple[str, str], State]:
    """What comes of every branch when no failure stops the whole."""
    steps = {item.name: item for item in definition.steps}
    known: dict[tuple[str, int], State] = {}

    def branches(item: Step) -> list[int]:
        return list(range(1, items + 1)) if item.foreach else [0]

    def judge(item: Step, branch: int) -> State:
        if (item.name, branch) not in known:
            known[item.name, branch] = _judge(item, branch)
        return known[item.name, branch]

    def _judge(item: Step, branch: int) -> State:
        verdicts = []
        reads = {text.strip("{}").partition("/")[0] for text in item.parameters.get("sets", ())}
        for name in needs_of(item):
            other = steps[name]
            meant = [branch] if item.foreach and other.foreach else branches(other)
            found = [judge(other, one) for one in meant]
            if State.COMPLETED in found:
                continue
            if State.FAILED in found or State.BLOCKED in found:
                verdicts.append(State.BLOCKED)
            elif name in reads:
                verdicts.append(State.LEFT_OUT)
        if item.when:
            return State.LEFT_OUT
        if verdicts:
            return State.BLOCKED if State.BLOCKED in verdicts else State.LEFT_OUT
        return State.FAILED if (item.name, branch) in failing else State.COMPLETED

    return {(item.name, str(one or "")): judge(item, one) for item in definition.steps for one in branches(item)}


@settings(max_examples=150, deadline=None)
@given(pipelines())
def test_any_pipeline(case):
    definition, items, failing, seed = case
    world = World(definition, items=[f"i{number}" for number in range(items)])
    order = random.Random(seed)
    plan = world.plan()
    while True:
        running = [key for key, child in world.children.items() if child.state == State.RUNNING]
        if not running:
            break
        name, branch = order.choice(running)
        world.end(name, branch, failed=(name, int(branch or 0)) in failing)
        plan = world.plan()
    assert plan.has_ended
    predicted = predict(definition, items, failing)
    stops = {item.name for item in definition.steps if item.on_failure == "stop"}
    must_stop = any(state == State.FAILED and name in stops for (name, _), state in predicted.items())
    assert plan.stops == must_stop
    ended = {key: child.state for key, child in world.children.items()}
    assert all(predicted[key] == state for key, state in ended.items())
    if not must_stop:
        assert plan.states == predicted


def test_more_branches_than_are_allowed_are_not_all_looked_for():
    rows = [{"text": str(number)} for number in range(1000)]
    world = World(
        pipeline(step("a", foreach="items"), step("b", foreach="a/rows", given={"text": "{item.text}"})),
        items=[str(number) for number in range(1000)],
        name=["n"],
    )
    world.plan()
    for number in range(1, 1001):
        world.end("a", str(number))
    read = []

    def read_rows(child, name):
        read.append(child.id)
        return rows

    plan = make_plan(world.definition, world.values, world.children, read_rows, most=2500)
    assert (plan.errors, plan.wanted, plan.stops) == (["The pipeline would have more than 2,500 jobs."], [], True)
    assert len(read) == 3
