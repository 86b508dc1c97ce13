"""First process within the walls of a run: ``python -I -S runner_init.py REPORT N NAME=VALUE… COMMAND…``.

bubblewrap gives a command that died of a signal as an exit code, and lets go of what it left behind. So this process
starts the command, with N environment variables, collects all that it leaves, and writes the truth to the descriptor
REPORT, a line each: ``ready`` when the walls stand, then ``began``, or ``failed ERRNO`` when the command cannot be
started, and ``ended STATUS`` (as of wait(2)). It passes SIGTERM on to every process within the walls, and SIGKILL when
it gets SIGINT. It is the first cost of every job, so it imports next to nothing.
"""

from __future__ import annotations

import _signal as signal  # the module of the public name takes as long to load as all the rest
import os
import sys

__all__ = ["main"]

RESTORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT)
"""Signals that Python ignores or this process handles; the command finds them as they were."""


def main(arguments: list[str]) -> None:
    """Run the command and wait for all that comes of it.

    Raises
    ------
    RuntimeError
        When this is no namespace's first process: its signals go to every process that there is.
    """
    if os.getpid() != 1:
        raise RuntimeError("runner_init is run by bubblewrap only.")
    report, count = int(arguments[0]), int(arguments[1])
    environment = dict(item.split("=", 1) for item in arguments[2 : 2 + count])
    command = arguments[2 + count :]
    os.set_inheritable(report, False)
    signal.signal(signal.SIGTERM, lambda *_: _tell_all(signal.SIGTERM))
    signal.signal(signal.SIGINT, lambda *_: _tell_all(signal.SIGKILL))
    os.write(report, b"ready\n")
    try:
        child = os.posix_spawnp(command[0], command, environment, setsid=True, setsigdef=RESTORED)
    except OSError as error:
        os.write(report, b"failed %d\n" % error.errno)
        return
    os.write(report, b"began\n")
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            return
        if pid == child:
            os.write(report, b"ended %d\n" % status)


def _tell_all(number: int) -> None:
    try:  # noqa: SIM105 - contextlib would be imported for this alone
        os.kill(-1, number)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
