"""A simulated exposure as a FITS file in the layout of the XMM-Newton pipeline's EPIC event lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time, TimeDelta

from obstap.demo.detector import REFERENCE_PIXEL
from obstap.demo.exposure import Exposure
from obstap.footprints import DET_STEP

__all__ = ["EPOCH", "file_name", "write"]

EPOCH = Time("1998-01-01T00:00:00", scale="tt")
"""Zero of mission time (MJDREF 50814)."""

SKY_PIXELS = 51_840
"""Largest legal X and Y."""

EXPOSURE_STEP = 20.0
"""Seconds between rows of EXPOSUnn; real files have one row a frame."""

DATE = "2026-01-01T00:00:00"
"""DATE of all files: fixed, so that a seed gives the same bytes."""

FORMATS = {
    "TIME": ("D", "s"), "RAWX": ("I", "pixel"), "RAWY": ("I", "pixel"), "DETX": ("I", "0.05arcsec"),
    "DETY": ("I", "0.05arcsec"), "X": ("J", "0.05arcsec"), "Y": ("J", "0.05arcsec"), "PHA": ("I", "CHAN"),
    "PI": ("I", "eV"), "FLAG": ("J", ""), "PATTERN": ("B", ""), "PAT_ID": ("I", ""), "PAT_SEQ": ("B", ""),
    "OFFSETX": ("I", "pixel"), "CCDNR": ("B", ""),
}  # fmt: skip
"""FITS format and unit of each column."""

FLAG_BITS = {
    0: "INVALID_PATTERN", 2: "CLOSE_TO_CCD_WINDOW", 5: "CLOSE_TO_ONBOARD_BADPIX", 11: "IN_SPOILED_FRAME",
    16: "OUT_OF_FOV", 17: "IN_BAD_FRAME", 19: "COSMIC_RAY", 21: "ON_BADPIX", 22: "SECONDARY", 23: "TRAILING",
}  # fmt: skip
"""The bits of FLAG that the simulation sets."""


def file_name(exposure: Exposure) -> str:
    """Name in the pipeline's form: ``P<obs><camera><exposure>PIEVLI0000.FIT`` (MIEVLI for MOS)."""
    camera = exposure.camera
    kind = "PIEVLI" if camera.is_pn else "MIEVLI"
    return f"P{exposure.observation.obs_id}{camera.pps}{camera.exposure}{kind}0000.FIT"


def write(exposure: Exposure, folder: Path) -> Path:
    """Write the event list, its good times, exposure fractions and bad pixels; gives the file's path.

    The file appears under its name only when it is complete.
    """
    path = folder / file_name(exposure)
    partial = path.with_name(f".{path.name}.part")
    primary = fits.PrimaryHDU(header=_observation_header(exposure))
    tables = [_events(exposure)]
    numbers = [ccd.number for ccd in exposure.camera.ccds]
    tables += [_exposure_fractions(exposure, number) for number in numbers]
    tables += [_bad_pixels(exposure, number) for number in numbers]
    tables += [_good_times(exposure, number) for number in numbers]
    fits.HDUList([primary, *tables]).writeto(partial, overwrite=True)
    return partial.replace(path)


def _utc(seconds: float) -> str:
    """Mission time as ISO text in UTC."""
    return (EPOCH + TimeDelta(seconds, format="sec")).utc.isot[:19]


def _observation_header(exposure: Exposure) -> fits.Header:
    observation, camera = exposure.observation, exposure.camera
    header = fits.Header()
    for keyword, value, comment in (
        ("ORIGIN", "Athanor simulation", "Origin of FITS file"),
        ("CREATOR", "make_demo_archive", "name of code which created this data set"),
        ("DATE", DATE, "creation date"),
        ("CONTENT", f"EPIC {camera.instrument[1:]} IMAGING MODE EVENT LIST", "Contents of file"),
        ("TELESCOP", "XMM", "Telescope (mission) name"),
        ("INSTRUME", camera.instrument, "Instrument name"),
        ("OBS_MODE", "POINTING", "Observation mode (pointing or slew)"),
        ("OBS_ID", observation.obs_id, "Observation identifier"),
        ("EXP_ID", f"{observation.obs_id}{camera.exposure[1:]}", "Exposure identifier"),
        ("EXPIDSTR", camera.exposure, "Exposure identifier (Xnnn)"),
        ("DATAMODE", "IMAGING", "Instrument mode"),
        ("SUBMODE", camera.submode, "Guest Observer mode"),
        ("FILTER", observation.filter, "Filter ID"),
        ("FRMTIME", round(camera.frame_time * 1000), "[ms] Frame Time, nearest integer"),
        ("OBJECT", observation.field.name, "Name of observed object"),
        ("OBSERVER", "SIMULATED", "Name of PI"),
        ("REVOLUT", f"{observation.revolution:04d}", "Satellite Revolution Number"),
        ("RA_OBJ", observation.field.ra, "[deg] Ra of the observed object"),
        ("DEC_OBJ", observation.field.dec, "[deg] Dec of the observed object"),
        ("RA_NOM", exposure.ra, "[deg] Ra of boresight"),
        ("DEC_NOM", exposure.dec, "[deg] Dec of boresight"),
        ("RA_PNT", exposure.ra, "[deg] Pointing RA of the optical axis"),
        ("DEC_PNT", exposure.dec, "[deg] Pointing Dec of the optical axis"),
        ("PA_PNT", observation.position_angle, "[deg] Position angle of the spacecraft"),
        ("EQUINOX", 2000.0, "Equinox for sky coordinate x/y axes"),
        ("RADECSYS", "FK5", "World coord. system for this file"),
        ("DATE-OBS", _utc(exposure.start), "Start Time (UTC) of exposure"),
        ("DATE-END", _utc(exposure.stop), "End Time (UTC) of exposure"),
        ("EXPSTART", _utc(exposure.start), "Start Time (UTC) of exposure"),
        ("EXPSTOP", _utc(exposure.stop), "End Time (UTC) of exposure"),
        ("OBSSTART", _utc(exposure.start), "Date observation was started"),
        ("OBSSTOP", _utc(exposure.stop), "Date observation was stopped"),
        ("DURATION", exposure.stop - exposure.start, "[s] Duration of observation"),
        *_TIME_CARDS,
    ):
        header[keyword] = (value, comment)
    header.add_comment("SIMULATED DATA: made by Athanor for trials and tests, not observed by XMM-Newton.")
    return header


_TIME_CARDS = (
    ("TIMESYS", "TT", "XMM time is TT (Terrestrial Time)"),
    ("MJDREF", 50814.0, "[d] 1998-01-01T00:00:00 (TT) expressed in MJD"),
    ("TIMEZERO", 0, "Clock correction (if not zero)"),
    ("TIMEUNIT", "s", "All times in s unless specified otherwise"),
    ("TIMEREF", "LOCAL", "Reference location of photon arrival times"),
    ("TASSIGN", "SATELLITE", "Location of time assignment"),
    ("CLOCKAPP", True, "Clock correction applied"),
)


def _events(exposure: Exposure) -> fits.BinTableHDU:
    columns = [
        fits.Column(name=name, format=FORMATS[name][0], unit=FORMATS[name][1] or None, array=values)
        for name, values in exposure.events.items()
    ]
    table = fits.BinTableHDU.from_columns(columns, name="EVENTS")
    header = table.header
    limits = _legal_ranges(exposure)
    for number, name in enumerate(exposure.events, start=1):
        if name in limits:
            low, high = limits[name]
            header.set(f"TLMIN{number}", low, after=f"TFORM{number}")
            header.set(f"TLMAX{number}", high, after=f"TLMIN{number}")
    header.extend(_observation_header(exposure), unique=True)
    for keyword, value in (("HDUCLASS", "OGIP"), ("HDUCLAS1", "EVENTS"), ("HDUCLAS2", "ALL")):
        header[keyword] = value
    _add_flag_words(header, exposure)
    _add_sky_coordinates(header, exposure)
    _add_times(header, exposure)
    _add_data_subspace(header, exposure)
    return table


def _legal_ranges(exposure: Exposure) -> dict[str, tuple[int, int]]:
    camera = exposure.camera
    return {
        "RAWX": (1, camera.shape[0]),
        "RAWY": (1, camera.shape[1]),
        "DETX": (-20_480, 20_480),
        "DETY": (-20_480, 20_480),
        "X": (1, SKY_PIXELS),
        "Y": (1, SKY_PIXELS),
        "PHA": (0, 4095),
        "PI": (0, camera.pi_max),
        "PATTERN": (0, 31),
        "CCDNR": (1, len(camera.ccds)),
    }


def _add_flag_words(header: fits.Header, exposure: Exposure) -> None:
    if exposure.camera.is_pn:
        header["XMMEA_EP"] = ("(FLAG & 0xcfa0000) == 0", "Select good EPIC-pn events")
    else:
        header["XMMEA_EM"] = ("(FLAG & 0x766ba000) == 0", "Select good EPIC-MOS events")
    for bit, meaning in FLAG_BITS.items():
        header[f"XMMEA_{bit}"] = (f"(FLAG & {1 << bit:#x}) != 0", f"Select {meaning} events")


def _add_sky_coordinates(header: fits.Header, exposure: Exposure) -> None:
    """REFX and REFY: a tangent plane about the optical axis with pixels of 0.05 arcsec, X growing westward."""
    for axis, kind, value, step in (
        ("X", "RA---TAN", exposure.ra, -DET_STEP / 3600),
        ("Y", "DEC--TAN", exposure.dec, DET_STEP / 3600),
    ):
        data = exposure.events[axis]
        for suffix, entry, comment in (
            ("CTYP", kind, "WCS Coord. type: tangent plane projection"),
            ("CRPX", REFERENCE_PIXEL, "WCS axis reference pixel of projected image"),
            ("CRVL", value, "[deg] WCS coord. at axis ref. pixel"),
            ("CDLT", step, "[deg/pix] WCS increment at ref. pixel"),
            ("LMIN", 1, "WCS minimum legal axis value"),
            ("LMAX", SKY_PIXELS, "WCS maximum legal axis value"),
            ("DMIN", int(data.min(initial=SKY_PIXELS)), "WCS minimum axis data value"),
            ("DMAX", int(data.max(initial=1)), "WCS maximum axis data value"),
            ("CUNI", "deg", "WCS Physical units of axis"),
        ):
            header[f"REF{axis}{suffix}"] = (entry, comment)


def _add_times(header: fits.Header, exposure: Exposure) -> None:
    header["TSTART"] = (min(gti[0, 0] for gti in exposure.gtis.values()), "[s] Start of the first GTI")
    header["TSTOP"] = (max(gti[-1, 1] for gti in exposure.gtis.values()), "[s] End of the last GTI")
    header["TELAPSE"] = (header["TSTOP"] - header["TSTART"], "[s] Full time interval for the exposure")
    ontimes = {number: float(np.diff(gti, axis=1).sum()) for number, gti in exposure.gtis.items()}
    for number, ontime in ontimes.items():
        header[f"ONTIME{number:02d}"] = (ontime, "[s] Sum of GTIs for a particular CCD")
    for number, ontime in ontimes.items():
        header[f"LIVETI{number:02d}"] = (ontime * exposure.camera.live_fraction, "[s] Livetime for a particular CCD")
    header["ONTIME"] = (max(ontimes.values()), "[s] Sum of GTIs, largest of the CCDs")
    header["LIVETIME"] = (header["ONTIME"] * exposure.camera.live_fraction, "[s] Livetime, largest of the CCDs")
    header["EXPOSURE"] = (header["LIVETIME"], "[s] Largest of LIVETInn")


def _add_data_subspace(header: fits.Header, exposure: Exposure) -> None:
    """Data subspace: each CCD with its own good times."""
    header["DSTYP1"] = ("CCDNR", "data subspace descriptor: name")
    header["DSTYP2"] = ("TIME", "data subspace descriptor: name")
    header["DSUNI2"] = ("s", "data subspace descriptor: units")
    for component, number in enumerate(exposure.gtis, start=1):
        prefix = "" if component == 1 else str(component)
        header[f"{prefix}DSVAL1"] = (str(number), "data subspace descriptor: value")
        if component == 1:
            header["DSVAL2"] = ("TABLE", "data subspace descriptor: value")
        header[f"{prefix}DSREF2"] = (f":STDGTI{number:02d}", "data subspace descriptor: reference")


def _exposure_fractions(exposure: Exposure, number: int) -> fits.BinTableHDU:
    """EXPOSUnn: the live fraction of the frames, zero outside the good times."""
    times = np.arange(exposure.start + EXPOSURE_STEP / 2, exposure.stop, EXPOSURE_STEP)
    gti = exposure.gtis[number]
    low, high = times[:, None] - EXPOSURE_STEP / 2, times[:, None] + EXPOSURE_STEP / 2
    good = np.clip(np.minimum(high, gti[:, 1]) - np.maximum(low, gti[:, 0]), 0, None).sum(axis=1) / EXPOSURE_STEP
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column(name="TIME", format="D", unit="s", array=times),
            fits.Column(name="FRACEXP", format="E", array=(good * exposure.camera.live_fraction).astype(np.float32)),
        ],
        name=f"EXPOSU{number:02d}",
    )
    _add_chip(table.header, exposure, number)
    table.header["TIMEDEL"] = (EXPOSURE_STEP, "[s] Step of TIME")
    return table


def _bad_pixels(exposure: Exposure, number: int) -> fits.BinTableHDU:
    pixels = exposure.bad_pixels[number]
    ones = np.ones(len(pixels), np.int16)
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column(name="RAWX", format="I", unit="pixel", array=pixels[:, 0]),
            fits.Column(name="RAWY", format="I", unit="pixel", array=pixels[:, 1]),
            fits.Column(name="TYPE", format="I", array=ones),
            fits.Column(name="YEXTENT", format="I", unit="pixel", array=ones),
            fits.Column(name="BADFLAG", format="I", array=ones),
        ],
        name=f"BADPIX{number:02d}",
    )
    _add_chip(table.header, exposure, number)
    return table


def _good_times(exposure: Exposure, number: int) -> fits.BinTableHDU:
    gti = exposure.gtis[number]
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column(name="START", format="D", unit="s", array=gti[:, 0]),
            fits.Column(name="STOP", format="D", unit="s", array=gti[:, 1]),
        ],
        name=f"STDGTI{number:02d}",
    )
    header = table.header
    _add_chip(header, exposure, number)
    for keyword, value, comment in (
        ("HDUCLASS", "OGIP", "format conforms to OGIP standard"),
        ("HDUCLAS1", "GTI", "table contains Good Time Intervals"),
        ("HDUCLAS2", "STANDARD", "standard Good Time Interval table"),
        ("ONTIME", float(np.diff(gti, axis=1).sum()), "[s] sum of all Good Time Intervals"),
        ("TSTART", gti[0, 0], "[s] Lower bound of first GTI"),
        ("TSTOP", gti[-1, 1], "[s] Upper bound of last GTI"),
        *_TIME_CARDS,
    ):
        header[keyword] = (value, comment)
    return table


def _add_chip(header: fits.Header, exposure: Exposure, number: int) -> None:
    """The words that name a chip: pn counts quadrants of three chips, MOS chips stand alone."""
    camera = exposure.camera
    quadrant, place = divmod(number - 1, 3) if camera.is_pn else (0, number - 1)
    for keyword, value, comment in (
        ("TELESCOP", "XMM", "Telescope (mission) name"),
        ("INSTRUME", camera.instrument, "Instrument name"),
        ("CCDID", place, "CCD ID"),
        ("QUADRANT", quadrant, "Quadrant ID"),
        ("SUBMODE", camera.submode, "Guest Observer mode"),
        ("FRMTIME", round(camera.frame_time * 1000), "[ms] Frame Time, nearest integer"),
        ("WINDOWX0", 1, "Window: first RAWX"),
        ("WINDOWY0", 1, "Window: first RAWY"),
        ("WINDOWDX", camera.shape[0], "Window: RAWX pixels"),
        ("WINDOWDY", camera.shape[1], "Window: RAWY pixels"),
    ):
        header[keyword] = (value, comment)
