"""`manage.py allowances`."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from uws.models import Allowance


@pytest.fixture
def run(capsys, service, user):
    """Runs the command; its output."""
    Group.objects.create(name="observers")

    def call(*words: str) -> str:
        call_command("allowances", *words)
        return capsys.readouterr().out

    return call


def test_set_list_show_remove(run):
    assert "There are no allowances" in run("list")
    run("set", "--everybody", "--running", "4", "--queued", "1000")
    run("set", "--group", "observers", "--priority", "-10", "--disk", "2TiB")
    run("set", "--user", "ada", "--task", "worker", "--running", "0", "--cpu-hours", "12.5")
    assert run("list").splitlines() == [
        "WHO              TASK     RUNNING  QUEUED     DISK  CPU HOURS  PRIORITY",
        "everybody        all            4    1000        -          -         -",
        "group observers  all            -       -  2.20 TB          -       -10",
        "user ada         worker  no limit       -        -       12.5         -",
    ]
    assert json.loads(run("list", "--json")) == [
        {
            "user": None,
            "group": None,
            "task": None,
            "running": 4,
            "queued": 1000,
            "disk_bytes": None,
            "cpu_hours": None,
            "priority": None,
        },
        {
            "user": None,
            "group": "observers",
            "task": None,
            "running": None,
            "queued": None,
            "disk_bytes": 2 * 2**40,
            "cpu_hours": None,
            "priority": -10,
        },
        {
            "user": "ada",
            "group": None,
            "task": "worker",
            "running": 0,
            "queued": None,
            "disk_bytes": None,
            "cpu_hours": 12.5,
            "priority": None,
        },
    ]
    assert run("show", "ada").splitlines() == [
        "WHO  TASK  RUNNING  QUEUED      DISK  CPU HOURS  PRIORITY",
        "ada  all         4    1000  no limit   no limit        +0",
    ]
    assert run("show", "ada", "--task", "worker").splitlines()[1] == (
        "ada  worker  no limit  no limit  no limit       12.5        +0"
    )
    run("set", "--everybody", "--queued", "none")
    assert Allowance.objects.get(user=None, group=None).queued is None
    assert run("set", "--everybody", "--running", "none") == "This allowance says nothing any more, and is removed.\n"
    assert run("remove", "--group", "observers") == "Removed.\n"
    assert run("remove", "--user", "ada", "--task", "worker") == "Removed.\n"
    assert not Allowance.objects.exists()


def test_setting_again_changes_the_same_allowance(run):
    run("set", "--user", "ada", "--running", "4")
    run("set", "--user", "ada", "--queued", "5")
    run("set", "--user", "ada", "--running", "6")
    row = Allowance.objects.get()
    assert (row.running, row.queued) == (6, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("1", 1), ("500GB", 5 * 10**11), ("1.5 kB", 1500), ("2TiB", 2 * 2**40), ("10M", 10**7), ("3KiB", 3072)],
)
def test_sizes(run, text, expected):
    run("set", "--everybody", "--disk", text)
    assert Allowance.objects.get().disk_bytes == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["set", "--everybody"], "Say what is allowed, by --running, --queued, --disk, --cpu-hours, --priority."),
        (["set", "--user", "eve", "--running", "1"], "There is no user 'eve'."),
        (["set", "--group", "observer", "--running", "1"], "There is no group 'observer'. Did you mean observers?"),
        (["set", "--everybody", "--task", "work", "--running", "1"], "There is no task 'work'. Did you mean worker?"),
        (["set", "--everybody", "--running", "-1"], "'-1' is no number of jobs"),
        (["set", "--everybody", "--running", "9999999999"], "'9999999999' is no number of jobs"),
        (["set", "--everybody", "--disk", "much"], "'much' is no size"),
        (["set", "--everybody", "--disk", "9999999PB"], "'9999999PB' is no size"),
        (["set", "--everybody", "--cpu-hours", "nan"], "'nan' is no number of hours"),
        (["set", "--everybody", "--priority", "high"], "'high' is no priority"),
        (["set", "--everybody", "--user", "ada", "--running", "1"], "not allowed with argument"),
        (["set", "--running", "1"], "one of the arguments --user --group --everybody is required"),
        (["remove", "--user", "ada"], "There is no such allowance."),
        (["show", "eve"], "There is no user 'eve'."),
        (["show", "ada", "--task", "work"], "There is no task 'work'. Did you mean worker?"),
    ],
)
def test_mistakes(run, words, message):
    with pytest.raises(CommandError) as raised:
        run(*words)
    assert message in str(raised.value)
    assert not Allowance.objects.exists()
