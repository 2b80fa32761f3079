"""A real SMTP server of the tests' own: it keeps what it is given, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = b"tutti", b"p@ss word"


class House:
    """`letters`: in the order in which they came. `refuse`: recipients, and what they are answered."""

    def __init__(self) -> None:
        self.port = 0
        self.letters: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.in_clear: list[bool] = []
        self.refuse: dict[str, str] = {}
        self.answer = "250 kept"
        self._news = asyncio.Condition()

    async def got(self, count: int) -> EmailMessage:
        """The newest letter, once there are so many."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.letters) >= count)
        return self.letters[-1]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients.append(list(envelope.rcpt_tos))
        self.in_clear.append(session.ssl is None)
        async with self._news:
            self._news.notify_all()
        return self.answer


@asynccontextmanager
async def smtp(
    *, tls: ssl.SSLContext | None = None, password: bool = False, port: int = 0
) -> AsyncIterator[House]:
    """`tls`: STARTTLS is offered, and needed."""
    house = House()

    def known(_: SMTP, __: Session, ___: Envelope, mechanism: str, auth: object) -> AuthResult:
        right = isinstance(auth, LoginPassword) and (auth.login, auth.password) == (USER, PASSWORD)
        return AuthResult(success=right, handled=False)

    def session() -> SMTP:
        return SMTP(
            house,
            hostname="localhost",
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=known if password else None,
            auth_required=password,
            auth_require_tls=tls is not None,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", port)
    house.port = server.sockets[0].getsockname()[1]
    try:
        yield house
    finally:
        server.close()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for `localhost`, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    trusting = ssl.create_default_context(cafile=str(pem))
    return serving, trusting
