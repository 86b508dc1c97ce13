"""The stand-in for SAS records how its programs are called, and does what it is told."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.sasroot import TASKS, make_sas


def run(program, *arguments, cwd, **environment):
    return subprocess.run(
        [str(program), *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_calls_are_recorded_in_order(tmp_path):
    sas = make_sas(tmp_path, behaviours={"evselect": "write(parameters['imageset'], 'an image')"})
    (tmp_path / "events.fits").touch()
    done = run(sas.root / "bin/evselect", "table=events.fits", "imageset=out/i.fits", cwd=tmp_path, SAS_CCF="/ccf.cif")
    run(sas.heasoft / "bin/lcurve", cwd=tmp_path)
    first, second = sas.calls()
    assert (first.task, first.argv) == ("evselect", ["table=events.fits", "imageset=out/i.fits"])
    assert first.parameters["table"] == "events.fits"
    assert first.environment["SAS_CCF"] == "/ccf.cif"
    assert (first.cwd, "events.fits" in first.listing) == (str(tmp_path), True)
    assert (tmp_path / "out/i.fits").read_text() == "an image"
    assert "evselect (evselect-1.0)  [xmmsas_20211130_0941-21.0.0] started:" in done.stdout
    assert second.task == "lcurve"
    assert sas.calls("lcurve") == [second]


def test_what_a_behaviour_says(tmp_path):
    sas = make_sas(tmp_path, behaviours={"merge": "warning('A', 'mind'); error('B', 'no'); sys.exit(3)"})
    done = run(sas.root / "bin/merge", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines() == ["** merge: warning (A), mind", "** merge: error (B), no"]


@pytest.mark.parametrize(
    ("new", "release"), [(False, "xmmsas_20211130_0941-22.0.0"), (True, "22.0.0-9173c7d25-20250127")]
)
def test_versions(tmp_path, new, release):
    sas = make_sas(tmp_path, version="22.0.0", new_release=new)
    assert f"SAS release: {release}\n" in run(sas.root / "bin/sasversion", cwd=tmp_path).stdout
    assert run(sas.root / "bin/sas", "--version", cwd=tmp_path).stdout == f"sas (sas-1.62)  [{release}]\n"
    assert {path.name for path in (sas.root / "bin").iterdir()} == set(TASKS)


def test_files_of_parameters(tmp_path):
    sas = make_sas(tmp_path, parameter_files={"evselect": "<FILE/>"})
    assert (sas.root / "config/evselect.par").read_text() == "<FILE/>"
