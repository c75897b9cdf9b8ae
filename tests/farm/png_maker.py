"""PNG files for tests, pixel by pixel."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np


def write(path: Path, pixels: np.ndarray, comment: str = "") -> None:
    """Pixels (H, W, 3 or 4) uint8 as a PNG."""
    height, width, channels = pixels.shape

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    text = chunk(b"tEXt", b"Comment\0" + comment.encode()) if comment else b""
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + text + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
