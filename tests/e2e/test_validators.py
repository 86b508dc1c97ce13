"""The Virtual Observatory's own validators on the running service, on either engine: STILTS taplint and votlint."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from astropy import units as u
from astropy.table import QTable

from tests.postgres import Server
from tests.stack import Stack

STILTS = shutil.which("stilts")

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(600),
    pytest.mark.skipif(STILTS is None, reason="stilts is not installed (Debian package stilts)"),
]

EXPECTED_FAILURES = {"F-LOC-NOTP": "there is no table ivoa.obsplan"}
"""What taplint cannot try here, and why."""

EXPECTED_WARNINGS = {
    "W-UWS-UNSC": "taplint does not know the namespace in which the schema of UWS lets results have more attributes",
    "W-CAP-CULF": "the type of feature of COALESCE is a custom one, for taplint takes that of ADQL 2.1 for an error",
    "W-QAS-SPPA": "it asks twice for parameters in provenance, which has those of its first job by then",
}
"""What taplint wonders about, and why."""

STAGES = {"TMV", "TME", "TMS", "TMC", "CPV", "CAP", "AVV", "QGE", "QPO", "QAS", "UWS", "MDQ", "OBS", "UPL", "EXA"}
"""Stages of taplint that find something to look at here."""

CATALOGUE = QTable(
    {
        "source": ["a", "b,c", "d <e>"],
        "ra": [10.0, 150.1, 359.9] * u.deg,
        "dec": [-20.0, 2.2, 89.9] * u.deg,
        "flux": [1.5e-14, 2e-13, float("nan")],
        "class": [1, 2, 3],
    }
)
"""A catalogue to publish; one of its columns has a reserved word for a name."""

CAMERAS = (
    "SELECT instrument_name, COUNT(*) AS n FROM ivoa.obscore WHERE obs_collection = 'xmm-sim' "
    "GROUP BY instrument_name ORDER BY instrument_name"
)
COUNTED = "instrument_name,n\nEMOS1,1\nEMOS2,1\nEPN,1\n"
"""The answer, as STILTS writes it."""


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def full_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service on either engine with simulated and, where they are at hand, real data, and a catalogue."""
    home = tmp_path_factory.mktemp(f"athanor-{request.param}")
    url = ""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql_server")
        url = server.url(server.create_database())
    service = Stack(home, url)
    try:
        service.start()
        service.ingest_simulated()
        shared = Path(__file__).resolve().parents[3] / "shared" / "data" / "hess-dl3-dr1"
        if shared.is_dir():
            service.manage("ingest", str(shared))
        CATALOGUE.write(home / "sources.fits")
        service.manage("publish_table", str(home / "sources.fits"), "--name", "mine.sources", "--key", "source")
        yield service
    finally:
        service.stop()


def stilts(*arguments: str, timeout: int = 300) -> str:
    """What a task of STILTS prints; its failure fails the test."""
    run = subprocess.run([STILTS, *arguments], capture_output=True, text=True, check=False, timeout=timeout)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_taplint_finds_no_error(full_stack: Stack) -> None:
    report = stilts("-batch", "taplint", f"tapurl={full_stack.base_url}/tap", "format=json", "report=EWF", timeout=580)
    document = json.loads(report)
    reports = [
        f"{report['level'][0]}-{section['code']}-{report['code']} {report['text']}"
        for section in document["sections"]
        for report in section["reports"]
    ]
    assert {section["code"] for section in document["sections"]} >= STAGES
    assert document["totals"]["ERROR"] == 0, reports
    told = {report[:10] for report in reports}
    assert {code for code in told if code.startswith("W-")} <= EXPECTED_WARNINGS.keys(), reports
    assert {code for code in told if code.startswith("F-")} <= EXPECTED_FAILURES.keys(), reports


@pytest.mark.parametrize("form", ["votable/td", "votable/b", "votable/b2"])
@pytest.mark.parametrize("table", ["ivoa.obscore", "mine.sources"])
def test_votlint_finds_nothing(full_stack: Stack, tmp_path: Path, form: str, table: str) -> None:
    query = {"LANG": "ADQL", "QUERY": f"SELECT * FROM {table}", "RESPONSEFORMAT": form}
    answer = requests.get(f"{full_stack.base_url}/tap/sync", params=query, timeout=60)
    assert answer.status_code == 200
    _lint(answer.content, tmp_path)


@pytest.mark.parametrize(
    ("address", "parameters"),
    [
        ("scs", {"RA": "150.1", "DEC": "2.2", "SR": "180"}),
        ("scs", {"RA": "150.1", "DEC": "2.2", "SR": "0"}),
        ("scs", {"RA": "150.1", "DEC": "92", "SR": "1"}),
        ("scs/mine.sources", {"RA": "150.1", "DEC": "2.2", "SR": "180", "VERB": "3"}),
        ("sia2/query", {"CALIB": "2"}),
        ("sia2/query", {"POS": "RANGE 0 360 -90 90"}),
        ("sia2/query", {"POS": "RANGE 100.5 250 -10 89", "BAND": "1e-10 +Inf", "TARGET": "it's"}),
        ("sia2/query", {"POS": "CIRCLE"}),
    ],
)
def test_votlint_finds_nothing_in_what_other_protocols_answer(full_stack, tmp_path, address, parameters) -> None:
    answer = requests.get(f"{full_stack.base_url}/{address}", params=parameters, timeout=60)
    assert answer.headers["Content-Type"] == "application/x-votable+xml"
    _lint(answer.content, tmp_path)


def _lint(document: bytes, folder: Path) -> None:
    (folder / "answer.vot").write_bytes(document)
    assert stilts("votlint", f"votable={folder / 'answer.vot'}") == ""


@pytest.mark.parametrize("interface", ["tap1.0", "tap1.1", "cap"])
@pytest.mark.parametrize("sync", ["true", "false"])
def test_tapquery(full_stack: Stack, sync: str, interface: str) -> None:
    url = f"tapurl={full_stack.base_url}/tap"
    assert stilts("tapquery", url, f"adql={CAMERAS}", f"sync={sync}", f"interface={interface}", "ofmt=csv") == COUNTED


@pytest.mark.parametrize("form", ["votable/td", "votable/b", "votable/b2", "fits", "csv"])
def test_formats_as_stilts_reads_them(full_stack: Stack, form: str) -> None:
    parameters = urlencode({"LANG": "ADQL", "QUERY": CAMERAS, "RESPONSEFORMAT": form})
    location = f"in={full_stack.base_url}/tap/sync?{parameters}"
    assert stilts("tpipe", location, f"ifmt={form.partition('/')[0]}", "ofmt=csv") == COUNTED


def test_tapquery_with_a_table(full_stack: Stack, tmp_path: Path) -> None:
    CATALOGUE.write(tmp_path / "mine.fits")
    query = "SELECT mine.source, them.flux FROM TAP_UPLOAD.t1 AS mine JOIN mine.sources AS them ON mine.ra = them.ra"
    answer = stilts(
        "tapquery",
        f"tapurl={full_stack.base_url}/tap",
        "nupload=1",
        f"upload1={tmp_path / 'mine.fits'}",
        "upname1=t1",
        f"adql={query} WHERE them.flux > 1e-13",
        "ofmt=csv",
    )
    assert answer.splitlines()[1].startswith('"b,c"')


@pytest.mark.parametrize(
    ("table", "column", "found"), [("", "obs_collection", "xmm-sim"), ("/mine.sources", "source", "b,c")]
)
def test_cone_search_of_stilts(full_stack: Stack, table: str, column: str, found: str) -> None:
    place = ["lon=150.1", "lat=2.2", "radius=0.05", "servicetype=cone"]
    service = f"serviceurl={full_stack.base_url}/scs{table}"
    header, *rows = stilts("cone", service, *place, f"ocmd=keepcols {column}", "ofmt=csv-noheader").split()
    assert {header.strip('"'), *(row.strip('"') for row in rows)} == {found}
