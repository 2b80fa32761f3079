"""Every setting of the server, read once at start from the environment and a `.env` file.

Nothing else in the project reads the environment. An empty value is the same as none. All mistakes are reported
together, one line each, naming the variable; the value of a secret is never part of a line.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from dotenv.parser import parse_stream

from tutti.infra.mail import Sender, smtp_server

E = TypeVar("E", bound=Enum)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

GUIDE_PORTS = (3000, 3001)
MIN_SECRET_BYTES = 32
DATABASES = ("postgres", "postgresql", "sqlite")
REDISES = ("redis", "rediss", "valkey", "valkeys", "unix")
NOBODY = "Tutti <tutti@localhost>"
"""Whom letters are from that only go into a folder."""
LEAST_PASSWORD_KIB = 36 * 1024
"""OWASP's least for Argon2id: 12 MiB three times, 19 MiB twice."""


class BadSettings(Exception):
    """The server must not start: one sentence per mistake, each beginning with the name of what is wrong."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Environment(Enum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"
    TEST = "test"


class Mode(Enum):
    """Open: what a client claims is believed. Closed: every token is verified (DESIGN D8)."""

    OPEN = "open"
    CLOSED = "closed"


class LogStyle(Enum):
    JSON = "json"
    CONSOLE = "console"


class Switch(Enum):
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`ports`: all of them serve everything. `cors_origins`: `("*",)` is any, none is the server's own origin only.

    `jwt_secret` is a random one if the operator gave none, so tokens do not outlive the process (open mode only).
    `database_url` None: a SQLite file under `data`. `jwt_secret_previous` counts until then, milliseconds since 1970.
    `unused`: names of settings that were given and that this version does not use; the server says so once.
    """

    environment: Environment
    mode: Mode
    ports: tuple[int, ...]
    data: Path
    log: LogStyle
    limits: bool
    max_connections: int
    max_connections_per_address: int
    max_connections_per_second: int
    trusted_proxies: tuple[Network, ...]
    allow_open_on: tuple[str, ...]
    cors_origins: tuple[str, ...]
    frontend_url: str | None
    smtp_url: str | None = field(repr=False)
    mail_from: str
    database_url: str | None = field(repr=False)
    jwt_secret: bytes = field(repr=False)
    jwt_secret_previous: bytes | None = field(repr=False)
    jwt_secret_previous_until_ms: float
    access_token_minutes: int
    refresh_token_days: int
    password_memory_kib: int
    password_passes: int
    internal_api_key: str | None = field(repr=False)
    spotify_client_id: str | None
    spotify_client_secret: str | None = field(repr=False)
    spotify_callback_url: str | None
    spotify_api_url: str
    session_timeout_hours: float
    session_code_length: int
    watch_max_participants: int
    watch_providers: Path | None
    meet_max_participants: int
    meet_recordings: Path | None
    meet_sfu: bool
    meet_mesh_max: int
    meet_sfu_port: int
    meet_sfu_addresses: tuple[str, ...]
    stun_urls: tuple[str, ...]
    turn_urls: tuple[str, ...]
    turn_secret: bytes | None = field(repr=False)
    turn_ttl_s: int
    unused: tuple[str, ...]

    @property
    def recordings(self) -> Path:
        """Where recordings of meetings are kept."""
        return self.meet_recordings or self.data / "recordings"

    @property
    def spotify_enabled(self) -> bool:
        return self.spotify_client_id is not None and self.spotify_client_secret is not None


def environment(dotenv: Path = Path(".env")) -> dict[str, str]:
    """The process's environment over what the file says; `os.environ` itself is left as it is."""
    return {**_read_file(dotenv), **os.environ}


def load(env: Mapping[str, str]) -> Settings:
    """Raises `BadSettings` with every mistake there is."""
    given = _Given(env)
    runs_in = given.choice(_environment_name(given), Environment, Environment.DEVELOPMENT)
    production = runs_in is Environment.PRODUCTION
    mode = given.choice("TUTTI_MODE", Mode, Mode.CLOSED if production else Mode.OPEN)
    closed = mode is Mode.CLOSED
    client_id, client_secret = _spotify_app(given)
    previous_secret, previous_until_ms = _previous_secret(given)
    memory_kib, passes = _password_cost(given, closed=closed)
    turn_urls, turn_secret = _turn(given)
    settings = Settings(
        environment=runs_in,
        mode=mode,
        ports=_ports(given),
        data=Path(given.text("TUTTI_DATA") or "data"),
        log=given.choice("TUTTI_LOG", LogStyle, LogStyle.JSON if production else LogStyle.CONSOLE),
        limits=_limits(given, closed=closed),
        max_connections=given.whole("TUTTI_MAX_CONNECTIONS", 20_000, 1, 10_000_000),
        max_connections_per_address=given.whole("TUTTI_MAX_CONNECTIONS_PER_ADDRESS", 200, 1, 10_000_000),
        max_connections_per_second=given.whole("TUTTI_MAX_CONNECTIONS_PER_SECOND", 200, 1, 1_000_000),
        trusted_proxies=_trusted_proxies(given),
        allow_open_on=tuple(given.several("TUTTI_ALLOW_OPEN_ON")),
        cors_origins=_cors_origins(given, closed=closed),
        frontend_url=given.url("FRONTEND_URL", "http", "https"),
        smtp_url=_smtp_url(given),
        mail_from=_mail_from(given),
        database_url=_database_url(given),
        jwt_secret=_jwt_secret(given, closed=closed),
        jwt_secret_previous=previous_secret,
        jwt_secret_previous_until_ms=previous_until_ms,
        access_token_minutes=given.whole("ACCESS_TOKEN_MINUTES", 15, 1, 1_440),
        refresh_token_days=given.whole("REFRESH_TOKEN_DAYS", 7, 1, 365),
        password_memory_kib=memory_kib,
        password_passes=passes,
        internal_api_key=_internal_api_key(given),
        spotify_client_id=client_id,
        spotify_client_secret=client_secret,
        spotify_callback_url=given.url("SPOTIFY_CALLBACK_URL"),
        spotify_api_url=_spotify_api_url(given, closed=closed),
        session_timeout_hours=given.decimal("SESSION_TIMEOUT_HOURS", 4.0, 0.0, 168.0),
        session_code_length=given.whole("SESSION_CODE_LENGTH", 6, 4, 12),
        watch_max_participants=given.whole("WATCH_MAX_PARTICIPANTS", 10, 1, 100_000),
        watch_providers=_watch_providers(given),
        meet_max_participants=given.whole("MEET_MAX_PARTICIPANTS", 50, 1, 100_000),
        meet_recordings=_path(given, "MEET_RECORDINGS"),
        meet_sfu=given.choice("MEET_SFU", Switch, Switch.OFF) is Switch.ON,
        meet_mesh_max=given.whole("MEET_MESH_MAX", 4, 1, 100_000),
        meet_sfu_port=given.whole("MEET_SFU_PORT", 0, 0, 65_535),
        meet_sfu_addresses=_addresses(given, "MEET_SFU_ADDRESSES"),
        stun_urls=_ice_urls(given, "STUN_URLS", "stun"),
        turn_urls=turn_urls,
        turn_secret=turn_secret,
        turn_ttl_s=given.whole("TURN_TTL_S", 3_600, 60, 86_400),
        unused=_unused(given),
    )
    if given.mistakes:
        raise BadSettings(*given.mistakes)
    return settings


def check_bind(settings: Settings, host: str) -> None:
    """Raises `BadSettings` if anybody who reaches `host` could claim to be anybody, unless that was asked for by name."""
    if settings.mode is Mode.CLOSED or _is_loopback(host):
        return
    if _same_host_name(host) in {_same_host_name(allowed) for allowed in settings.allow_open_on}:
        return
    raise BadSettings(
        f"TUTTI_MODE: open mode believes whatever a client claims, so it is not opened on {host!r}, which other machines"
        f" can reach. Set TUTTI_MODE=closed, or allow it by name: TUTTI_ALLOW_OPEN_ON={host}"
    )


class _Given:
    """What the operator wrote, and what is wrong with it so far."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.mistakes: list[str] = []

    def wrong(self, name: str, got: str, expected: str) -> None:
        self.mistakes.append(f"{name}: got {got}, expected {expected}")

    def secret(self, name: str) -> str | None:
        """Exactly as written: somebody else may share it."""
        value = self._env.get(name, "")
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            self.wrong(name, "half a character", "text or bytes")
            return None
        return value if value.strip() else None

    def text(self, name: str) -> str | None:
        return self._env.get(name, "").strip() or None

    def several(self, name: str) -> list[str]:
        return [part for raw in (self.text(name) or "").split(",") if (part := raw.strip())]

    def choice(self, name: str, choices: type[E], default: E) -> E:
        value = self.text(name)
        if value is None:
            return default
        for choice in choices:
            if choice.value == value.lower():
                return choice
        self.wrong(name, _shown(value), "one of " + ", ".join(str(choice.value) for choice in choices))
        return default

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name) or str(default)
        if re.fullmatch(r"\d{1,12}", value, re.ASCII) and least <= int(value) <= most:
            return int(value)
        self.wrong(name, _shown(value), f"a whole number from {least} to {most}")
        return default

    def decimal(self, name: str, default: float, above: float, most: float) -> float:
        value = self.text(name) or str(default)
        if re.fullmatch(r"\d{1,12}(\.\d{1,12})?", value, re.ASCII) and above < float(value) <= most:
            return float(value)
        self.wrong(name, _shown(value), f"a number above {above:g}, at most {most:g}")
        return default

    def url(self, name: str, *schemes: str) -> str | None:
        value = self.text(name)
        if value is None:
            return None
        scheme, host = _scheme_and_host(value)
        if scheme and (host or not schemes) and (scheme in schemes or not schemes):
            return value.rstrip("/")
        self.wrong(name, _shown(value), "a URL" + (" with " + " or ".join(schemes) if schemes else ""))
        return None


def _environment_name(given: _Given) -> str:
    return "TUTTI_ENV" if given.text("TUTTI_ENV") else "NODE_ENV"


def _ports(given: _Given) -> tuple[int, ...]:
    """One port if the operator names one, else both that the guides' clients expect. 0 is any free port."""
    return GUIDE_PORTS if given.text("PORT") is None else (given.whole("PORT", 0, 0, 65_535),)


def _limits(given: _Given, *, closed: bool) -> bool:
    limits = given.choice("TUTTI_LIMITS", Switch, Switch.ON) is Switch.ON
    if closed and not limits:
        given.wrong("TUTTI_LIMITS", "'off'", "on in closed mode: off is for load tests only")
    return limits


def _trusted_proxies(given: _Given) -> tuple[Network, ...]:
    networks: list[Network] = []
    for part in given.several("TUTTI_TRUSTED_PROXIES"):
        try:
            networks.append(ipaddress.ip_network(part))
        except ValueError:
            given.wrong(
                "TUTTI_TRUSTED_PROXIES", _shown(part), "addresses or networks such as 10.0.0.0/8, with commas"
            )
    return tuple(networks)


def _cors_origins(given: _Given, *, closed: bool) -> tuple[str, ...]:
    origins = [part.rstrip("/").lower() for part in given.several("CORS_ORIGIN")]
    if "*" in origins:
        return ("*",)
    for origin in origins:
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s/@?#]+", origin):
            given.wrong(
                "CORS_ORIGIN", _shown(origin), "* or origins such as https://example.org, with commas"
            )
    if not origins:
        return () if closed else ("*",)
    return tuple(origins)


def _jwt_secret(given: _Given, *, closed: bool) -> bytes:
    written = given.secret("JWT_SECRET")
    secret = (written or "").encode("utf-8", "surrogateescape")
    if closed and len(secret) < MIN_SECRET_BYTES:
        got = f"{len(secret)} bytes" if secret else "nothing"
        given.wrong("JWT_SECRET", got, f"at least {MIN_SECRET_BYTES} bytes in closed mode")
    return secret or secrets.token_bytes(MIN_SECRET_BYTES)


def _previous_secret(given: _Given) -> tuple[bytes | None, float]:
    """A key that is being replaced, and the end of its time: without one it would never be replaced."""
    secret, until = given.secret("JWT_SECRET_PREVIOUS"), given.text("JWT_SECRET_PREVIOUS_UNTIL")
    if secret is None and until is None:
        return None, 0.0
    if secret is None:
        given.wrong(
            "JWT_SECRET_PREVIOUS", "nothing", "the secret that counts until JWT_SECRET_PREVIOUS_UNTIL"
        )
        return None, 0.0
    expected = "a time with its zone, such as 2026-01-31T12:00:00Z"
    if until is None:
        given.wrong("JWT_SECRET_PREVIOUS_UNTIL", "nothing", expected)
        return None, 0.0
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        given.wrong("JWT_SECRET_PREVIOUS_UNTIL", _shown(until), expected)
        return None, 0.0
    return secret.encode("utf-8", "surrogateescape"), moment.timestamp() * 1000


def _password_cost(given: _Given, *, closed: bool) -> tuple[int, int]:
    memory_kib = given.whole("PASSWORD_MEMORY_KIB", 19_456, 8, 4_194_304)
    passes = given.whole("PASSWORD_PASSES", 2, 1, 100)
    if closed and memory_kib * passes < LEAST_PASSWORD_KIB:
        given.wrong(
            "PASSWORD_MEMORY_KIB",
            f"{memory_kib} with {passes} passes",
            f"at least {LEAST_PASSWORD_KIB} KiB × passes in closed mode",
        )
    return memory_kib, passes


def _internal_api_key(given: _Given) -> str | None:
    key = given.secret("INTERNAL_API_KEY")
    if key is not None and not re.fullmatch(r"[!-~]+", key):
        given.wrong(
            "INTERNAL_API_KEY", "characters that a header cannot carry", "visible ASCII without spaces"
        )
    return key


def _spotify_app(given: _Given) -> tuple[str | None, str | None]:
    client_id, client_secret = given.text("SPOTIFY_CLIENT_ID"), given.secret("SPOTIFY_CLIENT_SECRET")
    if client_id and not client_secret:
        given.wrong(
            "SPOTIFY_CLIENT_SECRET", "nothing", "the secret that goes with SPOTIFY_CLIENT_ID, or neither"
        )
    if client_secret and not client_id:
        given.wrong("SPOTIFY_CLIENT_ID", "nothing", "the id that goes with SPOTIFY_CLIENT_SECRET, or neither")
    return client_id, client_secret


def _spotify_api_url(given: _Given, *, closed: bool) -> str:
    url = given.url("SPOTIFY_API_URL", "http", "https") or "https://api.spotify.com"
    scheme, host = _scheme_and_host(url)
    if closed and scheme != "https" and not _is_loopback(host):
        given.wrong("SPOTIFY_API_URL", _shown(url), "https in closed mode: people's tokens travel there")
    return url


def _watch_providers(given: _Given) -> Path | None:
    path = given.text("WATCH_PROVIDERS")
    if path is not None and not Path(path).is_file():
        given.wrong("WATCH_PROVIDERS", _shown(path), "the path of a TOML file that exists")
    return None if path is None else Path(path)


def _ice_urls(given: _Given, name: str, scheme: str) -> tuple[str, ...]:
    """RFC 7064 and RFC 7065: no slashes, and `s` for TLS."""
    urls = given.several(name)
    pattern = rf"{scheme}s?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{{1,5}})?(\?transport=(udp|tcp))?"
    for url in urls:
        if not re.fullmatch(pattern, url, re.ASCII):
            given.wrong(name, _shown(url), f"URLs such as {scheme}:{scheme}.example.org:3478, with commas")
    return tuple(urls)


def _addresses(given: _Given, name: str) -> tuple[str, ...]:
    found = given.several(name)
    for address in found:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            given.wrong(name, address, "IP addresses, with commas between them")
    return tuple(found)


def _turn(given: _Given) -> tuple[tuple[str, ...], bytes | None]:
    urls, secret = _ice_urls(given, "TURN_URLS", "turn"), given.secret("TURN_SECRET")
    if urls and secret is None:
        given.wrong("TURN_SECRET", "nothing", "the static-auth-secret of the servers in TURN_URLS")
    if secret is not None and not urls:
        given.wrong("TURN_URLS", "nothing", "the servers that TURN_SECRET is for, or neither")
    return urls, None if secret is None else secret.encode("utf-8", "surrogateescape")


def _smtp_url(given: _Given) -> str | None:
    """It may hold a password, and so is not shown."""
    value = (given.secret("SMTP_URL") or "").strip()
    if not value:
        return None
    try:
        smtp_server(value)
    except ValueError:
        given.wrong("SMTP_URL", "something else", "smtp://user:password@mail.example.org:587, or smtps://")
        return None
    return value


def _mail_from(given: _Given) -> str:
    written = given.text("MAIL_FROM")
    if written is None:
        if given.secret("SMTP_URL"):
            given.wrong("MAIL_FROM", "nothing", "whom letters are from, for the server in SMTP_URL")
        return NOBODY
    try:
        Sender.of(written)
    except ValueError:
        given.wrong(
            "MAIL_FROM", _shown(written), "an address, or a name and an address: Tutti <tutti@example.org>"
        )
    return written


def _path(given: _Given, name: str) -> Path | None:
    path = given.text(name)
    return None if path is None else Path(path)


def _database_url(given: _Given) -> str | None:
    return _store_url(given, "DATABASE_URL", DATABASES)


def _unused(given: _Given) -> tuple[str, ...]:
    """They are checked all the same, so that they are right on the day when they count."""
    _store_url(given, "REDIS_URL", REDISES)
    host = given.text("REDIS_HOST")
    if host is not None and not re.fullmatch(
        r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?", host, re.ASCII
    ):
        given.wrong("REDIS_HOST", _shown(host), "the name or address of a host; a URL goes into REDIS_URL")
    port = given.secret("REDIS_PORT") or ""
    if not port.startswith("tcp://"):  # set by what runs containers, for another
        given.whole("REDIS_PORT", 6_379, 1, 65_535)
    return tuple(name for name in ("REDIS_URL", "REDIS_HOST", "REDIS_PORT") if given.secret(name))


def _store_url(given: _Given, name: str, schemes: tuple[str, ...]) -> str | None:
    """It may hold a password, and so is not shown."""
    value = (given.secret(name) or "").strip()
    if not value:
        return None
    scheme = value.partition("://")[0].partition("+")[0].lower() if "://" in value else ""
    if scheme not in schemes:
        given.wrong(
            name, "another scheme" if scheme else "no scheme", " or ".join(f"{s}://" for s in schemes)
        )
    return value


def _read_file(dotenv: Path) -> dict[str, str]:
    try:
        with dotenv.open(encoding="utf-8") as lines:
            bindings = list(parse_stream(lines))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as problem:
        raise BadSettings(f"{dotenv}: cannot be read ({type(problem).__name__})") from None
    if broken := [binding.original.line for binding in bindings if binding.error]:
        raise BadSettings(*(f"{dotenv}: line {line} is not NAME=value" for line in broken))
    return {binding.key: binding.value for binding in bindings if binding.key and binding.value}


def _shown(value: str) -> str:
    """The value as a line may show it: short, without control characters or a URL's user name and password."""
    return repr(re.sub(r"//[^/]*@", "//…@", value)[:80])


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme if "://" in url else "", parts.hostname or ""
    except ValueError:
        return "", ""


def _is_loopback(host: str) -> bool:
    name = _same_host_name(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _same_host_name(host: str) -> str:
    """One spelling of a host: `[::1]` and `0:0:0:0:0:0:0:1` are the same."""
    name = host.strip().lower().removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.removesuffix(".")
