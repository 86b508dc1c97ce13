"""Texts of CWL in which values of inputs stand (CWL v1.2, Parameter references and Expressions)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

__all__ = ["Expressions", "literal", "template"]

_FIELD = re.compile(r"\{(\w+)\}")
_REFERENCE = re.compile(r"\\?\$[({]")


def literal(text: str) -> str:
    """A text that holds no reference, though it may look like one."""
    return _REFERENCE.sub(lambda found: f"\\{found[0]}", text)


class Expressions:
    """Makes references to inputs, and JavaScript where a reference does not do.

    Parameters
    ----------
    files, present, several
        Names of inputs that are files or directories, that always have a value, and that are lists.
    """

    def __init__(self, *, files: Collection[str], present: Collection[str], several: Collection[str]) -> None:
        self._files = files
        self._present = present
        self._several = several
        self.used = False
        """Whether JavaScript was needed."""

    def text(self, name: str) -> str:
        """The value of an input as text, empty where it has none; a file is its path."""
        value = f"inputs.{name}"
        if name in self._several:
            one = "item.path" if name in self._files else "item"
            value = f'{value}.map(function(item) {{ return {one}; }}).join(" ")'
        elif name in self._files:
            value = f"{value}.path"
        if name in self._present and name not in self._several:
            return f"$({value})"
        self.used = True
        return f'$(inputs.{name} === null ? "" : {value})'

    def file_name(self, name: str, default: str) -> str:
        """The name of the file that is written where an input says."""
        if name in self._files:  # the task changes its input
            several, one = name in self._several, f"inputs.{name}.basename"
            if name in self._present and not several:
                return f"$({one})"
            self.used = True
            names = f"inputs.{name}.map(function(item) {{ return item.basename; }})" if several else one
            return f"$(inputs.{name} === null ? [] : {names})"
        if name in self._present:
            return f"$(inputs.{name})"
        self.used = True
        return f"$(inputs.{name} === null ? {json.dumps(default)} : inputs.{name})"


def template(text: str, expressions: Expressions) -> str:
    """An argument of a command with its ``{name}`` replaced by references."""
    parts = _FIELD.split(text)
    return "".join(expressions.text(part) if number % 2 else literal(part) for number, part in enumerate(parts))
