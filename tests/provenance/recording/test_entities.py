"""From the identifier of an entity to the file that it is, and to no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenance.models import Entity
from provenance.recording import record_job
from uws.digests import remember_digest
from uws.inputs import Resolved
from vo.errors import NotFoundError

DID = "ivo://athanor.example/demo?one"
CHANGED = f"{DID}#{'d' * 16}"


@pytest.fixture
def archive(db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file behind `DID`, in the place of the archive's own resolver."""
    path = tmp_path / "one.fits"
    path.write_bytes(b"first state")
    remember_digest(path, "a" * 64)

    def resolve(reference: str, *, user: object | None) -> Resolved:
        if reference != DID or not path.exists():
            raise NotFoundError("No such file.")
        return Resolved(path, path.name, "application/fits", DID, path.stat().st_size, location="files/demo/one.fits")

    monkeypatch.setattr("provenance.selectors.resolve", resolve)
    return path


def ask(client, identifier: str) -> tuple[int, str]:
    answer = client.get("/provenance/entities/", {"ID": identifier})
    return answer.status_code, answer.headers.get("Location", "")


def test_an_input_leads_to_the_archive(client, ended, archive) -> None:
    record_job(job_id=ended("b" * 26).id)
    assert ask(client, DID) == (303, "http://testserver/files/demo/one.fits")


def test_what_a_file_was_is_gone_once_it_has_changed(client, ended, archive) -> None:
    record_job(job_id=ended("b" * 26).id)
    later = ended("c" * 26)
    later.inputs.update(sha256="d" * 64)
    archive.write_bytes(b"the second state")
    assert ask(client, DID)[0] == 404
    remember_digest(archive, "d" * 64)
    record_job(job_id=later.id)
    assert ask(client, DID)[0] == 404
    assert ask(client, CHANGED) == (303, "http://testserver/files/demo/one.fits")


@pytest.mark.parametrize("identifier", ["ivo://athanor.example/demo?nothing", "job:x/y", "\x00"])
def test_unknown_entities_are_not_found(client, archive, identifier: str) -> None:
    assert ask(client, identifier)[0] == 404


def test_a_file_that_has_gone_is_not_found(client, ended, archive) -> None:
    record_job(job_id=ended("b" * 26).id)
    archive.unlink()
    assert ask(client, DID)[0] == 404


def test_a_missing_identifier_is_named(client, db) -> None:
    answer = client.get("/provenance/entities/", headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert "ID" in answer.content.decode()


def test_a_digest_that_comes_later_is_filled_in(ended) -> None:
    first = ended("b" * 26)
    first.inputs.update(sha256="")
    record_job(job_id=first.id)
    record_job(job_id=ended("c" * 26).id)
    assert list(Entity.objects.filter(identifier__startswith=DID).values_list("identifier", "sha256")) == [
        (DID, "a" * 64)
    ]
