"""What a session needs of the connection that it is on."""

from __future__ import annotations

from typing import Protocol

from tutti.service.fanout import Hearer


class Connection(Hearer, Protocol):
    """`id` is for logs, `client` the address that sent it here."""

    @property
    def id(self) -> str: ...

    @property
    def client(self) -> str: ...

    def pause(self) -> None:
        """Deliver nothing more until `resume`."""
        ...

    def resume(self) -> None: ...
