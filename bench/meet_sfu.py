"""Six in a call: what each sends, and what it costs, connected with one another and through the server (MEET_SFU).

Chromium with its own fake camera at 640×360 and a front end written from guide 004 alone, which knows nothing of the
server's forwarding. Sent: `bytesSent` of every stream of every connection, over a stretch in the middle. CPU: of the
process that forwards, user + system. The browsers share what is left of the machine, and in the mesh each encodes for
five: where that is more than the machine has, they send less than they would.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from playwright.async_api import Browser, Page, async_playwright

from bench import Unmeasured, install, options, process, report
from bench.meet_frames import FLAGS, PAGE, chromium
from bench.report import Figure

PEOPLE = 6
SETTLE_S = 12.0
PATIENCE_MS = 60_000
CAMERA = """async () => {
  local = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
}"""
SEES_ALL = """async ([others, within_ms]) => {
  const seen = async () => {
    const frames = await Promise.all([...peers.keys()].map(decoded));
    return frames.filter((of) => of.some((n) => n > 0)).length >= others;
  };
  for (const end = performance.now() + within_ms; !(await seen()); ) {
    if (performance.now() > end) throw new Error("not everybody is seen");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}"""
COUNTED = """async () => {
  const found = { sent: 0, streams: 0, frames: 0, lost: 0 };
  for (const { connection } of peers.values())
    for (const one of (await connection.getStats()).values()) {
      if (one.type === "outbound-rtp" && one.bytesSent > 0) { found.sent += one.bytesSent; found.streams += 1; }
      if (one.type === "inbound-rtp") { found.frames += one.framesDecoded ?? 0; found.lost += one.packetsLost; }
    }
  return found;
}"""


@dataclass(frozen=True)
class Call:
    """Of each: kbit/s sent, in how many streams, and pictures a second of each of the others."""

    kbit_per_s: float
    streams: float
    frames_per_s: float
    cpu_percent: float


def measure(given: options.Options) -> list[Figure]:
    install.debian("chromium")
    people, for_s = given.pick(PEOPLE, 3), given.pick(20, 3)
    calls = {
        name: asyncio.run(_call(given, people, for_s, sfu=name == "through the server"))
        for name in ("mesh", "through the server")
    }
    rows = [
        (
            name,
            f"{call.kbit_per_s:.0f}",
            f"{call.streams:.0f}",
            f"{call.frames_per_s:.1f}",
            f"{call.cpu_percent:.1f} %",
        )
        for name, call in calls.items()
    ]
    report.print_table(
        ("6 in a call", "kbit/s sent by each", "streams", "frames/s", "CPU of the process"), rows
    )
    mesh, through = calls.values()
    print(f"sent by each, through the server / mesh: {through.kbit_per_s / mesh.kbit_per_s:.3f}")
    return [
        Figure("forwarding for six, 640×360, CPU", through.cpu_percent, "% of a core"),
        Figure("sent by each of six, through the server", through.kbit_per_s, "kbit/s"),
        Figure("sent by each of six, mesh", mesh.kbit_per_s, "kbit/s"),
    ]


async def _call(given: options.Options, people: int, for_s: float, *, sfu: bool) -> Call:
    program = given.program()
    chosen = {"MEET_SFU": "on" if sfu else "off", "MEET_MESH_MAX": "2"}
    with process.running(replace(program, environment=program.environment | chosen)) as (server,):
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            try:
                pages = [await _enter(browser, server.port, f"p{number}") for number in range(people)]
                for page in pages:
                    await page.evaluate(SEES_ALL, [people - 1, PATIENCE_MS])
                await asyncio.sleep(SETTLE_S)  # until they have found out what the line carries
                return await _stretch(pages, _relay(server.pid) if sfu else None, for_s)
            finally:
                await browser.close()


async def _stretch(pages: list[Page], relay: int | None, for_s: float) -> Call:
    cpu_s = 0.0 if relay is None else process.cpu_s(relay)
    before = [await page.evaluate(COUNTED) for page in pages]
    await asyncio.sleep(for_s)
    after = [await page.evaluate(COUNTED) for page in pages]
    used_s = 0.0 if relay is None else process.cpu_s(relay) - cpu_s
    more = [{key: b[key] - a[key] for key in a} for a, b in zip(before, after, strict=True)]
    each = len(pages)
    return Call(
        kbit_per_s=sum(one["sent"] for one in more) * 8 / 1000 / for_s / each,
        streams=sum(one["streams"] for one in after) / each,
        frames_per_s=sum(one["frames"] for one in more) / for_s / each / (each - 1),
        cpu_percent=100 * used_s / for_s,
    )


async def _enter(browser: Browser, port: int, me: str) -> Page:
    page = await (await browser.new_context()).new_page()
    asked = {"server": f"ws://127.0.0.1:{port}", "room": "six", "me": me, "name": me}
    await page.goto(f"{PAGE.as_uri()}?{urlencode(asked)}")
    await page.evaluate(CAMERA)
    await page.evaluate("async () => { await open(); join(); }")
    await page.wait_for_function("yourId", polling=50)
    return page


def _relay(server: int) -> int:
    for pid in process.family(server)[1:]:
        if b"tutti_media.sfu" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise Unmeasured("nothing forwards")


if __name__ == "__main__":
    options.run(measure, __doc__ or "")
