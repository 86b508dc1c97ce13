"""Opening the tables and images that file filters of an expression name."""

from __future__ import annotations

from vo.errors import UsageError

from ..fitsio import FitsFile, Hdu, open_fits
from ..selectlib import Block, split_blockspec

__all__ = ["open_block"]

_LARGEST = 256 * 2**20
_READABLE = frozenset("LBIJKAED")


def open_block(current: FitsFile, spec: str) -> Block:
    """The block of that specifier, read whole; without a file's name, one of the file that is filtered.

    Raises
    ------
    vo.errors.AthanorError
        The file or the block is not there, or can't be read.
    """
    path, name = split_blockspec(spec)
    if not path:
        return _read(current, current.find(name))
    with open_fits(path) as file:
        return _read(file, file.find(name) if name else _first(file))


def _first(file: FitsFile) -> Hdu:
    """The primary array; in a file without one the first table, or where there is none the first image."""
    if file.hdus[0].size:
        return file.hdus[0]
    image = next((hdu for hdu in file.hdus if hdu.kind == "IMAGE"), None)
    tables = any(hdu.kind == "BINTABLE" for hdu in file.hdus)
    return image if image is not None and not tables else file.find()


def _read(file: FitsFile, hdu: Hdu) -> Block:
    if hdu.size > _LARGEST:
        raise UsageError(
            f"Block {hdu.name or hdu.index} of {file.name} has {hdu.size / 2**20:.0f} MiB; tables of good times, "
            f"regions and masks may have {_LARGEST / 2**20:.0f} MiB."
        )
    name, header = hdu.name, hdu.header.as_dict()
    if hdu.kind != "BINTABLE":
        return Block(name, header, image=file.image(hdu))
    rows = file.table(hdu).all()
    columns = rows.table.columns
    return Block(name, header, {key: rows[key] for key in rows if columns[key].code in _READABLE})
