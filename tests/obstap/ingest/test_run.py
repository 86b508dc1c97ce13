"""Runs of the ingest: what is published, remembered, skipped, refused and repaired."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from obstap.ingest import ingest, run
from obstap.models import ArchiveFile
from tests.obstap.ingest.builders import CHANDRA, NUSTAR, XMM, dl3_store, event_list, table, write

Archive = Callable[[str], list[tuple]]

DIDS = "SELECT obs_publisher_did FROM {obscore} ORDER BY 1"
XMM_NAME = "P0124710801PNS001PIEVLI0000.FIT"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three event lists, a response, a text, and hidden things that nobody looks at."""
    data = tmp_path / "data"
    event_list(data / "chandra.fits", CHANDRA)
    event_list(data / "deep" / "er" / XMM_NAME, XMM)
    event_list(data / "nustar.evt.gz", NUSTAR)
    write(data / "a.arf", table("SPECRESP", {"SPECRESP": "E"}, {"HDUCLAS1": "RESPONSE"}))
    (data / "README").write_text("words\n")
    (data / ".part.fits").write_bytes(b"SIMPLE  =")
    (data / ".hidden").mkdir()
    (data / ".hidden" / "b.fits").write_bytes(b"SIMPLE  =")
    return data


def counts(report: run.Report) -> tuple[int, int, int, int]:
    return len(report.ingested), report.unchanged, len(report.ignored), len(report.refused)


def test_a_folder_is_ingested(archive: Archive, folder: Path) -> None:
    assert counts(ingest(paths=[folder])) == (3, 0, 2, 0)
    assert archive(
        "SELECT obs_publisher_did, obs_collection, access_url, access_estsize, access_format FROM {obscore} ORDER BY 1"
    ) == [
        ("ivo://athanor.example/chandra?chandra.fits", "chandra", "files/chandra/chandra.fits", 12, "application/fits"),
        (
            "ivo://athanor.example/nustar?nustar.evt.gz",
            "nustar",
            "files/nustar/nustar.evt.gz",
            -(-(folder / "nustar.evt.gz").stat().st_size // 1000),
            "application/fits",
        ),
        (
            f"ivo://athanor.example/xmm?{XMM_NAME}",
            "xmm",
            f"files/xmm/{XMM_NAME}",
            12,
            "application/fits",
        ),
    ]
    assert archive("SELECT obs_publisher_did, ev_xel FROM {hea} ORDER BY 1")[0] == (
        "ivo://athanor.example/chandra?chandra.fits",
        5,
    )
    file = ArchiveFile.objects.get(collection="chandra")
    state = (folder / "chandra.fits").stat()
    assert (file.name, file.path, file.media_type) == ("chandra.fits", str(folder / "chandra.fits"), "application/fits")
    assert (file.size, file.mtime_ns) == (state.st_size, state.st_mtime_ns)
    assert (file.obs_id, file.dataproduct_type) == ("10027", "event")


def test_regions_and_positions_are_published(archive: Archive, folder: Path) -> None:
    ingest(paths=[folder / "chandra.fits"])
    [(text, shape, cell)] = archive("SELECT s_region, _region, _hpx FROM {obscore}")
    assert text.split() == ["CIRCLE", "ICRS", "149.09885492322", "69.715351594383", "0.2"]
    assert shape == [149.09885492322, 69.715351594383, 0.2]
    assert cell > 0


def test_a_second_run_opens_nothing(archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(paths=[folder])
    opened = []
    read = run.read_headers
    monkeypatch.setattr(run, "read_headers", lambda path: opened.append(path.name) or read(path))
    assert counts(ingest(paths=[folder])) == (0, 3, 2, 0)
    assert sorted(opened) == ["README", "a.arf"]


def test_a_changed_file_replaces_its_row(archive: Archive, folder: Path) -> None:
    ingest(paths=[folder])
    event_list(folder / "chandra.fits", CHANDRA, OBJECT="NGC 3034", rows=500)
    assert counts(ingest(paths=[folder])) == (1, 2, 2, 0)
    assert archive("SELECT target_name FROM {obscore} WHERE obs_collection = 'chandra'") == [("NGC 3034",)]
    assert archive("SELECT count(*) FROM {obscore}") == [(3,)]
    file = ArchiveFile.objects.get(collection="chandra")
    assert file.size == (folder / "chandra.fits").stat().st_size


def test_a_touched_file_is_read_again(archive: Archive, folder: Path) -> None:
    ingest(paths=[folder])
    os.utime(folder / "chandra.fits", ns=(1, 1))
    assert counts(ingest(paths=[folder])) == (1, 2, 2, 0)


def test_again_reads_everything(archive: Archive, folder: Path) -> None:
    ingest(paths=[folder])
    assert counts(ingest(paths=[folder], again=True)) == (3, 0, 2, 0)
    assert archive("SELECT count(*) FROM {obscore}") == [(3,)]


def test_files_are_named_once_however_often_they_are_given(archive: Archive, folder: Path) -> None:
    assert counts(ingest(paths=[folder, folder / "chandra.fits", folder / "deep" / ".."])) == (3, 0, 2, 0)


def test_dry_run_changes_nothing(archive: Archive, folder: Path) -> None:
    assert counts(ingest(paths=[folder], dry_run=True)) == (3, 0, 2, 0)
    assert not ArchiveFile.objects.exists()
    ingest(paths=[folder / "chandra.fits"])
    assert archive("SELECT count(*) FROM {obscore}") == [(1,)]


def test_a_collection_can_be_given_and_changed(archive: Archive, folder: Path) -> None:
    ingest(paths=[folder / "chandra.fits"])
    assert counts(ingest(paths=[folder / "chandra.fits"], collection="m82")) == (1, 0, 0, 0)
    assert archive(DIDS) == [("ivo://athanor.example/m82?chandra.fits",)]
    assert archive("SELECT obs_publisher_did FROM {hea}") == [("ivo://athanor.example/m82?chandra.fits",)]
    assert ArchiveFile.objects.get().collection == "m82"
    assert counts(ingest(paths=[folder / "chandra.fits"])) == (0, 1, 0, 0)


def test_broken_files_are_refused_and_the_others_ingested(archive: Archive, folder: Path) -> None:
    broken = folder / "broken.fits"
    broken.write_bytes((folder / "chandra.fits").read_bytes()[:-2880])
    absent = folder / "absent.fits"
    report = ingest(paths=[folder, absent])
    assert counts(report) == (3, 0, 2, 2)
    assert report.refused == [
        (broken, "HDU 1 (EVENTS): truncated, 0 of its 90 bytes of data are there."),
        (absent, "It cannot be read: No such file or directory."),
    ]
    assert archive("SELECT count(*) FROM {obscore} WHERE obs_publisher_did LIKE '%broken%'") == [(0,)]
    assert not report.failed


def test_a_file_that_breaks_keeps_its_former_row(archive: Archive, folder: Path) -> None:
    ingest(paths=[folder])
    path = folder / "chandra.fits"
    path.write_bytes(path.read_bytes()[:-2880])
    assert counts(ingest(paths=[folder])) == (0, 2, 2, 1)
    assert archive("SELECT count(*) FROM {obscore} WHERE obs_collection = 'chandra'") == [(1,)]


def test_two_files_of_a_name_cannot_stand_in_a_collection(archive: Archive, folder: Path) -> None:
    event_list(folder / "other" / "chandra.fits", CHANDRA)
    report = ingest(paths=[folder])
    assert counts(report) == (3, 0, 2, 1)
    assert report.refused == [
        (
            folder / "other" / "chandra.fits",
            f"The collection 'chandra' already has a file of this name: {folder / 'chandra.fits'}.",
        )
    ]
    assert counts(ingest(paths=[folder / "other"])) == (0, 0, 0, 1)
    assert counts(ingest(paths=[folder / "other"], collection="second")) == (1, 0, 0, 0)


def test_a_file_that_moved_keeps_its_row(archive: Archive, folder: Path) -> None:
    ingest(paths=[folder])
    (folder / "chandra.fits").rename(folder / "deep" / "chandra.fits")
    assert counts(ingest(paths=[folder])) == (1, 2, 2, 0)
    assert ArchiveFile.objects.get(collection="chandra").path == str(folder / "deep" / "chandra.fits")
    assert archive("SELECT count(*) FROM {obscore}") == [(3,)]


def test_a_row_that_does_not_fit_the_tables_is_refused_alone(
    archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognise = run.recognise

    def wrong(file, indices):
        product = recognise(file, indices)
        if product.collection == "nustar":
            product.obs["t_exptime"] = "long"
        return product

    monkeypatch.setattr(run, "recognise", wrong)
    report = ingest(paths=[folder])
    assert counts(report) == (2, 0, 2, 1)
    assert report.refused[0][1].startswith("Its headers give no valid row: t_exptime")


@pytest.mark.parametrize("step", ["_publish", "_remember"])
def test_a_crash_is_repaired_by_running_again(
    archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(run, step, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ingest(paths=[folder])
    assert not ArchiveFile.objects.exists()
    assert counts(ingest(paths=[folder])) == (3, 0, 2, 0)
    assert (archive("SELECT count(*) FROM {obscore}"), ArchiveFile.objects.count()) == ([(3,)], 3)


def test_index_files_tell_of_absent_files(archive: Archive, tmp_path: Path) -> None:
    store = dl3_store(tmp_path / "store", obs_ids=(1, 2, 3))
    report = ingest(paths=[store])
    assert counts(report) == (2, 0, 2, 0)
    assert report.absent == [store / "data" / "run3.fits.gz"]


def test_a_wrong_index_is_told_and_the_files_describe_themselves(archive: Archive, tmp_path: Path) -> None:
    store = dl3_store(tmp_path / "store")
    write(store / "hdu-index.fits.gz", table("HDU_INDEX", {"OBS_ID": "K"}, {"HDUCLAS1": "INDEX"}))
    report = ingest(paths=[store])
    assert counts(report) == (1, 0, 2, 1)
    assert report.refused == [(store, "The index hdu-index.fits.gz lacks the columns FILE_DIR, FILE_NAME, HDU_TYPE.")]
    assert archive("SELECT s_ra FROM {obscore}") == [(82.0133333285646,)]


def test_names_are_escaped_in_identifiers_and_addresses(archive: Archive, tmp_path: Path) -> None:
    path = event_list(tmp_path / "M 82 #1?.fits", CHANDRA)
    ingest(paths=[path])
    assert archive("SELECT obs_publisher_did, access_url FROM {obscore}") == [
        ("ivo://athanor.example/chandra?M%2082%20%231%3F.fits", "files/chandra/M%2082%20%231%3F.fits")
    ]


def test_the_command_sums_up(archive: Archive, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ingest", str(folder))
    out, err = capsys.readouterr()
    assert out == (
        "ignored: 1 × It is an instrument response (ARF or RMF), no observation.\n"
        "ignored: 1 × It is no FITS file.\n"
        "3 ingested (chandra: 1; nustar: 1; xmm: 1), 0 unchanged, 2 ignored, 0 refused\n"
    )
    assert err == ""


def test_the_command_fails_only_when_nothing_could_be_ingested(
    archive: Archive, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = folder / "broken.fits"
    broken.write_bytes((folder / "chandra.fits").read_bytes()[:-2880])
    with pytest.raises(CommandError) as caught:
        call_command("ingest", str(broken))
    assert (str(caught.value), caught.value.returncode) == ("Nothing could be ingested.", 1)
    out, err = capsys.readouterr()
    assert err == f"refused: {broken}: HDU 1 (EVENTS): truncated, 0 of its 90 bytes of data are there.\n"
    assert out == "0 ingested, 0 unchanged, 0 ignored, 1 refused\n"
    call_command("ingest", str(folder))
    call_command("ingest", str(folder))
    call_command("ingest", str(folder / "README"))
    assert capsys.readouterr().out.splitlines()[-1] == "0 ingested, 0 unchanged, 1 ignored, 0 refused"


def test_the_command_refuses_odd_names_of_collections(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"--collection: 'a/b' is no name of a collection"):
        call_command("ingest", str(folder), collection="a/b")


def test_a_name_that_is_no_text_refuses_its_file_alone(archive: Archive, folder: Path) -> None:
    (folder / "chandra.fits").rename(Path(os.fsdecode(bytes(folder) + b"/bad\xff.fits")))
    report = ingest(paths=[folder])
    assert counts(report) == (2, 0, 2, 1)
    assert report.refused[0][1] == "Its name is not valid UTF-8; rename it."


def test_pipes_are_not_opened(archive: Archive, folder: Path) -> None:
    os.mkfifo(folder / "pipe.fits")
    report = ingest(paths=[folder])
    assert counts(report) == (3, 0, 3, 0)
    assert (folder / "pipe.fits", "It is no regular file.") in report.ignored
