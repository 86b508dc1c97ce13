"""Scripts of one simple command, held against what a shell makes of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from jobdefs.definition import Definition, Parameter
from jobdefs.exchange.script import read_script, script_of

VALUES = {"a": "x", "name": "y$a`'\"\\;"}
"""Values of parameters; none has blanks or patterns, at which a shell splits and expands values that are not quoted."""

PIECES = st.sampled_from(
    ["a", "b1", "-f", "=", "'", '"', "\\", " ", "  ", "\t", "$a", "${a}", '"$name"', "'$a'", '"${name}s"', "$", "\n",
     "\\\n", "# c", "#", "\\$a", "é", "%", "^", "a=b", ",", "$'", '$"', "*", "{", "}", ";", "|", "`", "!", "~", "(",
     "\\'", '\\"', "\v", "set -e\n", "&", ">"]
)  # fmt: skip
SCRIPTS = st.lists(PIECES, max_size=9).map("".join)


def shell(script: str) -> list[str] | None:
    """The arguments that bash gives to the program ``args``; None where it finds fault with the script."""
    begin = "args() { printf '%s\\0' args \"$@\"; }\n"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **VALUES}
    run = subprocess.run(["bash", "-c", begin + script], env=environment, capture_output=True, text=True, check=False)
    return run.stdout.split("\0")[:-1] if run.returncode == 0 and not run.stderr else None


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@hypothesis_settings(max_examples=300)
@given(SCRIPTS)
def test_a_simple_command_has_the_arguments_that_a_shell_gives(text: str) -> None:
    script = f"args {text}"
    found = read_script(script, VALUES)
    if found is not None:
        words = [re.sub(r"\{(\w+)\}", lambda match: VALUES[match[1]], word) for word in found.words]
        assert words == shell(script)


@given(
    st.lists(st.text(st.characters(exclude_characters="{}\n\r\0", exclude_categories=["Cs"]), max_size=8), max_size=4)
)
def test_what_is_written_is_read_again(words: list[str]) -> None:
    command = ("/bin/run", *(f"{word}{{a}}{word}" for word in words), "{*}")
    task = Definition(
        name="t", version="1", title="T", environment="program", command=command,
        parameters=(Parameter("a", "string", ""), Parameter("v", "string", "", variable="V")),
    )  # fmt: skip
    found = read_script(script_of(task), {"a", "v"})
    assert found is not None
    assert found.words == (*command[:-1], "a={a}")
    assert found.variables == {"V": "v"}


@pytest.mark.parametrize(
    "script",
    ["# over \\\nfirst\nsecond", "one \\", "one 'a\\\nb'", "", "# nothing", "set -e", "one\\\n\ntwo"],
)
def test_lines_that_are_not_what_they_seem(script: str) -> None:
    assert read_script(script, {}) is None


@pytest.mark.parametrize(
    "script",
    [
        "sh -c $a",
        'bash -ec "$a"',
        "/usr/bin/env -S $a",
        "python3.11 -c $a",
        "perl -e $a x",
        "eval $a",
        "exec $a",
        ". x",
    ],
)
def test_values_do_not_become_code(script: str) -> None:
    assert read_script(script, VALUES) is None


@pytest.mark.parametrize("script", ["sh run.sh $a", "python -m tool $a", "bash -c true", "/opt/tool -c $a"])
def test_values_are_arguments_of_programs(script: str) -> None:
    assert read_script(script, VALUES) is not None
