"""The version of SAS, in both forms in which it is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jobdefs.sas.environment import Installation
from jobdefs.sas.version import ask_version, parse_version
from tests.sasroot import make_sas
from vo.errors import AthanorError, UnavailableError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("sas (sas-1.62)  [xmmsas_20211130_0941-20.0.0]", (20, 0, 0)),
        ("sas (sas-1.62)  [22.0.0-9173c7d25-20250127]", (22, 0, 0)),
        ("sas:- [a note] sas (sas-1.0) [xmmsas_20150219_1135-14.0]", (14, 0, 0)),
        ("SAS release: xmmsas_20230412_1735-21.0.0\nCompiled with [gcc]", (21, 0, 0)),
        ("SAS release: 22.1.0-a8f2c2afa-20250304", (22, 1, 0)),
    ],
)
def test_forms(text, version):
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "[gcc 9]", "sas (sas-1.62)  [unknown]"])
def test_no_version(text):
    with pytest.raises(AthanorError, match="did not say which version"):
        parse_version(text)


def environment(root, folder):
    return {**Installation(str(root.root)).to_environment(), "HOME": str(folder), "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("new", [False, True])
def test_installation_is_asked(tmp_path, new):
    root = make_sas(tmp_path, version="21.2.3", new_release=new)
    assert ask_version(environment(root, tmp_path)) == (21, 2, 3)


def test_program_of_sas_says_the_same(tmp_path):
    root = make_sas(tmp_path, version="19.1.0")
    text = subprocess.run([root.root / "bin/sas", "--version"], capture_output=True, text=True, check=True).stdout
    assert parse_version(text) == (19, 1, 0)


def test_program_that_fails(tmp_path):
    root = make_sas(tmp_path, behaviours={"sasversion": "error('licence', 'not today'); sys.exit(1)"})
    with pytest.raises(UnavailableError, match=r"sasversion does not run: .*\(licence\), not today"):
        ask_version(environment(root, tmp_path))


def test_program_that_does_not_answer(tmp_path):
    root = make_sas(tmp_path, behaviours={"sasversion": "time.sleep(60)"})
    with pytest.raises(UnavailableError, match=r"sasversion does not run: .*timed out"):
        ask_version(environment(root, tmp_path), seconds=0.2)
