"""Energies of channels and the width of the response (OGIP CAL/GEN/92-002: EBOUNDS, MATRIX)."""

from __future__ import annotations

import numpy as np

from vo.errors import NotFoundError

from ..fitsio import open_fits
from ..reporting import TaskError

__all__ = ["channel_energies", "full_widths"]


def channel_energies(path: str, channels: np.ndarray) -> np.ndarray:
    """Lower and upper energies of channels.

    Parameters
    ----------
    path
        A redistribution matrix.
    channels
        Channel numbers.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2), keV.

    Raises
    ------
    TaskError
        The file has no EBOUNDS, or these lack a channel.
    """
    with open_fits(path) as file:
        try:
            rows = file.table(file.find("EBOUNDS")).all()
        except NotFoundError as error:
            raise TaskError("NoEbounds", f"{path} is no redistribution matrix: {error}") from error
        missing = {"CHANNEL", "E_MIN", "E_MAX"} - set(rows)
        if missing:
            raise TaskError("NoEbounds", f"EBOUNDS of {path} has no column {', '.join(sorted(missing))}.")
        numbers = rows["CHANNEL"].astype(np.int64)
        bounds = np.sort(np.column_stack([rows["E_MIN"], rows["E_MAX"]]).astype(float), axis=1)
    order = np.argsort(numbers)
    place = np.minimum(np.searchsorted(numbers[order], channels), max(len(numbers) - 1, 0))
    if not len(numbers) or not np.array_equal(numbers[order][place], channels):
        raise TaskError(
            "ChannelMismatch",
            f"EBOUNDS of {path} has {len(numbers)} channels, of which some of the spectrum's, {int(channels.min())} to "
            f"{int(channels.max())}, are missing; the matrix belongs to another binning.",
        )
    return bounds[order][place]


def full_widths(path: str, energies: np.ndarray) -> np.ndarray:
    """Full width at half maximum of the response to photons of these energies, in keV.

    It is taken from the rows of the matrix: the distance of the energies at which it falls to half of its highest
    value, by straight lines between the centres of channels. Between the rows it is interpolated.

    Raises
    ------
    TaskError
        The file has no matrix, or an empty one.
    """
    try:
        photons, widths = _rows_of_matrix(path)
    except (KeyError, ValueError, IndexError, TypeError, OSError) as error:
        raise TaskError("NoMatrix", f"The matrix of {path} can't be read: {error}.") from error
    known = np.isfinite(widths)
    if not known.any():
        raise TaskError("NoMatrix", f"The matrix of {path} is empty.")
    order = np.argsort(photons[known])
    return np.interp(energies, photons[known][order], widths[known][order])


def _rows_of_matrix(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Photon energies of the rows, and the width of each, keV; NaN for rows without a response."""
    from astropy.io import fits  # noqa: PLC0415 (slow to import; it reads arrays of variable length)

    with fits.open(path) as file:
        table = next((hdu for hdu in file if hdu.name in {"MATRIX", "SPECRESP MATRIX"}), None)
        if table is None:
            raise ValueError("there is no extension MATRIX")
        bounds = np.column_stack([file["EBOUNDS"].data["E_MIN"], file["EBOUNDS"].data["E_MAX"]]).astype(float)
        number = table.columns.names.index("F_CHAN") + 1
        lowest = int(table.header.get(f"TLMIN{number}", 1))
        data = table.data
        centres = bounds.mean(axis=1)
        photons = (np.asarray(data["ENERG_LO"], float) + np.asarray(data["ENERG_HI"], float)) / 2
        return photons, np.array([_width(_dense(row, lowest, len(centres)), centres) for row in data])


def _dense(row: object, lowest: int, length: int) -> np.ndarray:
    """One row of the matrix, with a value for each channel."""
    values = np.zeros(length)
    matrix = np.atleast_1d(row["MATRIX"])  # type: ignore[index]
    starts, counts = np.atleast_1d(row["F_CHAN"]), np.atleast_1d(row["N_CHAN"])  # type: ignore[index]
    done = 0
    for start, count in zip(starts[: int(row["N_GRP"])], counts, strict=False):  # type: ignore[index]
        begin = int(start) - lowest
        part = matrix[done : done + int(count)]
        values[begin : begin + len(part)] = part[: max(length - begin, 0)]
        done += int(count)
    return values


def _width(values: np.ndarray, centres: np.ndarray) -> float:
    peak = int(values.argmax())
    half = values[peak] / 2
    if half <= 0:
        return np.nan
    below = values < half
    left, right = peak, peak
    while left > 0 and not below[left]:
        left -= 1
    while right < len(values) - 1 and not below[right]:
        right += 1
    return abs(_crossing(values, centres, right, right - 1, half) - _crossing(values, centres, left, left + 1, half))


def _crossing(values: np.ndarray, centres: np.ndarray, outside: int, inside: int, half: float) -> float:
    """Where a straight line between two channels falls to half; the outer one's centre where it stays above."""
    inside = min(max(inside, 0), len(values) - 1)
    if values[outside] >= half or values[inside] == values[outside]:
        return float(centres[outside])
    share = (half - values[outside]) / (values[inside] - values[outside])
    return float(centres[outside] + share * (centres[inside] - centres[outside]))
