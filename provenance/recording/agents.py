"""Writes who is responsible for a job and for what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from provenance.models import Agent, WasAssociatedWith, WasAttributedTo

if TYPE_CHECKING:
    from provenance.models import Activity, Entity
    from uws.models import Job

__all__ = ["SERVICE_AGENT", "associate", "keeper_agent", "service_agent", "user_agent"]

SERVICE_AGENT = f"athanor/{settings.ATHANOR_VERSION}"
"""Identifier of this software as an agent."""


def associate(activity: Activity, job: Job, generated: list[Entity]) -> None:
    """Name the operator and the provider of a job, and the creator of its results."""
    service, user = service_agent(), user_agent(job.owner)
    WasAssociatedWith.objects.bulk_create(
        [
            WasAssociatedWith(activity=activity, agent=user, role="Operator"),
            WasAssociatedWith(activity=activity, agent=service, role="Provider"),
        ]
    )
    WasAttributedTo.objects.bulk_create(
        WasAttributedTo(entity=entity, agent=user, role="Creator") for entity in generated
    )


def service_agent() -> Agent:
    """The service's own software."""
    agent, _ = Agent.objects.get_or_create(
        identifier=SERVICE_AGENT,
        defaults={"name": f"Athanor {settings.ATHANOR_VERSION}", "type": "SoftwareAgent"},
    )
    return agent


def user_agent(user: Any) -> Agent:
    """A user, or whoever is not signed in."""
    if user is None:
        identifier, name = "user/anonymous", "anonymous user"
    else:
        identifier, name = f"user/{user.get_username()}", user.get_full_name() or user.get_username()
    agent, _ = Agent.objects.get_or_create(identifier=identifier, defaults={"name": name, "type": "Person"})
    return agent


def keeper_agent() -> Agent:
    """Whoever runs the service, by the authority of its identifiers: nothing else is known of who gives commands."""
    authority = settings.ATHANOR_AUTHORITY
    agent, _ = Agent.objects.get_or_create(
        identifier=f"authority/{authority}",
        defaults={"name": f"Operator of {authority}", "type": "Organization", "url": f"ivo://{authority}"},
    )
    return agent
