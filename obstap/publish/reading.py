"""Which reader a file needs, by its first bytes and, for plain text, by its name."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from obstap.publish.source import Source
from vo.errors import UsageError

__all__ = ["open_source"]

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
FITS = b"SIMPLE  ="
DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


@contextmanager
def open_source(path: Path, *, table: str = "") -> Iterator[Source]:
    """The table of a file: FITS, VOTable, Parquet, ECSV, CSV or TSV, each also compressed by gzip.

    Parameters
    ----------
    table
        Which table of a file that has several: number or name of an HDU of FITS, number (from 0), ID or name of a
        VOTable's TABLE; by default the first.

    Raises
    ------
    vo.errors.UsageError
        When the file is broken, has no such table or is none of these.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="athanor-publish-") as folder:
            plain = _unpacked(path, Path(folder))
            with closing(_open(plain, table)) as source:
                yield source
    except OSError as error:
        raise UsageError(f"{error.filename or path}: {error.strerror or error}.") from error


def _unpacked(path: Path, folder: Path) -> Path:
    """The file itself, or what is in it when it is compressed."""
    with path.open("rb") as stream:
        if stream.read(2) != GZIP:
            return path
        stream.seek(0)
        plain = folder / path.name.removesuffix(".gz")
        try:
            with gzip.open(stream) as packed, plain.open("wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UsageError(f"The gzip stream is broken or truncated: {error}.") from error
        return plain


def _open(path: Path, table: str) -> Source:
    with path.open("rb") as stream:
        start = stream.read(512)
    if start.startswith(FITS):
        from obstap.publish.fits import FitsSource  # noqa: PLC0415 - astropy loads

        return FitsSource(path, hdu=table)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        from obstap.publish.votable import VOTableSource  # noqa: PLC0415 - the parser loads

        return VOTableSource(path, table=table)
    if table:
        raise UsageError("--hdu: only FITS files and VOTables hold several tables.")
    if start.startswith(PARQUET):
        from obstap.publish.parquet import ParquetSource  # noqa: PLC0415 - the parser loads

        return ParquetSource(path)
    from obstap.publish.text import CsvSource, EcsvSource  # noqa: PLC0415 - YAML loads

    if start.startswith(b"# %ECSV") or path.suffix.lower() == ".ecsv":
        return EcsvSource(path)
    if path.suffix.lower() in DELIMITERS:
        return CsvSource(path, delimiter=DELIMITERS[path.suffix.lower()])
    raise UsageError(
        f"{path.name} is no FITS file, VOTable, Parquet, ECSV or CSV file; CSV files are known by their ending"
        " .csv or .tsv."
    )
