"""The commands of docs/reference/uws.md, word for word, on the running service."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

PAGE = (ROOT / "docs/reference/uws.md").read_text()
EXAMPLES = re.findall(r"```console\n(.*?)```", PAGE, flags=re.DOTALL)
MARK = "=== next command ==="


def commands(example: str) -> list[tuple[str, str]]:
    """Each command with what it prints."""
    found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", example, flags=re.MULTILINE)
    assert sum(line.startswith("$ ") for line in example.splitlines()) == len(found)
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=["a job", "files"])
def test_commands_print_what_the_page_says(stack: Stack, tmp_path: Path, example: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    told = commands(example)
    script = "".join(f"{command}\necho; echo '{MARK}'\n" for command, _ in told)
    done = subprocess.run(
        ["bash", "-eu"],
        input=script.replace("http://localhost:8000", stack.base_url),
        cwd=tmp_path,
        env={"PATH": stack.environment["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = [text.strip() for text in done.stdout.split(f"{MARK}\n")]
    assert list(zip([command for command, _ in told], printed, strict=False)) == [
        (command, output.strip()) for command, output in told
    ]
