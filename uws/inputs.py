"""How an input parameter of a job becomes a file.

A reference is what the user wrote: an ``obs_publisher_did``, an access URL of this service, or
``job:<jobid>/<result>``. Packages register a resolver for the references that they know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.db import transaction

from uws.models import JobInput
from vo.errors import NotFoundError

__all__ = ["Resolved", "Resolver", "register", "remember_inputs", "resolve"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A file that a reference stands for.

    Parameters
    ----------
    entity_id
        Identifier of the data set in provenance: an ``obs_publisher_did`` or ``job:<jobid>/<result>``.
    sha256
        Hex digest when it is known already, else empty; it is computed when the job runs.
    location
        Path of the file's URL below the service's base URL.
    """

    path: Path
    name: str
    media_type: str
    entity_id: str
    size: int
    sha256: str = ""
    location: str = ""


class Resolver(Protocol):
    """Turns a reference into a file, or gives None when it does not know the reference's form."""

    def __call__(self, reference: str, *, user: object | None) -> Resolved | None:
        """The file; `vo.errors.NotFoundError` when the form is known but the file is not the user's to read."""


_resolvers: list[Resolver] = []


def register(resolver: Resolver) -> Callable[..., Resolved | None]:
    """Add a resolver; called from `AppConfig.ready` of the package that owns the references."""
    if resolver not in _resolvers:
        _resolvers.append(resolver)
    return resolver


def resolve(reference: str, *, user: object | None) -> Resolved:
    """The file that `reference` stands for and `user` may read.

    Raises
    ------
    vo.errors.NotFoundError
        When no resolver knows it, it does not exist, or it is not the user's to read.
    """
    for resolver in _resolvers:
        found = resolver(reference, user=user)
        if found is not None:
            return found
    raise NotFoundError(
        f"{reference!r} is not known here.",
        hint="Give an obs_publisher_did of ivoa.obscore, an access_url of this service, job:<jobid>/<result>, or"
        " odf:<obsid> where a task reads observation data files.",
    )


@transaction.atomic
def remember_inputs(*, job_id: str, parameter: str, inputs: Iterable[JobInput]) -> None:
    """Keep the files that an in-process task finds out itself to be behind a parameter, in place of those of before."""
    JobInput.objects.filter(job_id=job_id, parameter=parameter).delete()
    JobInput.objects.bulk_create(_of_job(item, job_id) for item in inputs)


def _of_job(item: JobInput, job_id: str) -> JobInput:
    item.job_id = job_id
    return item
