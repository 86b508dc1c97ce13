"""A job is taken away from the running service, and the program in its crate repeats it there."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import pyvo
import requests
from pyvo.dal.tap import AsyncTAPJob

from tests.stack import ROOT, Stack

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # pyvo leaves answers half read
]

SPECTRUM = {
    "expression": "PATTERN <= 4",
    "withspectrumset": "yes",
    "energycolumn": "PI",
    "spectralbinsize": "5",
    "withspecranges": "yes",
    "specchannelmin": "0",
    "specchannelmax": "20479",
}


@pytest.fixture(scope="module")
def did(stack: Stack) -> str:
    rows = pyvo.dal.TAPService(f"{stack.base_url}/tap").search(
        "SELECT obs_publisher_did FROM ivoa.obscore WHERE instrument_name = 'EPN' AND dataproduct_type = 'event'"
    )
    return str(rows[0]["obs_publisher_did"])


def run(stack: Stack, list_name: str, parameters: dict[str, str], **files: bytes) -> str:
    """Run a job to its end; its address."""
    sent = {name: (f"{name}.dat", data) for name, data in files.items()}
    answer = requests.post(
        f"{stack.base_url}/{list_name}", data=parameters | {"PHASE": "RUN"}, files=sent or None, timeout=60
    )
    assert answer.ok, answer.text
    job = AsyncTAPJob(answer.url)
    job.wait(timeout=200)
    assert job.phase == "COMPLETED", stack.logs()
    return answer.url


def take(stack: Stack, address: str, folder: Path, query: str = "") -> Path:
    """Unpack the crate of a job."""
    job_id = address.rpartition("/")[2]
    answer = requests.get(f"{stack.base_url}/jobs/{job_id}/crate.zip{query}", timeout=60)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(folder)
    return folder


def repeat(crate: Path, *arguments: str) -> tuple[int, str]:
    """Run the program of a crate as who has taken it away."""
    done = subprocess.run(
        [sys.executable, "-I", crate / "repeat.py", *arguments],
        cwd=crate.parent,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    return done.returncode, done.stdout + done.stderr


def check_files(crate: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--quiet", "-c", "manifest-sha256.txt"], cwd=crate, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_job_on_a_data_set_of_the_archive(stack: Stack, did: str, tmp_path: Path) -> None:
    crate = take(stack, run(stack, "uws/evselect", SPECTRUM | {"table": did}), tmp_path / "crate")
    check_files(crate)
    assert not (crate / "inputs").exists()
    texts = [path for path in crate.rglob("*") if path.is_file() and path.suffix != ".fits"]
    for place in (str(stack.home), str(ROOT), sys.prefix):
        assert [path.name for path in texts if place in path.read_text()] == []
    status, said = repeat(crate)
    assert (status, said.splitlines()[1:]) == (0, ["COMPLETED (it was COMPLETED)", "spectrum: identical"])
    assert (crate / "repeated" / "spectrum.fits").read_bytes() == (crate / "results" / "spectrum.fits").read_bytes()


def test_its_input_can_be_sent_along(stack: Stack, did: str, tmp_path: Path) -> None:
    crate = take(stack, run(stack, "uws/evselect", SPECTRUM | {"table": did}), tmp_path / "crate", "?inputs=value")
    check_files(crate)
    (events,) = (crate / "inputs").iterdir()
    assert events.name == did.partition("?")[2]
    status, said = repeat(crate, "--upload", "--to", str(tmp_path / "again"), stack.base_url)
    assert (status, said.splitlines()[1:]) == (0, ["COMPLETED (it was COMPLETED)", "spectrum: identical"])


def test_a_query_with_a_table_of_its_own(stack: Stack, tmp_path: Path) -> None:
    table = (
        b"<VOTABLE xmlns='http://www.ivoa.net/xml/VOTable/v1.3'><RESOURCE><TABLE><FIELD name='n' datatype='int'/>"
        b"<DATA><TABLEDATA><TR><TD>1</TD></TR><TR><TD>2</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    query = {"QUERY": "SELECT n FROM tap_upload.mine ORDER BY n", "LANG": "ADQL", "RESPONSEFORMAT": "csv"}
    address = run(stack, "tap/async", query | {"UPLOAD": "mine,param:numbers"}, numbers=table)
    crate = take(stack, address, tmp_path / "crate")
    check_files(crate)
    assert (crate / "inputs" / "mine").read_bytes() == table
    status, said = repeat(crate)
    assert (status, said.splitlines()[1:]) == (0, ["COMPLETED (it was COMPLETED)", "result: identical"])


def test_what_differs_is_told(stack: Stack, did: str, tmp_path: Path) -> None:
    crate = take(stack, run(stack, "uws/evselect", SPECTRUM | {"table": did}), tmp_path / "crate")
    program = crate / "repeat.py"
    program.write_text(program.read_text().replace("PATTERN <= 4", "PATTERN <= 0"))
    status, said = repeat(crate)
    assert status == 1
    assert "spectrum: different: SHA-256 was" in said


def test_who_may_not_is_refused(stack: Stack, did: str, tmp_path: Path) -> None:
    crate = take(stack, run(stack, "uws/evselect", SPECTRUM | {"table": did}), tmp_path / "crate")
    program = crate / "repeat.py"
    program.write_text(program.read_text().replace("'list': 'uws/evselect'", "'list': 'uws/nothing'"))
    status, said = repeat(crate)
    assert status == 2
    assert "It was refused (404)" in said
