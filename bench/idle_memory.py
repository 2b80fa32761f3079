"""Idle memory: what one more connected, silent Socket.IO client costs, in KB of the server's memory.

(PSS with everybody connected − PSS before) / number of clients, each read once it has stopped moving. Every sample is a
fresh process that has already seen a hundred clients come and go, so that one-time costs are not counted.
"""

from __future__ import annotations

from functools import partial

from bench import options, process, programs
from bench.client import Crowd, enter_all
from bench.compare import interleaved
from bench.report import Figure, conclude

WARM_CLIENTS = 100
SETTLE_S = 1.5


def kb_per_connection(program: process.Program, clients: int, settle_s: float) -> float:
    with process.running(program) as (server,):
        warm = Crowd()
        enter_all(warm, server, [None] * WARM_CLIENTS)
        warm.close()
        before = server.quiet_pss_kb(settle_s=settle_s)
        crowd = Crowd()
        enter_all(crowd, server, [None] * clients)
        crowd.settle()
        after = server.quiet_pss_kb(settle_s=settle_s)
        crowd.close()
    return (after - before) / clients


def measure(given: options.Options) -> list[Figure]:
    clients, rounds = process.sockets(given.pick(5000, 500), servers=1), given.pick(3, 1)
    settle_s = SETTLE_S / given.pick(1, 3)
    subject, peer, other = given.program(), programs.node_socketio(), programs.python_socketio()
    probes = {
        program.name: partial(kb_per_connection, program, clients, settle_s)
        for program in (subject, peer, other)
    }
    result = interleaved("KB", rounds, probes)
    conclude(f"idle memory at {clients} connections: PSS per connection", result, subject.name, peer.name)
    measured = result.median(subject.name)
    return [Figure(f"idle memory per connection, {clients} connected", measured, "KB", must=16, aim=8)]


if __name__ == "__main__":
    options.run(measure, __doc__ or "")
