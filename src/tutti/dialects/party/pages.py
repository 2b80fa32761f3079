"""Lists come in pages: `{next, previous, results}`, where `next` and `previous` are whole addresses.

A cursor is the place of a row in this very list, signed: one that we did not write, or wrote for another list, is none.
`page` counts pages for those who know no cursors; what it leads to are cursors all the same.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec

from tutti.dialects.party.problems import Asked, Invalid, NoSuch
from tutti.platform.paging import Keyset, Offset, Page, Wanted

T = TypeVar("T")
Row = TypeVar("Row")

SIZE = 20
LARGEST = 100
LAST_PAGE = 1_000
LONGEST_CURSOR = 200
SIGNATURE_BYTES = 12

_PLACES = ("cursor", "page")


@dataclass(frozen=True, slots=True)
class PageRequest:
    wanted: Wanted
    size: int


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """One page."""

    next: str | None
    previous: str | None
    results: tuple[T, ...]


class Cursors:
    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"cursors of lists", sha256)

    def page_request(self, request: Asked) -> PageRequest:
        """`?cursor`, else `?page`; and `?page_size`, which is never more than it may be."""
        query = request.query_params
        size = min(_number("page_size", query.get("page_size") or str(SIZE)), LARGEST)
        cursor, page = query.get("cursor"), query.get("page")
        if cursor:
            return PageRequest(self.read(request.url.path, cursor), size)
        if not page:
            return PageRequest(None, size)
        number = _number("page", page)
        if number > LAST_PAGE:
            raise NoSuch("Invalid page.")
        return PageRequest(Offset((number - 1) * size), size)

    def listed(self, request: Asked, page: Page[Row], body_of: Callable[[Row], T]) -> Listed[T]:
        return Listed(
            self.address(request, page.next),
            self.address(request, page.previous),
            tuple(body_of(row) for row in page.rows),
        )

    def address(self, request: Asked, place: Keyset | None) -> str | None:
        """Of the page there: this one's, with another cursor."""
        if place is None:
            return None
        url = request.url
        kept = [pair for pair in parse_qsl(url.query) if pair[0] not in _PLACES]
        query = urlencode([*kept, ("cursor", self.write(url.path, place))])
        return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}/?{query}"

    def write(self, path: str, place: Keyset) -> str:
        said = f"{'-' if place.back else '+'}{place.at_ms}:{place.id}".encode()
        return urlsafe_b64encode(self._signature(path, said) + said).decode().rstrip("=")

    def read(self, path: str, cursor: str) -> Keyset:
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except ValueError:
            raise NoSuch("Invalid cursor") from None
        signature, said = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if len(cursor) > LONGEST_CURSOR or not hmac.compare_digest(signature, self._signature(path, said)):
            raise NoSuch("Invalid cursor")
        at_ms, _, id_ = said[1:].decode().partition(":")
        return Keyset(int(at_ms), id_, back=said[:1] == b"-")

    def _signature(self, path: str, said: bytes) -> bytes:
        return hmac.digest(self._key, path.rstrip("/").encode() + b"\0" + said, sha256)[:SIGNATURE_BYTES]


def _number(field: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) == 0:
        raise Invalid({field: ["A valid positive integer is required."]})
    return int(text)
