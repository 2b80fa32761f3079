"""The address a request really comes from. `X-Forwarded-For` is believed as far as trusted proxies wrote it.

Whatever is counted per address is counted by what is returned here: of an IPv6 address that is its /64, because one
household or machine has all of that, and an IPv4 address in IPv6's clothes is an IPv4 address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HOUSEHOLD_BITS = 64


def client_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """The last address in the chain that is not one of our proxies; the peer itself if it is none."""
    if not trusted and ":" not in peer:
        return peer
    address = _parsed(peer)
    if address is None:
        return peer
    if trusted and forwarded_for and _is_trusted(address, trusted):
        for hop in map(_parsed, reversed(forwarded_for.split(","))):
            if hop is None:
                break
            if not _is_trusted(hop, trusted):
                return _counted(hop)
    return _counted(address)


def _counted(address: Address) -> str:
    if address.version == 4 or address.is_loopback:
        return str(address)
    return str(ipaddress.ip_network((address, HOUSEHOLD_BITS), strict=False))


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted if network.version == address.version)


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
