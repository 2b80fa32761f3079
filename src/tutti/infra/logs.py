"""One pipeline for every log line, ours and the libraries', and no token in any of them.

Redaction is the last step before a line becomes text, so nothing added earlier (context, arguments, tracebacks) gets
around it. It would rather hide too much: whatever stands beside a name that could be a secret's is gone.
"""

from __future__ import annotations

import logging
import math
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import lru_cache, partial
from json import dumps
from typing import Any, TextIO
from urllib.parse import unquote

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Later = Callable[[float, Callable[[], None]], object]
"""Calls back after so many seconds."""

REDACTED = "[redacted]"
LONGEST_TEXT = 16_384
GATHER_S = 0.2
STEPS_BEFORE_RENDERING = 6
SHORTEST_SECRET = (
    11  # the shortest of letters and digits alone that any pattern knows: the beginning of a JWT
)
DEEPEST = 6
MOST_ITEMS = 100
PLAIN_TRACEBACKS = ("exception", "stack")

_SECRET_NAME = re.compile(
    r"(tokens?|secret|password|passwd|apikey|internalkey|authorization|cookie|jwt|bearer)$|^auth$"
)
_SECRET_PARAMETERS = frozenset({"sid", "code", "state"})
_SEPARATOR = r"""(?:["'\\\])]*\s*(?:=>?|:|%3a|%3d)|\\?["']\s*,)\s*(?:b(?=["']))?\\*"""
_IN_TEXT = (
    # Authorization: anything to the end of the line; also as repr() and JSON show a header
    (re.compile(rf"""(?i)((?:authorization|cookie){_SEPARATOR}["']?)[^\r\n"']+"""), rf"\1{REDACTED}"),
    # token=x, "access_token": "x", x-internal-key: x, ('token', 'x')
    (
        re.compile(
            r"(?i)((?:token|secret|passw(?:or)?d|api[-_]?key|internal[-_]?key|jwt|(?<![a-z])auth)"
            rf"""{_SEPARATOR}(["'])?)(?:(?:bearer|basic)\s+)?(?(2)[^"']+|[^\s"'&]+)"""
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"""(?i)\b(bearer|basic)((?:\s|%20|\+)+)[^\s"',;]+"""), rf"\1\2{REDACTED}"),
    # a JSON Web Token, known by its header: base64url of `{"`, `{ ` or a line break after `{`
    (re.compile(r"(?:eyJ|eyA|ewo)[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*"), REDACTED),
    (re.compile(r"\bBQ[A-Za-z0-9_-]{60,}"), REDACTED),  # what Spotify's access tokens look like
    (re.compile(r"://[^/\s@]*@"), f"://{REDACTED}@"),
)
# Every pattern above and below needs one of these, and most texts have none.
_SUSPECT = re.compile(r"(?i)[=:,%]|bearer|basic|ey[ja]|ewo|BQ")
_QUERY = re.compile(r'([?&;#])([^=&\s"\'#?]{1,64})=((?:[^&\s"]|"(?=\S))*)')


def configure(*, json: bool, stream: TextIO | None = None) -> None:
    """Send every log line of the process through here. Give uvicorn `log_config=None`, so that it changes nothing."""
    handler = _Lines(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_access_facts, *_facts()],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact_event,
                *_rendering(json=json, colours=handler.stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in ("httpx", "httpcore"):  # they tell every request they make
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact_event,
            _stamp,  # after it: the time is nobody's secret
            *_rendering(json=json, colours=handler.stream.isatty()),
        ],
        logger_factory=lambda *name: _Outlet(handler, *name),
        wrapper_class=_Teller,
        cache_logger_on_first_use=True,  # putting a logger together costs as much as the line
    )


class _Teller(structlog.make_filtering_bound_logger(logging.INFO)):  # type: ignore[misc] # structlog makes the class
    """What `log` is. A fact in passing, which is nearly every line, takes the same steps as any other, at one go."""

    def info(self, event: str, *args: Any, **facts: Any) -> Any:
        if args or self._context or "exc_info" in facts or "stack_info" in facts:
            return super().info(event, *args, **facts)
        outlet: _Outlet = self._logger
        line: Any = redact_event(outlet, "info", {"event": event, **facts})
        line |= {"level": "info", "logger": outlet.name, "timestamp": _now()}
        for step in self._processors[STEPS_BEFORE_RENDERING:]:
            line = step(outlet, "info", line)
        return outlet.info(line)


def _now() -> str:
    micros = time.time_ns() // 1000
    return f"{_second(micros // 1_000_000)}.{micros % 1_000_000:06d}Z"


@lru_cache(maxsize=2)
def _second(since_1970: int) -> str:
    return datetime.fromtimestamp(since_1970, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = _now()
    return event


def gather(later: Later | None) -> None:
    """From now on let lines below a warning wait for `GATHER_S` and leave in one write; None: no longer.

    A process that is killed loses those; one that ends calls this with None.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Lines):
            handler.later = later
            handler.release()


class _Outlet:
    """Where our own lines go: to the same stream as the libraries', without a detour through their records."""

    def __init__(self, lines: _Lines, name: str = "tutti") -> None:
        self.name = name
        self._lines = lines

    def info(self, line: str) -> None:
        """May wait for others to leave with it (see `gather`)."""
        self._lines.put(line, self.name, at_once=False)

    def warning(self, line: str) -> None:
        self._lines.put(line, self.name, at_once=True)

    error = critical = exception = warning


def redact_text(text: str) -> str:
    """The text without anything that could be a token. Very long texts are cut, never in the middle of a word."""
    if len(text) > LONGEST_TEXT:
        text = re.sub(r"\S+$", "", text[:LONGEST_TEXT]) + "…"
    if (len(text) < SHORTEST_SECRET and text.isalnum()) or not _SUSPECT.search(text):
        return text
    text = _QUERY.sub(_redact_parameter, text)
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {_redact_key(str(key)): _redact(value, str(key), 0) for key, value in event.items()}


def _redact_key(key: str) -> str:
    return _redact_known_key(key) if len(key) <= 64 else redact_text(key)


def _facts() -> list[Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _stamp,
        structlog.processors.StackInfoRenderer(),
    ]


def _rendering(*, json: bool, colours: bool) -> list[Processor]:
    if json:
        return [structlog.processors.JSONRenderer(serializer=_json)]
    return [_one_line, partial(_console, colours=colours)]


def _json(event: EventDict, **_: object) -> str:
    """One line of ASCII: there are more ends of a line than JSON escapes by itself."""
    try:
        line = msgspec.json.encode(event)
    except UnicodeEncodeError:  # half a surrogate pair
        return dumps(event)
    return line.decode() if line.isascii() else dumps(event)


def _console(_logger: WrappedLogger, _method: str, event: EventDict, *, colours: bool) -> str:
    """`time [level] what happened [logger] key=value …`, and a traceback below it."""
    below = [str(event.pop(key)) for key in PLAIN_TRACEBACKS if key in event]
    at, level, logger = (str(event.pop(key, "")) for key in ("timestamp", "level", "logger"))
    said = str(event.pop("event", ""))
    facts = " ".join(f"{key}={value if _is_plain(value) else repr(value)}" for key, value in event.items())
    if colours:
        level = f"\x1b[{_COLOURS.get(level, 36)}m{level:<8}\x1b[0m"
        said = f"\x1b[1m{said}\x1b[0m"
    return "\n".join([f"{at} [{level:<8}] {said:<30} [{logger}] {facts}".rstrip(), *below])


_COLOURS = {"debug": 34, "info": 32, "warning": 33, "error": 31, "critical": 31}


def _is_plain(value: object) -> bool:
    """Whether a value can stand without quotes."""
    return not isinstance(value, str) or (value != "" and " " not in value and "=" not in value)


def _access_facts(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """uvicorn's access line as facts: its arguments are client, method, path with query, HTTP version, status."""
    args = event.pop("positional_args", None)
    if event["_record"].name == "uvicorn.access" and isinstance(args, tuple) and len(args) == 5:
        client, method, path, _version, status = args
        event.update(event="http.access", client=client, method=method, path=path, status=status)
    return event


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A name with a line break or a terminal's escape in it must not draw a line of its own."""
    return {key: value if key in PLAIN_TRACEBACKS else _visible(value) for key, value in event.items()}


def _visible(value: object) -> object:
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)


def _redact(value: object, name: str, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if _is_secret(name):
        return REDACTED
    match value:
        case str():
            return redact_text(value)
        case int():
            return value
        case float():
            return value if math.isfinite(value) else repr(value)
        case bytes() | bytearray():
            return redact_text(bytes(value[:LONGEST_TEXT]).decode("utf-8", "backslashreplace"))
        case Mapping() | list() | tuple() | set() | frozenset() if depth >= DEEPEST:
            return "…"
        case Mapping():
            pairs = [pair for pair, _ in zip(value.items(), range(MOST_ITEMS), strict=False)]
            return {redact_text(_name(k)): _redact(v, _name(k), depth + 1) for k, v in pairs}
        case [str() | bytes() as first, second]:  # a header, as ASGI gives it
            return [_redact(first, "", depth + 1), _redact(second, _name(first), depth + 1)]
        case list() | tuple() | set() | frozenset():
            items = [item for item, _ in zip(value, range(MOST_ITEMS), strict=False)]
            return [_redact(item, "", depth + 1) for item in items]
        case _:
            return redact_text(_shape(value))


_redact_known_key = lru_cache(maxsize=1024)(redact_text)


def _redact_parameter(match: re.Match[str]) -> str:
    """`sid` too: whoever has it may speak for that connection. And `code` and `state`, which sign somebody in once."""
    lead, name, _value = match.groups()
    bare = unquote(name)
    return f"{lead}{name}={REDACTED}" if bare in _SECRET_PARAMETERS or _is_secret(bare) else match[0]


def _is_secret(name: str) -> bool:
    return _is_known_secret(name) if len(name) <= 64 else _sounds_secret(name)


def _sounds_secret(name: str) -> bool:
    return _SECRET_NAME.search(re.sub(r"[^a-z0-9]", "", name.lower())) is not None


_is_known_secret = lru_cache(maxsize=1024)(
    _sounds_secret
)  # field names are few and come again with every line


def _name(key: object) -> str:
    return key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else str(key)


def _shape(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # a broken repr must not cost us the line
        return f"<{type(value).__name__}>"


class _Lines(logging.StreamHandler[TextIO]):
    """Writes what its stream's encoding can show; a line that cannot be made is reported without its content."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.later: Later | None = None
        self._waiting: list[str] = []

    def format(self, record: logging.LogRecord) -> str:
        return self._shown(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        self.release()
        super().emit(record)

    def put(self, line: str, name: str, *, at_once: bool) -> None:
        """A line of ours, made already."""
        self._waiting.append(self._shown(line))
        if at_once or self.later is None:
            self.release(name)
        elif len(self._waiting) == 1:
            self.later(GATHER_S, self.release)

    def release(self, name: str = "tutti") -> None:
        """Write what waits. Nobody who logs fails because nobody reads."""
        with self.lock or nullcontext():
            lines, self._waiting = self._waiting, []
            if not lines:
                return
            try:
                self.stream.write(self.terminator.join([*lines, ""]))
                self.stream.flush()
            except (OSError, ValueError):
                self._lost(name)

    def _shown(self, line: str) -> str:
        if line.isascii():
            return line
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return line.encode(encoding, "backslashreplace").decode(encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the standard library's
        self._lost(record.name)

    def _lost(self, name: str) -> None:
        problem = sys.exc_info()[0]
        try:
            self.stream.write(f"a log line of {name} is lost: {problem.__name__ if problem else '?'}\n")
        except (OSError, ValueError):
            return  # nobody reads the stream any more
