"""What may not matter: the server's wall clock steps by an hour, the server is killed, one member is cut off."""

from __future__ import annotations

import time

from bench import Unmeasured
from bench.sync.script import Script, Stage, now_ms, play
from bench.sync.tutti import Site
from bench.sync.wall_clock import NOTICED_AFTER_S, told_by

CUT_OFF = 2  # whose link it is


def the_faults(site: Site, stage: Stage, script: Script) -> None:
    """One after the other, with a look at what came of each."""
    play(stage, script.converge_s)
    if site.wall_clock is not None:
        for hours in (1, -1, 0):
            began = now_ms()
            site.wall_clock.set(hours)
            time.sleep(NOTICED_AFTER_S)
            _check_step(site.server.port, hours)
            time.sleep(script.watch_s)
            stage.note("wall clock stepped", began)
    _power_cut(site, stage, script)
    _outage(site, stage, script)


def _check_step(port: int, hours: int) -> None:
    """A step that did not come about would prove nothing."""
    ahead_s = told_by(port) - time.time()
    if abs(ahead_s - hours * 3600) > 10:
        raise Unmeasured(f"the server's wall clock is {ahead_s:+.0f} s off, and not {hours:+d} h")


def _power_cut(site: Site, stage: Stage, script: Script) -> None:
    began = now_ms()
    connections = site.onlooker.connections
    site.server.kill()
    time.sleep(script.downtime_s)
    site.server.start()
    site.onlooker.wait_for_connection(connections + 1)
    stage.note("server down", began)
    began = now_ms()
    time.sleep(script.watch_s)
    stage.note("server back", began)


def _outage(site: Site, stage: Stage, script: Script) -> None:
    began = now_ms()
    name = list(stage.present)[CUT_OFF]
    site.proxy.order("cut", str(CUT_OFF))
    time.sleep(script.outage_s)
    stage.note("outage", began, subject=name)
    began = now_ms()
    site.proxy.order("heal", str(CUT_OFF))
    time.sleep(script.watch_s)
    stage.note("outage over", began, subject=name)
