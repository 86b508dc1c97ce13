"""A task's definition: what it is called, what it takes, what it gives and how it is run.

Definitions are data (`jobdefs/definitions/*.toml`). Parameter names, types and defaults of SAS tasks are SAS's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["CATEGORIES", "ROLES", "Definition", "Input", "Limits", "Output", "Parameter", "Step"]


ROLES = ("Main", "Calibration", "Preview", "Setup", "Quality", "Log", "Context")
"""What a file may be to a task (ProvenanceDM 1.0 §3.4.2, types of usages and generations)."""

CATEGORIES = (
    "Products",
    "Chains",
    "Reprocessing",
    "Events",
    "Good times",
    "Images",
    "Spectra",
    "Light curves",
    "Sources",
    "Optical monitor",
    "Gamma rays",
    "Files",
)
"""Headings of lists of tasks, in their order; `Definition.category` is one of them, or empty for none."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a task.

    Parameters
    ----------
    type
        A SAS type: bool, int, real, string, choice, column, block, angle, time, table, dataset, expression,
        directory, file; or region, a region of the sky (`vo.skyregions`). `table` and `dataset` that are inputs take a
        reference; those that are outputs a file name.
    multiple
        Whether several values may be given (SAS list types).
    parent, parent_value
        The parameter that switches this one on, and the value that it must have; giving this one sets the parent.
    group
        Heading under which forms show it.
    advanced
        Whether forms hide it at first.
    argument
        Its name in the command where that is another: control words of job lists are no names of parameters, so that
        ``phase`` of a SAS task is served as ``task_phase``.
    variable
        Environment variable that carries the value (``SAS_CCF``); the parameter is then no argument of the command.
    unverified
        Whether its name, type or default could not be checked against SAS's own documents or products.
    """

    name: str
    type: str
    description: str
    default: str = ""
    required: bool = False
    multiple: bool = False
    unit: str = ""
    ucd: str = ""
    min: float | None = None
    max: float | None = None
    options: tuple[str, ...] = ()
    parent: str = ""
    parent_value: str = ""
    group: str = ""
    advanced: bool = False
    argument: str = ""
    variable: str = ""
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """A file, or a directory, that the task reads, named by a parameter.

    Parameters
    ----------
    product_types
        ObsCore dataproduct_type that fit.
    copy
        Whether the task gets a copy of its own, in the directory in which it works and under the file's own name:
        for tasks that change their input, or look for it by its name.
    type
        What the file is to the task: one of `ROLES`.
    """

    parameter: str
    role: str
    media_type: str = "application/fits"
    product_types: tuple[str, ...] = ()
    description: str = ""
    copy: bool = False
    type: str = "Main"


@dataclass(frozen=True, slots=True)
class Output:
    """A file, or files, that the task writes.

    `name` is the UWS result id. The file's name is the value of `parameter`, or matches `pattern` (a glob; several
    files become `name-1`, `name-2`, …; with `single` it fits one). `when` names the boolean parameter that switches it
    on, or is empty.
    Of a pipeline it is the result of a step, `source` being ``step/result``; those of branches become `name-<branch>`.
    `type`, one of `ROLES`, says what it is to the task.
    """

    name: str
    role: str
    media_type: str
    parameter: str = ""
    pattern: str = ""
    single: bool = False
    when: str = ""
    required: bool = True
    product_type: str = ""
    description: str = ""
    source: str = field(default="", metadata={"key": "from"})
    type: str = "Main"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline: a task, run once or for each of several things.

    Parameters
    ----------
    task
        Name of the definition that it runs.
    needs
        Steps that must have ended before, besides those that its templates name.
    foreach
        What it is run for each of: a `multiple` parameter of the pipeline, or ``step/result`` of an earlier step.
    when
        Condition on which it is run: ``parameter``, ``parameter = value`` or ``item.column = value|value``; several
        are joined by ``&&``.
    on_failure
        ``stop``: when it fails, nothing more is begun; ``continue``: only what builds on it is left out.
    duration
        Seconds that each of its jobs may run, or ``{parameter}``, which says them; 0 for what its task says.
    parameters
        Of its task, as templates; see `jobdefs.steps`.
    """

    name: str
    task: str
    description: str = ""
    needs: tuple[str, ...] = ()
    foreach: str = ""
    when: str = ""
    on_failure: str = "stop"
    duration: int | str = 0
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use at most."""

    duration: int = 3600  # seconds; the default execution duration
    max_duration: int = 86400
    memory: int = 4 * 2**30  # bytes of address space
    file_size: int = 16 * 2**30  # bytes of one file
    cores: int = 1
    running: int = 0  # runs at a time in the whole service; 0 is no limit


@dataclass(frozen=True, slots=True)
class Definition:
    """A task's definition.

    Parameters
    ----------
    environment
        `sas` (needs XMM-Newton SAS), `builtin` (our own task), `any` (SAS where configured, else our own),
        `program` (one of the site's, by its full path), `inprocess` (a Python function in the engine), `pipeline`
        (steps, each another task).
    sas
        Of a `builtin` task that runs tasks of SAS itself: `required`, or `optional` where it does with built-in ones
        what it can; else empty.
    packages
        Of a `builtin` task: Python packages that it needs and that the product does without.
    category
        Heading under which lists of tasks show it: one of `CATEGORIES`.
    command
        argv template: each item is literal text with ``{parameter}`` fields, or ``{*}`` for all active
        parameters as ``name=value``.
    function
        ``package.module:function`` of an in-process task.
    open
        Whether parameters that the definition does not name are kept (TAP does so; tasks refuse them).
    internal
        Whether the definition has its own end point elsewhere and is left out of ``/uws`` and of the pages.
    executor
        Which executor runs it; empty for the one that the site prefers.
    partition, account
        Of the batch system; empty for the site's own.
    network
        Whether its runs may reach the network.
    retries
        How often a run that was lost with its machine is run again.
    priority
        Of its jobs; those with a higher one start first.
    steps
        Of a pipeline.
    tasks
        The definitions that the steps run, as they were when the pipeline was read.
    """

    name: str
    version: str
    title: str
    description: str = ""
    documentation: str = ""
    type: str = "Reduction"  # ProvenanceDM activity type
    environment: str = "builtin"
    sas: str = ""
    packages: tuple[str, ...] = ()
    category: str = ""
    executor: str = ""
    command: tuple[str, ...] = ()
    function: str = ""
    open: bool = False
    internal: bool = False
    partition: str = ""
    account: str = ""
    network: bool = False
    retries: int = 0
    priority: int = 0
    parameters: tuple[Parameter, ...] = ()
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    limits: Limits = Limits()
    stages: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    tasks: tuple[Definition, ...] = ()

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".rstrip()

    def task(self, name: str) -> Definition:
        """The definition of that name among those that the steps run."""
        return next(task for task in self.tasks if task.name == name)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name (names are case-insensitive), or None."""
        wanted = name.lower()
        return next((parameter for parameter in self.parameters if parameter.name.lower() == wanted), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, kept with each job."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Definition:
        """The definition that `to_dict` described."""
        return cls(
            **{
                **data,
                "command": tuple(data["command"]),
                "packages": tuple(data.get("packages", ())),
                "parameters": tuple(
                    Parameter(**{**parameter, "options": tuple(parameter["options"])})
                    for parameter in data["parameters"]
                ),
                "inputs": tuple(
                    Input(**{**item, "product_types": tuple(item["product_types"])}) for item in data["inputs"]
                ),
                "outputs": tuple(Output(**item) for item in data["outputs"]),
                "limits": Limits(**data["limits"]),
                "stages": tuple(data["stages"]),
                "steps": tuple(_step(item) for item in data.get("steps", ())),
                "tasks": tuple(cls.from_dict(item) for item in data.get("tasks", ())),
            }
        )


def _step(data: Mapping[str, Any]) -> Step:
    parameters = {name: tuple(values) for name, values in data["parameters"].items()}
    return Step(**{**data, "needs": tuple(data["needs"]), "parameters": parameters})
