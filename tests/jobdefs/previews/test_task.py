"""The task that draws a product."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from jobdefs import registry
from jobdefs.tasks import preview
from jobdefs.tasks.parameters import parse_arguments
from tests.jobdefs.previews.test_previews import good_times, image, light_curve, spectrum
from vo.errors import ParameterErrors, UsageError


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    preview.run(parse_arguments(registry.get("preview"), arguments))


def test_it_draws_at_the_width_that_is_asked_for(capsys):
    image(Path("image.fits"))
    run("product=image.fits", "size=500", "scale=log", "smooth=1.5", "title=My field")
    with Image.open("preview.png") as picture:
        assert picture.width == 500
    assert "[STAGE] Drawing" in capsys.readouterr().out


@pytest.mark.parametrize("product", ["curve.fits:RATE", "curve.fits:1", "curve.fits"])
def test_a_block_may_be_named(product):
    light_curve(Path("curve.fits"))
    run(f"product={product}", "threshold=4.5", "size=400")
    assert Path("preview.png").stat().st_size > 3000


def test_a_spectrum_is_drawn_with_its_background():
    spectrum(Path("source.fits"), [9] * 400)
    spectrum(Path("background.fits"), [4] * 400)
    run("product=source.fits", "size=800")
    alone = Path("preview.png").read_bytes()
    run("product=source.fits", "background=background.fits", "size=800")
    assert Path("preview.png").read_bytes() != alone


def test_the_background_that_a_spectrum_names_is_found_beside_it():
    spectrum(Path("source.fits"), [9] * 400, BACKFILE="background.fits")
    run("product=source.fits", "size=800")
    alone = Path("preview.png").read_bytes()
    spectrum(Path("background.fits"), [4] * 400)
    run("product=source.fits", "size=800")
    assert Path("preview.png").read_bytes() != alone


@pytest.mark.parametrize("name", ["../elsewhere.fits", "/etc/passwd", "none", "image.fits"])
def test_no_other_file_is_taken_for_the_background(name):
    spectrum(Path("source.fits"), [9] * 400, BACKFILE=name)
    image(Path("image.fits"))
    run("product=source.fits", "size=300")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["product=gti.fits:NOTHING"], UsageError, "no block 'NOTHING'"),
        (["product=gti.fits", "size=10"], ParameterErrors, "size"),
        (["product=gti.fits", "scale=cubic"], ParameterErrors, "scale"),
        ([], ParameterErrors, "product"),
        (["product=source.fits", "background=gti.fits"], UsageError, "gti.fits is no spectrum"),
    ],
)
def test_refusals(arguments, error, words):
    good_times(Path("gti.fits"))
    spectrum(Path("source.fits"), [9] * 400)
    with pytest.raises(error, match=words):
        run(*arguments)
    assert not Path("preview.png").exists()
