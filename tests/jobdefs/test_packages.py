"""Tasks that need Python packages which the product does without."""

from __future__ import annotations

import pytest

from jobdefs import registry
from jobdefs.packages import missing_packages
from jobdefs.registry import parse_definition
from vo.errors import AthanorError, UsageError

TEXT = """
name = "x"
version = "1"
title = "X"
environment = "builtin"
command = ["x"]
packages = ["json", "no_such_package"]
"""


def test_what_is_missing_is_named():
    assert missing_packages(parse_definition(TEXT, source="x.toml")) == ["no_such_package"]
    assert missing_packages(registry.get("evselect")) == []


def test_a_job_is_refused_saying_so():
    from uws.engine.command import check_runnable

    with pytest.raises(UsageError, match="x needs the Python package no_such_package, which this service does not"):
        check_runnable(parse_definition(TEXT, source="x.toml"))


def test_definitions_keep_them():
    task = parse_definition(TEXT, source="x.toml")
    assert type(task).from_dict(task.to_dict()) == task


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"json"', '"a-b"', "no name under which a package is imported"),
        ("builtin", "sas", "only a builtin task has them"),
    ],
)
def test_wrong_keys_are_told(old, new, words):
    with pytest.raises(AthanorError, match=words):
        parse_definition(TEXT.replace(old, new), source="x.toml")
