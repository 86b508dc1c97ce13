"""From an identifier or access URL of an observation to its file; the resolver of job inputs."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings

from obstap.access import may_read
from obstap.models import ArchiveFile
from uws.inputs import Resolved
from vo.errors import NotFoundError

__all__ = ["access_path", "archive_file", "publisher_did", "resolve_observation"]

FILES = "files/"
"""Where the archive's files are served, below the base URL."""

FITS = "application/fits"
"""Media type of FITS files (RFC 4047)."""


def publisher_did(collection: str, name: str) -> str:
    """The IVOA identifier of a file of a collection (Identifiers 2.0 §4.1: dataset as query of a registry part)."""
    return f"ivo://{settings.ATHANOR_AUTHORITY}/{quote(collection)}?{quote(name)}"


def access_path(collection: str, name: str) -> str:
    """Where a file is served, below the base URL and without a leading slash."""
    return f"{FILES}{quote(collection)}/{quote(name)}"


def archive_file(*, collection: str, name: str) -> ArchiveFile:
    """The file of that name in that collection.

    Raises
    ------
    vo.errors.NotFoundError
        When the archive has none, or it was removed from the disk.
    """
    # PostgreSQL refuses to look for a text with NUL, which a path can hold.
    stored = "\0" not in collection + name
    file = ArchiveFile.objects.filter(collection=collection, name=name).first() if stored else None
    if file is None:
        raise NotFoundError(f"The archive has no file {name!r} in the collection {collection!r}.")
    return _on_disk(file)


def resolve_observation(reference: str, *, user: object | None) -> Resolved | None:
    """The file behind an ``obs_publisher_did`` or an access URL of this service.

    Gives None when the reference is neither; an access URL may be whole or begin at its path, and may carry the
    prefix under which a proxy serves us.

    Raises
    ------
    vo.errors.NotFoundError
        When it has the form of one of ours but there is no such file, or it is not released to the user.
    """
    file = _named(reference)
    if file is not None and not may_read(file, user):
        raise NotFoundError(f"The data set {file.obs_publisher_did!r} is proprietary until its release date.")
    return None if file is None else _resolved(file)


def _named(reference: str) -> ArchiveFile | None:
    """The file that a reference names, None where it has another form."""
    if reference.startswith(f"ivo://{settings.ATHANOR_AUTHORITY}/"):
        file = ArchiveFile.objects.filter(obs_publisher_did=reference).first()
        if file is None:
            raise NotFoundError(f"The archive has no data set {reference!r}.")
        return _on_disk(file)
    place = _place(reference)
    return None if place is None else archive_file(collection=place[0], name=place[1])


def _place(reference: str) -> tuple[str, str] | None:
    """Collection and name in an access URL of ours, or None."""
    parts = urlsplit(reference)
    if parts.scheme not in ("", "http", "https") or parts.query:
        return None
    if parts.scheme and settings.ATHANOR_BASE_URL and not reference.startswith(f"{settings.ATHANOR_BASE_URL}/{FILES}"):
        return None
    _, found, below = parts.path.partition(f"/{FILES}") if parts.path.startswith("/") else parts.path.partition(FILES)
    collection, slash, name = below.partition("/")
    if not (found and slash and collection and name) or "/" in name:
        return None
    return unquote(collection), unquote(name)


def _on_disk(file: ArchiveFile) -> ArchiveFile:
    if not Path(file.path).is_file():
        raise NotFoundError(f"The file {file.name!r} is no longer on the archive's disk.")
    return file


def _resolved(file: ArchiveFile) -> Resolved:
    return Resolved(
        path=Path(file.path),
        name=file.name,
        media_type=file.media_type,
        entity_id=file.obs_publisher_did,
        size=Path(file.path).stat().st_size,
        location=access_path(file.collection, file.name),
    )
