"""Which worker gets which chunk."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import plan
from .executors.executor import Worker
from .task import Chunk, Task


@dataclass(eq=False)
class Scene:
    """A task in work: chunks nobody has yet, tries by their last frames, and what went wrong.

    waiting: changed by the methods alone, which keep count of its frames; whole: chunks that were checked, until they
    are joined; to_render, rendered: frames that this run has to render, and those of them that are whole; is_joined:
    the picture has its final name.
    """

    task: Task
    waiting: deque[Chunk]
    whole: list[Chunk] = field(default_factory=list)
    to_render: int = 0
    rendered: int = 0
    tries: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    is_joined: bool = False
    notices: list[str] = field(default_factory=list)
    problem: str = ""
    file: Path | None = None

    frames_waiting: int = field(init=False)

    def __post_init__(self) -> None:
        self.put(self.waiting)

    @property
    def is_whole(self) -> bool:
        return not self.problem and self.rendered == self.to_render

    @property
    def wants_workers(self) -> bool:
        return bool(self.waiting) and not self.problem

    def take_first(self) -> Chunk:
        return self._taken(self.waiting.popleft())

    def take_last(self) -> Chunk:
        return self._taken(self.waiting.pop())

    def put_back(self, chunks: Sequence[Chunk]) -> None:
        """To the front, in their order."""
        self.waiting.extendleft(reversed(chunks))
        self.frames_waiting += sum(chunk.frames for chunk in chunks)

    def put(self, chunks: Iterable[Chunk]) -> None:
        """In place of all that waits."""
        self.waiting = deque(chunks)
        self.frames_waiting = sum(chunk.frames for chunk in self.waiting)

    def _taken(self, chunk: Chunk) -> Chunk:
        self.frames_waiting -= chunk.frames
        return chunk


@dataclass(eq=False)
class Slot:
    """A worker and what it was given, in order; the first is what it does, `begun` once it is recorded.

    scene: which it keeps to; steals: that is another worker's too;
    started, heard: when it was, and when it gave a sign last, by the run's clock; chunks: how many it was given;
    memory: bytes it held at the end of a chunk; retires: it has been told to end; silent: what it was ended for, or "".
    """

    worker: Worker
    started: float
    heard: float
    given: deque[tuple[Scene, Chunk]] = field(default_factory=deque)
    begun: Chunk | None = None
    scene: Scene | None = None
    steals: bool = False
    doing: str = "starts Blender"
    ready: bool = False
    chunks: int = 0
    memory: int = 0
    retires: bool = False
    silent: str = ""

    @property
    def is_idle(self) -> bool:
        return not self.given and not self.retires


def next_chunk(scenes: Sequence[Scene], slots: Sequence[Slot], slot: Slot) -> tuple[Scene, Chunk] | None:
    """From the worker's own scene, else the longest that nobody works on, else stolen where most is left."""
    waiting = [scene for scene in scenes if scene.wants_workers]
    idle = sum(1 for other in slots if other.is_idle)
    if not waiting or (slot.given and sum(len(scene.waiting) for scene in waiting) <= idle):
        return None  # a chunk ahead only where no idle worker would want it
    if slot.scene is None or not slot.scene.wants_workers:
        taken = {id(other.scene) for other in slots if other is not slot}
        fresh = [scene for scene in waiting if id(scene) not in taken]
        slot.scene = max(fresh or waiting, key=lambda scene: scene.frames_waiting)
        slot.steals = not fresh
    # From the end, so that both workers keep to a run of frames.
    return slot.scene, slot.scene.take_last() if slot.steals else slot.scene.take_first()


def recut(scene: Scene, size: int) -> tuple[Chunk, ...]:
    """Cut what of a scene nobody has yet into chunks of at most `size` frames; returns the chunks that these replace.

    Nothing where that changes nothing, or where a chunk failed: its tries are counted by where it ends.
    """
    if scene.tries or not scene.waiting:
        return ()
    before = tuple(sorted(scene.waiting, key=lambda chunk: chunk.first))
    spans: list[tuple[int, int]] = []
    for chunk in before:
        if spans and spans[-1][1] + 1 == chunk.first:
            spans[-1] = spans[-1][0], chunk.last
        else:
            spans.append((chunk.first, chunk.last))
    parts = [part for span in spans for part in plan.shares(*span, size)]
    if parts == [(chunk.first, chunk.last) for chunk in before]:
        return ()
    after = [Chunk(first, last, str(scene.task.medium.target(scene.task, first, last))) for first, last in parts]
    given = [chunk for chunk in scene.task.missing if chunk not in before]
    scene.task = replace(scene.task, missing=tuple(sorted([*given, *after], key=lambda chunk: chunk.first)))
    scene.put(after)
    return before
