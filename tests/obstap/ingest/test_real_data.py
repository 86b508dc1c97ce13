"""Real files of four missions; their known truth stands in the README beside them."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

from obstap.ingest import ingest
from vo import regions

Archive = Callable[[str], list[tuple]]

PKS = {"47802", "47803", "47804", "47827", "47828", "47829"}
CIRCLE = (329.717, -30.226, 0.001)


@pytest.fixture
def data(shared: Path) -> Path:
    folder = shared / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real data (../shared/data) is not beside this checkout")
    return folder


def test_hess_runs(archive: Archive, data: Path) -> None:
    report = ingest(paths=[data / "hess-dl3-dr1"])
    assert (len(report.ingested), len(report.ignored), report.refused, len(report.absent)) == (10, 3, [], 95)
    rows = archive("SELECT obs_id, s_ra, s_dec, _region FROM {obscore}")
    positions = {obs_id: (ra, dec) for obs_id, ra, dec, _ in rows}
    assert positions["23592"] == (82.01333618164062, 22.01444435119629)
    assert {obs_id for obs_id, _, _, shape in rows if regions.intersects(shape, CIRCLE)} == PKS
    assert archive("SELECT DISTINCT obs_collection, facility_name, dataproduct_type, s_fov FROM {obscore}") == [
        ("hess-dl3-dr1", "H.E.S.S.", "event", 5.0)
    ]


def test_hess_runs_of_one_target(archive: Archive, data: Path, tmp_path: Path) -> None:
    """With the six steady runs alone, and their index of 105, the same six are found."""
    store = tmp_path / "hess"
    (store / "data").mkdir(parents=True)
    for name in ("obs-index.fits.gz", "hdu-index.fits.gz"):
        shutil.copy(data / "hess-dl3-dr1" / name, store / name)
    for run in PKS:
        name = f"hess_dl3_dr1_obs_id_{int(run):06d}.fits.gz"
        (store / "data" / name).symlink_to(data / "hess-dl3-dr1" / "data" / name)
    report = ingest(paths=[store])
    assert (len(report.ingested), report.refused, len(report.absent)) == (6, [], 99)
    rows = archive("SELECT obs_id, _region FROM {obscore}")
    assert {obs_id for obs_id, shape in rows if regions.intersects(shape, CIRCLE)} == PKS


def test_xmm_products(archive: Archive, data: Path) -> None:
    report = ingest(paths=[data / "xmm"])
    assert report.refused == []
    assert {path.name: reason for path, reason in report.ignored} == {
        "0184_0124710801_SCX00000SUM.ASC": "It is no FITS file.",
        "ccf.cif": "It is an index of calibration files (CIF), no observation.",
        "pn_pi_src.arf": "It is an instrument response (ARF or RMF), no observation.",
    }
    columns = "dataproduct_type, obs_id, target_name, instrument_name, round(t_min, 5), round(t_exptime, 1)"
    assert archive(f"SELECT {columns} FROM {{obscore}} ORDER BY obs_publisher_did") == [
        ("spectrum", "0112880201", "TW Hya", "RGS1", 52099.2442, 28965.6),
        ("timeseries", "0124710801", None, "EPN", 51888.89196, 23750.0),
        ("image", "0124710801", "Coma8", "EPN", 51888.89198, 21649.4),
        ("spectrum", "pn_pi_src_bin10", None, "EPN", None, 11754.6),
    ]
    bands = archive("SELECT energy_min, energy_max FROM {hea} ORDER BY obs_publisher_did")
    assert np.array(bands).round() == pytest.approx(np.array([(310, 3100), (500, 7500), (500, 12000), (200, 15000)]))


def test_the_outline_of_pn_is_that_of_the_real_image(archive: Archive, data: Path) -> None:
    """The counts of the real image lie in its region, but for particles, and reach to its rim."""
    path = data / "xmm" / "PN_image.fits"
    ingest(paths=[path])
    [(shape,)] = archive("SELECT _region FROM {obscore}")
    with fits.open(path) as hdus, warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)  # RADECSYS is the old name of RADESYS
        counts, wcs = hdus[0].data, WCS(hdus[0].header)
    y, x = np.nonzero(counts)
    values = counts[y, x]
    lon, lat = wcs.all_pix2world(x, y, 0)
    inside = regions.contains(shape, lon, lat)
    assert values[inside].sum() > 0.965 * values.sum()
    assert values[~inside].mean() < 0.7 * values[inside].mean()  # only particles get behind the edge of the field
    ra, dec = np.array(shape).reshape(-1, 2).mean(axis=0)
    shrunk = (np.array(shape).reshape(-1, 2) - (ra, dec)) * 0.95 + (ra, dec)
    rim = inside & ~regions.contains(tuple(shrunk.ravel()), lon, lat)
    assert values[rim].sum() > 0.05 * values.sum()


def test_chandra_event_list(archive: Archive, data: Path) -> None:
    ingest(paths=[data / "chandra"])
    assert archive("SELECT obs_id, target_name, s_ra, s_dec, t_exptime, obs_collection FROM {obscore}") == [
        ("10027", "M82", 149.09885492322, 69.715351594383, 18279.338652893, "chandra")
    ]
    assert archive("SELECT ev_xel FROM {hea}") == [(4612,)]
