"""The film of two tabs in a call of four: how far each is from the room's timeline, and from the other.

Four Chromium, each with the server's own page, a fake camera and a fake microphone that is heard by the three others; the
film is the clip that the server bundles, played in all of them. An onlooker knows the timeline; nobody else is asked.
`currentTime` is read twenty times a second on the machine's monotonic clock. One seek leads back to the beginning, since
the clip lasts a minute, and a second stretch is watched after it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from bench import Unmeasured, install, meet_frames, options, process
from bench.report import Figure, print_table
from bench.sync import judging, strangers
from bench.sync.chromium import CLIP, RECORD, trace
from bench.sync.judging import Percentiles
from bench.sync.measure import every_core
from bench.sync.onlooker import Onlooker, now_ms
from bench.sync.traces import instants
from bench.sync.tutti import make_room

PEOPLE = ("Ada", "Ben", "Cleo", "Dan")
WATCHED = PEOPLE[1:3]
"""Neither the host nor the last to come."""
SPREAD = "spread"
SETTLE_S = 6.0
PATIENCE_MS = 30_000
MUST_MS = 40.0
FRAME_MS = 1_000 / 30  # of the clip that the server bundles
Series = tuple[str, str]
"""In which stretch, and of what."""
EVERYBODY_SEEN = """(others) => {
  const videos = [...document.querySelectorAll(".tiles video")].filter((video) => video.videoWidth > 0);
  return videos.length === others + 1;
}"""
FILM_PLAYS = "() => (document.querySelector('.film video')?.currentTime ?? 0) > 0.2"


def measure(given: options.Options) -> list[Figure]:
    install.debian("chromium")
    with process.running(given.program()) as (server,), every_core(), contextlib.ExitStack() as stack:
        room = make_room(server.port, CLIP)["room"]
        onlooker = Onlooker(server.port, room)
        stack.callback(onlooker.leave)
        tabs = stack.enter_context(_tabs(f"http://127.0.0.1:{server.port}/m/{room}"))
        watched, taken = _act(tabs, onlooker, given.pick(33, 3))
        traces = {name: trace(tabs[name]) for name in WATCHED}
    stretches = dict(zip(("steady", "after a seek"), watched, strict=True))
    disturbed = max(taken) > strangers.TOO_MUCH
    found = {
        (phase, f"{name}'s error"): judging.errors(traces, onlooker.timeline, (name,), *stretch)
        for phase, stretch in stretches.items()
        for name in WATCHED
    }
    for phase, stretch in stretches.items():
        found[phase, SPREAD] = judging.spreads(traces, WATCHED, *stretch)
    _print(found, stretches)
    for phase, share in zip(stretches, taken, strict=True):
        print(f"{phase}: other programs had {share:.0%} of the machine", flush=True)
    return _figures(found, disturbed=disturbed)


def _act(
    tabs: dict[str, Page], onlooker: Onlooker, watch_s: float
) -> tuple[list[tuple[float, float]], list[float]]:
    """The stretches that count, and how much of the machine others had in each."""
    onlooker.command(type="play")
    for page in tabs.values():
        page.wait_for_function(FILM_PLAYS, timeout=PATIENCE_MS)
    for name in WATCHED:
        tabs[name].evaluate(RECORD)
    stretches: list[tuple[float, float]] = []
    taken: list[float] = []
    for _ in range(2):
        if stretches:
            onlooker.command(type="seek", to=2_000.0)
        time.sleep(SETTLE_S)
        began, usage = now_ms(), strangers.Usage.now()
        time.sleep(watch_s)
        stretches.append((began, now_ms()))
        taken.append(strangers.share_since(usage))
    return stretches, taken


def _print(found: Mapping[Series, Sequence[float]], stretches: Mapping[str, tuple[float, float]]) -> None:
    """`known`: of the instants, those at which it played and was seen."""
    rows: list[tuple[str, ...]] = []
    for (phase, what), values in found.items():
        known = len(values) / len(list(instants(*stretches[phase])))
        said = _percentiles(values)
        rows.append((phase, what, f"{said.p50:.1f}", f"{said.p95:.1f}", f"{said.worst:.1f}", f"{known:.0%}"))
    print_table(("stretch", "of", "p50 ms", "p95 ms", "worst ms", "known"), rows)


def _figures(found: Mapping[Series, Sequence[float]], *, disturbed: bool) -> list[Figure]:
    """The worst of both stretches and of both tabs."""
    spreads = [_percentiles(values) for (_, what), values in found.items() if what == SPREAD]
    errors = [_percentiles(values) for (_, what), values in found.items() if what != SPREAD]
    figures: list[Figure] = []
    for name, said in (("error to the timeline", errors), ("spread", spreads)):
        p50, p95 = max(one.p50 for one in said), max(one.p95 for one in said)
        title = f"film of 2 tabs in a call of 4: {name}"
        figures.append(Figure(f"{title} p50", p50, "ms", disturbed=disturbed))
        figures.append(Figure(f"{title} p95", p95, "ms", MUST_MS, FRAME_MS, disturbed=disturbed))
    return figures


def _percentiles(values: Sequence[float]) -> Percentiles:
    said = judging.percentiles(values)
    if said is None:
        raise Unmeasured("a film did not play")
    return said


@contextlib.contextmanager
def _tabs(address: str) -> Iterator[dict[str, Page]]:
    """Everybody in the meeting, each with a browser's process of their own, and everybody seen by everybody."""
    with sync_playwright() as playwright, contextlib.ExitStack() as stack:
        tabs: dict[str, Page] = {}
        for name in PEOPLE:
            browser = playwright.chromium.launch(
                executable_path=meet_frames.chromium(), args=list(meet_frames.FLAGS)
            )
            stack.callback(browser.close)
            tabs[name] = _enter(browser.new_page(), address, name)
        for page in tabs.values():
            page.wait_for_function(EVERYBODY_SEEN, arg=len(PEOPLE) - 1, timeout=PATIENCE_MS)
        yield tabs


def _enter(page: Page, address: str, name: str) -> Page:
    try:
        page.goto(address)
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Join the meeting").click()
        page.get_by_role("toolbar", name="Meeting controls").wait_for(timeout=PATIENCE_MS)
    except PlaywrightError as reason:
        raise Unmeasured(f"the meeting's page does not come up: {str(reason).splitlines()[0]}") from reason
    return page


if __name__ == "__main__":
    options.run(measure, __doc__ or "")
