"""The index files of a DL3 store: which observations there are, and in which files.

Data formats for gamma-ray astronomy 0.2 (GADF), "Data storage": ``obs-index.fits`` has a row for each
observation, ``hdu-index.fits`` one for each HDU, with the file that holds it relative to the index.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from astropy.io import fits

from obstap.ingest.outcomes import Refused

__all__ = ["Dl3Index", "Dl3Indices"]


@dataclass(frozen=True)
class Dl3Index:
    """The indices of one folder: the row of ``obs-index`` for each event file."""

    folder: Path
    rows: Mapping[Path, Mapping[str, object]] = field(default_factory=dict)

    def absent(self) -> Iterator[Path]:
        """Event files that are listed but not there."""
        return (path for path in self.rows if not path.is_file())


class Dl3Indices:
    """Indices by folder, each read once; `problems` holds the folders whose indices are wrong, with the reason."""

    def __init__(self) -> None:
        self._known: dict[Path, Dl3Index | None] = {}
        self.problems: list[tuple[Path, str]] = []

    def covering(self, path: Path) -> Mapping[str, object] | None:
        """The row that describes an event file (absolute path): from the index in its folder or the two above."""
        for folder in list(path.parents)[:3]:
            index = self.of(folder)
            if index is not None and path in index.rows:
                return index.rows[path]
        return None

    def of(self, folder: Path) -> Dl3Index | None:
        """The index in a folder, None when it has none or a broken one."""
        if folder not in self._known:
            try:
                self._known[folder] = load(folder)
            except Refused as error:
                self._known[folder] = None
                self.problems.append((folder, str(error)))
        return self._known[folder]


def load(folder: Path) -> Dl3Index | None:
    """Read the two index files of a folder; None when they are not both there.

    Raises
    ------
    Refused
        When one of them cannot be read or has not the columns that it should have.
    """
    observations, hdus = _existing(folder, "obs"), _existing(folder, "hdu")
    if observations is None or hdus is None:
        return None
    by_id = {int(row["OBS_ID"]): row for row in _rows(observations, {"OBS_ID", "RA_PNT", "DEC_PNT"})}
    files = {}
    for row in _rows(hdus, {"OBS_ID", "HDU_TYPE", "FILE_DIR", "FILE_NAME"}):
        if str(row["HDU_TYPE"]).strip() == "events" and int(row["OBS_ID"]) in by_id:
            path = folder / str(row["FILE_DIR"]).strip() / str(row["FILE_NAME"]).strip()
            files[Path(os.path.normpath(path))] = by_id[int(row["OBS_ID"])]
    return Dl3Index(folder, files)


def _existing(folder: Path, kind: str) -> Path | None:
    paths = (folder / f"{kind}-index.fits{ending}" for ending in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)


def _rows(path: Path, needed: set[str]) -> Iterator[dict[str, object]]:
    try:
        with fits.open(path, memmap=False) as hdus:
            table = hdus[1].data
            names = table.names
            columns = [table[name].tolist() for name in names]
    except (OSError, EOFError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Refused(f"The index {path.name} cannot be read: {error}.") from error
    missing = needed - set(names)
    if missing:
        raise Refused(f"The index {path.name} lacks the columns {', '.join(sorted(missing))}.")
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
