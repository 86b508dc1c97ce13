"""The parameter UPLOAD (TAP 1.1 §2.7.6, DALI 1.1 §3.4.5): which tables a request brings, and where they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from obstap.names import REGULAR, RESERVED
from vo.errors import ParameterError

__all__ = ["SCHEMA", "Upload", "parse_uploads"]

SCHEMA = "TAP_UPLOAD"
"""The schema in which a query finds its uploaded tables."""

_MOST = 20
_LONGEST = 63

_BETWEEN = re.compile(r";(?=[^;,]*,)")
"""A semicolon before another pair; others are part of a URI."""

_USAGE = "write name,URI pairs such as t1,param:t1 with ';' between them"


@dataclass(frozen=True, slots=True)
class Upload:
    """One table: the name that the query knows it by, and the URI of its VOTable."""

    name: str
    uri: str


def parse_uploads(values: Iterable[str]) -> tuple[Upload, ...]:
    """All tables of a request.

    Parameters
    ----------
    values
        Every value of UPLOAD, of which each may name several tables.

    Raises
    ------
    vo.errors.ParameterError
        When a value is malformed, or a name is no regular identifier of ADQL or given twice in any case.
    """
    uploads: dict[str, Upload] = {}
    for value in values:
        for pair in _BETWEEN.split(value.strip().strip(";")):
            if pair.strip():
                upload = _parse_pair(pair.strip())
                if upload.name.lower() in uploads:
                    raise ParameterError(
                        "UPLOAD", f"two tables are named {upload.name}; give each a name of its own, in any case."
                    )
                uploads[upload.name.lower()] = upload
    if len(uploads) > _MOST:
        raise ParameterError("UPLOAD", f"it names {len(uploads)} tables; {_MOST} are allowed.")
    return tuple(uploads.values())


def _parse_pair(pair: str) -> Upload:
    name, comma, uri = (part.strip() for part in pair.partition(","))
    if not (comma and uri):
        raise ParameterError("UPLOAD", f"{pair[:60]!r} is no pair; {_USAGE}.")
    if not REGULAR.fullmatch(name) or len(name) > _LONGEST:
        raise ParameterError(
            "UPLOAD",
            f"{name[:60]!r} is no name of a table: it must be a letter and up to {_LONGEST - 1} more letters, digits"
            f" and '_', without schema and quotes; {_USAGE}.",
        )
    if name.upper() in RESERVED:
        raise ParameterError(
            "UPLOAD", f"{name!r} is a reserved word of ADQL and cannot name a table; take another, such as my_{name}."
        )
    return Upload(name, uri)
