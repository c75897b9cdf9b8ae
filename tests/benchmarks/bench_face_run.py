"""What a run of faces costs: over its Blender's start and renders, and against one plain script a performance.

Four performances of as many frames as --frames says (16 by default; 200 is the other case of interest), one worker,
Workbench at 256x256. The plain script opens the template, sets the keys of each frame, and renders it with
`write_still`; each performance is a start of its own. Both ways take turns. Besides: what each PNG compression costs
in time and bytes at the data set's 1080x1080.
Run on an idle machine: python tests/benchmarks/bench_face_run.py [--frames N]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId
from farm import face, plan, templates
from farm.blender import find
from farm.demo.maker import make_dataset
from farm.rendering import RenderOptions

SIZE, ROUNDS = 256, 3
OVER_RENDERS = 1.1
COMPRESSIONS = (0, 6, 15, 30, 50, 90)

PLAIN = """
import sys, numpy, bpy
template, weights, actor, folder, size, frames = sys.argv[-6:]
bpy.ops.wm.open_mainfile(filepath=template, load_ui=False, use_scripts=False)
scene = bpy.data.scenes["mesh-" + actor]
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = int(size)
keys = next(o for o in scene.objects if o.type == "MESH" and o.data.shape_keys).data.shape_keys.key_blocks
values = numpy.load(weights)[:int(frames)]
for frame, row in enumerate(values, 1):
    for block, value in zip(keys[1:], row.tolist()):
        block.value = value
    scene.frame_set(frame)
    scene.render.filepath = folder + "/%04d.png" % frame
    bpy.ops.render.render(write_still=True, scene=scene.name)
"""

LEVELS = """
import os, sys, time, bpy
template, actor, folder, *levels = sys.argv[-9:]
bpy.ops.wm.open_mainfile(filepath=template, load_ui=False, use_scripts=False)
scene = bpy.data.scenes["mesh-" + actor]
scene.render.engine = "BLENDER_WORKBENCH"
bpy.ops.render.render(scene=scene.name)
result = bpy.data.images["Render Result"]
settings = scene.render.image_settings
settings.file_format, settings.color_mode = "PNG", "RGB"
for level in levels:
    settings.compression = int(level)
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        result.save_render(folder + "/level.png", scene=scene)
        spent.append(time.perf_counter() - start)
    print("LEVEL", level, sorted(spent)[2], os.path.getsize(folder + "/level.png"))
sys.stdout.flush()
os._exit(0)
"""


def by_the_farm(job: Path, data: Path, template: Path, out: Path, frames: int) -> tuple[float, float]:
    """Seconds of a run, and those of its worker's start, loading and renders."""
    options = RenderOptions(
        template=template, look=batch.Look("workbench", (SIZE, SIZE)), workers=1, out=out, mux=False, pictures=True,
        frames=(1, frames),
    )  # fmt: skip
    began, start = time.time(), time.monotonic()
    results = face.render(job, data, options)
    wall = time.monotonic() - start
    problems = [result.problem for result in results if result.problem]
    if problems:
        raise SystemExit(problems[0])
    log = next(out.glob("farm_runs/logs/2*/worker-1.events.jsonl"))
    events = [json.loads(line) for line in log.read_text().splitlines()]
    ready = next(event["time"] for event in events if event["event"] == "ready") - began
    inside = sum(e["load_seconds"] + e["render_seconds"] for e in events if e["event"] == "rendered")
    return wall, ready + inside


def by_plain_scripts(faces: list[PerformanceId], dataset: Dataset, template: Path, folder: Path, frames: int) -> float:
    start = time.monotonic()
    for name in faces:
        place = folder / str(name)
        place.mkdir(parents=True)
        weights = dataset.face_arkit(name)
        arguments = [template, weights, name.actor, place, SIZE, frames]
        command = [sys.executable, "-c", PLAIN + "sys.stdout.flush()\nimport os\nos._exit(0)\n", *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if len(list(place.iterdir())) != frames:
            raise SystemExit(f"{name}: the plain script rendered {len(list(place.iterdir()))} of {frames} frames")
    return time.monotonic() - start


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=16)
    frames = parser.parse_args().frames
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = make_dataset(folder / "data", scenes=2, seconds=max(frames, 30) / 30)
        dataset = Dataset.at(made.root)
        faces = [PerformanceId.parse(line) for line in dataset.face_job.read_text().split() if line.count("_") == 2]
        chosen = templates.choose_face(dataset, plan.Outputs(folder))
        templates.build(chosen, find())
        over, ratios = [], []
        for turn in range(ROUNDS):
            wall, inside = by_the_farm(dataset.face_job, made.root, chosen.path, folder / f"farm{turn}", frames)
            plain = by_plain_scripts(faces, dataset, chosen.path, folder / f"plain{turn}", frames)
            over.append(wall / inside)
            ratios.append(wall / plain)
            print(f"farm {wall:.2f} s ({inside:.2f} s of them start, loading and renders), plain scripts {plain:.2f} s")
        print(f"{len(faces)} performances of {frames} frames, medians of {ROUNDS} rounds")
        print(f"run / its start and renders: {statistics.median(over):.3f} (at most {OVER_RENDERS})")
        print(f"run / four plain scripts: {statistics.median(ratios):.2f} (below 1)")
        command = [sys.executable, "-c", LEVELS, str(chosen.path), faces[0].actor, str(folder), *map(str, COMPRESSIONS)]
        shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for line in shown.splitlines():
            if line.startswith("LEVEL"):
                _, level, seconds, size = line.split()
                print(f"PNG compression {level}: {float(seconds) * 1000:.0f} ms, {int(size) / 1024:.0f} KB")
    return 0 if statistics.median(over) <= OVER_RENDERS and statistics.median(ratios) < 1 else 1


if __name__ == "__main__":
    sys.exit(main())
