"""What the page of a job shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils import timezone

from jobdefs import registry
from jobdefs.definition import Definition
from obstap.joblists import TAP, job_address
from uws.entities import result_id
from uws.models import Job, JobInput, JobKind, Result
from uws.notices import shown, standing
from uws.phases import ACTIVE, FINAL, Phase
from uws.scheduling import queue_position
from uws.selectors import LOG_CHUNK, log_tail
from uws.services import WAITING
from vo.errors import NotFoundError
from web.family import Family
from web.pictures import PREVIEWS, pictured, png_size
from web.snippets import job_curl, job_pyvo

__all__ = ["JobPage", "Picture", "ResultRow", "job_token"]


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A result, its address and that of the tasks that take it; these are empty where its file is gone."""

    result: Result
    href: str
    is_preview: bool
    uses: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A result that is shown as a picture.

    Parameters
    ----------
    product
        Name of the result of which it is the picture; empty where it stands for itself.
    size
        Width and height in pixels, where they are known.
    """

    row: ResultRow
    product: str
    description: str
    size: tuple[int, int] | None

    @property
    def text(self) -> str:
        """What is said in place of the picture."""
        what = f"Picture of {self.product}" if self.product else f"Picture {self.row.result.name}"
        return f"{what}: {self.description}" if self.description else what


@dataclass(frozen=True, slots=True)
class InputRow:
    """An input file and the page of what it comes from."""

    input: JobInput
    href: str


@dataclass(frozen=True)
class JobPage:
    """A job as people see it; `base_url` is the service's, without a final slash."""

    job: Job
    base_url: str

    @property
    def is_active(self) -> bool:
        """Whether something may still happen by itself."""
        return self.job.phase in ACTIVE

    @property
    def can_abort(self) -> bool:
        """Whether the job has not ended."""
        return self.job.phase not in FINAL

    @property
    def can_run(self) -> bool:
        """Whether the job waits for its owner."""
        return self.job.phase in WAITING

    @cached_property
    def definition(self) -> Definition:
        """The definition as it was when the job was made."""
        return Definition.from_dict(self.job.definition_document)

    @cached_property
    def family(self) -> Family | None:
        """The jobs that it has made; None for one that does its work itself."""
        return None if self.job.kind == JobKind.TASK else Family(self.job, self.definition)

    @property
    def origin(self) -> str:
        """Id of the job that did the work of this one, where that is still known."""
        done_by = self.job.taken_over
        return done_by if done_by and Job.objects.filter(pk=done_by, deleted=False).exists() else ""

    @property
    def can_retry(self) -> bool:
        """Whether there is something to run again as it is."""
        if self.job.parent_id is not None or self.job.definition == TAP:
            return False
        if self.family is not None:
            return self.family.can_retry
        return self.job.phase in (Phase.ERROR, Phase.ABORTED)

    @property
    def can_rerun(self) -> bool:
        """Whether the job can be repeated as it was, to compare the results; it may be refused yet."""
        return self.job.phase in FINAL

    @property
    def title(self) -> str:
        """The name that its owner gave it, or the task and the files that it reads."""
        files = ", ".join(row.input.name for row in self.inputs)
        if self.job.parent_id is not None and self.job.step:
            return " ".join(part for part in (self.job.run_id, self.job.step, self.job.branch) if part)
        if self.job.parent_id is not None:
            return f"{self.job.run_id or self.job.definition}, row {self.job.branch}"
        return self.job.run_id or (f"{self.job.definition} on {files}" if files else self.definition.title)

    @property
    def queue_position(self) -> int | None:
        """About which place the job has in the queue; None when it is in none."""
        return queue_position(self.job)

    @property
    def elapsed(self) -> float | None:
        """Seconds since it began to execute, or that it took."""
        if self.job.start_time is None:
            return None
        return round(((self.job.end_time or timezone.now()) - self.job.start_time).total_seconds(), 3)

    @property
    def uws_url(self) -> str:
        """The job's address for programs."""
        return job_address(self.base_url, self.job)

    @property
    def task_url(self) -> str:
        """The page of the task, empty for what has none."""
        if self.definition.internal:
            return ""
        return reverse("jobdef", args=[self.job.definition])

    @property
    def again_url(self) -> str:
        """The form filled as it was for this job; empty where that task is no longer offered."""
        if self.job.definition == TAP:
            query = next((values[-1] for name, values in self.job.parameters.items() if name.upper() == "QUERY"), "")
            return f"{reverse('search')}?{urlencode({'adql': query})}"
        try:
            registry.get(self.job.definition)
        except NotFoundError:
            return ""
        pairs = [(name, value) for name, values in self.job.parameters.items() for value in values]
        if self.job.run_id:
            pairs.append(("RUNID", self.job.run_id))
        return f"{self.task_url}?{urlencode(pairs)}"

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """What was given, with the unit and meaning of each."""
        described = []
        for name, values in self.job.parameters.items():
            known = self.definition.parameter(name)
            described.append(
                {
                    "name": name,
                    "values": values,
                    "unit": known.unit if known else "",
                    "description": known.description if known else "",
                }
            )
        return described

    @cached_property
    def inputs(self) -> list[InputRow]:
        """Input files, linked to where they come from."""
        return [InputRow(item, _entity_url(item.entity_id)) for item in self.job.inputs.order_by("id")]

    @cached_property
    def results(self) -> list[ResultRow]:
        """Results, with the tasks that take them."""
        return [self._result(result) for result in self.job.results.order_by("id")]

    @cached_property
    def pictures(self) -> list[Picture]:
        """The results that are shown as pictures."""
        return [self._picture(row) for row in self.results if row.is_preview]

    @cached_property
    def thumbnails(self) -> list[tuple[ResultRow, Picture | None]]:
        """The results, each with the picture of it; a picture of its own that belongs to no other result too."""
        by_product = {picture.product or picture.row.result.name: picture for picture in self.pictures}
        return [(row, by_product.get(row.result.name)) for row in self.results]

    @property
    def switches(self) -> list[str]:
        """Parameters that switch products on, for a job that may be run again."""
        return sorted({item.when for item in self.definition.outputs if item.when}) if self.again_url else []

    @property
    def has_log(self) -> bool:
        """Whether the job is a program that has begun to write one, or will without being asked."""
        if self.definition.environment == "inprocess" or self.job.kind != JobKind.TASK:
            return False
        return self.is_active or self.job.start_time is not None

    @property
    def log(self) -> tuple[str, int]:
        """The end of the log and the offset after it."""
        return log_tail(job=self.job, offset=-LOG_CHUNK)

    @property
    def error_log(self) -> str:
        """The end of what the run wrote to its standard error."""
        return log_tail(job=self.job, offset=-LOG_CHUNK, stream="stderr")[0]

    @property
    def notices(self) -> list[tuple[str, str]]:
        """Who is told of the end of the job, without what may be secret, and how that stands."""
        return [(shown(notice.address), standing(notice)) for notice in self.job.notices.order_by("pk")]

    @property
    def token(self) -> str:
        """The state that the page has announced."""
        return job_token(self.job)

    @property
    def provenance_svg(self) -> str:
        """Address of the drawing of the job and those that made its inputs, empty until the job has ended."""
        address = self._provenance("provenance-document", "svg")
        return f"{address}?depth=1" if address else ""

    @property
    def provenance_json(self) -> str:
        """Address of PROV-JSON, empty until the job has ended."""
        return self._provenance("provenance-document", "json")

    @property
    def provenance_page(self) -> str:
        """Address of the page with the graph and its table, empty until the job has ended."""
        return self._provenance("job-provenance")

    @property
    def crate(self) -> str:
        """Address of the job as one file to take away, empty until it has ended."""
        return reverse("job-crate", args=[self.job.id]) if self.job.phase in FINAL and self.job.announced else ""

    @property
    def curl(self) -> str:
        """A command that starts the same job."""
        return job_curl(self.base_url, self.job.definition, self.job.parameters)

    @property
    def pyvo(self) -> str:
        """Python that waits for this job and lists its results."""
        return job_pyvo(self.uws_url)

    def _result(self, result: Result) -> ResultRow:
        gone = self.job.phase == Phase.ARCHIVED
        reference = result_id(self.job.pk, result.name)
        return ResultRow(
            result=result,
            href="" if gone else f"{self.uws_url}/results/{quote(result.name)}",
            is_preview=result.media_type in PREVIEWS and not gone,
            uses=_uses(result.product_type, reference) if result.product_type and not gone else "",
            label=self.family.label_of(result.name) if self.family else "",
        )

    def _picture(self, row: ResultRow) -> Picture:
        product = pictured(row.result.name, {other.result.name for other in self.results})
        description = self._description(product or row.result.name)
        size = png_size(self.job.workdir / row.result.path) if row.result.media_type == "image/png" else None
        return Picture(row=row, product=product, description=description, size=size)

    def _description(self, name: str) -> str:
        """What the definition says of a result, or of several with numbers behind their names."""
        known = {output.name: output.description for output in self.definition.outputs}
        stem, _, number = name.rpartition("-")
        return (known.get(name) or (known.get(stem, "") if number.isdigit() else "")).rstrip(".")

    def _provenance(self, name: str, *more: str) -> str:
        if self.job.phase not in FINAL or not self.job.announced:
            return ""
        if self.job.taken_over and not self.origin:
            return ""
        return reverse(name, args=[self.origin or self.job.id, *more])


def job_token(job: Job) -> str:
    """What of a job's state is worth telling a listener: it changes with the phase and the stage."""
    label = Phase(job.phase).label
    return f"{label}: {job.stage}" if job.stage and job.phase != Phase.COMPLETED else label


def _uses(product_type: str, reference: str) -> str:
    """The tasks that take a product."""
    return f"{reverse('jobdefs')}?{urlencode({'type': product_type, 'data': reference})}"


def _entity_url(entity_id: str) -> str:
    if entity_id.startswith("job:"):
        return reverse("job", args=[entity_id[4:].partition("/")[0]])
    if entity_id.startswith("ivo:"):
        return f"{reverse('dataset')}?{urlencode({'did': entity_id})}"
    return ""
