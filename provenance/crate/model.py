"""A crate that is being filled, and what all that fill it need."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from jobdefs.definition import Definition
from obstap.joblists import job_address
from provenance.crate.names import Names
from provenance.crate.parts import Item, Part, Step, bytes_part, log_part
from provenance.crate.privacy import Curtain
from uws.entities import result_id
from uws.models import Job, Result
from uws.selectors import LOGS

__all__ = ["Crate", "result_item"]


@dataclass(slots=True)
class Crate:
    """A crate that can be written.

    Parameters
    ----------
    base_url
        Of the service, without a stroke at its end.
    whole
        The job itself; `steps` are those that it has made.
    notes
        What is to be said of the crate as a whole.
    """

    job: Job
    definition: Definition
    base_url: str
    curtain: Curtain
    whole: Step
    names: Names = field(default_factory=Names)
    parts: list[Part] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def moment(self) -> datetime:
        """The time of everything in it: when the job ended."""
        return self.job.end_time or self.job.creation_time

    @property
    def url(self) -> str:
        """The job's address for programs."""
        return job_address(self.base_url, self.job)

    def add_text(self, path: str, text: str | bytes, media_type: str, description: str) -> Part:
        """Add a file that is known already."""
        data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        part = bytes_part(self.names.take(path), lambda: [data], media_type, description)
        self.parts.append(part)
        return part

    def add_logs(self, step: Step) -> None:
        """Add what a job has written."""
        for stream, file in LOGS.items():
            source = step.job.workdir / file
            if source.is_file():
                path = self.names.take(f"{step.folder or 'log/'}{file}")
                step.logs.append(log_part(path, source, self.curtain.text, f"What {stream} said"))
        self.parts += step.logs


def result_item(result: Result, job: Job, base_url: str) -> Item:
    """A result of a job, without its file."""
    return Item(
        name=result.name,
        media_type=result.media_type,
        identifier=result_id(job.taken_over or job.pk, result.name),
        url=f"{job_address(base_url, job)}/results/{quote(result.name, safe='')}",
        sha256=result.sha256,
        size=result.size,
        parameter=result.role,
    )
