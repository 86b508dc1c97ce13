"""From a FITS file to its picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from vo.errors import UsageError

from ..fitsio import FitsFile, Hdu, open_fits
from ..reporting import TaskError
from .contents import Kind, classify, details, name_of
from .curves import draw_good_times, draw_rate
from .grids import event_grid, image_grids
from .images import draw_colours, draw_grid
from .spectra import draw_spectrum
from .style import FULL_WIDTH, Sheet, styled

__all__ = ["write_colour_preview", "write_preview"]


def write_preview(
    source: Path,
    target: Path,
    *,
    size: int = FULL_WIDTH,
    block: str = "",
    scale: str = "asinh",
    smooth: float = 0.0,
    background: Path | None = None,
    threshold: float | None = None,
    title: str = "",
) -> None:
    """Draw what a FITS file holds, as PNG.

    An image, three images as colours, a spectrum, a light curve, an event list or good time intervals; see
    `contents.classify`. The same file gives the same bytes. Memory does not grow with the file's size.

    Parameters
    ----------
    source
        FITS file, compressed by gzip or not.
    target
        PNG file; it is written whole or not at all.
    size
        Width in pixels, 160 to 4000. Below 600 the picture is drawn as a thumbnail.
    block
        Name or number of the block to be drawn; without it the product that the file is.
    scale
        Brightness of images: ``asinh``, ``log`` or ``linear``.
    smooth
        Sigma, in pixels, of a Gaussian that smooths the picture of an image.
    background
        Spectrum of the background, to be drawn with a spectrum.
    threshold
        count/s; drawn with a light curve.
    title
        In place of the object's name.

    Raises
    ------
    vo.errors.UsageError
        The file can't be read or holds nothing that can be drawn, or the picture can't be written.
    """
    try:
        with open_fits(str(source)) as file, styled():
            _draw(
                file,
                block,
                size=size,
                scale=scale,
                smooth=smooth,
                background=background,
                threshold=threshold,
                title=title,
            ).save(target)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise _senseless(source.name, error) from error
    except OSError as error:
        raise TaskError("PictureNotWritten", f"{target.name} can't be written: {error.strerror}.") from error


def write_colour_preview(
    sources: Sequence[Path],
    target: Path,
    *,
    size: int = FULL_WIDTH,
    smooth: float = 0.0,
    names: Sequence[str] = (),
    title: str = "",
) -> None:
    """Draw three images of one field as red, green and blue, as PNG.

    Parameters
    ----------
    sources
        FITS images of the same size: red, green, blue.
    names
        What the three are, for the legend.

    Raises
    ------
    vo.errors.UsageError
        As `write_preview`; or the images are not alike.
    """
    try:
        with ExitStack() as stack, styled():
            files = [stack.enter_context(open_fits(str(source))) for source in sources]
            blocks = [_image_block(file) for file in files]
            grids = image_grids(list(zip(files, blocks, strict=True)), size)
            name = title or name_of(files[0], blocks[0], Kind.CUBE)
            draw_colours(grids, name, details(files[0], blocks[0]), size=size, smooth=smooth, names=names).save(target)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise _senseless(", ".join(source.name for source in sources), error) from error
    except OSError as error:
        raise TaskError("PictureNotWritten", f"{target.name} can't be written: {error.strerror}.") from error


def _senseless(name: str, error: Exception) -> TaskError:
    """What is told of a file whose headers say what can't be."""
    return TaskError("NoPicture", f"{name} can't be drawn: its headers or values make no sense ({error}).")


def _image_block(file: FitsFile) -> Hdu:
    kind, hdu = classify(file)
    if kind is not Kind.IMAGE:
        raise UsageError(f"{file.name} is no image.")
    return hdu


def _draw(
    file: FitsFile,
    block: str,
    *,
    size: int,
    scale: str,
    smooth: float,
    background: Path | None,
    threshold: float | None,
    title: str,
) -> Sheet:
    kind, hdu = classify(file, block)
    name, words = title or name_of(file, hdu, kind), details(file, hdu)
    match kind:
        case Kind.IMAGE:
            return draw_grid(image_grids([(file, hdu)], size)[0], name, words, size=size, scale=scale, smooth=smooth)
        case Kind.CUBE:
            return draw_colours(image_grids([(file, hdu)], size), name, words, size=size, smooth=smooth, names=())
        case Kind.EVENTS:
            grid, count = event_grid(file, hdu, min(size, 800))
            words = details(file, hdu, f"{count} events")
            return draw_grid(grid, name, words, size=size, scale=scale, smooth=smooth)
        case Kind.SPECTRUM:
            return draw_spectrum(file, hdu, name, words, size=size, background=background)
        case Kind.RATE:
            return draw_rate(file, hdu, name, words, size=size, threshold=threshold)
    return draw_good_times(file, hdu, name, words, size=size)
