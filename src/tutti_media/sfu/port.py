"""The one UDP socket through which everything goes, and ICE as a lite agent (RFC 8445): we answer, and never ask.

A browser's check names the path that it is for and proves that it knows its password; from then on, what comes from the
browser's address is for that path.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from aioice import stun
from aioice.ice import get_host_addresses

Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

MOST_AT_ONCE = 128
"""Packets, before anything else has its turn."""
MOST_ADDRESSES = 16
"""Of one path: a browser has a few, and moves from one network to another."""
BUFFER = 4 * 1024 * 1024


class Reached(Protocol):
    """A path. `ours`, `password`: of our end."""

    @property
    def ours(self) -> str: ...

    @property
    def password(self) -> str: ...

    def checked(self, address: Address, *, chosen: bool) -> None:
        """The browser can be reached there; `chosen`: and wants to be."""
        ...

    def datagram(self, data: bytes) -> None: ...


class Port:
    """`addresses`: where browsers find us, with `number`. Open it in a running loop; close it."""

    def __init__(self, number: int, addresses: Sequence[str] = ()) -> None:
        self._socket, self._mapped = _open(number)
        self.number: int = self._socket.getsockname()[1]
        self.addresses = tuple(addresses) or _own(ipv6=self._mapped)
        self._by_name: dict[str, Reached] = {}
        self._by_address: dict[Address, Reached] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def add(self, path: Reached) -> None:
        self._by_name[path.ours] = path

    def rename(self, path: Reached, before: str) -> None:
        """It has another name now, as well as the one before: checks of before may still be under way."""
        self._by_name[path.ours] = path
        self._by_name[before] = path

    def remove(self, path: Reached) -> None:
        self._by_name = {name: one for name, one in self._by_name.items() if one is not path}
        self._by_address = {where: one for where, one in self._by_address.items() if one is not path}

    def send(self, data: bytes, address: Address) -> None:
        """What cannot be sent now is lost, as on any network."""
        try:
            self._socket.sendto(data, address)
        except OSError:
            return

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _readable(self) -> None:
        receive = self._socket.recvfrom
        for _ in range(MOST_AT_ONCE):
            try:
                data, address = receive(2048)
            except BlockingIOError:
                return
            except OSError:  # about an earlier packet of ours that nobody took
                continue
            self.heard(data, address)

    def heard(self, data: bytes, address: Address) -> None:
        """A datagram, from wherever it says that it is."""
        if len(data) > 1 and data[0] > 3:
            path = self._by_address.get(address)
            if path is not None:
                path.datagram(data)
        elif len(data) >= stun.HEADER_LENGTH:
            self._check(data, address)

    def _check(self, data: bytes, address: Address) -> None:
        try:
            asked = stun.parse_message(data)
        except (ValueError, KeyError, struct.error):
            return
        if asked.message_method is not stun.Method.BINDING or asked.message_class is not stun.Class.REQUEST:
            return
        path = self._by_name.get(str(asked.attributes.get("USERNAME", "")).partition(":")[0])
        if path is None or not asked.check_message_integrity(path.password.encode()):
            return
        self._found(path, address)
        answer = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=asked.transaction_id,
            attributes={"XOR-MAPPED-ADDRESS": (_plain(address[0]), address[1])},
        )
        answer.add_message_integrity(path.password.encode())
        self.send(bytes(answer), address)
        path.checked(address, chosen="USE-CANDIDATE" in asked.attributes)

    def _found(self, path: Reached, address: Address) -> None:
        """Whoever knows a password may be at a few addresses, and not at as many as it can name."""
        if self._by_address.get(address) is path:
            return
        known = [where for where, one in self._by_address.items() if one is path]
        for where in known[: len(known) - MOST_ADDRESSES + 1]:
            del self._by_address[where]
        self._by_address[address] = path


def _open(number: int) -> tuple[socket.socket, bool]:
    """Both families where there are both."""
    try:
        both = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        both.bind(("::", number))
        opened, mapped = both, True
    except OSError:
        opened, mapped = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), False
        opened.bind(("0.0.0.0", number))
    opened.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        opened.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    return opened, mapped


def _own(*, ipv6: bool) -> tuple[str, ...]:
    return tuple(get_host_addresses(use_ipv4=True, use_ipv6=ipv6)) or ("127.0.0.1",)


def _plain(host: str) -> str:
    """An IPv4 address as one, where the socket speaks IPv6."""
    found = ipaddress.ip_address(host.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
