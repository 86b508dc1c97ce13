"""Fixtures of the tests of the archive front."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

CAPABILITIES = "http://www.ivoa.net/xml/VOSICapabilities/v1.0"


@pytest.fixture
def validate(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[bytes], None]:
    """Checks a VO document against the schema of its namespace."""
    spec = importlib.util.spec_from_file_location("validate_xml", shared / "tools" / "validate_xml.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    # Types of interfaces that xsi:type names come from a schema that no other one imports.
    tool.BY_NAMESPACE[CAPABILITIES] = [*tool.BY_NAMESPACE[CAPABILITIES], "VODataService-v1.2.xsd"]

    def check(document: bytes) -> None:
        path = tmp_path / "document.xml"
        path.write_bytes(document)
        invalid = tool.main([str(path)])
        assert not invalid, capsys.readouterr().out

    return check
