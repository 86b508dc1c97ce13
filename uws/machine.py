"""What runs on which system: names and versions of a machine's software. Standard library only."""

from __future__ import annotations

__all__ = ["describe_machine"]


def describe_machine() -> dict[str, str]:
    """The operating system as ``os-release`` (freedesktop.org) names it, and its kernel, as far as they are known."""
    import platform  # noqa: PLC0415 - a run's start does not wait for it

    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    kernel = f"{platform.system()} {platform.release()}".strip()
    found = {"os": release.get("PRETTY_NAME", ""), "kernel": kernel}
    return {name: value[:100] for name, value in found.items() if value}
