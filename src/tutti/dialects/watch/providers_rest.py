"""The guide's "providers backend" over HTTP, for the operator's other servers: only with `x-internal-key`."""

from __future__ import annotations

from collections import Counter
from hmac import compare_digest
from typing import Self
from urllib.parse import unquote

from litestar import Router, get
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from tutti.core.refusals import Reason, Refused
from tutti.dialects.watch.dialect import Watch
from tutti.dialects.watch.replies import (
    FAILURES,
    Asked,
    EmbedInfo,
    Failure,
    ProviderInfo,
    ProviderStats,
    Success,
)
from tutti.service.dialect import Declined
from tutti.service.session import Hall

PREFIX = "/providers"
HEADER = "x-internal-key"


class ProvidersRest:
    """`key`: what a caller must show; None: the operator has set none, and nothing is here for anybody."""

    def __init__(self, hall: Hall, watch: Watch, key: str | None) -> None:
        self._hall = hall
        self._providers = watch.house.providers
        self._key = None if key is None else key.encode()

    def __deepcopy__(self, memo: object) -> Self:
        """As in `rest`: copied handlers serve the same providers."""
        return self

    async def list_all(self, request: Asked) -> Success[list[ProviderInfo]]:
        """Every provider that rooms may name."""
        self._check(request)
        listed = self._providers.listed()
        return Success(data=[ProviderInfo(p.id, p.name, p.base_url, p.template, p.enabled) for p in listed])

    async def embed(
        self, request: Asked, provider: FromPath[str], media_id: FromPath[str]
    ) -> Success[EmbedInfo]:
        """What shows this film: a URL and an HTML element. Only from providers that the operator enabled."""
        self._check(request)
        media_id = _as_sent(request) or media_id.removeprefix("/")
        found = self._providers.get(provider)
        if found is None:
            raise NotFoundException("No such provider")
        made = found.embed(media_id)
        if isinstance(made, Refused):
            raise Declined(made)
        return Success(data=EmbedInfo(provider, media_id, made.url, made.html))

    async def stats(self, request: Asked) -> Success[ProviderStats]:
        """How many rooms play from where."""
        self._check(request)
        listed = self._providers.listed()
        playing = (
            live.state.media for live in self._hall.rooms.alive() if live.state and not live.state.closed
        )
        rooms = Counter(media.provider for media in playing if media is not None)
        return Success(data=ProviderStats(len(listed), sum(p.enabled for p in listed), dict(rooms)))

    def _check(self, request: Asked) -> None:
        """In constant time, so that the key cannot be found by trying."""
        if self._key is None:
            raise NotFoundException("There is nothing here: no INTERNAL_API_KEY is set")
        if not compare_digest(request.headers.get(HEADER, "").encode(), self._key):
            raise Declined(Refused(Reason.UNAUTHENTICATED, f"{HEADER} is missing or wrong"))


def _as_sent(request: Asked) -> str:
    """The id as it stands in the address: routing takes a URL's two slashes for one."""
    raw: bytes = request.scope.get("raw_path", b"").partition(b"?")[0]
    return unquote(raw.decode("latin-1").removeprefix(PREFIX + "/").partition("/")[2])


def router(hall: Hall, watch: Watch, key: str | None) -> Router:
    """`/providers/list`, `/providers/stats`, `/providers/{provider}/{id}`."""
    rest = ProvidersRest(hall, watch, key)
    failures = {status: ResponseSpec(Failure, generate_examples=False) for status in (400, 401, 403, 404)}
    return Router(
        PREFIX,
        route_handlers=[
            get("/list", summary="List providers (internal)", responses=failures)(rest.list_all),
            get("/stats", summary="Count rooms by provider (internal)", responses=failures)(rest.stats),
            get("/{provider:str}/{media_id:path}", summary="Embed a film (internal)", responses=failures)(
                rest.embed
            ),
        ],
        exception_handlers=FAILURES,
        tags=["watch"],
    )
