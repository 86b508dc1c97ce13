"""The program of a crate by itself; the running service tries it in `tests/e2e/test_take_away.py`."""

from __future__ import annotations

import pytest
import requests
from astropy.io import fits

from provenance.crate import program
from provenance.crate.program import DATES, connect, plain, same_fits
from provenance.rerun.fitsdiff import VOLATILE
from tests.ports import free_port

SERVICE = "https://athanor.example/base"


@pytest.mark.parametrize(
    ("variables", "header"),
    [
        ({"ATHANOR_TOKEN": "abc"}, "Bearer abc"),
        ({"ATHANOR_USER": "ada", "ATHANOR_PASSWORD": "se:cret"}, "Basic YWRhOnNlOmNyZXQ="),
        ({}, None),
    ],
)
def test_credentials_are_told_to_the_service_alone(monkeypatch, variables, header) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with connect(SERVICE) as session:
        session.trust_env = False

        def told(url: str) -> str | None:
            return session.prepare_request(requests.Request("GET", url)).headers.get("Authorization")

        assert told(f"{SERVICE}/uws/x") == header
        for other in ("https://other.example/x", "http://athanor.example/base", "https://athanor.example:444/"):
            assert told(other) is None


def test_names_of_results_lead_nowhere() -> None:
    assert [plain(name) for name in ("../a b", "..", "x.fits")] == ["_a_b", "result", "x.fits"]


def test_what_does_not_count_is_what_comparisons_leave_out() -> None:
    assert set(DATES) == VOLATILE


def test_dates_and_checksums_do_not_count(tmp_path) -> None:
    for name, day, value in (("a", "2026-01-01", 1), ("b", "2026-02-02", 1), ("c", "2026-01-01", 2)):
        image = fits.PrimaryHDU([[value]])
        image.header["DATE"] = day
        image.writeto(tmp_path / name, checksum=True)
    assert same_fits(tmp_path / "a", tmp_path / "b")
    assert not same_fits(tmp_path / "a", tmp_path / "c")
    (tmp_path / "d").write_bytes(b"no FITS file")
    assert not same_fits(tmp_path / "a", tmp_path / "d")


def test_a_service_that_does_not_answer_is_named(monkeypatch, capsys) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setattr(program, "JOB", {"service": address, "list": "uws/x", "parameters": [], "inputs": []})
    monkeypatch.setattr("sys.argv", ["repeat.py"])
    assert program.main() == 2
    assert capsys.readouterr().err.startswith(f"{address} does not answer as it should: ")
