"""Where products go: their own files, or for the filtered list the table itself (evselect manual, Output modes).

The four modes are {rows dropped, rows flagged} x {new file, in place}. A list is changed in place only where
keepfilteroutput=yes is given and no filteredset: it is written beside the file, which it then replaces, so that the
file is at any time the old one or the new one, whole.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..filespec import file_and_block
from ..fitsout import Outputs, Writer
from ..parameters import Invocation
from ..reporting import TaskError

__all__ = ["SWITCHES", "changes_in_place", "check_targets", "keeps_list", "open_list"]

SWITCHES = {
    "filteredset": "withfilteredset",
    "imageset": "withimageset",
    "spectrumset": "withspectrumset",
    "rateset": "withrateset",
    "histogramset": "withhistogramset",
}
"""Parameter of a product's file → the parameter that switches it on."""


def changes_in_place(call: Invocation) -> bool:
    """Whether the filter's outcome goes to the table itself.

    A job never asks for this: its command line names withfilteredset=yes wherever it has keepfilteroutput=yes.
    """
    if call.text("keepfilteroutput") != "yes":
        return False
    switch = list(call.given.get("withfilteredset", []))
    return switch == ["no"] or (not switch and not call.is_given("filteredset"))


def keeps_list(call: Invocation) -> bool:
    """Whether a filtered list is written, anew or in place."""
    return changes_in_place(call) or call.flag("withfilteredset")


def check_targets(call: Invocation) -> None:
    """Refuse products that would take each other's place, or the table's.

    Raises
    ------
    TaskError
        With code SameDataset; InPlace where the table can't be changed in place.
    """
    name = file_and_block(call.text("table"))[0]
    table = Path(name).resolve()
    if changes_in_place(call):
        _check_in_place(name, table)
    seen: dict[Path, str] = {table: "table"}
    for product, switch in SWITCHES.items():
        if call.flag(switch) and not (product == "filteredset" and changes_in_place(call)):
            other = seen.setdefault(Path(call.text(product)).resolve(), product)
            if other != product:
                raise TaskError("SameDataset", f"{product}={call.text(product)} is the same file as {other}.")


def open_list(call: Invocation, outputs: Outputs) -> Writer:
    """The writer of the filtered list; in place it takes over the permissions of the table's file."""
    if not changes_in_place(call):
        return outputs.open(call.text("filteredset"))
    table = Path(file_and_block(call.text("table"))[0]).resolve()
    writer = outputs.open(str(table))
    os.fchmod(writer.file.fileno(), table.stat().st_mode & 0o7777)
    return writer


def _check_in_place(name: str, table: Path) -> None:
    if not table.is_file():
        return  # that it is missing is told when it is opened
    with table.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    reason = "is compressed" if packed else "" if os.access(table, os.W_OK) else "may not be written"
    if reason:
        raise TaskError(
            "InPlace", f"keepfilteroutput=yes without filteredset changes the table, but {name} {reason}.",
            hint="Name a filteredset.",
        )  # fmt: skip
