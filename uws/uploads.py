"""Files sent with a request, kept with the job and named by ``param:<name>`` (UWS 1.1 §2.2.3.3, TAP 1.1 §2.7.6)."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from uws.models import Job
from vo.errors import NotFoundError, ParameterError

__all__ = [
    "KEPT",
    "UPLOADED",
    "find_upload",
    "list_uploads",
    "save_uploads",
    "upload_of",
    "upload_path",
    "uploads_kept",
]

UPLOADED = "param:"
"""Begins a reference to a file that came with the request."""

FOLDER = "uploads"
"""Of the files in the directory of a job."""

KEPT = "uploads.kept"
"""Of the files that there were before a change that is under way."""

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def save_uploads(*, job: Job, files: Mapping[str, UploadedFile]) -> None:
    """Keep files under the names of their parts; one of the same name, in any case, is replaced.

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
        part = folder / f".{name}.part"  # no name of a file that is sent begins with a dot
        _take(file, part)
        for old in list_uploads(job=job):
            if old.lower() == name.lower():
                (folder / old).unlink()
        part.replace(folder / name)


@contextmanager
def uploads_kept(*, job: Job) -> Iterator[None]:
    """Where the block fails, put back the files that came with the job's requests as they were before it.

    One process at a time may be in such a block for a job: that which has locked its row.
    """
    folder, kept = _folder(job), job.workdir / KEPT
    if kept.is_dir():
        _put_back(kept, folder)  # a process was killed within such a block
    folder.mkdir(parents=True, exist_ok=True)
    copy = kept.with_suffix(".part")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, copy_function=os.link)
    copy.rename(kept)
    try:
        yield
    except BaseException:
        _put_back(kept, folder)
        raise
    shutil.rmtree(kept)


def upload_of(name: str, values: Sequence[str]) -> str | None:
    """Under which name the file was sent that is the value of a parameter, in any case; None for other values."""
    sent = values[0].removeprefix(UPLOADED) if len(values) == 1 and values[0].startswith(UPLOADED) else ""
    return sent if sent.lower() == name.lower() else None


def list_uploads(*, job: Job) -> list[str]:
    """Names of the files that came with the job's requests."""
    folder = _folder(job)
    return sorted(path.name for path in folder.iterdir() if NAME.fullmatch(path.name)) if folder.is_dir() else []


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


def _take(file: UploadedFile, path: Path) -> None:
    """Move a file that waits on the same file system, for the database may be locked meanwhile; else copy it."""
    if isinstance(file, TemporaryUploadedFile):
        with suppress(OSError):
            file.flush()
            Path(file.temporary_file_path()).replace(path)
            path.chmod(0o644)
            return
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)


def _put_back(kept: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    kept.rename(folder)


def _folder(job: Job) -> Path:
    return job.workdir / FOLDER
