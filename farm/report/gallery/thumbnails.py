"""Small pictures of tasks, each made again only when there is something newer to show."""

from __future__ import annotations

import hashlib
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ... import video
from ...errors import FarmError
from .files import replace_file
from .results import Frame

if TYPE_CHECKING:
    from av import VideoFrame

#: The longer side, pixels: sharp on a card of half the width on a screen of high density.
SIDE = 480

#: mjpeg's quantiser, from 2 (best) to 31.
_QUANTISER = 4

FOLDER = "thumbs"


def key(task: str) -> str:
    """A task's name as a file name: names come from outside."""
    return hashlib.blake2b(task.encode(errors="surrogatepass"), digest_size=8).hexdigest()


class Thumbnails:
    """The thumbnails of a gallery's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._made: dict[str, Frame] = {}

    def path(self, task: str) -> Path:
        return self._folder / f"{key(task)}.jpg"

    def is_made(self, task: str, frame: Frame) -> bool:
        """Whether a task's thumbnail shows this frame, or the frame was found to be damaged."""
        if self._made.get(task) == frame:
            return True
        # A thumbnail has the time of what it shows, so that the next start of the gallery makes none again.
        if self.version(task) == frame.changed:
            self._made[task] = frame
            return True
        return False

    def make(self, task: str, frame: Frame) -> None:
        """Show a frame from now on; one that does not decode leaves the thumbnail as it is."""
        self._made[task] = frame
        try:
            content = jpeg(video.frame_at(frame.path, frame.part))
        except FarmError:
            return  # deleted meanwhile, or damaged, which is for the run itself to tell
        path = self.path(task)
        replace_file(path, content)
        os.utime(path, ns=(frame.changed, frame.changed))

    def version(self, task: str) -> int | None:
        """Changes with the thumbnail; None where there is none."""
        try:
            return self.path(task).stat().st_mtime_ns
        except OSError:
            return None


def jpeg(frame: VideoFrame, side: int = SIDE) -> bytes:
    """A picture as JPEG, at most `side` pixels long; FarmError where its format cannot be converted."""
    import av
    from av.video.reformatter import ColorRange

    scale = min(1.0, side / max(frame.width, frame.height))
    width, height = (max(2, round(length * scale)) for length in (frame.width, frame.height))
    try:
        small = frame.reformat(width, height, "yuvj420p", interpolation="AREA", dst_color_range=ColorRange.JPEG)
        encoder = av.VideoCodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
        encoder.time_base = Fraction(1, 30)
        encoder.qmin = encoder.qmax = _QUANTISER
        small.pts, small.time_base = 0, Fraction(1, 30)
        return b"".join(bytes(packet) for packet in (*encoder.encode(small), *encoder.encode(None)))
    except (av.error.FFmpegError, ValueError) as error:
        raise FarmError(f"a picture of {frame.width}x{frame.height} cannot be made smaller ({error})") from error
