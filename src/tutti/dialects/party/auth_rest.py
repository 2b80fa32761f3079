"""Guide 003's `/api/auth/` over HTTP, for every dialect's people. Answers with and without the slash at the end.

Tokens are always verified here, in open mode too: an account is its owner's. A refresh token is read from the body, else
from the cookie that every login sets, which pages cannot read and other sites cannot use (`HttpOnly`, `SameSite=Strict`).
"""

from __future__ import annotations

import re
from typing import Self, TypeVar

import msgspec
import structlog
from litestar import Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, JSONBody

from tutti.core.refusals import Reason, Refused
from tutti.dialects.party import auth_bodies as b
from tutti.dialects.party.manners import Manners, address, bearer
from tutti.dialects.party.problems import (
    HANDLERS,
    Asked,
    Invalid,
    Said,
    documented,
    no_such_path,
    only,
    or_denied,
    problem,
)
from tutti.platform.accounts.accounts import Accounts
from tutti.platform.accounts.codes import Purpose
from tutti.platform.accounts.schemas import OnDevice, SecondFactorNeeded, Tokens
from tutti.platform.accounts.throttles import Scope
from tutti.service.dialect import Declined
from tutti.service.hall import Hall
from tutti.service.identity import MAX_ID
from tutti.service.ports import Principal

log = structlog.get_logger("tutti.party")

PREFIX = "/api/auth"
COOKIE = "refresh_token"
MAX_BODY = 16 * 1024
UNKNOWN_DEVICE = "unknown"

T = TypeVar("T")
NEW = documented(400, 413, 429, 503)
"""Of what needs no token."""
OWN = documented(401, 429, 503)
LISTED = documented(401, 404, 429, 503)
BOTH = documented(400, 401, 413, 429, 503)
Login = b.Register | b.SignIn | b.SecondHalf


class AuthRest:
    """`secure`: cookies travel over HTTPS only."""

    def __init__(self, hall: Hall, accounts: Accounts, manners: Manners, *, secure: bool) -> None:
        self._hall = hall
        self._manners = manners
        self._accounts = accounts
        self._secure = secure

    def __deepcopy__(self, memo: object) -> Self:
        """The framework copies handlers; they serve the same accounts."""
        return self

    async def register(self, request: Asked, data: JSONBody[b.Register]) -> Response[b.Registered]:
        """Make an account, logged in. Whether its address has another account is told only by mail there."""
        self._manners.spend(Scope.REGISTER_BY_ADDRESS, address(request))
        outcome = await self._accounts.register(data.meaning(), _device(request, data))
        made = or_denied(outcome)
        log.info("party.registered", user=made.person.id)
        tokens = made.tokens
        said = b.Registered(tokens.access, tokens.refresh, b.User.of(made.person), made.letter_sent)
        return Response(said, status_code=201, cookies=[self._cookie(tokens.refresh, tokens.refresh_lives_s)])

    async def log_in(self, request: Asked, data: JSONBody[b.SignIn]) -> Response[b.SignedIn] | Said:
        """By email and password. With a second factor on: 401 with a `ticket`, for `verify-2fa/`."""
        self._manners.spend(Scope.LOGIN_BY_ADDRESS, address(request))
        outcome = await self._accounts.log_in(*data.meaning(), _device(request, data))
        if isinstance(outcome, SecondFactorNeeded):
            wanted = "Two-factor authentication code required."
            return problem(401, wanted, "2fa_required", ticket=outcome.ticket)
        entered = or_denied(outcome)
        return self._signed_in(b.User.of(entered.person), entered.tokens)

    async def verify_second_factor(
        self, request: Asked, data: JSONBody[b.SecondHalf]
    ) -> Response[b.SignedIn]:
        """The second half of a login: a code of the app's, or a backup code."""
        self._manners.spend(Scope.LOGIN_BY_ADDRESS, address(request))
        ticket, code = data.meaning()
        outcome = or_denied(await self._accounts.verify_second_factor(ticket, code, _device(request, data)))
        return self._signed_in(b.User.of(outcome.person), outcome.tokens)

    async def refresh(self, request: Asked) -> Response[b.Refreshed]:
        """The next access token, and the next refresh token: each works once."""
        self._manners.spend(Scope.REFRESH_BY_ADDRESS, address(request))
        token = await _refresh_token(request)
        if token is None:
            raise Invalid({"refresh": [b.REQUIRED]})
        tokens = or_denied(await self._accounts.refresh(token))
        return Response(
            b.Refreshed(tokens.access, tokens.refresh),
            cookies=[self._cookie(tokens.refresh, tokens.refresh_lives_s)],
        )

    async def log_out(self, request: Asked) -> Response[b.Detail]:
        """End this login: its tokens, and whatever is live on it."""
        refresh, token = await _refresh_token(request), bearer(request)
        if refresh is None and token is None:
            raise Declined(Refused(Reason.UNAUTHENTICATED))
        who = await self._hall.verify(token, address(request)) if token else None
        if isinstance(who, Principal):
            await self._accounts.log_out(user=who.id, login=who.session, refresh=refresh)
        elif refresh is not None:
            await self._accounts.log_out(refresh=refresh)
        elif isinstance(who, Refused):
            raise Declined(who)
        gone = self._cookie("", 0)
        return Response(b.Detail("Successfully logged out."), cookies=[gone])

    async def me(self, request: Asked) -> b.User:
        """Your own account."""
        person = await self._accounts.person((await self._manners.owner(request)).id)
        if person is None:
            raise Declined(Refused(Reason.UNAUTHENTICATED, "There is no account of this token"))
        return b.User.of(person)

    async def sessions(self, request: Asked) -> b.LoginSessions:
        """Your logins, the one last used first."""
        who = await self._manners.owner(request)
        listed = await self._accounts.logins(who.id)
        return b.LoginSessions(tuple(b.LoginSession.of(login, who.session) for login in listed))

    async def end_session(self, request: Asked, session_id: FromPath[str]) -> None:
        """End one of your logins."""
        who = await self._manners.owner(request)
        known = session_id if len(session_id) <= MAX_ID and session_id.isprintable() else ""
        or_denied(await self._accounts.end_login(who.id, known))

    async def end_other_sessions(self, request: Asked) -> None:
        """End all your logins but this one."""
        who = await self._manners.owner(request)
        await self._accounts.end_other_logins(who.id, who.session)

    async def change_password(self, request: Asked, data: JSONBody[b.NewPassword]) -> b.Detail:
        """Your other logins end."""
        who = await self._manners.owner(request)
        old, new = data.meaning()
        changed = await self._accounts.security.change_password(who.id, who.session, old, new)
        wrong_old = changed is not None and changed.wrong.code == "password_wrong"
        or_denied(changed, "old_password" if wrong_old else "new_password")
        return b.Detail("Password changed.")

    async def set_up_second_factor(self, request: Asked) -> b.TwoFactorSetUp:
        """A secret for an authenticator app. It is asked for once `2fa/verify/` has seen a code of it."""
        who = await self._manners.owner(request)
        made = or_denied(await self._accounts.security.set_up_second_factor(who.id))
        return b.TwoFactorSetUp(made.secret, made.otpauth_url, made.qr_code)

    async def confirm_second_factor(self, request: Asked, data: JSONBody[b.Code]) -> b.BackupCodes:
        """Turn it on; the backup codes are told this once."""
        who = await self._manners.owner(request)
        return b.BackupCodes(
            or_denied(await self._accounts.security.confirm_second_factor(who.id, data.meaning()))
        )

    async def disable_second_factor(self, request: Asked, data: JSONBody[b.Disable]) -> b.Detail:
        """Turn it off: with the password and a code."""
        who = await self._manners.owner(request)
        or_denied(await self._accounts.security.disable_second_factor(who.id, *data.meaning()))
        return b.Detail("Two-factor authentication disabled.")

    async def new_backup_codes(self, request: Asked, data: JSONBody[b.Code]) -> b.BackupCodes:
        """Ten new backup codes, told this once, instead of those before; for a code of either kind."""
        who = await self._manners.owner(request)
        return b.BackupCodes(
            or_denied(await self._accounts.security.new_backup_codes(who.id, data.meaning()))
        )

    async def verify_email(self, request: Asked, data: JSONBody[b.MailedCode]) -> b.Detail:
        """Prove that an address is yours, with the token that was mailed there."""
        return await self._verified(request, data.meaning())

    async def verify_email_by_path(self, request: Asked, token: FromPath[str]) -> b.Detail:
        """The same with the token in the address."""
        return await self._verified(request, token)

    async def resend_verification(self, request: Asked) -> b.Detail:
        """Another letter to your address; without a login, to the `email` in the body, if somebody claims it."""
        self._manners.spend(Scope.LETTER_BY_ADDRESS, address(request))
        recovery = self._accounts.recovery
        if bearer(request) is not None:
            or_denied(await recovery.ask_own((await self._manners.owner(request)).id))
        else:
            asked = await _body(request, b.Address)
            or_denied(await recovery.ask(Purpose.VERIFY, asked.meaning()))
        return b.Detail("If this address waits to be confirmed, a letter is on its way.")

    async def forgot_password(self, request: Asked, data: JSONBody[b.Address]) -> b.Detail:
        """A letter with a link that lets choose a new password. Nobody learns here whether there is an account."""
        self._manners.spend(Scope.LETTER_BY_ADDRESS, address(request))
        or_denied(await self._accounts.recovery.ask(Purpose.RESET, data.meaning()))
        return b.Detail("If there is an account with this address, a letter is on its way.")

    async def reset_password(self, request: Asked, data: JSONBody[b.Reset]) -> b.Detail:
        """A new password, with the token that was mailed. All logins end."""
        self._manners.spend(Scope.CODE_BY_ADDRESS, address(request))
        or_denied(await self._accounts.recovery.reset_password(*data.meaning()))
        return b.Detail("Password has been reset.")

    async def _verified(self, request: Asked, token: str) -> b.Detail:
        self._manners.spend(Scope.CODE_BY_ADDRESS, address(request))
        or_denied(await self._accounts.recovery.verify_email(token))
        return b.Detail("Email verified.")

    def _signed_in(self, user: b.User, tokens: Tokens) -> Response[b.SignedIn]:
        said = b.SignedIn(tokens.access, tokens.refresh, user)
        return Response(said, status_code=200, cookies=[self._cookie(tokens.refresh, tokens.refresh_lives_s)])

    def _cookie(self, refresh: str, lives_s: int) -> Cookie:
        return Cookie(
            key=COOKIE,
            value=refresh,
            path=PREFIX,
            max_age=lives_s,
            httponly=True,
            secure=self._secure,
            samesite="strict",
        )


def router(hall: Hall, accounts: Accounts, manners: Manners, *, secure: bool) -> Router:
    rest = AuthRest(hall, accounts, manners, secure=secure)
    return Router(
        PREFIX,
        route_handlers=[
            post("/register", summary="Make an account", responses=NEW)(rest.register),
            post("/login", status_code=200, summary="Log in", responses=BOTH)(rest.log_in),
            post("/verify-2fa", status_code=200, summary="Log in: the second factor", responses=BOTH)(
                rest.verify_second_factor
            ),
            post("/refresh", status_code=200, summary="Get the next tokens", responses=BOTH)(rest.refresh),
            post("/logout", status_code=200, summary="Log out", responses=BOTH)(rest.log_out),
            get("/me", summary="Your account", responses=OWN)(rest.me),
            get("/sessions", summary="Your logins", responses=OWN)(rest.sessions),
            delete("/sessions", summary="End your other logins", responses=OWN)(rest.end_other_sessions),
            delete("/sessions/{session_id:str}", summary="End a login", responses=LISTED)(rest.end_session),
            post("/change-password", status_code=200, summary="Change your password", responses=BOTH)(
                rest.change_password
            ),
            post("/2fa/setup", status_code=200, summary="Begin with a second factor", responses=BOTH)(
                rest.set_up_second_factor
            ),
            post("/2fa/verify", status_code=200, summary="Turn the second factor on", responses=BOTH)(
                rest.confirm_second_factor
            ),
            post("/2fa/disable", status_code=200, summary="Turn the second factor off", responses=BOTH)(
                rest.disable_second_factor
            ),
            post(
                ["/2fa/backup-codes", "/2fa/backup-codes/regenerate"],
                status_code=200,
                summary="New backup codes",
                responses=BOTH,
            )(rest.new_backup_codes),
            post("/verify-email", status_code=200, summary="Prove an address", responses=NEW)(
                rest.verify_email
            ),
            post("/verify-email/{token:str}", status_code=200, summary="Prove an address", responses=NEW)(
                rest.verify_email_by_path
            ),
            post(
                "/resend-verification",
                status_code=200,
                summary="Another letter to prove an address",
                responses=BOTH,
            )(rest.resend_verification),
            post(
                "/forgot-password",
                status_code=200,
                summary="A letter to choose a new password",
                responses=NEW,
            )(rest.forgot_password),
            post("/reset-password", status_code=200, summary="Choose a new password", responses=NEW)(
                rest.reset_password
            ),
            *(only(path, "POST") for path in _POSTED),
            only("/me", "GET"),
            only("/sessions", "GET", "DELETE"),
            only("/sessions/{session_id:str}", "DELETE"),
            no_such_path,
        ],
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY,
        tags=["auth"],
    )


_POSTED = (
    "/register",
    "/login",
    "/verify-2fa",
    "/refresh",
    "/logout",
    "/change-password",
    "/2fa/setup",
    "/2fa/verify",
    "/2fa/disable",
    "/2fa/backup-codes",
    "/2fa/backup-codes/regenerate",
    "/verify-email",
    "/verify-email/{token:str}",
    "/resend-verification",
    "/forgot-password",
    "/reset-password",
)


async def _refresh_token(request: Asked) -> str | None:
    said = await _body(request, b.RefreshBody)
    return said.refresh or said.refresh_token or request.cookies.get(COOKIE) or None


async def _body(request: Asked, shape: type[T]) -> T:
    """Where it may be left out: then nothing is in it."""
    raw = await request.body()
    try:
        return msgspec.json.decode(raw if raw.strip() else b"{}", type=shape)
    except msgspec.ValidationError as problem:
        at = re.search(r"`\$\.(\w+)`$", str(problem))
        raise Invalid({at[1] if at else "non_field_errors": ["Not a valid string."]}) from None
    except msgspec.DecodeError:
        raise Invalid({"non_field_errors": ["JSON parse error"]}) from None


def _device(request: Asked, login: Login) -> OnDevice:
    agent = request.headers.get("user-agent", "") or UNKNOWN_DEVICE
    return OnDevice(login.device_id or agent, login.device_name or agent)
