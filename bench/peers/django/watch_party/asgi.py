"""For uvicorn: HTTP by Django, sockets by Channels."""

# Django is in an environment of its own, where no type checker of ours sees it.
# mypy: ignore-errors

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watch_party.settings")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - models are there only now
from django.urls import path  # noqa: E402

from watch_party.consumers import ChatConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {"http": http, "websocket": URLRouter([path("ws/chat/<uuid:party>/", ChatConsumer.as_asgi())])}
)
