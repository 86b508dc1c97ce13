"""Pictures among the results on the page of a job."""

from __future__ import annotations

import re
import struct

import pytest

from uws.phases import Phase
from web.pictures import pictured, png_size

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 1200, 900) + b"\x08\x02\x00\x00\x00"


@pytest.mark.parametrize(
    ("picture", "product"),
    [
        ("image-preview", "image"),
        ("image-preview-2", "image-2"),
        ("image-preview-9", ""),
        ("colours", ""),
        ("-preview", ""),
        ("preview", ""),
        ("grouped-preview", ""),
    ],
)
def test_of_which_product_a_picture_is(picture, product):
    assert pictured(picture, {"image", "image-2", "colours"}) == product


@pytest.mark.parametrize(
    ("content", "size"),
    [(PNG, (1200, 900)), (PNG[:20], None), (b"GIF89a" + PNG, None), (b"", None), (PNG[:16] + b"\xff" * 8, None)],
)
def test_the_size_of_a_picture(tmp_path, content, size):
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    assert png_size(path) == size
    assert png_size(tmp_path / "nothing.png") is None


def test_the_page_of_a_job(client, make_job):
    results = {
        "image": (b"x", "image/fits", "image"),
        "image-preview": (PNG, "image/png", ""),
        "other": (PNG, "image/png", ""),
    }
    job = make_job(Phase.COMPLETED, results=results)
    page = client.get(f"/jobs/{job.id}/").content.decode()
    assert '<th scope="col">Picture</th>' in page
    rows = dict(re.findall(r'<td class="thumbnail">(.*?)</td>\s*<th scope="row"><a [^>]*>([^<]*)</a>', page, re.DOTALL))
    by_name = {name: cell for cell, name in rows.items()}
    source = f"http://testserver/uws/evselect/{job.id}/results/"
    assert f'src="{source}image-preview"' in by_name["image"]
    assert f'src="{source}other"' in by_name["other"]
    assert 'href="#picture-image-preview"' in by_name["image"]
    figure = page.partition('<figure id="picture-image-preview">')[2].partition("</figure>")[0]
    assert f'<a href="{source}image-preview"><img class="preview" src="{source}image-preview"' in figure
    assert 'alt="Picture of image: Image of any two columns; in full size" width="1200" height="900"' in figure
    assert 'loading="lazy"' in figure
    assert "image: Image of any two columns</figcaption>" in figure


def test_without_pictures_there_is_no_column_for_them(client, make_job):
    job = make_job(Phase.COMPLETED, results={"image": (b"x", "image/fits", "image")})
    page = client.get(f"/jobs/{job.id}/").content.decode()
    assert "Pictures</h3>" not in page
    assert '<th scope="col">Picture</th>' not in page


def test_pictures_of_another_owner_are_not_given(client, make_job, ada):
    job = make_job(Phase.COMPLETED, user=ada, results={"image-preview": (PNG, "image/png", "")})
    assert client.get(f"/uws/evselect/{job.id}/results/image-preview").status_code == 404
    client.force_login(ada)
    assert client.get(f"/uws/evselect/{job.id}/results/image-preview").status_code == 200
