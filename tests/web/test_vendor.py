"""The browser libraries in the tree are those that the lock names."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load_tool():
    spec = importlib.util.spec_from_file_location("vendor_static", ROOT / "tools" / "vendor_static.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = load_tool()


@pytest.mark.parametrize("folder", TOOL.FOLDERS, ids=lambda folder: folder.parent.name)
def test_files_are_what_the_lock_says(folder):
    assert TOOL.differences(folder) == []


@pytest.mark.parametrize("folder", TOOL.FOLDERS, ids=lambda folder: folder.parent.name)
def test_lock_is_as_the_tool_writes_it(folder):
    assert (folder / TOOL.LOCK).read_text(encoding="utf-8") == TOOL.rendered(TOOL.read_lock(folder))


@pytest.mark.parametrize("folder", TOOL.FOLDERS, ids=lambda folder: folder.parent.name)
def test_every_package_brings_its_licence(folder):
    for package in TOOL.read_lock(folder):
        assert any(Path(member).stem == "LICENSE" for member in package["files"]), package["name"]


def test_a_changed_file_is_found(tmp_path):
    files = {"dist/a.js": "0" * 64, "dist/b.js": "0" * 64}
    package = {"name": "one", "version": "1", "license": "MIT", "integrity": "sha512-", "files": files}
    (tmp_path / TOOL.LOCK).write_text(TOOL.rendered([package]))
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.js").write_text("changed")
    (tmp_path / "stranger.js").write_text("")
    assert TOOL.differences(tmp_path) == [
        "one/a.js is not the file of one 1.",
        "one/b.js is missing.",
        "stranger.js is not in the lock.",
    ]


def test_source_maps_and_pictures_of_the_vendored_files_are_there():
    for path in (ROOT / "static" / "vendor").rglob("*"):
        if path.suffix in (".css", ".js"):
            text = path.read_text(encoding="utf-8")
            targets = re.findall(r"sourceMappingURL=(\S+)", text)
            if path.suffix == ".css":
                targets += [url for url in re.findall(r"url\([\"']?([^\"')]+)", text) if not url.startswith("data:")]
            for target in targets:
                assert (path.parent / target.removesuffix("*/")).is_file(), f"{path.name} names {target}"


def test_templates_load_nothing_from_elsewhere_and_hold_no_script():
    for path in [*(ROOT / "templates").rglob("*.html")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href)=[\"']https?:", text), path.name
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        assert not re.search(r"\s(?:on\w+|style)=[\"']", text), path.name
