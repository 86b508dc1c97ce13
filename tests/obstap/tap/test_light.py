"""What a query must not wait for: packages that take long to load, and that only other work needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

SCRIPT = """
import django
django.setup()
import io
import obstap.tap.query, obstap.tap.sync, obstap.scs.views, obstap.sia2.views
from obstap.metadata import Column
from obstap.uploads.reading import read_uploads
from obstap.uploads.request import parse_uploads
from obstap.writers import WRITERS

document = io.BytesIO(b'''<VOTABLE><RESOURCE><TABLE><FIELD name="ra" datatype="double" unit="deg"/>
<FIELD name="dec" datatype="double" unit="deg"/><DATA><TABLEDATA><TR><TD>10</TD><TD>20</TD></TR></TABLEDATA></DATA>
</TABLE></RESOURCE></VOTABLE>''')
(table,) = read_uploads(parse_uploads(["t,param:t"]), lambda part: document, user=None)
for writer in WRITERS:
    if writer.extension != "fits":
        assert b"".join(writer().stream(table.batches, [*table.table.columns, Column("cell", "long")]))
"""

HEAVY = {"astropy", "defusedxml", "lxml", "matplotlib", "pandas", "PIL", "requests", "scipy", "yaml"}


def loaded(script: str, home: Path) -> set[str]:
    """The packages that a script has loaded, in a process of its own."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ATHANOR_ENV": "development",
        "ATHANOR_HOME": str(home),
    }
    script += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_queries_and_uploads_load_nothing_heavy(tmp_path: Path) -> None:
    found = loaded(SCRIPT, tmp_path)
    assert {"numpy", "pyarrow"} <= found
    assert not HEAVY & found


def test_addresses_load_no_engine(tmp_path: Path) -> None:
    found = loaded("import django; django.setup(); import config.urls", tmp_path)
    assert "django" in found
    assert not (HEAVY | {"duckdb", "numpy", "pyarrow", "psycopg2"}) & found
