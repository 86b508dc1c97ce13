"""Words that control jobs cannot be names of parameters."""

from __future__ import annotations

from jobdefs.schema import RESERVED
from uws.http.forms import CONTROLS, CSRF_FIELD


def test_no_parameter_of_a_definition_is_called_like_a_word_that_controls_jobs() -> None:
    assert {word.lower() for word in CONTROLS} | {CSRF_FIELD, "wait"} <= RESERVED
