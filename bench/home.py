"""A home of a benchmark's own, with Django ready and its tables made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder for all that the service keeps, gone afterwards; DATABASE_URL and ARCHIVE_URL may name other places."""
    with tempfile.TemporaryDirectory(prefix="athanor-bench-") as home:
        os.environ["ATHANOR_HOME"] = home
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield Path(home)
