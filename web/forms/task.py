"""A form for a task, made from nothing but its definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import escape

from jobdefs.activation import activate
from jobdefs.definition import Definition, Input, Parameter
from uws.uploads import UPLOADED
from vo.errors import AthanorError, ParameterError, ParameterErrors, QueryError
from vo.wording import plain

__all__ = ["ARRAY", "NOTIFY", "RUN_ID", "Group", "Node", "TaskForm"]

RUN_ID = "RUNID"
"""Name of the field for the job's name; names of task parameters are lower-case."""

NOTIFY = "NOTIFY"
"""Name of the field that asks for mail when the job has ended; its value is the word for that."""

ARRAY = "ARRAY"
"""Name of the field for a table of parameters."""

UPLOAD = "__file"
"""What the name of an upload field has after the name of its parameter."""

REFERENCES = "obs_publisher_did, access_url or job:<job id>/<result>"
"""What an empty input shows."""

DIRECTORIES = "odf:<ten digits of an observation>"
"""What an empty input that is a directory shows."""

REGION = "CIRCLE 150.1 2.2 0.01"
"""What an empty region shows."""

REGION_HELP = (
    "Degrees (CIRCLE ra dec radius, ANNULUS, ELLIPSE, BOX, POLYGON; NOT before what is left out), regions of DS9 "
    '(fk5; circle(10:00:29.1,+02:14:17,30")), or sky pixels (physical; circle(24120,23560,600)). '
    "One shape a line, or ; between them."
)

TRUE = frozenset({"yes", "true", "y", "t", "1"})


@dataclass(slots=True)
class Node:
    """A parameter in the form with those that it switches on, by the value that does so."""

    parameter: Parameter
    bound: forms.BoundField
    upload: forms.BoundField | None = None
    suggestions: Sequence[tuple[str, str]] = ()
    branches: dict[str, Group] = field(default_factory=dict)

    def add(self, child: Node) -> None:
        """Put a parameter below this one; what is folded away with its parent is not folded away again."""
        value = child.parameter.parent_value or "yes"
        title = f"When {self.parameter.name} is {value}"
        branch = self.branches.setdefault(value, Group(title, value=value, is_switched=self.parameter.type == "bool"))
        branch.add(child, advanced=child.parameter.advanced and not self.parameter.advanced)

    @property
    def touched(self) -> bool:
        """Whether it, or one that it switches on, holds a value or an error."""
        own = self.bound.value() not in (None, "", [], self._untouched)
        below = any(node.touched for branch in self.branches.values() for node in branch.nodes)
        return own or bool(self.bound.errors) or below

    @property
    def _untouched(self) -> object:
        return _is_true(self.parameter.default) if self.parameter.type == "bool" else self.parameter.default


@dataclass(slots=True)
class Group:
    """Parameters under one heading; `advanced` ones are folded away at first.

    Parameters
    ----------
    value
        The value of the parent that makes them count, empty for the groups of the definition.
    is_switched
        Whether the parent is a check box, which shows and hides them.
    """

    title: str
    value: str = ""
    is_switched: bool = False
    plain: list[Node] = field(default_factory=list)
    advanced: list[Node] = field(default_factory=list)

    def add(self, node: Node, *, advanced: bool) -> None:
        """Put a parameter at the end."""
        (self.advanced if advanced else self.plain).append(node)

    @property
    def nodes(self) -> list[Node]:
        """All parameters of the group."""
        return [*self.plain, *self.advanced]

    @property
    def open(self) -> bool:
        """Whether the folded part must be seen: something in it is set or wrong."""
        return any(node.touched for node in self.advanced)


class TaskForm(forms.Form):
    """Parameters of a task as form fields.

    Values are checked where all clients' values are checked, by the service that makes the job; `place` puts the
    errors that it raises at their fields. Fields left as they are send nothing: the task's own default holds.

    Parameters
    ----------
    given
        Values to begin with, by parameter name in any case: those of an address or of an earlier job.
    suggestions
        For some inputs, references that fit with a description each.
    mail
        Address to which the user may be told of the end of the job; empty for none.
    """

    def __init__(
        self,
        definition: Definition,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, UploadedFile] | None = None,
        *,
        given: Mapping[str, Sequence[str]] | None = None,
        suggestions: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        mail: str = "",
    ) -> None:
        super().__init__(data, files, initial=_initial(definition, given or {}))
        self.definition = definition
        self._suggestions = suggestions or {}
        self._inputs = {item.parameter: item for item in definition.inputs}
        for parameter in definition.parameters:
            self.fields[parameter.name] = _field(parameter, self._inputs.get(parameter.name))
            if parameter.name in self._suggestions:
                self.fields[parameter.name].widget.attrs["list"] = f"{parameter.name}-suggestions"
            if parameter.name in self._inputs:
                self.fields[parameter.name + UPLOAD] = forms.FileField(
                    required=False,
                    label=f"or, for {parameter.name}, a file of your own",
                    widget=forms.ClearableFileInput(attrs={"class": "form-control-file"}),
                )
        self.fields |= _array_fields()
        self.fields[RUN_ID] = forms.CharField(
            required=False, max_length=200, label="Name of the job", help_text="Anything by which you will know it."
        )
        if mail:
            self.fields[NOTIFY] = forms.BooleanField(
                required=False, label=f"Tell me by e-mail when it has ended ({mail})"
            )

    def groups(self) -> list[Group]:
        """The fields, in the definition's order, under its headings and below their parents."""
        nodes = {parameter.name: self._node(parameter) for parameter in self.definition.parameters}
        groups: dict[str, Group] = {}
        for node in nodes.values():
            parent = nodes.get(node.parameter.parent)
            if parent is not None and parent is not node:
                parent.add(node)
                continue
            group = groups.setdefault(node.parameter.group, Group(node.parameter.group or "Parameters"))
            group.add(node, advanced=node.parameter.advanced)
        return list(groups.values())

    def parameters(self) -> dict[str, list[str]]:
        """What a valid form gives to the job: values that differ from the defaults and are not switched off."""
        given = {}
        for parameter in self.definition.parameters:
            values = self._values(parameter)
            if values and values != [parameter.default] and not self._is_switched_off(parameter):
                given[parameter.name] = values
        return given

    def uploads(self) -> dict[str, UploadedFile]:
        """Files that came with the form, by parameter."""
        names = [*self._inputs, ARRAY]
        return {name: file for name in names if (file := self.cleaned_data.get(name + UPLOAD))}

    def array(self) -> str:
        """Reference to the table over whose rows the task is run; empty when it is run once."""
        if self.cleaned_data.get(ARRAY + UPLOAD):
            return f"{UPLOADED}{ARRAY}"
        return self.cleaned_data.get(ARRAY, "").strip()

    def notify(self) -> list[str]:
        """Who is to be told of the end of the job."""
        return ["email"] if self.cleaned_data.get(NOTIFY) else []

    def place(self, error: AthanorError) -> None:
        """Show an error of the service at the field that it is about."""
        match error:
            case ParameterErrors():
                for one in error.errors:
                    self.place(one)
            case ParameterError() if name := self._field_name(error.parameter):
                self.add_error(name, f"{error.message} {error.hint}".strip())
            case QueryError() if error.excerpt:
                self.add_error(None, f"{error}\n{error.excerpt}")
            case _:
                self.add_error(None, str(error))

    def clean(self) -> dict[str, Any]:
        """An input needs a reference or a file."""
        cleaned = super().clean()
        if cleaned.get(ARRAY) or cleaned.get(ARRAY + UPLOAD):
            return cleaned  # the table may name the inputs
        for name in self._inputs:
            parameter = self.definition.parameter(name)
            is_given = cleaned.get(name) or cleaned.get(name + UPLOAD)
            if parameter is not None and parameter.required and not is_given and not parameter.parent:
                self.add_error(name, "Name a data set of the archive or a result of a job, or choose a file.")
        return cleaned

    def _node(self, parameter: Parameter) -> Node:
        upload = self[parameter.name + UPLOAD] if parameter.name in self._inputs else None
        return Node(parameter, self[parameter.name], upload, self._suggestions.get(parameter.name, ()))

    def _field_name(self, parameter: str) -> str | None:
        if parameter.upper() in (RUN_ID, ARRAY):
            return parameter.upper()
        known = self.definition.parameter(parameter)
        return known.name if known else None

    def _values(self, parameter: Parameter) -> list[str]:
        value = self.cleaned_data.get(parameter.name)
        if parameter.type == "bool":
            return ["yes" if value else "no"] if bool(value) != _is_true(parameter.default) else []
        if isinstance(value, list):
            return value
        text = (value or "").strip()
        if parameter.multiple:
            return [line.strip() for line in text.splitlines() if line.strip()]
        return [text] if text else []

    def _is_switched_off(self, parameter: Parameter) -> bool:
        """Whether a check box above it is not set: the form then does not show it."""
        seen = {parameter.name}
        while parameter.parent and parameter.parent not in seen:
            seen.add(parameter.parent)
            parent = self.definition.parameter(parameter.parent)
            if parent is None:
                return False
            wanted = _is_true(parameter.parent_value or "yes")
            if parent.type == "bool" and bool(self.cleaned_data.get(parent.name)) != wanted:
                return True
            parameter = parent
        return False


def _initial(definition: Definition, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    initial: dict[str, Any] = {}
    for parameter in definition.parameters:
        if parameter.type == "bool":
            initial[parameter.name] = _is_true(parameter.default)
        elif parameter.options and not parameter.multiple:
            initial[parameter.name] = parameter.default
    known = {}
    for name, values in given.items():
        if (parameter := definition.parameter(name)) and values:
            known[parameter.name] = values
        elif name.upper() in (RUN_ID, ARRAY) and values:
            initial[name.upper()] = values[-1]
    for name, values in activate(definition, known).items():
        initial[name] = _shown(definition.parameter(name), values)
    return initial


def _array_fields() -> dict[str, forms.Field]:
    """What takes a table of parameters: a reference, or a file."""
    return {
        ARRAY: forms.CharField(
            required=False,
            label="Table of parameters",
            help_text="A result of a job: job:job-id/result.",
            widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        ),
        ARRAY + UPLOAD: forms.FileField(
            required=False,
            label="or a file of your own: CSV, TSV, ECSV, VOTable, FITS or JSON",
            widget=forms.ClearableFileInput(attrs={"class": "form-control-file"}),
        ),
    }


def _shown(parameter: Parameter, values: Sequence[str]) -> Any:
    if parameter.type == "bool":
        return _is_true(values[-1])
    if parameter.multiple:
        return list(values) if parameter.options else "\n".join(values)
    return values[-1]


def _field(parameter: Parameter, item: Input | None) -> forms.Field:
    shown = {"label": parameter.name, "help_text": _help(parameter, item)}
    required = parameter.required and not parameter.default and not parameter.parent and item is None
    if parameter.type == "bool":
        return forms.BooleanField(required=False, **shown)
    if parameter.options and parameter.multiple:
        choices = [(option, option) for option in parameter.options]
        return forms.MultipleChoiceField(
            required=required, choices=choices, widget=forms.CheckboxSelectMultiple, **shown
        )
    if parameter.options:
        choices = [(option, option) for option in parameter.options]
        if parameter.default not in parameter.options:
            choices.insert(0, ("", "—"))
        return forms.ChoiceField(required=required, choices=choices, **shown)
    return forms.CharField(required=required, widget=_widget(parameter, item), **shown)


def _widget(parameter: Parameter, item: Input | None) -> forms.Widget:
    attributes = {"spellcheck": "false", "autocomplete": "off"}
    references = DIRECTORIES if parameter.type == "directory" else REFERENCES
    if placeholder := parameter.default or (item is not None and references):
        attributes["placeholder"] = placeholder
    if parameter.type == "expression":
        return forms.Textarea(attrs={**attributes, "rows": 3, "class": "code"})
    if parameter.type == "region":
        return forms.Textarea(attrs={"placeholder": REGION, **attributes, "rows": 2, "class": "code"})
    if parameter.multiple:
        return forms.Textarea(attrs={**attributes, "rows": 2})
    if parameter.type == "int":
        attributes["inputmode"] = "numeric"
    elif parameter.type == "real":
        attributes["inputmode"] = "decimal"
    return forms.TextInput(attrs=attributes)


def _help(parameter: Parameter, item: Input | None) -> str:
    parts = [parameter.description.rstrip(".") + "." if parameter.description else ""]
    if item is not None and item.product_types:
        parts.append(f"Kind of data: {', '.join(item.product_types)}.")
    if parameter.type == "region":
        parts.append(REGION_HELP)
    if parameter.unit:
        parts.append(f"Unit: {parameter.unit}.")
    parts.append(_range(parameter))
    if parameter.multiple and not parameter.options:
        parts.append("One value a line.")
    if parameter.required and (item is not None or parameter.parent):
        parts.append("Required.")  # the field itself is not: a file, a table or the parent may stand for it
    if parameter.unverified:
        parts.append("Not verified against SAS.")
    return escape(" ".join(part for part in parts if part))


def _range(parameter: Parameter) -> str:
    match parameter.min, parameter.max:
        case None, None:
            return ""
        case low, None:
            return f"At least {plain(low)}."
        case None, high:
            return f"At most {plain(high)}."
        case low, high:
            return f"From {plain(low)} to {plain(high)}."
    return ""


def _is_true(value: str) -> bool:
    return value.strip().lower() in TRUE
