"""The bodies of guide 003's `/api/auth/`: what is asked and what is answered. Other spellings in use are read as well.

Every field may be missing as far as JSON goes: all that is wrong with a body is told at once, by field.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from tutti.dialects.party.problems import Invalid
from tutti.platform.accounts.names import email_key
from tutti.platform.accounts.schemas import Login, NewAccount, Person

REQUIRED = "This field is required."
BLANK = "This field may not be blank."
LONGEST_EMAIL = 254
LONGEST_NAME = 150
LONGEST_SECRET = 1024
DAY_MS = 86_400_000
"""Of passwords, codes and tickets; what is too long for a password is told apart from that."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_USERNAME = re.compile(r"[\w.+-]+")


class Register(msgspec.Struct, kw_only=True):
    """`username` or the names; `confirm_password` where a form has it. `device_id` (additive) is the same each time."""

    email: str | None = None
    password: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    confirm_password: str | None = None
    password_confirm: str | None = None
    device_id: str | None = None
    device_name: str | None = None

    def meaning(self) -> NewAccount:
        wrong = _Wrong()
        email = wrong.email("email", self.email)
        password = wrong.secret("password", self.password)
        wrong.confirmed(password, self.confirm_password or self.password_confirm)
        username = unicodedata.normalize("NFKC", (self.username or "").strip()) or None
        if username is not None and not (_USERNAME.fullmatch(username) and len(username) <= LONGEST_NAME):
            wrong.say("username", "Enter a valid username: up to 150 letters, digits and ./+/-/_ characters.")
        first_name = wrong.name("first_name", self.first_name)
        last_name = wrong.name("last_name", self.last_name)
        wrong.end()
        return NewAccount(
            email=email, password=password, username=username, first_name=first_name, last_name=last_name
        )


class SignIn(msgspec.Struct, kw_only=True):
    """`username` may stand for `email`."""

    email: str | None = None
    password: str | None = None
    username: str | None = None
    device_id: str | None = None
    device_name: str | None = None

    def meaning(self) -> tuple[str, str]:
        """Who, and the password."""
        wrong = _Wrong()
        known_by = wrong.text("email", self.email or self.username)
        password = wrong.secret("password", self.password)
        wrong.end()
        return known_by, password


class SecondHalf(msgspec.Struct, kw_only=True):
    """`ticket` from the login's answer; `code` of the app's, or a backup code."""

    ticket: str | None = None
    code: str | None = None
    backup_code: str | None = None
    token: str | None = None
    device_id: str | None = None
    device_name: str | None = None

    def meaning(self) -> tuple[str, str]:
        wrong = _Wrong()
        ticket = wrong.text("ticket", self.ticket)
        code = wrong.secret("code", self.code or self.backup_code or self.token)
        wrong.end()
        return ticket, code


class Code(msgspec.Struct, kw_only=True):
    code: str | None = None
    token: str | None = None

    def meaning(self) -> str:
        wrong = _Wrong()
        code = wrong.secret("code", self.code or self.token)
        wrong.end()
        return code


class Disable(msgspec.Struct, kw_only=True):
    password: str | None = None
    code: str | None = None
    token: str | None = None

    def meaning(self) -> tuple[str, str]:
        wrong = _Wrong()
        password = wrong.secret("password", self.password)
        code = wrong.secret("code", self.code or self.token)
        wrong.end()
        return password, code


class NewPassword(msgspec.Struct, kw_only=True):
    old_password: str | None = None
    current_password: str | None = None
    new_password: str | None = None
    confirm_password: str | None = None

    def meaning(self) -> tuple[str, str]:
        """The old and the new."""
        wrong = _Wrong()
        old = wrong.secret("old_password", self.old_password or self.current_password)
        new = wrong.secret("new_password", self.new_password)
        wrong.confirmed(new, self.confirm_password)
        wrong.end()
        return old, new


class Address(msgspec.Struct, kw_only=True):
    email: str | None = None

    def meaning(self) -> str:
        wrong = _Wrong()
        email = wrong.email("email", self.email)
        wrong.end()
        return email


class MailedCode(msgspec.Struct, kw_only=True):
    """From the link in a letter."""

    token: str | None = None
    code: str | None = None

    def meaning(self) -> str:
        wrong = _Wrong()
        token = wrong.text("token", self.token or self.code)
        wrong.end()
        return token


class Reset(msgspec.Struct, kw_only=True):
    """`token` from the link in a letter."""

    token: str | None = None
    code: str | None = None
    password: str | None = None
    new_password: str | None = None
    confirm_password: str | None = None
    password_confirm: str | None = None

    def meaning(self) -> tuple[str, str]:
        """The token and the new password."""
        wrong = _Wrong()
        token = wrong.text("token", self.token or self.code)
        password = wrong.secret("password", self.password or self.new_password)
        wrong.confirmed(password, self.confirm_password or self.password_confirm)
        wrong.end()
        return token, password


class RefreshBody(msgspec.Struct):
    """Left out, the cookie is meant."""

    refresh: str | None = None
    refresh_token: str | None = None


class User(msgspec.Struct, frozen=True):
    id: str
    email: str | None
    username: str
    display_name: str
    first_name: str
    last_name: str
    is_email_verified: bool
    two_factor_enabled: bool
    date_joined: str

    @classmethod
    def of(cls, person: Person) -> User:
        return cls(
            person.id,
            person.email,
            person.username,
            person.display_name,
            person.first_name,
            person.last_name,
            person.email_verified,
            person.second_factor,
            iso(person.created_at_ms),
        )


class SignedIn(msgspec.Struct, frozen=True):
    access: str
    refresh: str
    user: User


class Registered(msgspec.Struct, frozen=True):
    """`verification_sent` is false if that address has had several letters in the last minutes."""

    access: str
    refresh: str
    user: User
    verification_sent: bool


class Refreshed(msgspec.Struct, frozen=True):
    access: str
    refresh: str


class TwoFactorSetUp(msgspec.Struct, frozen=True):
    """`qr_code` is a `data:` URL of a PNG."""

    secret: str
    otpauth_url: str
    qr_code: str


class BackupCodes(msgspec.Struct, frozen=True):
    backup_codes: tuple[str, ...]


class Detail(msgspec.Struct, frozen=True):
    detail: str


class LoginSession(msgspec.Struct, frozen=True):
    """`current`: the one that asks."""

    id: str
    device: str
    created_at: str
    last_used_at: str
    expires_at: str
    current: bool

    @classmethod
    def of(cls, login: Login, current: str | None) -> LoginSession:
        return cls(
            login.id,
            login.device,
            iso(login.created_at_ms),
            iso(login.last_used_at_ms),
            iso(login.expires_at_ms),
            login.id == current,
        )


class LoginSessions(msgspec.Struct, frozen=True):
    """One page holds them all."""

    results: tuple[LoginSession, ...]
    next: str | None = None
    previous: str | None = None


def iso(ms: float) -> str:
    """`2025-10-20T10:30:00.000Z`"""
    days, of_day = divmod(int(ms), DAY_MS)
    minute, of_minute = divmod(of_day, 60_000)
    second, of_second = divmod(of_minute, 1_000)
    return f"{_day(days)}{_MINUTES[minute]}{_SECONDS[second]}{_MILLISECONDS[of_second]}"


@lru_cache(maxsize=1024)
def _day(days: int) -> str:
    return (date(1970, 1, 1) + timedelta(days)).isoformat()


# Lists are full of times: put together from these, one takes a quarter of the time.
_MINUTES = [f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(24 * 60)]
_SECONDS = [f"{second:02}." for second in range(60)]
_MILLISECONDS = [f"{ms:03}Z" for ms in range(1000)]


class _Wrong:
    """What is wrong with a body so far."""

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}

    def say(self, field: str, sentence: str) -> None:
        self._fields.setdefault(field, []).append(sentence)

    def text(self, field: str, value: str | None) -> str:
        """Without the spaces around it."""
        return self.secret(field, None if value is None else value.strip())

    def secret(self, field: str, value: str | None) -> str:
        """Exactly as written."""
        if value is None:
            self.say(field, REQUIRED)
        elif not value.strip():
            self.say(field, BLANK)
        elif len(value) > LONGEST_SECRET:
            self.say(field, f"Ensure this field has no more than {LONGEST_SECRET} characters.")
        return value or ""

    def email(self, field: str, value: str | None) -> str:
        email = self.text(field, value)
        if email and not (
            _EMAIL.fullmatch(email) and email.isprintable() and len(email_key(email)) <= LONGEST_EMAIL
        ):
            self.say(field, "Enter a valid email address.")
        return email

    def name(self, field: str, value: str | None) -> str:
        name = (value or "").strip()
        if len(name) > LONGEST_NAME:
            self.say(field, f"Ensure this field has no more than {LONGEST_NAME} characters.")
        if not name.isprintable():
            self.say(field, "Not a valid string.")
        return name

    def confirmed(self, password: str, again: str | None) -> None:
        if again is not None and again != password:
            self.say("confirm_password", "The two passwords are not the same.")

    def end(self) -> None:
        if self._fields:
            raise Invalid(self._fields)
