"""Each form of a whole history in each model, as its owner, a stranger and a superuser get it, byte for byte.

``WRITE_EXPECTED=1 python -m pytest tests/provenance/documents`` writes the documents anew, to be read in the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from provenance.document import Model
from provenance.formats import FORMATS

EXPECTED = Path(__file__).parent / "expected"
EXTENSIONS = [form.extension for form in FORMATS if form.notation is not None]


@pytest.mark.parametrize("asker", ["owner", "stranger", "superuser"])
@pytest.mark.parametrize("model", list(Model))
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_document(document: Callable[..., bytes], extension: str, model: Model, asker: str) -> None:
    written = document(extension, model, asker)
    path = EXPECTED / f"{asker}-{model.lower()}.{extension}"
    if "WRITE_EXPECTED" in os.environ:
        path.write_bytes(written)
    assert written.decode() == path.read_text()


def test_no_document_is_left_over() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {
        f"{asker}-{model.lower()}.{extension}"
        for asker in ("owner", "stranger", "superuser")
        for model in Model
        for extension in EXTENSIONS
    }


SECRETS = ["specgroup", "of Ada", "secret", "node2", "@archive.example", "+44 1", "St James"]


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("stranger-*")), ids=lambda path: path.name)
def test_a_stranger_reads_nothing_of_the_private_job_nor_how_to_reach_anybody(path: Path) -> None:
    text = path.read_text()
    assert "g" * 26 in text  # the job is there, closed
    assert [word for word in SECRETS if word in text] == []


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("owner-*")), ids=lambda path: path.name)
def test_its_owner_reads_it_and_not_how_to_reach_others(path: Path) -> None:
    text = path.read_text()
    assert [word for word in SECRETS if word not in text] == []
    assert "staff@archive.example" not in text


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("superuser-*")), ids=lambda path: path.name)
def test_a_superuser_reads_all(path: Path) -> None:
    text = path.read_text()
    assert [word for word in [*SECRETS, "staff@archive.example"] if word not in text] == []
