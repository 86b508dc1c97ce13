"""A machine on which tasks are run, each in a process of its own: ``python -m … folder stock task …``.

The libraries that all tasks need are imported once, before the processes part.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from jobdefs import registry
from tests.jobdefs.determinism.cases import CASES, Case
from tests.jobdefs.xmm.standin import BEHAVIOURS
from tests.sasroot import make_sas

__all__ = ["Machine"]

ROOT = Path(__file__).resolve().parents[3]
ELSEWHERE = Path(__file__).parent / "elsewhere"
LIBRARIES = ("numpy", "astropy.io.fits", "astropy.table", "matplotlib.figure", "jobdefs.tasks.previews")
NOT_RESULTS = {"log.txt"}


@dataclass(frozen=True)
class Machine:
    """Where and how tasks are run.

    Parameters
    ----------
    home
        The directory of everything that the machine has.
    clock
        Seconds that it is ahead.
    processor
        Environment variables by which libraries see another one than there is.
    order
        In which it lists files: 1, or -1 for backwards.
    older
        Seconds by which its inputs are older.
    """

    home: Path
    name: str
    user: str
    clock: int
    zone: str
    locale: str
    seed: int
    processors: int
    processor: Mapping[str, str]
    order: int
    umask: int
    older: int

    def start(self, stock: Path, tasks: Sequence[str]) -> subprocess.Popen[bytes]:
        """Begin to run the cases of these tasks."""
        for name in ("home", "tmp"):
            (self.home / name).mkdir(parents=True)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ELSEWHERE}:{ROOT}",
            "PYTHONHASHSEED": str(self.seed),
            "HOME": str(self.home / "home"),
            "TMPDIR": str(self.home / "tmp"),
            "USER": self.user,
            "LOGNAME": self.user,
            "HOSTNAME": self.name,
            "TZ": self.zone,
            "LC_ALL": self.locale,
            "LANG": self.locale,
            "OMP_NUM_THREADS": str(self.processors),
            "OPENBLAS_NUM_THREADS": str(self.processors),
            **self.processor,
            "MACHINE_NAME": self.name,
            "MACHINE_CLOCK": str(self.clock),
            "MACHINE_ORDER": str(self.order),
            "MACHINE_PROCESSORS": str(self.processors),
            "MACHINE_OLDER": str(self.older),
        }
        command = [sys.executable, "-m", "tests.jobdefs.determinism.machine", str(self.home), str(stock), *tasks]
        with (self.home / "log.txt").open("wb") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=environment, umask=self.umask, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def results(self, task: str) -> dict[str, bytes]:
        """What a task wrote: name → content; its inputs, links and directories are left out."""
        work = self.home / "work" / task
        inputs = {"inputs", *CASES[task].here} - set(CASES[task].makes)
        return {
            path.name: path.read_bytes()
            for path in sorted(work.iterdir())
            if path.is_file() and not path.is_symlink() and path.name not in inputs | NOT_RESULTS
        }

    def log(self, task: str) -> str:
        """What a task said."""
        path = self.home / "work" / task / "log.txt"
        return (
            path.read_text(errors="replace") if path.is_file() else (self.home / "log.txt").read_text(errors="replace")
        )

    def status(self, task: str) -> int | None:
        """How a task ended."""
        told = self.home / "status.json"
        return json.loads(told.read_text()).get(task) if told.is_file() else None


def _copy(source: Path, target: Path, *, older: float) -> None:
    """A copy that is older than the original."""
    if source.is_dir():
        shutil.copytree(source, target)
        return
    shutil.copyfile(source, target)
    os.utime(target, (source.stat().st_atime - older, source.stat().st_mtime - older))


def _work(home: Path, stock: Path, task: str, case: Case) -> Path:
    """The directory of a run, with its inputs."""
    work = home / "work" / task
    (work / "inputs").mkdir(parents=True)
    words = " ".join(case.arguments)
    for source in sorted(stock.iterdir()):
        if f"inputs/{source.name}" in words:
            _copy(source, work / "inputs" / source.name, older=float(os.environ["MACHINE_OLDER"]))
    for name in case.here:
        if (stock / name).is_file():
            shutil.copyfile(stock / name, work / name)
        else:
            (work / name).write_text("1" if task == "xmm-rgs-angles" else "12")  # what the stage before leaves
    return work


def _run(work: Path, task: str, case: Case) -> None:
    """Become the task, as ``python -m`` would."""
    os.chdir(work)
    log = os.open("log.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    module = f"jobdefs.tasks.{registry.get(task).command[0]}"
    sys.argv = [module, *case.arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _main(home: Path, stock: Path, tasks: Sequence[str]) -> None:
    for library in LIBRARIES:
        import_module(library)
    sas = make_sas(home / "sas", behaviours=BEHAVIOURS)
    ended: dict[str, int] = {}
    for task in tasks:
        case = CASES[task]
        work = _work(home, stock, task, case)
        if case.sas:
            places = {"SAS_DIR": str(sas.root), "SAS_CCFPATH": str(sas.ccf), "HEADAS": str(sas.heasoft)}
            os.environ.update(places)
        else:
            for name in ("SAS_DIR", "SAS_CCFPATH", "HEADAS"):
                os.environ.pop(name, None)
        sys.stdout.flush()
        child = os.fork()
        if not child:
            status = 1
            try:
                _run(work, task, case)
            except SystemExit as error:
                status = int(error.code or 0)
            except BaseException as error:  # noqa: BLE001 (told in the log; the process ends here)
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        ended[task] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    (home / "status.json").write_text(json.dumps(ended))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
