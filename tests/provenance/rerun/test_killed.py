"""Engines that are killed while they run repetitions and compare them: each is compared once, as it would have been."""

from __future__ import annotations

import random
import sys
import time

import pytest

from tests.uws.conftest import make_sas
from tests.uws.service import running_service

pytestmark = pytest.mark.slow

SIZE = 20_000_000
"""Bytes of the image that jobs write, so that reading two of them takes a while."""

PROGRAM = f"""#!{sys.executable}
import time
cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    1",
         "NAXIS1  =             {SIZE}", "DATE    = '%d'" % time.time_ns(), "END"]
with open("out.txt", "wb") as file:
    file.write("".join(card.ljust(80) for card in cards).ljust(2880).encode() + bytes({SIZE + -SIZE % 2880}))
"""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [1, 2])
def test_engines_killed_at_random_moments(tmp_path, seed: int) -> None:
    chance = random.Random(seed)
    sas = make_sas(tmp_path)
    (sas / "bin" / "worker").write_text(PROGRAM)
    with running_service(tmp_path / "h", sas) as service:
        (original,) = service.make_jobs([{"definition": "worker", "parameters": {}}])
        engine = service.start_engine()
        service.wait_until_all_ended()
        engine.kill()
        engine.wait()
        repetitions = {service.run("manage.py", "rerun", original).strip() for _ in range(4)}
        for _ in range(4):
            engine = service.start_engine()
            time.sleep(chance.uniform(0.0, 1.0))  # the moment is what chance says
            engine.kill()
            engine.wait()
        service.start_engine()
        end = time.monotonic() + 120
        while service.query("SELECT COUNT(*) FROM provenance_activity WHERE kind = 'comparison'") != [(4,)]:
            assert time.monotonic() < end
            time.sleep(0.05)
        verdicts = service.query("SELECT identifier, value FROM provenance_entity WHERE kind = 'value'")
        assert dict(verdicts) == {
            f"comparison:{job_id}/verdict": "identical but for dates and checksums" for job_id in repetitions
        }
        told = service.query("SELECT name, outcome, detail FROM provenance_compareditem")
        assert told == [("output", "identical but for dates and checksums", "They differ in DATE only.")] * 4
