"""Where films come from: a registry that the operator extends (`WATCH_PROVIDERS`, a TOML file).

The guide's three providers are known, so that rooms, defaults and switching work as printed, but nothing is produced
that loads from them until the operator enables them: whether they may be used is the operator's to know.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tutti.core.refusals import Reason, Refused

CATALOGUE_ID = 20
"""Contract `watch`: a catalogue's ids have at most 20 characters."""
LIBRARY_ID = 64

DEFAULT = "vidnest"
DIRECT = "direct"
LIBRARY = "library"
YOUTUBE = "youtube"

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_SRC = re.compile(r'\bsrc="([^"]*)"')
_FRAME = '<iframe src="{}" frameborder="0" scrolling="no" allowfullscreen></iframe>'
_YOUTUBE_HOSTS = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"))
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{6,20}")


class BadProviders(Exception):
    """The operator's file is wrong: `mistakes`, one sentence each."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


@dataclass(frozen=True, slots=True)
class Embed:
    """`url` loads the player or the film; `html` is an element that shows it."""

    url: str
    html: str


@dataclass(frozen=True, slots=True)
class Provider:
    """`template`: the HTML of the player, with `{id}` (percent-encoded) or `{url}` (the id is a URL) in its `src`."""

    id: str
    name: str
    base_url: str
    template: str
    enabled: bool = True

    @property
    def takes_urls(self) -> bool:
        return "{url}" in self.template or self.id == YOUTUBE

    def problem_with(self, media_id: str) -> str | None:
        """Why this cannot be an id of this provider's; None if it can."""
        if is_url(media_id):
            return None if self.takes_urls else f"{self.id} takes an id, not a URL"
        if looks_like_url(media_id):
            return "A media URL must begin with http:// or https:// and name a host"
        if self.id == DIRECT:
            return "direct takes the http or https URL of a media file"
        most = LIBRARY_ID if self.id == LIBRARY else CATALOGUE_ID
        return None if len(media_id) <= most else f"mediaId must have at most {most} characters"

    def embed(self, media_id: str) -> Embed | Refused:
        """What shows this film. Ids come from strangers: nothing in one can leave the attribute it stands in."""
        if not self.enabled:
            return Refused(Reason.NOT_ALLOWED, f"{self.name} is not enabled here")
        problem = self.problem_with(media_id)
        if problem is not None:
            return Refused(Reason.OUT_OF_RANGE, problem)
        plain = youtube_id(media_id) if self.id == YOUTUBE else media_id
        if plain is None:
            return Refused(Reason.OUT_OF_RANGE, "This is not the URL or id of a YouTube video")
        source = _SRC.search(self.template)
        url = _filled(source.group(1), plain) if source else ""
        return Embed(url, self.template.replace(source.group(1), escape(url)) if source else "")


class Providers:
    """By id, in the order in which they are shown."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._by_id = {provider.id: provider for provider in providers}

    def get(self, provider_id: str) -> Provider | None:
        return self._by_id.get(provider_id)

    def listed(self) -> tuple[Provider, ...]:
        return tuple(self._by_id.values())

    def extended(self, toml: str) -> Providers:
        """With the operator's file read over these. Raises `BadProviders`."""
        return Providers({**self._by_id, **_read(toml, self._by_id)}.values())


def built_in() -> Providers:
    return Providers(
        (
            Provider(DIRECT, "Media URL", "", '<video src="{url}" controls playsinline></video>'),
            Provider(LIBRARY, "Library", "", '<video src="/library/{id}" controls playsinline></video>'),
            Provider(
                YOUTUBE,
                "YouTube",
                "https://www.youtube-nocookie.com",
                _FRAME.format("https://www.youtube-nocookie.com/embed/{id}?enablejsapi=1"),
            ),
            Provider(
                "vidnest",
                "VidNest",
                "https://vidnest.fun",
                _FRAME.format("https://vidnest.fun/movie/{id}"),
                False,
            ),
            Provider(
                "vidsrc", "VidSrc", "https://vidsrc.to", _FRAME.format("https://vidsrc.to/embed-{id}"), False
            ),
            Provider(
                "embed",
                "EmbedStream",
                "https://embed.stream",
                _FRAME.format("https://embed.stream/embed/{id}"),
                False,
            ),
        )
    )


def implied(media_id: str) -> str | None:
    """A URL says itself who plays it; an id does not."""
    if not is_url(media_id):
        return None
    return YOUTUBE if youtube_id(media_id) else DIRECT


def looks_like_url(media_id: str) -> bool:
    return "://" in media_id


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        return False


def youtube_id(media_id: str) -> str | None:
    """The video's id, from itself or from one of the usual URLs."""
    found = _youtube_path_id(media_id) if is_url(media_id) else media_id
    return found if found and _YOUTUBE_ID.fullmatch(found) else None


def _youtube_path_id(url: str) -> str | None:
    parts = urlsplit(url)
    if (parts.hostname or "").lower() not in _YOUTUBE_HOSTS:
        return None
    head, _, tail = parts.path.strip("/").partition("/")
    if head == "watch":
        return parse_qs(parts.query).get("v", [""])[0]
    return tail.partition("/")[0] if head in ("embed", "shorts", "live") else head


def _filled(source: str, media_id: str) -> str:
    return source.replace("{url}", media_id).replace("{id}", quote(media_id, safe=""))


def _read(toml: str, known: Mapping[str, Provider]) -> dict[str, Provider]:
    try:
        document = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as problem:
        raise BadProviders([f"not TOML: {problem}"]) from None
    entries = document.pop("providers", [])
    mistakes = [f"{key}: not known; only [[providers]] is" for key in document]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadProviders([*mistakes, "providers: must be tables, each beginning with [[providers]]"])
    read: dict[str, Provider] = {}
    for number, entry in enumerate(entries, 1):
        provider = _Entry(number, entry, mistakes).read(known)
        if provider is not None and provider.id in read:
            mistakes.append(f"providers {number}: id {provider.id!r} is given twice")
        elif provider is not None:
            read[provider.id] = provider
    if mistakes:
        raise BadProviders(mistakes)
    return read


class _Entry:
    """One `[[providers]]` table; what is wrong with it goes to `mistakes`."""

    def __init__(self, number: int, entry: Mapping[str, Any], mistakes: list[str]) -> None:
        self._entry = entry
        self._mistakes = mistakes
        self._where = f"providers {number}"

    def read(self, known: Mapping[str, Provider]) -> Provider | None:
        before = len(self._mistakes)
        provider_id = self._entry.get("id")
        if not isinstance(provider_id, str) or not _ID.fullmatch(provider_id):
            self._wrong("id must be 1 to 32 of a-z, 0-9, - and _")
            return None
        for key in self._entry.keys() - {"id", "name", "base_url", "template", "enabled"}:
            self._wrong(f"{key} is not known; id, name, base_url, template and enabled are")
        old = known.get(provider_id) or Provider(provider_id, "", "", "")
        provider = replace(
            old,
            name=self._text("name", old.name, most=100),
            base_url=self._text("base_url", old.base_url, most=2048),
            template=self._text("template", old.template, most=4096),
            enabled=self._enabled(old),
        )
        self._check(provider)
        return provider if len(self._mistakes) == before else None

    def _check(self, provider: Provider) -> None:
        if not provider.name:
            self._wrong("name is missing")
        if provider.base_url and not is_url(provider.base_url):
            self._wrong("base_url must be an http or https URL")
        sources = _SRC.findall(provider.template)
        if len(sources) != 1 or not ("{id}" in sources[0] or sources[0] == "{url}"):
            self._wrong('template must be HTML with one src="…" in which {id} stands, or that is {url}')
        elif sources[0] != "{url}" and not (sources[0].startswith("/") or is_url(sources[0])):
            self._wrong("template's src must begin with http://, https:// or /")

    def _text(self, key: str, default: str, *, most: int) -> str:
        value = self._entry.get(key, default)
        if isinstance(value, str) and len(value) <= most:
            return value.strip()
        self._wrong(f"{key} must be text of at most {most} characters")
        return default

    def _enabled(self, old: Provider) -> bool:
        value = self._entry.get("enabled", old.enabled)
        if isinstance(value, bool):
            return value
        self._wrong("enabled must be true or false")
        return old.enabled

    def _wrong(self, problem: str) -> None:
        self._mistakes.append(f"{self._where}: {problem}")
