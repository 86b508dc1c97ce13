"""What goes into the crate of a job, found before the first byte is sent: nothing is asked of the database after."""

from __future__ import annotations

from itertools import islice
from typing import Any

from jobdefs.definition import Definition
from jobdefs.writing import to_toml
from obstap.joblists import job_address
from provenance.commands import plain_command
from provenance.crate import steps
from provenance.crate.documents import provenance_parts, uws_document
from provenance.crate.inputs import add_inputs
from provenance.crate.model import Crate, result_item
from provenance.crate.names import safe_part
from provenance.crate.parts import Step, file_part
from provenance.crate.privacy import Curtain, portable_definition
from uws.models import Job, JobKind
from uws.phases import FINAL, Phase
from vo.errors import IllegalStateError, UnavailableError

__all__ = ["collect"]


def collect(*, job: Job, user: Any, base_url: str, with_inputs: bool = False) -> Crate:
    """Find what goes into the crate of a job.

    Parameters
    ----------
    user
        Who takes it away: files that this user may not read are told by their addresses.
    with_inputs
        Whether input files are taken along, as far as `provenance.crate.inputs.MOST_BYTES` reach; files that came
        with the job always are.

    Raises
    ------
    vo.errors.IllegalStateError
        When the job has not ended.
    vo.errors.UnavailableError
        When it has, but what it left is still being recorded.
    """
    if job.phase not in FINAL:
        raise IllegalStateError(
            f"The job is {job.phase}: only one that has ended can be taken away.",
            hint=f"GET {job_address(base_url, job)}?WAIT=60 waits for its end.",
        )
    if not job.announced and job.phase != Phase.ARCHIVED:
        raise UnavailableError("The job has just ended, and what it left is being recorded.", retry_after=2)
    definition = Definition.from_dict(job.definition_document)
    children = [] if job.kind == JobKind.TASK else list(islice(steps.children_of(job), steps.MOST_STEPS + 1))
    crate = Crate(job, definition, base_url, Curtain([job, *children]), Step(job, ""))
    for name in ("ro-crate-metadata.json", "ro-crate-preview.html", "README.md", "manifest-sha256.txt"):
        crate.names.take(name)
    document = to_toml(portable_definition(definition))
    crate.whole.definition = crate.add_text("definition.toml", document, "application/toml", "The task as it ran")
    crate.add_text("job.xml", uws_document(job, url=crate.url, curtain=crate.curtain), "text/xml", "The job (UWS 1.1)")
    crate.add_logs(crate.whole)
    add_inputs(crate, user, with_inputs=with_inputs)
    _add_results(crate)
    crate.whole.command = [crate.curtain.text(word) for word in plain_command(job.command)]
    crate.whole.variables = steps.variables_of(job, definition)
    crate.parts += provenance_parts(crate.names, job=job, user=user, base_url=base_url, curtain=crate.curtain)
    if not any(part.path.startswith("provenance/") for part in crate.parts):
        crate.notes.append("The service has no provenance of the job.")
    if children:
        steps.add_steps(crate, children)
    return crate


def _add_results(crate: Crate) -> None:
    job = crate.job
    home = job.workdir.resolve()
    for result in job.results.order_by("pk"):
        item = result_item(result, job, crate.base_url)
        crate.whole.results.append(item)
        if job.phase == Phase.ARCHIVED:
            item.remark = "The job is archived: its files are gone."
            continue
        source = job.workdir / result.path
        if not source.resolve().is_relative_to(home):
            item.remark = "Its file lies elsewhere."
            continue
        path = crate.names.take(f"results/{safe_part(source.name)}")
        item.parts.append(file_part(path, source, result.media_type, f"The result {result.name}"))
    crate.parts += [part for item in crate.whole.results for part in item.parts]
