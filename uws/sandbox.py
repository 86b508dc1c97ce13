"""The walls of a run: what bubblewrap is told so that a command reads its inputs and writes its directory, no more.

Made on the machine that runs the command, for each has its own ``/usr``, ``/etc`` and Python. Standard library only.
What the options mean is said in bwrap(1).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Bubblewrap", "SandboxError", "find_bubblewrap", "interpreter", "probe", "walls"]

PROGRAMS = "/usr/local/bin:/usr/bin:/bin"
USER = 1000
"""User and group as a confined command sees itself; outside it stays who the runner is."""

NAMESPACES = ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
CONFINED = ("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--as-pid-1")
LOCKED_SINCE = (0, 8)
"""Version that knows ``--disable-userns``."""

SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Directories beside ``/usr``; links into it on most systems."""

ETC = (
    "alternatives",
    "ca-certificates",
    "crypto-policies",
    "fonts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "perl",
    "pki/ca-trust",
    "pki/tls/certs",
    "ssl/certs",
    "ssl/openssl.cnf",
)
"""What programs need of ``/etc``; nothing in it is a site's secret."""

NETWORK_ETC = ("gai.conf", "host.conf", "hosts", "nsswitch.conf", "protocols", "resolv.conf", "services")
"""What names of hosts are looked up with."""

ACCOUNTS = {
    "/etc/passwd": f"root:x:0:0::/:/bin/false\njob:x:{USER}:{USER}::/tmp:/bin/false\n",
    "/etc/group": f"root:x:0:\njob:x:{USER}:\n",
}
TEMPORARY = ("/tmp", "/dev/shm")  # noqa: S108
"""Where programs keep what they do not name; the run's own ``tmp`` directory."""

LOOPBACK = {"/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n"}


class SandboxError(Exception):
    """A machine cannot confine a command; its text says why."""


class Bubblewrap(NamedTuple):
    """The program that makes the walls."""

    path: str
    version: str

    @property
    def namespaces(self) -> list[str]:
        """Options of what every run gets of its own."""
        known = tuple(int(part) for part in re.findall(r"\d+", self.version)[:2])
        locked = ["--disable-userns"] if known >= LOCKED_SINCE else []
        return [*NAMESPACES, "--uid", str(USER), "--gid", str(USER), *locked, *CONFINED]


def find_bubblewrap() -> Bubblewrap:
    """The bubblewrap of this machine.

    Raises
    ------
    SandboxError
        When it has none.
    """
    path = shutil.which("bwrap", path=PROGRAMS)
    if path is None:
        raise SandboxError("bubblewrap is not installed")
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError(f"bubblewrap does not run: {error}") from error
    return Bubblewrap(path, told.split()[-1] if told.split() else "")


def probe(bubblewrap: Bubblewrap) -> None:
    """Make walls without anything of a job within.

    Raises
    ------
    SandboxError
        When the machine refuses, as containers and systems without namespaces for ordinary users do.
    """
    options = [*bubblewrap.namespaces, "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    command = [bubblewrap.path, *options, "--", shutil.which("true", path=PROGRAMS) or "true"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise SandboxError(f"bubblewrap cannot make namespaces here: {done.stderr.strip()[-300:]}")


def walls(bubblewrap: Bubblewrap, workdir: Path, job: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Options of bubblewrap for a job.

    Parameters
    ----------
    job
        Content of ``job.json``: ``inputs``, ``network``, and ``sandbox`` with ``readable`` (paths that the command may
        read) and ``hidden`` (directories that must not be seen even where they lie below a readable one).

    Returns
    -------
    tuple
        The options, and the text of files that are made for the command, by their paths. The root is still to be made
        read-only.
    """
    sandbox = job.get("sandbox", {})
    network = bool(job.get("network"))
    options = [*bubblewrap.namespaces, *([] if network else ["--unshare-net"]), *_system(network)]
    options += ["--proc", "/proc", "--dev", "/dev", "--symlink", TEMPORARY[0], "/var/tmp"]  # noqa: S108
    # On the disk of the job, not in memory, for nothing would limit that.
    for path in TEMPORARY:
        options += ["--bind", str(workdir / "tmp"), path]
    python = [sys.base_prefix, sys.base_exec_prefix, str(Path(interpreter()).parent)]
    inputs = [str(item["path"]) for item in job.get("inputs", ())]
    readable = [*_readable([*sandbox.get("readable", ()), *python]), *inputs]
    hidden = [*_hidden(sandbox.get("hidden", ()), readable), *_ways((str(workdir / "work"), *readable))]
    places = _places(workdir, readable, hidden)
    # A directory comes before what lies in it.
    for path in sorted(places, key=lambda path: path.count("/")):
        options += places[path]
    # /proc too, for root without capabilities still is the owner of the system's settings in it.
    for path in ("/proc", "/dev", *hidden):
        options += ["--remount-ro", path]
    files = ACCOUNTS if network else ACCOUNTS | LOOPBACK
    return [*options, "--chdir", str(workdir / "work")], files


def _system(network: bool) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for path in (Path("/", name) for name in SYSTEM):
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in (*ETC, *(NETWORK_ETC if network else ())):
        if Path("/etc", name).exists():
            yield from ("--ro-bind", f"/etc/{name}", f"/etc/{name}")


def interpreter() -> str:
    """The Python that runs `uws.runner_init`: this one, without its virtual environment."""
    return os.path.realpath(sys.executable)


def _readable(paths: Iterable[str]) -> list[str]:
    """Each path that exists, by each of its names; never the whole machine."""
    return [str(path) for path in sorted(_names(paths)) if path.exists() and str(path) not in ("/", "/usr")]


def _hidden(paths: Iterable[str], readable: Iterable[str]) -> Iterator[str]:
    """Directories to be covered: those below what is readable, and not asked for themselves."""
    shown = {Path(path) for path in (*readable, "/usr")}
    for path in sorted(_names(paths) - shown):
        if path.is_dir() and not shown.isdisjoint(path.parents):
            yield str(path)


def _ways(paths: Collection[str]) -> set[str]:
    """Directories below the temporary ones that lead to a place: not for the command to write in."""
    parents = {parent for path in paths for parent in Path(path).parents}
    return {str(parent) for parent in parents if str(parent.parent) in TEMPORARY} - set(paths)


def _names(paths: Iterable[str]) -> set[Path]:
    """The paths as they are given, and where their links lead to."""
    return {name for path in paths if path for name in (Path(path).absolute(), Path(path).resolve())}


def _places(workdir: Path, readable: Iterable[str], hidden: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The option that makes each place."""
    work, inputs = str(workdir / "work"), str(workdir / "work" / "inputs")
    places: dict[str, tuple[str, ...]] = {path: ("--ro-bind", path, path) for path in (*readable, inputs)}
    places |= {path: ("--bind", path, path) for path in (work, str(workdir / "tmp"))}
    return places | {path: ("--tmpfs", path) for path in hidden}
