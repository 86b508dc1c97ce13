"""The power law of the Crab, against gammapy called directly and against what is known of it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from jobdefs.tasks.reporting import TaskError

SOURCE = "CIRCLE 83.633333 22.014444 0.11"


def directly(paths):
    """Index and norm at 1 TeV as gammapy's own documentation gets them."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from gammapy.data import Observation
    from gammapy.datasets import Datasets, SpectrumDataset
    from gammapy.makers import ReflectedRegionsBackgroundMaker, SpectrumDatasetMaker
    from gammapy.maps import MapAxis, RegionGeom
    from gammapy.modeling import Fit
    from gammapy.modeling.models import PowerLawSpectralModel, SkyModel
    from regions import CircleSkyRegion

    region = CircleSkyRegion(SkyCoord(83.633333, 22.014444, unit="deg"), 0.11 * u.deg)
    axis = MapAxis.from_energy_bounds(0.5, 50, nbin=12, unit="TeV", name="energy")
    true = MapAxis.from_energy_bounds(0.05, 100, nbin=40, unit="TeV", name="energy_true")
    empty = SpectrumDataset.create(RegionGeom.create(region, axes=[axis]), energy_axis_true=true)
    maker = SpectrumDatasetMaker(selection=["counts", "exposure", "edisp"], containment_correction=True)
    datasets = Datasets()
    for number, path in enumerate(paths):
        observation = Observation.read(path)
        dataset = maker.run(empty.copy(name=str(number)), observation)
        datasets.append(ReflectedRegionsBackgroundMaker().run(dataset, observation))
    law = PowerLawSpectralModel(index=2, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    datasets.models = [SkyModel(spectral_model=law)]
    Fit().run(datasets)
    return law.index.value, law.amplitude.value


@pytest.mark.slow
def test_the_crab(gammapy, crab, task):
    task("gammapy-spectrum", *crab, region=SOURCE)
    rows = Table.read("fit.ecsv")
    fit = {row["parameter"]: (float(row["value"]), float(row["error"])) for row in rows}
    index, norm = fit["index"], fit["amplitude"]
    assert 2.3 < index[0] < 2.9
    assert 3e-11 < norm[0] < 5e-11
    assert fit["significance"][0] > 35
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = directly(crab)
    assert abs(index[0] - expected[0]) < index[1]
    assert abs(norm[0] - expected[1]) < norm[1]
    points = Table.read("fluxpoints.ecsv")
    seen = points[points["sqrt_ts"] > 3]
    law = norm[0] * np.asarray(seen["e_ref"]) ** -index[0]
    assert len(seen) >= 8
    assert (np.abs(np.asarray(seen["dnde"]) - law) < 4 * np.asarray(seen["dnde_errp"])).all()
    assert Path("spectrum.png").read_bytes()[:4] == b"\x89PNG"


def test_event_lists_without_responses_are_refused(gammapy, make_run, folder, task):
    with pytest.raises(TaskError, match="no event list of DL3 with its responses"):
        task("gammapy-spectrum", make_run(), region="CIRCLE 83 22.6 0.1")
    assert [path.name for path in folder.iterdir()] == ["inputs"]
