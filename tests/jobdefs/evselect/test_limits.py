"""Memory, as the definition's limit of the address space bounds it for jobs, and the time to start."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from jobdefs import registry
from jobdefs.tasks.fitscards import Header

ROOT = Path(__file__).resolve().parents[3]
MEMORY = registry.get("evselect").limits.memory
WIDTH = 1024
"""Bytes of a row, most of them in a text column."""
RUNNER = """
import resource, runpy, sys

resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
sys.argv[1:2] = []
sys.argv[0] = "evselect"
try:
    runpy.run_module("jobdefs.tasks.evselect", run_name="__main__", alter_sys=False)
finally:
    from tests.peak import peak_kib

    print("peak", peak_kib() // 1024)
"""


def make_long_list(path: Path, rows: int) -> None:
    """A list of events of zeros that takes no room on the disk."""
    header = Header([
        ("XTENSION", "BINTABLE"), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", WIDTH), ("NAXIS2", rows), ("PCOUNT", 0),
        ("GCOUNT", 1), ("TFIELDS", 4), ("TTYPE1", "X"), ("TFORM1", "J"), ("TTYPE2", "Y"), ("TFORM2", "J"),
        ("TTYPE3", "PI"), ("TFORM3", "J"), ("TTYPE4", "TEXT"), ("TFORM4", f"{WIDTH - 12}A"),
        ("TLMIN1", 0), ("TLMAX1", 99_999), ("TLMIN2", 0), ("TLMAX2", 99_999),
        ("TLMIN3", 0), ("TLMAX3", 4095), ("EXTNAME", "EVENTS"),
    ])  # fmt: skip
    with path.open("wb") as file:
        file.write(Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)]).to_bytes())
        file.write(header.to_bytes())
        size = file.tell() + WIDTH * rows
        file.truncate(size + -size % 2880)


def evselect(folder: Path, memory: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUNNER, str(memory), "table=list.fits", *arguments],
        cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_list_longer_than_the_address_space(folder):
    """5 GiB of rows within the 4 GiB that a job may address, and little of it resident."""
    make_long_list(folder / "list.fits", rows := 5 * 2**30 // WIDTH)
    assert (folder / "list.fits").stat().st_size > MEMORY
    done = evselect(folder, MEMORY, "expression=PI==0", "spectrumset=spectrum.fits", "energycolumn=PI")
    assert done.returncode == 0, done.stderr
    assert f"selected {rows} rows" in done.stdout
    assert int(done.stdout.partition("peak ")[2]) < 500


def test_products_that_take_too_much_memory_are_refused_in_words(folder):
    make_long_list(folder / "list.fits", 1000)
    image = ["imageset=image.fits", "xcolumn=X", "ycolumn=Y", "ximagebinsize=7", "yimagebinsize=7", "zcolumn=PI"]
    done = evselect(folder, 2**30, *image)
    assert done.returncode == 1
    assert "** evselect: error (OutOfMemory), the products need more memory than there is; choose larger" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in folder.iterdir()] == ["list.fits"]


def test_a_large_image_fits_into_the_memory_of_a_job(folder):
    """5,000 x 5,000 pixels of sums of weights with their errors."""
    make_long_list(folder / "list.fits", 1000)
    image = ["imageset=image.fits", "xcolumn=X", "ycolumn=Y", "ximagebinsize=20", "yimagebinsize=20", "zcolumn=PI"]
    image += ["imagedatatype=Real32"]
    done = evselect(folder, MEMORY, *image)
    assert done.returncode == 0, done.stderr


def test_the_task_starts_soon():
    """Processor time beyond that of numpy; generous, for machines that are busy."""

    def seconds(*command: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    numpy = min(seconds("-c", "import numpy") for _ in range(3))
    ours = min(seconds("-m", "jobdefs.tasks.evselect", "-v") for _ in range(3))
    assert ours - numpy < 0.25
