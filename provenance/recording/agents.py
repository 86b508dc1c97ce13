"""Writes who is responsible for a job and for what it made."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from provenance.models import Activity, Agent, WasAssociatedWith, WasAttributedTo, WasGeneratedBy
from provenance.recording.roles import CREATOR, OPERATOR, PROVIDER
from uws.models import Job

__all__ = ["SERVICE_AGENT", "associate", "known_agent", "service_agent", "user_agent"]

SERVICE_AGENT = f"athanor/{settings.ATHANOR_VERSION}"
"""Identifier of this software as an agent."""


def associate(activity: Activity, job: Job) -> None:
    """Name the operator and the provider of a job, and the creator of its results."""
    user, service = user_agent(job.owner), service_agent()
    WasAssociatedWith.objects.bulk_create(
        [
            WasAssociatedWith(activity=activity, agent=user, role=OPERATOR),
            WasAssociatedWith(activity=activity, agent=service, role=PROVIDER),
        ]
    )
    with connection.cursor() as cursor:  # one statement for however many results
        cursor.execute(
            f"INSERT INTO {WasAttributedTo._meta.db_table} (entity_id, agent_id, role) "  # noqa: S608 - names of ours
            f"SELECT entity_id, %s, %s FROM {WasGeneratedBy._meta.db_table} WHERE activity_id = %s ORDER BY id",
            [user.pk, CREATOR, activity.pk],
        )


def service_agent() -> Agent:
    """The agent that is this software."""
    return known_agent(SERVICE_AGENT, name=f"Athanor {settings.ATHANOR_VERSION}", type="SoftwareAgent")


def user_agent(user: object | None) -> Agent:
    """A user, or whoever did not sign in."""
    if user is None:
        return known_agent("user/anonymous", name="anonymous user", type="Person")
    name = user.get_username()  # type: ignore[attr-defined]
    return known_agent(f"user/{name}", name=user.get_full_name() or name, type="Person")  # type: ignore[attr-defined]


def known_agent(identifier: str, *, name: str, type: str, url: str = "") -> Agent:  # noqa: A002 - the model's word
    """The agent with an identifier; it is written when there is none yet."""
    agent, _ = Agent.objects.get_or_create(
        identifier=identifier, defaults={"name": name[:200], "type": type, "url": url}
    )
    return agent
