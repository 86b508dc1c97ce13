"""ProvSAP: the provenance around things that are named (drafts of the IVOA, 2017 to 2019; no Recommendation).

Both dialects that were served are understood: DIRECTION=FORTH and FORWARD, AGENT and AGENTS, true and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from provenance.document import Model
from provenance.graph import Graph
from provenance.models import Activity, Entity
from provenance.selectors import Detail, graph_of
from provenance.walk import Direction, Found, open_to, walk
from vo.dali import Parameters
from vo.errors import NotFoundError, ParameterError
from vo.wording import did_you_mean

__all__ = ["Request", "find_graph", "read_request"]

NAMES = (
    *("ID", "DEPTH", "DIRECTION", "MEMBERS", "STEPS", "AGENT", "AGENTS", "CONFIGURATION", "DESCRIPTIONS"),
    *("ATTRIBUTES", "MODEL", "RESPONSEFORMAT", "FORMAT", "RUNID"),
)
"""Parameters that are understood (DALI 1.1 §2.1: names without case)."""

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
    steps
        Whether the jobs of a pipeline's steps are told with it.
    """

    ids: tuple[str, ...]
    depth: int | None = 1
    direction: Direction = Direction.BACK
    model: Model = Model.IVOA
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
        raise ParameterError("ID", "It is required: the identifier of a data set, a result or a job.")
    _flag(given, "MEMBERS", default=False)  # there are no collections yet whose members could be told
    return Request(
        ids=ids,
        depth=_depth(given.single("DEPTH")),
        direction=_one_of("DIRECTION", given.single("DIRECTION"), _DIRECTIONS, Direction.BACK),
        model=_one_of("MODEL", given.single("MODEL"), Model.__members__, Model.IVOA),
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
    """
    start = _start(request.ids, user, base_url)
    found = walk(start, user=user, direction=request.direction, depth=request.depth)
    if request.steps:
        found.activities |= _steps(found.activities, user)
    detail = Detail(agents=request.agents, configuration=request.configuration, attributes=request.attributes)
    return graph_of(found, user=user, detail=detail)


def _start(ids: Sequence[str], user: Any, base_url: str) -> Found:
    start = Found()
    for given in ids:
        name = _local(given, base_url)
        activities = Activity.objects.filter(open_to(user), identifier=name).values_list("pk", flat=True)
        by_place = Q(location=name) if name else Q(pk__in=())
        entities = Entity.objects.filter(open_to(user), Q(identifier=name) | by_place).values_list("pk", flat=True)
        found = Found(set(activities), set(entities)) if "\0" not in name else Found()
        if not found.activities and not found.entities:
            raise NotFoundError(
                f"There is no provenance of {given[:200]!r} here.",
                hint="ID is an obs_publisher_did, a job, job:<jobid>/<result>, or the address of one of these.",
            )
        start.activities |= found.activities
        start.entities |= found.entities
    return start


def _local(given: str, base_url: str) -> str:
    """An address of ours as the identifier or location that is stored; anything else as it is."""
    place = given.removeprefix(f"{base_url}/")
    if place.startswith("jobs/"):
        return place.removeprefix("jobs/").strip("/")
    return place


def _steps(activities: set[int], user: Any) -> set[int]:
    return set(Activity.objects.filter(open_to(user), parent__in=activities).values_list("pk", flat=True))
