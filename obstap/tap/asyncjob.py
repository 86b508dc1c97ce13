"""A query that runs as a job: the function of the job definition ``tap`` (TAP 1.1 §2.3)."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.utils.functional import SimpleLazyObject

from obstap.stores import TableContent
from obstap.tap.parameters import read_request
from obstap.tap.query import Stream, run_query
from obstap.tap.readings import keep_tables, keep_uploads
from obstap.uploads.reading import Taken, read_uploads
from uws.executors import InProcessContext, Produced
from uws.uploads import find_upload
from vo.dali import Parameters
from vo.errors import TimeLimitError, UsageError

__all__ = ["RESULT", "run"]

RESULT = "result"
"""The name under which clients look for the answer."""


def run(context: InProcessContext) -> list[Produced]:
    """Run the query of a job and write its answer into the work directory.

    A query that takes too long fails, as any other that cannot be answered: who waits for it is told why.

    Raises
    ------
    vo.errors.AthanorError
        When a parameter is wrong, the query fails at any moment, or the job was cancelled.
    """
    try:
        return _run(context)
    except TimeLimitError as error:
        raise UsageError(error.message, hint=error.hint) from error


def _run(context: InProcessContext) -> list[Produced]:
    wanted = read_request(Parameters.from_lists(context.parameters))
    user = SimpleLazyObject(partial(_owner, context.user_id))  # most queries need to know nothing of it
    uploads: tuple[TableContent, ...] = ()
    taken: list[Taken] = []
    if wanted.uploads:
        context.stage("Reading the uploaded tables")
        uploads = read_uploads(
            wanted.uploads,
            lambda name: find_upload(context.workdir, name).open("rb"),
            user=user,
            tell=taken.append,
        )
        if context.job_id:
            keep_uploads(context.job_id, context.workdir, taken)
    context.stage("Running the query")
    answer = run_query(
        query=wanted.query,
        lang=wanted.lang,
        maxrec=wanted.maxrec,
        responseformat=wanted.responseformat,
        base_url=context.base_url,
        time_limit=context.time_limit,
        cancellation=context.cancellation,
        tell_errors=False,
        uploads=uploads,
        user=user,
    )
    with closing(answer):
        if context.job_id:
            keep_tables(context.workdir, answer.tables)
        context.stage("Writing the answer")
        path = context.workdir / answer.filename
        _write(answer, path)
    return [Produced(RESULT, path, answer.content_type, role="table")]


def _owner(user_id: int | None) -> Any:
    """Whose job it is; nobody where that is not known."""
    known = get_user_model().objects.filter(pk=user_id).first() if user_id is not None else None
    return known or AnonymousUser()


def _write(answer: Stream, path: Path) -> None:
    """Write the whole answer or nothing."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(answer)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
