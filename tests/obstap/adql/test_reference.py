"""The reference names every function, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from obstap.adql import translate
from obstap.adql.functions import FUNCTIONS
from obstap.names import RESERVED
from obstap.obscore import OBSCORE

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "adql.md").read_text()


def test_functions() -> None:
    table = TEXT.partition("## What the standard")[0]
    named = {name.upper() for name in re.findall(r"`([A-Za-z_0-9]+)`", table)}
    assert set(FUNCTIONS) <= named
    assert named <= set(FUNCTIONS) | RESERVED


def test_examples() -> None:
    conditions = re.findall(r"^WHERE .*", TEXT, flags=re.MULTILINE)
    assert len(conditions) == 5
    for condition in conditions:
        sql = translate(
            f"SELECT obs_id FROM ivoa.obscore {condition}", {"ivoa.obscore": OBSCORE}, physical=str, base_url=""
        ).sql
        assert "BETWEEN" in sql or "CASE WHEN abs" in sql
