"""Observation data files (ODF) of XMM-Newton that a site keeps: ``odf:<obsid>`` as an input of jobs.

In the directory that ATHANOR_ODF_DIR names, each observation has a directory ``<obsid>``, or ``<obsid>/odf``, or an
archive ``<obsid>.tar.gz`` (also ``.tar``, ``.tgz`` and ``.zip``), which a job gets unpacked.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from uws.inputs import Resolved
from uws.runner_results import state
from vo.errors import NotFoundError

__all__ = ["resolve_odf"]

PREFIX = "odf:"

_OBSID = re.compile(r"[0-9]{10}")
_FOLDERS = ("{}/odf", "{}/ODF", "{}")
_ARCHIVES = {
    ".tar.gz": "application/gzip",
    ".tgz": "application/gzip",
    ".tar": "application/x-tar",
    ".zip": "application/zip",
}
DIRECTORY = "inode/directory"
"""Media type of a directory, as the shared database of freedesktop.org names it."""


def resolve_odf(reference: str, *, user: object | None) -> Resolved | None:  # noqa: ARG001 - a resolver's form
    """Resolver of ``odf:<obsid>``; whoever may run jobs may read what lies there.

    Raises
    ------
    vo.errors.NotFoundError
        When the identifier is malformed, or there are no such files here.
    """
    if not reference.startswith(PREFIX):
        return None
    obsid = reference.removeprefix(PREFIX)
    if not _OBSID.fullmatch(obsid):
        raise NotFoundError(
            f"{obsid[:40]!r} identifies no observation of XMM-Newton.", hint="It has ten digits, as in odf:0123700101."
        )
    if not settings.ATHANOR_ODF_DIR:
        raise NotFoundError(
            "This service keeps no observation data files.",
            hint="The operator can say where they are by ATHANOR_ODF_DIR.",
        )
    volume = Path(settings.ATHANOR_ODF_DIR)
    for path in (volume / pattern.format(obsid) for pattern in _FOLDERS):
        if path.is_dir():
            return _resolved(reference, path, obsid, DIRECTORY)
    for suffix, media_type in _ARCHIVES.items():
        path = volume / f"{obsid}{suffix}"
        if path.is_file():
            return _resolved(reference, path, path.name, media_type)
    raise NotFoundError(
        f"This service does not have the observation data files of {obsid}.",
        hint="Where it is allowed, the task fetch-xmm brings them: its result can be given instead.",
    )


def _resolved(reference: str, path: Path, name: str, media_type: str) -> Resolved:
    size, _ = state(path)
    return Resolved(path=path, name=name, media_type=media_type, entity_id=reference, size=size)
