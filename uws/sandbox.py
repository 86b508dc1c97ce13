"""The walls of a run: what bubblewrap is told so that a command reads its inputs and writes its directory, no more.

Made on the machine that runs the command, for each has its own ``/usr``, ``/etc`` and Python. Standard library only.
What the options mean is said in bwrap(1).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Bubblewrap", "SandboxError", "find_bubblewrap", "interpreter", "probe", "walls"]

PROGRAMS = ("/usr/local/bin", "/usr/bin", "/bin")
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
    path = _program("bwrap")
    if not path:
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
    command = [bubblewrap.path, *options, "--", _program("true")]
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
    inputs = {Path(item["path"]) for item in job.get("inputs", ())}
    python = [sys.base_prefix, sys.base_exec_prefix, str(Path(interpreter()).parent)]
    readable = _names([*sandbox.get("readable", ()), *python, *map(str, inputs)])
    hidden = _names(sandbox.get("hidden", ())) - readable
    shown = {path for path in readable if (path.exists() or path in inputs) and not _is_seen(path, readable, hidden)}
    covered = {path for path in hidden if path.is_dir() and _is_seen(path, readable, hidden)} | _ways(workdir, shown)
    places = _places(workdir, shown, covered)
    # A directory comes before what lies in it.
    for path in sorted(places, key=lambda path: (len(path.parts), path)):
        options += places[path]
    # /proc too, for root without capabilities still is the owner of the system's settings in it.
    for path in (Path("/proc"), Path("/dev"), *covered):
        options += ["--remount-ro", str(path)]
    files = ACCOUNTS if network else ACCOUNTS | LOOPBACK
    return [*options, "--chdir", str(workdir / "work")], files


def _program(name: str) -> str:
    """The full path of a program of the machine, or an empty string; `shutil` would cost each job 3 ms."""
    paths = (f"{folder}/{name}" for folder in PROGRAMS)
    return next((path for path in paths if os.access(path, os.X_OK)), "")


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


def _names(paths: Iterable[str]) -> set[Path]:
    """The paths as they are given, and where their links lead to; never the whole machine."""
    names = {name for path in paths if path for name in (Path(path).absolute(), Path(os.path.realpath(path)))}
    return names - {Path("/"), Path("/usr")}


def _is_seen(path: Path, readable: Set[Path], hidden: Set[Path]) -> bool:
    """Whether a path lies in a directory that is readable, and not in one within it that is hidden."""
    over = next((parent for parent in path.parents if parent in readable or parent in hidden), Path("/"))
    return over in readable or (over not in hidden and Path("/usr") in path.parents)


def _ways(workdir: Path, shown: Set[Path]) -> set[Path]:
    """Directories below the temporary ones that lead to a place: not for the command to write in."""
    parents = {parent for path in (workdir / "work", *shown) for parent in path.parents}
    return {parent for parent in parents if str(parent.parent) in TEMPORARY} - shown


def _places(workdir: Path, shown: Set[Path], covered: Set[Path]) -> dict[Path, tuple[str, ...]]:
    """The option that makes each place."""
    places = {path: _shown(path) for path in (*shown, workdir / "work" / "inputs")}
    places |= {path: ("--bind", str(path), str(path)) for path in (workdir / "work", workdir / "tmp")}
    return places | {path: ("--tmpfs", str(path)) for path in covered}


def _shown(path: Path) -> tuple[str, ...]:
    """A program that is a link stays one: a Python finds its libraries from where its link leads to."""
    if path.is_symlink() and path.is_file():
        return ("--symlink", os.path.realpath(path), str(path))
    return ("--ro-bind", str(path), str(path))
