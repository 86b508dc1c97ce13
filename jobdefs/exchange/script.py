"""Shell scripts of JDL: a command made from a template, and the one simple command of a script as a template.

A script is never run by us to find out what it does, and values never become part of one. A script that is one simple
command (words, quotes and ``$name``) is the same as a list of arguments, and that is what it becomes. Anything else
that a shell would do (pipes, substitutions, patterns, several commands) has no such list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from vo.errors import UsageError

from ..definition import Definition

__all__ = ["SimpleCommand", "read_script", "script_of"]

BUILTIN = ("python", "-m", "jobdefs.tasks.")
"""How a built-in task is begun."""

_FIELD = re.compile(r"\{(\w+)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_SAFE = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")
_OF_THE_SHELL = frozenset({".", "builtin", "cd", "command", "eval", "exec", "export", "source", "trap"})
_INTERPRETER = re.compile(r"env|xargs|(ba|da|k|z|c|tc|fi)?sh|(python|perl|ruby|node|lua|awk|[gm]awk|tclsh)[\d.]*")
_CODE = re.compile(r"-\w*[ceS]")
"""Options after which an interpreter takes code."""

_SPECIAL = frozenset("|&;<>()`*?[]{}~#!\n\r")
"""What means something to a shell where it is not quoted."""

_NOTHING = re.compile(r"[ \t]*(#.*|set[ \t]+[-+][a-z]+([ \t]+pipefail)?|)[ \t]*")
"""Lines that do nothing to speak of."""


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """A command without anything that needs a shell.

    Parameters
    ----------
    variables
        Environment variable → the name of the parameter whose value it gets.
    words
        Program and arguments as templates: text with ``{name}`` for values.
    """

    variables: dict[str, str]
    words: tuple[str, ...]


class _NotSimple(Exception):
    """The script needs a shell."""


def script_of(definition: Definition) -> str:
    """One line of shell that does what the command of a definition does; values are ``$name``, always quoted."""
    words = [f"{item.variable}={_quoted(f'{{{item.name}}}')}" for item in definition.parameters if item.variable]
    program, *arguments = definition.command
    words += [*BUILTIN[:2], BUILTIN[2] + program] if definition.environment == "builtin" else [_quoted(program)]
    for argument in arguments:
        if argument != "{*}":
            words.append(_quoted(argument))
            continue
        given = [item for item in definition.parameters if not item.variable]
        words += [_quoted(f"{item.argument or item.name}={{{item.name}}}") for item in given]
    return " ".join(words)


def read_script(text: str, known: Collection[str]) -> SimpleCommand | None:
    """The one simple command of a script, or None when it is more than that.

    Parameters
    ----------
    known
        Names that ``$name`` may have.
    """
    lines = _lines(text.replace("\r\n", "\n"))
    if len(lines) != 1:
        return None
    try:
        words = _Reader(lines[0].strip(" \t"), known).words()
    except _NotSimple:
        return None
    variables: dict[str, str] = {}
    while words and (assigned := _ASSIGNMENT.fullmatch(words[0])):
        field = _FIELD.fullmatch(assigned[2])
        if field is None or assigned[1] in variables:
            return None
        variables[assigned[1]] = field[1]
        del words[0]
    if not words or "{" in words[0] or _runs_code(words):
        return None
    return SimpleCommand(variables, tuple(words))


def _runs_code(words: Sequence[str]) -> bool:
    """Whether the command belongs to the shell itself, or has values in what an interpreter takes for code."""
    program = words[0].rpartition("/")[2]
    if program in _OF_THE_SHELL:
        return True
    return (
        _INTERPRETER.fullmatch(program) is not None
        and any(_CODE.fullmatch(word) for word in words[1:])
        and any("{" in word for word in words[1:])
    )


def _lines(text: str) -> list[str]:
    """Lines that do something; one that ends in a backslash goes on in the next, unless it is a comment."""
    found: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        if not goes_on and _NOTHING.fullmatch(line):
            continue
        found += [] if goes_on else [""]
        goes_on = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        found[-1] += line[:-1] if goes_on else line
        if goes_on and "'" in found[-1]:  # within single quotes a backslash is a backslash
            return []
    return found if not goes_on else []


class _Reader:
    """Reads a line as a shell does, as far as that is simple (POSIX Shell Command Language §2.2, §2.6)."""

    def __init__(self, line: str, known: Collection[str]) -> None:
        self._line = line
        self._known = known
        self._place = 0

    def words(self) -> list[str]:
        """The words, as templates."""
        found: list[str] = []
        word: str | None = None
        readers: dict[str, Callable[[], str]] = {
            "'": self._single, '"': self._double, "\\": self._escaped, "$": self._value,
        }  # fmt: skip
        while self._place < len(self._line):
            sign = self._next()
            if sign in " \t":
                found += [] if word is None else [word]
                word = None
                continue
            if sign in _SPECIAL:
                raise _NotSimple
            word = (word or "") + (readers[sign]() if sign in readers else sign)
        return found if word is None else [*found, word]

    def _next(self) -> str:
        if self._place >= len(self._line):
            raise _NotSimple
        self._place += 1
        return self._line[self._place - 1]

    def _single(self) -> str:
        end = self._line.find("'", self._place)
        if end < 0:
            raise _NotSimple
        text, self._place = self._line[self._place : end], end + 1
        return _literal(text)

    def _double(self) -> str:
        text = ""
        while (sign := self._next()) != '"':
            if sign == "`":
                raise _NotSimple
            if sign == "\\":
                following = self._next()
                text += _literal(following if following in '$`"\\' else f"\\{following}")
            else:
                text += self._value() if sign == "$" else _literal(sign)
        return text

    def _escaped(self) -> str:
        return _literal(self._next())

    def _value(self) -> str:
        braced = self._line.startswith("{", self._place)
        name = _NAME.match(self._line, self._place + braced)
        if name is None or name[0] not in self._known:
            raise _NotSimple
        self._place = name.end() + braced
        if braced and not self._line.startswith("}", name.end()):
            raise _NotSimple
        return f"{{{name[0]}}}"


def _literal(text: str) -> str:
    """Text in a template; braces have no other meaning there than that of fields."""
    if "{" in text or "}" in text:
        raise _NotSimple
    return text


def _quoted(template: str) -> str:
    """A word of shell that gives the template's text, with ``$name`` for its fields."""
    if _SAFE.fullmatch(template):
        return template
    parts = _FIELD.split(template)
    text = ""
    for number, part in enumerate(parts):
        if number % 2:
            following = parts[number + 1][:1]
            text += f"${{{part}}}" if following.isalnum() or following == "_" else f"${part}"
        elif "\n" in part:
            raise UsageError("A command whose arguments have several lines cannot be written as one line of shell.")
        else:
            text += re.sub(r'([$`"\\])', r"\\\1", part)
    return f'"{text}"'
