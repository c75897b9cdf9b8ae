"""Whether a PNG file is whole, its size, and a comment in it; the standard library alone."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: The signature and the header chunk, which has to come first.
_HEAD = len(_SIGNATURE) + 4 + 4 + 13 + 4


def is_whole(path: Path) -> bool:
    """Whether a file has all of a PNG's chunks, each with its checksum, and no more (PNG specification, 5.3): a full
    disk and a power cut leave less. FileNotFoundError where there is none."""
    content = path.read_bytes()
    if not content.startswith(_SIGNATURE):
        return False
    at, kind = len(_SIGNATURE), b""
    while kind != b"IEND" and at + 12 <= len(content):
        kind = content[at + 4 : at + 8]
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if content[end : end + 4] != zlib.crc32(content[at + 4 : end]).to_bytes(4, "big"):
            return False
        at = end + 4
    return kind == b"IEND" and at == len(content)


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
