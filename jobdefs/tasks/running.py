"""What the programs of all tasks do at their start and at their end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from vo.errors import AthanorError, ParameterError, ParameterErrors, QueryError

from .parameters import Invocation, read_command_line
from .reporting import Reporter, TaskError

__all__ = ["run_program", "running"]


@contextmanager
def running(call: Invocation, version: str) -> Iterator[Reporter]:
    """Tell that a task begins and, when the block ends well, that it has ended.

    Parameters
    ----------
    version
        What messages, CREATOR and XPROC0 call the task.

    Raises
    ------
    TaskError
        In place of errors of files and expressions, with SAS's name of such an error; `OutOfMemory` where there is
        none left.
    """
    reporter = Reporter(call.definition.name, version, verbosity=call.verbosity)
    reporter.executing(call.command, call.options)
    reporter.started()
    try:
        yield reporter
    except (TaskError, ParameterError, ParameterErrors):
        raise
    except QueryError as error:
        if error.excerpt:
            sys.stderr.write(f"{error.excerpt}\n")
        raise TaskError("DssException", str(error)) from error
    except AthanorError as error:
        raise TaskError("DatasetError", str(error)) from error
    except MemoryError as error:
        raise TaskError(
            "OutOfMemory", "the products need more memory than there is; choose larger bins or fewer pixels."
        ) from error
    except OSError as error:
        name = error.filename or "a product"
        raise TaskError("DatasetError", f"{name} can't be read or written: {error.strerror}.") from error
    reporter.ended()


def run_program(task: str, run: Callable[[Invocation], None]) -> int:
    """Run a task from the command line of this process; when it is terminated, no half-written file stays.

    Returns
    -------
    int
        Exit status.
    """
    signal.signal(signal.SIGTERM, _end)
    return read_command_line(task, run)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (signal handlers take two)
    sys.exit(128 + number)
