"""How long chunks should be, as the frames of a run turn out to take."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Sequence

from . import plan
from .schedule import Scene, recut
from .task import Chunk

#: Frames of the first chunks where no frame was measured: 120 frames of a path tracer can be an hour.
_TRIAL_FRAMES = 10

#: The time of a frame is the median over as many chunks: the first one's frames also compile shaders.
_RECENT_CHUNKS = 9

#: Chunks are cut anew where they should be so many times longer or shorter.
_TOO_FAR = 2.0

#: Scenes that were cut anew, each with the chunks that were replaced.
Cuts = list[tuple[Scene, tuple[Chunk, ...]]]


class Pace:
    """Cuts what waits anew, once frames have been measured, to chunks of about plan.CHUNK_SECONDS.

    workers: how many share the run; is_fixed: the user chose the size.
    """

    def __init__(self, the_plan: plan.Plan, workers: int, *, is_fixed: bool) -> None:
        self._size, self._workers, self._is_fixed = the_plan.chunk_frames, workers, is_fixed
        self._frames = the_plan.frames_missing
        self._frame_seconds = the_plan.frame_seconds
        self._is_measured = the_plan.frame_seconds is not None
        self._recent: deque[float] = deque(maxlen=_RECENT_CHUNKS)

    def seconds(self, frames: int) -> float:
        """How long so many frames will take, in a guess that is rather too long; loading is not counted."""
        known = statistics.median(self._recent) if self._recent else self._frame_seconds
        return plan.CHUNK_SECONDS if known is None else 1.5 * known * frames

    def begin(self, scenes: Sequence[Scene]) -> Cuts:
        """Before the first chunk is given out: short ones, where no frame was measured, in the scenes that come first.

        scenes: all of the run, in the order in which they are begun.
        """
        if self._is_fixed or self._is_measured or self._size <= _TRIAL_FRAMES:
            return []
        # Two chunks a worker are given out before the first is rendered.
        return _cut(scenes[: 2 * self._workers], _TRIAL_FRAMES)

    def take(self, scenes: Sequence[Scene], frames: int, seconds: float) -> Cuts:
        """A chunk of so many frames was rendered in so many seconds, without loading."""
        if frames < 1:
            return []
        self._recent.append(seconds / frames)
        if self._is_fixed:
            return []
        wanted = plan.chunk_frames(self._frames, self._workers, statistics.median(self._recent))
        if self._is_measured and self._size / _TOO_FAR < wanted < self._size * _TOO_FAR:
            return []
        self._is_measured, self._size = True, wanted
        return _cut(scenes, wanted)


def _cut(scenes: Sequence[Scene], size: int) -> Cuts:
    return [(scene, before) for scene in scenes if (before := recut(scene, size))]
