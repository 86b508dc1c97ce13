"""Hosts that an operator lists, as ``name``, ``name:port`` or address, for the service to speak to.

A service that speaks to whom it is told to can be made to reach into its own network. So it speaks to listed hosts
alone, and also there never at an address that is not public, unless that address is listed itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

__all__ = ["USUAL_PORTS", "is_allowed_address", "is_listed"]

USUAL_PORTS = {"http": 80, "https": 443}
"""Ports of the schemes of URLs, where they name none."""


def is_listed(host: str, port: int | None, scheme: str, hosts: Collection[str]) -> bool:
    """Whether a host is listed with that port; one that is not named is the usual one, there as here."""
    usual = USUAL_PORTS[scheme]
    entries = [urlsplit(f"//{entry}") for entry in hosts]
    return any(entry.hostname == host and (entry.port or usual) == (port or usual) for entry in entries)


def is_allowed_address(address: str, hosts: Collection[str]) -> bool:
    """Whether an address, in its numeric form, is public or listed itself."""
    plain = ipaddress.ip_address(address.partition("%")[0])
    meant = getattr(plain, "ipv4_mapped", None) or plain
    if meant.is_global and not meant.is_multicast:
        return True
    return not {str(plain), str(meant)}.isdisjoint(urlsplit(f"//{entry}").hostname for entry in hosts)
