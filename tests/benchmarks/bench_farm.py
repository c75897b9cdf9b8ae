"""What the driver costs with many workers: 100,000 chunks on 200 workers for 8 hours.

First in virtual time: stand-ins for workers write the events of real ones into files, 20 a second in all, and the
driver does all that it does, its record on the disk included; the stand-ins' own cost counts as the driver's. Then in
real time for a minute, with 200 processes. python tests/benchmarks/bench_farm.py [--hours H]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.reach import Reach
from farm import plan, runs, state
from farm.blender import Blender
from farm.executors.executor import Executor
from farm.executors.local import LocalExecutor
from farm.launch import Launch
from farm.run import Run, Settings
from farm.snapshot import Snapshot
from farm.subjects import Subject
from farm.task import Task

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.farm.standin import Clock, StandInMedium, StandIns

_SCENES, _CHUNKS, _WORKERS, _HOURS, _EVENTS_A_SECOND = 241, 415, 200, 8, 20
_CHUNK_FRAMES = 5
_REAL_SECONDS = 60

#: A worker in real time: says that it is ready, then a frame as often as its share of all events.
_PROGRAM = """
import json, sys, time
events = open(sys.argv[sys.argv.index("--events") + 1], "a")
def tell(**event):
    events.write(json.dumps(event) + "\\n"); events.flush()
tell(event="ready")
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "end":
        break
    for frame in range(request["first"], request["last"] + 1):
        time.sleep(SECONDS)
        tell(event="frame", id=request["id"], frame=frame)
    tell(event="rendered", id=request["id"], load_seconds=0, render_seconds=SECONDS)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=_HOURS)
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory() as name:
        _virtual(Path(name) / "virtual", hours)
        _real(Path(name) / "real")


def _virtual(folder: Path, hours: float) -> None:
    outputs, clock, medium = plan.Outputs(folder), Clock(), StandInMedium()
    chunks = round(_CHUNKS * hours / _HOURS)
    # So many chunks at once that all workers are busy for all the time.
    seconds_a_frame = hours * 3600 * _WORKERS / (_SCENES * chunks * _CHUNK_FRAMES)
    executor = StandIns(clock, outputs.logs, _WORKERS, frame=lambda scene, frame: seconds_a_frame, remembers=False)
    memory: list[int] = []

    def show(snapshot: Snapshot) -> None:
        if clock.now >= (len(memory) + 1) * 3600:
            memory.append(psutil.Process().memory_info().rss)
            print(f"  hour {len(memory)}: {snapshot.frames_done} frames, {memory[-1] / 1e6:.0f} MB", flush=True)

    begun = time.monotonic()
    run = _run(outputs, executor, chunks, medium, clock, show)
    print(f"start with {_SCENES * chunks} chunks: {time.monotonic() - begun:.2f} s (at most 10 s)")
    before = time.process_time()
    run.execute()
    spent = time.process_time() - before
    print(f"{clock.now / 3600:.2f} h: {spent:.0f} s of CPU, {100 * spent / clock.now:.2f} % of a core (at most 5 %)")
    if len(memory) > 2:
        print(f"memory, last hour over second: {memory[-1] / memory[1]:.3f} (at most 1.05)")
    begun = time.monotonic()
    runs.status(outputs)
    print(f"runs status: {time.monotonic() - begun:.2f} s (at most 1 s)")
    begun = time.monotonic()
    there = StandInMedium({str(_name(n)): [*_task(outputs, n, chunks, medium).missing[::2]] for n in range(_SCENES)})
    listed = time.monotonic()
    _run(outputs, executor, chunks, there, clock, show)
    print(f"resume with every second chunk there: {time.monotonic() - listed:.2f} s (at most 10 s)")


def _real(folder: Path) -> None:
    outputs, medium = plan.Outputs(folder), StandInMedium()
    program = folder / "blender.py"
    folder.mkdir(parents=True)
    program.write_text(f"#!{sys.executable} -SE\n" + _PROGRAM.replace("SECONDS", str(_WORKERS / _EVENTS_A_SECOND)))
    program.chmod(0o755)
    executor = LocalExecutor(Launch(Blender(program, "stand-in"), Reach((), (), ())), outputs.logs, _WORKERS)
    marks: list[tuple[float, float]] = []
    begun = time.monotonic()

    def show(snapshot: Snapshot) -> None:
        # The start of 200 processes is not what is measured.
        at = time.monotonic() - begun
        if not marks and at > _REAL_SECONDS / 2:
            marks.append((at, _cpu()))
        elif len(marks) == 1 and at > _REAL_SECONDS * 1.5:
            marks.append((at, _cpu()))
            raise KeyboardInterrupt

    try:
        _run(outputs, executor, _CHUNKS, medium, time.monotonic, show).execute()
    except KeyboardInterrupt:
        (first, cpu_before), (last, cpu_after) = marks
        share = 100 * (cpu_after - cpu_before) / (last - first)
        print(f"{_WORKERS} processes for {last - first:.0f} s: {share:.2f} % of a core (at most 5 %)")


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


def _run(outputs: plan.Outputs, executor: Executor, chunks: int, medium: StandInMedium, clock, show) -> Run:
    tasks = tuple(_task(outputs, number, chunks, medium) for number in range(_SCENES))
    planned = plan.Plan(tasks, chunk_frames=_CHUNK_FRAMES)
    settings = Settings(outputs.root / "t.blend", batch.Look(), mux=False, chunk=_CHUNK_FRAMES)
    identity = state.Identity("body-00000000", "body", "job.txt", str(outputs.root), {})
    record = state.Record(outputs.root, outputs.state, identity, print, clock)
    return Run(planned, Dataset(outputs.root), outputs, executor, settings, record, show, clock)


def _task(outputs: plan.Outputs, number: int, chunks: int, medium: StandInMedium) -> Task:
    name, frames = _name(number), chunks * _CHUNK_FRAMES
    folder = outputs.runs / "chunks" / f"{name}-f"
    subject = Subject(name, frames, (), ())
    task = Task(subject, 1, frames, "f", outputs.clip(name), outputs.video(name), folder, medium)
    return plan.with_chunks(task, _CHUNK_FRAMES)


def _name(number: int) -> SceneId:
    return SceneId.parse(f"20231119_{number + 1:03d}")


if __name__ == "__main__":
    main()
