"""xmm-images: images of an instrument of EPIC in energy bands, each with its exposure map (evselect, eexpmap)."""

from __future__ import annotations

import re
import sys

from vo.errors import ParameterError

from ..calling import call as call_task
from ..parameters import Invocation
from ..running import run_program, running
from .naming import ALL, energy_band, product, read_sub_exposure
from .observation import VERSION, use_calibration

__all__ = ["run"]

SKY = {
    "xcolumn": "X",
    "ycolumn": "Y",
    "ximagebinsize": "87",
    "yimagebinsize": "87",
    "squarepixels": "yes",
    "ximagesize": "512",
    "yimagesize": "512",
    "imagebinning": "binSize",
    "ximagemin": "3649",
    "ximagemax": "48106",
    "withxranges": "yes",
    "yimagemin": "3649",
    "yimagemax": "48106",
    "withyranges": "yes",
}
"""The part of the sky plane, and the size of its pixels: 87 sky pixels of 0.05 arcsec are 4.35 arcsec."""

HIGHEST = 20_479
"""The highest PI of EPIC (pn), in eV."""


def run(call: Invocation) -> None:
    """Write an image (counts) and an exposure map (s) for each band."""
    with running(call, VERSION) as reporter:
        use_calibration(call)
        events, attitude = call.text("eventfile"), call.texts("attitude")[0]
        of = read_sub_exposure(events)
        bands = _bands(call)
        for number, (low, high) in enumerate(bands):
            reporter.stage(f"{of.instrument}, {low} to {high} eV")
            reporter.progress(number, len(bands))
            name = energy_band(low, high)
            image = product(of, "image.fits", exposure=ALL, band=name)
            expression = {"expression": f"(PI in [{low}:{high}])"}
            call_task("evselect", {"table": events, "imageset": image, **SKY, **expression}, expected=[image])
            exposure = product(of, "expmap.fits", exposure=ALL, band=name)
            call_task(
                "eexpmap",
                {
                    "eventset": events,
                    "imageset": image,
                    "expimageset": exposure,
                    "withdetcoords": "no",
                    "withvignetting": "yes",
                    "attitudeset": attitude,
                    "pimin": str(low),
                    "pimax": str(high),
                },
                expected=[exposure],
            )
        reporter.progress(len(bands), len(bands))


def _bands(call: Invocation) -> list[tuple[int, int]]:
    """Energies in eV, each band once."""
    found: dict[tuple[int, int], None] = {}
    for text in call.texts("bands_ev"):
        matched = re.fullmatch(r"([0-9]{1,6}):([0-9]{1,6})", text)
        low, high = (int(matched[1]), int(matched[2])) if matched else (0, 0)
        if not low < high <= HIGHEST:
            hint = f"Write low:high in eV, up to {HIGHEST}, as 500:2000."
            raise ParameterError("bands_ev", f"{text[:40]!r} is no energy band.", hint=hint)
        found[low, high] = None
    return list(found)


if __name__ == "__main__":
    sys.exit(run_program("xmm-images", run))
