"""The programs of a crate that repeat its job: ``repeat.py`` at a service, ``repeat.sh`` with SAS."""

from __future__ import annotations

import pprint
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jobdefs.definition import Definition
from jobdefs.sas.environment import SUMMARY_VARIABLE
from obstap.joblists import list_path
from provenance.crate.model import Crate
from provenance.crate.parts import Item, Step
from uws.models import JobKind
from uws.uploads import UPLOADED

__all__ = ["is_repeated_by_sas", "python_program", "shell_program"]

_MARK = "JOB: dict[str, Any] = {}\n"
_ARRAY = "ARRAY"
_ODF = "SAS_ODF"
_PROGRAM = Path(__file__).with_name("program.py")

_HEAD = r"""#!/bin/sh
# Repeats a job with XMM-Newton SAS (and HEASoft, where its tasks need it), initialised in this shell beforehand.
# usage: sh repeat.sh [DIRECTORY]
# Inputs that are not in inputs/ are fetched with curl; who you are is told by ATHANOR_TOKEN, or by ATHANOR_USER and
# ATHANOR_PASSWORD. Tasks that are not SAS's own need the Python package of the service: ATHANOR_PYTHON names a Python
# that has it.
set -eu
crate=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
target=${1:-"$crate/repeated-sas"}
: "${SAS_DIR:?initialise SAS first: SAS_DIR is not set}"
mkdir -p -- "$target"
target=$(CDPATH= cd -- "$target" && pwd)

fetch() {  # fetch FILE URL: put an input of the crate where it belongs
    [ ! -e "$crate/$1" ] || return 0
    echo "fetching $1 from $2" >&2
    mkdir -p -- "$(dirname -- "$crate/$1")"
    if [ -n "${ATHANOR_TOKEN:-}" ]; then
        set -- "$1" "$2" -H "Authorization: Bearer $ATHANOR_TOKEN"
    elif [ -n "${ATHANOR_USER:-}" ]; then
        set -- "$1" "$2" -u "$ATHANOR_USER:${ATHANOR_PASSWORD:-}"
    fi
    file=$1 url=$2
    shift 2
    curl -fsSL "$@" -o "$crate/$file.part" -- "$url" || { echo "put it there yourself: $crate/$file" >&2; exit 1; }
    mv -- "$crate/$file.part" "$crate/$file"
}

begin() {  # begin FOLDER: work in a new directory
    rm -rf -- "${target:?}/$1"
    mkdir -p -- "$target/$1/inputs"
    cd -- "$target/$1"
}

place() {  # place FILE NAME [copy|directory]: an input; a copy of one that a task changes; an archive unpacked
    [ -e "$1" ] || { echo "there is no $1" >&2; exit 1; }
    if [ "${3:-}" = directory ] && [ -f "$1" ]; then
        mkdir -- "inputs/$2"
        tar -xf "$1" -C "inputs/$2"
    else
        ln -s -- "$1" "inputs/$2"
    fi
    [ "${3:-}" != copy ] || cp -RL -- "$1" "$2"
}

view() {  # view ODF [SUMMARY]: SAS_ODF names links to observation data files, whose summary names their directory
    from=$1 summary=${2:-}
    case $from in
        *SUM.SAS) summary=${summary:-$from} from=$(dirname -- "$from") ;;
    esac
    for folder in "$from"/odf "$from"/ODF "$from"/*/; do
        if [ -z "$(find "$from"/ -maxdepth 1 -type f)" ] && [ -d "$folder" ]; then from=$folder; fi
    done
    mkdir odf
    for file in "$from"/*; do
        case $file in
            *SUM.SAS) summary=${summary:-$file} ;;
            *) ln -s -- "$(CDPATH= cd -- "$(dirname -- "$file")" && pwd)/$(basename -- "$file")" odf/ ;;
        esac
    done
    SAS_ODF=$PWD/odf
    if [ -n "$summary" ]; then
        SAS_ODF=$SAS_ODF/$(basename -- "$summary")
        LC_ALL=C awk -v place="$PWD/odf/" '/^PATH/ { print "PATH " place; next } { print }' "$summary" > "$SAS_ODF"
    fi
    export SAS_ODF
}
"""


def python_program(crate: Crate) -> bytes:
    """The program that makes the job again at a service."""
    job = crate.job
    parameters = [(name, value) for name, values in job.parameters.items() for value in values]
    if job.kind == JobKind.ARRAY:
        parameters += [(_ARRAY, item.reference) for item in crate.whole.inputs if item.parameter == _ARRAY][:1]
    told = {
        "service": crate.base_url,
        "list": list_path(job.definition),
        "phase": str(job.phase),
        # Of an archived job nobody knows any more how it ended: that it left results tells.
        "ended": str(job.phase) if job.phase != "ARCHIVED" else "COMPLETED" if crate.whole.results else "ERROR",
        "parameters": parameters,
        "inputs": [
            {
                "reference": item.reference,
                "path": "" if item.folder else item.path,
                "sha256": item.sha256,
                "media_type": item.media_type,
                "sent": item.reference.startswith(UPLOADED),
            }
            for item in _distinct(crate.whole.inputs)
        ],
        "results": [{"name": item.name, "path": item.path, "sha256": item.sha256} for item in crate.whole.results],
    }
    text = _PROGRAM.read_text(encoding="utf-8")
    return text.replace(_MARK, f"JOB: dict[str, Any] = {pprint.pformat(told, width=118, sort_dicts=False)}\n").encode(
        "utf-8", "backslashreplace"
    )


def _distinct(items: list[Item]) -> list[Item]:
    """Each reference once, the longest first: one may be the beginning of another."""
    return sorted({item.reference: item for item in items}.values(), key=lambda item: -len(item.reference))


def is_repeated_by_sas(crate: Crate) -> bool:
    """Whether the job, or one of its steps, ran a task that SAS has."""
    tasks = (crate.definition, *crate.definition.tasks)
    has_sas = any(task.environment in ("sas", "any") for task in tasks)
    return has_sas and any(step.command for step in (crate.whole, *crate.steps))


def shell_program(crate: Crate) -> bytes:
    """The script that runs the command, or those of all steps in their order."""
    return "\n".join([_HEAD, *_script(crate)]).encode("utf-8", "replace") + b"\n"


def _script(crate: Crate) -> Iterator[str]:
    whole, steps = crate.whole, crate.steps or [crate.whole]
    for item in {item.name: item for item in whole.inputs if item.parameter not in ("", _ARRAY)}.values():
        yield f"fetch {_word(_place_of(item))} {_word(item.url)}"
    folders = {step.job.pk: step.folder.rstrip("/").rpartition("/")[2] or "work" for step in steps}
    makers = {item.identifier: (folders[step.job.pk], item.name, step) for step in steps for item in step.results}
    given = {item.identifier: _place_of(item) for item in whole.inputs}
    for step in _in_order(steps, makers):
        yield from _commands(step, folders[step.job.pk], makers, given)
    yield 'echo "done: $target" >&2'


def _in_order(steps: Iterable[Step], makers: Mapping[str, tuple[str, str, Step]]) -> Iterator[Step]:
    """The steps that ran a command, each after those whose results it reads."""
    waiting = {step.job.pk: step for step in steps if step.command}
    while waiting:
        needed = {
            pk: {makers[item.identifier][2].job.pk for item in step.inputs if item.identifier in makers} - {pk}
            for pk, step in waiting.items()
        }
        ready = [pk for pk in waiting if needed[pk].isdisjoint(waiting)] or list(waiting)
        yield from (waiting.pop(pk) for pk in ready)


def _place_of(item: Item) -> str:
    """Where an input lies in the crate, or is to be put."""
    return item.path.rstrip("/") or f"inputs/{item.name}"


def _commands(
    step: Step,
    folder: str,
    makers: Mapping[str, tuple[str, str, Step]],
    given: Mapping[str, str],
) -> Iterator[str]:
    """What one job did: its directory, its inputs, its environment and its command."""
    yield ""
    yield f"# {_comment(step.job.step or step.job.definition)} {_comment(step.job.branch)}: job {step.job.pk}".rstrip()
    if step.job.phase != "COMPLETED":
        yield f"# It ended {step.job.phase}."
    yield f"begin {_word(folder)}"
    placed = set()
    for item in step.inputs:
        if item.name in placed or not item.parameter:
            continue
        placed.add(item.name)
        how = " directory" if item.is_folder else " copy" if item.copied else ""
        yield from _place(item, makers, given, how)
    yield from _environment(step.variables)
    yield _run(step.command)
    yield from (f"unset {name}" for name in sorted(step.variables) if name != SUMMARY_VARIABLE)


def _place(
    item: Item, makers: Mapping[str, tuple[str, str, Step]], given: Mapping[str, str], how: str
) -> Iterator[str]:
    if item.identifier in makers:
        folder, name, step = makers[item.identifier]
        file = next((row.path for row in step.job.results.all() if row.name == name), name)
        file = file.removeprefix("work/")
        source = f'"$target"/{_word(f"{folder}/{file}")}'
    else:
        path = given.get(item.identifier, _place_of(item))
        if item.identifier not in given:
            yield f"fetch {_word(path)} {_word(item.url)}"
        source = f'"$crate"/{_word(path)}'
    yield f"place {source} {_word(item.name)}{how}"


def _environment(variables: Mapping[str, str]) -> Iterator[str]:
    """The variables that parameters made; SAS_ODF names what the service's launcher makes of an ODF and a summary."""
    for name, value in sorted(variables.items()):
        if name == _ODF:
            summary = variables.get(SUMMARY_VARIABLE, "")
            yield f"view {_paths(value)}{f' {_paths(summary)}' if summary else ''}"
        elif name != SUMMARY_VARIABLE:
            yield f"{name}={_paths(value)}; export {name}"


def _run(command: list[str]) -> str:
    words = [_word(word) for word in command]
    if command[:3] == ["python", "-P", "-m"]:
        task = command[3]
        if _is_task_of_sas(task):
            words = [_word(task.rpartition(".")[2]), *words[4:]]
        else:
            words = ['"${ATHANOR_PYTHON:-python3}"', *words[1:]]
    return " \\\n    ".join(words)


def _is_task_of_sas(module: str) -> bool:
    """Whether a built-in task stands in for SAS's own of the same name and parameters."""
    from jobdefs import registry  # noqa: PLC0415 - reads all definitions

    name = module.rpartition(".")[2]
    known: Mapping[str, Definition] = registry.all_definitions()
    return any(task.environment == "any" and task.command[:1] == (name,) for task in known.values())


def _paths(value: str) -> str:
    """The value of a variable; paths of inputs become full ones, for SAS may work in another directory."""
    words = [f'"$PWD"/{_word(word)}' if word.startswith("inputs/") else _word(word) for word in value.split(" ")]
    return '" "'.join(words)


def _word(text: str) -> str:
    """A text as one word of a shell; what no shell can hold is left out."""
    return shlex.quote(text.replace("\0", ""))


def _comment(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
