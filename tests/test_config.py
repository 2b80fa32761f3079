"""Settings: what the guides' own `.env` files mean here, and what a mistake looks like to the operator."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutti.config import BadSettings, Environment, LogStyle, Mode, Settings, check_bind, environment, load

ROOT = Path(__file__).parent.parent
SECRET = "s3cret-value-" + "x" * 32
CLOSED = {"TUTTI_MODE": "closed", "JWT_SECRET": SECRET}


def mistakes(env: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(BadSettings) as caught:
        load(env)
    return caught.value.mistakes


def test_nothing_set_is_an_open_development_server_on_both_guides_ports() -> None:
    settings = load({})
    assert settings.ports == (3000, 3001)
    assert (settings.environment, settings.mode, settings.log) == (
        Environment.DEVELOPMENT,
        Mode.OPEN,
        LogStyle.CONSOLE,
    )
    assert settings.cors_origins == ("*",)
    assert settings.limits
    assert (
        settings.max_connections,
        settings.max_connections_per_address,
        settings.max_connections_per_second,
    ) == (20_000, 200, 200)
    assert (settings.session_timeout_hours, settings.session_code_length) == (4.0, 6)
    assert settings.watch_max_participants == 10
    assert not settings.spotify_enabled
    assert settings.spotify_api_url == "https://api.spotify.com"
    assert settings.unused == ()
    assert settings.data == Path("data")


def test_production_is_closed_and_logs_json_and_serves_its_own_origin_only() -> None:
    settings = load({"NODE_ENV": "production", "JWT_SECRET": SECRET})
    assert (settings.mode, settings.log, settings.cors_origins) == (Mode.CLOSED, LogStyle.JSON, ())


def test_tutti_env_wins_over_node_env() -> None:
    assert load({"NODE_ENV": "production", "TUTTI_ENV": "test"}).environment is Environment.TEST


def test_the_listen_guides_env_file_is_accepted_and_says_what_is_unused() -> None:
    settings = load(
        {
            "PORT": "3001",
            "NODE_ENV": "development",
            "SPOTIFY_CLIENT_ID": "your_spotify_client_id",
            "SPOTIFY_CLIENT_SECRET": "your_spotify_client_secret",
            "REDIS_URL": "redis://localhost:6379",
            "DATABASE_URL": "postgresql://user:password@localhost:5432/spotify_sync",
            "SESSION_TIMEOUT_HOURS": "4",
            "SESSION_CODE_LENGTH": "6",
        }
    )
    assert settings.ports == (3001,)
    assert settings.spotify_enabled
    assert settings.unused == ("REDIS_URL",)
    assert settings.database_url == "postgresql://user:password@localhost:5432/spotify_sync"


def test_the_watch_guides_env_file_lacks_only_a_long_enough_secret() -> None:
    env = {
        "NODE_ENV": "production",
        "PORT": "3000",
        "JWT_SECRET": "your-super-secret-jwt-key",
        "MONGODB_URI": "mongodb://localhost:27017/moviestream",
        "REDIS_URL": "redis://localhost:6379",
        "PROVIDERS_BACKEND_URL": "https://providers-backend.railway.app",
        "INTERNAL_API_KEY": "your-internal-api-key",
        "CORS_ORIGIN": "https://your-frontend-url",
    }
    assert mistakes(env) == ("JWT_SECRET: got 25 bytes, expected at least 32 bytes in closed mode",)
    settings = load({**env, "JWT_SECRET": SECRET})
    assert settings.cors_origins == ("https://your-frontend-url",)
    assert settings.internal_api_key == "your-internal-api-key"


NEARBY_GUIDE = {
    "NODE_ENV": "development",
    "PORT": "3000",
    "DATABASE_URL": "postgresql://postgres:password@db.xxx.supabase.co:5432/postgres",
    "REDIS_HOST": "localhost",
    "REDIS_PORT": "6379",
    "SPOTIFY_CLIENT_ID": "your-client-id",
    "SPOTIFY_CLIENT_SECRET": "your-client-secret",
    "SPOTIFY_CALLBACK_URL": "http://localhost:3000/api/v1/auth/spotify/callback",
    "JWT_SECRET": "your-super-secret-key",
    "JWT_EXPIRATION": "7d",
    "FRONTEND_URL": "http://localhost:3001",
}


def test_what_container_hosts_set_of_a_redis_beside_it_does_not_stop_the_start() -> None:
    assert load({"REDIS_PORT": "tcp://10.0.0.1:6379"}).unused == ("REDIS_PORT",)


def test_the_nearby_guides_env_file_is_accepted_and_says_what_is_unused() -> None:
    settings = load(NEARBY_GUIDE)
    assert settings.unused == ("REDIS_HOST", "REDIS_PORT")
    assert settings.database_url == NEARBY_GUIDE["DATABASE_URL"]
    assert settings.spotify_callback_url == NEARBY_GUIDE["SPOTIFY_CALLBACK_URL"]


@pytest.mark.parametrize(
    "host", ["redis", "redis_1", "cache.example.org", "10.0.0.7", "::1", "[2001:db8::1]"]
)
def test_any_host_may_hold_redis(host: str) -> None:
    assert load({"REDIS_HOST": host}).unused == ("REDIS_HOST",)


def test_open_mode_makes_its_own_secret_each_time() -> None:
    first, second = load({}).jwt_secret, load({}).jwt_secret
    assert len(first) >= 32
    assert first != second


@pytest.mark.parametrize(
    ("name", "bad", "expected"),
    [
        ("PORT", "70000", "a whole number from 0 to 65535"),
        ("PORT", "３０００", "a whole number from 0 to 65535"),
        ("TUTTI_ENV", "staging", "one of development, production, test"),
        ("NODE_ENV", "prod", "one of development, production, test"),
        ("TUTTI_MODE", "ajar", "one of open, closed"),
        ("TUTTI_LOG", "xml", "one of json, console"),
        ("TUTTI_LIMITS", "no", "one of on, off"),
        ("SESSION_TIMEOUT_HOURS", "0", "a number above 0, at most 168"),
        ("SESSION_TIMEOUT_HOURS", "168.5", "a number above 0, at most 168"),
        ("SESSION_TIMEOUT_HOURS", "nan", "a number above 0, at most 168"),
        ("SESSION_TIMEOUT_HOURS", "inf", "a number above 0, at most 168"),
        ("SESSION_CODE_LENGTH", "3", "a whole number from 4 to 12"),
        ("SESSION_CODE_LENGTH", "six", "a whole number from 4 to 12"),
        ("WATCH_MAX_PARTICIPANTS", "0", "a whole number from 1 to 100000"),
        ("TUTTI_MAX_CONNECTIONS", "-1", "a whole number from 1 to 10000000"),
        ("TUTTI_MAX_CONNECTIONS_PER_ADDRESS", "1e3", "a whole number from 1 to 10000000"),
        ("TUTTI_MAX_CONNECTIONS_PER_SECOND", "9" * 5000, "a whole number from 1 to 1000000"),
        ("FRONTEND_URL", "localhost:3001", "a URL with http or https"),
        *(
            ("MAIL_FROM", bad, "an address, or a name and an address: Tutti <tutti@example.org>")
            for bad in (
                "nobody",
                "a@b@c",
                "Me <me>",
                "me@example.org, you@example.org",
                "Me\x00 <me@example.org>",
            )
        ),
        ("SPOTIFY_API_URL", "ftp://api.spotify.com", "a URL with http or https"),
        ("SPOTIFY_API_URL", "http://[::1", "a URL with http or https"),
        ("SPOTIFY_CALLBACK_URL", "callback", "a URL"),
        ("CORS_ORIGIN", "example.org", "* or origins such as https://example.org, with commas"),
        ("CORS_ORIGIN", "https://a.example/path", "* or origins such as https://example.org, with commas"),
        ("TUTTI_TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks such as 10.0.0.0/8, with commas"),
        ("WATCH_PROVIDERS", "no/such/file.toml", "the path of a TOML file that exists"),
        ("ACCESS_TOKEN_MINUTES", "0", "a whole number from 1 to 1440"),
        ("REFRESH_TOKEN_DAYS", "366", "a whole number from 1 to 365"),
        ("PASSWORD_MEMORY_KIB", "7", "a whole number from 8 to 4194304"),
        ("PASSWORD_PASSES", "0", "a whole number from 1 to 100"),
        ("DATABASE_URL", "mysql://localhost/x", "postgres:// or postgresql:// or sqlite://"),
        (
            "REDIS_URL",
            "localhost:6379",
            "redis:// or rediss:// or valkey:// or valkeys:// or unix://",
        ),
        *(
            ("REDIS_HOST", bad, "the name or address of a host; a URL goes into REDIS_URL")
            for bad in ("redis://localhost", "localhost:6379", "two words", "хост", "x" * 254)
        ),
        ("REDIS_PORT", "0", "a whole number from 1 to 65535"),
        ("REDIS_PORT", "65536", "a whole number from 1 to 65535"),
        ("REDIS_PORT", "udp://10.0.0.1:6379", "a whole number from 1 to 65535"),
        ("INTERNAL_API_KEY", "ключ", "visible ASCII without spaces"),
    ],
)
def test_one_mistake_is_one_line_that_names_the_variable_and_what_is_expected(
    name: str, bad: str, expected: str
) -> None:
    (line,) = mistakes({name: bad})
    assert line.startswith(f"{name}: got ")
    assert line.endswith(f", expected {expected}")
    assert "\n" not in line
    assert len(line) < 250


def test_all_mistakes_are_told_at_once() -> None:
    lines = mistakes({"PORT": "x", "TUTTI_MODE": "y", "SESSION_CODE_LENGTH": "z"})
    assert [line.partition(":")[0] for line in lines] == ["TUTTI_MODE", "PORT", "SESSION_CODE_LENGTH"]


def test_a_secret_that_is_no_text_is_one_mistake() -> None:
    assert mistakes({"JWT_SECRET": "\udd00"}) == ("JWT_SECRET: got half a character, expected text or bytes",)


@pytest.mark.parametrize(
    "url",
    ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://h:port", "smtp://h/x", "smtp://h?a=b"],
)
def test_a_mail_server_that_is_none_is_a_mistake_without_its_password(url: str) -> None:
    (line,) = mistakes({"SMTP_URL": url.replace("//h", "//me:hush@h"), "MAIL_FROM": "me@example.org"})
    assert line == (
        "SMTP_URL: got something else, expected smtp://user:password@mail.example.org:587, or smtps://"
    )


def test_with_a_mail_server_letters_are_from_somebody() -> None:
    (line,) = mistakes({"SMTP_URL": "smtp://mail.example.org"})
    assert line.startswith("MAIL_FROM: got nothing")


def test_half_a_spotify_app_is_a_mistake() -> None:
    assert mistakes({"SPOTIFY_CLIENT_ID": "a"})[0].startswith("SPOTIFY_CLIENT_SECRET: got nothing")
    assert mistakes({"SPOTIFY_CLIENT_SECRET": "a"})[0].startswith("SPOTIFY_CLIENT_ID: got nothing")


def test_a_secret_that_is_being_replaced_has_an_end() -> None:
    until = "2026-01-31T12:00:00+01:00"
    settings = load({"JWT_SECRET_PREVIOUS": "old", "JWT_SECRET_PREVIOUS_UNTIL": until})
    assert settings.jwt_secret_previous == b"old"
    assert settings.jwt_secret_previous_until_ms == 1_769_857_200_000
    assert "old" not in repr(settings)
    for bad in ("", "tomorrow", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z"):
        (line,) = mistakes({"JWT_SECRET_PREVIOUS": "old", "JWT_SECRET_PREVIOUS_UNTIL": bad})
        assert line.startswith("JWT_SECRET_PREVIOUS_UNTIL: got ")
    (line,) = mistakes({"JWT_SECRET_PREVIOUS_UNTIL": until})
    assert line.startswith("JWT_SECRET_PREVIOUS: got nothing")


def test_closed_mode_hashes_passwords_at_a_price() -> None:
    assert load({"PASSWORD_MEMORY_KIB": "8", "PASSWORD_PASSES": "1"}).password_memory_kib == 8
    (line,) = mistakes({**CLOSED, "PASSWORD_MEMORY_KIB": "8"})
    assert line.startswith("PASSWORD_MEMORY_KIB: got 8 with 2 passes")


def test_limits_cannot_be_off_in_closed_mode() -> None:
    assert not load({"TUTTI_LIMITS": "off"}).limits
    (line,) = mistakes({**CLOSED, "TUTTI_LIMITS": "off"})
    assert line.startswith("TUTTI_LIMITS: got 'off', expected on in closed mode")


def test_closed_mode_sends_tokens_to_spotify_over_https_or_to_this_machine() -> None:
    assert load({**CLOSED, "SPOTIFY_API_URL": "http://127.0.0.1:9"}).spotify_api_url == "http://127.0.0.1:9"
    (line,) = mistakes({**CLOSED, "SPOTIFY_API_URL": "http://standin.example"})
    assert line.startswith("SPOTIFY_API_URL: got 'http://standin.example', expected https")


def test_lists_are_read_with_commas() -> None:
    settings = load(
        {
            "CORS_ORIGIN": "https://A.example/, http://localhost:5173",
            "TUTTI_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "TUTTI_ALLOW_OPEN_ON": "0.0.0.0, party.lan",
        }
    )
    assert settings.cors_origins == ("https://a.example", "http://localhost:5173")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert settings.allow_open_on == ("0.0.0.0", "party.lan")


def test_an_empty_value_is_no_value() -> None:
    empty = dict.fromkeys(("PORT", "JWT_SECRET", "SPOTIFY_CLIENT_ID", "DATABASE_URL", "CORS_ORIGIN"), "")
    settings = load(empty)
    assert (settings.ports, settings.unused, settings.cors_origins) == ((3000, 3001), (), ("*",))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST.", "::1", "[::1]", "::ffff:127.0.0.1"]
)
def test_open_mode_opens_on_loopback(host: str) -> None:
    check_bind(load({}), host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.7", "party.lan", "localhost.example"])
def test_open_mode_is_refused_where_other_machines_reach_it(host: str) -> None:
    with pytest.raises(BadSettings, match="TUTTI_ALLOW_OPEN_ON"):
        check_bind(load({}), host)
    check_bind(load(CLOSED), host)


def test_open_mode_opens_elsewhere_when_asked_by_name() -> None:
    settings = load({"TUTTI_ALLOW_OPEN_ON": "0:0:0:0:0:0:0:0,Party.lan"})
    check_bind(settings, "::")
    check_bind(settings, "party.lan")
    with pytest.raises(BadSettings):
        check_bind(settings, "0.0.0.0")


def test_the_environment_wins_over_the_file_and_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("# comment\nexport PORT=4000\nJWT_SECRET='a$b${c}'\nTUTTI_LOG=json\nEMPTY=\n")
    monkeypatch.setenv("PORT", "5000")
    monkeypatch.delenv("TUTTI_LOG", raising=False)
    before = dict(os.environ)
    env = environment(file)
    assert (env["PORT"], env["JWT_SECRET"], env["TUTTI_LOG"]) == ("5000", "a$b${c}", "json")
    assert dict(os.environ) == before


def test_no_file_is_no_mistake(tmp_path: Path) -> None:
    assert environment(tmp_path / "none") == dict(os.environ)


def test_a_broken_file_names_its_line_and_not_its_content(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"PORT=1\nJWT_SECRET='{SECRET}\n")
    with pytest.raises(BadSettings) as caught:
        environment(file)
    assert "line 2 is not NAME=value" in caught.value.mistakes[0]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_an_unreadable_file_is_a_mistake(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / ".env"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(BadSettings, match="cannot be read"):
        environment(file)


NAMES = [
    "PORT", "TUTTI_ENV", "TUTTI_MODE", "DATABASE_URL", "REDIS_URL", "JWT_SECRET", "SPOTIFY_CLIENT_ID",
    "SPOTIFY_CLIENT_SECRET", "SPOTIFY_API_URL", "SESSION_TIMEOUT_HOURS", "CORS_ORIGIN", "INTERNAL_API_KEY",
    "SMTP_URL", "MAIL_FROM", "FRONTEND_URL", "WATCH_PROVIDERS",
    "TUTTI_TRUSTED_PROXIES", "TUTTI_ALLOW_OPEN_ON", "JWT_SECRET_PREVIOUS",
    "JWT_SECRET_PREVIOUS_UNTIL", "ACCESS_TOKEN_MINUTES", "PASSWORD_MEMORY_KIB", "REDIS_HOST", "REDIS_PORT",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), st.text(st.characters(exclude_characters="\0"), max_size=60)))
def test_whatever_is_set_the_answer_is_settings_or_one_line_per_mistake(env: dict[str, str]) -> None:
    try:
        assert isinstance(load(env), Settings)
    except BadSettings as bad:
        assert bad.mistakes
        for line in bad.mistakes:
            assert line.partition(":")[0] in NAMES
            assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["JWT_SECRET", "INTERNAL_API_KEY", "SPOTIFY_CLIENT_SECRET", "DATABASE_URL", "REDIS_URL"]
)
def test_a_secret_is_in_no_message_and_no_repr(name: str) -> None:
    secret = "hush hush é"
    wrong_too = {**CLOSED, name: secret, "PORT": "x"}
    assert "hush" not in "\n".join(mistakes(wrong_too))
    try:
        assert "hush" not in repr(
            load({"SPOTIFY_CLIENT_ID": "id", "SPOTIFY_CLIENT_SECRET": "hush", name: "hush"})
        )
    except BadSettings as bad:
        assert "hush" not in str(bad)


def test_a_password_in_a_url_is_not_shown() -> None:
    (line,) = mistakes({"SPOTIFY_API_URL": "ftp://me:hush@example.org"})
    assert "hush" not in line


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)


def every_setting() -> set[str]:
    asked = Asked()
    load(asked)
    return asked.names | {"TUTTI_ENV", "NODE_ENV"}


def test_every_setting_is_in_the_reference_and_nothing_else_is() -> None:
    table = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE)) == every_setting()


def test_every_setting_is_in_the_example_and_nothing_else_is() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == every_setting()


def test_the_example_means_the_defaults() -> None:
    example = {
        line
        for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        if line[:1].isalpha()
    }
    settings = load(dict(line.split("=", 1) for line in example))
    assert replace(settings, jwt_secret=b"") == replace(load({}), jwt_secret=b"")


def test_nobody_is_told_of_ice_servers_that_the_operator_did_not_name() -> None:
    settings = load({})
    assert (settings.stun_urls, settings.turn_urls, settings.turn_secret) == ((), (), None)
    assert settings.turn_ttl_s == 3600


def test_ice_servers_are_urls_without_slashes() -> None:
    settings = load(
        {
            "STUN_URLS": "stun:stun.example.org, stuns:[2001:db8::1]:5349",
            "TURN_URLS": "turn:turn.example.org:3478?transport=udp,turns:turn.example.org",
            "TURN_SECRET": SECRET,
            "TURN_TTL_S": "600",
        }
    )
    assert settings.stun_urls == ("stun:stun.example.org", "stuns:[2001:db8::1]:5349")
    assert settings.turn_urls == ("turn:turn.example.org:3478?transport=udp", "turns:turn.example.org")
    assert (settings.turn_secret, settings.turn_ttl_s) == (SECRET.encode(), 600)
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("name", "env"),
    [
        ("STUN_URLS", {"STUN_URLS": "stun://stun.example.org"}),
        ("STUN_URLS", {"STUN_URLS": "turn:turn.example.org"}),
        ("TURN_URLS", {"TURN_URLS": "turn:a b", "TURN_SECRET": SECRET}),
        ("TURN_URLS", {"TURN_SECRET": SECRET}),
        ("TURN_SECRET", {"TURN_URLS": "turn:turn.example.org"}),
        ("TURN_TTL_S", {"TURN_TTL_S": "5"}),
    ],
)
def test_a_mistake_about_ice_servers_is_named(name: str, env: dict[str, str]) -> None:
    (mistake,) = mistakes(env)
    assert mistake.startswith(f"{name}: ")
    assert SECRET not in mistake
