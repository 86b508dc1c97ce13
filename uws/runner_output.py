"""What the command writes: capped logs, and the lines in them that say how far it is. Standard library only."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from uws.runner_messages import Messages

__all__ = ["Log", "Stage"]

MAX_LINE = 4096
CHUNK = 65536
MAX_SOFTWARE = 100
MAX_NAME = 100
"""Programs that are kept, and characters of a name or a version: what a job prints is kept with it for good."""

_STAGE = re.compile(r"\[STAGE\]\s*(?P<text>\S.*)")
_PROGRESS = re.compile(r"\[PROGRESS\]\s*(?P<done>\d{1,9})\s*/\s*(?P<total>\d{1,9})\b")
_SAS_EXECUTING = re.compile(r"\S+:-\s*Executing \(\w+\):\s*(?P<task>\w+)")
_SAS_STARTED = re.compile(
    r"\S+:-\s*(?P<task>\w+) \((?P=task)-(?P<version>[^)\s]+)\)\s+\[(?P<release>[^\]]+)\]\s+started"
)


class Stage:
    """What the command says it is doing: the last stage, and progress as done of total; versions that it names; what it
    warns of.

    Parameters
    ----------
    speakers
        See `uws.runner_messages.Messages`.
    """

    def __init__(self, speakers: Collection[str] = ()) -> None:
        self.messages = Messages(speakers)
        self.text = ""
        self.done = 0
        self.total = 0
        self.software: dict[str, str] = {}
        self.changed = False

    def read(self, line: str) -> None:
        """Take what a line tells: ``[STAGE] text``, ``[PROGRESS] n/m``, or SAS's own ``task:- Executing (…): task``."""
        line = "".join(character if character.isprintable() else " " for character in line)
        if matched := _STAGE.search(line):
            self._set(text=matched["text"].strip()[:500], done=0, total=0)
        elif matched := _PROGRESS.search(line):
            self._set(done=int(matched["done"]), total=int(matched["total"]))
        elif matched := _SAS_EXECUTING.match(line):
            self._set(text=matched["task"], done=0, total=0)
        elif matched := _SAS_STARTED.match(line):
            self._note(matched["task"], matched["version"])
            self._note(*_release(matched["release"]))
        elif "** " in line:
            self.messages.read(line)

    def _note(self, name: str, version: str) -> None:
        if name[:MAX_NAME] in self.software or len(self.software) < MAX_SOFTWARE:
            self.software[name[:MAX_NAME]] = version[:MAX_NAME]

    def _set(self, **values: str | int) -> None:
        for name, value in values.items():
            self.changed |= getattr(self, name) != value
            setattr(self, name, value)


def _release(text: str) -> tuple[str, str]:
    """Name and version, of ``xmmsas_20211130_0941-20.0.0``, ``athanor-0.1.0``, and the mere version of later SAS."""
    if text[:1].isdigit():
        return "xmmsas", text
    name, separator, version = text.partition("_")
    if not separator:
        name, _, version = text.partition("-")
    return name, version


class Log:
    """One output stream: copied to a file up to a number of bytes, and read for `Stage` lines throughout.

    Parameters
    ----------
    source
        Descriptor to read; made non-blocking.
    cap
        Bytes of the file, beyond which output is dropped and the file says so.
    """

    def __init__(self, source: int, path: Path, *, cap: int, stage: Stage) -> None:
        os.set_blocking(source, False)
        self.source = source
        self.open = True
        self.truncated = False
        self._file = path.open("wb", buffering=0)
        self._left = cap
        self._cap = cap
        self._stage = stage
        self._partial = b""

    def pump(self) -> None:
        """Take what is there now."""
        try:
            data = os.read(self.source, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        self._keep(data)
        self._read(data)

    def close(self) -> None:
        """Stop reading."""
        if self.open:
            self.open = False
            if self._partial:
                self._stage.read(self._partial.decode("utf-8", errors="replace"))
            self._file.close()
            os.close(self.source)

    def _keep(self, data: bytes) -> None:
        if self.truncated:
            return
        try:
            self._file.write(data[: self._left])
            self._left -= len(data)
            if self._left < 0:
                self.truncated = True
                self._file.write(f"\n[output truncated after {self._cap} bytes]\n".encode())
        except OSError:
            self.truncated = True

    def _read(self, data: bytes) -> None:
        *lines, rest = (self._partial + data).split(b"\n")
        for line in lines:
            if b"[STAGE]" in line or b"[PROGRESS]" in line or b":-" in line or b"** " in line:
                self._stage.read(line[:MAX_LINE].decode("utf-8", errors="replace").rstrip("\r"))
        self._partial = rest[:MAX_LINE]
