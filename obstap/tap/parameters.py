"""The parameters of a TAP query (TAP 1.1 §2.7), read alike for ``/sync`` and for jobs."""

from __future__ import annotations

from dataclasses import dataclass

from obstap.uploads.request import Upload, parse_uploads
from vo.dali import Parameters, parse_maxrec

__all__ = ["Request", "read_request"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    Parameters
    ----------
    maxrec
        None when the client leaves it to the service.
    responseformat
        Empty when the client leaves it to the service.
    run_id
        What the client calls its request, to be echoed (DALI 1.1 §3.4.5).
    uploads
        The tables that it brings.
    """

    query: str
    lang: str
    maxrec: int | None
    responseformat: str
    run_id: str
    uploads: tuple[Upload, ...]


def read_request(parameters: Parameters) -> Request:
    """Check the parameters; REQUEST, VERSION and unknown ones are let pass.

    Raises
    ------
    vo.errors.ParameterError
        When one is missing, malformed or not supported; languages and formats are checked where they are used.
    """
    return Request(
        lang=parameters.required("LANG", "the query language, such as ADQL or ADQL-2.1"),
        query=parameters.required("QUERY", "the query, in the language that LANG names"),
        maxrec=parse_maxrec(parameters.single("MAXREC")),
        responseformat=parameters.single("RESPONSEFORMAT", "FORMAT"),
        run_id=parameters.single("RUNID"),
        uploads=parse_uploads(parameters.all("UPLOAD")),
    )
