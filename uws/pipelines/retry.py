"""The files with which a job is run again."""

from __future__ import annotations

from uws.digests import known_digest, remember_digest
from uws.models import Job, JobInput, JobKind
from uws.pipelines.arrays import ARRAY, FILE
from uws.pipelines.links import link_or_copy
from uws.uploads import FOLDER
from vo.errors import UsageError

__all__ = ["copy_files"]


def copy_files(old: Job, new: Job) -> None:
    """Give a job what came with the request of the one that it repeats.

    Raises
    ------
    vo.errors.UsageError
        When something of it is no longer there.
    """
    uploads = old.workdir / FOLDER
    names = [f"{FOLDER}/{path.name}" for path in sorted(uploads.iterdir())] if uploads.is_dir() else []
    names += [FILE] if old.kind == JobKind.ARRAY else []
    try:
        for name in names:
            link_or_copy(old.workdir / name, new.workdir / name)
            if sha256 := known_digest(old.workdir / name):  # the same content is not read again
                remember_digest(new.workdir / name, sha256)
    except OSError as error:
        raise UsageError("A file that came with the job is no longer here; it cannot be run again.") from error
    for item in old.inputs.filter(parameter=ARRAY):
        JobInput.objects.create(
            job=new,
            **{field: getattr(item, field) for field in ("parameter", "reference", "entity_id", "name", "path")},
            media_type=item.media_type,
            size=item.size,
            sha256=item.sha256,
        )
