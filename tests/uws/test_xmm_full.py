"""The chain from ODF to images, in the real engine with the stand-in for SAS: order, branches, Retry, time-outs."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.jobdefs.xmm.standin import BEHAVIOURS, make_odf
from tests.sasroot import SasRoot, make_sas
from tests.uws.conftest import home  # noqa: F401 - a fixture
from uws.models import Job
from uws.phases import Phase
from uws.services import create_job, retry_job
from uws.testing import drive

ONE, TWO = "0201903501", "0404910601"

FAILING = BEHAVIOURS["emchain"].replace(
    'event_list(f"P',
    f'if (obsid, instrument) == ("{TWO}", "M1"):\n    error("noEvents", "no")\n    sys.exit(1)\nevent_list(f"P',
)

IMAGES = ["evselect", "eexpmap"] * 2
CALLS: dict[str, list[str]] = {
    "cif ": ["cifbuild"],
    "odf ": ["odfingest"],
    "epchain .1": ["epchain", "epchain"],
    "epchain .2": ["epchain", "epchain"],
    "emchain .3": ["emchain"],
    "emchain .4": ["emchain"],
    "rgs-events .5": ["rgsproc"],
    "rgs-angles .5": ["rgsproc"],
    "rgs-filter .5": ["rgsproc"],
    **{f"espfilt .{number}": ["espfilt"] for number in (1, 2, 3, 4)},
    "emanom .3": ["emanom"],
    "emanom .4": ["emanom"],
    "clean .1": ["evselect", "evselect"],
    "clean .2": ["evselect", "evselect"],
    "clean .3": ["evselect"],
    "clean .4": ["evselect"],
    "merge .1": ["merge"] * 4,
    "merge .2": [],
    "merge .3": [],
    "images .1": IMAGES,
    "images .2": IMAGES,
    "images .3": IMAGES,
}
"""Step and branch → tasks of SAS, of one observation: PN S003 and U002, M1 S001, M2 S002, R1 S004."""

OF_M1 = ("espfilt .3", "emanom .3", "clean .3", "merge .2", "images .2")
"""What emchain of M1 leads to."""


@pytest.fixture
def sas(tmp_path) -> SasRoot:
    return make_sas(tmp_path / "sas", behaviours=BEHAVIOURS)


@pytest.fixture
def site(db, home, sas, settings, tmp_path):  # noqa: F811 - the fixture
    """A site with SAS and two observations."""
    for obsid in (ONE, TWO):
        make_odf(tmp_path / "odf", obsid)
    settings.SAS_DIR, settings.SAS_CCFPATH, settings.HEADAS = str(sas.root), str(sas.ccf), str(sas.heasoft)
    settings.ATHANOR_ODF_DIR = str(tmp_path / "odf")
    return settings


def make_job(*observations: str, **parameters: str) -> Job:
    values = {name: [value] for name, value in parameters.items()}
    return create_job(
        definition="xmm-full",
        parameters={"observations": list(observations), **values},
        user=None,
        base_url="http://testserver",
        run=True,
    )


def told(job: Job) -> str:
    """Why a test of phases fails."""
    failed = job.children.exclude(phase=Phase.COMPLETED)
    return "\n".join([job.error_message, *(f"{item.step} {item.branch}: {item.error_message}" for item in failed)])


def expected(observation: str, *, without: tuple[str, ...] = ()) -> dict[tuple[str, str], list[str]]:
    found = {}
    for name, tasks in CALLS.items():
        if name not in without:
            step, _, rest = name.partition(" ")
            found[step, observation + rest] = tasks
    return found


def called(job: Job, sas: SasRoot, home: Path) -> dict[tuple[str, str], list[str]]:  # noqa: F811 - a plain path
    """Step and branch → tasks that their jobs ran, in order."""
    children = {item.pk: (item.step, item.branch) for item in job.children.all() if not item.taken_over}
    found: dict[tuple[str, str], list[str]] = {place: [] for place in children.values()}
    for call in sas.calls(jobs=home):
        place = children.get(Path(call.cwd).parent.name)
        if place is not None and call.task != "sasversion":
            found[place].append(call.task)
    return found


def check_order(job: Job) -> None:
    """No job began before those had ended whose results it reads."""
    children = {item.pk: item for item in job.children.all()}
    for item in children.values():
        for reference in item.inputs.values_list("reference", flat=True):
            if reference.startswith("job:"):
                assert children[reference[4:30]].end_time <= item.start_time


@pytest.mark.slow
def test_two_observations(site, sas):
    sas.behave("emchain", FAILING)
    job = make_job(ONE, TWO, filt_mos_anom_state="yes", lo_en_ev="300", hi_en_ev="10000")
    drive(seconds=240)
    job.refresh_from_db()
    assert (job.phase, job.error_type) == (Phase.COMPLETED, "transient"), told(job)
    assert job.error_message.startswith(f"1 of 50 steps failed: emchain 2.3 ({TWO}, M1, S001).")

    assert called(job, sas, site.ATHANOR_HOME) == expected("1") | expected("2", without=OF_M1)
    check_order(job)
    assert list(job.children.exclude(phase=Phase.COMPLETED).values_list("step", "branch")) == [("emchain", "2.3")]
    assert "noEvents" in job.children.get(step="emchain", branch="2.3").error_message

    names = sorted(Path(result.path).name for result in job.results.all())
    results = Counter(re.sub(r"-[\d.]+(-\d+)?$", "", name) for name in job.results.values_list("name", flat=True))
    assert results == {
        "ccf": 2,
        "exposures": 2,
        "rgs": 2,
        "gti": 7,
        "histogram": 7,
        "anomalies": 3,
        "events": 5,
        "ootevents": 2,
        "allgood": 5,
        "ootallgood": 2,
        "image": 10,
        "expmap": 10,
    }, names
    merge = job.children.get(step="merge", branch="1.1")
    assert [Path(path).name for path in merge.inputs.filter(parameter="events").values_list("name", flat=True)] == [
        f"obsid{ONE}-instPN-subexp{exposure}-en0.3_10keV-cleanevents.fits" for exposure in ("S003", "U002")
    ]
    assert merge.results.get(name="events").path == f"work/obsid{ONE}-instPN-subexpALL-en0.3_10keV-finalevents.fits"

    # Retry runs what failed, and what it would have led to.
    sas.behave("emchain", BEHAVIOURS["emchain"])
    again = retry_job(job=job)
    drive(seconds=120)
    again.refresh_from_db()
    assert (again.phase, again.error_message) == (Phase.COMPLETED, "")
    only = expected("2")
    assert called(again, sas, site.ATHANOR_HOME) == {
        (step, branch): only[step, branch] for step, branch in only if f"{step} {branch[1:]}" in {"emchain .3", *OF_M1}
    }
    assert again.results.filter(name__startswith="image-").count() == 12


@pytest.mark.slow
def test_a_step_that_takes_too_long(site, sas, tmp_path):
    note = tmp_path / "pid"
    site.ATHANOR_SANDBOX = "off"
    sleeping = f"""
import subprocess
child = subprocess.Popen(["sleep", "600"])
with open({str(note)!r}, "w") as file:
    file.write(str(child.pid))
child.wait()
"""
    sas.behave("emchain", sleeping)
    job = make_job(ONE, instruments="M2", emchain_timeout="4")
    drive(seconds=60)
    job.refresh_from_db()
    assert (job.phase, job.error_type) == (Phase.COMPLETED, "transient"), told(job)
    assert job.error_message.startswith(f"1 of 7 steps failed: emchain 1.1 ({ONE}, M2, S002).")
    late = job.children.get(step="emchain")
    assert (late.phase, late.execution_duration) == (Phase.ABORTED, 4)
    assert "longer" in late.error_message
    assert {item.step for item in job.children.all()} == {"cif", "odf", "emchain"}
    end = time.monotonic() + 10
    while _lives(int(note.read_text())):
        assert time.monotonic() < end, "what emchain had started goes on"
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_observations_that_are_not_here(site, sas):
    job = make_job("0000000001", "12345", cif_timeout="77")
    drive()
    job.refresh_from_db()
    assert job.error_message.startswith("2 of 4 steps failed: cif 1 (0000000001), cif 2 (12345).")
    second = job.children.get(step="cif", branch="2")
    assert (second.execution_duration, "It has ten digits" in second.error_message) == (77, True)
    assert sas.calls("cifbuild") == []
