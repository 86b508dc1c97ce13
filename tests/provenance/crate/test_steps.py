"""Pipelines and arrays are taken away with the jobs that they have made."""

from __future__ import annotations

import os
import subprocess

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from provenance.crate import steps
from uws.services import create_job
from uws.testing import drive


@pytest.fixture
def chain(make_job):
    job = make_job("chain", words=["a", "b`touch${IFS}owned`;"], run=True)
    drive()
    job.refresh_from_db()
    assert job.phase == "COMPLETED"
    return job


def test_the_steps_of_a_pipeline(chain, take):
    crate = take(chain)
    names = [name for name in crate.files if name.startswith(("steps/", "results/"))]
    folders = {name.split("/")[1].partition("-")[2] for name in names if name.endswith("/stdout.txt")}
    assert folders == {"first-1", "first-2", "second-1", "second-2", "third"}
    assert "steps/definitions/worker.toml" in names
    assert {name for name in names if name.startswith("results/")} == {
        "results/last-1.txt",
        "results/last-2.txt",
        "results/all.txt",
    }
    actions = [item for item in crate.graph.values() if item["@type"] == "CreateAction"]
    assert len(actions) == 6
    second = next(item for item in actions if item["name"] == "second 2 worker")
    assert second["result"] == {"@id": "results/last-2.txt"}
    assert second["subjectOf"][0]["@id"].endswith("second-2/stdout.txt")
    first = chain.children.get(step="first", branch="2")
    assert {"@id": f"http://athanor.example/uws/worker/{first.pk}/results/output"} in second["object"]
    assert [item["@id"] for item in crate.graph["./"]["mentions"]] == [item["@id"] for item in actions]


def test_all_commands_run_again_in_their_order(chain, take, sas, tmp_path):
    crate = take(chain)
    folder = crate.save(tmp_path / "crate")
    done = subprocess.run(
        ["sh", folder / "repeat.sh"],
        env={"PATH": f"{sas}/bin:{os.environ['PATH']}", "SAS_DIR": str(sas), "ATHANOR_JOB": "x"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    made = {path.parent.name.partition("-")[2]: path.read_bytes() for path in folder.rglob("repeated-sas/*/out.txt")}
    assert made["second-1"] == crate.files["results/last-1.txt"]
    assert (
        made["second-2"] == crate.files["results/last-2.txt"] == b"two b`touch${IFS}owned`;\none b`touch${IFS}owned`;\n"
    )
    assert made["third"] == crate.files["results/all.txt"]
    assert not list(tmp_path.rglob("owned"))


def test_a_step_that_failed(make_job, take):
    job = make_job("chain", words=["a"], code="3", run=True)
    drive()
    job.refresh_from_db()
    crate = take(job)
    first = next(item for item in crate.graph.values() if item.get("name") == "first 1 worker")
    assert first["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert first["error"]
    assert "result" not in first


@pytest.fixture
def array(service):
    job = create_job(
        definition="worker",
        parameters={},
        user=None,
        base_url="http://testserver",
        array="param:sweep",
        files={"sweep": SimpleUploadedFile("sweep.csv", b"text\none\ntwo\nthree\n")},
        run=True,
    )
    drive()
    job.refresh_from_db()
    return job


def test_the_rows_of_an_array(array, take, tmp_path):
    crate = take(array)
    assert crate.files["inputs/sweep"] == b"text\none\ntwo\nthree\n"
    assert "results/summary.vot" in crate.files
    folders = {name.split("/")[1] for name in crate.files if name.startswith("steps/")}
    assert folders == {"0001-row-1", "0002-row-2", "0003-row-3"}
    assert "('ARRAY', 'param:sweep')" in crate.text("repeat.py")


def test_no_more_than_a_page_of_them_is_told(array, take, monkeypatch):
    monkeypatch.setattr(steps, "MOST_STEPS", 2)
    crate = take(array)
    assert sum(name.endswith("/stdout.txt") for name in crate.files if name.startswith("steps/")) == 2
    assert "It has made more than 2 jobs, of which the first are told." in crate.text("README.md")
