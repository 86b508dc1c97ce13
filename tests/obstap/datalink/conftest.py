"""The archive and the jobs of the tests of products."""

from __future__ import annotations

from tests.obstap.products.conftest import ada, archive, make_job, operator, store_url  # noqa: F401 - fixtures
