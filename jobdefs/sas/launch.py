"""Running a program of SAS in place of this process: on the machine, or in the site's container. No shell is involved.

What a job's process has in its environment names the installation (`jobdefs.sas.environment.Installation`); what the
program gets is made here, so that SAS's libraries and Python packages never meet ours.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from vo.errors import AthanorError, NotFoundError

from .environment import CONTAINER, SUMMARY_VARIABLE, Installation, installation, search_path, variables

__all__ = ["main", "prepare", "program"]

_TASK = re.compile(r"[A-Za-z][\w-]*")
_OURS = ("PYTHONPATH", "PYTHONUNBUFFERED", CONTAINER, SUMMARY_VARIABLE)
_PATHS = ("SAS_CCF", "SAS_ODF")


def main(arguments: Sequence[str]) -> int:
    """Become a task of SAS: ``python -P -m jobdefs.sas TASK name=value…``.

    Returns
    -------
    int
        Exit status 1, when the program cannot be run; standard error says why, as a task of SAS would.
    """
    if not arguments:
        sys.stderr.write("usage: python -P -m jobdefs.sas TASK name=value…\n")
        return 2
    task = arguments[0]
    try:
        argv, environment = prepare(task, arguments[1:], os.environ)
        sys.stdout.flush()
        try:
            os.execvpe(argv[0], argv, environment)  # noqa: S606 - that is what this program is for
        except OSError as error:
            raise NotFoundError(f"{argv[0]} cannot be executed: {error.strerror}.") from error
    except AthanorError as error:
        sys.stderr.write(f"** {task}: error (CannotRun), {' '.join(str(error).split())}\n")
    except OSError as error:
        text = f"{error.filename or 'a file'} cannot be read or written: {error.strerror}."
        sys.stderr.write(f"** {task}: error (CannotRun), {text}\n")
    return 1


def prepare(task: str, arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The argument list and the environment of a task; its private directories are made.

    Parameters
    ----------
    environ
        The environment of the job's process. SAS_CCF and SAS_ODF may be relative to the current directory. Where
        SAS_ODF names an ODF that is not the job's own, the task gets a view of it (`jobdefs.sas.odf`).

    Raises
    ------
    vo.errors.AthanorError
        When there is no such program, or no ODF of which a view can be made.
    """
    sas = installation(environ)
    if not sas.root:
        raise NotFoundError("There is no XMM-Newton SAS here: SAS_DIR is not set.")
    if not _TASK.fullmatch(task):
        raise NotFoundError(f"{task!r} is no name of a task.")
    temporary = Path(environ.get("TMPDIR") or environ.get("HOME") or ".").absolute()
    pfiles = temporary / f"pfiles-{os.getpid()}"
    pfiles.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in environ.items() if name not in _OURS}
    kept |= {name: str(Path(environ[name]).absolute()) for name in _PATHS if environ.get(name)}
    if kept.get("SAS_ODF"):
        kept["SAS_ODF"] = str(_odf(Path(kept["SAS_ODF"]), environ.get(SUMMARY_VARIABLE, ""), temporary))
    made = variables(sas, pfiles=str(pfiles))
    if sas.container:
        told = {name: value for name, value in kept.items() if name.startswith("SAS_")} | made
        return [*_container(sas, temporary), *_assigned(told), task, *arguments], kept
    return [program(sas, task), *arguments], kept | made


def program(sas: Installation, task: str) -> str:
    """The full path of a program of an installation on this machine.

    Raises
    ------
    vo.errors.NotFoundError
        When neither SAS nor HEASoft has it.
    """
    for folder in search_path(sas):
        path = f"{folder}/{task}"
        if os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113 - as os.access
            return path
    where = "in SAS_DIR or HEADAS" if sas.headas else "in SAS_DIR"
    raise NotFoundError(f"There is no program {task} {where}.")


def _odf(path: Path, summary: str, temporary: Path) -> Path:
    """The ODF itself where it is the job's own (a driver has made its view), else a view of it."""
    from .odf import make_view  # noqa: PLC0415 - what unpacks archives takes long to load, and few tasks read an ODF

    own = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(temporary.parent))
    if own and not summary and (path.is_dir() or path.name.endswith("SUM.SAS")):
        return path
    given = Path(summary).absolute() if summary else None
    if given is None and path.is_file() and path.name.endswith("SUM.SAS"):
        path, given = path.parent, path
    return make_view(temporary / f"odf-{os.getpid()}", odf=path, summary=given)


def _container(sas: Installation, temporary: Path) -> list[str]:
    fields = {"{jobdir}": str(temporary.parent), "{workdir}": str(Path.cwd())}
    words = list(sas.container)
    for field, path in fields.items():
        words = [word.replace(field, path) for word in words]
    return words


def _assigned(made: Mapping[str, str]) -> list[str]:
    """The image's own ``env`` sets the variables, for not every container command hands on those that it has."""
    return ["env", *(f"{name}={value}" for name, value in sorted(made.items()))]
