"""What the files of jobs are called, in references and in provenance: results, and what came with requests."""

from __future__ import annotations

import re

__all__ = ["JOB", "UPLOADS", "is_upload", "read_upload", "result_id", "upload_id"]

JOB = "job:"
"""What the identifiers of files of jobs begin with."""

UPLOADS = "/parameters/"
"""What stands between the job and the name of a file that came with its request."""

_UPLOAD = re.compile(rf"{JOB}(?P<job>[^/]+){UPLOADS}(?P<name>.*)", re.DOTALL)


def result_id(job_id: str, name: str) -> str:
    """The identifier of a result: ``job:<jobid>/<result>``."""
    return f"{JOB}{job_id}/{name}"


def upload_id(job_id: str, name: str = "") -> str:
    """The identifier of a file that came with a request; without a name, what all of that request begin with."""
    return f"{JOB}{job_id}{UPLOADS}{name}"


def is_upload(identifier: str) -> bool:
    """Whether an identifier is that of a file that came with a request."""
    return _UPLOAD.fullmatch(identifier) is not None


def read_upload(identifier: str) -> tuple[str, str]:
    """The job with whose request a file came, and the file's name; empty texts for any other identifier."""
    found = _UPLOAD.fullmatch(identifier)
    return (found["job"], found["name"]) if found else ("", "")
