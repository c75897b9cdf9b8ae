"""Videos and pictures with a flash on a known frame, and what a made video shows in a part of its picture."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from farm.video import decode, join
from farm.videos.plates import Box

from . import png_maker

DARK, BRIGHT = 40, 220


def write_video(path: Path, frames: int, flash: int, size: tuple[int, int] = (64, 36)) -> Path:
    """A dark MKV, as chunks are joined to one; frame `flash`, from 0, is bright."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chunk = path.with_name(f"{path.stem}-chunk.mkv")
    with av.open(str(chunk), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"crf": "8", "g": "12", "bf": "0"}
        for number in range(frames):
            grey = np.full(size[::-1], BRIGHT if number == flash else DARK, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="gray")))
        container.mux(stream.encode())
    join([chunk], path, fps=30)
    chunk.unlink()
    return path


def write_pictures(folder: Path, frames: int, flash: int, side: int = 32) -> Path:
    """The same as `0001.png` ..."""
    folder.mkdir(parents=True)
    for number in range(frames):
        pixels = np.full((side, side, 3), BRIGHT if number == flash else DARK, np.uint8)
        png_maker.write(folder / f"{number + 1:04d}.png", pixels)
    return folder


def greys(video: Path) -> np.ndarray:
    """All pictures of a video, (frames, height, width)."""
    return np.stack([picture.to_ndarray(format="gray") for picture in decode(video)])


def bright(pictures: np.ndarray, box: Box) -> list[int]:
    """The frames, from 0, in which the middle of a box is bright."""
    middle = pictures[
        :, box.y + box.height // 3 : box.y + box.height // 2, box.x + box.width // 3 : box.x + box.width // 2
    ]
    return np.flatnonzero(middle.mean(axis=(1, 2)) > (DARK + BRIGHT) / 2).tolist()
