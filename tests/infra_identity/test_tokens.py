"""Our own tokens: what is believed, and everything that is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from tutti.core.ids import MemberId
from tutti.infra.tokens import JwtIdentity, Previous, is_of_our_kind
from tutti.service.ports import Principal

SECRET = b"a secret of more than thirty-two bytes"
OLD_SECRET = b"the secret before it, as long as that"
NOW_S = 1_700_000_000
OURS = {"sub": "ann", "exp": NOW_S + 60, "iss": "tutti", "aud": "tutti", "jti": "1", "typ": "access"}


class Wall:
    """A wall clock that is turned by hand."""

    def __init__(self) -> None:
        self.ms = NOW_S * 1000.0

    def __call__(self) -> float:
        return self.ms


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def identity(wall: Wall) -> JwtIdentity:
    return JwtIdentity(SECRET, wall)


def signed(
    key: bytes = SECRET, algorithm: str = "HS256", header: dict[str, Any] | None = None, **claims: Any
) -> str:
    return jwt.encode(OURS | claims, key, algorithm=algorithm, headers=header)


def signed_bytes(header: bytes, payload: bytes) -> str:
    """A correct HMAC over anything at all, for what no library would sign."""
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    mac = hmac.new(SECRET, body, hashlib.sha256).digest()
    return (body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


async def test_an_issued_token_is_its_owners(identity: JwtIdentity) -> None:
    token = identity.issue("ann", "Ann", ttl_s=60)
    assert await identity.verify(token) == Principal(MemberId("ann"), "Ann", (NOW_S + 60) * 1000.0)


async def test_a_name_is_optional(identity: JwtIdentity) -> None:
    assert await identity.verify(identity.issue("ann", None, 60)) == Principal(
        MemberId("ann"), None, (NOW_S + 60) * 1000.0
    )


async def test_a_token_dies_on_the_second(identity: JwtIdentity, wall: Wall) -> None:
    token = identity.issue("ann", None, ttl_s=60)
    wall.ms += 59_999
    assert await identity.verify(token) is not None
    wall.ms += 1
    assert await identity.verify(token) is None


async def test_another_server_with_the_same_secret_believes_it(identity: JwtIdentity, wall: Wall) -> None:
    assert await JwtIdentity(SECRET, wall).verify(identity.issue("ann", None, 60)) is not None
    assert await JwtIdentity(SECRET + b"!", wall).verify(identity.issue("ann", None, 60)) is None


async def test_the_guides_short_secret_signs_as_it_does_elsewhere(wall: Wall) -> None:
    short = b"your-super-secret-jwt-key"
    body = signed_bytes(b'{"alg":"HS256"}', json.dumps(OURS).encode()).rpartition(".")[0]
    mac = (
        base64.urlsafe_b64encode(hmac.new(short, body.encode(), hashlib.sha256).digest())
        .rstrip(b"=")
        .decode()
    )
    assert await JwtIdentity(short, wall).verify(f"{body}.{mac}") is not None


def test_an_empty_secret_is_refused(wall: Wall) -> None:
    with pytest.raises(ValueError, match="empty secret"):
        JwtIdentity(b"", wall)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["tutti"]},
        {"sid": "login"},
        {"nbf": NOW_S},
        {"iat": NOW_S + 3600},
        {"exp": NOW_S + 0.5},
    ],
)
async def test_is_believed(identity: JwtIdentity, claims: dict[str, Any]) -> None:
    assert await identity.verify(signed(**claims)) is not None


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"exp": None},
        {"exp": NOW_S},
        {"exp": str(NOW_S + 60)},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": 10**400},
        {"nbf": NOW_S + 1},
        {"nbf": "later"},
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "elsewhere"},
        {"aud": ["other", "tutti"]},
        {"aud": []},
        {"aud": 7},
        {"aud": "tutti:2fa"},
        {"typ": "2fa"},
        {"typ": "refresh"},
        {"typ": "Access"},
        {"typ": ["access"]},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 129},
        {"sid": ""},
        {"sid": 7},
    ],
)
async def test_is_not_believed(identity: JwtIdentity, claims: dict[str, Any]) -> None:
    payload = json.dumps(OURS | claims).encode()
    assert await identity.verify(signed_bytes(b'{"alg":"HS256"}', payload)) is None


@pytest.mark.parametrize("missing", sorted(OURS))
async def test_every_required_claim_is_required(identity: JwtIdentity, missing: str) -> None:
    claims = {name: value for name, value in OURS.items() if name != missing}
    assert await identity.verify(jwt.encode(claims, SECRET, algorithm="HS256")) is None


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
async def test_another_algorithm_is_not_believed(identity: JwtIdentity, algorithm: str) -> None:
    assert await identity.verify(signed(SECRET * 2, algorithm)) is None
    assert await JwtIdentity(SECRET * 2, Wall()).verify(signed(SECRET * 2, algorithm)) is None


@pytest.mark.parametrize(
    "header", [b'{"alg":"none"}', b'{"alg":"None"}', b'{"alg":["HS256"]}', b"{}", b"[]", b"7"]
)
async def test_an_unsigned_token_is_not_believed(identity: JwtIdentity, header: bytes) -> None:
    payload = json.dumps(OURS).encode()
    token = signed_bytes(header, payload)
    assert await identity.verify(token) is None
    assert await identity.verify(token.rpartition(".")[0] + ".") is None


async def test_a_public_key_signs_nothing(wall: Wall) -> None:
    """Elsewhere a server that knows a public key has taken it for the secret of an HMAC, and the other way round."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    ours = JwtIdentity(SECRET, wall)
    assert await ours.verify(jwt.encode(OURS, private, algorithm="RS256")) is None
    header = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")
    body = header + b"." + base64.urlsafe_b64encode(json.dumps(OURS).encode()).rstrip(b"=")
    mac = base64.urlsafe_b64encode(hmac.new(pem, body, hashlib.sha256).digest()).rstrip(b"=")
    assert await ours.verify((body + b"." + mac).decode()) is None


async def test_the_secret_before_counts_until_its_deadline_and_not_beyond(wall: Wall) -> None:
    old = signed(OLD_SECRET, exp=NOW_S + 3600)
    until_ms = (NOW_S + 600) * 1000.0
    identity = JwtIdentity(SECRET, wall, previous=Previous(OLD_SECRET, until_ms))
    owner = await identity.verify(old)
    assert owner == Principal(MemberId("ann"), None, until_ms), "it dies with the key"
    assert await JwtIdentity(SECRET, wall).verify(old) is None
    wall.ms = until_ms - 1
    assert await identity.verify(old) is not None
    wall.ms = until_ms
    assert await identity.verify(old) is None


async def test_what_is_signed_now_is_signed_with_the_new_secret(wall: Wall) -> None:
    identity = JwtIdentity(SECRET, wall, previous=Previous(OLD_SECRET, (NOW_S + 600) * 1000.0))
    fresh = identity.issue("ann", None, 60)
    assert await JwtIdentity(SECRET, wall).verify(fresh) is not None
    assert await JwtIdentity(OLD_SECRET, wall).verify(fresh) is None


async def test_a_ticket_is_no_access_token_and_an_access_token_no_ticket(identity: JwtIdentity) -> None:
    tokens = identity.tokens
    assert tokens.ticket_owner(tokens.ticket("ann")) == "ann"
    assert await identity.verify(tokens.ticket("ann")) is None
    assert tokens.ticket_owner(identity.issue("ann", None, 60)) is None


async def test_a_token_of_a_login_that_has_ended_is_nobodys(wall: Wall) -> None:
    ended = set[str]()
    identity = JwtIdentity(SECRET, wall, ended=ended.__contains__)
    token = signed(sid="login")
    owner = await identity.verify(token)
    assert owner is not None
    assert owner.session == "login"
    ended.add("login")
    assert await identity.verify(token) is None


@pytest.mark.parametrize("payload", [b"[]", b"7", b"null", b"{", b"\xff", b"9" * 6000])
async def test_claims_that_are_no_object_are_not_believed(identity: JwtIdentity, payload: bytes) -> None:
    assert await identity.verify(signed_bytes(b'{"alg":"HS256"}', payload)) is None


@pytest.mark.parametrize(
    "header", [b"[" * 5000, b'{"alg":' + b"9" * 5000 + b"}", b'{"alg":"HS256","crit":["x"]}']
)
async def test_a_hostile_header_is_only_a_bad_token(identity: JwtIdentity, header: bytes) -> None:
    assert await identity.verify(signed_bytes(header, b"{}")) is None
    is_of_our_kind(signed_bytes(header, b"{}"))


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
async def test_any_other_text_is_nobodys_token(token: str) -> None:
    assert await JwtIdentity(SECRET, Wall()).verify(token) is None


@given(st.data())
async def test_a_changed_token_is_nobodys_token(data: st.DataObject) -> None:
    identity = JwtIdentity(SECRET, Wall())
    token = identity.issue("ann", "Ann", 60)
    place = data.draw(st.integers(0, len(token) - 2))  # the last letter carries bits that base64 ignores
    letter = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda other: other != token[place]))
    assert await identity.verify(token[:place] + letter + token[place + 1 :]) is None


def test_a_token_of_our_kind_is_known_by_its_header(identity: JwtIdentity) -> None:
    assert is_of_our_kind(identity.issue("ann", None, -60))
    assert not is_of_our_kind("BQDw3E_opaque-token")
    assert not is_of_our_kind("")
