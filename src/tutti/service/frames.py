"""One outgoing message, encoded once and carried to any number of connections.

A frame's text is final: for Socket.IO it begins with the Engine.IO and Socket.IO packet types (`42[…]`), for a
JSON WebSocket it is the JSON itself. What a carrier needs around it is built on first use and kept.
"""

from __future__ import annotations

from typing import Protocol


class Frame:
    """A text message. `text`: its UTF-8 bytes. `wire`: the same as one unmasked WebSocket text frame (RFC 6455 §5.2)."""

    __slots__ = ("_wire", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        wire = self._wire
        if wire is None:
            wire = self._wire = websocket_header(0x81, len(self.text)) + self.text
        return wire


class Attached(Frame):
    """A text message followed at once by binary ones: a Socket.IO packet and its attachments, in order."""

    __slots__ = ("attachments",)

    def __init__(self, text: bytes, attachments: tuple[bytes, ...]) -> None:
        super().__init__(text)
        self.attachments = attachments

    @property
    def wire(self) -> bytes:
        binary = (websocket_header(0x82, len(a)) + a for a in self.attachments)
        return super().wire + b"".join(binary)


def websocket_header(first_byte: int, length: int) -> bytes:
    """The header of an unmasked frame: FIN and opcode in `first_byte`, then the payload's length in bytes."""
    if length < 126:
        return bytes((first_byte, length))
    if length < 65536:
        return bytes((first_byte, 126)) + length.to_bytes(2, "big")
    return bytes((first_byte, 127)) + length.to_bytes(8, "big")


class Peer(Protocol):
    """A connection that can be sent to. Sending never waits and never fails: a peer that cannot keep up is closed."""

    def send(self, frame: Frame) -> None:
        """Queue this frame behind the ones before it; it leaves at the end of the tick."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Send what is queued, then close with this WebSocket close code. A second close does nothing."""
        ...
