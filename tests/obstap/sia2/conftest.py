"""An archive with images, a cube and an event list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from obstap.obscore import OBSCORE, batch
from obstap.stores import TableContent
from tests.obstap.published import published


def row(name: str, **more: object) -> dict[str, object]:
    """An image of half a degree around (83.6, 22), or what `more` makes of it."""
    return {
        "dataproduct_type": "image",
        "calib_level": 2,
        "obs_collection": "survey",
        "obs_id": name,
        "obs_publisher_did": f"ivo://athanor.example/survey?{name}",
        "access_url": f"files/survey/{name}.fits",
        "access_format": "application/fits",
        "target_name": "Crab",
        "s_ra": 83.6,
        "s_dec": 22.0,
        "s_fov": 0.5,
        "s_region": (83.6, 22.0, 0.25),
        "s_resolution": 6.0,
        "t_min": 53000.0,
        "t_max": 53001.0,
        "t_exptime": 30000.0,
        "t_resolution": 2.6,
        "em_min": 1e-10,
        "em_max": 1e-9,
        "em_res_power": 20.0,
        "facility_name": "XMM-Newton",
        "instrument_name": "EPN",
        **more,
    }


ROWS = [
    row("plain"),
    row(
        "cube",
        dataproduct_type="cube",
        calib_level=3,
        target_name="O'Neill's star",
        s_ra=0.05,
        s_dec=-30.0,
        s_fov=2.0,
        s_region=(359.9, -30.1, 0.2, -30.1, 0.2, -29.9, 359.9, -29.9),
        s_resolution=0.5,
        t_min=54000.0,
        t_max=54000.5,
        t_exptime=100.0,
        t_resolution=0.1,
        em_min=0.2,
        em_max=0.22,
        em_res_power=5000.0,
        pol_states="/I/Q/",
        facility_name="VLA",
        instrument_name="L band",
        obs_collection="Radio",
        access_format="application/x-votable+xml;content=datalink",
    ),
    row(
        "unknown",
        s_ra=None,
        s_dec=None,
        s_fov=None,
        s_region=None,
        s_resolution=None,
        t_min=None,
        t_max=None,
        t_exptime=None,
        t_resolution=None,
        em_min=None,
        em_max=None,
        em_res_power=None,
        target_name=None,
    ),
    row("events", dataproduct_type="event"),
]


@pytest.fixture(scope="session")
def _survey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with published(tmp_path_factory.mktemp("survey"), [TableContent(OBSCORE, [batch(ROWS)])]) as url:
        yield url


@pytest.fixture(autouse=True)
def archive(_survey: str, settings) -> None:
    """Answer from that archive."""
    settings.ARCHIVE_URL = _survey
