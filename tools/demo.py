"""A tour of a running Athanor with nothing but pyvo, requests and astropy.

Finds an EPIC-pn event list by a cone search, makes an image of it, looks for the brightest source, takes that
source's spectrum and light curve, downloads everything and prints where it came from.

usage: python tools/demo.py [BASE_URL]
"""

from __future__ import annotations

import io
import sys
import warnings

import numpy as np
import pyvo
import requests
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from pyvo.dal.exceptions import DALProtocolError
from pyvo.dal.tap import AsyncTAPJob

RADIUS = 600  # of the source region, in sky pixels of 0.05 arcsec: 30 arcsec
EVENT_LISTS = """
SELECT TOP 10 obs_id, obs_publisher_did, target_name, instrument_name, s_ra, s_dec, t_exptime, access_estsize
FROM ivoa.obscore
WHERE dataproduct_type = 'event' AND instrument_name = 'EPN'
  AND 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', {ra:.6f}, {dec:.6f}, 0.5))
ORDER BY t_exptime DESC
"""


def main(base_url: str) -> None:
    """Run the tour against the service at `base_url`."""
    try:
        observation = find_observation(base_url)
        selection = "#XMMEA_EP && (PATTERN <= 4) && (PI in [500:7500])"
        common = {"table": observation["obs_publisher_did"]}
        image_job = submit(
            base_url,
            "2. evselect: image",
            common
            | {
                "expression": selection,
                "withimageset": "yes",
                "xcolumn": "X",
                "ycolumn": "Y",
                "ximagebinsize": "80",
                "yimagebinsize": "80",
                "imagebinning": "binSize",
            },
        )
        x, y = brightest(download(image_job, "image"))
        source = f"{selection} && ((X,Y) in CIRCLE({x:.0f},{y:.0f},{RADIUS}))"
        product_job = submit(
            base_url,
            "3. evselect: spectrum and light curve of that source",
            common
            | {
                "expression": source,
                "withspectrumset": "yes",
                "energycolumn": "PI",
                "spectralbinsize": "5",
                "withspecranges": "yes",
                "specchannelmin": "0",
                "specchannelmax": "20479",
                "withrateset": "yes",
                "timebinsize": "100",
                "makeratecolumn": "yes",
                "maketimecolumn": "yes",
            },
        )
        show_spectrum(download(product_job, "spectrum"))
        show_light_curve(download(product_job, "rate"))
        show_provenance(base_url, product_job)
    except (requests.ConnectionError, DALProtocolError):
        sys.exit(f"Athanor does not answer at {base_url}. Start it with `make run` first, with the same PORT.")


def find_observation(base_url: str) -> dict[str, object]:
    """A row of ivoa.obscore: the longest EPIC-pn event list near the first target of the archive."""
    tap = pyvo.dal.TAPService(f"{base_url}/tap")
    target = tap.search(
        "SELECT TOP 1 target_name, s_ra, s_dec FROM ivoa.obscore WHERE instrument_name = 'EPN'"
        " AND dataproduct_type = 'event' ORDER BY obs_id"
    )
    if len(target) == 0:
        sys.exit("The archive holds no EPIC-pn event list; `manage.py make_demo_archive` makes some.")
    ra, dec = float(target[0]["s_ra"]), float(target[0]["s_dec"])
    print(f"1. Cone search, 0.5 deg around {ra:.4f} {dec:+.4f} ({target[0]['target_name']})")
    rows = tap.search(EVENT_LISTS.format(ra=ra, dec=dec))
    for row in rows:
        print(f"   {row['obs_id']}  {row['instrument_name']}  {row['t_exptime']:8.0f} s  {row['access_estsize']} kB")
    chosen = rows[0]
    print(f"   taken: {chosen['obs_publisher_did']}")
    return {name: chosen[name] for name in rows.fieldnames}


def submit(base_url: str, what: str, parameters: dict[str, str]) -> AsyncTAPJob:
    """Create and run an evselect job, wait for its end and give it; any UWS job parses as pyvo's."""
    print(f"{what}\n   expression={parameters['expression']}")
    answer = requests.post(f"{base_url}/uws/evselect", data=parameters | {"PHASE": "RUN"}, timeout=60)
    if not answer.ok:
        sys.exit(f"   refused ({answer.status_code}): {answer.text}")
    job = AsyncTAPJob(answer.url)
    job.wait(timeout=300)
    print(f"   {answer.url}\n   {job.phase}: {', '.join(f'{item.id_} ({item.size} bytes)' for item in job.results)}")
    job.raise_if_error()
    return job


def download(job: AsyncTAPJob, name: str) -> fits.HDUList:
    """Open the result of that name."""
    result = next(item for item in job.results if item.id_ == name)
    answer = requests.get(result.href, timeout=60)
    answer.raise_for_status()
    return fits.open(io.BytesIO(answer.content))


def brightest(image: fits.HDUList) -> tuple[float, float]:
    """Centre of the brightest 5 x 5 pixels, in the sky pixels X, Y of the event list."""
    counts = image[0].data.astype(float)
    smooth = sum(np.roll(counts, (i, j), (0, 1)) for i in range(-2, 3) for j in range(-2, 3))
    row, column = np.unravel_index(np.argmax(smooth), smooth.shape)
    with warnings.catch_warnings(action="ignore", category=FITSFixedWarning):  # SAS writes RADECSYS
        ra, dec = WCS(image[0].header).pixel_to_world_values(column, row)
        physical = WCS(image[0].header, key="L").pixel_to_world_values(column, row)
    print(f"   {counts.sum():.0f} counts; the brightest source is at {float(ra):.4f} {float(dec):+.4f}")
    return float(physical[0]), float(physical[1])


def show_spectrum(spectrum: fits.HDUList) -> None:
    """Print the counts of a spectrum."""
    table = spectrum["SPECTRUM"]
    print(
        f"   Spectrum: {table.data['COUNTS'].sum()} counts in {len(table.data)} channels, exposure "
        f"{table.header['EXPOSURE']:.0f} s"
    )


def show_light_curve(rate: fits.HDUList) -> None:
    """Print the range of a light curve."""
    table = rate["RATE"]
    rates = table.data["RATE"]
    print(
        f"   Light curve: {len(rates)} bins of {table.header['TIMEDEL']:g} s, {np.nanmean(rates):.4f} count/s on "
        f"average, {np.nanmax(rates):.4f} at most"
    )


def show_provenance(base_url: str, job: AsyncTAPJob) -> None:
    """Print what the job used and generated."""
    answer = requests.get(f"{base_url}/provenance/jobs/{job.job_id}.json", timeout=60)
    answer.raise_for_status()
    document = answer.json()
    print("4. Provenance (PROV-JSON, W3C)")
    relations = {
        "used": ("prov:activity", "prov:entity"),
        "wasGeneratedBy": ("prov:entity", "prov:activity"),
        "wasAssociatedWith": ("prov:activity", "prov:agent"),
    }
    for relation, (source, target) in relations.items():
        for edge in document.get(relation, {}).values():
            print(f"   {edge[source]} {relation} {edge[target]} ({edge.get('prov:role', '')})")
    print(f"   drawn: {base_url}/jobs/{job.job_id}/provenance/")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://localhost:8000")
