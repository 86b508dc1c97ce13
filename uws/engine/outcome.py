"""What the end of a run means for its job, in words for its owner."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

from jobdefs.sas.messages import read_message
from uws.executors import Exit
from uws.models import Job
from uws.phases import Phase

__all__ = ["Outcome", "judge"]

TAIL_BYTES = 4096
"""How much of the error stream becomes the detail of an error."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A final phase, and the error if there was one (UWS 1.1 §2.1.9)."""

    phase: Phase
    error_type: str = ""
    message: str = ""
    detail: str = ""


def judge(job: Job, ended: Exit) -> Outcome:
    """The outcome of a run; one that exceeded its time counts as aborted (UWS 1.1 §2.1.4)."""
    name = job.definition
    match ended.reason:
        case "exited" if ended.exit_code == 0:
            return Outcome(Phase.COMPLETED, "transient" if ended.message else "", ended.message, ended.detail)
        case "wall-limit":
            limit = f"The job ran longer than its execution duration of {job.execution_duration} s and was stopped."
            return Outcome(Phase.ABORTED, "fatal", ended.message or limit)
        case "cancelled":
            return Outcome(Phase.ERROR, "transient", "The run was stopped from outside. Run the job again.")
        case "lost":
            return Outcome(Phase.ERROR, "transient", "The runner was killed, and the run with it. Run the job again.")
        case "node-failed":
            where = f" {ended.host}" if ended.host else ""
            return Outcome(
                Phase.ERROR, "transient", f"The machine{where} on which the job ran has failed. Run the job again."
            )
        case "memory-limit":
            return Outcome(Phase.ERROR, "fatal", f"{name} {_memory(job)}", _tail(job.workdir))
        case "failed-to-start":
            return Outcome(Phase.ERROR, "fatal", f"{name} could not be started: {ended.message}.")
        case "error-told":
            message = f"{name} ended with exit code 0, but said: {_told(ended)}"
            return Outcome(Phase.ERROR, "fatal", message, _detail(job, ended))
        case "output-missing":
            message = f"{name} ended without an error, but did not write {ended.message}."
            return Outcome(Phase.ERROR, "fatal", message, _tail(job.workdir))
        case "failed":
            return Outcome(Phase.ERROR, "fatal", ended.message, ended.detail)
    words = f": {_told(ended)}" if ended.error else _last_words(job.workdir)
    return Outcome(Phase.ERROR, "fatal", f"{name} {_way(ended)}{words}", _detail(job, ended))


def _memory(job: Job) -> str:
    granted = job.definition_document.get("limits", {}).get("memory")
    asked = f" of {granted / 2**30:.3g} GiB" if granted else ""
    return f"needed more than its memory{asked} and was stopped. Give it less to do, or ask the operator for more."


def _way(ended: Exit) -> str:
    match ended.signal:
        case None:
            return f"ended with exit code {ended.exit_code}"
        case signal.SIGXCPU:
            return "exceeded its limit of processor time"
        case signal.SIGXFSZ:
            return "exceeded the limit of the size of one file"
    return f"was ended by signal {ended.signal} ({signal.strsignal(ended.signal)})"


def _told(ended: Exit) -> str:
    """The run's own first error, as SAS tells it."""
    told = ended.error
    code = f" ({told['code']})" if told["code"] else ""
    return f"** {told['task']}: {told['level']}{code}, {told['text']}"


def _detail(job: Job, ended: Exit) -> str:
    """The end of the error stream; where the run's own error is not in it, that comes first."""
    tail = _tail(job.workdir)
    return f"{_told(ended)}\n…\n{tail}" if ended.error and ended.error["text"] not in tail else tail


def _last_words(workdir: Path) -> str:
    """The last line that is no message: errors of tasks that were called, and warnings, are not what ended the run."""
    lines = [line.strip() for line in _tail(workdir).splitlines()]
    lines = [line for line in lines if line and read_message(line) is None]
    return f": {lines[-1][:500]}" if lines else "."


def _tail(workdir: Path) -> str:
    try:
        with (workdir / "stderr.txt").open("rb") as file:
            file.seek(max(file.seek(0, 2) - TAIL_BYTES, 0))
            return file.read().decode("utf-8", errors="replace").strip()
    except OSError:
        return ""
