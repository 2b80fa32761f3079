"""What goes into accounts and what comes out of it: plain values, of which no dialect's wire knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Wrong(Enum):
    """Why not. Value: (name, sentence for a person)."""

    CREDENTIALS = ("no_active_account", "No active account found with the given credentials")
    TOKEN = ("token_not_valid", "Token is invalid or expired")
    TICKET = ("ticket_not_valid", "This sign-in has expired; begin again")
    CODE = ("code_not_valid", "This code is not valid")
    PASSWORD = ("password_wrong", "This is not your password")
    WEAK = ("password_weak", "Choose another password")
    LINK = ("link_not_valid", "This link has expired or was used; ask for a new one")
    USERNAME_TAKEN = ("username_taken", "This name is taken")
    FACTOR_IS_ON = ("2fa_enabled", "Two-factor authentication is on already")
    FACTOR_IS_OFF = ("2fa_disabled", "Two-factor authentication is not set up")
    NO_SUCH_LOGIN = ("not_found", "Not found.")
    TOO_OFTEN = ("throttled", "Too many attempts")

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Problem:
    """Understood, declined, nothing changed. `detail` says more than the sentence of `wrong`."""

    wrong: Wrong
    detail: str | None = None
    retry_after_s: float | None = None

    @property
    def sentence(self) -> str:
        return self.detail or self.wrong.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """`username` None: one is made of the names or the email."""

    email: str
    password: str = field(repr=False)
    username: str | None = None
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True)
class OnDevice:
    """What somebody signs in on. `known_as`: what it calls itself, the same each time; it is kept only as a hash."""

    known_as: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """An account as its owner sees it."""

    id: str
    email: str | None
    username: str
    display_name: str
    first_name: str
    last_name: str
    email_verified: bool
    second_factor: bool
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """`session`: the login that they belong to. `access` lives minutes, `refresh` days and works once."""

    session: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    refresh_lives_s: int


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """`letter_sent`: to the address of an account that was made right now."""

    person: Person
    tokens: Tokens
    letter_sent: bool = False


@dataclass(frozen=True, slots=True)
class SecondFactorNeeded:
    """The password was right. `ticket` and a code log in."""

    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FactorSetUp:
    """What an authenticator app needs."""

    secret: str = field(repr=False)
    otpauth_url: str = field(repr=False)
    qr_code: str = field(repr=False)
    """The URL as a picture: a `data:` URL of a PNG."""


@dataclass(frozen=True, slots=True)
class Login:
    """One of a person's logins that have not ended."""

    id: str
    device: str
    created_at_ms: int
    last_used_at_ms: int
    expires_at_ms: int
