"""The tables of connections to Spotify. No token, code or state is in them in clear; of what is played, nothing is."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows

HASH_LENGTH = 64
"""SHA-256 in hexadecimal digits."""


class SpotifyConnection(Rows):
    """`sealed` holds the tokens, for the owner; None: they are gone, and `state` says why.

    `version` grows with each change, so that whoever was away asking Spotify sees that somebody else was faster.
    """

    __tablename__ = "spotify_connections"

    user_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    spotify_id: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(20))
    sealed: Mapped[str | None] = mapped_column(Text)
    access_expires_at_ms: Mapped[int] = mapped_column(BigInteger)
    consented_at_ms: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(BigInteger)


class SpotifyState(Rows):
    """A sign-in that was begun. `hash`: of the state; `browser`: of the cookie; `sealed`: PKCE's verifier.

    `challenge`: what the front end wants its own code to be bound to, if it wants that.
    """

    __tablename__ = "spotify_states"
    __table_args__ = (Index(None, "expires_at_ms"),)

    hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    browser: Mapped[str] = mapped_column(String(HASH_LENGTH))
    sealed: Mapped[str] = mapped_column(Text)
    challenge: Mapped[str | None] = mapped_column(String(43))
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)


class SpotifyCode(Rows):
    """A sign-in that Spotify agreed to, until the front end fetches our tokens. `hash`: of the code."""

    __tablename__ = "spotify_codes"
    __table_args__ = (Index(None, "expires_at_ms"),)

    hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    challenge: Mapped[str | None] = mapped_column(String(43))
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)
