"""ProvSAP: the provenance around things that are named (drafts of the IVOA, 2017 to 2019; no Recommendation).

Both dialects that were served are understood: DIRECTION=FORTH and FORWARD, AGENT and AGENTS, true and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.db.models import Q

from provenance.document import Model
from provenance.graph import Graph
from provenance.models import Activity, Entity
from provenance.reading import Detail, graph_of
from provenance.visibility import open_to
from provenance.walk import Direction, Found, Way, walk
from vo.dali import Parameters
from vo.errors import NotFoundError, ParameterError
from vo.wording import did_you_mean, is_storable

__all__ = ["Request", "find_graph", "read_request"]

NAMES = (
    *("ID", "DEPTH", "DIRECTION", "MEMBERS", "STEPS", "AGENT", "AGENTS", "CONFIGURATION", "DESCRIPTIONS"),
    *("ATTRIBUTES", "MODEL", "RESPONSEFORMAT", "FORMAT", "RUNID"),
)
"""Parameters that are understood (DALI 1.1 §2.1: names without case)."""

MOST_IDS = 500
"""Things that one request asks for at most."""

_DIRECTIONS = {"BACK": Direction.BACK, "FORTH": Direction.FORTH, "FORWARD": Direction.FORTH}
_YES = frozenset({"1", "TRUE", "YES", "2"})
_NO = frozenset({"0", "FALSE", "NO"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Parameters
    ----------
    depth
        How many relations to follow; None for all.
    members
        Whether collections lead to their members.
    steps
        Whether pipelines lead to the jobs of their steps.
    """

    ids: tuple[str, ...]
    depth: int | None = 1
    direction: Direction = Direction.BACK
    model: Model = Model.IVOA
    members: bool = False
    steps: bool = False
    agents: bool = False
    configuration: bool = False
    descriptions: bool = False
    attributes: bool = True
    responseformat: str = ""


def read_request(given: Parameters) -> Request:
    """The request that parameters make.

    Raises
    ------
    vo.errors.ParameterError
        When one is unknown, missing or wrong.
    """
    for name in given:
        if name.upper() not in NAMES:
            raise ParameterError(name, "There is no such parameter.", hint=did_you_mean(name.upper(), NAMES))
    ids = tuple(dict.fromkeys(value.strip() for value in given.all("ID") if value.strip()))
    if not ids:
        raise ParameterError("ID", "It is required: the identifier of a data set, a result, a job or another activity.")
    if len(ids) > MOST_IDS:
        raise ParameterError("ID", f"There are {len(ids)} of them; {MOST_IDS} can be asked for at once.")
    return Request(
        ids=ids,
        depth=_depth(given.single("DEPTH")),
        direction=_one_of("DIRECTION", given.single("DIRECTION"), _DIRECTIONS, Direction.BACK),
        model=_one_of("MODEL", given.single("MODEL"), Model.__members__, Model.IVOA),
        members=_flag(given, "MEMBERS", default=False),
        steps=_flag(given, "STEPS", default=False),
        agents=_flag(given, "AGENTS", "AGENT", default=False),
        configuration=_flag(given, "CONFIGURATION", default=False),
        descriptions=_flag(given, "DESCRIPTIONS", default=False),
        attributes=_flag(given, "ATTRIBUTES", default=True),
        responseformat=given.single("RESPONSEFORMAT", "FORMAT"),
    )


def _depth(text: str) -> int | None:
    if text.upper() == "ALL":
        return None
    if not text:
        return 1
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ParameterError("DEPTH", f"{text[:40]!r} is no number of relations; give 0, 1, … or ALL.")
    return int(text)


def _one_of(name: str, text: str, known: Any, default: Any) -> Any:
    if not text:
        return default
    if text.upper() not in known:
        raise ParameterError(name, f"{text[:40]!r} is none of {', '.join(known)}.")
    return known[text.upper()]


def _flag(given: Parameters, name: str, *synonyms: str, default: bool) -> bool:
    text = given.single(name, *synonyms).upper()
    if text in _YES:
        return True
    if text in _NO:
        return False
    if text:
        raise ParameterError(name, f"{text[:40]!r} is neither true nor false; give 1 or 0.")
    return default


def find_graph(request: Request, *, user: Any, base_url: str) -> Graph:
    """The graph that a request asks for, as far as the user may see it.

    Parameters
    ----------
    base_url
        Root of the service: addresses of jobs, results and files below it name them too.

    Raises
    ------
    vo.errors.NotFoundError
        When an identifier is not known, or not the user's to see.
    vo.errors.ParameterError
        When more is found than one answer holds.
    """
    start = _start(request.ids, user, base_url)
    way = Way(request.direction, request.depth, members=request.members, steps=request.steps)
    found = walk(start, user=user, way=way)
    detail = Detail(
        agents=request.agents,
        configuration=request.configuration,
        attributes=request.attributes,
        descriptions=request.descriptions,
    )
    return graph_of(found, user=user, detail=detail)


def _start(ids: Sequence[str], user: Any, base_url: str) -> Found:
    start = Found()
    for given in ids:
        name = _local(given, base_url)
        found = Found()
        if is_storable(name):
            activities = Activity.objects.filter(open_to(user), identifier=name).values_list("pk", flat=True)
            by_place = Q(location=name) if name else Q(pk__in=())
            entities = Entity.objects.filter(open_to(user), Q(identifier=name) | by_place).values_list("pk", flat=True)
            found = Found(set(activities), set(entities))
        if not found:
            raise NotFoundError(
                f"There is no provenance of {given[:200]!r} here.",
                hint="ID is an obs_publisher_did, a job, job:<jobid>/<result>, an activity, or the address of one.",
            )
        start.activities |= found.activities
        start.entities |= found.entities
    return start


def _local(given: str, base_url: str) -> str:
    """An address of ours as the identifier or location that is stored; anything else as it is."""
    place = given.removeprefix(f"{base_url}/")
    for folder in ("jobs/", "provenance/activities/"):
        if place.startswith(folder):
            return unquote(place.removeprefix(folder).partition("#")[0].strip("/"))
    if place.startswith("provenance/entities/?ID="):
        return unquote(place.partition("=")[2].partition("#")[0])
    return place
