"""Directories are collections: each file has a size and a sha256, and is read once as long as nothing changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from provenance.models import Entity, HadMember
from provenance.recording import record_job
from uws import runner_results
from uws.digests import known_digest, known_listing, remember_digest
from uws.models import Job, JobInput
from uws.runner_results import digest, digest_of_folder

FILES = {"a.FIT": b"first", "deep/b.FIT": b"second", "MANIFEST": b""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "odf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "odf"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def record(smelted, job_id: str, folder: Path) -> Job:
    """A job that has read the directory, as the runner tells of it."""
    size, digest_, listing = digest_of_folder(folder)
    job = smelted(job_id)
    JobInput.objects.create(
        job=job,
        parameter="odf",
        reference="odf:0123700101",
        entity_id="odf:0123700101",
        name="0123700101",
        path=str(folder),
        media_type="inode/directory",
        size=size,
        sha256=digest_,
    )
    remember_digest(folder, digest_, listing=listing)
    return record_job(job_id=job_id)


def test_a_listing_tells_what_the_checksum_is_of(folder) -> None:
    size, digest_, listing = digest_of_folder(folder)
    assert listing == [[name, len(FILES[name]), sha256(FILES[name])] for name in ("MANIFEST", "a.FIT", "deep/b.FIT")]
    lines = "".join(f"{name}\t{length}\t{digest}\n" for name, length, digest in listing)
    assert (size, digest_) == (11, sha256(lines.encode())) == digest(folder)


def test_a_listing_has_bounds_and_the_checksum_has_none(folder, monkeypatch) -> None:
    whole = digest_of_folder(folder)
    monkeypatch.setattr(runner_results, "LISTED", 2)
    assert digest_of_folder(folder) == (*whole[:2], whole[2][:2])


def test_a_directory_and_its_files(smelted, folder) -> None:
    activity = record(smelted, "first", folder)
    entity = activity.used.get().entity
    assert (entity.kind, entity.identifier, entity.size) == ("collection", "odf:0123700101", 11)
    members = HadMember.objects.filter(collection=entity).order_by("entity__identifier")
    assert list(members.values_list("entity__identifier", "entity__name", "entity__sha256", "entity__size")) == [
        ("odf:0123700101/MANIFEST", "MANIFEST", sha256(b""), 0),
        ("odf:0123700101/a.FIT", "a.FIT", sha256(b"first"), 5),
        ("odf:0123700101/deep/b.FIT", "b.FIT", sha256(b"second"), 6),
    ]


def test_a_directory_that_changed_is_another_collection_that_shares_what_did_not(smelted, folder) -> None:
    record(smelted, "first", folder)
    record(smelted, "second", folder)
    assert (Entity.objects.count(), HadMember.objects.count()) == (4, 3)
    (folder / "a.FIT").write_bytes(b"changed")
    collection = record(smelted, "third", folder).used.get().entity
    assert collection.identifier == f"odf:0123700101#{collection.sha256[:16]}"
    changed = f"odf:0123700101/a.FIT#{sha256(b'changed')[:16]}"
    members = HadMember.objects.filter(collection=collection).values_list("entity__identifier", flat=True)
    assert set(members) == {"odf:0123700101/MANIFEST", changed, "odf:0123700101/deep/b.FIT"}


@pytest.mark.django_db
def test_what_has_not_changed_is_not_read_again(folder, monkeypatch) -> None:
    _, digest_, listing = digest_of_folder(folder)
    remember_digest(folder, digest_, listing=listing)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was read"))
    assert known_digest(folder) == digest_
    assert known_listing(str(folder), digest_) == listing
