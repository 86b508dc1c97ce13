"""Crates over HTTP and by the command: who may have them, and how they come."""

from __future__ import annotations

import io
import os
import random
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.provenance.crate.conftest import DID, JOB_ID, Unpacked
from uws import inputs
from uws.inputs import Resolved
from uws.models import Job
from vo.errors import NotFoundError

ADDRESSES = [f"/jobs/{JOB_ID}/crate.zip", f"/api/v1/jobs/{JOB_ID}/crate"]


@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada@example.org", password="secret", email="ada@mail.example")


@pytest.fixture
def bob(django_user_model):
    return django_user_model.objects.create_user("bob", password="secret")


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_job_of_the_public_workspace(client, finished, address) -> None:
    finished()
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == f'attachment; filename="{JOB_ID}-crate.zip"'
    assert answer["Cache-Control"] == "private, no-store"
    crate = Unpacked(body(answer))
    assert crate.files["results/kept.fits"] == b"kept"
    assert crate.graph["./"]["url"] == f"http://testserver/jobs/{JOB_ID}/"


def test_the_head_alone(client, finished) -> None:
    finished()
    answer = client.head(ADDRESSES[0])
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "application/zip", b"")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_job_of_somebody_else_is_not_there(client, finished, ada, bob, address) -> None:
    finished(owner=ada)
    assert client.get(address).status_code == 404
    client.force_login(bob)
    assert client.get(address).status_code == 404
    client.force_login(ada)
    answer = client.get(address)
    assert answer.status_code == 200
    body(answer)


def test_what_is_wrong_is_told(client, finished) -> None:
    finished()
    answer = client.get(f"{ADDRESSES[0]}?inputs=all")
    assert answer.status_code == 400
    assert "is neither value nor reference" in answer.content.decode()
    assert client.post(ADDRESSES[0]).status_code == 405
    assert client.get("/jobs/nothing/crate.zip").status_code == 404
    assert client.get("/jobs/a%00b/crate.zip").status_code == 404


def test_a_job_that_has_not_ended(client, finished) -> None:
    job = finished()
    Job.objects.filter(pk=job.pk).update(phase="EXECUTING")
    answer = client.get(ADDRESSES[1])
    assert answer.status_code == 403
    assert "only one that has ended can be taken away" in answer.content.decode()


def test_no_address_of_a_person_is_taken_away(client, finished, ada) -> None:
    finished(owner=ada)
    client.force_login(ada)
    crate = Unpacked(body(client.get(ADDRESSES[0])))
    assert crate.graph["#agent"]["name"] == "ada"
    for name, data in crate.files.items():
        assert b"example.org" not in data.replace(b"https://example.org/sieve", b""), name
        assert b"mail.example" not in data, name
        assert b"ada%40" not in data, name


@pytest.fixture
def archive(monkeypatch, tmp_path):
    """A resolver of one data set, which nobody reads but whom it knows."""
    path = tmp_path / "one.fits"
    path.write_bytes(b"events")
    readers = []

    def resolver(reference, *, user):
        if reference != DID:
            return None
        if user is None or user.pk not in readers:
            raise NotFoundError("It is not yours.")
        return Resolved(path, path.name, "application/fits", DID, 6, location="files/demo/one.fits")

    monkeypatch.setattr(inputs, "_resolvers", [resolver])
    return readers


def test_inputs_are_taken_along_by_who_may_read_them(client, finished, ada, archive) -> None:
    finished(owner=ada)
    client.force_login(ada)
    crate = Unpacked(body(client.get(f"{ADDRESSES[0]}?inputs=value")))
    assert not any(name.startswith("inputs/") for name in crate.files)
    archive.append(ada.pk)
    crate = Unpacked(body(client.get(f"{ADDRESSES[0]}?inputs=value")))
    assert crate.files["inputs/one.fits"] == b"events"
    assert crate.graph["inputs/one.fits"]["url"] == "http://testserver/files/demo/one.fits"
    assert "The file has changed since" in crate.graph["inputs/one.fits"]["description"]
    crate = Unpacked(body(client.get(ADDRESSES[0])))
    assert not any(name.startswith("inputs/") for name in crate.files)
    assert crate.graph["http://testserver/files/demo/one.fits"]["identifier"] == DID


def test_who_leaves_stops_the_work(client, finished) -> None:
    job = finished(results={"big.fits": random.Random(1).randbytes(4_000_000)})

    def held() -> list[str]:
        """Files of the job that this process has open."""
        links = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
        return [link for link in links if link.startswith(str(job.workdir.resolve()))]

    answer = client.get(ADDRESSES[0])
    stream = iter(answer.streaming_content)
    assert next(stream)
    assert held() == [str((job.workdir / "work/big.fits").resolve())]
    answer.close()
    assert held() == []


def test_the_command(finished, tmp_path, capsys) -> None:
    finished()
    call_command("take_away", JOB_ID[:5], str(tmp_path))
    path = tmp_path / f"{JOB_ID}-crate.zip"
    assert capsys.readouterr().out == f"{path}: {path.stat().st_size:,} bytes\n"
    with zipfile.ZipFile(path) as archive:
        assert archive.read("results/kept.fits") == b"kept"
    assert [item.name for item in tmp_path.iterdir() if item.is_file()] == [path.name]
    call_command(
        "take_away", JOB_ID, str(tmp_path / "x.zip"), "--inputs", "--url", "https://other.example/", verbosity=0
    )
    crate = Unpacked((tmp_path / "x.zip").read_bytes())
    assert crate.graph["./"]["url"] == f"https://other.example/jobs/{JOB_ID}/"


def test_what_the_command_refuses(finished, tmp_path) -> None:
    job = finished()
    with pytest.raises(CommandError, match="There is no job 'b'"):
        call_command("take_away", "b", str(tmp_path))
    with pytest.raises(CommandError, match="it cannot be written: No such file or directory"):
        call_command("take_away", JOB_ID, str(tmp_path / "no" / "x.zip"))
    Job.objects.filter(pk=job.pk).update(phase="EXECUTING")
    with pytest.raises(CommandError, match="The job is EXECUTING"):
        call_command("take_away", JOB_ID, str(tmp_path / "x.zip"))
    assert not list(tmp_path.glob("*x.zip*"))


def test_bytes_come_before_all_are_made(client, finished) -> None:
    finished(results={f"r{number}.gz": bytes(100_000) for number in range(20)})
    stream = client.get(ADDRESSES[0]).streaming_content
    first = next(iter(stream))
    assert 0 < len(first) < 1_000_000
    assert zipfile.is_zipfile(io.BytesIO(first + b"".join(stream)))
