"""Reads provenance: the graph around a job."""

from __future__ import annotations

from collections.abc import Collection

from obstap.products import is_public
from provenance.graph import Graph, Relation
from provenance.models import (
    Activity,
    Entity,
    Used,
    WasAssociatedWith,
    WasAttributedTo,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from uws.digests import known_digest
from uws.inputs import resolve
from uws.selectors import get_job
from vo.errors import NotFoundError

__all__ = ["find_entity", "is_visible", "job_graph"]

MOST = 200
"""Jobs that a graph shows at most: a generation that would exceed it is left out."""


def job_graph(*, job_id: str, user: object | None, depth: int = 3) -> Graph:
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
        earlier = WasInformedBy.objects.filter(informed__in=frontier).values_list("informant", "informant__identifier")
        frontier = {pk for pk, identifier in earlier if pk not in wanted and is_visible(identifier, user)}
        if not frontier or len(wanted) + len(frontier) > MOST:
            break
        wanted |= frontier
    return _graph_of(wanted)


def find_entity(*, identifier: str, user: object | None) -> str | None:
    """Path, below the service's base URL, of the file that an entity is; None when it is gone or closed.

    A file that has changed since is another entity (its identifier carries the new digest after ``#``); the entity that
    it was is gone.
    """
    # PostgreSQL refuses to look for a text with NUL.
    entity = None if "\0" in identifier else Entity.objects.filter(identifier=identifier).first()
    if entity is None:
        return None
    try:
        found = resolve(identifier.partition("#")[0], user=user)
        present = found.sha256 or known_digest(found.path)
    except (NotFoundError, OSError):
        return None
    if entity.sha256 and present != entity.sha256:
        return None
    return entity.location or found.location or None


def is_visible(identifier: str, user: object | None) -> bool:
    """Whether a user may see the provenance of a job: whose job it is, and everybody once a product is published."""
    if "\0" not in identifier and is_public(identifier, user):
        return True
    try:
        get_job(job_id=identifier, user=user)
    except NotFoundError:
        return False
    return True


def _graph_of(wanted: Collection[int]) -> Graph:
    graph = Graph(
        activities={
            activity.pk: activity
            for activity in Activity.objects.filter(pk__in=wanted)
            .select_related("description")
            .prefetch_related("parameters__description")
            .order_by("pk")
        }
    )
    relations = graph.relations
    for used in Used.objects.filter(activity__in=wanted).select_related("entity__description").order_by("pk"):
        graph.entities[used.entity_id] = used.entity
        relations.append(Relation("used", ("activity", used.activity_id), ("entity", used.entity_id), used.role))
    made = WasGeneratedBy.objects.filter(activity__in=wanted).select_related("entity__description").order_by("pk")
    for generation in made:
        graph.entities[generation.entity_id] = generation.entity
        relations.append(
            Relation(
                "wasGeneratedBy",
                ("entity", generation.entity_id),
                ("activity", generation.activity_id),
                generation.role,
            )
        )
    for association in WasAssociatedWith.objects.filter(activity__in=wanted).select_related("agent").order_by("pk"):
        graph.agents[association.agent_id] = association.agent
        relations.append(
            Relation(
                "wasAssociatedWith",
                ("activity", association.activity_id),
                ("agent", association.agent_id),
                association.role,
            )
        )
    entities = list(graph.entities)
    attributions = WasAttributedTo.objects.filter(entity__in=entities, agent__in=list(graph.agents)).order_by("pk")
    relations.extend(
        Relation("wasAttributedTo", ("entity", item.entity_id), ("agent", item.agent_id), item.role)
        for item in attributions
    )
    derivations = WasDerivedFrom.objects.filter(entity__in=entities, used_entity__in=entities).order_by("pk")
    relations.extend(
        Relation("wasDerivedFrom", ("entity", item.entity_id), ("entity", item.used_entity_id)) for item in derivations
    )
    informs = WasInformedBy.objects.filter(informed__in=wanted, informant__in=wanted).order_by("pk")
    relations.extend(
        Relation("wasInformedBy", ("activity", item.informed_id), ("activity", item.informant_id)) for item in informs
    )
    return graph
