"""What the driver costs: a run's wall time over the time that its worker loads and renders.

One worker, three scenes, 21 chunks, one Blender. The worker's own time runs from its start to its last rendered chunk,
as its event file tells; all that is above it, planning, checking, joining and muxing, is the driver's. Run it on an
idle machine: python tests/benchmarks/bench_driver.py
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from farm import body, rendering, templates
from farm.blender import find
from farm.demo.maker import make_dataset

_SCENES, _CHUNKS, _FRAMES, _REPEATS = 3, 7, 70, 3
_TARGET = 1.05


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = make_dataset(folder / "data", scenes=_SCENES, seconds=_FRAMES / 30)
        template = folder / "template.blend"
        templates.make(template, Dataset.at(made.root), find())
        ratios = [_once(made.body_job, made.root, template, folder / f"out{n}") for n in range(_REPEATS)]
    print(f"wall time of the run / worker's load and render time: median {statistics.median(ratios):.3f} "
          f"(best {min(ratios):.3f}, worst {max(ratios):.3f}; at most {_TARGET} is wanted)")  # fmt: skip


def _once(job: Path, data: Path, template: Path, out: Path) -> float:
    look = batch.Look("workbench", (640, 360), 1)
    options = rendering.RenderOptions(template=template, look=look, chunk=_FRAMES // _CHUNKS, workers=1, out=out)
    started, start = time.time(), time.monotonic()
    results = body.render(job, data, options)
    wall = time.monotonic() - start
    problems = [result.problem for result in results if result.problem]
    if problems:
        raise SystemExit(problems[0])
    (told,) = out.glob("farm_runs/logs/2*/*.events.jsonl")  # one Blender did it all
    lines = told.read_text().splitlines()
    rendered = [event for event in map(json.loads, lines) if event["event"] == "rendered"]
    if len(rendered) != _SCENES * _CHUNKS:
        raise SystemExit(f"{len(rendered)} chunks were rendered, not {_SCENES * _CHUNKS}")
    launched = min(json.loads(line)["time"] for line in lines)
    inside = sum(event["load_seconds"] + event["render_seconds"] for event in rendered)
    starting = launched - started - _planning(job, data, options)
    print(f"wall {wall:.2f} s, worker {inside:.2f} s rendering and loading, {starting:.2f} s starting Blender")
    return wall / (inside + starting)


def _planning(job: Path, data: Path, options: rendering.RenderOptions) -> float:
    start = time.monotonic()
    rendering.prepare(body.BODY, job, data, options)
    return time.monotonic() - start


if __name__ == "__main__":
    main()
