"""Names, texts and sizes that nobody expects."""

from __future__ import annotations

import html.parser
import io
import json
import re
import sys
import zipfile
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.commands import plain_command
from provenance.crate import collect, write_crate
from provenance.crate.archive import ZipStream
from provenance.crate.names import Names, identifier, safe_part, safe_path
from provenance.crate.privacy import Curtain, person
from provenance.models import Activity
from provenance.recording import record_job
from tests.peak import peak_kib
from tests.provenance.crate.conftest import BASE, JOB_ID, TIME
from uws.models import Job, JobInput, Result

PARTS = {
    "image.fits": "image.fits",
    "": "_",
    "..": "_",
    ".hidden": ".hidden",
    "a/b": "a_b",
    "a\\b": "a_b",
    "C:x": "C_x",
    "con": "_con",
    "NUL.fits": "_NUL.fits",
    "com1.tar.gz": "_com1.tar.gz",
    "ends. . ": "ends",
    "a\0b\nc": "a_b_c",
    "lone\ud800": "lone_",
    "left\u202eright": "left_right",
    "e\u0301.fits": "\u00e9.fits",
    "x" * 300 + ".fits": "x" * 115 + ".fits",
}


@pytest.mark.parametrize(("text", "part"), PARTS.items(), ids=repr)
def test_parts_of_paths(text: str, part: str) -> None:
    assert safe_part(text) == part


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a//./b/", "a/b"),
        ("..", "_"),
        ("a/con/b", "a/_con/b"),
    ],
)
def test_paths(text: str, path: str) -> None:
    assert safe_path(text) == path


@given(st.lists(st.text(max_size=12) | st.sampled_from(["a", "A", "a/b", "a.b", "..", "con", "a-2"]), max_size=30))
def test_no_two_files_meet_on_any_system(texts: list[str]) -> None:
    names = Names()
    taken = [names.take(f"results/{safe_part(text)}") for text in texts] + [names.take(text) for text in texts]
    folded = [path.casefold() for path in taken]
    assert len(set(folded)) == len(taken)
    folders = {str(parent).casefold() for path in taken for parent in PurePosixPath(path).parents}
    assert folders.isdisjoint(folded)
    for path in taken:
        assert ".." not in path.split("/")
        assert not path.startswith("/")
        assert not re.search(r'[\x00-\x1f\\:*?"<>|]', path)
        path.encode()
        assert re.fullmatch(r"[\w%/~!$&'()*+,;=@.-]+", identifier(path), flags=re.ASCII)


HOSTILE = [
    "../../up.fits",
    "con.fits",
    "a\nb | c.fits",
    "<script>alert(1)</script>.fits",
    "same.fits",
    "SAME.fits",
    "[x](y).md",
]


def test_results_with_hostile_names(finished, take, tmp_path) -> None:
    job = finished(results={})
    for number, name in enumerate(HOSTILE):
        path = f"work/d{number}/{name.replace('../', '').replace('</', '<')}"
        source = job.workdir / path
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(name.encode())
        Result.objects.create(
            job=job, name=f"r{number} {name}"[:200], path=path, media_type='text/"<b>', size=1, sha256="0" * 64
        )
    Result.objects.create(job=job, name="outside", path="../../../secret", media_type="x/y", size=1, sha256="1" * 64)
    (job.workdir / "work" / "link").symlink_to("/etc/passwd")
    Result.objects.create(job=job, name="link", path="work/link", media_type="x/y", size=1, sha256="2" * 64)
    crate = take(job)
    results = [name for name in crate.files if name.startswith("results/")]
    assert len(results) == len(HOSTILE)
    assert {crate.files[name].decode() for name in results} == set(HOSTILE)
    assert crate.text("README.md").count("Its file lies elsewhere.") == 2
    assert not any(b"root:" in data for data in crate.files.values())
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in crate.files:
            archive.writestr(name, b"")
    assert {len(line.split("  ")) for line in crate.text("manifest-sha256.txt").splitlines()} == {2}


def test_hostile_texts_are_no_marks(finished, take) -> None:
    text = "x</td><script>alert(1)</script>|`$(id)` \x01 \ufffe '''\\ \"\"\" \n# heading"
    job = finished(parameters={"table": [text], "limit": ["1"]}, run_id=text[:80], error_message=text, phase="ERROR")
    crate = take(job)

    class Tags(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert tag not in ("script", "img", "iframe")
            assert not any(name.startswith("on") for name, _ in attrs)

    Tags().feed(crate.text("ro-crate-preview.html"))
    compile(crate.text("repeat.py"), "repeat.py", "exec")
    told = re.search(r"^JOB: .*? = (.*?)\n\nDATES", crate.text("repeat.py"), flags=re.DOTALL | re.MULTILINE)[1]
    assert ("table", text) in eval(told)["parameters"]
    assert "\n# heading" not in crate.text("README.md")
    (value,) = [item["value"] for item in crate.graph.values() if item["@id"] == f"#job-{JOB_ID}-parameter-1"]
    assert json.loads(value) == text


def record_again(job: Job) -> None:
    """Let the provenance of a job say what the job says now."""
    Activity.objects.filter(identifier=job.pk).delete()
    record_job(job_id=job.pk)


def test_no_directory_of_the_machine_is_told(finished, take, settings) -> None:
    settings.SAS_DIR = "/srv/secret/xmmsas"
    job = finished(log="PWD=/nowhere\nfill me\n", phase="ERROR", error_message="x")
    places = [str(job.workdir / "work" / "a.fits"), f"{settings.ATHANOR_HOME}/x", "/srv/secret/xmmsas/bin", sys.prefix]
    JobInput.objects.filter(job=job).update(path="/data/deep/archive/one.fits")
    places.append("/data/deep/archive/one.fits")
    (job.workdir / "stdout.txt").write_text("".join(f"reading {place}\n" for place in places) * 3)
    job.error_message = f"cannot read {places[0]}"
    job.command = [f"{sys.prefix}/bin/python", "-P", "-m", "jobdefs.tasks.sieve", f"table={places[0]}"]
    job.software = {"ccf": "/srv/secret/ccf", "container": "/srv/images/sas.sif"}
    job.save()
    record_again(job)
    crate = take(job)
    told = crate.text("log/stdout.txt").splitlines()[:5]
    assert told == [
        "reading JOB/work/a.fits", "reading ATHANOR_HOME/x", "reading SAS_DIR/bin", "reading PYTHON",
        "reading inputs/one.fits",
    ]  # fmt: skip
    for name, data in crate.files.items():
        for place in (str(settings.ATHANOR_HOME), "/srv/", "/data/deep", sys.prefix):
            assert place.encode() not in data, (name, place)


def test_a_log_without_ends_of_lines(finished, take) -> None:
    job = finished(log="x" * 3_000_000 + "\u00e9" * 10)
    assert take(job).text("log/stdout.txt") == "x" * 3_000_000 + "\u00e9" * 10


COMMANDS = [
    (["/x/python", "-P", "-m", "jobdefs.sas", "evselect", "a=b"], ["evselect", "a=b"]),
    (
        ["/x/python", "-P", "-m", "jobdefs.tasks.gtibuild", "a=b"],
        ["python", "-P", "-m", "jobdefs.tasks.gtibuild", "a=b"],
    ),
    (["/opt/site/prog", "-m", "x"], ["prog", "-m", "x"]),
    ([], []),
]


@pytest.mark.parametrize(("command", "plain"), COMMANDS)
def test_commands(command: list[str], plain: list[str]) -> None:
    assert plain_command(command) == plain


def test_names_of_people() -> None:
    assert [person(text) for text in ("ada", "ada@x.example", "user/ada@x.example")] == ["ada", "ada", "user/ada"]


def test_ten_thousand_results(finished, take) -> None:
    job = finished(results={})
    folder = job.workdir / "work"
    for number in range(10_000):
        (folder / f"r{number}.txt").write_bytes(b"%d" % number)
    Result.objects.bulk_create(
        Result(job=job, name=f"r{number}", path=f"work/r{number}.txt", media_type="text/plain", size=1, sha256="0" * 64)
        for number in range(10_000)
    )
    crate = take(job)
    assert sum(name.startswith("results/") for name in crate.files) == 10_000
    assert len(crate.graph[f"#job-{JOB_ID}"]["result"]) == 10_000


@pytest.mark.slow
def test_memory_does_not_grow_with_a_result(finished, tmp_path) -> None:
    """A result of 2 GiB, of which only the ends lie on disk, goes through as one entry of ZIP64."""
    job = finished(results={})
    path = job.workdir / "work" / "huge.fits"
    size = 2**31 + 2**20
    with path.open("wb") as file:
        file.write(b"begin")
        file.truncate(size - 3)
        file.seek(0, 2)
        file.write(b"end")
    Result.objects.create(
        job=job, name="huge", path="work/huge.fits", media_type="application/fits", size=size, sha256="0" * 64
    )
    target = tmp_path / "crate.zip"
    before = peak_kib()
    with target.open("wb") as file:
        for chunk in write_crate(collect(job=job, user=None, base_url=BASE)):
            file.write(chunk)
    assert peak_kib() - before < 64 * 1024
    with zipfile.ZipFile(target) as archive:
        assert archive.getinfo("results/huge.fits").file_size == size
        with archive.open("results/huge.fits") as file:
            assert file.read(5) == b"begin"


def test_what_is_packed_already_is_not_packed_again() -> None:
    stream = ZipStream(TIME)
    data = bytes(100_000)
    pieces = []
    for name in ("a.gz", "a.fits"):
        pieces += stream.add(name, iter([data]), lambda written: None, size=len(data))
    pieces += stream.end()
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        sizes = {entry.filename: entry.compress_size for entry in archive.infolist()}
        # Stored entries of a stream have no end that a reader of a pipe finds.
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        assert archive.testzip() is None
    assert sizes["a.gz"] > 100_000
    assert sizes["a.fits"] < 2_000


def test_texts_that_are_no_directory_stay() -> None:
    assert Curtain().text("/usr/bin/env and / and /tmp") == "/usr/bin/env and / and /tmp"
