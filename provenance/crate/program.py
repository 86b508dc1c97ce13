#!/usr/bin/env python3
"""Repeat a job on a service of the IVOA's UWS and compare what comes out with what came out then.

usage: python repeat.py [--upload] [--to DIRECTORY] [SERVICE]

SERVICE is the base URL of a service that has the task. --upload sends the files in inputs/ instead of naming those of
the service. Who you are is told by ATHANOR_TOKEN, or by ATHANOR_USER and ATHANOR_PASSWORD. Needs pyvo.

Exit status: 0 the same came out (FITS files may differ in dates and checksums), 1 something else did, 2 nothing was
compared: it was refused, a file is missing, or the service did not answer.
"""
# ruff: noqa: T201 - what it finds it prints

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from pyvo.dal.exceptions import DALServiceError
from pyvo.dal.tap import AsyncTAPJob

HERE = Path(__file__).resolve().parent

JOB: dict[str, Any] = {}

DATES = ("DATE", "CHECKSUM", "DATASUM", "ZHECKSUM", "ZDATASUM")
"""Cards of FITS files that tell when, and not what."""

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""Names under which files can be sent; those of parameters have no point."""

PHASES = {"COMPLETED", "ERROR", "ABORTED", "ARCHIVED"}


def main() -> int:
    """Repeat the job and tell what came out."""
    parser = argparse.ArgumentParser(description="Repeat a job and compare its results.")
    parser.add_argument("service", nargs="?", default=JOB["service"], help=f"base URL (default: {JOB['service']})")
    parser.add_argument("--upload", action="store_true", help="send the files in inputs/ that the service may not have")
    parser.add_argument("--to", type=Path, default=HERE / "repeated", help="where to put the results")
    given = parser.parse_args()
    try:
        return repeat(given.service, given.to, upload=given.upload)
    except (requests.RequestException, DALServiceError) as error:
        print(f"{given.service} does not answer as it should: {error}", file=sys.stderr)
        return 2


def repeat(service: str, folder: Path, *, upload: bool) -> int:
    """Run the job and compare its results; the exit status."""
    with connect(service) as session:
        address = submit(session, service.rstrip("/"), upload=upload)
        print(address, flush=True)
        job = AsyncTAPJob(address, session=session)
        while job.phase not in PHASES:
            job.wait(phases=list(PHASES), timeout=600)
        print(f"{job.phase} (it was {JOB['phase']})", flush=True)
        return compare(session, job, folder)


class Credentials(requests.auth.AuthBase):
    """Signs requests to one host, and no others."""

    def __init__(self, service: str, header: str) -> None:
        self.place = urlsplit(service)[:2]
        self.header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request."""
        if urlsplit(request.url or "")[:2] == self.place:
            request.headers["Authorization"] = self.header
        return request


def connect(service: str) -> requests.Session:
    """A session that tells the service, and nobody else, who asks."""
    session = requests.Session()
    session.trust_env = urlsplit(service).hostname not in ("localhost", "127.0.0.1", "::1")
    told = dict(os.environ)
    if "ATHANOR_TOKEN" in told:
        session.auth = Credentials(service, f"Bearer {told['ATHANOR_TOKEN']}")
    elif "ATHANOR_USER" in told:
        pair = f"{told['ATHANOR_USER']}:{told.get('ATHANOR_PASSWORD', '')}".encode()
        session.auth = Credentials(service, f"Basic {base64.b64encode(pair).decode()}")
    return session


def submit(session: requests.Session, service: str, *, upload: bool) -> str:
    """Make the job and let it run; its address."""
    values = [(name, value) for name, value in JOB["parameters"]]
    with ExitStack() as opened:
        files = {}
        for number, item in enumerate(JOB["inputs"], start=1):
            if not (upload or item["sent"]):
                continue
            path = HERE / item["path"] if item["path"] else None
            if path is None or not path.is_file():
                if item["sent"]:
                    print(f"{item['reference']} came with the job, and is not in this crate.", file=sys.stderr)
                    raise SystemExit(2)
                print(f"{item['reference']} is not in this crate: the service is told its name.", file=sys.stderr)
                continue
            check(path, item["sha256"])
            # A task may write the names of its inputs into its results.
            fits = NAME.fullmatch(path.name) and "." in path.name and path.name not in files
            part = path.name if fits else f"crate-input-{number}"
            files[part] = (path.name, opened.enter_context(path.open("rb")), item["media_type"])
            values = [(name, value.replace(item["reference"], f"param:{part}")) for name, value in values]
        data = [*values, ("PHASE", "RUN")]
        answer = session.post(
            f"{service}/{JOB['list']}", data=data, files=files or None, allow_redirects=False, timeout=600
        )
    if answer.status_code != 303:
        print(f"It was refused ({answer.status_code}): {answer.text[:2000]}", file=sys.stderr)
        raise SystemExit(2)
    return answer.headers["Location"]


def check(path: Path, sha256: str) -> None:
    """Tell where an input is no longer what the job read."""
    if sha256 and digest(path) != sha256:
        print(f"{path.name} is not what the job read then.", file=sys.stderr)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compare(session: requests.Session, job: AsyncTAPJob, folder: Path) -> int:
    """Download the results and compare each with the one of the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {result.id_: result.href for result in job.results}
    known = {result["name"]: result for result in JOB["results"]}
    verdicts = {}
    for name in [*known, *(name for name in made if name not in known)]:
        if name not in made:
            verdicts[name] = "missing"
            continue
        path = folder / (Path(known[name]["path"]).name if known.get(name, {}).get("path") else plain(name))
        download(session, made[name], path)
        verdicts[name] = verdict(path, known[name]) if name in known else "new"
    for name, word in verdicts.items():
        print(f"{name}: {word}")
    same = all(word.startswith("identical") for word in verdicts.values()) and job.phase == JOB["ended"]
    return 0 if same else 1


def plain(name: str) -> str:
    """A name that leads nowhere else."""
    return "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in name).lstrip(".") or "result"


def download(session: requests.Session, url: str, path: Path) -> None:
    """Save a result."""
    with session.get(url, stream=True, timeout=600) as answer, path.open("wb") as file:
        answer.raise_for_status()
        for chunk in answer.iter_content(1 << 20):
            file.write(chunk)


def verdict(path: Path, known: dict[str, Any]) -> str:
    """How a result compares with what it was."""
    if digest(path) == known["sha256"]:
        return "identical"
    before = HERE / known["path"] if known["path"] else None
    if before is not None and before.is_file() and same_fits(before, path):
        return "identical but for dates and checksums"
    return f"different: SHA-256 was {known['sha256']}, is {digest(path)}"


def same_fits(before: Path, after: Path) -> bool:
    """Whether two FITS files differ in nothing but dates and checksums."""
    from astropy.io import fits  # noqa: PLC0415 - pyvo brings it

    try:
        with fits.open(before) as old, fits.open(after) as new:
            return fits.FITSDiff(old, new, ignore_keywords=DATES, ignore_comments=["*"]).identical
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(main())
