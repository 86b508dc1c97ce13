"""Every built-in task, run here and on another machine, writes the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jobdefs import registry
from tests.jobdefs.determinism.cases import CASES, WITHOUT, make_stock, missing, tasks
from tests.jobdefs.determinism.machine import Machine

pytestmark = pytest.mark.timeout(900)

HERE = {
    "name": "one.example.org", "user": "marie", "clock": 0, "zone": "UTC", "locale": "C.UTF-8", "seed": 1,
    "processors": 1, "processor": {}, "order": 1, "umask": 0o022, "older": 0,
}  # fmt: skip
OLD_PROCESSOR = {
    "NPY_DISABLE_CPU_FEATURES": " ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"]),
    "OPENBLAS_CORETYPE": "Nehalem",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-FMA4",
}
"""One without the instructions that numpy, BLAS and the C library choose where they find them."""
THERE = {
    "name": "node17-of-another-cluster", "user": "svc_batch", "clock": 283_824_000, "zone": "Pacific/Apia",
    "locale": "C", "seed": 4242, "processors": 2, "order": -1, "umask": 0o077,
    "older": 86_400_000,
}  # fmt: skip
Pair = tuple[Machine, Machine]
WAIT = 600
"""Seconds after which something hangs."""


@pytest.fixture(scope="module")
def stock(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stock")
    make_stock(folder)
    return folder


@pytest.fixture(scope="module")
def run_on_both(tmp_path_factory, stock) -> Callable[[list[str]], Pair]:
    """Runs cases on two machines that have nothing in common but the programs and the inputs."""

    def run(chosen: list[str]) -> Pair:
        here = Machine(tmp_path_factory.mktemp("m") / "a", **HERE)
        home = tmp_path_factory.mktemp("m") / "another" / "and a much longer path" / "of its home"
        processor = OLD_PROCESSOR if all(CASES[task].any_processor for task in chosen) else {}
        there = Machine(home, **THERE, processor=processor)
        processes = [machine.start(stock, chosen) for machine in (here, there)]
        try:
            for process in processes:
                process.wait(WAIT)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        return here, there

    return run


@pytest.fixture(scope="module")
def quick(run_on_both) -> Pair:
    return run_on_both([task for task, case in CASES.items() if not case.slow])


def check(task: str, here: Machine, there: Machine) -> None:
    assert here.status(task) == 0, here.log(task)
    assert there.status(task) == 0, there.log(task)
    first, second = here.results(task), there.results(task)
    assert set(first) >= set(CASES[task].makes)
    assert list(first) == list(second)
    for name, content in first.items():
        traces = [str(part) for machine in (here, there) for part in (machine.home, machine.name, machine.user)]
        assert [trace for trace in traces if trace.encode() in content] == [], f"{task}: {name} tells where it was made"
        assert content == second[name], (
            f"{task}: {name} is not the same everywhere: {difference(content, second[name])}"
        )


def difference(one: bytes, other: bytes) -> str:
    """Where two files begin to differ."""
    place = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        return f"{len(one)} and {len(other)} bytes"
    start = max(place // 80 * 80 - 80, 0)
    return f"byte {place}: {one[start : start + 240]!r} and {other[start : start + 240]!r}"


def test_every_task_is_repeated_or_says_why_not():
    """A new built-in task needs a case in `CASES`, or a reason in `WITHOUT`."""
    assert {*CASES, *WITHOUT} == set(tasks())
    assert not CASES.keys() & WITHOUT.keys()


@pytest.mark.parametrize("task", [task for task, case in CASES.items() if not case.slow])
def test_the_same_bytes_everywhere(quick, task):
    check(task, *quick)


@pytest.mark.slow
@pytest.mark.parametrize("task", [task for task, case in CASES.items() if case.slow])
def test_the_same_bytes_everywhere_in_the_end(run_on_both, task):
    if reason := missing(task):
        pytest.skip(reason)
    check(task, *run_on_both([task]))


@pytest.mark.parametrize("task", [task for task, case in CASES.items() if not case.sas and not case.slow])
def test_every_declared_result_is_compared(quick, task):
    """Files that the definition says are always made are among those that were compared."""
    definition = registry.get(task)
    made = [Path(name) for name in quick[0].results(task)]
    for output in definition.outputs:
        if output.required and not output.when and output.pattern:
            assert any(path.match(output.pattern) for path in made), output.name


def test_the_machines_are_not_the_same(quick):
    """Their clocks, as the tasks themselves tell them, are years apart."""
    years = [int(re.search(r"started:\s+(\d{4})-", machine.log("gtibuild"))[1]) for machine in quick]
    assert years[1] - years[0] in (8, 9)
