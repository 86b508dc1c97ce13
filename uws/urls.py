"""The tree of UWS 1.1 §2.2.1, one job list for each definition; a trailing slash is tolerated everywhere."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import URLPattern, include, re_path

from uws.views import attributes, contents, job, lists

__all__ = ["job_tree", "urlpatterns"]

JOB = r"^/(?P<job_id>[^/]+)"
NAMED = r"/(?P<name>[^/]+)/?$"


def job_tree(
    definition: str | None = None, *, error_document: Callable[[str], bytes] | None = None
) -> list[URLPattern]:
    """URL patterns of a job list, for ``include`` behind a path without a final slash.

    Parameters
    ----------
    definition
        Whose jobs these are; None when the path before it captures ``definition``.
    error_document
        Makes the VOTable that ``/error`` gives from the error's text (TAP 1.1 §2.4); None for plain text.
    """
    fixed = {} if definition is None else {"definition": definition}
    lists_kwargs = {**fixed, "internal": definition is not None}
    with_errors = {**fixed, "error_document": error_document}
    return [
        re_path(r"^/?$", lists.jobs, lists_kwargs),
        re_path(rf"{JOB}/?$", job.job, with_errors),
        re_path(rf"{JOB}/phase/?$", attributes.phase, fixed),
        re_path(rf"{JOB}/executionduration/?$", attributes.execution_duration, fixed),
        re_path(rf"{JOB}/destruction/?$", attributes.destruction, fixed),
        re_path(rf"{JOB}/error/?$", attributes.error, with_errors),
        re_path(rf"{JOB}/quote/?$", attributes.quote, fixed),
        re_path(rf"{JOB}/owner/?$", attributes.owner, fixed),
        re_path(rf"{JOB}/results/?$", contents.results, fixed),
        re_path(rf"{JOB}/results{NAMED}", contents.result, fixed),
        re_path(rf"{JOB}/parameters/?$", contents.parameters, fixed),
        re_path(rf"{JOB}/parameters{NAMED}", contents.parameter, fixed),
        re_path(rf"{JOB}/(?P<name>.+)$", contents.unknown, fixed),
    ]


urlpatterns = [
    re_path(r"^uws/?$", lists.definitions),
    re_path(r"^uws/(?P<definition>[^/]+)", include(job_tree())),
]
