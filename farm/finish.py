"""What follows the rendering of a scene, beside the workers: its chunks are joined, its sound is added."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from .executors.executor import Executor, Job
from .mux import Muxed, mux_task
from .schedule import Scene
from .state import Record


class Finish:
    """Joins and muxes whole scenes. What is joined is not joined again. mux, stereo, overwrite: as in Settings."""

    def __init__(self, executor: Executor, record: Record, *, mux: bool, stereo: bool, overwrite: bool) -> None:
        self._executor, self._record, self._mux = executor, record, mux
        self._mux_task = partial(mux_task, stereo=stereo, overwrite=overwrite)
        self._joins: dict[Job[None], Scene] = {}
        self._muxes: dict[Job[Muxed], Scene] = {}

    @property
    def is_busy(self) -> bool:
        return bool(self._joins or self._muxes)

    def later(self, scene: Scene) -> None:
        """Take a scene that is whole; what becomes of it `collect` tells."""
        task = scene.task
        if not scene.is_joined:
            self._joins[self._executor.submit(task.medium.assemble, task, [*scene.whole])] = scene
            return
        scene.file = task.picture
        if self._mux:
            self._muxes[self._executor.submit(self._mux_task, task)] = scene
        else:
            self._record.task_done(task.name)

    def collect(self) -> Iterator[tuple[Scene, BaseException]]:
        """Take in what has ended since the last call; the scenes that could not be finished, with what was raised."""
        for join, scene in _ended(self._joins):
            error = join.exception()
            if error is not None:
                yield scene, error
                continue
            scene.is_joined = True
            scene.whole.clear()
            self.later(scene)
        for mux, scene in _ended(self._muxes):
            error = mux.exception()
            if error is not None:
                yield scene, error
                continue
            muxed = mux.result()
            scene.file = muxed.path
            scene.notices += [notice for notice in muxed.notices if notice not in scene.notices]
            self._record.task_done(scene.task.name)


def _ended(jobs: dict[Any, Scene]) -> list[tuple[Any, Scene]]:
    return [(job, jobs.pop(job)) for job in [job for job in jobs if job.done()]]
