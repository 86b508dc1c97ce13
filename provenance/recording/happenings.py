"""What happens to the archive itself, as activities: ingests, publications of results and of tables."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from django.conf import settings

from provenance.models import (
    Activity,
    ActivityDescription,
    ActivityKind,
    Agent,
    GenerationDescription,
    Parameter,
    ParameterDescription,
    UsageDescription,
    WasAssociatedWith,
)
from provenance.recording.agents import known_agent, service_agent
from provenance.recording.roles import PROVIDER, PUBLISHED, RESULT
from uws.phases import Phase

__all__ = ["PUBLICATION", "Happening", "happen", "keeper_agent"]

_Rows = Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Happening:
    """A kind of what happens.

    Parameters
    ----------
    kind
        A member of `ActivityKind`.
    used, generated
        Role, multiplicity and description of what it uses and of what it generates.
    parameters
        Name, type and description of each.
    libraries
        Distributions whose versions are told besides that of this software.
    """

    kind: str
    name: str
    description: str
    used: _Rows = ()
    generated: _Rows = ()
    parameters: _Rows = ()
    libraries: Sequence[str] = ()


PUBLICATION = Happening(
    ActivityKind.PUBLICATION,
    "publication",
    "Puts a copy of a job's result into the archive.",
    used=[(RESULT, "1", "The result of a job")],
    generated=[(PUBLISHED, "1", "The data set of the archive")],
    parameters=[
        ("collection", "string", "The obs_collection of the data set"),
        ("release_date", "datetime", "When the file becomes public, where that is not at once"),
    ],
)


def _describe(happening: Happening) -> ActivityDescription:
    """What is told of every activity of the kind, in the version of this software."""
    row, new = ActivityDescription.objects.get_or_create(
        name=happening.name,
        version=settings.ATHANOR_VERSION,
        defaults={"description": happening.description, "type": "Archive"},
    )
    if new:
        for model, things in ((UsageDescription, happening.used), (GenerationDescription, happening.generated)):
            model.objects.bulk_create(
                model(activity_description=row, role=role, type="Main", multiplicity=count, description=text)
                for role, count, text in things
            )
        ParameterDescription.objects.bulk_create(
            ParameterDescription(activity_description=row, name=name, value_type=kind, description=text)
            for name, kind, text in happening.parameters
        )
    return row


def happen(
    happening: Happening,
    *,
    identifier: str,
    start: datetime,
    end: datetime,
    parameters: Mapping[str, Iterable[object]],
    responsible: Agent,
    role: str,
    **more: Any,
) -> Activity:
    """Write an activity that is over, its parameters and who was responsible.

    Parameters
    ----------
    parameters
        Name to values.
    responsible, role
        An agent and what it was in the activity; the service is its provider.
    more
        Other columns, such as whose the activity is and since when it is public.
    """
    description = _describe(happening)
    libraries = {name: version(name) for name in happening.libraries}
    activity = Activity.objects.create(
        kind=happening.kind,
        identifier=identifier,
        name=happening.name,
        start_time=start,
        end_time=end,
        phase=Phase.COMPLETED,
        host=socket.gethostname(),
        software={"athanor": settings.ATHANOR_VERSION, **libraries},
        description=description,
        **more,
    )
    known = {item.name: item for item in description.parameters.all()}
    Parameter.objects.bulk_create(
        Parameter(activity=activity, name=name, value=str(value), description=known.get(name))
        for name, values in parameters.items()
        for value in values
    )
    WasAssociatedWith.objects.bulk_create(
        [
            WasAssociatedWith(activity=activity, agent=responsible, role=role),
            WasAssociatedWith(activity=activity, agent=service_agent(), role=PROVIDER),
        ]
    )
    return activity


def keeper_agent() -> Agent:
    """Whoever runs the service, by the authority of its identifiers: nothing else is known of who gives commands."""
    authority = settings.ATHANOR_AUTHORITY
    return known_agent(
        f"authority/{authority}", name=f"Operator of {authority}", type="Organization", url=f"ivo://{authority}"
    )
