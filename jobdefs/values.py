"""One value of a parameter: whether it fits, and its canonical form (SAS parameter types, param-2.18)."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence

from vo.errors import ParameterError, QueryError, UsageError
from vo.wording import plain

from .definition import Parameter

__all__ = ["FILE_TYPES", "TYPES", "check_value"]

FILE_TYPES = ("table", "dataset", "file", "directory")
"""Types whose values name files: references where they are inputs, plain names where they are outputs."""

TYPES = (
    "bool", "int", "real", "string", "choice", "column", "block", "angle", "time", "expression", "region",
    *FILE_TYPES,
)  # fmt: skip

MAX_LENGTH = 4096
MAX_EXPRESSION = 65_536
MAX_FILE_NAME = 200

_TRUE = frozenset({"yes", "true", "y", "t"})
_FALSE = frozenset({"no", "false", "n", "f"})
_INTEGER = re.compile(r"[+-]?(?:\d{1,19}|0[xX][0-9a-fA-F]{1,16})")
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d{1,4})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?)?")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,67}")
_BLOCK = re.compile(r":?[A-Za-z0-9_][A-Za-z0-9_.+-]{0,67}")
_FILE_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._+-]{{0,{MAX_FILE_NAME - 1}}}")


def check_value(parameter: Parameter, value: str, *, is_input: bool = False, local: bool = False) -> str:
    """The canonical form of one value.

    Parameters
    ----------
    is_input
        Whether the parameter names a file that is read.
    local
        Whether the value comes from a command line, where files are named by paths.

    Returns
    -------
    str
        ``yes`` or ``no`` for booleans, decimal integers, options in the definition's spelling, regions as
        `vo.skyregions` writes them; else the value without surrounding blanks.

    Raises
    ------
    vo.errors.ParameterError
        What is wrong and what would be right.
    """
    _check_characters(parameter, value)
    text = value.strip()
    if parameter.type in FILE_TYPES:
        return _reference(parameter, text, local) if is_input or local else _file_name(parameter, text)
    if parameter.type == "expression":
        return _expression(parameter, text, local)
    return _CHECKS[parameter.type](parameter, text)


def _wrong(parameter: Parameter, message: str, *, hint: str = "") -> ParameterError:
    return ParameterError(parameter.name, message, hint=hint)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def _check_characters(parameter: Parameter, value: str) -> None:
    is_text = parameter.type in ("expression", "region")
    longest = MAX_EXPRESSION if is_text else MAX_LENGTH
    if len(value) > longest:
        raise _wrong(parameter, f"The value has {len(value):,} characters; {longest:,} are allowed.")
    blanks = "\t\n\r" if is_text else ""
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in blanks:
            raise _wrong(parameter, f"The value holds the control character U+{ord(character):04X}.")


def _bool(parameter: Parameter, text: str) -> str:
    lower = text.lower()
    if lower in _TRUE:
        return "yes"
    if lower in _FALSE:
        return "no"
    raise _wrong(parameter, f"{_shown(text)} is neither yes nor no.")


def _in_range(parameter: Parameter, number: float, text: str) -> None:
    low, high = parameter.min, parameter.max
    if (low is None or number >= low) and (high is None or number <= high):
        return
    unit = f" {parameter.unit}" if parameter.unit else ""
    if low is not None and high is not None:
        allowed = f"between {plain(low)} and {plain(high)}{unit}"
    else:
        allowed = f"at least {plain(low)}{unit}" if low is not None else f"at most {plain(high)}{unit}"
    raise _wrong(parameter, f"{text} is out of range; it must be {allowed}.")


def _int(parameter: Parameter, text: str) -> str:
    if not _INTEGER.fullmatch(text):
        raise _wrong(parameter, f"{_shown(text)} is no integer.")
    number = int(text, 16) if "x" in text.lower() else int(text)
    if not -(2**63) <= number < 2**63:
        raise _wrong(parameter, f"{text} has more than 64 bits.")
    _in_range(parameter, number, text)
    return str(number)


def _real(parameter: Parameter, text: str) -> str:
    if not _REAL.fullmatch(text):
        raise _wrong(parameter, f"{_shown(text)} is no number.")
    plain = re.sub("[dD]", "e", text)
    number = float(plain)
    if not math.isfinite(number):
        raise _wrong(parameter, f"{text} is too large.")
    _in_range(parameter, number, text)
    return plain


def _time(parameter: Parameter, text: str) -> str:
    if _DATE.fullmatch(text):
        return text
    try:
        return _real(parameter, text)
    except ParameterError as error:
        hint = "Give seconds, or a date as yyyy-mm-ddThh:mm:ss."
        raise _wrong(parameter, error.message, hint=hint) from error


def _choice(parameter: Parameter, text: str) -> str:
    for option in parameter.options:
        if option.lower() == text.lower():
            return option
    raise _wrong(parameter, f"{_shown(text)} is none of {', '.join(parameter.options)}.")


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[Parameter, str], str]:
    def check(parameter: Parameter, text: str) -> str:
        if not pattern.fullmatch(text):
            raise _wrong(parameter, f"{_shown(text)} is no {what}.")
        return text

    return check


def _string(_: Parameter, text: str) -> str:
    return text


def _file_name(parameter: Parameter, text: str) -> str:
    name, colon, block = text.partition(":") if parameter.type == "table" else (text, "", "")
    if not _FILE_NAME.fullmatch(name) or name == "inputs" or (colon and not _BLOCK.fullmatch(block)):
        raise _wrong(
            parameter,
            f"{_shown(text)} is no plain file name.",
            hint="Use letters, digits, dot, dash, plus and underscore, beginning with a letter or a digit; no path.",
        )
    return text


def _reference(parameter: Parameter, text: str, local: bool) -> str:
    if not text:
        raise _wrong(parameter, "It is empty.")
    if any(character.isspace() for character in text) and not local:
        raise _wrong(parameter, f"{_shown(text)} holds a blank.")
    return text


def _expression(parameter: Parameter, text: str, local: bool) -> str:
    from .tasks.selectlib import check_syntax, file_references  # noqa: PLC0415 (brings numpy)

    try:
        check_syntax(text)
        references = [] if local else file_references(text)
    except QueryError as error:
        place = f"line {error.line}, " if "\n" in text else ""
        problem = _wrong(parameter, f"{place}column {error.column}: {error.message}", hint=error.hint)
        raise problem from error
    _check_references(parameter, [reference.text for reference in references])
    return text


def _region(parameter: Parameter, text: str) -> str:
    from vo.skyregions import parse_region  # noqa: PLC0415 (brings numpy)

    try:
        return parse_region(text).text
    except UsageError as error:
        raise _wrong(parameter, error.message, hint=error.hint) from error


def _check_references(parameter: Parameter, references: Sequence[str]) -> None:
    for reference in references:
        if not re.match(r"(ivo://|https?://|job:|param:)", reference):
            raise _wrong(
                parameter,
                f"{_shown(reference)} is no data set of this service.",
                hint="Name the file by its obs_publisher_did, its access_url or job:<jobid>/<result>.",
            )


_CHECKS: dict[str, Callable[[Parameter, str], str]] = {
    "bool": _bool,
    "int": _int,
    "real": _real,
    "angle": _real,
    "time": _time,
    "choice": _choice,
    "string": _string,
    "region": _region,
    "column": _matching(_COLUMN, "column name"),
    "block": _matching(_BLOCK, "name of a block"),
}
