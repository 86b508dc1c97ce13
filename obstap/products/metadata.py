"""The rows of ``ivoa.obscore`` and ``ivoa.obscore_hea`` that describe a published product.

The file's own headers come first, as for every file that is ingested; what they do not say is that of what the product
was made from, where this is known and the same for all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from jobdefs.definition import Definition
from obstap.ingest.dl3_index import Dl3Indices
from obstap.ingest.fitsfile import read_headers
from obstap.ingest.outcomes import NotAProduct, Refused
from obstap.ingest.product import Product
from obstap.ingest.recognise import recognise
from obstap.names import literal
from uws.models import Result
from vo import regions
from vo.errors import AthanorError, ParameterError

__all__ = ["describe"]

TYPES = frozenset({"image", "cube", "spectrum", "sed", "timeseries", "visibility", "event", "measurements"})
"""What ``dataproduct_type`` may be (ObsCore 1.1 §3.3.1)."""

SCIENCE_READY, ANALYSED = 3, 4
"""Calibration levels of products of a user's own and of what was concluded from several (ObsCore 1.1 §4.2)."""

KEPT = (
    "target_name", "facility_name", "instrument_name", "proposal_id", "t_exptime", "t_resolution", "s_resolution",
    "o_ucd",
)  # fmt: skip
"""Columns that a product shares with what it was made from."""

EXTREMES = {"t_min": min, "t_max": max, "em_min": min, "em_max": max}
"""Columns of a product that cover those of all that it was made from."""

AT_ONCE = 200
"""Data sets that one query asks for."""

PLACE = ("s_ra", "s_dec", "s_fov", "s_region")


def describe(path: Path, result: Result, progenitors: Sequence[str]) -> Product:
    """What is known of a product: rows without what depends on where it is published.

    Parameters
    ----------
    path
        Of its file.
    progenitors
        Identifiers of what it was made from.

    Raises
    ------
    vo.errors.ParameterError
        When the file is no data product.
    """
    product = _recognised(path, result)
    sources = _rows(progenitors)
    obs = product.obs
    observations = {row["obs_id"] for row in sources}
    if len(observations) == 1:
        obs["obs_id"] = observations.pop()
    obs.setdefault("obs_id", result.job_id)
    _complete(obs, sources)
    kind = result.product_type if result.product_type in TYPES else obs.get("dataproduct_type")
    obs["dataproduct_type"] = kind
    obs["dataproduct_subtype"] = obs.get("dataproduct_subtype") or result.role or result.product_type or None
    analysed = kind == "measurements" or len({row["obs_id"] for row in sources}) > 1
    obs["calib_level"] = ANALYSED if analysed else SCIENCE_READY
    obs["obs_title"] = obs.get("obs_title") or _title(result, obs)
    obs["access_format"] = result.media_type
    obs["obs_creator_did"] = f"ivo://{settings.ATHANOR_AUTHORITY}/jobs?{result.job_id}/{result.name}"
    owner = result.job.owner
    obs["obs_creator_name"] = (owner.get_full_name() or owner.get_username()) if owner is not None else None
    obs["obs_creation_date"] = result.job.end_time or timezone.now()
    return product


def _recognised(path: Path, result: Result) -> Product:
    try:
        headers = read_headers(path)
    except Refused as error:
        raise ParameterError("RESULT", f"{result.name!r} is a damaged FITS file: {error}") from error
    except NotAProduct as error:
        if result.product_type not in TYPES:
            raise ParameterError("RESULT", f"{result.name!r} is no data product: {error}") from error
        return Product("", {})
    try:
        return recognise(headers, Dl3Indices())
    except (NotAProduct, Refused) as error:
        if result.product_type not in TYPES:
            raise ParameterError("RESULT", f"{result.name!r} is no data product: {error}") from error
        return Product("", {})


def _rows(progenitors: Sequence[str]) -> list[dict[str, Any]]:
    """The archive's rows of those that are data sets of it."""
    from obstap.tap.query import fetch  # noqa: PLC0415 - Arrow loads with the first query

    dids = [item for item in progenitors if item.startswith("ivo://")]
    columns = ", ".join(("obs_id", *KEPT, *EXTREMES, *PLACE))
    rows: list[dict[str, Any]] = []
    for start in range(0, len(dids), AT_ONCE):
        wanted = ", ".join(map(literal, dids[start : start + AT_ONCE]))
        query = f"SELECT {columns} FROM ivoa.obscore WHERE obs_publisher_did IN ({wanted})"  # noqa: S608 - literals
        answer = fetch(query, base_url="", maxrec=AT_ONCE)
        names = [column.name for column in answer.columns]
        rows += [dict(zip(names, row, strict=True)) for row in answer.rows]
    return rows


def _complete(obs: dict[str, object], sources: Sequence[dict[str, Any]]) -> None:
    for name in KEPT:
        values = {row[name] for row in sources}
        if obs.get(name) is None and len(values) == 1:
            obs[name] = values.pop()
    for name, choose in EXTREMES.items():
        values = [row[name] for row in sources]
        if obs.get(name) is None and values and None not in values:
            obs[name] = choose(values)
    _complete_place(obs, sources)


def _complete_place(obs: dict[str, object], sources: Sequence[dict[str, Any]]) -> None:
    """Position and region belong together: what lacks either takes the missing one from its only place of origin."""
    places = {tuple(row[name] for name in PLACE) for row in sources}
    if len(places) != 1:
        return
    ra, dec, field, text = places.pop()
    if obs.get("s_ra") is None:
        obs["s_ra"], obs["s_dec"] = ra, dec
    if obs.get("s_region") is None and text:
        obs["s_fov"] = obs.get("s_fov") or field
        try:
            obs["s_region"] = regions.parse_stcs(text)
        except AthanorError:
            obs["s_region"] = None


def _title(result: Result, obs: dict[str, object]) -> str:
    definition = Definition.from_dict(result.job.definition_document)
    told = next((item.description for item in definition.outputs if item.name == result.name), "") or result.name
    target = f" of {obs['target_name']}" if obs.get("target_name") else ""
    return f"{told.rstrip('.')}{target}"[:200]
