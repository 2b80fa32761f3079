"""A party's chat: who may, says something; it is stored; everybody hears it. It is encoded once for all of them."""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

import json
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from watch_party.models import ChatMessage, Participant, User

LONGEST = 500


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        await self.accept()
        self.group = None
        try:
            token = AccessToken(parse_qs(self.scope["query_string"].decode())["token"][0])
            self.user = await User.objects.aget(id=token["sub"], is_active=True)
        except (KeyError, TokenError, User.DoesNotExist):
            await self.close(4001)
            return
        self.party = self.scope["url_route"]["kwargs"]["party"]
        mine = Participant.objects.filter(party_id=self.party, user=self.user, status="approved")
        if not await mine.aexists():
            await self.close(4003)
            return
        self.group = f"chat.{self.party}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.send(json.dumps({"type": "chat_state"}))

    async def disconnect(self, code):  # noqa: ARG002 - as Channels calls it
        if self.group is not None:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):  # noqa: ARG002 - as Channels calls it
        try:
            said = json.loads(text_data or "")
            text = str(said["content"]).strip() if said["type"] == "chat_message" else ""
        except (ValueError, KeyError, TypeError):
            text = ""
        if not 0 < len(text) <= LONGEST:
            await self.send(json.dumps({"type": "error", "code": "invalid", "message": "Not understood."}))
            return
        stored = await ChatMessage.objects.acreate(party_id=self.party, user=self.user, message=text)
        shown = json.dumps(
            {
                "type": "chat_message",
                "id": stored.id,
                "user": {
                    "id": str(self.user.id),
                    "username": self.user.username,
                    "display_name": self.user.display_name,
                },
                "message": text,
                "message_type": "text",
                "timestamp": stored.created_at.isoformat(),
                "edited": False,
                "reply_to": None,
            },
            separators=(",", ":"),
        )
        await self.channel_layer.group_send(self.group, {"type": "chat.message", "text": shown})

    async def chat_message(self, event):
        await self.send(event["text"])
