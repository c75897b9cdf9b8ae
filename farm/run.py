"""The run: give chunks out to workers, watch them, try again what failed, join and mux what is whole."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from blender_addon.dataset import batch
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset

from . import plan
from .errors import FarmError, in_words
from .executors.event_file import NONSENSE
from .executors.executor import Executor, Job
from .faults import Faults, Room, Silence
from .finish import Finish
from .pace import Cuts, Pace
from .result import SceneResult
from .schedule import Scene, Slot, next_chunk
from .setbacks import Setbacks
from .snapshot import FrameCount, Snapshot
from .state import Record, Worker
from .task import Chunk, tag

#: A Blender that has not begun to listen after this many seconds hangs.
_READY_SECONDS = 180.0

#: A worker whose machine is taken away at a known time needs so much more of it than its frames take, seconds.
_LOAD_SECONDS = 30.0

#: The driver looks at its workers this often, seconds, and so much more seldom with each: far below any chunk's time,
#: far above what a look costs. A worker has a chunk ahead meanwhile.
_LOOK_SECONDS, _LOOK_SECONDS_A_WORKER = 0.05, 0.002


@dataclass(frozen=True)
class Settings:
    """How a run is done. mux: add the sound; stereo: male left, female right; overwrite: make all videos anew;
    faults: how it meets them; chunk: frames a chunk, None to choose as frames turn out to take.
    """

    template: Path
    look: batch.Look
    mux: bool = True
    stereo: bool = False
    overwrite: bool = False
    faults: Faults = field(default_factory=Faults)
    chunk: int | None = None


@dataclass(frozen=True)
class Check:
    """A chunk that is being looked at, the machine that rendered it, and the time that took there.

    unheard: where its worker has not said that it is rendered: what to say if it is not.
    """

    scene: Scene
    chunk: Chunk
    host: str
    load_seconds: float | None = None
    render_seconds: float | None = None
    unheard: str = ""


class Run:
    """One run of a plan. `execute` does it; `show` is called with a Snapshot several times a second."""

    def __init__(
        self,
        the_plan: plan.Plan,
        dataset: Dataset,
        outputs: plan.Outputs,
        executor: Executor,
        settings: Settings,
        record: Record,
        show: Callable[[Snapshot], None] = lambda snapshot: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dataset, self._executor, self._settings = dataset, executor, settings
        self._record, self._show, self._clock = record, show, clock
        self._failures = dict(the_plan.failures)
        record.begin(the_plan.tasks, self._failures, executor.blender, executor.logs)
        self._scenes = [
            Scene(
                task,
                deque(task.missing),
                list(task.present),
                sum(chunk.frames for chunk in task.missing),
                is_joined=task.done,
                notices=list(task.notices),
            )
            for task in sorted(the_plan.tasks, key=lambda task: -sum(chunk.frames for chunk in task.missing))
        ]
        self._pace = Pace(the_plan, executor.workers, is_fixed=settings.chunk is not None)
        self._record_cuts(self._pace.begin(self._scenes))
        self._room = Room(outputs.root, settings.faults.reserve, clock)
        self._silence = Silence(settings.faults.stall)
        self._waits = ""
        self._slots: list[Slot] = []
        self._checks: dict[Job[Chunk], Check] = {}
        self._finish = Finish(executor, record, mux=settings.mux, stereo=settings.stereo, overwrite=settings.overwrite)
        self._setbacks = Setbacks(self._scenes, executor, record, settings.faults, self._room, self._finish)
        self._unfinished: list[Scene] = []
        self._count = FrameCount(self._scenes, self._failures, clock)
        self._workers_made = 0

    def execute(self) -> list[SceneResult]:
        """Render, join and mux; one result a scene, in the plan's order. What is interrupted goes on next time.

        FarmError where nothing can go on: Blender does not start, the disk is full and not waited for, or the first
        scene failed and the run was told to end then.
        """
        if self._failures and self._settings.faults.fail_fast:
            name, problem = next(iter(self._failures.items()))
            raise FarmError(f"{name}: {problem}; nothing was begun, as --fail-fast says")
        try:
            for scene in self._scenes:
                if scene.is_whole:
                    self._finish.later(scene)
            while self._is_busy():
                self._wait_for_room()
                self._staff()
                for slot in list(self._slots):
                    self._look_after(slot)
                self._collect()
                if not self._is_rendering():
                    self._let_go()
                self._show(self._snapshot())
                self._record.alive(self._progress)
                self._executor.wait(_LOOK_SECONDS + _LOOK_SECONDS_A_WORKER * len(self._slots))
            for slot in self._slots:
                slot.worker.finish()
            for slot in self._slots:
                slot.worker.wait(10)
            self._show(self._snapshot())
            return self._results()
        except FarmError:
            self._end_workers()
            self._look_at_the_last()
            raise
        finally:
            self._end_workers()

    def _end_workers(self) -> None:
        for slot in self._slots:
            if slot.worker.exit_code is None:
                slot.worker.kill()

    def _look_at_the_last(self) -> None:
        """Check what was rendered last and nobody has looked at: a full disk, which ends a run, cuts it short."""
        last = [(check.scene, check.chunk) for check in self._checks.values()]
        last += [given for slot in self._slots for given in slot.given]
        for scene, chunk in last:
            with suppress(FarmError, OSError):  # what is not whole is gone then, and rendered by the next start
                scene.task.medium.check(scene.task, chunk)

    def _is_rendering(self) -> bool:
        return any(scene.wants_workers for scene in self._scenes) or any(slot.given for slot in self._slots)

    def _is_busy(self) -> bool:
        return self._is_rendering() or bool(self._checks or self._unfinished) or self._finish.is_busy

    def _let_go(self) -> None:
        """End the workers while the last is checked, joined and gets its sound: Blender takes time to end, and memory.
        Where a check fails another one is started."""
        for slot in self._slots:
            if not slot.retires:
                slot.retires = True
                slot.worker.finish()

    def _wait_for_room(self) -> None:
        """Hold new work back while the disk is nearly full; what broke off for that is taken up again after it."""
        before, self._waits = self._waits, self._room.lacking()
        if bool(before) != bool(self._waits):
            self._record.note("paused" if self._waits else "goes on", self._waits)
        if not self._waits:
            for scene in self._unfinished:
                self._finish.later(scene)
            self._unfinished.clear()

    def _staff(self) -> None:
        """As many workers as there is work for."""
        waiting = sum(len(scene.waiting) for scene in self._scenes if scene.wants_workers)
        idle = sum(1 for slot in self._slots if slot.is_idle)
        while not self._waits and idle < waiting and len(self._slots) < self._executor.workers:
            worker = self._executor.start(f"worker-{self._workers_made + 1}")
            if worker is None:
                return
            self._workers_made += 1
            now = self._clock()
            self._slots.append(Slot(worker, now, now))
            idle += 1

    def _look_after(self, slot: Slot) -> None:
        """Hear what a worker says, end it where it hangs, bury it where it is gone, else keep it fed."""
        if slot.worker.host in self._setbacks.aside:
            self._dismiss(slot)
            return
        self._listen(slot)
        silence = self._clock() - slot.heard
        if not slot.ready and self._clock() - slot.started > _READY_SECONDS:
            slot.worker.kill()
        elif slot.ready and slot.given and silence > self._silence.patience and slot.worker.exit_code is None:
            # It may hang where no signal but the last reaches it.
            slot.silent = f"gave no sign for {silence:.0f} s and was ended"
            slot.worker.kill(grace=0)
        if slot.worker.exit_code is not None:
            self._bury(slot)
        else:
            self._feed(slot)
            self._begin(slot)

    def _feed(self, slot: Slot) -> None:
        """Keep a worker one chunk ahead, so that it never waits for the driver; end it after its share."""
        while len(slot.given) < 2 and not self._waits and not slot.retires:
            if self._has_done_its_share(slot):
                # What it has is done before it reads this.
                slot.retires = True
                slot.worker.finish()
                return
            found = next_chunk(self._scenes, self._slots, slot)
            if found is None:
                return
            if not self._has_time_for(slot, found[1]):
                found[0].put_back([found[1]])
                slot.retires = True
                slot.worker.finish()
                self._executor.leave(slot.worker)
                return
            if not slot.given:
                slot.heard = self._clock()
            slot.chunks += 1
            slot.given.append(found)
            scene, chunk = found
            slot.worker.send(
                batch.RenderChunk(
                    id=_id(scene, chunk),
                    data=str(self._dataset.root),
                    subset=self._dataset.subset,
                    template=str(self._settings.template),
                    scene=scene.task.name,
                    first=chunk.first,
                    last=chunk.last,
                    output=chunk.place,
                    look=self._settings.look,
                    tag=tag(scene.task.fingerprint),
                )
            )

    def _has_done_its_share(self, slot: Slot) -> bool:
        faults = self._settings.faults
        if faults.max_chunks is not None and slot.chunks >= faults.max_chunks:
            return True
        return faults.max_memory is not None and slot.memory > faults.max_memory * 1024 * 1024

    def _has_time_for(self, slot: Slot, chunk: Chunk) -> bool:
        """Whether a worker can render a chunk, and what it has before that, while its machine is there."""
        left = slot.worker.seconds_left
        frames = chunk.frames + sum(given.frames for _, given in slot.given)
        return left is None or self._pace.seconds(frames) + _LOAD_SECONDS < left

    def _begin(self, slot: Slot) -> None:
        """Record what a worker does now."""
        if slot.ready and slot.given and slot.begun is not slot.given[0][1]:
            scene, slot.begun = slot.given[0]
            worker = Worker(slot.worker.name, slot.worker.host, slot.worker.pid, slot.worker.log)
            self._record.chunk_started(scene.task.name, slot.begun, worker)

    def _listen(self, slot: Slot) -> None:
        for event in slot.worker.events():
            kind, about = event["event"], event.get("id", "")
            if kind == NONSENSE:
                self._record.note("no event", f"{slot.worker.name} told what is no event: {event['what']}")
                continue
            if not slot.ready:
                slot.ready, slot.doing = True, "ready"
                self._setbacks.started()
            self._catch_up(slot, about)
            self._begin(slot)
            if slot.given:
                self._silence.heard_after(self._clock() - slot.heard)
            slot.heard = self._clock()
            if kind == "opened":
                slot.doing = "opens the template"
            elif slot.given and about in (_id(*slot.given[0]), "" if kind == "failed" else None):
                self._hear(slot, event)  # a request that it could not read has no name

    def _catch_up(self, slot: Slot, about: str) -> None:
        """A worker goes through what it was given in order: it is done with what comes before what it speaks of."""
        if about in [_id(*given) for given in islice(slot.given, 1, None)]:
            while about != _id(*slot.given[0]):
                self._begin(slot)
                scene, chunk = slot.given.popleft()
                self._look_for(slot, scene, chunk, f"{slot.worker.name} did not say what became of it")

    def _hear(self, slot: Slot, event: dict[str, Any]) -> None:
        """Take in what a worker tells of the chunk that it does."""
        kind, (scene, chunk) = event["event"], slot.given[0]
        if kind == "composited":
            scene.notices += [notice for notice in event["notices"] if notice not in scene.notices]
        elif kind == "frame":
            self._count.add(event["id"])
            slot.doing = f"{scene.task.name} frame {event['frame']}"
        elif kind == "rendered":
            slot.given.popleft()
            spent = event["load_seconds"], event["render_seconds"]
            scene.seconds += sum(spent)
            slot.memory = slot.worker.memory
            self._record_cuts(self._pace.take(self._scenes, chunk.frames, event["render_seconds"]))
            self._check(Check(scene, chunk, slot.worker.host, *spent))
        elif kind == "failed":
            slot.given.popleft()
            self._count.drop(_id(scene, chunk))
            if event["bad_input"] and not self._setbacks.is_full():
                self._record.chunk_failed(scene.task.name, chunk, event["error"], [chunk])
                scene.put_back([chunk])
                self._setbacks.give_up(scene, event["error"])
            else:
                self._setbacks.try_again(scene, chunk, slot.worker.host, f"{event['error']}; see {slot.worker.log}")

    def _look_for(self, slot: Slot, scene: Scene, chunk: Chunk, why: str) -> None:
        """A worker is done with a chunk and has not said how: it may have been whole before that. why: it is tried
        again where it is not."""
        host = "" if slot.worker.is_lost else slot.worker.host
        # With overwrite, what is there may be an earlier start's.
        if self._settings.overwrite or not scene.task.medium.is_there(scene.task, chunk):
            self._count.drop(_id(scene, chunk))
            self._setbacks.try_again(scene, chunk, host, why)
        else:
            self._check(Check(scene, chunk, host, unheard=why))

    def _check(self, check: Check) -> None:
        self._checks[self._executor.submit(check.scene.task.medium.check, check.scene.task, check.chunk)] = check

    def _record_cuts(self, cuts: Cuts) -> None:
        for scene, before in cuts:
            self._record.chunks_cut(scene.task.name, before, scene.waiting)

    def _bury(self, slot: Slot) -> None:
        """A worker died: what it did is tried again, what it had ahead goes back, another takes its place."""
        self._listen(slot)  # what it said last
        self._begin(slot)
        self._slots.remove(slot)
        how = slot.silent or slot.worker.how_it_ended()
        if not slot.retires or slot.given:
            self._record.worker_died(slot.worker.name, how)
        if not slot.ready:
            self._setbacks.did_not_start(slot.worker, how)
        # From the last on, so that what it did comes first again: three deaths of a chunk are three deaths, not five.
        for number, (scene, chunk) in reversed([*enumerate(slot.given)]):
            if number == 0 and slot.ready:
                self._look_for(slot, scene, chunk, f"Blender {how}; see {slot.worker.log}")
            else:
                self._count.drop(_id(scene, chunk))
                scene.put_back([chunk])

    def _dismiss(self, slot: Slot) -> None:
        """End a worker whose machine was set aside; what it has goes back and counts as no try."""
        slot.worker.kill()
        self._slots.remove(slot)
        for scene, chunk in reversed(slot.given):
            self._count.drop(_id(scene, chunk))
            self._record.chunk_failed(scene.task.name, chunk, f"{slot.worker.host} was set aside", [chunk])
            scene.put_back([chunk])

    def _collect(self) -> None:
        """Take in what the checks and the finished scenes say."""
        for job in [job for job in self._checks if job.done()]:
            check = self._checks.pop(job)
            scene, chunk = check.scene, check.chunk
            self._count.drop(_id(scene, chunk))
            error = job.exception()
            if error is None:
                self._setbacks.worked(check.host)
                self._record.chunk_done(scene.task.name, chunk, check.load_seconds, check.render_seconds)
                scene.whole.append(job.result())
                scene.rendered += chunk.frames
                if scene.is_whole:
                    self._finish.later(scene)
            elif isinstance(error, FarmError | OSError):
                self._setbacks.try_again(scene, chunk, check.host, check.unheard or in_words(error))
            else:
                raise error
        for scene, error in self._finish.collect():
            if not isinstance(error, FarmError | DatasetError | OSError):
                raise error
            if self._setbacks.is_full():
                self._unfinished.append(scene)
            else:
                self._setbacks.give_up(scene, in_words(error))

    def _snapshot(self) -> Snapshot:
        return self._count.snapshot(self._slots, self._waits or self._lacking())

    def _lacking(self) -> str:
        return self._executor.lacking if not self._slots and self._is_rendering() else ""

    def _progress(self) -> dict[str, object]:
        """The snapshot for a reader in another process; frames_in_work: by chunk, of those that are not whole yet."""
        return asdict(self._snapshot()) | {"frames_in_work": self._count.in_work}

    def _results(self) -> list[SceneResult]:
        done = [
            SceneResult(
                scene.task.name, scene.task.frames, scene.seconds, scene.file, scene.problem, tuple(scene.notices)
            )
            for scene in self._scenes
        ]
        failed = [SceneResult(name, 0, 0.0, None, problem) for name, problem in self._failures.items()]
        return sorted(done + failed, key=lambda result: result.scene)


def _id(scene: Scene, chunk: Chunk) -> str:
    return f"{scene.task.name}:{chunk.first}-{chunk.last}"
