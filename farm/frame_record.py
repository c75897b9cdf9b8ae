"""What decoded frames are, in a few bytes each, and the list of them that a joined video carries.

A chunk was checked when it was rendered. The video that it becomes a part of says in a tag which frames were joined,
so that whatever happens to them later can be told, years on and without Blender.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import video

if TYPE_CHECKING:
    from av import VideoFrame

#: The tag: eight hexadecimal digits a frame, the CRC-32 of its decoded samples.
TAG_NAME = "interact_farm_frames"

#: The longer side of what is kept of a frame to compare it by, pixels.
_SMALL = 96

#: A frame is black where no channel of any pixel is above the one and none differ by more than the other, of 255.
_DARK, _SPREAD = 24, 12

#: Formats whose samples are taken as they are: a conversion may differ from machine to machine.
_EXACT = ("yuv420p", "rgb24", "rgba", "gray")


@dataclass(frozen=True)
class Seen:
    """A decoded frame.

    digest: of its samples; black: all dark and alike; seconds: when it is shown; height: in pixels; small: (h, w, 3)
    uint8, to compare it by.
    """

    digest: int
    black: bool
    seconds: float
    height: int
    small: np.ndarray


def look(path: Path) -> Iterator[Seen]:
    """Every frame of a video or picture; FarmError at what does not decode."""
    for frame in video.decode(path):
        scale = min(1.0, _SMALL / max(frame.width, frame.height))
        small = frame.reformat(
            width=max(1, round(frame.width * scale)), height=max(1, round(frame.height * scale)), format="rgb24",
            interpolation="AREA",
        ).to_ndarray()  # fmt: skip
        black = _is_black(small) and _is_black(frame.to_ndarray(format="rgb24"))
        yield Seen(_digest(frame), black, frame.time or 0.0, frame.height, small)


def entry(frame: VideoFrame) -> str:
    """A decoded frame's part of the tag."""
    return f"{_digest(frame):08x}"


def read(metadata: Mapping[str, str]) -> Sequence[int] | None:
    """The digests that a video's tags list; None where they list none."""
    text = metadata.get(TAG_NAME, "")
    try:
        return [int(text[at : at + 8], 16) for at in range(0, len(text), 8)] or None
    except ValueError:
        return None


def _digest(frame: VideoFrame) -> int:
    samples = frame.to_ndarray(format=None if frame.format.name in _EXACT else "rgb24")
    return zlib.crc32(np.ascontiguousarray(samples).data)


def _is_black(pixels: np.ndarray) -> bool:
    top = int(pixels.max())
    return top <= _DARK and top - int(pixels.min()) <= _SPREAD
