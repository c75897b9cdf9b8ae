"""What fed workers gain: two against two Blenders by themselves, and one against a Blender for each chunk.

Both ways of each pair render the same frames with the same worker program, in turns. Run it on an idle machine with two
cores or more: python tests/benchmarks/bench_workers.py [--blender PATH]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.reach import Reach
from farm import body, rendering, templates
from farm.blender import Blender, find
from farm.demo.maker import make_dataset
from farm.launch import Launch

_REPEATS = 5
#: Path tracing on one thread: two of them share nothing but the machine.
_SINGLE = batch.Look("cycles", (64, 36), 1)
_SMALL = batch.Look("workbench", (320, 180), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blender")
    blender = find(parser.parse_args().blender)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = make_dataset(folder / "data", scenes=4, seconds=1)
        template = folder / "template.blend"
        templates.make(template, Dataset.at(made.root), blender)
        bench = _Bench(folder, made.root, made.body_job, template, blender)
        _print("two workers' speed-up over that of two Blenders by themselves", bench.speed_up, _gain, "at least 0.95")
        _print("a Blender for each chunk of 5 frames over a fed worker", bench.against_each, _ratio, "at least 3")


def _print(what: str, measure, compare, wanted: str) -> None:
    """Repeat, and compare the medians of each way's times and, as another's work only ever adds, their minima."""
    found = [measure(number) for number in range(_REPEATS)]
    for how, of in (("medians", statistics.median), ("minima", min)):
        print(f"{what}, of the {how}: {compare(*(of(times) for times in zip(*found, strict=True))):.2f}", flush=True)
    print(f"  {wanted} is wanted")


def _gain(one: float, farm_one: float, two: float, farm_two: float) -> float:
    return (farm_one / farm_two) / (one / two)


def _ratio(apart: float, farm: float) -> float:
    return apart / farm


class _Bench:
    def __init__(self, folder: Path, data: Path, job: Path, template: Path, blender: Blender) -> None:
        self._folder, self._data, self._job, self._template, self._blender = folder, data, job, template, blender

    def speed_up(self, number: int) -> tuple[float, ...]:
        """Four scenes: by the farm with one and two workers, by one Blender, and by two with two scenes each."""
        requests = self._requests(_SINGLE, chunk=10)
        half = len(requests) // 2
        times = {
            "one": self._alone([requests], f"a{number}"),
            "farm one": self._farm(_SINGLE, f"b{number}", chunk=10, workers=1),
            "two": self._alone([requests[:half], requests[half:]], f"c{number}"),
            "farm two": self._farm(_SINGLE, f"d{number}", chunk=10, workers=2),
        }
        print("  " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.items()), flush=True)
        return tuple(times.values())

    def against_each(self, number: int) -> tuple[float, ...]:
        farm = self._farm(_SMALL, f"e{number}", chunk=5, workers=1, frames=(1, 20))
        requests = [request for request in self._requests(_SMALL, chunk=5) if request.last <= 20]
        begun = time.monotonic()
        for each, request in enumerate(requests):
            self._alone([[request]], f"f{number}-{each}")
        apart = time.monotonic() - begun
        print(f"  {len(requests)} chunks: farm {farm:.1f} s, a Blender for each {apart:.1f} s")
        return apart, farm

    def _farm(self, look: batch.Look, name: str, *, chunk: int, workers: int, frames=None) -> float:
        options = rendering.RenderOptions(
            template=self._template, blender=self._blender.path, look=look, chunk=chunk, workers=workers, threads=1,
            out=self._folder / name, mux=False, frames=frames,
        )  # fmt: skip
        begun = time.monotonic()
        results = body.render(self._job, self._data, options)
        spent = time.monotonic() - begun
        problems = [result.problem for result in results if result.problem]
        if problems:
            raise SystemExit(problems[0])
        return spent

    def _requests(self, look: batch.Look, *, chunk: int) -> list[batch.RenderChunk]:
        """What the farm renders, scene by scene."""
        options = rendering.RenderOptions(template=self._template, look=look, chunk=chunk, out=self._folder / "plan")
        planned = rendering.prepare(body.BODY, self._job, self._data, options).to_do
        return [
            batch.RenderChunk(
                f"{task.name}:{part.first}", str(self._data), str(self._template), task.name, part.first, part.last,
                f"{task.name}-{part.first}.mkv", look,
            )
            for task in planned.tasks
            for part in task.missing
        ]  # fmt: skip

    def _alone(self, shares: Sequence[Sequence[batch.RenderChunk]], name: str) -> float:
        """Blenders side by side, each with a batch of its own."""
        out = self._folder / name
        out.mkdir()
        reach = Reach((str(self._data),), (str(out),), (str(self._template),))
        launch = Launch(self._blender, reach, threads=1)
        begun = time.monotonic()
        started = []
        for number, share in enumerate(shares):
            file = out / f"{number}.jsonl"
            placed = [replace(request, output=str(out / request.output)) for request in share]
            file.write_text("".join(f"{batch.to_line(request)}\n" for request in placed))
            command = launch.command(str(file), file.with_suffix(".events"))
            environment = {**os.environ, **launch.environment()}
            started.append(
                subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
            )
        if any(process.wait() for process in started):
            raise SystemExit(f"a Blender failed: {[*out.glob('*.events')]}")
        return time.monotonic() - begun


if __name__ == "__main__":
    main()
    sys.stdout.flush()
