"""A Slurm cluster of the tests' own, made of Debian's packages: a plugin of pytest (see `tests.conftest`).

One controller and two nodes on the loopback, with a munge of their own, all in a folder of the test session: nothing of
the machine's own Slurm or munge is touched, and several sessions may run side by side. What it starts ends with it,
also where the session is killed. Jobs run as the user of the tests, which must be root: only root's slurmd may start
jobs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
from uws.executors.slurm import Commands

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "setpriv")
NODES = ("n1", "n2")
CORES = 8
"""Of each node; more than the machine has, so that many jobs run at a time."""

_STARTING = 100.0
"""Seconds in which the cluster must have started."""

_CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmctldPort={port}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.sock
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
SlurmdTimeout=5
SlurmctldTimeout=5
MessageTimeout=5
KillWait=5
ReturnToService=2
NodeName={nodes} NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports}] CPUs={cores} RealMemory=100000 State=UNKNOWN
PartitionName=main Nodes={nodes} Default=YES MaxTime=INFINITE State=UP
PartitionName=brief Nodes={nodes} MaxTime=60 State=UP
"""


class Cluster:
    """A running Slurm.

    Parameters
    ----------
    folder
        An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "slurm.conf"
        self.commands = Commands(environment={"SLURM_CONF": str(self.configuration)}, seconds=10.0)
        self._environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SLURM_CONF": str(self.configuration)}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def create(self) -> None:
        """Write the configuration and start everything."""
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        (self.folder / "state").mkdir()
        for node in NODES:
            (self.folder / f"spool.{node}").mkdir()
        ports = sorted(free_port() for _ in NODES)
        self.configuration.write_text(
            _CONFIGURATION.format(
                host=socket.gethostname().partition(".")[0],
                user="root",
                folder=self.folder,
                port=free_port(),
                nodes=",".join(NODES),
                ports=",".join(map(str, ports)),
                cores=CORES,
            )
        )
        self._start_munge(key)
        self.start_controller()
        for node in NODES:
            self.start_node(node)

    def start_controller(self) -> None:
        """Start slurmctld."""
        self._start("slurmctld", "slurmctld", "-D")

    def start_node(self, node: str) -> None:
        """Start a node's slurmd and wait until the controller gives it work."""
        self._start(node, "slurmd", "-D", "-N", node)
        self.wait(lambda: self._states().get(node) in {"idle", "mixed", "allocated"}, f"{node} is not there")

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End a daemon: ``slurmctld``, ``munged`` or a node's slurmd, by its node's name."""
        process = self._processes.pop(name, None)
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=_STARTING)

    def open(self, partition: str = "main") -> None:
        """Let jobs of a partition start."""
        self.commands.run("scontrol", "update", f"PartitionName={partition}", "State=UP")

    @contextmanager
    def closed(self, partition: str = "main") -> Iterator[None]:
        """Let jobs of a partition wait."""
        self.commands.run("scontrol", "update", f"PartitionName={partition}", "State=DOWN")
        try:
            yield
        finally:
            self.open(partition)

    def crash(self, node: str) -> None:
        """Let a node die with all that runs on it."""
        self.stop(node, signal.SIGKILL)
        for pid in self._steps(node):
            for each in (*_descendants(pid), pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)

    def end(self) -> None:
        """End everything, jobs too."""
        for name in (*NODES, "slurmctld", "munged"):
            if name in NODES:
                self.crash(name)
            else:
                self.stop(name, signal.SIGKILL)

    def jobs(self, what: str = "ArrayJobID", job: str = "") -> list[str]:
        """A field of squeue (``--Format``) for one job or for all that Slurm remembers."""
        chosen = [f"--jobs={job}"] if job else []
        told = self.commands.run("squeue", "--states=all", "--array", "--noheader", *chosen, f"--Format={what}:|")
        return [line.rstrip("|").strip() for line in told.splitlines()]

    def wait(self, condition: Callable[[], object], failure: str, seconds: float = _STARTING) -> None:
        """Wait for a condition."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"{failure}\n{self.log()}"
            time.sleep(0.05)

    def log(self) -> str:
        """The last words of all daemons."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in logs)

    def _start_munge(self, key: Path) -> None:
        munge = self.folder / "munge.sock"
        files = {"pid-file": "munge.pid", "log-file": "munged.log", "seed-file": "munge.seed"}
        options = [f"--{option}={self.folder / name}" for option, name in files.items()]
        self._start("munged", "munged", "--foreground", "--force", f"--socket={munge}", f"--key-file={key}", *options)
        self.wait(munge.exists, "munge is not there")

    def _start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.out.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *command],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _states(self) -> dict[str, str]:
        try:
            told = self.commands.run("sinfo", "--Node", "--noheader", "--partition=main", "--format=%N %T")
        except OSError:
            return {}
        return dict(line.split() for line in told.splitlines())

    def _steps(self, node: str) -> list[int]:
        """Ids of the processes (slurmstepd) that watch over the jobs of a node of this cluster."""
        mark = f"SLURM_CONF={self.configuration}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (entry / "cmdline").read_bytes().startswith(b"slurmstepd: ["):
                    variables = (entry / "environ").read_bytes().split(b"\0")
                    children = [_variables(pid).get("SLURMD_NODENAME") for pid in _children(int(entry.name))]
                    if mark in variables and (node in children or not children):
                        found.append(int(entry.name))
        return found


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _descendants(pid: int) -> list[int]:
    return [each for child in _children(pid) for each in (child, *_descendants(child))]


def _variables(pid: int) -> dict[str, str]:
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return {}
    pairs = (word.decode(errors="replace").partition("=") for word in words)
    return {name: value for name, _, value in pairs}


def lacking() -> str:
    """What this machine lacks for a cluster; empty where it has everything."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [program for program in PROGRAMS if not shutil.which(program, path=path)]
    if missing:
        return f"{', '.join(missing)} (tools/install_apt.sh installs them)"
    return "" if os.geteuid() == 0 else "to be root, for slurmd starts jobs as root only"


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster that runs, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="athanor-slurm-"))
    folder.chmod(0o755)
    cluster = Cluster(folder)
    try:
        cluster.create()
        yield cluster
    finally:
        cluster.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def slurm() -> Iterator[Cluster]:
    """The running cluster of this test session, or a skip that says what is missing."""
    if needed := lacking():
        pytest.skip(f"needs {needed}")
    with running_cluster() as cluster:
        yield cluster
