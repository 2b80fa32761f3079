"""Mail behind its port: an SMTP server (RFC 5321) that the operator names, or a folder of `.eml` files to open.

What people wrote becomes headers only through the standard library's own composing, which refuses a line end in one.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from secrets import token_hex
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from tutti.platform.mail.mail import Undeliverable
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.mail")

ANSWER_WITHIN_S = 20.0
PORTS = {"smtp": 587, "smtps": 465}
NOT_AN_ADDRESS = "Nobody can be written to at this address."


class Tls(Enum):
    """NONE is for a server on this machine: elsewhere, letters and a password would travel in clear."""

    NONE = "none"
    STARTTLS = "starttls"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who letters are from."""

    address: Address

    @classmethod
    def of(cls, written: str) -> Sender:
        """`Tutti <tutti@example.org>`, or the address alone. Raises `ValueError`."""
        named = re.fullmatch(r"\s*(.*?)\s*<([^<>]+)>\s*", written)
        name, spec = (named[1].strip('"'), named[2]) if named else ("", written.strip())
        if not name.isprintable():
            raise ValueError("not a name")
        return cls(_address(spec, name))


def smtp_server(url: str) -> SmtpServer:
    """`smtp://user:password@host:587` (STARTTLS) or `smtps://…` (TLS at once). Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("not the URL of an SMTP server")
    tls = Tls.ALWAYS if parts.scheme == "smtps" else Tls.STARTTLS
    if tls is Tls.STARTTLS and _is_here(parts.hostname):
        tls = Tls.NONE
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return SmtpServer(parts.hostname, parts.port or PORTS[parts.scheme], tls, user, password)


class SmtpMail:
    """`trusted`: whose certificates count; None: the system's."""

    def __init__(self, server: SmtpServer, sender: Sender, *, trusted: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._sender = sender
        self._trusted = trusted

    async def send(
        self, to: str, subject: str, text: str, html: str, *, letter_id: str | None = None
    ) -> None:
        message = composed(self._sender, to, subject, text, html=html, letter_id=letter_id)
        server = self._server
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.tls is Tls.ALWAYS,
                start_tls=server.tls is Tls.STARTTLS,
                tls_context=self._trusted,
                timeout=ANSWER_WITHIN_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as problem:
            worst = max((refused.code for refused in problem.recipients), default=0)
            raise _refusal(worst, problem) from None
        except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPSenderRefused) as problem:
            # The operator's to mend: letters wait for that.
            sentence = "The mail server does not let us send."
            raise _unavailable(sentence, problem) from None
        except aiosmtplib.SMTPDataError as problem:
            raise _refusal(problem.code, problem) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
            raise _unavailable("The mail server cannot be reached.", problem) from None


class FolderMail:
    """One file for each letter; the oldest are deleted when there are many."""

    def __init__(self, folder: Path, sender: Sender, *, most: int = 1000) -> None:
        self._folder = folder
        self._sender = sender
        self._most = most

    async def send(
        self, to: str, subject: str, text: str, html: str, *, letter_id: str | None = None
    ) -> None:
        message = composed(self._sender, to, subject, text, html=html, letter_id=letter_id)
        try:
            path = await asyncio.to_thread(self._keep, to, bytes(message), letter_id or token_hex(8))
        except OSError as problem:
            raise _unavailable("The letter cannot be kept.", problem) from None
        log.info("mail.kept", file=str(path))

    def _keep(self, to: str, message: bytes, letter_id: str) -> Path:
        """Whole or not at all; sent again it is the same file."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        again = sorted(self._folder.glob(f"*-{_plain(letter_id)}.eml"))
        name = f"{time.time_ns() // 1_000_000}-{_plain(to)}-{_plain(letter_id)}.eml"
        path = again[0] if again else self._folder / name
        beside = path.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_bytes(message)
        beside.replace(path)
        for old in sorted(self._folder.glob("*.eml"))[: -self._most]:
            old.unlink(missing_ok=True)
        return path


def composed(
    sender: Sender, to: str, subject: str, text: str, *, html: str, letter_id: str | None
) -> EmailMessage:
    """Raises `Undeliverable`."""
    try:
        recipient = _address(to, "")
        message = EmailMessage(policy=SMTP)
        message["From"] = sender.address
        message["To"] = recipient
        message["Subject"] = subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{_plain(letter_id or token_hex(16))}@{sender.address.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
    except (ValueError, MessageError, UnicodeError):
        raise Undeliverable(NOT_AN_ADDRESS) from None
    return message


def _address(spec: str, name: str) -> Address:
    """Its domain in ASCII (IDNA). Raises `ValueError`, also for what is several addresses."""
    user, at, domain = spec.strip().rpartition("@")
    if not (user and at and domain) or not spec.isprintable():
        raise ValueError("not an address")
    try:
        address = Address(name, addr_spec=f"{user}@{domain.encode('idna').decode('ascii')}")
    except (MessageError, IndexError, UnicodeError) as problem:
        raise ValueError(str(problem)) from None
    if "." not in address.domain and address.domain != "localhost":
        raise ValueError("not an address")
    return address


def _plain(text: str) -> str:
    """As a part of a file's name, or of an id."""
    return re.sub(r"[^A-Za-z0-9@.-]", "_", text)[:80].lstrip(".")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refusal(code: int, problem: Exception) -> Exception:
    """RFC 5321 section 4.2.1: 5yz is for good."""
    if 500 <= code < 600:
        log.warning("mail.refused", code=code)
        return Undeliverable("The mail server refused this letter or its address.")
    return _unavailable("The mail server wants to be asked later.", problem)


def _unavailable(sentence: str, problem: Exception) -> Unavailable:
    """What the server says is for the log: it may repeat what it was told."""
    log.warning("mail.unavailable", problem=type(problem).__name__, meaning=sentence)
    return Unavailable(sentence)
