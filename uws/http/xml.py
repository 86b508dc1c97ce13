"""UWS documents in XML, valid against the schema UWS-v1.1.xsd (elements in its order, nil only where it allows)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vo.xmltext import attribute, content

__all__ = ["write_job", "write_jobs", "write_parameters", "write_results"]

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACES = (
    'xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
CUSTOM_NAMESPACE = "urn:uwscustom"
"""The one namespace from which the schema lets results have further attributes."""


def write_jobs(rows: Iterable[tuple[str, str, str, str | None, str]], *, url: str) -> bytes:
    """The list of jobs (UWS 1.1 §2.2.2.1).

    Parameters
    ----------
    rows
        Id, phase, run id, owner's name and creation time of each job.
    url
        Of the list.
    """
    prefix = f'<uws:jobref id="{{}}" xlink:type="simple" xlink:href="{attribute(url)}/'.split("{}")
    parts = [DECLARATION, f'<uws:jobs version="1.1" {NAMESPACES}>\n']
    for job_id, phase, run_id, owner, created in rows:
        run = f"<uws:runId>{content(run_id)}</uws:runId>" if run_id else ""
        who = f"<uws:ownerId>{content(owner)}</uws:ownerId>" if owner else '<uws:ownerId xsi:nil="true"/>'
        parts.append(
            f'{prefix[0]}{job_id}{prefix[1]}{job_id}"><uws:phase>{phase}</uws:phase>{run}{who}'
            f"<uws:creationTime>{created}</uws:creationTime></uws:jobref>\n"
        )
    parts.append("</uws:jobs>\n")
    return "".join(parts).encode()


def write_job(job: dict[str, Any]) -> bytes:
    """A job that `uws.http.description.describe_job` describes (UWS 1.1 §2.2.2.2)."""
    lines = [f'<uws:job version="{job["version"]}" {NAMESPACES}>', _element("jobId", job["jobId"])]
    if "runId" in job:
        lines.append(_element("runId", job["runId"]))
    nillable = ("ownerId", "phase", "quote", "creationTime", "startTime", "endTime", "executionDuration", "destruction")
    lines += [_element(name, job[name]) for name in nillable]
    lines += [_parameters(job["parameters"]), _results(job["results"])]
    if "errorSummary" in job:
        error = job["errorSummary"]
        lines.append(
            f'<uws:errorSummary type="{error["type"]}" hasDetail="{_boolean(error["hasDetail"])}">'
            f"{_element('message', error['message'])}</uws:errorSummary>"
        )
    lines += [_info(job["jobInfo"]), "</uws:job>\n"]
    return (DECLARATION + "\n".join(lines)).encode()


def write_parameters(parameters: list[dict[str, Any]]) -> bytes:
    """The parameters of a job."""
    return (DECLARATION + _parameters(parameters, NAMESPACES) + "\n").encode()


def write_results(results: list[dict[str, Any]]) -> bytes:
    """The results of a job."""
    return (DECLARATION + _results(results, NAMESPACES) + "\n").encode()


def _parameters(parameters: list[dict[str, Any]], attributes: str = "") -> str:
    return _container("parameters", [_parameter(item) for item in parameters], attributes)


def _parameter(item: dict[str, Any]) -> str:
    by_reference = ' byReference="true"' if "href" in item else ""
    value = content(item["href"] if "href" in item else item["value"])
    return f'<uws:parameter id="{attribute(item["id"])}"{by_reference}>{value}</uws:parameter>'


def _results(results: list[dict[str, Any]], attributes: str = "") -> str:
    return _container("results", [_result(item) for item in results], attributes)


def _result(item: dict[str, Any]) -> str:
    return (
        f'<uws:result id="{attribute(item["id"])}" xlink:type="simple" xlink:href="{attribute(item["href"])}" '
        f'size="{item["size"]}" mime-type="{attribute(item["mime-type"])}" '
        f'xmlns:custom="{CUSTOM_NAMESPACE}" custom:sha256="{item["sha256"]}"/>'
    )


def _info(info: dict[str, Any]) -> str:
    children = []
    for name, value in info.items():
        if isinstance(value, dict):
            attributes = "".join(f' {key}="{attribute(str(item))}"' for key, item in value.items())
            children.append(f"<{name}{attributes}/>")
        else:
            children.append(f"<{name}>{content(str(value))}</{name}>")
    return f"<uws:jobInfo>{''.join(children)}</uws:jobInfo>"


def _container(name: str, children: list[str], attributes: str) -> str:
    opening = f"uws:{name} {attributes}".rstrip()
    if not children:
        return f"<{opening}/>"
    return "\n".join([f"<{opening}>", *children, f"</uws:{name}>"])


def _element(name: str, value: object) -> str:
    if value is None:
        return f'<uws:{name} xsi:nil="true"/>'
    return f"<uws:{name}>{content(str(value))}</uws:{name}>"


def _boolean(value: bool) -> str:
    return "true" if value else "false"
