"""What evselect writes besides event lists: images, spectra, rate curves and histograms.

Keywords and conventions are those of files that SAS's evselect wrote; spectra follow OGIP/92-007, rate
curves OGIP/93-003.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..fitscards import Card, Header
from ..fitsout import Field, Writer, table_block
from ..reporting import TaskError
from ..skyplane import SkyPlane
from .counting import BinnedCounts
from .dss import WrittenSubspace
from .wcs import image_wcs

__all__ = ["Channels", "Frame", "write_histogram", "write_image", "write_rate", "write_spectrum"]

_PIXELS = {"Int8": "u1", "Int16": ">i2", "Int32": ">i4", "Real32": ">f4", "Real64": ">f8"}
_LARGEST = {"Int8": 2**8 - 1, "Int16": 2**15 - 1, "Int32": 2**31 - 1}
_BITPIX = {"Int8": 8, "Int16": 16, "Int32": 32, "Real32": -32, "Real64": -64}
_WRITE_PIXELS = 2**20
_OGIP = Card("HDUCLASS", "OGIP", "Format conforms to OGIP/GSFC conventions")


@dataclass(frozen=True, slots=True)
class Frame:
    """What a product's headers hold besides its own keywords.

    Parameters
    ----------
    creation
        XPROCn and CREATOR.
    observation
        Keywords of the observation for the primary header.
    instrument
        TELESCOP, INSTRUME, FILTER and the like for an extension.
    times
        MJDREF, TIMESYS and the like for a rate curve.
    sky
        REFX…, EQUINOX, RADECSYS for an image.
    history
        HISTORY, the newest first.
    expression
        SLCTEXPR.
    subspace
        DSS keywords, and the blocks that they name.
    exposure
        ONTIMEnn, …, EXPOSURE.
    """

    creation: Sequence[Card]
    observation: Sequence[Card]
    instrument: Sequence[Card]
    times: Sequence[Card]
    sky: Sequence[Card]
    history: Sequence[Card]
    expression: str
    subspace: WrittenSubspace
    exposure: Sequence[Card]

    def primary(self, bitpix: int = 8, shape: tuple[int, ...] = ()) -> Header:
        """A primary header up to the observation's keywords."""
        header = Header(
            [
                ("SIMPLE", True, "file does conform to FITS standard"),
                ("BITPIX", bitpix, "number of bits per data pixel"),
                ("NAXIS", len(shape), "number of data axes"),
            ]
        )
        for number, size in enumerate(reversed(shape), start=1):
            header.append(f"NAXIS{number}", size, f"length of data axis {number}")
        header.append("EXTEND", True, "FITS dataset may contain extensions")
        header.extend(self.creation)
        header.extend(self.observation)
        return header

    def write_primary(self, writer: Writer) -> None:
        """Write a primary block without data."""
        header = self.primary()
        header.extend(self.history)
        writer.write(header)

    @property
    def selection(self) -> list[Card]:
        """SLCTEXPR."""
        return [Card("SLCTEXPR", self.expression, "Filtering expression used by evselect")]


@dataclass(frozen=True, slots=True)
class Channels:
    """The energy column of a rate curve, and the range of it that was selected, if known."""

    column: str
    span: tuple[float, float] | None


def write_image(writer: Writer, frame: Frame, binned: BinnedCounts, plane: SkyPlane | None, data_type: str) -> None:
    """Write an image as a primary array, and the errors of a weighted one as extension ERROR.

    Parameters
    ----------
    data_type
        `Int8` (0 to 255), `Int16`, `Int32`, `Real32`, `Real64`; empty for Int32, or Real64 of weighted or very deep
        images.

    Raises
    ------
    TaskError
        The counts do not fit the type.
    """
    largest = int(binned.counts.max(initial=0)) if binned.weights is None else 0
    if not data_type:
        data_type = "Real64" if binned.weights or largest > _LARGEST["Int32"] else "Int32"
    if data_type not in _PIXELS:
        raise TaskError("ImageType", f"imagedatatype={data_type} is not one of {', '.join(_PIXELS)}.")
    if data_type in _LARGEST and (binned.weights or largest > _LARGEST[data_type]):
        what = "sums of weights are not whole numbers" if binned.weights else f"a pixel holds {largest} counts"
        raise TaskError("ImageType", f"imagedatatype={data_type} does not fit: {what}; use Real64.")
    header = frame.primary(_BITPIX[data_type], binned.counts.shape)
    header.extend(frame.sky if plane is not None else ())
    header.extend(frame.history)
    header.extend(frame.selection)
    header.extend(_classes(("IMAGE", "File contains an Image"), ("TOTAL", "Gross Image")))
    image_wcs(header, binned.axes, plane)
    header.extend(frame.subspace.cards)
    header.extend(frame.exposure)
    _write_pixels(writer, header, binned.counts, _PIXELS[data_type])
    if binned.variance is not None:
        errors = Header([("XTENSION", "IMAGE", "image extension"), *_shape_cards(-64, binned.counts.shape)])
        errors.append("EXTNAME", "ERROR", "The name of this image: 1 sigma of each pixel")
        image_wcs(errors, binned.axes, plane)
        _write_pixels(writer, errors, np.sqrt(binned.variance), ">f8")


def write_spectrum(writer: Writer, frame: Frame, binned: BinnedCounts) -> None:
    """Write a spectrum: extension SPECTRUM with columns CHANNEL and COUNTS (STAT_ERR where weights were summed).

    Channels count from 0 whatever the range; SPECVAL is the centre of channel 0 in the values of the column.
    """
    axis = binned.axes[0]
    channels = np.arange(axis.count, dtype=np.int16 if axis.count <= 2**15 else np.int32)
    fields = [
        Field("CHANNEL", channels, "channel number", limits=(0, axis.count - 1)),
        Field("COUNTS", binned.counts, "counts in the channel", "count"),
    ]
    if binned.variance is not None:
        fields.append(Field("STAT_ERR", np.sqrt(binned.variance), "1 sigma of the counts", "count"))
    cards = [
        *frame.instrument,
        *frame.selection,
        *_classes(
            ("SPECTRUM", "File contains a spectrum"),
            ("TOTAL", "File contains gross counts"),
            ("COUNT", "Spectrum is stored as counts"),
        ),
        Card("HDUVERS", "1.1.0", "Version of format"),
        Card("AREASCAL", 1.0, "Nominal scaling factor for data"),
        Card("BACKSCAL", 1.0, "Scaling factor for background"),
        Card("CORRSCAL", 1.0, "Nominal scaling factor for correction file"),
        Card("BACKFILE", "none", "Name of background file"),
        Card("CORRFILE", "none", "Name of correction file"),
        Card("RESPFILE", "none", "Name of response file"),
        Card("ANCRFILE", "none", "Name of ARF file"),
        Card("POISSERR", binned.weights is None, "Poisson errors appropriate"),
        Card("SYS_ERR", 0, "Global systematic error"),
        Card("CHANTYPE", axis.column.name.upper(), "Type of channel data"),
        Card("DETCHANS", axis.count, "Total number of detector channels available"),
        Card("QUALITY", 0, "All channels have good quality"),
        Card("GROUPING", 0, "No data grouping done"),
        Card("SPECDELT", int(axis.bin), "Spectral channel size, ie the binning factor"),
        Card("SPECPIX", 0, "The rebinned channel corresponding to SPECVAL"),
        Card("SPECVAL", float(axis.low + (axis.bin - 1) / 2), "Original chan value at center of rebinned chan"),
        *frame.subspace.cards,
        *frame.exposure,
    ]
    frame.write_primary(writer)
    writer.write(*table_block("SPECTRUM", fields, cards))


def write_rate(
    writer: Writer, frame: Frame, binned: BinnedCounts, channels: Channels, *, as_rate: bool, with_time: bool
) -> None:
    """Write a rate curve: extension RATE with COUNTS, or RATE and ERROR, and TIME (bin centres) where asked for."""
    axis = binned.axes[0]
    counts = binned.counts.astype(np.float64)
    errors = np.sqrt(counts if binned.variance is None else binned.variance)
    if as_rate:
        fields = [
            Field("RATE", counts / axis.bin, "Count rate", "count/s"),
            Field("ERROR", errors / axis.bin, "Error of the count rate", "count/s"),
        ]
    else:
        fields = [Field("COUNTS", binned.counts, "Counts in the bin", "count")]
        if binned.variance is not None:
            fields.append(Field("ERROR", errors, "Error of the counts", "count"))
    if with_time:
        centres = axis.first + axis.bin * np.arange(axis.count)
        fields.append(Field("TIME", centres, "Time of the center of each bin", "s"))
    cards = [
        *frame.instrument,
        *frame.times,
        *frame.selection,
        *_classes(
            ("LIGHTCURVE", "File contains a light curve"),
            ("TOTAL", "File contains gross rates"),
            ("RATE", "Light curve stored as rates") if as_rate else ("COUNT", "Light curve stored as counts"),
        ),
        Card("TIMEDEL", float(axis.bin), "[s] Light curve bin size"),
        Card("TSTART", float(axis.origin), "[s] Light curve start time"),
        Card("TSTOP", float(axis.origin + axis.bin * axis.count), "[s] Light curve stop time"),
        Card("TIMEPIXR", 0.5, "Times are those of the bins' centers"),
    ]
    if channels.span is not None:
        low, high = (int(value) if float(value).is_integer() else value for value in channels.span)
        cards += [Card("CHANMIN", low, "Lowest channel selected"), Card("CHANMAX", high, "Highest channel selected")]
    cards += [
        Card("CHANTYPE", channels.column, "Type of channel data"),
        Card("BACKAPP", False, "Background correction applied?"),
        Card("DEADAPP", False, "Dead time correction applied?"),
        Card("VIGNAPP", False, "Vignetting correction applied?"),
        *frame.subspace.cards,
        *frame.exposure,
    ]
    frame.write_primary(writer)
    writer.write(*table_block("RATE", fields, cards))


def write_histogram(writer: Writer, frame: Frame, binned: BinnedCounts) -> None:
    """Write a histogram: extension HISTO with the centre of each bin, under the column's name, and COUNTS."""
    axis = binned.axes[0]
    centres = axis.first + axis.bin * np.arange(axis.count)
    fields = [
        Field(axis.column.name.upper(), centres, "Centre of the bin", axis.column.unit),
        Field("COUNTS", binned.counts, "Counts in the bin", "count"),
    ]
    if binned.variance is not None:
        fields.append(Field("ERROR", np.sqrt(binned.variance), "1 sigma of the counts", "count"))
    cards = [
        *frame.instrument,
        *frame.selection,
        Card("HISTOCOL", axis.column.name.upper(), "Column of which this is the histogram"),
        Card("HISTOMIN", float(axis.origin), "Lower edge of the first bin"),
        Card("HISTODEL", float(axis.bin), "Bin size"),
        *frame.subspace.cards,
        *frame.exposure,
    ]
    frame.write_primary(writer)
    writer.write(*table_block("HISTO", fields, cards))


def _classes(*classes: tuple[str, str]) -> list[Card]:
    named = [Card(f"HDUCLAS{level}", name, words) for level, (name, words) in enumerate(classes, start=1)]
    return [_OGIP, *named, Card("HDUVERS1", "1.1.0", "Version of format")]


def _shape_cards(bitpix: int, shape: tuple[int, ...]) -> list[Card]:
    sizes = [Card(f"NAXIS{number}", size) for number, size in enumerate(reversed(shape), start=1)]
    return [Card("BITPIX", bitpix), Card("NAXIS", len(shape)), *sizes, Card("PCOUNT", 0), Card("GCOUNT", 1)]


def _write_pixels(writer: Writer, header: Header, values: np.ndarray, kind: str) -> None:
    stream = writer.stream(header)
    flat = values.reshape(-1)
    for start in range(0, len(flat), _WRITE_PIXELS):
        stream.write(flat[start : start + _WRITE_PIXELS].astype(kind))
    stream.finish()
