"""fetch-xmm: the files of an observation, from the science archive of XMM-Newton (XSA).

The archive's interface is astroquery's affair (``astroquery.esa.xmm_newton``). ATHANOR_XMM_ARCHIVE in the environment
says which archive is asked: ``yes`` stands for ESA's.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any

from .parameters import Invocation
from .reporting import TaskError
from .running import run_program, running

__all__ = ["VERSION", "run"]

VERSION = "fetch-xmm-1.0"
"""What messages call this task."""

_OBSID = re.compile(r"[0-9]{10}")
_PRODUCT = re.compile(r"[A-Za-z0-9_]{6}")


def run(call: Invocation) -> None:
    """Fetch what the parameters ask for.

    Raises
    ------
    TaskError
        When the archive does not have it, does not give it, or gives something else; nothing is left behind then.
    """
    with running(call, VERSION) as reporter:
        obsid, level = call.text("obsid"), call.text("level")
        wanted = {"level": level} | _selection(call)
        if not _OBSID.fullmatch(obsid):
            raise TaskError("BadObsId", f"{obsid!r} identifies no observation; it has ten digits, as in 0123700101.")
        reporter.stage(f"Fetching {level} files of {obsid}")
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=".") as folder:
            path = _download(obsid, wanted, Path(folder))
            count = _count_files(path)
            if not count:
                raise TaskError("NoFiles", f"the archive gave no {level} files of {obsid}.")
            name = f"{obsid}_{level}{'.tar.gz' if _is_gzip(path) else '.tar'}"
            size = path.stat().st_size
            path.rename(name)
        reporter.message(f"{count} files, {size:,} bytes: {name}")


def _selection(call: Invocation) -> dict[str, str]:
    """What of the products is wanted; nothing is said of what is not chosen."""
    chosen = {}
    if call.text("instname") != "all":
        chosen["instname"] = call.text("instname")
    product = call.text("name")
    if product:
        if not _PRODUCT.fullmatch(product):
            raise TaskError("BadProduct", f"{product!r} is no type of product; it has six characters, as in PIEVLI.")
        chosen["name"] = product.upper()
    return chosen


def _archive() -> Any:
    place = os.environ.get("ATHANOR_XMM_ARCHIVE", "")
    if not place:
        raise TaskError("NotAllowed", "ATHANOR_XMM_ARCHIVE does not allow to fetch files.")
    try:
        from astroquery.esa.xmm_newton import XMMNewtonClass  # noqa: PLC0415 - optional, and slow to load
    except ImportError as error:
        raise TaskError("NoAstroquery", "this needs the Python package astroquery, which is not installed.") from error
    # A connection of TAP is not made: only files are asked for.
    archive = XMMNewtonClass(tap_handler=object())
    if place != "yes":
        archive.data_aio_url = place if place.endswith(("?", "&")) else f"{place}?"
    return archive


def _download(obsid: str, wanted: dict[str, str], folder: Path) -> Path:
    archive = _archive()
    from astroquery.exceptions import LoginError  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415 - astroquery brings it

    try:
        with contextlib.chdir(folder):  # it keeps the name, not the directory, that it is given
            archive.download_data(obsid, filename="files.x", cache=False, **wanted)
    except LoginError as error:
        raise TaskError("Proprietary", f"the files of {obsid} are not public.") from error
    except RequestException as error:
        raise TaskError("ArchiveError", f"the archive does not answer as it should: {_reason(error)}.") from error
    except (KeyError, UnboundLocalError) as error:
        # astroquery looks for a file's name in an answer that is a text: the archive's way to say that it has none.
        raise TaskError("NoFiles", f"the archive has no such files of {obsid}.") from error
    return next(folder.iterdir())


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    return f"status {response.status_code}" if response is not None else type(error).__name__


def _count_files(path: Path) -> int:
    """How many files an archive holds; it is read to its end, so that one that was cut short is found."""
    try:
        with tarfile.open(path, mode="r|*") as opened:
            return sum(item.isfile() for item in opened)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise TaskError("DamagedArchive", f"what the archive gave is no whole tar file: {error}.") from error


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


if __name__ == "__main__":
    sys.exit(run_program("fetch-xmm", run))
