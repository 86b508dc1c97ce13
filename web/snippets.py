"""Lines to paste into a shell or a notebook that do what a page does."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from obstap.joblists import list_path

__all__ = ["job_curl", "job_pyvo", "query_curl", "query_pyvo", "sync_url"]


def sync_url(base_url: str, adql: str, *, responseformat: str) -> str:
    """Address of a query's answer (TAP 1.1 §2.1)."""
    parameters = {"LANG": "ADQL", "RESPONSEFORMAT": responseformat, "QUERY": adql}
    return f"{base_url}/tap/sync?{urlencode(parameters, quote_via=quote)}"


def query_curl(base_url: str, adql: str, *, file: str = "observations.csv") -> str:
    """A shell command that saves a query's answer as CSV in a file."""
    return " \\\n  ".join(
        [
            f"curl -sS {shlex.quote(base_url + '/tap/sync')}",
            "--data-urlencode LANG=ADQL",
            "--data-urlencode RESPONSEFORMAT=csv",
            f"--data-urlencode {shlex.quote('QUERY=' + adql)}",
            f"-o {shlex.quote(file)}",
        ]
    )


def query_pyvo(base_url: str, adql: str) -> str:
    """Python that gets a query's answer as an astropy table."""
    return (
        "import pyvo\n\n"
        f"service = pyvo.dal.TAPService({base_url + '/tap'!r})\n"
        f"table = service.search({_python_text(adql)}).to_table()\n"
        "print(table)\n"
    )


def job_curl(base_url: str, definition: str, parameters: Mapping[str, Sequence[str]]) -> str:
    """A shell command that starts a job with these parameters and tells its address."""
    lines = [f"curl -sS -o /dev/null -w '%{{redirect_url}}\\n' {shlex.quote(f'{base_url}/{list_path(definition)}')}"]
    lines += [
        f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, values in parameters.items() for value in values
    ]
    return " \\\n  ".join([*lines, "-d PHASE=RUN"])


def job_pyvo(job_url: str) -> str:
    """Python that waits for the job at an address and lists its results."""
    return (
        "import pyvo\n\n"
        f"job = pyvo.dal.AsyncTAPJob({job_url!r})\n"
        'job.wait(phases=["COMPLETED", "ERROR", "ABORTED"])\n'
        "job.raise_if_error()\n"
        "for result in job.results:\n"
        "    print(result.id_, result.href)\n"
    )


def _python_text(text: str) -> str:
    if '"""' in text or "\\" in text or text.endswith('"'):
        return repr(text)
    return f'"""\n{text}\n"""'
