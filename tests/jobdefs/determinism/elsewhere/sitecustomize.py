"""Another machine, as far as Python sees one: its clock, its name, its processors, the order in which it lists files.

Read by every interpreter that has this directory on PYTHONPATH; MACHINE_CLOCK (seconds that the clock is ahead),
MACHINE_NAME, MACHINE_PROCESSORS and MACHINE_ORDER (1, or -1 for backwards) say what the machine is like.
"""

from __future__ import annotations

import datetime
import os
import socket
import time

if "MACHINE_NAME" in os.environ:
    AHEAD, ORDER = int(os.environ["MACHINE_CLOCK"]), int(os.environ["MACHINE_ORDER"])
    NAME, PROCESSORS = os.environ["MACHINE_NAME"], int(os.environ["MACHINE_PROCESSORS"])
    _time, _time_ns, _localtime, _gmtime = time.time, time.time_ns, time.localtime, time.gmtime
    _listdir, _scandir, _uname = os.listdir, os.scandir, os.uname

    class _Datetime(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls):
            return cls.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls):
            return cls.now()

    class _Date(datetime.date):
        @classmethod
        def today(cls):
            return cls.fromtimestamp(time.time())

    class _Entries:
        def __init__(self, path="."):
            with _scandir(path) as entries:
                self._entries = iter(sorted(entries, key=lambda entry: entry.name)[::ORDER])

        def __iter__(self):
            return self

        def __next__(self):
            return next(self._entries)

        def __enter__(self):
            return self

        def __exit__(self, *details):
            pass

        def close(self):
            pass

    time.time = lambda: _time() + AHEAD
    time.time_ns = lambda: _time_ns() + AHEAD * 10**9
    time.localtime = lambda seconds=None: _localtime(time.time() if seconds is None else seconds)
    time.gmtime = lambda seconds=None: _gmtime(time.time() if seconds is None else seconds)
    datetime.datetime, datetime.date = _Datetime, _Date
    os.listdir = lambda path=".": sorted(_listdir(path))[::ORDER]
    os.scandir = _Entries
    os.cpu_count = lambda: PROCESSORS
    os.uname = lambda: os.uname_result((_uname()[0], NAME, *_uname()[2:]))
    socket.gethostname = lambda: NAME
