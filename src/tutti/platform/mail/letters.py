"""What a letter looks like: plain text, and the same as simple HTML.

Names and titles come from people: in a subject they are one line, in HTML they are text.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

LONGEST_SUBJECT = 150

_PAGE = """\
<!doctype html>
<html><head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em; margin: 2em auto; padding: 0 1em">
{body}
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Link:
    """A line of its own: what to do, and where."""

    label: str
    url: str


def compose(subject: str, *lines: str | Link) -> Letter:
    """A paragraph for each line."""
    title = one_line(subject, LONGEST_SUBJECT)
    text = "\n\n".join(f"{line.label}:\n{line.url}" if isinstance(line, Link) else line for line in lines)
    body = "\n".join(_paragraph(line) for line in lines)
    return Letter(title, f"{text}\n", _PAGE.format(title=escape(title), body=body))


def one_line(text: str, longest: int) -> str:
    """Without line ends and other control characters, which would end a header."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


class Links:
    """Where people find the front end. `settled` None: at the first address that is served."""

    def __init__(self, settled: str | None, served: str) -> None:
        self._settled = settled
        self._base = settled or served

    def serves_at(self, address: str) -> None:
        """It can be reached at this host and port."""
        if self._settled is None:
            self._base = f"http://{address}"

    def to(self, path: str, **query: str) -> str:
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        return f"{self._base.rstrip('/')}{path}{'?' if asked else ''}{asked}"


def _paragraph(line: str | Link) -> str:
    if isinstance(line, Link):
        url, label = escape(line.url), escape(line.label)
        return f'<p><a href="{url}"><strong>{label}</strong></a></p>\n<p style="color: #555">{url}</p>'
    return f"<p>{escape(line)}</p>"
