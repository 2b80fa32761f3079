"""The sockets' documentation, generated from the same Structs that decode and encode them (AsyncAPI 3.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One event of a dialect: its name on the wire, its payload, who sends it."""

    name: str
    payload: type
    from_client: bool
    summary: str


@dataclass(frozen=True, slots=True)
class WireChannel:
    """Where a dialect is spoken. `protocol`: `socketio` or `ws`."""

    dialect: str
    address: str
    protocol: str
    description: str
    messages: Sequence[WireMessage]


def document(version: str, channels: Sequence[WireChannel]) -> Mapping[str, Any]:
    """The AsyncAPI document of all channels."""
    payloads = sorted({m.payload for c in channels for m in c.messages}, key=lambda struct: struct.__name__)
    refs, schemas = msgspec.json.schema_components(payloads, ref_template="#/components/schemas/{name}")
    schema_of = dict(zip(payloads, refs, strict=True))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tutti",
            "version": version,
            "description": "Everything that is said over sockets. HTTP is described at /docs.",
        },
        "defaultContentType": "application/json",
        "channels": {c.dialect: _channel(c) for c in channels},
        "operations": {
            f"{c.dialect}.{'send' if m.from_client else 'receive'}.{m.name}": _operation(c, m)
            for c in channels
            for m in c.messages
        },
        "components": {
            "messages": {
                f"{c.dialect}.{m.name}": _message(m, schema_of) for c in channels for m in c.messages
            },
            "schemas": schemas,
        },
    }


def _channel(channel: WireChannel) -> dict[str, Any]:
    return {
        "address": channel.address,
        "description": channel.description,
        "bindings": {"ws": {}} if channel.protocol == "ws" else {},
        "messages": {
            m.name: {"$ref": f"#/components/messages/{channel.dialect}.{m.name}"} for m in channel.messages
        },
    }


def _operation(channel: WireChannel, message: WireMessage) -> dict[str, Any]:
    """From the server's side, as AsyncAPI has it: it receives what a client sends."""
    return {
        "action": "receive" if message.from_client else "send",
        "channel": {"$ref": f"#/channels/{channel.dialect}"},
        "summary": message.summary,
        "messages": [{"$ref": f"#/channels/{channel.dialect}/messages/{message.name}"}],
    }


def _message(message: WireMessage, schema_of: Mapping[type, Any]) -> dict[str, Any]:
    return {"name": message.name, "summary": message.summary, "payload": schema_of[message.payload]}
