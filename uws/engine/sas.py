"""What this site says of its XMM-Newton SAS: the installation, what of it a task needs, and its version.

The version is asked of ``sasversion`` once for each installation, by an engine, and kept in a file for all processes.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from pathlib import Path

from django.conf import settings

from jobdefs.definition import Definition
from jobdefs.sas.environment import HEASOFT_NEEDED, Installation, search_path
from jobdefs.sas.version import MINIMUM, ask_version
from uws.digests import digest_of
from uws.limits import executor_of
from uws.runner_files import read_json, write_json
from vo.errors import AthanorError, UsageError

__all__ = ["SOURCE_ROOT", "check_sas", "learn_version", "runs_sas", "site_installation", "site_versions"]

SOURCE_ROOT = Path(__file__).resolve().parent.parent.parent
"""Directory that holds the packages; built-in tasks and the launcher of SAS's are found there."""

PATIENCE = 20.0
"""Seconds for which an engine waits for the version: other jobs wait meanwhile."""

ASK_AGAIN = 600.0
"""Seconds after which an installation that did not tell its version is asked once more."""

logger = logging.getLogger("athanor.engine")

_failed: dict[str, float] = {}


def site_installation() -> Installation:
    """The installation that the settings describe."""
    return Installation(
        root=settings.SAS_DIR,
        ccfpath=settings.SAS_CCFPATH,
        headas=settings.HEADAS,
        container=tuple(settings.ATHANOR_SAS_COMMAND),
        verbosity=settings.SAS_VERBOSITY,
        suppress_warning=settings.SAS_SUPPRESS_WARNING,
    )


def runs_sas(definition: Definition) -> bool:
    """Whether a run of the task runs programs of SAS here: it is one, or a driver that calls them."""
    return bool(settings.SAS_DIR) and (definition.environment in ("sas", "any") or bool(definition.sas))


def check_sas(definition: Definition) -> None:
    """Refuse a task that needs of SAS what this site does not have; the message names the setting.

    Files are looked for where the task runs on this machine itself, not in a container or a batch system.

    Raises
    ------
    vo.errors.UsageError
        The first thing that is missing.
    """
    name, sas = definition.name, site_installation()
    needed = definition.environment == "sas" or definition.sas == "required"
    if not sas.root:
        if needed:
            raise UsageError(
                f"{name} needs XMM-Newton SAS, which this service does not have.",
                hint="The operator can configure it by SAS_DIR and SAS_CCFPATH.",
            )
        return
    if not runs_sas(definition):
        return
    program = "" if definition.sas else definition.command[0]
    heasoft = HEASOFT_NEEDED.get(definition.name) or HEASOFT_NEEDED.get(program, "")
    if needed and not sas.ccfpath:
        raise UsageError(f"{name} needs the calibration files of SAS, but SAS_CCFPATH is not set.")
    if heasoft and not sas.headas:
        raise UsageError(f"{name} runs HEASoft's {heasoft}, but HEADAS is not set.")
    if sas.container:
        _check_container(name, sas)
    elif executor_of(definition) == "local":
        _check_files(name, sas, program, heasoft, needed=needed)
    version = _known_version(sas)
    if version and tuple(version) < MINIMUM:
        told, least = (".".join(map(str, numbers)) for numbers in (version, MINIMUM))
        raise UsageError(f"{name} needs SAS {least} or later, but SAS_DIR names SAS {told}.")


def learn_version(definition: Definition) -> str:
    """The version of the SAS that a task runs, such as ``21.0.0``; empty where it runs none or none is told."""
    if not runs_sas(definition):
        return ""
    sas = site_installation()
    version = _known_version(sas) or _asked_version(sas)
    return ".".join(map(str, version))


def site_versions() -> dict[str, str]:
    """Where the calibration files are, and the container image with its digest as far as that can be known.

    An image that is a file is read once, as long as it does not change; of others the digest is known where
    ATHANOR_SAS_COMMAND names it (``sas@sha256:…``).
    """
    found = {"ccf": settings.SAS_CCFPATH}
    if settings.ATHANOR_SAS_COMMAND:
        image = settings.ATHANOR_SAS_COMMAND[-1]  # SAS's own command comes after it
        found["container"] = Path(image).name
        found["container_sha256"] = _image_digest(image)
    return {name: value for name, value in found.items() if value}


def _image_digest(image: str) -> str:
    _, named, sha256 = image.partition("@sha256:")
    path = Path(image)
    try:
        if not named and path.is_file():
            return digest_of(path)
    except OSError as error:
        logger.warning("The container image %s cannot be read: %s", image, error)
    return sha256


def _check_container(name: str, sas: Installation) -> None:
    if settings.ATHANOR_SANDBOX == "require":
        raise UsageError(
            f"{name} runs in the container of ATHANOR_SAS_COMMAND, which cannot be made within the walls that"
            " ATHANOR_SANDBOX=require demands."
        )
    if shutil.which(sas.container[0]) is None:
        raise UsageError(f"{name} runs in a container, but the program that ATHANOR_SAS_COMMAND names is not there.")


def _check_files(name: str, sas: Installation, program: str, heasoft: str, *, needed: bool) -> None:
    if not Path(sas.root).is_dir():
        raise UsageError(f"{name} needs XMM-Newton SAS, but SAS_DIR names a directory that is not there.")
    if program and not _has(sas, program):
        raise UsageError(f"{name} runs SAS's program {program}, but the installation that SAS_DIR names has none.")
    if needed and not all(Path(path).is_dir() for path in sas.ccfpath.split(os.pathsep) if path):
        raise UsageError(
            f"{name} needs the calibration files of SAS, but SAS_CCFPATH names a directory that is not there."
        )
    if heasoft and not os.access(Path(sas.headas, "bin", heasoft), os.X_OK):
        raise UsageError(f"{name} runs HEASoft's {heasoft}, but the installation that HEADAS names has none.")


def _has(sas: Installation, program: str) -> bool:
    places = (Path(folder, program) for folder in search_path(sas))
    return any(path.is_file() and os.access(path, os.X_OK) for path in places)


def _key(sas: Installation) -> str:
    """An installation that was replaced has another key."""
    try:
        changed = Path(sas.root, "bin", "sasversion").stat().st_mtime_ns
    except OSError:
        changed = 0
    return repr((sas.root, sas.container, changed))


def _store() -> Path:
    return settings.ATHANOR_HOME / "run" / "sas.json"


def _known_version(sas: Installation) -> list[int]:
    return (read_json(_store()) or {}).get(_key(sas), [])


def _asked_version(sas: Installation) -> list[int]:
    key = _key(sas)
    if not sas.container and not _has(sas, "sasversion"):
        return []
    if time.monotonic() < _failed.get(key, 0.0):
        return []
    with tempfile.TemporaryDirectory(prefix="athanor-") as folder:
        environment = {"PATH": os.defpath, "HOME": folder, "PYTHONPATH": str(SOURCE_ROOT), **sas.to_environment()}
        try:
            version = list(ask_version(environment, seconds=PATIENCE))
        except AthanorError as error:
            logger.warning("The version of SAS is not known. %s", error)
            _failed[key] = time.monotonic() + ASK_AGAIN
            return []
    _store().parent.mkdir(parents=True, exist_ok=True)
    write_json(_store(), {key: version})
    return version
