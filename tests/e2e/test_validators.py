"""The Virtual Observatory's own validators on the running service: STILTS taplint and votlint."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.stack import Stack

STILTS = shutil.which("stilts")

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.skipif(STILTS is None, reason="stilts is not installed (Debian package stilts)"),
]

EXPECTED_FAILURES = {
    "F-LOC-NOTP": "there is no table ivoa.obsplan",
    "F-UPL-NOUP": "table uploads are not offered",
}
"""What taplint cannot try here, and why."""

MOST_WARNINGS = 3
"""Elements of our own and custom namespaces in UWS documents, whose schemas taplint does not know."""


def test_taplint_finds_no_error(stack: Stack) -> None:
    run = subprocess.run(
        [STILTS, "-batch", "taplint", f"tapurl={stack.base_url}/tap", "format=json", "report=EWF"],
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
    )
    document = json.loads(run.stdout)
    reports = [
        f"{report['level'][0]}-{section['code']}-{report['code']} {report['text']}"
        for section in document["sections"]
        for report in section["reports"]
    ]
    assert {"TME", "CAP", "QGE", "QAS", "UWS", "MDQ", "OBS", "EXA"} <= {item["code"] for item in document["sections"]}
    assert document["totals"]["ERROR"] == 0, reports
    assert document["totals"]["WARNING"] <= MOST_WARNINGS, reports
    failures = {report[:10] for report in reports if report.startswith("F-")}
    assert failures <= set(EXPECTED_FAILURES), reports


@pytest.mark.parametrize("form", ["votable/td", "votable/b2"])
def test_votlint_finds_nothing(stack: Stack, tmp_path: Path, form: str) -> None:
    query = {"LANG": "ADQL", "QUERY": "SELECT * FROM ivoa.obscore", "RESPONSEFORMAT": form}
    answer = requests.get(f"{stack.base_url}/tap/sync", params=query, timeout=30)
    assert answer.status_code == 200
    (tmp_path / "answer.vot").write_bytes(answer.content)
    run = subprocess.run(
        [STILTS, "votlint", f"votable={tmp_path / 'answer.vot'}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout == ""
