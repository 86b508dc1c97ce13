"""Where the jobs of a task are: queries have a list of their own (TAP 1.1 §2.3)."""

from __future__ import annotations

from urllib.parse import quote

from uws.models import Job

__all__ = ["TAP", "job_address", "list_path"]

TAP = "tap"
"""The definition whose job list is ``/tap/async``."""


def list_path(definition: str) -> str:
    """Path of the job list of a task, below the service's base URL."""
    return "tap/async" if definition == TAP else f"uws/{quote(definition, safe='')}"


def job_address(base_url: str, job: Job) -> str:
    """The address of a job in its list.

    Parameters
    ----------
    base_url
        Of the service, without a final slash.
    """
    return f"{base_url}/{list_path(job.definition)}/{job.pk}"
