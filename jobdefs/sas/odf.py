"""A private view of an observation's data files: SAS writes the place of an ODF into its summary, and jobs share ODFs.

Source: SAS documentation of odfingest (``…SUM.SAS`` and its line ``PATH <directory>``) and of the SAS_ODF variable.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from vo.errors import NotFoundError, UsageError

from .unpack import unpack

__all__ = ["SUMMARY", "make_view", "odf_directory", "with_path"]

SUMMARY = "SUM.SAS"
"""How the name of the summary that odfingest writes ends."""

_ODF_FILES = (".FIT", ".FIT.GZ", ".FTZ", ".ASC", ".ASC.GZ", ".SAS")
_PATH = re.compile(r"^PATH\b.*$", re.MULTILINE)


def make_view(folder: Path, *, odf: Path, summary: Path | None = None) -> Path:
    """Make a directory of links to the files of an ODF, with a summary of its own whose PATH names that directory.

    Parameters
    ----------
    folder
        Is made; it must not exist, or be empty.
    odf
        The ODF: a directory, or a tar or zip archive, which is unpacked beside `folder`.
    summary
        The ``…SUM.SAS`` of an earlier odfingest; where there is none, that which lies in `odf`, if any.

    Returns
    -------
    pathlib.Path
        What SAS_ODF is to name: the summary in the view, or `folder` where there is no summary yet.

    Raises
    ------
    vo.errors.UsageError
        When `odf` holds no observation data files, several summaries, or is an archive that is refused.
    vo.errors.NotFoundError
        When `odf` or `summary` is not there.
    """
    source = odf_directory(_directory(folder, odf))
    files = {path.name: path for path in sorted(source.iterdir()) if path.is_file()}
    summaries = [path for name, path in files.items() if name.upper().endswith(SUMMARY)]
    if summary is None and len(summaries) > 1:
        raise UsageError(f"The ODF holds several summaries: {', '.join(path.name for path in summaries)}.")
    chosen = summary or next(iter(summaries), None)
    if chosen is not None and not chosen.is_file():
        raise NotFoundError(f"There is no summary {chosen.name}.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in files.items():
        if path not in summaries:
            (folder / name).symlink_to(os.path.realpath(path))
    return folder if chosen is None else _own_summary(folder.absolute(), chosen, summaries)


def odf_directory(path: Path) -> Path:
    """The directory that holds the files of an ODF: `path`, or ``odf`` within it.

    Raises
    ------
    vo.errors.UsageError
        When there are none.
    """
    for place in (path, path / "odf", path / "ODF"):
        if place.is_dir() and any(item.name.upper().endswith(_ODF_FILES) for item in place.iterdir()):
            return place
    raise UsageError(f"{path.name} holds no observation data files (ODF), such as …SUM.ASC.")


def _directory(folder: Path, odf: Path) -> Path:
    if odf.is_dir():
        return odf
    if not odf.is_file():
        raise NotFoundError(f"There is no ODF {odf.name}.")
    return unpack(odf, folder.with_name(f"{folder.name}-files"))


def _own_summary(folder: Path, chosen: Path, summaries: list[Path]) -> Path:
    """Copies keep the name that odfingest gave, which begins with revolution and observation."""
    name = chosen.name
    if not name.upper().endswith(SUMMARY):
        name = summaries[0].name if summaries else f"{chosen.stem}_{SUMMARY}"
    text = chosen.read_text(encoding="latin-1")
    own = folder / name
    own.write_text(with_path(text, f"{folder}/"), encoding="latin-1")
    return own


def with_path(text: str, place: str) -> str:
    """A summary that says that its ODF lies in this place."""
    return _PATH.sub(lambda _: f"PATH {place}", text)
