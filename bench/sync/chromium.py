"""Three Chromium on the room's page: where each `<video>` is, against the room's timeline.

The page's own clock is the machine's monotonic one behind an offset: many round trips to the page find it, the shortest
tells. Positions come from `currentTime` twenty times a second, and beside it from the frames as they were shown.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bench import Unmeasured, install
from bench.report import Figure, print_table
from bench.sync import judging, outcome, strangers, tutti
from bench.sync.judging import Stretch
from bench.sync.script import DISTURBED, STEADY_TRIES, Session, now_ms
from bench.sync.traces import Trace
from bench.sync.tutti import Site

MEMBERS = 3
LENGTH_MS = 60_000  # of the clip that the server bundles
CLIP = {"id": "clip", "provider": "clip", "kind": "movie", "durationMs": LENGTH_MS}
READY_TIMEOUT_MS = 30_000
CALIBRATIONS = 60
MUST_MS, AIM_MS = 20.0, 5.0
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
    "--no-first-run", "--no-default-browser-check",
)  # fmt: skip
RECORD = """() => {
  const video = document.querySelector("video");
  const seen = (window.benchSeen = { states: [], frames: [], seeks: [] });
  video.addEventListener("seeking", () => seen.seeks.push(performance.now()));
  setInterval(() => {
    const at = performance.now();
    seen.states.push([at, video.currentTime * 1000, video.playbackRate, video.paused, video.seeking]);
  }, 50);
  const shown = (now, frame) => {
    seen.frames.push([frame.expectedDisplayTime, frame.mediaTime * 1000]);
    video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
}"""
READY = (
    "() => { const video = document.querySelector('video'); return video !== null && video.readyState >= 3 }"
)


def measure(profile: str, *, quick: bool) -> list[Figure]:
    """Play, a steady stretch, seeks, a pause: the same things as with mpv, for as long as the clip lasts."""
    install.debian("chromium")
    with tutti.site(profile, MEMBERS, "chromium", media=CLIP) as site, _browsers() as browsers:
        pages = {f"chromium-{number}": browser.new_page() for number, browser in enumerate(browsers)}
        for (name, page), address in zip(pages.items(), site.pages, strict=True):
            _enter(page, address, name)
        time.sleep(2.0)
        stretches = _act(site, tuple(pages), quick=quick)
        seen = {name: trace(page) for name, page in pages.items()}
        shown = {name: _frames(page) for name, page in pages.items()}
    session = Session("chromium", seen, site.onlooker.timeline, stretches, [])
    found = outcome.of("chromium", [session])
    print_table(("system", "phase", "spread", "error to target"), outcome.phase_rows([found]))
    return _figures(f"sync {profile}, 3 Chromium: ", found, _shown_errors(session, shown))


def _act(site: Site, members: tuple[str, ...], *, quick: bool) -> list[Stretch]:
    """Seeks go back to the beginning: the clip is short."""
    stretches: list[Stretch] = []

    def note(phase: str, began: float, since: float, sought: float | None = None) -> None:
        stretches.append(Stretch(phase, began, now_ms(), members, since, sought=sought))

    def command(phase: str, watch_s: float, sought: float | None = None) -> None:
        began = now_ms()
        since = site.party.play() if sought is None else site.party.seek(sought)
        time.sleep(watch_s)
        note(phase, began, since, sought)

    command("play", 4.0 if quick else 10.0)
    for _ in range(STEADY_TRIES):
        began, usage = now_ms(), strangers.Usage.now()
        time.sleep(5.0 if quick else 30.0)
        share = strangers.share_since(usage)
        disturbed = share > strangers.TOO_MUCH
        if disturbed:
            print(f"other programs took {share:.0%} of the machine in the steady stretch", flush=True)
        note(DISTURBED if disturbed else "steady", began, began)
        for sought in (2_000.0,) if quick else (2_000.0, 12_000.0, 5_000.0):
            command("seek", 6.0, sought)
        if not disturbed:
            break
    began = now_ms()
    since = site.party.pause()
    time.sleep(2.0)
    note("pause", began, since)
    return stretches


def _enter(page: Page, address: str, name: str) -> None:
    try:
        page.goto(address)
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Join").click()
        page.wait_for_function(READY, timeout=READY_TIMEOUT_MS)
        page.evaluate(RECORD)
    except PlaywrightError as reason:
        raise Unmeasured(f"the room's page does not come up: {str(reason).splitlines()[0]}") from reason


def trace(page: Page) -> Trace:
    """What was recorded since `RECORD`, on our clock."""
    ahead_ms = _calibrate(page)
    recorded: dict[str, Any] = page.evaluate("() => window.benchSeen")
    found = Trace(seeks=[at + ahead_ms for at in recorded["seeks"]])
    for at, position, rate, paused, seeking in recorded["states"]:
        found.state_times.append(at + ahead_ms)
        found.speeds.append(rate)
        found.paused.append(paused)
        found.frames.append(position if paused else None)
        if not seeking:
            found.times.append(at + ahead_ms)
            found.positions.append(position)
    return found


def _frames(page: Page) -> list[tuple[float, float]]:
    """(when it was to be seen, its place in the film)."""
    ahead_ms = _calibrate(page)
    recorded: list[tuple[float, float]] = page.evaluate("() => window.benchSeen.frames")
    return [(at + ahead_ms, position) for at, position in recorded]


def _calibrate(page: Page) -> float:
    """What to add to the page's `performance.now()` to get our time."""
    best, shortest = 0.0, float("inf")
    for _ in range(CALIBRATIONS):
        asked = now_ms()
        page_ms: float = page.evaluate("() => performance.now()")
        answered = now_ms()
        if answered - asked < shortest:
            best, shortest = (asked + answered) / 2 - page_ms, answered - asked
    return best


def _shown_errors(session: Session, shown: dict[str, list[tuple[float, float]]]) -> list[float]:
    """Of the frames in the steady stretches. A frame is on time from its place in the film until the next one's."""
    found: list[float] = []
    for stretch in (*session.phase("steady"), *session.phase(DISTURBED)):
        for frames in shown.values():
            for at, position in frames:
                wanted = session.target.at(at) if stretch.began <= at < stretch.ended else None
                if wanted is not None:
                    found.append(abs(position - wanted))
    return found


def _figures(prefix: str, found: outcome.Outcome, shown: Sequence[float]) -> list[Figure]:
    error = judging.percentiles(found.error.get(found.steady_phase, []))
    spread = found.steady_spread()
    if error is None or spread is None:
        raise Unmeasured("no Chromium played")
    figures = [
        Figure(f"{prefix}error to target p95", error.p95, "ms", MUST_MS, AIM_MS, disturbed=found.disturbed),
        Figure(f"{prefix}spread p95", spread.p95, "ms"),
        Figure(f"{prefix}seek: within 40 ms, worst", max(found.together["seek"]) / 1000, "s"),
    ]
    pictures = judging.percentiles(shown)
    if pictures is not None:
        figures.append(Figure(f"{prefix}frames as shown, error p95", pictures.p95, "ms"))
    return figures


@contextlib.contextmanager
def _browsers() -> Iterator[list[Browser]]:
    """One process each, as people have."""
    executable = shutil.which("chromium")
    with sync_playwright() as playwright, contextlib.ExitStack() as stack:
        launched: list[Browser] = []
        for _ in range(MEMBERS):
            browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
            stack.callback(browser.close)
            launched.append(browser)
        yield launched
