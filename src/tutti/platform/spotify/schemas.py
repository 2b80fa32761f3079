"""What goes into connections to Spotify and what comes out of them: plain values, of which no dialect's wire knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Wrong(Enum):
    """Why not. Value: (name, sentence for a person)."""

    STATE = ("state_not_valid", "This sign-in was not begun in this browser, was used already, or is too old")
    CODE = ("code_not_valid", "This code is not valid, was used already, or is too old")
    CHALLENGE = ("challenge_not_valid", "A challenge is the base64url of a SHA-256: 43 letters")
    NOT_CONNECTED = ("not_connected", "Spotify is not connected")

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence


class State(Enum):
    """`REAUTH_REQUIRED`: Spotify takes our token no more; only the person can connect again."""

    CONNECTED = "connected"
    REAUTH_REQUIRED = "reauth_required"


@dataclass(frozen=True, slots=True)
class Connection:
    """What its owner may know of it."""

    user: str
    spotify_id: str
    state: State
    consented_at_ms: int


@dataclass(frozen=True, slots=True)
class Cookie:
    """To be set for the whole host: `HttpOnly; SameSite=Lax; Path=/`, and `Secure` if `secure`."""

    name: str
    value: str = field(repr=False)
    max_age_s: int
    secure: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """Send the browser to `redirect_url`, with the cookie."""

    redirect_url: str = field(repr=False)
    cookie: Cookie


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a sign-in leads: to the provider's page, back to us, and from us to the front end."""

    authorize_url: str
    callback_url: str
    frontend_url: str
