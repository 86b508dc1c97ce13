"""From identifiers and URLs to files, and the files over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from obstap.archive import resolve_observation
from obstap.ingest import ingest
from tests.obstap.ingest.builders import CHANDRA, event_list
from uws import inputs
from vo.errors import NotFoundError

Archive = Callable[[str], list[tuple]]

DID = "ivo://athanor.example/chandra?M%2082.fits"


@pytest.fixture
def path(archive: Archive, tmp_path: Path) -> Path:
    """One ingested file."""
    path = event_list(tmp_path / "M 82.fits", CHANDRA)
    ingest(paths=[path])
    return path


@pytest.mark.parametrize(
    "reference",
    [
        DID,
        "http://testserver/files/chandra/M%2082.fits",
        "https://archive.example/some/prefix/files/chandra/M%2082.fits",
        "/files/chandra/M%2082.fits",
        "files/chandra/M%2082.fits",
    ],
)
def test_references_lead_to_the_file(path: Path, reference: str) -> None:
    found = resolve_observation(reference, user=None)
    assert (found.path, found.name, found.media_type, found.entity_id) == (path, "M 82.fits", "application/fits", DID)
    assert found.size == path.stat().st_size
    assert inputs.resolve(reference, user=None) == found


@pytest.mark.parametrize(
    "reference",
    ["job:abc/result", "M 82.fits", "ivo://other.example/chandra?M%2082.fits", "ftp://x/files/chandra/a", "files/a",
     "http://x/jobs/1", "files/chandra/a/b", "/etc/passwd", "files/chandra/M%2082.fits?x=1", ""],
)  # fmt: skip
def test_other_references_are_left_to_others(path: Path, reference: str) -> None:
    assert resolve_observation(reference, user=None) is None


@pytest.mark.parametrize(
    "reference",
    ["ivo://athanor.example/chandra?other.fits", "/files/chandra/other.fits", "/files/other/M%2082.fits",
     "files/chandra/..%2F..%2Fetc%2Fpasswd", "files/chandra/%00"],
)  # fmt: skip
def test_unknown_files_are_not_found(path: Path, reference: str) -> None:
    with pytest.raises(NotFoundError):
        resolve_observation(reference, user=None)


def test_with_a_public_url_only_that_is_ours(path: Path, settings: Settings) -> None:
    settings.ATHANOR_BASE_URL = "https://archive.example/hea"
    assert resolve_observation("https://archive.example/hea/files/chandra/M%2082.fits", user=None)
    assert resolve_observation("https://evil.example/files/chandra/M%2082.fits", user=None) is None
    assert resolve_observation("/files/chandra/M%2082.fits", user=None)


def test_a_file_that_was_removed_is_not_found(path: Path) -> None:
    path.unlink()
    with pytest.raises(NotFoundError, match="no longer on the archive's disk"):
        resolve_observation(DID, user=None)


@pytest.mark.urls("obstap.files")
class TestHttp:
    def test_whole(self, path: Path, client: Client) -> None:
        response = client.get("/files/chandra/M%2082.fits")
        assert (response.status_code, response["Content-Type"]) == (200, "application/fits")
        assert response["Content-Length"] == str(path.stat().st_size)
        assert b"".join(response.streaming_content) == path.read_bytes()

    def test_range(self, path: Path, client: Client) -> None:
        response = client.get("/files/chandra/M%2082.fits", headers={"range": "bytes=0-8"})
        assert response.status_code == 206
        assert b"".join(response.streaming_content) == b"SIMPLE  ="
        assert response["Content-Range"] == f"bytes 0-8/{path.stat().st_size}"

    def test_head(self, path: Path, client: Client) -> None:
        response = client.head("/files/chandra/M%2082.fits")
        assert (response.status_code, response["Content-Length"]) == (200, str(path.stat().st_size))

    @pytest.mark.parametrize(
        "url", ["/files/chandra/other.fits", "/files/x/M%2082.fits", "/files/chandra/..%2F..%2Fetc%2Fpasswd"]
    )
    def test_unknown(self, path: Path, client: Client, url: str) -> None:
        assert client.get(url).status_code == 404

    def test_removed(self, path: Path, client: Client) -> None:
        path.unlink()
        assert client.get("/files/chandra/M%2082.fits").status_code == 404

    def test_read_only(self, path: Path, client: Client) -> None:
        assert client.delete("/files/chandra/M%2082.fits").status_code == 405
