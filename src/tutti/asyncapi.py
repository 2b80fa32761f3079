"""The sockets' documentation, generated from the same Structs that decode and encode them (AsyncAPI 3.0)."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

REF = "#/components/schemas/{name}"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a dialect is spoken. `heard`: what clients send, by event name; `spoken`: what the server sends."""

    dialect: str
    address: str
    description: str
    heard: Mapping[str, type]
    spoken: Mapping[str, type]


@dataclass(frozen=True, slots=True)
class _Message:
    channel: Channel
    name: str
    payload: type
    from_client: bool

    @property
    def id(self) -> str:
        """An event may be said in both directions."""
        return f"{self.channel.dialect}.{'heard' if self.from_client else 'spoken'}.{self.name}"

    @property
    def summary(self) -> str:
        return inspect.getdoc(self.payload) or self.name.replace("_", " ").capitalize()


def document(version: str, channels: Sequence[Channel]) -> Mapping[str, Any]:
    """The AsyncAPI document of all channels."""
    messages = [message for channel in channels for message in _messages(channel)]
    payloads = list({message.payload: None for message in messages})
    refs, schemas = msgspec.json.schema_components(payloads, ref_template=REF)
    schema_of = dict(zip(payloads, refs, strict=True))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tutti",
            "version": version,
            "description": "Everything that is said over sockets. HTTP is described at /docs.",
        },
        "defaultContentType": "application/json",
        "channels": {channel.dialect: _channel(channel) for channel in channels},
        "operations": {message.id: _operation(message) for message in messages},
        "components": {
            "messages": {message.id: _component(message, schema_of) for message in messages},
            "schemas": schemas,
        },
    }


def _messages(channel: Channel) -> Iterator[_Message]:
    for from_client, events in ((True, channel.heard), (False, channel.spoken)):
        for name, payload in events.items():
            yield _Message(channel, name, payload, from_client)


def _channel(channel: Channel) -> dict[str, Any]:
    ids = [message.id for message in _messages(channel)]
    return {
        "address": channel.address,
        "description": channel.description,
        "messages": {id_: {"$ref": f"#/components/messages/{id_}"} for id_ in ids},
    }


def _operation(message: _Message) -> dict[str, Any]:
    """From the server's side, as AsyncAPI has it: it receives what a client sends."""
    return {
        "action": "receive" if message.from_client else "send",
        "channel": {"$ref": f"#/channels/{message.channel.dialect}"},
        "summary": message.summary,
        "messages": [{"$ref": f"#/channels/{message.channel.dialect}/messages/{message.id}"}],
    }


def _component(message: _Message, schema_of: Mapping[type, Any]) -> dict[str, Any]:
    return {"name": message.name, "summary": message.summary, "payload": schema_of[message.payload]}
