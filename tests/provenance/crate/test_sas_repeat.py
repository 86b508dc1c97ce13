"""`repeat.sh` runs with a stand-in for SAS what the job ran."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.uws.conftest import home  # noqa: F401 - a fixture
from tests.uws.sassite import file_of, finished, make_job, odf_volume, site  # noqa: F401 - fixtures

WEIRD = "PI > 1 && $(touch owned) `touch owned` 'x\" \\ ; touch owned\ntouch owned #"


def repeat(crate: Path, site, **more: str) -> subprocess.CompletedProcess:  # noqa: F811
    """Run the script as somebody who has initialised SAS."""
    shutil.rmtree(site.root / "calls", ignore_errors=True)
    script = crate / "repeat.sh"
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    return subprocess.run(
        ["sh", script],
        env={"PATH": f"{site.root}/bin:{os.environ['PATH']}", "SAS_DIR": str(site.root), **more},
        cwd=crate.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_task_with_its_index_of_calibration_files(site, take, tmp_path):  # noqa: F811
    site.behave("rmfgen", "write(parameters['rmfset'], open(os.environ['SAS_CCF']).read())")
    (tmp_path / "ccf.cif").write_text("an index")
    job = finished(make_job("rmfgen", rmfset="a.rmf", ccf=file_of(tmp_path / "ccf.cif")))
    (before,) = site.calls("rmfgen")
    crate = take(job, with_inputs=True).save(tmp_path / "my crate")
    done = repeat(crate, site)
    assert (done.returncode, done.stderr) == (0, f"done: {crate}/repeated-sas\n")
    (after,) = site.calls("rmfgen")
    assert after.argv == before.argv == ["rmfset=a.rmf"]
    assert after.listing == before.listing == ["inputs"]
    assert after.environment["SAS_CCF"] == f"{crate}/repeated-sas/work/inputs/ccf.cif"
    assert (crate / "repeated-sas/work/a.rmf").read_text() == "an index"


def test_words_of_shells_are_no_code(site, take, tmp_path):  # noqa: F811
    job = finished(make_job("evselect"))
    job.command = [*job.command, f"expression={WEIRD}"]
    job.save(update_fields=["command"])
    crate = take(job).save(tmp_path / "crate")
    assert repeat(crate, site).returncode == 0
    (after,) = site.calls("evselect")
    assert after.argv == [f"expression={WEIRD}"]
    assert not list(tmp_path.rglob("owned*"))


def test_a_task_that_changes_its_input(site, take, tmp_path):  # noqa: F811
    site.behave("barycen", "open(parameters['table'], 'a').write(' corrected')")
    (tmp_path / "events.fits").write_text("events")
    job = finished(make_job("barycen", table=file_of(tmp_path / "events.fits")))
    assert job.phase == "COMPLETED"
    crate = take(job, with_inputs=True)
    folder = crate.save(tmp_path / "crate")
    assert repeat(folder, site).returncode == 0
    assert (folder / "repeated-sas/work/events.fits").read_bytes() == crate.files["results/events.fits"]
    assert (folder / "inputs/events.fits").read_text() == "events"


@pytest.mark.usefixtures("odf_volume")
def test_observation_data_files(site, take, tmp_path):  # noqa: F811
    site.behave("emchain", "write('P1.FIT', '\\n'.join(sorted(os.listdir(os.environ['SAS_ODF']))))")
    job = finished(make_job("emchain", odf="odf:0123700101"))
    crate = take(job, with_inputs=True)
    told = crate.files["results/P1.FIT"]
    assert sorted(name for name in crate.files if name.startswith("inputs/")) == [
        "inputs/0123700101/0070_0123700101_PNS00101IME.FIT",
        "inputs/0123700101/0070_0123700101_SCX00000SUM.ASC",
    ]
    folder = crate.save(tmp_path / "crate")
    done = repeat(folder, site)
    assert done.returncode == 0, done.stderr
    assert (folder / "repeated-sas/work/P1.FIT").read_bytes() == told
    assert crate.graph["inputs/0123700101/"]["hasPart"] == [
        {"@id": "inputs/0123700101/0070_0123700101_PNS00101IME.FIT"},
        {"@id": "inputs/0123700101/0070_0123700101_SCX00000SUM.ASC"},
    ]


def test_without_sas_nothing_is_begun(site, take, tmp_path):  # noqa: F811
    crate = take(finished(make_job("evselect"))).save(tmp_path / "crate")
    done = repeat(crate, site, SAS_DIR="")
    assert done.returncode != 0
    assert "SAS_DIR is not set" in done.stderr
    assert not (crate / "repeated-sas").exists()


def test_an_input_that_cannot_be_had_is_told(site, take, tmp_path):  # noqa: F811
    (tmp_path / "ccf.cif").write_text("an index")
    job = finished(make_job("rmfgen", ccf=file_of(tmp_path / "ccf.cif")))
    crate = take(job).save(tmp_path / "crate")
    (tool,) = [tmp_path / "bin" / "curl"]
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\nexit 22\n")
    tool.chmod(0o755)
    done = repeat(crate, site, PATH=f"{tool.parent}:{site.root}/bin:{os.environ['PATH']}")
    assert done.returncode == 1
    assert f"put it there yourself: {crate}/inputs/ccf.cif" in done.stderr
