"""Pictures of FITS products: of every kind, the same every time, and bounded."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from jobdefs.tasks.previews import write_colour_preview, write_preview
from jobdefs.tasks.reporting import TaskError
from vo.errors import NotFoundError, ParameterError, UsageError

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "../shared/data"
SKY = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 50.5, "CRPIX2": 40.5, "CRVAL1": 83.6, "CRVAL2": 22.0,
    "CDELT1": -0.01, "CDELT2": 0.01, "OBJECT": "Nothing $x^2", "INSTRUME": "EPN", "EXPOSURE": 12345.0,
}  # fmt: skip


def header(cards):
    made = fits.Header()
    made.update(cards)
    return made


def image(path, pixels=None, **cards):
    pixels = np.random.default_rng(1).poisson(2, (80, 100)).astype("i4") if pixels is None else pixels
    fits.PrimaryHDU(pixels, header({**SKY, **cards})).writeto(path)
    return path


def table(path, name, columns, **cards):
    fields = [fits.Column(key, form, array=values) for key, (form, values) in columns.items()]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(fields, header(cards), name=name)]).writeto(path)
    return path


def spectrum(path, counts, **more):
    channels = np.arange(len(counts))
    cards = {"INSTRUME": "EPN", "CHANTYPE": "PI", "SPECDELT": 5, "SPECVAL": 2.0, "SPECPIX": 0, "EXPOSURE": 1e4, **more}
    return table(path, "SPECTRUM", {"CHANNEL": ("I", channels), "COUNTS": ("J", counts)}, **cards)


def good_times(path):
    return table(path, "STDGTI", {"START": ("D", [0.0, 500.0]), "STOP": ("D", [400.0, 900.0])})


def light_curve(path, bins=90):
    rates = 5 + np.sin(np.arange(bins))
    columns = {"RATE": ("D", rates), "ERROR": ("D", np.full(bins, 0.3)), "TIME": ("D", 5.0 + 10 * np.arange(bins))}
    return table(path, "RATE", columns, TIMEDEL=10.0)


def event_list(path, **columns):
    rng = np.random.default_rng(2)
    columns = columns or {"X": ("J", rng.integers(1, 51840, 5000)), "Y": ("J", rng.integers(1, 51840, 5000))}
    return table(
        path, "EVENTS", columns,
        REFXCTYP="RA---TAN", REFXCRPX=25921, REFXCRVL=83.6, REFXCDLT=-1.388888888889e-05, REFXCUNI="deg",
        REFYCTYP="DEC--TAN", REFYCRPX=25921, REFYCRVL=22.0, REFYCDLT=1.388888888889e-05, REFYCUNI="deg",
    )  # fmt: skip


def colour_cube(path):
    return image(path, np.ones((3, 80, 100), "f4"))


def extension(path):
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.ones((30, 40)), name="MAP")]).writeto(path)
    return path


def radec_events(path):
    rng = np.random.default_rng(3)
    ra, dec = 0.2 * rng.normal(size=900), -30 + 0.2 * rng.normal(size=900)
    ra[0], dec[0] = 25.0, 12.0
    return event_list(path, RA=("D", ra % 360), DEC=("D", dec), ENERGY=("E", np.ones(900)))


KINDS = {
    "image": image,
    "image of the detector": lambda path: image(path, CTYPE1="DETX", CTYPE2="DETY"),
    "image of zeros": lambda path: image(path, np.zeros((8, 9), "i2")),
    "image without a value": lambda path: image(path, np.full((8, 9), np.nan)),
    "negative image": lambda path: image(path, -np.ones((8, 9))),
    "image with a broken WCS": lambda path: image(path, CDELT1=0.0),
    "exposure map": lambda path: image(path, np.full((80, 100), 1e4), BUNIT="s"),
    "extension": extension,
    "colour cube": colour_cube,
    "spectrum": lambda path: spectrum(path, np.random.default_rng(4).poisson(3, 2000)),
    "empty spectrum": lambda path: spectrum(path, np.zeros(2000, int)),
    "channels": lambda path: spectrum(path, np.arange(64), INSTRUME="ODD"),
    "light curve": light_curve,
    "long light curve": lambda path: light_curve(path, 100_003),
    "no bins": lambda path: light_curve(path, 0),
    "events": event_list,
    "no events": lambda path: event_list(path, X=("J", []), Y=("J", [])),
    "events on the sky": radec_events,
    "good times": good_times,
}


@pytest.mark.parametrize("size", [1200, 320])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_at_its_width(tmp_path, kind, size):
    target = tmp_path / "picture.png"
    write_preview(KINDS[kind](tmp_path / "product.fits"), target, size=size)
    with Image.open(target) as picture:
        assert picture.format == "PNG"
        assert picture.width == size
        assert 0.25 * size < picture.height < 1.5 * size
        assert set(picture.info) <= {"dpi"}
        assert len(picture.convert("RGB").getcolors(2**24)) > 8
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


@pytest.mark.parametrize("options", [{"scale": "log"}, {"scale": "linear"}, {"smooth": 2.0}, {"title": "$\\frac{"}])
def test_how_images_are_drawn_is_chosen(tmp_path, options):
    source = image(tmp_path / "image.fits")
    write_preview(source, tmp_path / "plain.png", size=400)
    write_preview(source, tmp_path / "other.png", size=400, **options)
    assert (tmp_path / "plain.png").read_bytes() != (tmp_path / "other.png").read_bytes()


def test_the_same_product_gives_the_same_bytes_in_any_process_and_home(tmp_path):
    source = image(tmp_path / "image.fits")
    code = "import sys; from pathlib import Path; from jobdefs.tasks.previews import write_preview as w;"
    code += "w(Path(sys.argv[1]), Path(sys.argv[2]))"
    digests = set()
    for number, home in enumerate(("/nonexistent", str(tmp_path))):
        target = tmp_path / f"{number}.png"
        environment = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, source, target],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        digests.add(hashlib.sha256(target.read_bytes()).hexdigest())
    write_preview(source, tmp_path / "here.png")
    digests.add(hashlib.sha256((tmp_path / "here.png").read_bytes()).hexdigest())
    assert len(digests) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.png", "1.png", "here.png", "image.fits"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda path: path.write_bytes(b"no FITS"), UsageError, "is no FITS file"),
        (lambda path: None, NotFoundError, "There is no file"),
        (lambda path: fits.PrimaryHDU().writeto(path), TaskError, "no image, spectrum"),
        (lambda path: event_list(path, TIME=("D", [1.0])), TaskError, "no columns X,Y or RA,DEC"),
        (lambda path: table(path, "RATE", {"RATE": ("D", [1.0])}), TaskError, "neither a column TIME nor TIMEDEL"),
    ],
)
def test_what_can_not_be_drawn_is_told(tmp_path, make, error, words):
    make(tmp_path / "odd.fits")
    with pytest.raises(error, match=words):
        write_preview(tmp_path / "odd.fits", tmp_path / "picture.png")
    assert not (tmp_path / "picture.png").exists()


@pytest.mark.parametrize(
    ("kind", "card"),
    [
        ("image", "BITPIX  =                   12"),
        ("image of the detector", "CDELT1  =               1E-300"),
        ("image", "CRVAL1  =                1E300"),
        ("light curve", "TFIELDS =                1E300"),
        ("light curve", "TIMEDEL =               -1E300"),
        ("events", "REFXCTYP= 'GLON-AIT'"),
        ("events", "REFXCDLT=                1E300"),
        ("spectrum", "EXPOSURE=               1E-300"),
        ("spectrum", "SPECDELT=                1E300"),
        ("good times", "TFORM1  = '8A      '"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # numpy and matplotlib say what they think of such numbers
def test_headers_that_make_no_sense_give_a_picture_or_an_error(tmp_path, kind, card):
    path = tmp_path / "odd.fits"
    KINDS[kind](path)
    content = bytearray(path.read_bytes())
    place = next(place for place in range(0, len(content), 80) if content[place : place + 9] == card[:9].encode())
    content[place : place + 80] = card.ljust(80).encode()
    path.write_bytes(content)
    told = ""
    try:
        write_preview(path, tmp_path / "odd.png", size=320)
    except UsageError as error:
        told = str(error)
    assert "odd.fits" in told or (tmp_path / "odd.png").exists()
    assert not list(tmp_path.glob(".*.part"))


def test_wishes_that_can_not_be_met(tmp_path):
    source = image(tmp_path / "image.fits")
    with pytest.raises(ParameterError, match="size"):
        write_preview(source, tmp_path / "picture.png", size=10)
    with pytest.raises(ParameterError, match="scale"):
        write_preview(source, tmp_path / "picture.png", scale="cubic")
    with pytest.raises(UsageError, match="can't be written"):
        write_preview(source, tmp_path / "no" / "picture.png")


def test_colours_of_three_images(tmp_path):
    planes = [np.zeros((40, 40), "i4") for _ in range(3)]
    for number, plane in enumerate(planes):
        plane[5:35, 5:35] = 1
        plane[10 + 8 * number, 20] = 100
    sources = [image(tmp_path / f"{number}.fits", plane) for number, plane in enumerate(planes)]
    write_colour_preview(sources, tmp_path / "rgb.png", size=800, names=("soft", "medium", "hard"))
    with Image.open(tmp_path / "rgb.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    for channel in range(3):
        others = [other for other in range(3) if other != channel]
        assert (pixels[..., channel] - pixels[..., others].max(axis=-1)).max() > 60
    with pytest.raises(TaskError, match="same size"):
        write_colour_preview([*sources[:2], image(tmp_path / "x.fits")], tmp_path / "rgb2.png")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_image(tmp_path):
    path = tmp_path / "large.fits"
    size = 12_000
    made = fits.Header({"SIMPLE": True, "BITPIX": 16, "NAXIS": 2, "NAXIS1": size, "NAXIS2": size})
    path.write_bytes(made.tostring().encode())
    os.truncate(path, path.stat().st_size + (2 * size * size + 2879) // 2880 * 2880)
    code = "import sys; from pathlib import Path; from jobdefs.tasks.previews import write_preview as w;"
    code += "from tests.peak import peak_kib; w(Path(sys.argv[1]), Path(sys.argv[2])); print(peak_kib())"
    done = subprocess.run(
        [sys.executable, "-c", code, path, tmp_path / "large.png"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 450_000  # kB; the pixels alone as numbers would be 1,150,000


@pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not at hand")
@pytest.mark.parametrize(
    "name",
    [
        "xmm/PN_image.fits", "xmm/P0124710801PNS001FBKTSR0000.FTZ", "xmm/P0112880201R1S004SRSPEC1003.FTZ",
        "xmm/pn_pi_src_bin10.ds", "chandra/chandra_test.fits",
        "hess-dl3-dr1/data/hess_dl3_dr1_obs_id_023523.fits.gz",
    ],
)  # fmt: skip
def test_real_products(tmp_path, name):
    write_preview(DATA / name, tmp_path / "picture.png", size=600)
    assert (tmp_path / "picture.png").stat().st_size > 10_000
