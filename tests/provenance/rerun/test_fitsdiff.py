"""No difference of two FITS files goes unseen, and those of dates alone are told from all others."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from provenance.rerun.files import compare_files
from provenance.rerun.fitsdiff import VOLATILE
from provenance.rerun.outcomes import Outcome


def hdus(date: str = "2026-01-01T00:00:00") -> fits.HDUList:
    """An image with a float and a table with columns of variable length."""
    primary = fits.PrimaryHDU()
    primary.header["OBJECT"] = ("Crab", "the target")
    primary.header["DATE"] = date
    primary.header["HISTORY"] = f"made by a task at {date}"
    primary.header["COMMENT"] = "no comment"
    primary.header["TITLE"] = "a long text " * 10
    image = fits.ImageHDU(np.arange(100, dtype=np.float32).reshape(10, 10), name="IMAGE")
    image.header["DATE"] = date
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("TIME", "D", array=np.arange(5.0)),
            fits.Column("LIST", "PJ()", array=np.array([[1], [2, 3], [], [4], [5]], dtype=object)),
        ],
        name="EVENTS",
    )
    return fits.HDUList([primary, image, table])


@pytest.fixture
def write(tmp_path) -> Callable[[str, fits.HDUList | bytes], Path]:
    def make(name: str, content: fits.HDUList | bytes) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            for hdu in content:
                hdu.add_checksum(when="as ever")  # else their comments tell the second
            content.writeto(path, overwrite=True)
        return path

    return make


def altered(change: Callable[[fits.HDUList], object]) -> fits.HDUList:
    made = hdus()
    change(made)
    return made


def test_dates_and_checksums_are_no_difference(write) -> None:
    found = compare_files(write("a", hdus()), write("b", hdus("2027-12-31T23:59:59")))
    assert (found.outcome, found.detail) == (Outcome.DATES, "They differ in DATE, CHECKSUM, HISTORY only.")


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda made: made[0].header.set("OBJECT", "Vela"), "HDU 0: OBJECT"),
        (lambda made: made[0].header.set("OBJECT", comment="what"), "HDU 0: OBJECT"),
        (lambda made: made[0].header.set("DATE-OBS", "2026-01-01"), "HDU 0: DATE-OBS"),
        (lambda made: made[0].header.set("TITLE", "a long text " * 9 + "a long tent "), "HDU 0: TITLE"),
        (lambda made: made[0].header.set("HISTORY", "made otherwise"), "HDU 0: HISTORY"),
        (lambda made: made[0].header.remove("OBJECT"), "HDU 0: OBJECT"),
        (lambda made: made[1].data.__setitem__((3, 4), -1.0), "HDU 1 (IMAGE): 1 of 100 pixels differ"),
        (lambda made: made[1].data.__setitem__(slice(2, 5), 0.0), "HDU 1 (IMAGE): 30 of 100 pixels differ"),
        (lambda made: made[2].data["TIME"].__setitem__(slice(0, 2), -1.0), "HDU 2 (EVENTS): 2 of 5 rows differ"),
        (lambda made: made.pop(), "3 HDUs in the original, 2 in the repetition"),
        (
            lambda made: made.__setitem__(1, fits.ImageHDU(np.zeros((5, 5), np.float32), name="IMAGE")),
            (
                "HDU 1 (IMAGE): NAXIS1, NAXIS2; "
                "HDU 1 (IMAGE): 10 x 10 pixels in the original, 5 x 5 pixels in the repetition"
            ),
        ),
    ],
)
def test_other_differences_are_told_by_their_place(write, change, detail) -> None:
    found = compare_files(write("a", hdus()), write("b", altered(change)))
    assert found.outcome == Outcome.DIFFERENT
    assert found.detail == detail


def test_the_order_of_keywords(write) -> None:
    def swap(made: fits.HDUList) -> None:
        card = made[0].header.cards["OBJECT"]
        made[0].header.remove("OBJECT")
        made[0].header.append(card, end=True)

    found = compare_files(write("a", hdus()), write("b", altered(swap)))
    assert (found.outcome, found.detail) == (Outcome.DIFFERENT, "HDU 0: the order of the keywords")


def test_compressed_files_are_compared_by_what_they_hold(write) -> None:
    content = write("a", hdus()).read_bytes()
    same = [write(f"{moment}.gz", gzip.compress(content, mtime=moment)) for moment in (1, 2)]
    assert compare_files(*same) == compare_files(*reversed(same))
    assert compare_files(*same).outcome == Outcome.DATES
    other = write("c.gz", gzip.compress(write("c", altered(lambda made: made[1].data.fill(1))).read_bytes()))
    assert compare_files(same[0], other).detail == "HDU 1 (IMAGE): 99 of 100 pixels differ"
    cut = write("d.gz", same[0].read_bytes()[:-20])
    assert compare_files(same[0], cut).outcome == Outcome.DIFFERENT


@pytest.mark.parametrize(
    "content",
    [
        b"SIMPLE  =                    T",
        b"SIMPLE  =".ljust(2880),
        b"SIMPLE  =                    T".ljust(80) + b"NAXIS   = -1".ljust(80) + b"END".ljust(2720),
        b"SIMPLE  =                    T".ljust(80) + b"NAXIS   = 9999999999999999999".ljust(80) + b"END".ljust(2720),
        b"SIMPLE  =                    T".ljust(80)
        + b"BITPIX  = x".ljust(80)
        + b"NAXIS   = 1".ljust(80)
        + b"NAXIS1  = 3".ljust(80)
        + b"END".ljust(2560),
        b"\x1f\x8bgarbage",
        b"",
    ],
)
def test_damaged_files_are_different(write, content) -> None:
    sound, damaged = write("a", hdus()), write("b", content)
    for pair in ((sound, damaged), (damaged, sound)):
        found = compare_files(*pair)
        assert found.outcome == Outcome.DIFFERENT
        assert found.detail


def test_files_that_are_no_fits_are_compared_by_their_bytes(write, tmp_path) -> None:
    assert compare_files(write("a", b"one\n"), write("b", b"one two\n")).detail == (
        "They differ from byte 3 on (4 and 8 bytes)."
    )
    assert compare_files(write("a", b"one\n"), tmp_path / "none").detail == (
        "The file of the repetition is no longer here: the checksums alone could be compared."
    )


@pytest.mark.parametrize("keyword", ["K{:07d}= 1", "CONTINUE  'x{}'", "HISTORY {}"])
def test_long_headers_take_no_long_time(write, keyword) -> None:
    def made(last: str) -> bytes:
        cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0"]
        cards += [keyword.format(number) for number in range(100_000)]
        text = "".join(card.ljust(80) for card in [*cards, last, "END"])
        return text.ljust(len(text) + -len(text) % 2880).encode()

    found = compare_files(write("a", made("OBJECT  = 'a'")), write("b", made("OBJECT  = 'b'")))
    assert (found.outcome, found.detail) == (Outcome.DIFFERENT, "HDU 0: OBJECT")


def votable(date: str, cell: str = "1", rows: int = 1) -> bytes:
    info = f'<INFO name="request_date" value="{date}"/>\n<INFO name="QUERY_STATUS" value="OK"/>'
    return f"<?xml version='1.0'?>\n<VOTABLE>\n{info}\n{f'<TD>{cell}</TD>' * rows}\n</VOTABLE>\n".encode()


@pytest.mark.parametrize(
    ("content", "other", "outcome", "detail"),
    [
        (votable("2026-01-01"), votable("2027-02-02"), Outcome.DATES, "They differ in request_date only."),
        (votable("2026-01-01", "1"), votable("2027-02-02", "2"), Outcome.DIFFERENT, "They differ from byte 122 on"),
        (votable("2026-01-01"), votable("2027-02-02", rows=2), Outcome.DIFFERENT, "They differ from byte"),
        (votable("2026"), votable("2027-02-02"), Outcome.DIFFERENT, "They differ from byte"),
        (
            votable("2026-01-01", rows=300_000),
            votable("2027-02-02", rows=300_000),
            *(Outcome.DATES, "They differ in request_date only."),
        ),
        (
            votable("2026-01-01", rows=300_000),
            votable("2027-02-02", rows=300_000)[:-1] + b"x",
            *(Outcome.DIFFERENT, "They differ from byte 3,000,"),
        ),
        (b"a" + votable("2026")[22:], b"a" + votable("2027")[22:], Outcome.DATES, "They differ in request_date only."),
        (votable("2026")[30:], votable("2027")[30:], Outcome.DIFFERENT, "They differ from byte"),
    ],
)
def test_votables_may_tell_when_they_were_asked_for(write, content, other, outcome, detail) -> None:
    found = compare_files(write("a", content), write("b", other))
    assert found.outcome == outcome
    assert found.detail.startswith(detail)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("fits") / "sound.fits"
    hdus().writeto(path, checksum=True)
    return path


def volatile_bytes(content: bytes) -> set[int]:
    """The places in the values and comments of cards that tell when a file was made, and of dates in commentary."""
    places: set[int] = set()
    for start in range(0, len(content), 80):
        keyword = content[start : start + 8].decode("latin-1").rstrip()
        if keyword in VOLATILE:
            places.update(range(start + 8, start + 80))
    return places


@given(data=st.data())
def test_a_changed_byte_is_never_overseen(sound, data) -> None:
    content = sound.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.integers(1, 255))
    other = sound.with_name("changed.fits")
    other.write_bytes(changed)
    found = compare_files(sound, other)
    assert found.outcome in (Outcome.DATES, Outcome.DIFFERENT)
    if place not in volatile_bytes(content):
        assert found.outcome == Outcome.DIFFERENT, found


@given(keyword=st.sampled_from(["OBJECT", "TELESCOP", "DATE-OBS", "XPROC0", "CREATOR", "EXPOSURE"]), value=st.text())
def test_a_changed_keyword_is_named(sound, keyword, value) -> None:
    text = "".join(letter for letter in value if letter.isascii() and letter.isprintable())[:60]
    made = fits.open(sound)
    if made[0].header.get(keyword) == text.rstrip():
        return
    made[0].header[keyword] = text
    other = sound.with_name("other.fits")
    made.writeto(other, checksum=True, overwrite=True)
    made.close()
    found = compare_files(sound, other)
    assert found.outcome == Outcome.DIFFERENT
    assert keyword in found.detail
