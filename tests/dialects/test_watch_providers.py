"""Where films come from: the registry, the operator's file, and what may be embedded for whom."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.watching import Watching
from tutti.core.refusals import Reason, Refused
from tutti.dialects.watch.heard import HEARD
from tutti.dialects.watch.providers import (
    BadProviders,
    Embed,
    Provider,
    built_in,
    implied,
    is_url,
    youtube_id,
)
from tutti.dialects.watch.spoken import SPOKEN

ROOT = Path(__file__).parents[2]
KEY = {"x-internal-key": "internal-key"}

MINE = """
[[providers]]
id = "cellar"
name = "Film cellar"
base_url = "https://films.example"
template = '<iframe src="https://films.example/show/{id}"></iframe>'
"""


def provider(provider_id: str) -> Provider:
    found = built_in().get(provider_id)
    assert found is not None
    return found


def enabled(provider_id: str) -> Provider:
    turned_on = built_in().extended(f'[[providers]]\nid = "{provider_id}"\nenabled = true\n').get(provider_id)
    assert turned_on is not None
    return turned_on


@pytest.mark.parametrize("provider_id", ["vidnest", "vidsrc", "embed"])
def test_the_guides_providers_embed_nothing_until_the_operator_enables_them(provider_id: str) -> None:
    refused = provider(provider_id).embed("666243")
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_ALLOWED
    assert isinstance(enabled(provider_id).embed("666243"), Embed)


@pytest.mark.parametrize(
    ("provider_id", "url"),
    [
        ("vidnest", "https://vidnest.fun/movie/666243"),
        ("vidsrc", "https://vidsrc.to/embed-666243"),
        ("embed", "https://embed.stream/embed/666243"),
    ],
)
def test_once_enabled_they_embed_as_the_guide_prints(provider_id: str, url: str) -> None:
    frame = f'<iframe src="{url}" frameborder="0" scrolling="no" allowfullscreen></iframe>'
    assert enabled(provider_id).embed("666243") == Embed(url, frame)


def test_a_media_url_is_played_as_it_is() -> None:
    url = "https://media.example/a/clip.mp4?x=1&y=2"
    html = '<video src="https://media.example/a/clip.mp4?x=1&amp;y=2" controls playsinline></video>'
    assert provider("direct").embed(url) == Embed(url, html)


@pytest.mark.parametrize(
    "bad",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//media.example/x",
        "clip.mp4",
        "http://",
        "http://[x",
        "http://a b",
    ],
)
def test_only_http_addresses_are_media_urls(bad: str) -> None:
    refused = provider("direct").embed(bad)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.OUT_OF_RANGE
    assert not is_url(bad)


@pytest.mark.parametrize(
    "said",
    [
        "aqz-KE-bpKQ",
        "https://youtu.be/aqz-KE-bpKQ",
        "https://www.youtube.com/watch?v=aqz-KE-bpKQ&t=5",
        "https://m.youtube.com/watch?t=5&v=aqz-KE-bpKQ",
        "https://www.youtube.com/embed/aqz-KE-bpKQ",
        "https://youtube.com/shorts/aqz-KE-bpKQ",
    ],
)
def test_a_youtube_video_is_found_in_each_of_its_addresses(said: str) -> None:
    embed = provider("youtube").embed(said)
    assert isinstance(embed, Embed)
    assert embed.url == "https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ?enablejsapi=1"


@pytest.mark.parametrize(
    "said", ["https://evil.example/watch?v=aqz-KE-bpKQ", "https://youtu.be/", "x", "a/../b"]
)
def test_what_is_no_youtube_video_is_not_embedded_as_one(said: str) -> None:
    assert youtube_id(said) is None
    assert isinstance(provider("youtube").embed(said), Refused)


def test_a_url_says_itself_who_plays_it() -> None:
    assert implied("https://youtu.be/aqz-KE-bpKQ") == "youtube"
    assert implied("https://media.example/clip.mp4") == "direct"
    assert implied("666243") is None


class _Attributes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, attrs))


@given(st.sampled_from(["vidnest", "vidsrc", "embed", "library", "direct", "youtube"]), st.text(max_size=40))
def test_no_id_leaves_the_attribute_it_stands_in(provider_id: str, media_id: str) -> None:
    turned_on = enabled(provider_id)
    for said in (media_id, f"https://a.example/{media_id}", '"><script>alert(1)</script>'):
        embed = turned_on.embed(said)
        if isinstance(embed, Refused):
            continue
        read = _Attributes()
        read.feed(embed.html)
        plain = _Attributes()
        plain.feed(turned_on.template)
        assert [tag for tag, _ in read.elements] == [tag for tag, _ in plain.elements]
        assert [name for name, _ in read.elements[0][1]] == [name for name, _ in plain.elements[0][1]]


def test_the_operator_adds_a_provider_and_the_others_stay() -> None:
    extended = built_in().extended(MINE)
    assert [p.id for p in extended.listed()] == [p.id for p in built_in().listed()] + ["cellar"]
    added = extended.get("cellar")
    assert added is not None
    url = "https://films.example/show/a%2Fb"
    assert added.embed("a/b") == Embed(url, f'<iframe src="{url}"></iframe>')


def test_an_empty_file_changes_nothing() -> None:
    assert built_in().extended("").listed() == built_in().listed()


MISTAKES: list[tuple[str, str]] = [
    ("providers = 5", "must be tables"),
    ("[[providers", "not TOML"),
    ("[other]\nx = 1", "other: not known"),
    ("[[providers]]\nname = 'x'", "providers 1: id must be"),
    ("[[providers]]\nid = 'No Spaces'", "providers 1: id must be"),
    ("[[providers]]\nid = 'vidnest'\nenabled = 'yes'", "enabled must be true or false"),
    ("[[providers]]\nid = 'vidnest'\ncolour = 'red'", "colour is not known"),
    ("[[providers]]\nid = 'vidnest'\nname = 5", "name must be text"),
    ("[[providers]]\nid = 'new'", "providers 1: name is missing"),
    ("[[providers]]\nid = 'new'\nname = 'New'", "template must be HTML"),
    (MINE.replace("https://films.example/show", "ftp://films.example/show"), "src must begin with"),
    (MINE.replace("{id}", "id"), "template must be HTML"),
    (MINE.replace('"https://films.example"', '"films.example"'), "base_url must be"),
    (MINE + MINE, "id 'cellar' is given twice"),
]


@pytest.mark.parametrize(("toml", "mistake"), MISTAKES)
def test_a_mistake_in_the_file_is_told_with_its_place(toml: str, mistake: str) -> None:
    with pytest.raises(BadProviders) as wrong:
        built_in().extended(toml)
    assert mistake in str(wrong.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(BadProviders) as wrong:
        built_in().extended("[[providers]]\nid = 'vidnest'\nenabled = 1\n[[providers]]\nid = ''\n")
    assert len(wrong.value.mistakes) == 2


async def test_the_internal_routes_answer_only_with_the_key() -> None:
    async with Watching() as node:
        for path in ("/providers/list", "/providers/stats", "/providers/youtube/aqz-KE-bpKQ"):
            assert (await node.http.get(path)).status_code == 401
            wrong = await node.http.get(path, headers={"x-internal-key": "internal-kez"})
            assert wrong.json()["code"] == "UNAUTHENTICATED"
            assert (await node.http.get(path, headers=KEY)).status_code == 200


async def test_without_a_key_there_are_no_internal_routes() -> None:
    async with Watching(key=None) as node:
        for headers in ({}, {"x-internal-key": ""}, KEY):
            answer = await node.http.get("/providers/list", headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (404, "Not Found")


async def test_the_internal_list_and_count_show_every_provider() -> None:
    async with Watching() as node:
        await node.create()
        listed = (await node.http.get("/providers/list", headers=KEY)).json()["data"]
        counted = (await node.http.get("/providers/stats", headers=KEY)).json()["data"]
    assert [one["id"] for one in listed] == [p.id for p in built_in().listed()]
    assert counted == {"totalProviders": 6, "enabledProviders": 3, "rooms": {"vidnest": 1}}


async def test_the_internal_embed_takes_a_whole_url_and_refuses_what_is_off() -> None:
    async with Watching() as node:
        direct = await node.http.get("/providers/direct/https:%2F%2Fmedia.example%2Fclip.mp4", headers=KEY)
        assert direct.json()["data"] == {
            "provider": "direct",
            "id": "https://media.example/clip.mp4",
            "url": "https://media.example/clip.mp4",
            "html": '<video src="https://media.example/clip.mp4" controls playsinline></video>',
        }
        off = await node.http.get("/providers/vidnest/666243", headers=KEY)
        assert (off.status_code, off.json()["code"]) == (403, "NOT_ALLOWED")
        unknown = await node.http.get("/providers/nobody/666243", headers=KEY)
        assert (unknown.status_code, unknown.json()["error"]) == (404, "Not Found")
        bad = await node.http.get("/providers/direct/clip.mp4", headers=KEY)
        assert (bad.status_code, bad.json()["statusCode"]) == (400, 400)


def test_the_example_in_the_documentation_loads_and_does_what_it_says() -> None:
    page = (ROOT / "docs/howto/providers.md").read_text("utf-8")
    toml = page.split("```toml\n")[1].split("```")[0]
    extended = built_in().extended(toml)
    vidsrc, cellar = extended.get("vidsrc"), extended.get("cellar")
    assert vidsrc is not None
    assert cellar is not None
    assert vidsrc.enabled
    shown = cellar.embed("42")
    assert isinstance(shown, Embed)
    assert json.loads(page.split("```json\n")[1].split("```")[0])["data"] == {
        "provider": "cellar",
        "id": "42",
        "url": shown.url,
        "html": shown.html,
    }


def test_every_event_and_code_is_in_the_documentation() -> None:
    page = (ROOT / "docs/reference/protocol/watch.md").read_text("utf-8")
    codes = {reason.code.upper() for reason in Reason}
    for word in (*HEARD, *SPOKEN, *codes):
        assert f"`{word}`" in page, word
