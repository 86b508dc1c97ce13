"""Views of observation data files, and the unpacking of archives that hold them."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from jobdefs.sas.odf import make_view
from jobdefs.sas.unpack import unpack
from vo.errors import NotFoundError, TooLargeError, UsageError

FILES = {
    "0070_0123700101_SCX00000SUM.ASC": b"OBSERVATION\n",
    "0070_0123700101_PNS00101IME.FIT": b"frames",
    "0070_0123700101_SCX00000TCS.FIT": b"time",
}
SUMMARY = "0070_0123700101_SCX00000SUM.SAS"
SUMMARY_TEXT = "// comment, PATH of old\n//\nOBSERVATION\nPATH /old/place/\nFILES\n"


def make_odf(folder):
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def make_tar(path, files, *, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                archive.addfile(content)
                continue
            item = tarfile.TarInfo(name)
            item.size = len(content)
            archive.addfile(item, io.BytesIO(content))
    return path


def make_zip(path, files, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def special(kind, target=""):
    item = tarfile.TarInfo()
    item.type = kind
    item.linkname = target
    return item


def test_view_has_links_and_a_summary_of_its_own(tmp_path):
    odf = make_odf(tmp_path / "odf")
    (odf / SUMMARY).write_text(SUMMARY_TEXT)
    before = {path.name: path.read_bytes() for path in odf.iterdir()}
    own = make_view(tmp_path / "view", odf=odf)
    assert own == tmp_path / "view" / SUMMARY
    assert own.read_text() == SUMMARY_TEXT.replace("PATH /old/place/", f"PATH {tmp_path}/view/")
    for name, content in FILES.items():
        assert (tmp_path / "view" / name).is_symlink()
        assert (tmp_path / "view" / name).read_bytes() == content
    assert {path.name: path.read_bytes() for path in odf.iterdir()} == before


def test_view_without_a_summary_is_the_directory(tmp_path):
    odf = make_odf(tmp_path / "0123700101" / "odf").parent
    assert make_view(tmp_path / "view", odf=odf) == tmp_path / "view"
    assert {path.name for path in (tmp_path / "view").iterdir()} == FILES.keys()


def test_given_summary_stands_for_that_in_the_odf(tmp_path):
    odf = make_odf(tmp_path / "odf")
    (odf / SUMMARY).write_text("old")
    (tmp_path / SUMMARY).write_text(SUMMARY_TEXT)
    own = make_view(tmp_path / "view", odf=odf, summary=tmp_path / SUMMARY)
    assert (own.name, own.is_symlink()) == (SUMMARY, False)
    assert "OBSERVATION" in own.read_text()
    assert len(list(own.parent.glob("*SUM.SAS"))) == 1


ARCHIVES = {
    "odf.tar": lambda path: make_tar(path, FILES),
    "odf.tar.gz": lambda path: make_tar(
        path, {f"0123700101/odf/{name}": text for name, text in FILES.items()}, mode="w:gz"
    ),
    "odf.zip": lambda path: make_zip(path, {f"odf/{name}": text for name, text in FILES.items()}),
    "0123700101.tar.gz": lambda path: make_tar(
        path,
        {"0070_0123700101.TAR": make_tar(path.with_suffix(".inner"), FILES).read_bytes(), "MANIFEST.1": b"x"},
        mode="w:gz",
    ),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_view_of_an_archive(tmp_path, name):
    path = tmp_path / name
    ARCHIVES[name](path)
    view = make_view(tmp_path / "view", odf=path)
    assert {name: (view / name).read_bytes() for name in FILES} == FILES


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda folder: folder / "none", NotFoundError, "There is no ODF none."),
        (lambda folder: folder, UsageError, "holds no observation data files"),
        (
            lambda folder: make_tar(folder / "a.tar", {"readme.txt": b"x"}),
            UsageError,
            "holds no observation data files",
        ),
    ],
)
def test_no_view(tmp_path, make, error, message):
    folder = tmp_path / "given"
    folder.mkdir()
    with pytest.raises(error, match=message):
        make_view(tmp_path / "view", odf=make(folder))
    assert not (tmp_path / "view").exists()


def test_two_summaries(tmp_path):
    odf = make_odf(tmp_path / "odf")
    for name in ("a_SUM.SAS", "b_SUM.SAS"):
        (odf / name).write_text(SUMMARY_TEXT)
    with pytest.raises(UsageError, match=r"several summaries: a_SUM\.SAS, b_SUM\.SAS"):
        make_view(tmp_path / "view", odf=odf)


def damage(path):
    """Spoil what lies behind the first header of a zip archive."""
    content = bytearray(path.read_bytes())
    content[40:52] = b"\xff" * 12
    path.write_bytes(content)
    return path


HOSTILE = {
    "full path": lambda path: make_tar(path, {"/etc/athanor": b"x"}),
    "upwards": lambda path: make_tar(path, {"a/../../out": b"x"}),
    "upwards in a zip": lambda path: make_zip(path, {"../out": b"x"}),
    "backslash": lambda path: make_tar(path, {"..\\out": b"x"}),
    "symbolic link": lambda path: make_tar(path, {"a": special(tarfile.SYMTYPE, "/etc/passwd")}),
    "file through a link": lambda path: make_tar(path, {"a": special(tarfile.SYMTYPE, ".."), "a/out": b"x"}),
    "hard link": lambda path: make_tar(path, {"a": special(tarfile.LNKTYPE, "/etc/passwd")}),
    "device": lambda path: make_tar(path, {"a": special(tarfile.CHRTYPE)}),
    "pipe": lambda path: make_tar(path, {"a": special(tarfile.FIFOTYPE)}),
    "file over a directory": lambda path: make_tar(path, {"a/b": b"x", "a": b"y"}),
    "directory over a file": lambda path: make_tar(path, {"a": b"x", "a/b": b"y"}),
    "damaged lzma in a zip": lambda path: damage(make_zip(path, {"a": bytes(9999)}, zipfile.ZIP_LZMA)),
    "damaged deflate in a zip": lambda path: damage(make_zip(path, {"a": bytes(9999)}, zipfile.ZIP_DEFLATED)),
    "newline": lambda path: make_tar(path, {"a\nb": b"x"}),
    "no archive": lambda path: path.write_bytes(b"SIMPLE  = T" * 400) and path,
    "cut short": lambda path: (
        path.write_bytes(make_tar(path, {"a": b"x" * 90000}, mode="w:gz").read_bytes()[:60]) and path
    ),
    "empty file": lambda path: path.write_bytes(b"") or path,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_leave_nothing(tmp_path, case):
    place = tmp_path / "place"
    place.mkdir()
    path = HOSTILE[case](tmp_path / "bad.tar")
    with pytest.raises(UsageError, match=r"bad\.tar"):
        unpack(path, place / "odf")
    assert list(place.iterdir()) == []
    assert {item.name for item in tmp_path.iterdir()} == {"place", "bad.tar"}


def test_file_that_comes_twice(tmp_path):
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        for _ in range(2):
            archive.addfile(tarfile.TarInfo("a"))
    with pytest.raises(UsageError, match="'a' twice"):
        unpack(tmp_path / "bad.tar", tmp_path / "odf")


def test_small_archives_that_hold_much_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("jobdefs.sas.unpack.ALWAYS", 1000)
    path = make_tar(tmp_path / "bomb.tar.gz", {"zeros": bytes(5_000_000)}, mode="w:gz")
    with pytest.raises(TooLargeError, match="holds more than"):
        unpack(path, tmp_path / "odf")
    assert not (tmp_path / "odf").exists()


@pytest.mark.parametrize(
    ("limits", "message"), [({"max_bytes": 99_999}, "more than 99,999 bytes"), ({"max_files": 2}, "more than 2 files")]
)
@pytest.mark.parametrize("make", [lambda path, files: make_tar(path, files, mode="w:gz"), make_zip])
def test_bounds(tmp_path, make, limits, message):
    path = make(tmp_path / "large", {name: bytes(50_000) for name in "abc"})
    with pytest.raises(TooLargeError, match=message):
        unpack(path, tmp_path / "odf", **limits)
    assert not (tmp_path / "odf").exists()
