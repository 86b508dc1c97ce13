"""Making the archive: the same seed gives the same bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from obstap.demo import make_archive
from obstap.demo.cameras import CAMERAS
from obstap.demo.eventfile import write
from obstap.demo.exposure import simulate
from obstap.demo.sky import OBSERVATIONS
from vo.errors import ParameterError


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_a_seed_determines_every_byte(tmp_path: Path) -> None:
    written = [list(make_archive(tmp_path / name, seed=5, observations=1)) for name in ("first", "second")]
    assert digests(tmp_path / "first") == digests(tmp_path / "second")
    assert [item.path.name for item in written[0]] == [
        "P0999000101PNS003PIEVLI0000.FIT",
        "P0999000101M1S001MIEVLI0000.FIT",
        "P0999000101M2S002MIEVLI0000.FIT",
    ]
    assert sorted(digests(tmp_path / "first")) == sorted([*(item.path.name for item in written[0]), "README.txt"])
    assert all(item.events > 10_000 for item in written[0])


def test_another_seed_gives_other_events(tmp_path: Path) -> None:
    observation = OBSERVATIONS[7]
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        write(simulate(observation, "EMOS1", start=3e8, seed=seed), tmp_path / str(seed))
    assert digests(tmp_path / "1").keys() == digests(tmp_path / "2").keys()
    assert digests(tmp_path / "1") != digests(tmp_path / "2")


def test_no_two_cameras_see_the_same_photons() -> None:
    first, second = (simulate(OBSERVATIONS[7], name, start=3e8, seed=1).events["TIME"] for name in ("EMOS1", "EMOS2"))
    assert not set(first.tolist()) & set(second.tolist())


def test_observations_are_distinct() -> None:
    assert len({observation.obs_id for observation in OBSERVATIONS}) == len(OBSERVATIONS) == 10
    assert all(observation.field.name.startswith("SIMULATED") for observation in OBSERVATIONS)
    assert list(CAMERAS) == ["EPN", "EMOS1", "EMOS2"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seed": -1}, "seed: It is -1; it must be 0 or more."),
        ({"observations": 0}, "observations: It is 0; it must be from 1 to 10."),
        ({"observations": 11}, "observations: It is 11; it must be from 1 to 10."),
    ],
)
def test_wrong_parameters(tmp_path: Path, wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make_archive(tmp_path / "a", **wrong)
    assert str(caught.value) == message
    assert not (tmp_path / "a").exists()
    with pytest.raises(CommandError, match=f"--{message}"):
        call_command("make_demo_archive", output=str(tmp_path / "a"), **wrong)


@pytest.mark.slow
def test_the_whole_archive_is_small(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("make_demo_archive", output=str(tmp_path))
    assert len(list(tmp_path.glob("P*.FIT"))) == 30
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 150e6
    assert capsys.readouterr().out.splitlines()[-1].startswith("30 files, ")
