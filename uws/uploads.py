"""Files sent with a request, kept with the job and named by ``param:<name>`` (UWS 1.1 §2.2.3.3, TAP 1.1 §2.7.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile

from uws.models import Job
from vo.errors import NotFoundError, ParameterError

__all__ = ["UPLOADED", "find_upload", "list_uploads", "save_uploads", "upload_path"]

UPLOADED = "param:"
"""Begins a reference to a file that came with the request."""

FOLDER = "uploads"
"""Of the files in the directory of a job."""

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def save_uploads(*, job: Job, files: Mapping[str, UploadedFile]) -> None:
    """Keep files under the names of their parts; one of the same name is replaced.

    Raises
    ------
    vo.errors.ParameterError
        When a name is no plain word.
    """
    for name in files:
        if not NAME.fullmatch(name):
            raise ParameterError(name, "a file's part must be named by letters, digits, '_', '.' and '-' only.")
    folder = _folder(job)
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        with (folder / name).open("wb") as target:
            for chunk in file.chunks():
                target.write(chunk)


def list_uploads(*, job: Job) -> list[str]:
    """Names of the files that came with the job's requests."""
    folder = _folder(job)
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def upload_path(*, job: Job, name: str) -> Path:
    """Where the file of that name is.

    Raises
    ------
    vo.errors.NotFoundError
        When no such file was sent.
    """
    return find_upload(job.workdir, name)


def find_upload(workdir: Path, name: str) -> Path:
    """Where the file of that name is in the directory of a job.

    Raises
    ------
    vo.errors.NotFoundError
        When no such file was sent.
    """
    path = workdir / FOLDER / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise NotFoundError(f"No file was sent as {name!r}.", hint=f"Send it as the part {name!r} of a multipart form.")
    return path


def _folder(job: Job) -> Path:
    return job.workdir / FOLDER
