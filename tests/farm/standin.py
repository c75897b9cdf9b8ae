"""A clock that is moved by hand, and stand-ins for workers that render nothing in its time.

Their events are those of a real worker, in real files; what they "render" has no bytes. For counts and hours that real
rendering cannot reach, and for faults.
"""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blender_addon.dataset import batch
from farm.errors import FarmError
from farm.executors.event_file import EventFile
from farm.task import Chunk, Remains, Task


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def line_of(event: dict[str, Any]) -> bytes:
    """An event as a worker writes it."""
    return json.dumps(event).encode() + b"\n"


@dataclass(frozen=True)
class StandInMedium:
    """Chunks without bytes. there: those of earlier runs, by the names of tasks; made: the ids of those that are whole
    now, None to take every one for whole."""

    there: dict[str, list[Chunk]] = field(default_factory=dict)
    made: set[str] | None = None

    def finished(self, task: Task) -> str:
        return ""

    def rendered(self, task: Task) -> list[Chunk]:
        return self.there.get(task.name, [])

    def remains(self, task: Task) -> Remains:
        return Remains()

    def target(self, task: Task, first: int, last: int) -> Path:
        return task.folder / f"{first:06d}-{last:06d}.mkv"

    def check(self, task: Task, chunk: Chunk) -> Chunk:
        if not self.is_there(task, chunk):
            raise FarmError(f"{chunk.path}: was not rendered")
        return chunk

    def is_there(self, task: Task, chunk: Chunk) -> bool:
        return self.made is None or f"{task.name}:{chunk.first}-{chunk.last}" in self.made

    def missing(self, task: Task, chunk: Chunk) -> list[Chunk]:
        return [chunk]

    def assemble(self, task: Task, chunks: Sequence[Chunk]) -> None:
        """Nothing to put together."""


class StandInWorker:
    """Takes `start` seconds to be ready and `frame(name of the scene, frame)` for each frame; dies where that is None.

    did: the ids of the chunks that it rendered, where its executor remembers them.
    """

    is_lost = False

    def __init__(
        self, name: str, host: str, folder: Path, executor: StandIns, start: float, frame: Callable[[str, int], Any]
    ) -> None:
        self.name, self.host, self.log = name, host, folder / f"{name}.log"
        self.pid, self.memory, self.exit_code = 1, 0, None
        self.ended: float | None = None
        self.did: list[str] = []
        self._file = EventFile(folder / f"{name}.events.jsonl")
        self._executor, self._frame = executor, frame
        self._requests: deque[batch.Request] = deque()
        self._plan: deque[dict[str, Any] | None] = deque()
        self._is_over = False
        self._later(start, {"event": "ready"})
        self._ends = None if executor.lifetime is None else executor.clock.now + executor.lifetime
        if executor.lifetime is not None:
            executor.later(executor.lifetime, self, None)

    @property
    def seconds_left(self) -> float | None:
        return None if self._ends is None else self._ends - self._executor.clock.now

    def send(self, request: batch.Request) -> None:
        if self.exit_code is None:
            self._requests.append(request)
            if not self._plan:
                self._next()

    def events(self) -> list[dict[str, Any]]:
        told = self._file.new()
        if self.exit_code is not None:
            self._file.close()
        return told

    def finish(self) -> None:
        self.send(batch.End())

    def kill(self, grace: float = 5.0) -> None:
        self._end(-15)

    def wait(self, seconds: float) -> int | None:
        return self.exit_code

    def how_it_ended(self) -> str:
        return f"ended with exit code {self.exit_code}"

    def happens(self, event: dict[str, Any] | None) -> None:
        """Its time has come."""
        if self.exit_code is not None:
            return
        if event is None:
            self._end(1)
            return
        if event["event"] == "rendered" and self._executor.remembers:
            self.did.append(event["id"])
            self._executor.made.add(event["id"])
        line = self._executor.tells(event)
        if line is None:
            self._end(1)
            return
        with open(self._file.path, "ab") as file:
            file.write(line)
        self._plan.popleft()
        if not self._plan:
            self._next()

    def _next(self) -> None:
        if not self._requests:
            return
        request = self._requests.popleft()
        if not isinstance(request, batch.RenderChunk):
            self._end(0)
            return
        spent = 0.0
        for number in range(request.first, request.last + 1):
            took = self._frame(request.scene, number)
            if took is None:
                self._later(spent, None)
                return
            spent += took
            self._later(spent, {"event": "frame", "id": request.id, "frame": number})
        self._later(spent, {"event": "rendered", "id": request.id, "load_seconds": 0.0, "render_seconds": spent})

    def _later(self, seconds: float, event: dict[str, Any] | None) -> None:
        self._plan.append(event)
        self._executor.later(seconds, self, event)

    def _end(self, code: int) -> None:
        if self.exit_code is None:
            self.exit_code, self.ended = code, self._executor.clock.now


class StandIns:
    """An executor of stand-ins, as many on each machine; `wait` moves the clock.

    tells: what a worker writes of an event, None where it dies before it does; all: every worker that was made; made:
    the ids of the chunks that they rendered, where it remembers; lifetime: seconds after which each one's machine is
    taken away; left: workers that are to have no successor on their machine.
    """

    blender, lacking = "stand-in", ""

    def __init__(
        self, clock: Clock, logs: Path, workers: int, *, frame: Callable[[str, int], Any], start: float = 2.0,
        hosts: Sequence[str] = ("here",), frame_on: dict[str, Callable[[str, int], Any]] | None = None,
        remembers: bool = True, lifetime: float | None = None,
        tells: Callable[[dict[str, Any]], bytes | None] = line_of,
    ) -> None:  # fmt: skip
        self.clock, self.logs, self.workers = clock, logs, workers
        self.all: list[StandInWorker] = []
        self.hosts, self.remembers, self.lifetime, self.tells = list(hosts), remembers, lifetime, tells
        self.left: list[str] = []
        self.made: set[str] = set()
        self._frame, self._start, self._frame_on = frame, start, frame_on or {}
        self._due: list[tuple[float, int, StandInWorker, dict[str, Any] | None]] = []
        self._number = 0
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str) -> StandInWorker:
        alive = [worker.host for worker in self.all if worker.exit_code is None]
        host = min(self.hosts, key=alive.count)
        frame = self._frame_on.get(host, self._frame)
        worker = StandInWorker(name, host, self.logs, self, self._start, frame)
        self.all.append(worker)
        return worker

    def later(self, seconds: float, worker: StandInWorker, event: dict[str, Any] | None) -> None:
        self._number += 1
        heapq.heappush(self._due, (self.clock.now + seconds, self._number, worker, event))

    def wait(self, seconds: float) -> None:
        until = self.clock.now + seconds
        while self._due and self._due[0][0] <= until:
            self.clock.now, _, worker, event = heapq.heappop(self._due)
            worker.happens(event)
        self.clock.now = until

    def leave(self, worker: StandInWorker) -> None:
        self.left.append(worker.name)

    def has_other(self, host: str) -> bool:
        return any(other != host for other in self.hosts)

    def set_aside(self, host: str) -> None:
        self.hosts.remove(host)

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        job: Future[Any] = Future()
        try:
            job.set_result(work(*arguments))
        except Exception as error:  # noqa: BLE001 - as an executor does
            job.set_exception(error)
        return job

    def close(self) -> None:
        """Nothing goes on."""
