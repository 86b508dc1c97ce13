"""A pipeline of three steps and the task that they run, as documents."""

from __future__ import annotations

from jobdefs.definition import Definition
from jobdefs.registry import parse_definition
from jobdefs.stepcheck import link_steps

__all__ = ["HEAD", "SIEVE", "STEPS", "TASK", "change", "read"]

TASK = """
name = "sieve"
version = "1"
title = "Sieve"
command = ["sieve", "{*}"]

[[parameters]]
name = "table"
type = "table"
description = "Events"
required = true

[[parameters]]
name = "low"
type = "int"
min = 0
description = "Limit"

[[parameters]]
name = "sets"
type = "table"
multiple = true
description = "More tables"

[[parameters]]
name = "outset"
type = "dataset"
default = "out.fits"
description = "File"

[[inputs]]
parameter = "table"
role = "events"

[[inputs]]
parameter = "sets"
role = "events"

[[outputs]]
name = "kept"
role = "filtered"
media_type = "application/fits"
product_type = "event"
description = "What is kept"
parameter = "outset"

[[outputs]]
name = "exposures"
role = "list"
media_type = "text/csv"
pattern = "exposures.csv"

[[outputs]]
name = "parts"
role = "part"
media_type = "application/fits"
pattern = "part*.fits"
"""

HEAD = """
name = "chain"
version = "1"
title = "Chain"
environment = "pipeline"

[[parameters]]
name = "observations"
type = "table"
multiple = true
required = true
description = "Event lists"

[[parameters]]
name = "low"
type = "int"
description = "Limit"

[[parameters]]
name = "withmerge"
type = "bool"
default = "yes"
description = "Whether to merge"

[[parameters]]
name = "mode"
type = "choice"
options = ["fast", "slow"]
default = "fast"
description = "How"

[[inputs]]
parameter = "observations"
role = "events"
"""

STEPS = """
[[steps]]
name = "list"
task = "sieve"
foreach = "observations"
parameters = { table = "{item}" }

[[steps]]
name = "filter"
task = "sieve"
foreach = "list/exposures"
on_failure = "continue"
when = "item.camera = M1|M2"
parameters = { table = "{item.observations}", sets = ["{list/kept}", "{list/parts}"], low = "{item.low}" }

[[steps]]
name = "merge"
task = "sieve"
foreach = "observations"
when = "withmerge"
parameters = { table = "{list/kept}", sets = "{filter/kept}" }

[[steps]]
name = "all"
task = "sieve"
needs = ["merge"]
when = "mode = slow"
parameters = { table = "job:abc/kept", sets = "{merge/kept}", low = "{low}", outset = "all.fits" }

[[outputs]]
name = "merged"
from = "merge/kept"

[[outputs]]
name = "total"
from = "all/kept"
product_type = "measurements"
"""

SIEVE = parse_definition(TASK, source="sieve.toml")


def read(text: str) -> Definition:
    """The pipeline that a document describes."""
    return link_steps(
        parse_definition(text, source="chain.toml"),
        {"sieve": SIEVE, "other": parse_definition(HEAD.replace("chain", "other"), source="other.toml")},
        source="chain.toml",
    )


def change(old: str, new: str) -> str:
    """The document of the pipeline with another text in one place."""
    assert old in HEAD + STEPS
    return (HEAD + STEPS).replace(old, new, 1)
