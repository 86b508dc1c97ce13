"""Writes a crate as a stream of bytes: first the files, then the documents that tell what they were."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from provenance.crate.archive import Missing, Written, ZipStream
from provenance.crate.metadata import METADATA, write_metadata
from provenance.crate.model import Crate
from provenance.crate.parts import Part, bytes_part
from provenance.crate.reading import write_manifest, write_preview, write_readme
from provenance.crate.repeating import is_repeated_by_sas, python_program, shell_program

__all__ = ["crate_name", "write_crate"]


def crate_name(crate: Crate) -> str:
    """Name of the zip file."""
    return f"{crate.job.pk}-crate.zip"


def write_crate(crate: Crate) -> Generator[bytes]:
    """The zip file in pieces; memory is bounded whatever the files are.

    A file that is gone when it is its turn is left out, and README and metadata tell it.
    """
    stream = ZipStream(crate.moment)
    files: list[Part] = []
    try:
        for part in crate.parts:
            yield from _write(stream, part)
            files.append(part)
        for part in _programs(crate):
            yield from _write(stream, part)
            files.append(part)
        # Each of these tells of those before it.
        for path, media_type, description, make in (
            ("README.md", "text/markdown", "What this is and how to repeat it", write_readme),
            (METADATA, "application/ld+json", "This crate for programs", write_metadata),
            ("ro-crate-preview.html", "text/html", "This crate as a page", write_preview),
            ("manifest-sha256.txt", "text/plain", "Checksums of all files", _manifest),
        ):
            part = bytes_part(path, _maker(make, crate, list(files)), media_type, description)
            yield from _write(stream, part)
            files.append(part)
        yield from stream.end()
    finally:
        stream.abandon()


def _write(stream: ZipStream, part: Part) -> Iterator[bytes]:
    def told(written: Written) -> None:
        part.written = written

    try:
        size, chunks = part.open()
    except Missing as error:
        part.missing = str(error)
        return
    yield from stream.add(part.path, chunks, told, size=size, is_program=part.is_program)


def _programs(crate: Crate) -> Iterator[Part]:
    told = "Repeats the job at a service"
    yield bytes_part("repeat.py", lambda: [python_program(crate)], "text/x-python", told, is_program=True)
    if is_repeated_by_sas(crate):
        told = "Repeats the job with XMM-Newton SAS"
        yield bytes_part("repeat.sh", lambda: [shell_program(crate)], "application/x-sh", told, is_program=True)


def _manifest(crate: Crate, files: list[Part]) -> bytes:  # noqa: ARG001 - as the others
    return write_manifest(files)


def _maker(make: Callable[[Crate, list[Part]], bytes], crate: Crate, files: list[Part]) -> Callable[[], list[bytes]]:
    return lambda: [make(crate, files)]
