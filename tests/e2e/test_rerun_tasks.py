"""Every built-in task is repeated by the running service on its demonstration archive, and gives the same bytes."""

from __future__ import annotations

import time

import pytest
import requests
from pyvo.dal.tap import AsyncTAPJob

from obstap.demo.sky import DEEP
from tests.jobdefs.determinism.cases import CASES, tasks
from tests.jobdefs.dl3.runs import write_run
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]

SOURCE = f'icrs; circle({DEEP.bright[0].ra},{DEEP.bright[0].dec},40")'
FLAGS = {"expression": "#XMMEA_EP && PI in [300:9000]"}

REQUESTS: dict[str, dict[str, object]] = {
    "evselect": {
        "table": "{list}",
        "filteredset": "list.fits",
        "withfilteredset": "yes",
        "energycolumn": "PI",
        "imageset": "image.fits",
        "xcolumn": "X",
        "ycolumn": "Y",
        "imagebinning": "binSize",
        "ximagebinsize": 160,
        "yimagebinsize": 160,
        "spectrumset": "spectrum.fits",
        "rateset": "rate.fits",
        "timebinsize": 50,
        "maketimecolumn": "yes",
        "histogramset": "histogram.fits",
        "histogramcolumn": "PATTERN",
        **FLAGS,
    },
    "specgroup": {"spectrumset": "{evselect}/spectrum", "mincounts": 25},
    "preview": {"product": "{evselect}/image"},
    "tabgtigen": {"table": "{evselect}/rate", "expression": "COUNTS>=0", "gtiset": "gti.fits"},
    "gtibuild": {"file": "times.txt"},
    "gtimerge": {"tables": ["{tabgtigen}/gti", "{gtibuild}/gti"]},
    "epic-events": {"table": "{list}", "region": SOURCE},
    "epic-flare-filter": {"table": "{list}", "threshold": 100},
    "epic-image": {"events": "{list}", "binsize": 160},
    "epic-lightcurve": {"table": "{list}", "source": SOURCE, "timebinsize": 500},
    "epic-region": {"table": "{list}", "source": SOURCE},
    "epic-spectrum": {"table": "{list}", "source": SOURCE},
    "dl3-countmap": {"events": "run.fits", "emin": 0.7},
    "dl3-onoff-spectrum": {"events": "run.fits", "region": "CIRCLE 83.5 22.2 0.11"},
    "find-events": {"region": f"CIRCLE {DEEP.bright[0].ra} {DEEP.bright[0].dec} 0.1"},
    "tap": {"LANG": "ADQL", "FORMAT": "csv", "QUERY": "SELECT * FROM ivoa.obscore ORDER BY obs_publisher_did"},
}
"""Task → parameters: ``{list}`` is an event list of the archive, ``{task}/result`` that of an earlier request, and what
is the name of a file is uploaded.
"""


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("uploads")
    write_run(folder / "run.fits", source=(83.5, 22.2))
    (folder / "times.txt").write_text("0 1e9 +\n")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def event_list(stack: Stack) -> str:
    query = "SELECT obs_publisher_did FROM ivoa.obscore WHERE dataproduct_type = 'event' AND instrument_name = 'EPN'"
    answer = requests.get(
        f"{stack.base_url}/tap/sync", params={"LANG": "ADQL", "FORMAT": "csv", "QUERY": query}, timeout=60
    )
    return answer.text.splitlines()[1]


@pytest.fixture(scope="module")
def done(stack: Stack) -> dict[str, str]:
    """The jobs that were run, by their task."""
    return {}


def run(stack: Stack, task: str, given: dict[str, object], uploads: dict[str, bytes]) -> str:
    """Run a job to its end; its identifier."""
    address = f"{stack.base_url}/tap/async" if task == "tap" else f"{stack.base_url}/uws/{task}"
    files = {name: (value, uploads[value]) for name, value in given.items() if str(value) in uploads}
    data = {name: value for name, value in given.items() if name not in files}
    answer = requests.post(address, data={**data, "PHASE": "RUN"}, files=files or None, timeout=60)
    assert answer.ok, answer.text
    job = AsyncTAPJob(answer.url)
    job.wait(timeout=300)
    job.raise_if_error()
    return answer.url.rpartition("/")[2]


def verdict_on(stack: Stack, job_id: str, repetition: str) -> str:
    """What the service says of the repetition, as soon as it says so."""
    until = time.monotonic() + 200
    while time.monotonic() < until:
        answer = requests.get(f"{stack.base_url}/api/v1/jobs/{job_id}/comparison", timeout=60).json()
        [told] = [item for item in answer["repetitions"] if item["job"] == repetition]
        if told["verdict"]:
            return told["verdict"]
        time.sleep(0.1)
    raise AssertionError(stack.logs())


@pytest.mark.parametrize("task", REQUESTS)
def test_a_repetition_is_identical(stack, event_list, uploads, done, task):
    given = {name: _filled(value, event_list, done) for name, value in REQUESTS[task].items()}
    job_id = done[task] = run(stack, task, given, uploads)
    answer = requests.post(f"{stack.base_url}/api/v1/jobs/{job_id}/rerun", timeout=60)
    assert answer.status_code == 201, answer.text
    assert verdict_on(stack, job_id, answer.json()["job"]) == "identical"


def test_every_task_that_needs_nothing_more_is_repeated():
    elsewhere = {name for name, case in CASES.items() if case.sas or case.slow} | {"fetch-xmm"}
    assert set(tasks()) - elsewhere == set(REQUESTS)


def _filled(value: object, event_list: str, done: dict[str, str]) -> object:
    if isinstance(value, list):
        return [_filled(item, event_list, done) for item in value]
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    name, _, rest = value[1:].partition("}")
    return event_list if name == "list" else f"job:{done[name]}{rest}"
