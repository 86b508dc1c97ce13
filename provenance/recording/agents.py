"""Writes who is responsible for a job and for what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from provenance.models import Agent, WasAssociatedWith, WasAttributedTo

if TYPE_CHECKING:
    from provenance.models import Activity, Entity
    from uws.models import Job

__all__ = ["SERVICE_AGENT", "associate"]

SERVICE_AGENT = f"athanor/{settings.ATHANOR_VERSION}"
"""Identifier of this software as an agent."""


def associate(activity: Activity, job: Job, generated: list[Entity]) -> None:
    """Name the operator and the provider of a job, and the creator of its results."""
    service, _ = Agent.objects.get_or_create(
        identifier=SERVICE_AGENT,
        defaults={"name": f"Athanor {settings.ATHANOR_VERSION}", "type": "SoftwareAgent"},
    )
    if job.owner is None:
        identifier, name = "user/anonymous", "anonymous user"
    else:
        identifier, name = f"user/{job.owner.get_username()}", job.owner.get_full_name() or job.owner.get_username()
    user, _ = Agent.objects.get_or_create(identifier=identifier, defaults={"name": name, "type": "Person"})
    WasAssociatedWith.objects.bulk_create(
        [
            WasAssociatedWith(activity=activity, agent=user, role="Operator"),
            WasAssociatedWith(activity=activity, agent=service, role="Provider"),
        ]
    )
    WasAttributedTo.objects.bulk_create(
        WasAttributedTo(entity=entity, agent=user, role="Creator") for entity in generated
    )
