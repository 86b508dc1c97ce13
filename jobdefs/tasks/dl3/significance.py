"""The significance of an excess of counts over a background that was itself counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["li_ma"]


def li_ma(on: ArrayLike, off: ArrayLike, alpha: ArrayLike) -> np.ndarray:
    """Standard deviations by which counts exceed the background, negative where they fall short of it.

    Source: Li & Ma 1983, ApJ 272, 317, equation 17.

    Parameters
    ----------
    on, off
        Counts, at least 0.
    alpha
        Ratio of the exposures of the two, above 0.

    Returns
    -------
    numpy.ndarray
        0 where nothing was counted at all.
    """
    n_on, n_off, ratio = np.broadcast_arrays(*(np.asarray(values, dtype=float) for values in (on, off, alpha)))
    total = n_on + n_off
    first, second = np.zeros(total.shape), np.zeros(total.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.log((1 + ratio) / ratio * n_on / total, out=first, where=n_on > 0)
        np.log((1 + ratio) * n_off / total, out=second, where=n_off > 0)
    square = np.maximum(2 * (n_on * first + n_off * second), 0.0)
    return np.sign(n_on - ratio * n_off) * np.sqrt(square)
