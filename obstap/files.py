"""The archive's files over HTTP. A path from a URL never touches the disk: files are found by their row."""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.urls import path

from obstap.access import may_read
from obstap.archive import FILES, archive_file
from uws.http.files import file_response
from vo.errors import AuthorizationError, NotAllowedError

__all__ = ["urlpatterns"]


def serve(request: HttpRequest, collection: str, name: str) -> HttpResponse:
    """The file `name` of `collection`, whole or the ranges that are asked for (RFC 9110 §14)."""
    if request.method not in ("GET", "HEAD"):
        raise NotAllowedError("Archive files can be read only: use GET or HEAD.")
    file = archive_file(collection=collection, name=name)
    if not may_read(file, request.user):
        raise AuthorizationError(
            f"The file {file.name!r} is proprietary until its release date.",
            hint="Its owner may read it after signing in; ivoa.obscore tells the date.",
        )
    return file_response(request, Path(file.path), media_type=file.media_type, filename=file.name, attachment=True)


urlpatterns = [path(f"{FILES}<str:collection>/<str:name>", serve, name="archive-file")]
