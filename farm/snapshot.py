"""How far a run is, at any moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .schedule import Scene, Slot


@dataclass(frozen=True)
class Snapshot:
    """The state of a run at a moment. seconds_left is None until it can be told; waits: for what, or ""."""

    frames_done: int
    frames: int
    fps: float
    seconds_left: float | None
    scenes_done: int
    scenes: int
    workers: tuple[tuple[str, str], ...]
    waits: str = ""


class FrameCount:
    """Counts frames that are rendered but not checked yet, by the id of their chunk, and tells how far a run is.

    failures: the problem of each scene that could not be planned; clock: seconds.
    """

    def __init__(self, scenes: Sequence[Scene], failures: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._scenes, self._failures, self._clock = scenes, failures, clock
        self._started = clock()
        self._in_work: Counter[str] = Counter()

    @property
    def in_work(self) -> dict[str, int]:
        return dict(self._in_work)

    def add(self, chunk: str) -> None:
        """One more frame of a chunk."""
        self._in_work[chunk] += 1

    def drop(self, chunk: str) -> None:
        """A chunk was checked, and its scene counts it, or is to be rendered again."""
        self._in_work.pop(chunk, None)

    def snapshot(self, slots: Sequence[Slot], waits: str) -> Snapshot:
        all_frames = sum(scene.to_render for scene in self._scenes if not scene.problem)
        whole = sum(scene.rendered for scene in self._scenes if not scene.problem)
        done = min(whole + self._in_work.total(), all_frames)
        fps = done / max(self._clock() - self._started, 1e-3)
        finished = sum(1 for scene in self._scenes if scene.file is not None or scene.problem)
        return Snapshot(
            done,
            all_frames,
            fps,
            (all_frames - done) / fps if done else None,
            finished + len(self._failures),
            len(self._scenes) + len(self._failures),
            tuple((slot.worker.name, slot.doing if slot.given else "idle") for slot in slots),
            waits,
        )
