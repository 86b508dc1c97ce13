"""Jobs that are run again give the same files: the whole chain of products, and what the service makes by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
import requests
from pyvo.dal.tap import AsyncTAPJob

from obstap.demo.sky import DEEP
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]

QUASAR = DEEP.bright[0]
PRODUCTS = ("events", "flares-preview", "colours", "spectrum", "background", "grouped", "lightcurve", "rates")
REQUESTS = {
    "epic-products": {
        "source": f'icrs; circle({QUASAR.ra},{QUASAR.dec},60")',
        "instruments": ["EPN", "EMOS1"],
        "flag": "any",
        "pimin": 500,
        "pimax": 8000,
    },
    "find-events": {"region": f"CIRCLE {QUASAR.ra} {QUASAR.dec} 0.1"},
    "tap": {"LANG": "ADQL", "FORMAT": "csv", "QUERY": "SELECT * FROM ivoa.obscore ORDER BY obs_publisher_did"},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service with one simulated observation."""
    stack = Stack(tmp_path_factory.mktemp("repeated"))
    try:
        stack.start()
        stack.ingest_simulated()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def digests(service: Stack) -> Callable[[str], dict[str, str]]:
    """Runs a request to its end; gives the SHA-256 of each result."""

    def run(task: str) -> dict[str, str]:
        url = f"{service.base_url}/tap/async" if task == "tap" else f"{service.base_url}/uws/{task}"
        answer = requests.post(url, data={**REQUESTS[task], "PHASE": "RUN"}, timeout=60)
        assert answer.ok, answer.text
        job = AsyncTAPJob(answer.url)
        job.wait(timeout=500)
        job.raise_if_error()
        files = {item.id_: requests.get(item.href, timeout=60) for item in job.results}
        return {name: hashlib.sha256(file.content).hexdigest() for name, file in files.items() if file.ok}

    return run


@pytest.mark.parametrize(
    ("task", "made"),
    [
        (
            "epic-products",
            {f"{product}-{number}" for product in PRODUCTS for number in (1, 2)},
        ),
        ("find-events", {"events"}),
        ("tap", {"result"}),
    ],
)
def test_a_request_gives_the_same_files_again(digests, task, made) -> None:
    first, again = digests(task), digests(task)
    assert made <= first.keys()
    assert first.keys() == again.keys()
    assert [name for name in first if first[name] != again[name]] == []
