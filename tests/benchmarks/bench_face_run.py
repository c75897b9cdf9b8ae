"""What a run of faces costs: over one Blender's start and its renders, and against one plain script a performance.

Four performances of 16 frames and of 200, one worker, Workbench at 256x256. The plain script opens the template, sets
the keys of each frame, and renders it with `write_still`; each performance is a start of its own. One start is that
script for no frame: Blender, and the template opened. Time inside render calls is what the worker says of each chunk,
without what it takes to put the weights on the head. All ways take turns. Besides: what each PNG compression costs in
time and bytes at the data set's 1080x1080. Exit code 1 where a limit is passed.
Run on an idle machine: python tests/benchmarks/bench_face_run.py [--frames N ...] [--rounds N]
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

SIZE = 256
#: A run over one start and its renders, and over the plain scripts.
OVER_RENDERS, OVER_PLAIN = 1.1, 1.0
COMPRESSIONS = (0, 6, 15, 30, 50, 90)

PLAIN = """
import sys, time, numpy, bpy
template, weights, actor, folder, size, frames = sys.argv[-6:]
bpy.ops.wm.open_mainfile(filepath=template, load_ui=False, use_scripts=False)
scene = bpy.data.scenes["mesh-" + actor]
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = int(size)
keys = next(o for o in scene.objects if o.type == "MESH" and o.data.shape_keys).data.shape_keys.key_blocks
values = numpy.load(weights)[:int(frames)]
start = time.perf_counter()
for frame, row in enumerate(values, 1):
    for block, value in zip(keys[1:], row.tolist()):
        block.value = value
    scene.frame_set(frame)
    scene.render.filepath = folder + "/%04d.png" % frame
    bpy.ops.render.render(write_still=True, scene=scene.name)
print("RENDERED", time.perf_counter() - start)
sys.stdout.flush()
__import__("os")._exit(0)
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
    """Seconds of a run, and of its worker's inside render calls."""
    options = RenderOptions(
        template=template, look=batch.Look("workbench", (SIZE, SIZE)), workers=1, out=out, mux=False, pictures=True,
        frames=(1, frames),
    )  # fmt: skip
    start = time.monotonic()
    results = face.render(job, data, options)
    wall = time.monotonic() - start
    problems = [result.problem for result in results if result.problem]
    if problems:
        raise SystemExit(problems[0])
    log = next(out.glob("farm_runs/logs/2*/worker-1.events.jsonl"))
    events = [json.loads(line) for line in log.read_text().splitlines()]
    return wall, sum(event["render_seconds"] for event in events if event["event"] == "rendered")


def by_a_plain_script(name: PerformanceId, weights: Path, template: Path, folder: Path, frames: int) -> float:
    """Seconds that a plain script spends on a performance's frames, all told without its start."""
    place = folder / str(name)
    place.mkdir(parents=True)
    arguments = [template, weights, name.actor, place, SIZE, frames]
    command = [sys.executable, "-c", PLAIN, *map(str, arguments)]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if len(list(place.iterdir())) != frames:
        raise SystemExit(f"{name}: the plain script rendered {len(list(place.iterdir()))} of {frames} frames")
    return float(shown.rpartition("RENDERED")[2])


def compare(folder: Path, frames: int, rounds: int) -> bool:
    """A run against a start and its renders, and against plain scripts; whether both limits are kept."""
    made = make_dataset(folder / "data", scenes=2, seconds=max(frames, 30) / 30)
    dataset = Dataset.at(made.root)
    faces = [PerformanceId.parse(line) for line in dataset.face_job.read_text().split() if line.count("_") == 2]
    chosen = templates.choose_face(dataset, plan.Outputs(folder))
    templates.build(chosen, find())
    over, walls, ratios, inside = [], [], [], []
    for turn in range(rounds):
        begun = time.monotonic()
        by_a_plain_script(faces[0], dataset.face_arkit(faces[0]), chosen.path, folder / f"start{turn}", 0)
        start = time.monotonic() - begun
        wall, rendered = by_the_farm(dataset.face_job, made.root, chosen.path, folder / f"farm{turn}", frames)
        begun = time.monotonic()
        plain_rendered = sum(
            by_a_plain_script(name, dataset.face_arkit(name), chosen.path, folder / f"plain{turn}", frames)
            for name in faces
        )
        plain = time.monotonic() - begun
        over.append(wall / (start + rendered))
        ratios.append(wall / plain)
        walls.append((wall, plain))
        inside.append((rendered, plain_rendered))
        print(f"  farm {wall:.2f} s, one start {start:.2f} s, renders {rendered:.2f} s; plain scripts {plain:.2f} s")
    count = len(faces) * frames
    print(f"{len(faces)} performances of {frames} frames, medians of {rounds} rounds")
    print(f"  run / one start and its renders: {statistics.median(over):.3f} (at most {OVER_RENDERS})")
    print(f"  run / {len(faces)} plain scripts: {statistics.median(ratios):.2f} (below {OVER_PLAIN})")
    for title, pairs in (("a frame, starts included", walls), ("a frame without starts", inside)):
        mine, plain = (1000 * statistics.median(column) / count for column in zip(*pairs, strict=True))
        print(f"  {title}: {mine:.1f} ms, plain {plain:.1f} ms")
    return statistics.median(over) <= OVER_RENDERS and statistics.median(ratios) < OVER_PLAIN


def compressions(folder: Path) -> None:
    """What each level costs, of one face of a small data set."""
    dataset = Dataset.at(make_dataset(folder / "data", scenes=1, seconds=1.0).root)
    chosen = templates.choose_face(dataset, plan.Outputs(folder))
    templates.build(chosen, find())
    command = [sys.executable, "-c", LEVELS, str(chosen.path), "001", str(folder), *map(str, COMPRESSIONS)]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for line in shown.splitlines():
        if line.startswith("LEVEL"):
            _, level, seconds, size = line.split()
            print(f"PNG compression {level}: {float(seconds) * 1000:.0f} ms, {int(size) / 1024:.0f} KB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[16, 200], help="of a performance")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    good = True
    for frames in given.frames:
        with tempfile.TemporaryDirectory() as name:
            good = compare(Path(name), frames, given.rounds) and good
    with tempfile.TemporaryDirectory() as name:
        compressions(Path(name))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
