"""The columns of VOTables, and their values, as tables have them.

Data types that tables do not have become the narrowest that holds their values: ``bit`` becomes ``boolean``,
``unsignedByte`` ``short``, and a complex number a pair of ``float`` or ``double``.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obstap.metadata import Column
from vo.errors import UsageError
from vo.votable import Field, Values

__all__ = ["column_of", "numbers_of"]

_DATATYPES = {"bit": "boolean", "unsignedByte": "short", "floatComplex": "float", "doubleComplex": "double"}

_MOST_ELEMENTS = np.iinfo(np.int32).max
"""Elements that Arrow's lists can have together."""


def column_of(field: Field) -> Column:
    """The column that takes the values of a FIELD."""
    size = "".join(field.arraysize.split())
    size = "" if size == "1" else size
    if field.datatype.endswith("Complex"):
        size = f"2x{size}" if size else "2"
    return Column(
        name=field.name,
        datatype=_DATATYPES.get(field.datatype, field.datatype),
        arraysize=size,
        xtype=field.xtype,
        unit=field.unit,
        ucd=field.ucd,
        utype=field.utype,
        description=field.description,
    )


def numbers_of(field: Field, values: Values, *, gaps: NDArray[np.bool_] | None = None) -> pa.Array:
    """Values of a FIELD that is no text, in the Arrow type in which they came; arrays are lists.

    Parameters
    ----------
    gaps
        The elements of arrays that shall be missing.

    Raises
    ------
    vo.errors.UsageError
        When there are more elements than an Arrow array can have.
    """
    if values.offsets is None:
        return pa.array(values.data, mask=values.missing)
    if len(values.data) > _MOST_ELEMENTS:
        raise UsageError(
            f"Column {field.name}: {len(values.missing)} rows have more elements than can be taken at once."
        )
    offsets = pa.array(values.offsets.astype(np.int32))
    missing = pa.array(values.missing) if values.missing.any() else None
    return pa.ListArray.from_arrays(offsets, pa.array(values.data, mask=gaps), mask=missing)
