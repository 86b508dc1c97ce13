"""Fetch the browser libraries that the pages and their tests use, exactly as the folders' vendor.lock.toml name them.

The files are committed, so that nothing is fetched to run, build or test the service. To take a new version: change
`version` in the lock, run ``python tools/vendor_static.py --lock``, review and commit.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "static" / "vendor", ROOT / "tests" / "vendor")
LOCK = "vendor.lock.toml"
HEADER = """\
# Browser libraries: where each file comes from and what it must be.
# `integrity` is the npm registry's hash of the package; `files` maps members of it to their SHA-256.
# Written by tools/vendor_static.py --lock; checked by the tests.
"""


def main() -> int:
    """Fetch, lock or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registry", help="npm registry; the one that `npm config get registry` tells by default")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="only compare the files at hand with the lock")
    action.add_argument("--lock", action="store_true", help="write the hashes of what is fetched into the lock")
    options = parser.parse_args()
    if options.check:
        wrong = [sentence for folder in FOLDERS for sentence in differences(folder)]
        print("\n".join(wrong) or "All files are what the locks say.")
        return bool(wrong)
    registry = options.registry or npm_registry()
    for folder in FOLDERS:
        packages = read_lock(folder)
        for package in packages:
            fetch(package, folder, registry=registry, lock=options.lock)
        if options.lock:
            (folder / LOCK).write_text(rendered(packages), encoding="utf-8")
    return 0


def read_lock(folder: Path) -> list[dict[str, Any]]:
    """The packages of a folder's lock file."""
    return tomllib.loads((folder / LOCK).read_text(encoding="utf-8"))["package"]


def destination(package: dict[str, Any], member: str, folder: Path) -> Path:
    """Where a member of a package is kept."""
    return folder / package["name"] / Path(member).name


def differences(folder: Path) -> list[str]:
    """What is missing, changed or not in the lock, one sentence each."""
    found = []
    known = {folder / LOCK}
    for package in read_lock(folder):
        for member, expected in package["files"].items():
            path = destination(package, member, folder)
            known.add(path)
            if not path.is_file():
                found.append(f"{path.relative_to(folder)} is missing.")
            elif sha256(path.read_bytes()) != expected:
                found.append(f"{path.relative_to(folder)} is not the file of {package['name']} {package['version']}.")
    strangers = sorted(path for path in folder.rglob("*") if path.is_file() and path not in known)
    return [*found, *(f"{path.relative_to(folder)} is not in the lock." for path in strangers)]


def npm_registry() -> str:
    """The registry that npm is configured for."""
    asked = subprocess.run(["npm", "config", "get", "registry"], check=True, capture_output=True, text=True)
    return asked.stdout.strip()


def fetch(package: dict[str, Any], folder: Path, *, registry: str, lock: bool) -> None:
    """Fetch one package, verify it and keep its listed members."""
    name, version = package["name"], package["version"]
    record = json.loads(read_url(f"{registry.rstrip('/')}/{name}/{version}"))
    if lock:
        package["integrity"] = record["dist"]["integrity"]
    archive = read_url(record["dist"]["tarball"])
    if integrity(archive) != package["integrity"]:
        sys.exit(f"{name} {version}: the package does not have the integrity that the lock names.")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in package["files"]:
            content = tar.extractfile(f"package/{member}").read()
            if lock:
                package["files"][member] = sha256(content)
            if sha256(content) != package["files"][member]:
                sys.exit(f"{name} {version}: {member} does not have the SHA-256 that the lock names.")
            path = destination(package, member, folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    print(f"{name} {version}: {len(package['files'])} files")


def read_url(url: str) -> bytes:
    """The body at an address."""
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.read()


def integrity(content: bytes) -> str:
    """Subresource-integrity form of the SHA-512."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def sha256(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()


def rendered(packages: list[dict[str, Any]]) -> str:
    """The lock file's text."""
    text = HEADER
    for package in packages:
        text += "\n[[package]]\n"
        text += "".join(f'{key} = "{package[key]}"\n' for key in ("name", "version", "license", "integrity"))
        text += "[package.files]\n"
        text += "".join(f'"{member}" = "{digest}"\n' for member, digest in package["files"].items())
    return text


if __name__ == "__main__":
    sys.exit(main())
