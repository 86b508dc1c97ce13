"""Repeating by programs: ``/api/v1/jobs/<jobid>/rerun`` and ``…/comparison``.

``GET …/rerun`` tells what has become of the inputs of a job, ``POST`` repeats it; a form or a JSON object may say
``allow_changed``. ``GET …/comparison`` gives the verdict on a repetition, and those on the repetitions of a job.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path

from obstap.joblists import job_address
from provenance.models import ComparedItem
from provenance.rerun.inputs import InputState
from provenance.rerun.selectors import Repetition, find_repetition, repetitions_of
from provenance.rerun.service import ALLOW_CHANGED, plan_rerun, rerun_job
from uws.http.forms import read_form
from uws.http.locations import base_url
from uws.http.negotiation import JSON
from uws.selectors import get_job
from uws.views.resource import resource
from vo.dali import Parameters
from vo.errors import NotFoundError, ParameterError

__all__ = ["urlpatterns"]

_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


def _plan(request: HttpRequest, *, job_id: str) -> HttpResponseBase:
    plan = plan_rerun(job_id=job_id, user=request.user)
    return JsonResponse(
        {
            "job": job_id,
            "definition": plan.job.definition,
            "version": plan.job.definition_version,
            "inputs": [_input(item) for item in plan.inputs],
        }
    )


def _rerun(request: HttpRequest, *, job_id: str) -> HttpResponseBase:
    service = base_url(request)
    job = rerun_job(job_id=job_id, user=request.user, base_url=service, allow_changed=_allows_changed(request))
    place = job_address(service, job)
    answer = {"job": job.pk, "repeats": job_id, "phase": job.phase, "url": place}
    if job.held_reason:
        answer["held"] = job.held_reason
    return JsonResponse(answer, status=201, headers={"Location": place})


def _compared(request: HttpRequest, *, job_id: str) -> HttpResponseBase:
    job = get_job(job_id=job_id, user=request.user)
    found = find_repetition(job=job, user=request.user)
    repetitions = repetitions_of(job=job, user=request.user)
    if found is None and not repetitions:
        raise NotFoundError(
            f"The job {job_id} repeats no other, and was not repeated.", hint="POST to …/rerun to repeat it."
        )
    answer: dict[str, Any] = {"job": job.pk}
    if found is not None:
        answer |= _described(found) | {
            "results": [_item(item) for item in found.results],
            "steps": [_item(item) for item in found.steps],
            "changed_inputs": [_item(item) for item in found.inputs],
        }
    answer["repetitions"] = [{"job": item.job.pk, **_described(item)} for item in repetitions]
    return JsonResponse(answer)


def _allows_changed(request: HttpRequest) -> bool:
    """The one word of the request, in a form or in a JSON object."""
    if request.content_type != JSON:
        given = Parameters.from_lists(read_form(request).parameters)
        unknown = [name for name in given if name != ALLOW_CHANGED.upper()]
        if unknown:
            raise _unknown(unknown[0])
        text = given.single(ALLOW_CHANGED).lower()
        if text not in _WORDS:
            raise ParameterError(ALLOW_CHANGED, f"{text[:40]!r} is neither true nor false.")
        return _WORDS[text]
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ParameterError("body", "it is no JSON; send an object such as {}.") from error
    if not isinstance(body, dict):
        raise ParameterError("body", "it is no JSON object; send one such as {}.")
    unknown = [name for name in body if name != ALLOW_CHANGED]
    if unknown:
        raise _unknown(unknown[0])
    value = body.get(ALLOW_CHANGED, False)
    if not isinstance(value, bool):
        raise ParameterError(ALLOW_CHANGED, "it is neither true nor false.")
    return value


def _unknown(name: str) -> ParameterError:
    return ParameterError(
        repr(name[:40]), f"it is not taken here; {ALLOW_CHANGED} is: a job is repeated with its own parameters."
    )


def _input(item: InputState) -> dict[str, Any]:
    return {
        "parameter": item.parameter,
        "reference": item.reference,
        "entity": item.entity_id,
        "state": item.state,
        "recorded_sha256": item.before or None,
        "present_sha256": item.now or None,
        "found_as": item.found_as or None,
    }


def _described(found: Repetition) -> dict[str, Any]:
    return {
        "repeats": found.job.repeats_id,
        "phase": found.job.phase,
        "verdict": found.verdict or None,
        "reason": found.reason or None,
    }


def _item(item: ComparedItem) -> dict[str, Any]:
    return {
        "name": item.name,
        "outcome": item.outcome,
        "original_sha256": item.before or None,
        "repetition_sha256": item.after or None,
        "detail": item.detail or None,
    }


urlpatterns = [
    path("api/v1/jobs/<str:job_id>/rerun", resource(GET=_plan, POST=_rerun), name="api-rerun"),
    path("api/v1/jobs/<str:job_id>/comparison", resource(GET=_compared), name="api-comparison"),
]
"""Below the service's base URL."""
