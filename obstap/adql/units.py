"""Conversion of units for IN_UNIT (ADQL 2.1 §4.9; VOUnits 1.1)."""

from __future__ import annotations

import warnings

from vo.errors import UsageError

__all__ = ["factor"]


def factor(given: str, wanted: str) -> float:
    """The number by which values in one unit are multiplied to be in another.

    Raises
    ------
    UsageError
        When a unit is not valid, or one cannot be converted into the other by a factor.
    """
    import astropy.units as u  # noqa: PLC0415 - few queries convert units

    units = []
    for text in (given, wanted):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", u.UnitsWarning)
                units.append(u.Unit(text, format="vounit"))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{text!r} is not a unit.", hint="Units are written as in VOUnits: m, km/s, erg."
            ) from error
    try:
        return float(f"{units[0].to(units[1]):.15g}")
    except u.UnitConversionError as error:
        raise UsageError(f"The unit {given!r} cannot be converted to {wanted!r}.") from error
