"""Tutti and Django on one PostgreSQL, each with a database of its own, and tokens that both of them believe."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace

from bench import Unmeasured, install, process, programs
from bench.postgres import Postgres
from tutti.infra.tokens import JwtIdentity

SECRET = "of the bench, and long enough for it"
PROJECT = install.PEERS / "django"
TUTTIS, DJANGOS = "tutti", "django"
TOKEN_S = 7200.0


def tutti(postgres: Postgres) -> process.Program:
    """No limits, which a load test is there to meet; tokens are verified all the same."""
    settings = {"DATABASE_URL": postgres.url(TUTTIS), "JWT_SECRET": SECRET}
    program = programs.tutti()
    return replace(program, environment=program.environment | settings)


def django_rest(postgres: Postgres, *, stateless: bool = False) -> process.Program:
    """gunicorn with one worker of two threads: more of either, or less, is no cheaper for each request.

    `stateless`: tokens are believed without looking for their user.
    """
    name = "Django REST, stateless" if stateless else "Django REST framework"
    serve = ("--worker-class", "gthread", "--threads", "2", "--keep-alive", "60", "--log-level", "warning")
    command = (install.django_program("gunicorn"), "--bind", "127.0.0.1:{port}", *serve)
    environment = _environment(postgres) | ({"STATELESS": "1"} if stateless else {})
    return process.Program(name, (*command, "watch_party.wsgi:application"), environment, PROJECT)


def django_channels(postgres: Postgres, redis: process.Server) -> process.Program:
    """uvicorn with uvloop, and the channel layer that Channels' manual advises."""
    serve = ("--loop", "uvloop", "--lifespan", "off", "--log-level", "warning")
    environment = _environment(postgres) | {"REDIS_PORT": str(redis.port)}
    command = (install.django_program("uvicorn"), "--host", "127.0.0.1", "--port", "{port}", *serve)
    return process.Program(
        "Django Channels", (*command, "watch_party.asgi:application"), environment, PROJECT
    )


def make_tables(postgres: Postgres) -> None:
    """Django's; Tutti makes its own when it starts."""
    command = [install.django_program("python"), "manage.py", "migrate", "--run-syncdb", "--verbosity", "0"]
    environment = os.environ | _environment(postgres)
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unmeasured(f"Django's tables could not be made: {done.stderr[-300:]}")


def tokens(users: list[str]) -> list[str]:
    issuer = JwtIdentity(SECRET.encode(), lambda: time.time() * 1000)
    return [issuer.issue(user, "Somebody", TOKEN_S) for user in users]


def _environment(postgres: Postgres) -> dict[str, str]:
    return {"JWT_SECRET": SECRET, "PGDATABASE": DJANGOS, "PGPORT": str(postgres.port)}
