"""``ro-crate-metadata.json``: RO-Crate 1.1 with the profile Process Run Crate 0.5.

https://www.researchobject.org/ro-crate/specification/1.1/ and https://w3id.org/ro/wfrun/process/0.5. The document is
written here and not by the library ``rocrate``: that takes files from disk or memory and writes them when it knows them
all, while ours are told with what was found when they had passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from jobdefs.definition import Definition, Parameter
from obstap.joblists import job_address
from provenance.crate.model import Crate
from provenance.crate.names import identifier
from provenance.crate.parts import Item, Part, Step
from provenance.crate.privacy import person
from uws.models import Job
from uws.phases import Phase
from uws.times import format_time
from vo.xmltext import is_writable

__all__ = ["METADATA", "PROFILE", "describe", "write_metadata"]

METADATA = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"

CONTEXT = [
    f"{SPECIFICATION}/context",
    {"environment": "https://w3id.org/ro/terms/workflow-run#environment"},
]
"""The terms; that of the profile which RO-Crate 1.1 lacks is spelt out, so that nobody has to fetch its document."""

LICENCE = "#licence"
AGENT = "#agent"

_COMPLETED = "http://schema.org/CompletedActionStatus"
_FAILED = "http://schema.org/FailedActionStatus"

_TYPES = {"bool": "Boolean", "int": "Integer", "real": "Float", "angle": "Float", "table": "File", "dataset": "File"}
"""Types of parameters as Workflow Run RO-Crate calls them; all others are Text."""

_PAGES = {"python": "https://www.python.org/", "sas": "https://www.cosmos.esa.int/web/xmm-newton/sas"}
"""Pages of software that jobs run with."""

Entity = dict[str, Any]


def write_metadata(crate: Crate, files: list[Part]) -> bytes:
    """The document, of a crate all of whose `files` but these few of its own have been written."""
    document = {"@context": CONTEXT, "@graph": describe(crate, files)}
    return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def describe(crate: Crate, files: list[Part]) -> list[Entity]:
    """All entities, each once, the descriptor and the root first."""
    return list(_Describer(crate, files).graph.values())


def _ref(name: str) -> Entity:
    return {"@id": name}


def _plain(value: Any) -> Any:
    """One value stands for itself and not as a list (RO-Crate 1.1, appendix on JSON-LD)."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _instant(moment: datetime | None) -> str:
    """An instant as the profile wants it, with the zone in digits."""
    return format_time(moment).replace("Z", "+00:00")


class _Describer:
    def __init__(self, crate: Crate, files: list[Part]) -> None:
        self.crate = crate
        self.graph: dict[str, Entity] = {}
        self.data: list[str] = []
        # What steps made is, in part, what the whole made.
        items = (*crate.whole.inputs, *crate.whole.results)
        self.known = {item.sha256: item.path for item in items if item.sha256 and item.path and not item.told}
        descriptor = _ref(METADATA) | {
            "@type": "CreativeWork",
            "conformsTo": _ref(SPECIFICATION),
            "about": _ref("./"),
        }
        self.graph[METADATA] = descriptor
        root = self.graph["./"] = self._root()
        for part in files:
            self._file(part)
        actions = [self._action(step) for step in (crate.whole, *crate.steps)]
        root["hasPart"] = [_ref(name) for name in self.data]
        root["mentions"] = _plain([_ref(name) for name in actions])
        self._about()

    def _add(self, name: str, kind: str, /, **more: Any) -> Entity:
        """Add an entity that is not there yet, without what is empty, and refer to it."""
        if name not in self.graph:
            told = {key: _plain(value) for key, value in more.items() if value not in ("", None, [], {})}
            self.graph[name] = {"@id": name, "@type": kind, **told}
        return _ref(name)

    def _root(self) -> Entity:
        crate, job = self.crate, self.crate.job
        return {
            "@id": "./",
            "@type": "Dataset",
            "conformsTo": _ref(PROFILE),
            "identifier": job.pk,
            "name": f"{crate.definition.title}: job {job.pk}",
            "description": f"A job of the task {crate.definition.label}, which ended {job.phase}, with what it used "
            f"and made. {' '.join(crate.notes)}".rstrip(),
            "datePublished": _instant(crate.moment),
            "author": self._agent(),
            "publisher": _ref(crate.base_url),
            "license": _ref(LICENCE),
            "url": f"{crate.base_url}/jobs/{job.pk}/",
            "isBasedOn": _ref(crate.url),
        }

    def _about(self) -> None:
        """Those to whom the descriptor and the root refer."""
        self._add(
            PROFILE, "CreativeWork", name="Process Run Crate", version="0.5", url="https://w3id.org/ro/wfrun/process"
        )
        self._add(
            LICENCE,
            "CreativeWork",
            name="Licence",
            description="The service states no licence. What comes from an archive is under the terms of that archive.",
        )
        self._add(self.crate.base_url, "Organization", name="The service", url=f"{self.crate.base_url}/")
        self._add(self.crate.url, "CreativeWork", name="The job as the service serves it (UWS 1.1)")
        self._add("ro-crate-preview.html", "CreativeWork", name="This crate as a page", about=_ref("./"))

    def _file(self, part: Part) -> None:
        if part.written is None:
            return
        name = identifier(part.path)
        self._add(
            name,
            "File",
            name=part.path.rpartition("/")[2],
            description=part.description,
            encodingFormat=part.media_type,
            contentSize=str(part.written.size),
            sha256=part.written.sha256,
        )
        self.data.append(name)

    def _item(self, item: Item, *, description: str) -> Entity:
        """What a job used or made: its file in the crate, else its address."""
        path = identifier(item.path or self.known.get(item.sha256, ""))
        more: Entity = {"identifier": item.identifier, "url": item.url, "description": item.told}
        if path and not item.folder:
            if item.path:
                self.graph[path] |= {key: value for key, value in more.items() if value}
            return _ref(path)
        more |= {"name": item.name, "description": f"{description}. {item.told}".rstrip(), "sha256": item.sha256}
        if path:
            parts = [_ref(identifier(part.path)) for part in item.parts if part.written is not None]
            if path not in self.graph:
                self.data.append(path)
            return self._add(path, "Dataset", **more, hasPart=parts)
        if item.url not in self.graph:
            self.data.append(item.url)
        size = "" if item.size is None else str(item.size)
        more["sdDatePublished"] = _instant(self.crate.moment)
        return self._add(item.url, "File", **more, encodingFormat=item.media_type, contentSize=size)

    def _action(self, step: Step) -> str:
        job = step.job
        task = self.crate.definition if job is self.crate.job else Definition.from_dict(job.definition_document)
        name = f"#job-{job.pk}"
        failed = job.phase not in (Phase.COMPLETED, Phase.ARCHIVED)
        objects = [self._item(item, description=f"Input of {item.parameter}") for item in step.inputs]
        objects += self._parameters(job, task)
        told = self.crate.curtain.text(job.error_message)
        logs = [_ref(identifier(part.path)) for part in step.logs if part.written is not None]
        self._add(
            name,
            "CreateAction",
            name=_title(job),
            description=f"The job {job.pk} of {task.label} ended {job.phase}. {'' if failed else told}".rstrip(),
            url=job_address(self.crate.base_url, job),
            instrument=self._software(step, task),
            agent=self._agent(),
            startTime=_instant(job.start_time),
            endTime=_instant(job.end_time or job.creation_time),
            object=objects,
            result=[self._item(item, description=f"Result {item.name}") for item in step.results],
            actionStatus=_FAILED if failed else _COMPLETED,
            error=(told or f"The job ended {job.phase}.") if failed else "",
            subjectOf=logs,
            environment=[
                self._add(f"{name}-{variable}", "PropertyValue", name=variable, value=value)
                for variable, value in sorted(step.variables.items())
            ],
        )
        if step.command:
            command = self._add(f"{name}-command", "PropertyValue", name="command", value=json.dumps(step.command))
            self.graph[name]["object"] = [*objects, command]
        return name

    def _agent(self) -> Entity:
        owner = self.crate.job.owner
        name = "anonymous user" if owner is None else person(owner.get_full_name() or owner.get_username())
        return self._add(AGENT, "Person", name=name)

    def _software(self, step: Step, task: Definition) -> Entity:
        address = _task_address(self.crate.base_url, task)
        used = []
        for name, version in sorted(self.crate.curtain.software(step.job.software).items()):
            place = f"{self.crate.base_url}/provenance/terms#software-{quote(name, safe='')}-{quote(version, safe='')}"
            used.append(
                self._add(place, "SoftwareApplication", name=name, softwareVersion=version, url=self._page_of(name))
            )
        document = step.definition
        return self._add(
            address,
            "SoftwareApplication",
            name=task.name,
            alternateName=task.title,
            description=task.description,
            softwareVersion=task.version,
            url=task.documentation or f"{self.crate.base_url}/jobdefs/{quote(task.name)}/",
            softwareRequirements=used,
            subjectOf=_ref(identifier(document.path)) if document is not None else "",
            input=[self._formal(task, parameter) for parameter in task.parameters],
        )

    def _page_of(self, software: str) -> str:
        return _PAGES.get(software, f"{self.crate.base_url}/" if software == "athanor" else "")

    def _formal(self, task: Definition, parameter: Parameter) -> Entity:
        return self._add(
            _formal_name(task, parameter),
            "FormalParameter",
            name=parameter.name,
            description=parameter.description,
            additionalType=_TYPES.get(parameter.type, "Text"),
            defaultValue=parameter.default,
            valueRequired=str(parameter.required),
            unitText=parameter.unit,
            conformsTo=_ref("https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"),
        )

    def _parameters(self, job: Job, task: Definition) -> Iterator[Entity]:
        number = 0
        for name, values in job.parameters.items():
            formal = task.parameter(name)
            for value in values:
                number += 1
                yield self._add(
                    f"#job-{job.pk}-parameter-{number}",
                    "PropertyValue",
                    name=name,
                    value=value if is_writable(value) else json.dumps(value),
                    unitText=formal.unit if formal else "",
                    exampleOfWork=_ref(_formal_name(task, formal)) if formal else "",
                )


def _title(job: Job) -> str:
    if job.parent_id is not None:
        return " ".join(word for word in (job.step or "row", job.branch, job.definition) if word)
    return job.run_id or job.definition


def _task_address(base_url: str, task: Definition) -> str:
    return f"{base_url}/jobdefs/{quote(task.name, safe='')}/#{quote(task.version, safe='')}"


def _formal_name(task: Definition, parameter: Parameter) -> str:
    return f"#parameter-{quote(task.name, safe='')}-{quote(parameter.name, safe='')}"
