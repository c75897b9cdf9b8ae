"""What a run does about what goes wrong: a chunk is tried again, a scene or a machine is set aside."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import FarmError
from .executors.executor import Executor, Worker
from .faults import Faults, Machines, Room
from .finish import Finish
from .schedule import Scene
from .state import Record
from .task import Chunk

#: How often workers may die before one is ready, where there is no other machine.
_MAX_EARLY_DEATHS = 3


class Setbacks:
    """Takes in failures. What it decides it records; FarmError where the run cannot or, as it was told, must not go on.

    aside: machines whose workers are to be dismissed, and which get no new ones.
    """

    def __init__(
        self, scenes: Sequence[Scene], executor: Executor, record: Record, faults: Faults, room: Room, finish: Finish
    ) -> None:
        self.aside: set[str] = set()
        self._scenes, self._executor, self._record, self._faults = scenes, executor, record, faults
        self._room, self._finish = room, finish
        self._machines = Machines()
        self._early_deaths = 0

    def worked(self, host: str) -> None:
        """A chunk that was rendered on a machine is whole."""
        self._machines.worked(host)

    def started(self) -> None:
        """A worker is ready."""
        self._early_deaths = 0

    def did_not_start(self, worker: Worker, how: str) -> None:
        """A worker died before it was ready."""
        if worker.is_lost:
            return
        if self._executor.has_other(worker.host):
            if self._machines.failed(worker.host, worker.name):
                self._blame(worker.host, f"the worker {how}; see {worker.log}")
            return
        self._early_deaths += 1
        if self._early_deaths >= _MAX_EARLY_DEATHS:
            raise FarmError(f"{self._executor.blender} does not start: the worker {how}; see {worker.log}")

    def try_again(self, scene: Scene, chunk: Chunk, host: str, why: str) -> None:
        """A try of a chunk failed: what of it is missing waits again, or its scene is set aside. host: where, "" if
        that machine is not to blame."""
        full = self.is_full()
        parts = scene.task.medium.missing(scene.task, chunk)
        self._record.chunk_failed(scene.task.name, chunk, why, parts)
        scene.rendered += chunk.frames - sum(part.frames for part in parts)
        if not parts:
            # Each of its pictures was whole when the worker died.
            if scene.is_whole:
                self._finish.later(scene)
            return
        scene.put_back(parts)
        # The frame that a worker died at begins what is left; only the chunk's end stays the same.
        scene.tries[chunk.last] += not full
        most = self._faults.max_tries
        if scene.tries[chunk.last] >= most:
            often = f"{most} times" if most > 1 else "once"
            self.give_up(scene, f"frames {chunk.first}-{chunk.last} failed {often}: {why}")
        if host and not full and self._machines.failed(host, scene.task.name):
            self._blame(host, why)

    def give_up(self, scene: Scene, why: str) -> None:
        """Mark a scene failed and go on with the others; its whole chunks stay for the next start."""
        if not scene.problem:
            scene.problem = why
            self._record.task_failed(scene.task.name, why)
        if self._faults.fail_fast:
            raise FarmError(f"{scene.task.name}: {why}; the run ends, as --fail-fast says; finished chunks are kept")

    def is_full(self) -> bool:
        """Whether a failure is the full disk's, to be taken up when there is room; FarmError if that ends the run."""
        full = self._room.full()
        if full and not self._room.waits:
            raise FarmError(full)
        return bool(full)

    def _blame(self, host: str, why: str) -> None:
        """Set a machine aside on which one scene after another failed; what failed there is tried elsewhere.

        The last machine works on, as the scenes may be to blame, unless nothing was ever right there: FarmError.
        """
        row = self._machines.row(host)
        if not self._executor.has_other(host):
            if self._machines.ever_worked(host):
                return
            raise FarmError(
                f"{host}: {len(row)} scenes failed one after another and nothing was rendered ({', '.join(row)}); "
                f"the last: {why}"
            )
        self.aside.add(host)
        self._executor.set_aside(host)
        self._record.note("machine set aside", f"{host}: {', '.join(row)} failed there one after another; {why}")
        for scene in self._scenes:
            if scene.task.name in row:
                scene.tries.clear()
                scene.problem = ""
                self._record.task_waits(scene.task.name)
