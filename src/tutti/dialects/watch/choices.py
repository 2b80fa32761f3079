"""Choosing what to watch, as clients say it: a provider may be left out, and an id must suit its provider."""

from __future__ import annotations

from dataclasses import dataclass

from tutti.core.commands import ChangeMedia, ChangeProvider
from tutti.core.defaults import Defaults
from tutti.core.media import Media
from tutti.core.refusals import Reason, Refused
from tutti.dialects.watch.providers import CATALOGUE_ID, DEFAULT, Provider, Providers, implied, looks_like_url
from tutti.service.dialect import Declined, Malformed


@dataclass(frozen=True, slots=True)
class House:
    """What is offered here: the providers there are, and what a new room is like."""

    providers: Providers
    defaults: Defaults

    def provider(self, provider_id: str) -> Provider:
        found = self.providers.get(provider_id)
        if found is None:
            raise Declined(Refused(Reason.UNKNOWN_PROVIDER, f"No provider is called {provider_id!r} here"))
        return found

    def media(
        self, media_id: str, kind: str, provider_id: str | None, episode: int | None, duration_s: float | None
    ) -> Media:
        """For a new room. Without a provider: the guide's default, unless the id is a URL."""
        provider = self.provider(provider_id or implied(media_id) or DEFAULT)
        _check(provider.problem_with(media_id))
        return Media(media_id, provider.id, kind, episode=episode, duration_ms=_ms(duration_s))

    def change_media(
        self,
        media_id: str,
        kind: str | None,
        provider_id: str | None,
        episode: int | None,
        duration_s: float | None,
    ) -> ChangeMedia:
        """In a room that there is. Without a provider: the room's, unless the id is a URL."""
        named = provider_id or implied(media_id)
        if named is not None:
            _check(self.provider(named).problem_with(media_id))
        elif looks_like_url(media_id):
            raise Malformed("A media URL must begin with http:// or https:// and name a host")
        elif len(media_id) > CATALOGUE_ID:
            raise Malformed(f"mediaId must have at most {CATALOGUE_ID} characters")
        return ChangeMedia(media_id, named, kind, episode=episode, duration_ms=_ms(duration_s))

    def change_provider(self, provider_id: str) -> ChangeProvider:
        return ChangeProvider(self.provider(provider_id).id)


def _check(problem: str | None) -> None:
    if problem is not None:
        raise Malformed(problem)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
