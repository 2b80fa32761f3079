"""Guide 003's `/api/auth/` over HTTP: what its clients send, what they get, and in which shape it goes wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import jwt
import pyotp
import pytest
from litestar import Litestar

from tests.clocks import TurnedClock
from tests.platform_rows.desk import DAY_MS, NOON_MS, PASSWORD, SECRET, Desk
from tests.service.world import World
from tutti.core.ids import RoomId
from tutti.dialects.party.auth_rest import COOKIE, router
from tutti.dialects.party.manners import Manners
from tutti.infra.sql import Database
from tutti.service.hall import Hall
from tutti.service.identity import Gate
from tutti.service.logins import Logins

ANN = {"email": "ann@example.org", "password": PASSWORD, "username": "ann"}
LOGIN = {"email": "ann@example.org", "password": PASSWORD}


class Auth:
    """One node's accounts over HTTP. Its clock is the desk's."""

    def __init__(self, database: Database, *, closed: bool) -> None:
        self.database = database
        self.desk = Desk(database)
        logins = Logins()
        self.desk.hears(logins)
        self.world = World(clock=TurnedClock(wall_ahead_ms=NOON_MS - 1_000_000.0), closed=closed)
        hall = Hall(
            self.world.rooms,
            Gate(self.desk.identity, closed=closed),
            lambda _: RoomId("NEW"),
            logins=logins,
        )
        manners = Manners(hall, self.desk.accounts.throttles, SECRET)
        self.app = Litestar(
            [router(hall, self.desk.accounts, manners, secure=closed)],
            openapi_config=None,
            logging_config=None,
        )
        self.http = self.from_address("192.0.2.1")

    def from_address(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        return httpx.AsyncClient(transport=transport, base_url="https://tutti.test/api/auth")

    async def post(
        self, path: str, body: object = None, *, token: str | None = None, cookie: str | None = None
    ) -> httpx.Response:
        """Cookies are sent only where a test says so."""
        self.http.cookies.clear()
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if cookie is not None:
            headers["Cookie"] = f"{COOKIE}={cookie}"
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, path: str, token: str | None = None) -> httpx.Response:
        return await self.http.get(
            path, headers={} if token is None else {"Authorization": f"Bearer {token}"}
        )

    async def ann(self) -> dict[str, Any]:
        """Registered; what she was answered."""
        made = await self.post("/register/", ANN)
        assert made.status_code == 201, made.text
        answer: dict[str, Any] = made.json()
        return answer

    async def mailed(self) -> str:
        """The code in the newest letter."""
        await self.desk.jobs.run_due()
        return self.desk.postbox.codes()[0]

    async def with_app(self, token: str) -> tuple[pyotp.TOTP, list[str]]:
        """A second factor, on."""
        set_up = (await self.post("/2fa/setup/", token=token)).json()
        app = pyotp.TOTP(set_up["secret"])
        verified = await self.post("/2fa/verify/", {"code": self.desk.code(app)}, token=token)
        assert verified.status_code == 200, verified.text
        self.desk.clock.turn(60_000)
        return app, verified.json()["backup_codes"]


@pytest.fixture(params=[True, False], ids=["closed", "open"])
async def auth(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Auth]:
    database = Database(tmp_path / "accounts.db")
    await database.open()
    auth = Auth(database, closed=request.param)
    async with auth.world:
        yield auth
    await auth.http.aclose()
    auth.desk.close()
    await database.aclose()


async def test_register_log_in_refresh_and_me(auth: Auth) -> None:
    made = await auth.ann()
    assert set(made) == {"access", "refresh", "user", "verification_sent"}
    assert made["verification_sent"] is True
    user = made["user"]
    assert (user["email"], user["username"]) == ("ann@example.org", "ann")
    entered = await auth.post("/login/", LOGIN)
    assert (entered.status_code, set(entered.json())) == (200, {"access", "refresh", "user"})
    assert entered.json()["user"] == user
    refreshed = await auth.post("/refresh/", {"refresh": entered.json()["refresh"]})
    assert (refreshed.status_code, set(refreshed.json())) == (200, {"access", "refresh"})
    me = await auth.get("/me/", refreshed.json()["access"])
    assert (me.status_code, me.json()) == (200, user)


@pytest.mark.parametrize("path", ["/login", "/login/"])
async def test_a_path_answers_with_and_without_its_slash(auth: Auth, path: str) -> None:
    await auth.ann()
    assert (await auth.post(path, LOGIN)).status_code == 200


async def test_other_spellings_in_use_are_read_as_well(auth: Auth) -> None:
    named = {"email": "b@example.org", "password": PASSWORD, "first_name": "Ben", "last_name": "O'Neil"}
    made = await auth.post("/register/", {**named, "confirm_password": PASSWORD, "bio": "ignored"})
    assert made.json()["user"]["display_name"] == "Ben O'Neil"
    assert made.json()["user"]["username"] == "ben.oneil"
    assert (await auth.post("/login/", {"username": "ben.oneil", "password": PASSWORD})).status_code == 200
    again = await auth.post("/refresh/", {"refresh_token": made.json()["refresh"]})
    assert again.status_code == 200


async def test_an_access_token_says_what_it_is_and_lives_fifteen_minutes(auth: Auth) -> None:
    access = (await auth.ann())["access"]
    claims = jwt.decode(
        access, SECRET, ["HS256"], audience="tutti", options={"verify_exp": False, "verify_iat": False}
    )
    assert set(claims) == {"exp", "iss", "aud", "sub", "jti", "sid", "iat", "typ", "name"}
    assert claims["exp"] - claims["iat"] == 900
    auth.desk.clock.turn(899_000)
    assert (await auth.get("/me/", access)).status_code == 200
    auth.desk.clock.turn(1_000)
    expired = await auth.get("/me/", access)
    assert (expired.status_code, expired.json()["code"]) == (401, "token_not_valid")


# -- the cookie


async def test_the_refresh_token_is_also_a_cookie_that_pages_cannot_read(auth: Auth) -> None:
    made = await auth.post("/register/", ANN)
    cookie = SimpleCookie(made.headers["set-cookie"])[COOKIE]
    assert cookie.value == made.json()["refresh"]
    assert cookie["httponly"]
    assert (cookie["samesite"].lower(), cookie["path"], cookie["max-age"]) == (
        "strict",
        "/api/auth",
        "604800",
    )
    assert bool(cookie["secure"]) is auth.world.hall.gate.closed
    refreshed = await auth.post("/refresh/", cookie=cookie.value)
    assert refreshed.status_code == 200
    assert SimpleCookie(refreshed.headers["set-cookie"])[COOKIE].value == refreshed.json()["refresh"]


async def test_log_out_takes_the_cookie_back(auth: Auth) -> None:
    made = await auth.ann()
    gone = await auth.post("/logout/", cookie=made["refresh"])
    cookie = SimpleCookie(gone.headers["set-cookie"])[COOKIE]
    assert (gone.status_code, cookie.value, cookie["max-age"]) == (200, "", "0")
    assert (await auth.post("/refresh/", {"refresh": made["refresh"]})).status_code == 401


async def test_the_body_wins_over_the_cookie(auth: Auth) -> None:
    made = await auth.ann()
    refused = await auth.post("/refresh/", {"refresh": "rubbish"}, cookie=made["refresh"])
    assert refused.status_code == 401


# -- going out


async def test_log_out_ends_this_login_at_once(auth: Auth) -> None:
    made = await auth.ann()
    other = (await auth.post("/login/", LOGIN)).json()
    assert (await auth.post("/logout/", token=made["access"])).json() == {
        "detail": "Successfully logged out."
    }
    assert (await auth.get("/me/", made["access"])).status_code == 401
    assert (await auth.post("/refresh/", {"refresh": made["refresh"]})).status_code == 401
    assert (await auth.get("/me/", other["access"])).status_code == 200


async def test_log_out_of_nobody_is_refused(auth: Auth) -> None:
    nobody = await auth.post("/logout/")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")


async def test_an_expired_access_token_can_still_be_logged_out_with_its_refresh_token(auth: Auth) -> None:
    made = await auth.ann()
    auth.desk.clock.turn(DAY_MS)
    assert (
        await auth.post("/logout/", {"refresh": made["refresh"]}, token=made["access"])
    ).status_code == 200
    assert (await auth.post("/refresh/", {"refresh": made["refresh"]})).status_code == 401


async def test_logins_are_listed_and_ended(auth: Auth) -> None:
    made = await auth.ann()
    auth.desk.clock.turn(1_000)
    other = (await auth.post("/login/", {**LOGIN, "device_id": "tv", "device_name": "The television"})).json()
    page = (await auth.get("/sessions/", made["access"])).json()
    assert (page["next"], page["previous"]) == (None, None)
    assert [(one["device"], one["current"]) for one in page["results"]] == [
        ("The television", False),
        (page["results"][1]["device"], True),
    ]
    path = f"/sessions/{page['results'][0]['id']}/"
    headers = {"Authorization": f"Bearer {made['access']}"}
    assert (await auth.http.delete(path, headers=headers)).status_code == 204
    assert (await auth.get("/me/", other["access"])).status_code == 401
    gone = await auth.http.delete(path, headers=headers)
    assert (gone.status_code, gone.json()) == (404, {"detail": "Not found."})
    assert (await auth.http.delete("/sessions/%00%ff", headers=headers)).status_code == 404
    third = (await auth.post("/login/", LOGIN)).json()
    assert (await auth.http.delete("/sessions/", headers=headers)).status_code == 204
    assert (await auth.get("/me/", third["access"])).status_code == 401
    assert (await auth.get("/me/", made["access"])).status_code == 200


async def test_a_stolen_refresh_token_ends_the_login_for_thief_and_owner(auth: Auth) -> None:
    made = await auth.ann()
    thief = (await auth.post("/refresh/", {"refresh": made["refresh"]})).json()
    auth.desk.clock.turn(30_000)
    lost_answer = await auth.post("/refresh/", {"refresh": made["refresh"]})
    assert lost_answer.json()["refresh"] == thief["refresh"], "within the grace it may be the same person"
    auth.desk.clock.turn(1)
    stolen = await auth.post("/refresh/", {"refresh": made["refresh"]})
    assert (stolen.status_code, stolen.json()["code"]) == (401, "token_not_valid")
    assert (await auth.post("/refresh/", {"refresh": thief["refresh"]})).status_code == 401
    assert (await auth.get("/me/", thief["access"])).status_code == 401


# -- the second factor


async def test_two_factor_from_set_up_to_log_in(auth: Auth) -> None:
    made = await auth.ann()
    set_up = await auth.post("/2fa/setup/", token=made["access"])
    assert set(set_up.json()) == {"secret", "otpauth_url", "qr_code"}
    assert set_up.json()["otpauth_url"].startswith("otpauth://totp/Tutti:ann%40example.org?secret=")
    picture = set_up.json()["qr_code"].removeprefix("data:image/png;base64,")
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    app, codes = await auth.with_app(made["access"])
    assert len(codes) == 10
    half = await auth.post("/login/", LOGIN)
    assert half.status_code == 401
    assert set(half.json()) == {"detail", "code", "ticket"}
    assert half.json()["code"] == "2fa_required"
    assert "set-cookie" not in half.headers
    ticket = half.json()["ticket"]
    assert (await auth.get("/me/", ticket)).status_code == 401
    wrong = await auth.post("/verify-2fa/", {"ticket": ticket, "code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "code_not_valid")
    whole = await auth.post("/verify-2fa/", {"ticket": ticket, "code": auth.desk.code(app)})
    assert (whole.status_code, set(whole.json())) == (200, {"access", "refresh", "user"})
    assert whole.json()["user"]["two_factor_enabled"] is True


async def test_a_backup_code_logs_in_once(auth: Auth) -> None:
    _, codes = await auth.with_app((await auth.ann())["access"])
    ticket = (await auth.post("/login/", LOGIN)).json()["ticket"]
    assert (await auth.post("/verify-2fa/", {"ticket": ticket, "backup_code": codes[0]})).status_code == 200
    assert (await auth.post("/verify-2fa/", {"ticket": ticket, "code": codes[0]})).status_code == 400


async def test_a_ticket_that_is_none_begins_again(auth: Auth) -> None:
    made = await auth.ann()
    for ticket in ("rubbish", made["access"], made["refresh"]):
        refused = await auth.post("/verify-2fa/", {"ticket": ticket, "code": "000000"})
        assert (refused.status_code, refused.json()["code"]) == (401, "ticket_not_valid")


async def test_two_factor_is_disabled_by_password_and_code(auth: Auth) -> None:
    token = (await auth.ann())["access"]
    app, codes = await auth.with_app(token)
    wrong = await auth.post("/2fa/disable/", {"password": "no", "code": auth.desk.code(app)}, token=token)
    assert (wrong.status_code, wrong.json()) == (400, {"password": ["This is not your password"]})
    off = await auth.post("/2fa/disable/", {"password": PASSWORD, "code": codes[0]}, token=token)
    assert off.status_code == 200
    assert (await auth.post("/login/", LOGIN)).status_code == 200


async def test_a_changed_password_ends_the_other_logins(auth: Auth) -> None:
    mine = (await auth.ann())["access"]
    other = (await auth.post("/login/", LOGIN)).json()
    wrong = await auth.post(
        "/change-password/", {"old_password": "no", "new_password": "a better one"}, token=mine
    )
    assert wrong.json() == {"old_password": ["This is not your password"]}
    weak = await auth.post("/change-password/", {"old_password": PASSWORD, "new_password": "x"}, token=mine)
    assert set(weak.json()) == {"new_password"}
    changed = {"old_password": PASSWORD, "new_password": "a better one", "confirm_password": "a better one"}
    assert (await auth.post("/change-password/", changed, token=mine)).status_code == 200
    assert (await auth.get("/me/", mine)).status_code == 200
    assert (await auth.get("/me/", other["access"])).status_code == 401
    assert (await auth.post("/login/", LOGIN)).status_code == 401


# -- what goes wrong


async def test_all_that_is_wrong_with_a_body_is_told_by_field(auth: Auth) -> None:
    said = await auth.post("/register/", {"email": "nowhere", "username": "a b", "confirm_password": "x"})
    assert said.status_code == 400
    assert set(said.json()) == {"email", "password", "username", "confirm_password"}
    assert said.json()["password"] == ["This field is required."]
    assert (await auth.post("/login/", {"email": " ", "password": ""})).json() == {
        "email": ["This field may not be blank."],
        "password": ["This field may not be blank."],
    }
    assert (await auth.post("/login/", {"email": 7, "password": "x"})).json() == {
        "email": ["Not a valid string."]
    }
    assert (await auth.post("/refresh/", {"refresh": 7})).json() == {"refresh": ["Not a valid string."]}
    assert (await auth.post("/refresh/")).json() == {"refresh": ["This field is required."]}


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "a@b",
        "@b.c",
        "a@b@c.d",
        "a b@c.de",
        "a@b..c",
        "a@.b",
        "a\u0000@b.cd",
        "x" * 250 + "@b.cd",
        "a@b.c\u200b",
    ],
)
async def test_what_is_no_email_makes_no_account(auth: Auth, email: str) -> None:
    said = await auth.post("/register/", {**ANN, "email": email})
    assert (said.status_code, set(said.json())) == (400, {"email"})


async def test_a_name_that_is_taken_is_told_by_field(auth: Auth) -> None:
    await auth.ann()
    assert set((await auth.post("/register/", {**ANN, "email": "b@example.org"})).json()) == {"username"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 5000, b'{"email": "\\ud800"}'])
@pytest.mark.parametrize(
    "path",
    [
        "/login/",
        "/register/",
        "/verify-2fa/",
        "/refresh/",
        "/2fa/verify/",
        "/verify-email/",
        "/resend-verification/",
        "/forgot-password/",
        "/reset-password/",
    ],
)
async def test_what_is_no_body_is_a_400_and_nothing_else(auth: Auth, path: str, body: bytes) -> None:
    answer = await auth.http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in ((400, 401) if path == "/2fa/verify/" else (400,)), answer.text
    assert isinstance(answer.json(), dict)


async def test_a_body_that_is_too_large_is_not_read(auth: Auth) -> None:
    large = {"email": "a@example.org", "password": "x" * 20_000}
    assert (await auth.post("/login/", large)).status_code == 413
    assert (await auth.post("/refresh/", {"refresh": "x" * 20_000})).status_code == 413


async def test_the_wrong_method_and_the_wrong_path_are_djangos(auth: Auth) -> None:
    method = await auth.get("/login/")
    assert (method.status_code, method.json()["detail"]) == (405, 'Method "GET" not allowed.')
    assert method.headers["allow"] == "POST"
    nowhere = await auth.get("/nowhere/at/all/")
    assert (nowhere.status_code, nowhere.json()["detail"]) == (404, "Not found.")


async def test_no_such_account_and_a_wrong_password_are_one_answer(auth: Auth) -> None:
    await auth.ann()
    wrong = await auth.post("/login/", {**LOGIN, "password": "not it"})
    nobody = await auth.post("/login/", {**LOGIN, "email": "ben@example.org"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "no_active_account")
    assert wrong.headers["www-authenticate"].startswith("Bearer")
    assert (nobody.status_code, nobody.json()) == (wrong.status_code, wrong.json())


async def test_a_database_that_cannot_answer_is_a_503_that_says_when(auth: Auth) -> None:
    made = await auth.ann()
    await auth.database.migrate("base")
    for answer in (await auth.post("/login/", LOGIN), await auth.get("/me/", made["access"])):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1"


def forged(claims: dict[str, Any], header: dict[str, Any], key: bytes = b"x" * 32) -> str:
    signed = jwt.encode(claims, key, algorithm="HS256").split(".")
    signed[0] = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return ".".join(signed)


async def test_forged_tokens_open_nothing_in_either_mode(auth: Auth) -> None:
    made = await auth.ann()
    claims = jwt.decode(made["access"], options={"verify_signature": False})
    body = made["access"].split(".")
    tokens = [
        forged(claims, {"alg": "HS256", "typ": "JWT"}),
        forged(claims, {"alg": "none"}),
        forged(claims, {"alg": "none"}).rpartition(".")[0] + ".",
        forged(claims, {"alg": "RS256"}),
        f"{body[0]}.{body[1]}.",
        jwt.encode({**claims, "aud": "tutti:2fa"}, SECRET, algorithm="HS256"),
        jwt.encode({**claims, "typ": "refresh"}, SECRET, algorithm="HS256"),
        jwt.encode(claims, SECRET.ljust(64, b"\0"), algorithm="HS512"),
        made["refresh"],
        "ann",
    ]
    for token in tokens:
        refused = await auth.get("/me/", token)
        assert (refused.status_code, refused.json()["code"]) == (401, "token_not_valid"), token
    nobody = await auth.get("/me/")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")


# -- mailed codes


@pytest.mark.parametrize("spelled", ["token", "code", "path", "path with uid"])
async def test_a_link_proves_the_address_in_any_spelling(auth: Auth, spelled: str) -> None:
    made = await auth.ann()
    code = await auth.mailed()
    if spelled == "path":
        said = await auth.post(f"/verify-email/{code}/")
    elif spelled == "path with uid":
        said = await auth.post("/verify-email/", {"uid": made["user"]["id"], "token": code})
    else:
        said = await auth.post("/verify-email/", {spelled: code})
    assert (said.status_code, said.json()) == (200, {"detail": "Email verified."})
    assert (await auth.get("/me/", made["access"])).json()["is_email_verified"] is True
    again = await auth.post("/verify-email/", {"token": code})
    assert (again.status_code, again.json()["code"]) == (400, "link_not_valid")


@pytest.mark.parametrize("path", ["/forgot-password/", "/resend-verification/"])
async def test_what_is_asked_for_an_address_is_answered_the_same_known_or_not(auth: Auth, path: str) -> None:
    await auth.ann()
    known = await auth.post(path, {"email": "ann@example.org"})
    unknown = await auth.post(path, {"email": "nobody@example.org"})
    assert (
        (known.status_code, known.content) == (unknown.status_code, unknown.content) == (200, known.content)
    )
    assert dict(known.headers) == dict(unknown.headers)


async def test_registering_answers_the_same_whether_the_address_is_known_or_not(auth: Auth) -> None:
    await auth.ann()
    await auth.post("/verify-email/", {"token": await auth.mailed()})
    answers = []
    for n, email in enumerate(("ann@example.org", "nobody@example.org")):
        said = await auth.post(
            "/register/", {"email": email, "password": PASSWORD, "username": f"mallory{n}"}
        )
        body = said.json()
        theirs = {**body["user"], "id": 0, "email": 0, "username": 0, "display_name": 0}
        answers.append((said.status_code, sorted(body), body["verification_sent"], theirs))
        assert body["user"]["email"] == email
        assert (await auth.get("/me/", body["access"])).json() == body["user"]
    assert answers[0] == answers[1]
    assert answers[0][0] == 201


async def test_a_login_asks_for_another_letter_without_a_body(auth: Auth) -> None:
    made = await auth.ann()
    first = await auth.mailed()
    said = await auth.post("/resend-verification/", token=made["access"])
    assert said.status_code == 200
    assert await auth.mailed() != first
    nobody = await auth.post("/resend-verification/")
    assert (nobody.status_code, nobody.json()) == (400, {"email": ["This field is required."]})
    expired = await auth.post("/resend-verification/", {"email": "ann@example.org"}, token="rubbish")
    assert expired.status_code == 401


@pytest.mark.parametrize("field", ["password", "new_password"])
async def test_a_forgotten_password_is_chosen_anew(auth: Auth, field: str) -> None:
    made = await auth.ann()
    await auth.mailed()
    await auth.post("/forgot-password", {"email": "ANN@example.org"})
    code = await auth.mailed()
    weak = await auth.post("/reset-password/", {"token": code, field: "12345678"})
    assert (weak.status_code, set(weak.json())) == (400, {"password"})
    mistyped = {"token": code, field: "a better battery", "confirm_password": "a better bakery"}
    assert set((await auth.post("/reset-password/", mistyped)).json()) == {"confirm_password"}
    said = await auth.post("/reset-password/", {"token": code, field: "a better battery"})
    assert (said.status_code, said.json()) == (200, {"detail": "Password has been reset."})
    assert (await auth.get("/me/", made["access"])).status_code == 401
    assert (await auth.post("/refresh/", {"refresh": made["refresh"]})).status_code == 401
    assert (await auth.post("/login/", LOGIN)).status_code == 401
    assert (await auth.post("/login/", {**LOGIN, "password": "a better battery"})).status_code == 200
    again = await auth.post("/reset-password/", {"token": code, field: "another battery"})
    assert (again.status_code, again.json()["code"]) == (400, "link_not_valid")


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/verify-email/", {}, {"token"}),
        ("/forgot-password/", {}, {"email"}),
        ("/forgot-password/", {"email": "not an address"}, {"email"}),
        ("/forgot-password/", {"email": ["ann@example.org"]}, {"email"}),
        ("/resend-verification/", {"email": 7}, {"email"}),
        ("/reset-password/", {}, {"token", "password"}),
        ("/reset-password/", {"token": " ", "password": " "}, {"token", "password"}),
        ("/reset-password/", {"token": "x" * 1025, "password": "x" * 1025}, {"token", "password"}),
        ("/2fa/backup-codes/", {}, {"code"}),
    ],
)
async def test_what_is_wrong_with_such_a_body_is_told_by_field(
    auth: Auth, path: str, body: dict[str, Any], fields: set[str]
) -> None:
    token = (await auth.ann())["access"] if path.startswith("/2fa") else None
    said = await auth.post(path, body, token=token)
    assert (said.status_code, set(said.json())) == (400, fields)


async def test_an_answer_goes_out_before_anybody_looks_whether_there_is_an_account(auth: Auth) -> None:
    await auth.ann()
    await auth.mailed()
    before = len(auth.desk.postbox.letters)
    await auth.post("/forgot-password/", {"email": "ann@example.org"})
    assert len(auth.desk.postbox.letters) == before
    await auth.mailed()
    assert len(auth.desk.postbox.letters) == before + 1


@pytest.mark.parametrize("path", ["/2fa/backup-codes/", "/2fa/backup-codes/regenerate/"])
async def test_backup_codes_are_made_anew_for_a_code(auth: Auth, path: str) -> None:
    made = await auth.ann()
    app, old = await auth.with_app(made["access"])
    refused = await auth.post(path, {"code": "000000"}, token=made["access"])
    assert (refused.status_code, refused.json()["code"]) == (400, "code_not_valid")
    fresh = await auth.post(path, {"code": old[0]}, token=made["access"])
    assert (fresh.status_code, len(fresh.json()["backup_codes"])) == (200, 10)
    assert (await auth.post(path, {"code": old[1]}, token=made["access"])).status_code == 400
    assert (await auth.post(path, {"code": auth.desk.code(app)}, token=made["access"])).status_code == 200
    assert (await auth.post(path, {"code": old[1]})).status_code == 401


# -- throttles


async def test_letters_are_throttled_by_who_asks_and_by_who_gets_them(auth: Auth) -> None:
    for email in ("ann@example.org", "nobody@example.org"):
        statuses = [(await auth.post("/forgot-password/", {"email": email})).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
    for n in range(2):
        assert (await auth.post("/forgot-password/", {"email": f"{n}@example.org"})).status_code == 200
    refused = await auth.post("/forgot-password/", {"email": "3@example.org"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    async with auth.from_address("192.0.2.2") as elsewhere:
        said = await elsewhere.post("/forgot-password/", json={"email": "3@example.org"})
        assert said.status_code == 200


async def test_who_guesses_mailed_codes_has_to_wait(auth: Auth) -> None:
    statuses = [(await auth.post("/verify-email/", {"token": f"guess{n}"})).status_code for n in range(21)]
    assert statuses == [400] * 20 + [429]
    guess = {"token": "guess", "password": PASSWORD}
    assert (await auth.post("/reset-password/", guess)).status_code == 429


async def test_log_ins_of_one_address_are_throttled_in_whole_seconds(auth: Auth) -> None:
    await auth.ann()
    answers = [await auth.post("/login/", LOGIN) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    throttled = answers[-1]
    assert throttled.headers["retry-after"] == "2"
    assert throttled.json()["detail"] == "Request was throttled. Expected available in 2 seconds."
    async with auth.from_address("192.0.2.2") as elsewhere:
        assert (await elsewhere.post("/login/", json=LOGIN)).status_code == 200
    auth.desk.clock.turn(2_000)
    assert (await auth.post("/login/", LOGIN)).status_code == 200


async def test_each_scope_has_a_throttle_of_its_own(auth: Auth) -> None:
    made = await auth.ann()
    for n in range(9):
        await auth.post("/register/", {**ANN, "email": f"{n}@example.org", "username": f"ann{n}"})
    assert (await auth.post("/register/", ANN)).status_code == 429
    assert (await auth.post("/login/", LOGIN)).status_code == 200
    refreshing = [await auth.post("/refresh/", {"refresh": made["refresh"]}) for _ in range(61)]
    assert [answer.status_code for answer in refreshing] == [200] * 60 + [429]
    assert refreshing[-1].headers["retry-after"] == "1"


async def test_who_guesses_a_password_from_many_addresses_is_throttled_by_account(auth: Auth) -> None:
    await auth.ann()
    statuses = []
    for n in range(11):
        async with auth.from_address(f"192.0.2.{10 + n}") as guesser:
            statuses.append(
                (await guesser.post("/login/", json={**LOGIN, "password": f"guess {n}"})).status_code
            )
    assert statuses == [401] * 10 + [429]
