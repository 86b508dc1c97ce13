"""Taking tables away."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.obstap.publish.conftest import rows


@pytest.fixture
def tables(publish, tmp_path):
    for name in ("c.csv", "d.csv"):
        (tmp_path / name).write_text("srcid\n1\n")
    publish(tmp_path / "c.csv", "--schema-description", "Trials")
    publish(tmp_path / "d.csv", "--foreign-key", "srcid -> trial.sources.srcid", name="trial.detections")


def unpublish(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("unpublish_table", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_table_is_taken_away(tables, archive):
    out, err = unpublish("Trial.Sources", "--yes")
    assert out == "trial.sources is no longer published.\n"
    assert err == "warning: trial.detections has a foreign key to it, which is no longer shown.\n"
    assert rows("SELECT table_name FROM tap_schema.tables WHERE schema_name = 'trial'") == [("trial.detections",)]
    assert rows("SELECT key_id FROM tap_schema.keys WHERE from_table = 'trial.detections'") == []
    unpublish("trial.detections", "--yes")
    assert rows("SELECT schema_name FROM tap_schema.schemas WHERE schema_name = 'trial'") == []


@pytest.mark.parametrize(("answer", "gone"), [("y", True), ("yes", True), ("", False), ("n", False)])
def test_it_asks_first(answer, gone, tables, archive, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: answer)
    out, _ = unpublish("trial.detections")
    assert out == ("trial.detections is no longer published.\n" if gone else "Nothing was changed.\n")
    assert bool(rows("SELECT table_name FROM tap_schema.tables WHERE table_name = 'trial.detections'")) is not gone


def test_nobody_to_ask(tables, monkeypatch):
    def end(question):
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    with pytest.raises(CommandError, match="There is nobody to ask; give --yes"):
        unpublish("trial.detections")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ivoa.obscore", "belongs to the service itself"),
        ("TAP_SCHEMA.tables", "belongs to the service itself"),
        ("trial.source", r"There is no table trial\.source\. Did you mean trial\.sources\?"),
        ("nothing", "There is no table nothing"),
    ],
)
def test_what_is_not_taken_away(name, message, tables):
    with pytest.raises(CommandError, match=message):
        unpublish(name, "--yes")
