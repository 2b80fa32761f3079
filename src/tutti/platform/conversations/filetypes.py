"""What a file is, by what is in it; what somebody calls it counts for nothing."""

from __future__ import annotations

import unicodedata
from typing import Final

TEXT: Final = "text/plain"
"""In UTF-8."""
_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
)
_LINE_ENDS: Final = "\n\r\t\f"


def media_type(content: bytes) -> str | None:
    """None: nothing that we keep. Markup is text, and served as text."""
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return TEXT if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text) and not any(
        unicodedata.category(letter) == "Cc" and letter not in _LINE_ENDS for letter in text
    )


def file_name(said: str, longest: int) -> str:
    """Without folders, and without what could end a header or hide its ending."""
    last = said.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '"*:<>?|')
    name = unicodedata.normalize("NFC", kept).strip(" .")
    if len(name) > longest:
        stem, dot, ending = name.rpartition(".")
        name = (
            f"{stem[: longest - len(ending) - 1]}.{ending}" if dot and len(ending) <= 10 else name[:longest]
        )
    return name or "file"
