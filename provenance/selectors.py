"""Reads provenance: the graph around a job or any other thing, as its asker may see it."""

from __future__ import annotations

from typing import Any

from provenance.graph import Graph
from provenance.models import Activity, ActivityKind, Entity, Used, WasGeneratedBy, WasInformedBy
from provenance.reading import Detail, graph_of
from provenance.recording.states import current, states_of
from provenance.visibility import open_to
from provenance.walk import Found
from uws.digests import known_digest
from uws.inputs import resolve
from uws.selectors import get_job
from vo.errors import NotFoundError
from vo.wording import is_storable

__all__ = ["Detail", "find_entity", "graph_of", "is_visible", "job_graph", "present_entity"]

MOST = 200
"""Activities that the graph of a job shows at most: a generation that would exceed it is left out."""


def job_graph(*, job_id: str, user: Any, depth: int = 3) -> Graph:
    """The provenance of a job and of the jobs that made its inputs.

    Parameters
    ----------
    user
        Who asks; jobs that this user may not see end the graph.
    depth
        How many generations of earlier jobs to follow.

    Raises
    ------
    vo.errors.NotFoundError
        When the job is not visible to the user, or has not ended yet.
    """
    if not is_visible(job_id, user):
        raise NotFoundError(f"There is no job {job_id!r} here.")
    start = Activity.objects.filter(identifier=job_id).values_list("pk", flat=True).first()
    if start is None:
        raise NotFoundError(f"Job {job_id} has no provenance yet.", hint="It is recorded when the job has ended.")
    wanted, frontier = {start}, {start}
    for _ in range(depth):
        earlier = WasInformedBy.objects.filter(open_to(user, "informant__"), informed__in=frontier)
        frontier = set(earlier.values_list("informant", flat=True)) - wanted
        if not frontier or len(wanted) + len(frontier) > MOST:
            break
        wanted |= frontier
    wanted |= _publications(start, user)
    used = Used.objects.filter(activity__in=wanted).values_list("entity_id", flat=True)
    # Of what an ingest brought in, only what was used belongs to the job.
    generated = WasGeneratedBy.objects.filter(activity__in=wanted).exclude(activity__kind=ActivityKind.INGEST)
    made = generated.values_list("entity_id", flat=True)
    return graph_of(Found(wanted, {*used, *made}), user=user)


def _publications(activity: int, user: Any) -> set[int]:
    """The publications of what an activity has made."""
    found = Activity.objects.filter(open_to(user), kind=ActivityKind.PUBLICATION, informants__informant=activity)
    return set(found.values_list("pk", flat=True))


def find_entity(*, identifier: str, user: object | None) -> str | None:
    """Path, below the service's base URL, of the file that an entity is; None when it is gone or closed.

    A file that has changed since is another entity (its identifier carries the new digest after ``#``); the entity that
    it was is gone.
    """
    entity = Entity.objects.filter(identifier=identifier).first() if is_storable(identifier) else None
    if entity is None:
        return None
    try:
        found = resolve(identifier.partition("#")[0], user=user)
        present = found.sha256 or known_digest(found.path)
    except (NotFoundError, OSError):
        return None
    if entity.sha256 and present != entity.sha256:
        return None
    if not entity.sha256 and entity.invalidated_at_time is not None:
        return None
    return entity.location or found.location or None


def present_entity(did: str) -> Entity | None:
    """The state of a data set of the archive in which it is now; None where nothing is known of it."""
    return current(states_of([did]).get(did, ())) if is_storable(did) else None


def is_visible(identifier: str, user: Any) -> bool:
    """Whether a user may see the provenance of a job: its owner, and everybody once a product of it is public."""
    if not is_storable(identifier):
        return False
    if Activity.objects.filter(open_to(user), identifier=identifier).exists():
        return True
    try:
        get_job(job_id=identifier, user=user)
    except NotFoundError:
        return False
    return True
