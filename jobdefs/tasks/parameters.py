"""The command line of SAS tasks: ``name=value``, ``--name=value`` and the options that all tasks have.

Source: SAS documentation of taskmain and param-2.18. Parameter names, types and defaults are those of the task's
definition (`jobdefs/definitions`); giving a parameter switches on what it belongs to (`jobdefs.activation`).
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobdefs import registry
from jobdefs.activation import effective, is_active
from jobdefs.checking import check
from jobdefs.definition import Definition, Parameter
from vo.errors import AthanorError, ParameterError, ParameterErrors, UsageError

from .reporting import RELEASE, TaskError

__all__ = ["HelpRequested", "Invocation", "parse_arguments", "quoted", "read_command_line", "usage"]

DEFAULT_VERBOSITY = 4
_VALUED = {"-V": "verbosity", "--verbosity": "verbosity", "-w": "warning", "--warning": "warning"}
_ALONE = {"-c", "--noclobber", "-t", "--trace"}
_SHOWN = {"-h": "help", "--help": "help", "-p": "help", "--param": "help", "-v": "version", "--version": "version"}
_HERE = Path(__file__).resolve().parent
_REFERENCE_TIME = datetime(1998, 1, 1, tzinfo=UTC)


class HelpRequested(UsageError):
    """The user asked for help or for the version; the message is the answer, and no error."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A task as it was called.

    Parameters
    ----------
    given
        Canonical name → values of the parameters that were given.
    values
        The same with what they switch on and with defaults: a value for every parameter that has one.
    clobber
        Whether files that exist may be replaced (option -c: no).
    """

    definition: Definition
    given: Mapping[str, Sequence[str]]
    values: Mapping[str, Sequence[str]]
    verbosity: int = DEFAULT_VERBOSITY
    warning: str = "1"
    clobber: bool = True

    def _parameter(self, name: str) -> Parameter:
        parameter = self.definition.parameter(name)
        if parameter is None:
            raise AthanorError(f"{self.definition.name} is defined without a parameter {name}.")
        return parameter

    def is_given(self, name: str) -> bool:
        """Whether the parameter was given."""
        return self._parameter(name).name in self.given

    def is_active(self, name: str) -> bool:
        """Whether the parameter counts: everything that it belongs to is switched on."""
        return is_active(self.definition, self.values, self._parameter(name))

    def texts(self, name: str) -> list[str]:
        """The values of a list parameter."""
        return list(self.values.get(self._parameter(name).name, []))

    def text(self, name: str) -> str:
        """The value as text; empty when there is none."""
        return " ".join(self.texts(name))

    def flag(self, name: str) -> bool:
        """The value of a boolean parameter that counts; False when it does not count."""
        return self.is_active(name) and self.text(name) == "yes"

    def integer(self, name: str) -> int:
        """The value of an integer parameter."""
        return int(self.text(name))

    def real(self, name: str) -> float:
        """The value of a real, angle or time parameter.

        A date (TT) becomes seconds since 1998-01-01T00:00:00 TT, the epoch of all XMM-Newton times.
        """
        text = self.text(name)
        if self._parameter(name).type == "time" and "-" in text[1:] and "e-" not in text.lower():
            moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return (moment - _REFERENCE_TIME).total_seconds()
        return float(text)

    @property
    def command(self) -> str:
        """The call with every parameter, as the first line of a log tells it."""
        words = [self.definition.name]
        words += [
            f"{parameter.name}={quoted(' '.join(self.values.get(parameter.name, [''])))}"
            for parameter in self.definition.parameters
        ]
        return " ".join(words)

    @property
    def options(self) -> str:
        """The options, as the first line of a log tells them."""
        return f"-w {self.warning} -V {self.verbosity}"


def quoted(value: str) -> str:
    """A value as a shell would need it; SAS writes it so in XPROC0 too."""
    if value and all(character.isalnum() or character in "_@%+=:,./-" for character in value):
        return value
    return "'" + value.replace("'", "'\\''") + "'"


def usage(definition: Definition) -> str:
    """Help for a command line: every parameter with type, default and the first line of its description."""
    lines = [f"{definition.name} ({definition.name}-{definition.version}) [{RELEASE}]", definition.title, ""]
    for parameter in definition.parameters:
        default = "mandatory" if parameter.required else parameter.default or "''"
        kind = f"{parameter.type}{' list' if parameter.multiple else ''}"
        lines.append(f"  {parameter.name:<20} {kind:<12} {default:<14} {parameter.description.strip().splitlines()[0]}")
    lines += ["", "Options: -V n (verbosity, 0 to 10)  -w n (warnings)  -c (no clobber)  -v (version)  -h (this help)"]
    return "\n".join(lines)


def _option(
    word: str, rest: list[str], definition: Definition, options: dict[str, str], given: dict[str, list[str]]
) -> None:
    name, equals, value = word.partition("=")
    if word in _SHOWN:
        version = f"{definition.name} ({definition.name}-{definition.version}) [{RELEASE}]"
        raise HelpRequested(version if _SHOWN[word] == "version" else usage(definition))
    if word in _ALONE:
        options[word] = "yes"
    elif name in _VALUED:
        if not equals and not rest:
            raise TaskError("OptionValue", f"the option {word} needs a value.")
        options[_VALUED[name]] = value if equals else rest.pop(0)
    elif word[:2] in _VALUED and word[2:].lstrip("-").isdigit():
        options[_VALUED[word[:2]]] = word[2:]
    elif word.startswith("--") and equals:
        given.setdefault(name[2:], []).append(value)
    else:
        raise TaskError("UnknownOption", f"there is no option {word}.")


def parse_arguments(definition: Definition, arguments: Sequence[str]) -> Invocation:
    """Read the arguments of a task (without the program's name).

    Raises
    ------
    HelpRequested
        For -h, -p and -v.
    TaskError
        For an unknown option or an argument of another form.
    vo.errors.ParameterErrors
        For every parameter that is unknown, missing or wrong.
    """
    given: dict[str, list[str]] = {}
    options: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            _option(word, rest, definition, options, given)
        elif not equals or not name.strip():
            raise TaskError("ParameterSyntax", f"{word!r} is not of the form name=value.")
        else:
            given.setdefault(name.strip(), []).append(_unquoted(value))
    verbosity = options.get("verbosity", str(DEFAULT_VERBOSITY))
    if not verbosity.isdigit() or int(verbosity) > 10:
        raise TaskError("OptionValue", f"the verbosity must be between 0 and 10, not {verbosity}.")
    values = check(definition, given, complete=True, local=True)
    return Invocation(
        definition=definition,
        given=values,
        values=effective(definition, values),
        verbosity=int(verbosity),
        warning=options.get("warning", "1"),
        clobber=not {"-c", "--noclobber"} & options.keys(),
    )


def _unquoted(value: str) -> str:
    """A value without the quotes that belong to a shell but came through (``blockstocopy="''"``)."""
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"" and value[0] not in value[1:-1]
    return value[1:-1] if quoted else value


def read_command_line(task: str, main: Callable[[Invocation], None], arguments: Sequence[str] | None = None) -> int:
    """Run a task from a command line, and tell its errors as SAS does.

    Parameters
    ----------
    main
        Does the work; any `vo.errors.AthanorError` that it raises ends the task.
    arguments
        `sys.argv` without the program's name, by default.

    Returns
    -------
    int
        Exit status: 0, or 1 after an error, which was written to standard error as
        ``** task: error (Code), text``, one line for each mistake.
    """
    try:
        main(parse_arguments(registry.product_definition(task), sys.argv[1:] if arguments is None else arguments))
    except HelpRequested as answer:
        sys.stdout.write(f"{answer.message}\n")
    except Exception as error:  # noqa: BLE001 - whatever a file made a task stumble over is told in one line
        sys.stdout.flush()
        for code, text in _told(error):
            sys.stderr.write(f"** {task}: error ({code}), {text}\n")
        return 1
    return 0


def _told(error: Exception) -> list[tuple[str, str]]:
    match error:
        case MemoryError():
            return [("OutOfMemory", "the task needs more memory than it may use.")]
        case ParameterErrors(errors=errors):
            return [told for one in errors for told in _told(one)]
        case ParameterError():
            return [("ParameterError", " ".join(str(error).split()))]
        case TaskError(code=code):
            return [(code, " ".join(str(error).split()))]
        case AthanorError():
            return [(type(error).__name__, " ".join(str(error).split()))]
    text = " ".join(str(error).split())[:500]
    return [("InternalError", f"{type(error).__name__} at {_place(error)}: {text}. Is an input damaged?")]


def _place(error: Exception) -> str:
    """Where in this product an exception was raised."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(name, line) for name, line in frames if name.startswith(str(_HERE))] or frames
    name, line = own[-1]
    return f"{Path(name).stem}:{line}"
