"""The tasks that can be started here, under the headings of what they are for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.text import slugify

from jobdefs import registry
from jobdefs.definition import CATEGORIES, Definition
from uws.pipelines.readiness import check_programs
from vo.errors import NotFoundError, UsageError

__all__ = ["OTHER", "Heading", "Task", "catalogue", "find_task", "missing_for", "usual_tasks"]

OTHER = "Other tasks"
"""Heading of tasks without a category."""

USUAL = ("Products", "Events")
"""Categories of the tasks that pages offer beside data; the catalogue offers all."""

NEEDS_SAS, EITHER, BUILT_IN, PROGRAM = "needs SAS", "SAS or built in", "built in", "program of the site"


@dataclass(frozen=True, slots=True)
class Task:
    """A task in the catalogue.

    Parameters
    ----------
    kind
        What does its work: one of the words above.
    missing
        Why its jobs would be refused here; empty where they are not.
    parameter
        The one that takes the data for which tasks are looked for; empty where none are.
    """

    definition: Definition
    kind: str
    missing: str
    parameter: str = ""

    @property
    def slug(self) -> str:
        """The kind as a word for style sheets."""
        return slugify(self.kind)

    @property
    def files(self) -> list[str]:
        """What it takes."""
        return list(dict.fromkeys(item.role or item.parameter for item in self.definition.inputs))

    @property
    def products(self) -> list[str]:
        """What it gives, without the pictures of it."""
        return [output.name for output in self.definition.outputs if output.role != "preview"]

    @property
    def is_pipeline(self) -> bool:
        """Whether its steps are jobs of other tasks."""
        return self.definition.environment == "pipeline"


@dataclass(frozen=True, slots=True)
class Heading:
    """A category and its tasks."""

    title: str
    tasks: list[Task]

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return slugify(self.title)


def catalogue(text: str, product_type: str = "") -> tuple[list[Heading], int, int]:
    """The tasks in which all words of a text are found, by category; how many these are; and how many there are.

    Parameters
    ----------
    product_type
        Of ObsCore (``event``): only tasks that take such data; empty for all.
    """
    everything = [task for task in registry.all_definitions().values() if not task.internal]
    words = text.casefold().split()
    found = [task for task in everything if _matches(task, words) and (not product_type or _taker(task, product_type))]
    headings = []
    for category in (*CATEGORIES, ""):
        tasks = [_task(task, product_type) for task in found if task.category == category]
        if tasks:
            headings.append(Heading(category or OTHER, sorted(tasks, key=lambda task: task.definition.name)))
    return headings, len(found), len(everything)


def find_task(name: str) -> Definition:
    """The task of that name.

    Raises
    ------
    vo.errors.NotFoundError
        There is none, or none that is started by a form.
    """
    task = registry.get(name)
    if task.internal:
        raise NotFoundError(f"There is no task {name!r} with a form.")
    return task


def missing_for(definition: Definition) -> str:
    """Why jobs of a task would be refused here, in words; empty where they are not."""
    try:
        check_programs(definition)
    except UsageError as error:
        return error.message
    return ""


def usual_tasks(product_type: str) -> list[Task]:
    """The tasks that are mostly run on data of a type, of those that can be run here."""
    takers = [task for task in registry.all_definitions().values() if not task.internal and task.category in USUAL]
    tasks = [_task(task, product_type) for task in takers if _taker(task, product_type)]
    return [task for task in tasks if not task.missing]


def _task(definition: Definition, product_type: str) -> Task:
    return Task(definition, _kind(definition), missing_for(definition), _taker(definition, product_type))


def _taker(definition: Definition, product_type: str) -> str:
    """The first parameter that takes data of a type; empty where none does."""
    return next((item.parameter for item in definition.inputs if product_type in item.product_types), "")


def _kind(definition: Definition) -> str:
    if definition.environment == "program":
        return PROGRAM
    parts = definition.tasks if definition.environment == "pipeline" else (definition,)
    if any(task.environment == "sas" or task.sas == "required" for task in parts):
        return NEEDS_SAS
    if any(task.environment == "any" or task.sas == "optional" for task in parts):
        return EITHER
    return BUILT_IN


def _matches(definition: Definition, words: Sequence[str]) -> bool:
    text = " ".join(_texts(definition)).casefold()
    return all(word in text for word in words)


def _texts(definition: Definition) -> Iterator[str]:
    yield from (definition.name, definition.title, definition.description, definition.category or OTHER)
    yield _kind(definition)
    for item in definition.inputs:
        yield from (item.role, *item.product_types)
    for output in definition.outputs:
        yield from (output.name, output.role, output.product_type)
