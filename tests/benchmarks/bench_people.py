"""What people cost against mannequins: making the template, opening and compositing, and drafting a frame.

All seven actors; a pair of 4,000 frames; a draft at 640x360 with Workbench. Both kinds take turns, so that a busy
machine slows both down. A frame's time is told apart: evaluation (frame_set), drawing (an animation as BMP, which
costs about nothing to write, less the evaluation) and encoding (a video, less the other two).
Run: python tests/benchmarks/bench_people.py
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy

from blender_addon.dataset import batch, layout
from blender_addon.scene import composite, render
from farm import assets, templates
from farm.blender import find
from farm.demo import maker

FRAMES, DRAWN, ROUNDS = 4000, 24, 3
#: Targets: seconds and MB of the template; composite and frame against the mannequin's.
SECONDS, MEGABYTES, OVER_COMPOSITE, OVER_FRAME = 30.0, 60.0, 1.5, 3.0
#: The data set's five sessions have all its actors.
SESSIONS = 5


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Kind:
    """One kind of actors: its template and the times measured with it."""

    def __init__(self, name: str, folder: Path, dataset: layout.Dataset, people: str) -> None:
        self.name, self.dataset = name, dataset
        self.template = folder / f"{name}.blend"
        self.making = seconds(lambda: templates.make(self.template, dataset, find(), people))
        self.megabytes = self.template.stat().st_size / 1e6
        self.video, self.stills = folder / f"{name}.mkv", folder / name
        self.times: dict[str, list[float]] = {key: [] for key in ("open", "composite", "evaluate", "draw", "encode")}

    def measure(self, scene_id: object) -> None:
        self.times["open"].append(seconds(self._open))
        scene = bpy.context.scene
        self.times["composite"].append(seconds(lambda: composite.composite(scene, self.dataset, scene_id)))
        render.render_video(scene, 1, 2, self.video)  # shaders and caches
        evaluate = seconds(self._evaluate) / DRAWN
        video = seconds(lambda: render.render_video(scene, 1, DRAWN, self.video)) / DRAWN
        draw = seconds(self._draw) / DRAWN
        self.times["evaluate"].append(evaluate)
        self.times["draw"].append(max(draw - evaluate, 0.0))
        self.times["encode"].append(max(video - draw, 0.0))

    def _open(self) -> None:
        bpy.ops.wm.open_mainfile(filepath=str(self.template), load_ui=False, use_scripts=False)
        look = batch.Look("workbench", (640, 360), quality="draft")
        render.apply_look(bpy.context.scene, look, builtin=True)

    def _evaluate(self) -> None:
        for frame in range(1, DRAWN + 1):
            bpy.context.scene.frame_set(frame)

    def _draw(self) -> None:
        settings = bpy.context.scene.render
        if bpy.app.version >= (5, 0, 0):
            settings.image_settings.media_type = "IMAGE"
        settings.image_settings.file_format = "BMP"
        settings.filepath = f"{self.stills}/####"
        bpy.ops.render.render(animation=True)

    def median(self, *keys: str) -> float:
        return sum(statistics.median(self.times[key]) for key in keys)


def main() -> int:
    people = assets.there()
    if people is None:
        print("the people's data are not there: interact-farm template fetch")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = maker.make_dataset(folder / "data", seconds=FRAMES / layout.FPS, scenes=SESSIONS)
        dataset = layout.Dataset.at(made.root)
        kinds = [Kind("people", folder, dataset, str(people)), Kind("mannequins", folder, dataset, "")]
        for _ in range(ROUNDS):
            for kind in kinds:
                kind.measure(made.scenes[0])
    print(f"Blender {bpy.app.version_string}, {os.cpu_count()} cores, medians of {ROUNDS} rounds")
    for kind in kinds:
        frame = ", ".join(f"{part} {kind.median(part) * 1000:.0f} ms" for part in ("evaluate", "draw", "encode"))
        print(f"{kind.name}: template {kind.making:.1f} s, {kind.megabytes:.1f} MB; open {kind.median('open'):.2f} s; "
              f"composite {kind.median('composite'):.2f} s; a frame: {frame}")  # fmt: skip
    person, mannequin = kinds
    loading = person.median("open", "composite") / mannequin.median("open", "composite")
    frame = person.median("evaluate", "draw", "encode") / mannequin.median("evaluate", "draw", "encode")
    print(
        f"template: {person.making:.1f} s (at most {SECONDS:.0f}), {person.megabytes:.1f} MB (at most {MEGABYTES:.0f})"
    )
    print(f"open and composite, people / mannequins: {loading:.2f} (at most {OVER_COMPOSITE})")
    print(f"a draft's frame, people / mannequins: {frame:.2f} (at most {OVER_FRAME})")
    good = person.making <= SECONDS and person.megabytes <= MEGABYTES
    return 0 if good and loading <= OVER_COMPOSITE and frame <= OVER_FRAME else 1


if __name__ == "__main__":
    code = main()
    # Blender as a module can hang in its destructors.
    sys.stdout.flush()
    os._exit(code)
