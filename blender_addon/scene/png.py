"""A comment in a PNG file, and its size; the standard library alone."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

#: The signature and the header chunk, which has to come first.
_HEAD = 8 + 4 + 4 + 13 + 4


def comment(path: Path, text: str) -> None:
    """Add a `Comment` to a PNG, after its header (PNG specification, 11.3.3.3); nothing without a text."""
    if not text:
        return
    content = path.read_bytes()
    body = b"tEXtComment\0" + text.encode("latin-1", "replace")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(content[:_HEAD] + chunk + content[_HEAD:])


def size_of(path: Path) -> tuple[int, int]:
    """Width and height in pixels, by the header (PNG specification, 11.2.1)."""
    with open(path, "rb") as file:
        width, height = struct.unpack(">II", file.read(24)[16:])
    return width, height
