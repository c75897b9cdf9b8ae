"""What compositing a pair costs against Blender's own BVH importer, and against the bare work it cannot do without.

4,000 frames, two InterAct skeletons of 60 joints, 51 face keys each. All ways take turns, so that a busy machine
slows all of them down. The bare work is numpy.loadtxt over the motion lines of both BVHs and foreach_set of as
many F-curves with as many keys. Targets: at least 15 times faster than the importer with keyframe_insert for the
face keys; at most 1.5 times the bare work. What pinning feet adds is told as well.
Run: python tests/benchmarks/bench_composite.py
"""

import contextlib
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from blender_addon.dataset import blendshapes, bvh, databases, layout
from blender_addon.scene import composite, fcurves, template
from blender_addon.scene.options import CompositeOptions
from farm.demo import maker

FRAMES = 4000
ROUNDS = 3
#: How often each round goes composite, bare, bare, composite; the importer has one turn a round.
TURNS = 3
#: The importer works frame by frame: where 4,000 would take longer than this, a tenth is timed and scaled.
IMPORTER_LIMIT = 180.0
FASTER_THAN_IMPORTER, OVER_BARE = 15.0, 1.5


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def motion_text(path: Path) -> Path:
    """The motion lines of a BVH alone."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if line.startswith("Frame Time")) + 1
    text = path.with_suffix(".txt")
    text.write_text("".join(lines[start:]), encoding="utf-8")
    return text


def shortened(paths: list[Path], folder: Path, frames: int) -> list[Path]:
    """Copies of BVHs with fewer frames."""
    copies = []
    for path in paths:
        motion = bvh.read(path)
        copies.append(folder / path.name)
        bvh.write(copies[-1], bvh.Motion(motion.skeleton, motion.values[:frames], motion.frame_time))
    return copies


def animated() -> list[tuple[bpy.types.ID, int, int]]:
    """Every data-block that compositing animated, its number of curves, and of keys on each."""
    found = []
    for owner in (*bpy.data.objects, *bpy.data.shape_keys):
        data = owner.animation_data
        if data and data.action and data.action.get(fcurves.OWN_ACTION):
            curves = data.action.layers[0].strips[0].channelbag(data.action_slot).fcurves
            found.append((owner, len(curves), len(curves[0].keyframe_points)))
    unique = {owner.animation_data.action.name: (owner, curves, keys) for owner, curves, keys in found}
    return list(unique.values())


def bare_curves(curves: int, keys: int) -> None:
    """As many F-curves with as many keys, set by foreach_set, in an action that nothing plays."""
    action = bpy.data.actions.new("bare")
    slot = action.slots.new(id_type="OBJECT", name="bare")
    bag = action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    points = np.zeros((keys, 2), dtype=np.float32)
    points[:, 0] = np.arange(1, keys + 1)
    values = points.ravel()
    for number in range(curves):
        curve = bag.fcurves.new(f'["bare{number}"]')
        curve.keyframe_points.add(keys)
        curve.keyframe_points.foreach_set("co", values)


def remove_actions(names: set[str]) -> None:
    for action in [a for a in bpy.data.actions if a.name not in names]:
        bpy.data.actions.remove(action)


def by_importer(paths: list[Path], faces: list[np.ndarray], keys: list[bpy.types.Key], frames: int) -> None:
    """Both BVHs through Blender's importer, and keyframe_insert for every face key and frame."""
    for path in paths:
        with contextlib.redirect_stdout(io.StringIO()):  # it tells of every joint without length
            bpy.ops.import_anim.bvh(filepath=str(path), rotate_mode="QUATERNION")
    for weights, owner in zip(faces, keys, strict=True):
        blocks = [owner.key_blocks[name] for name in blendshapes.ARKIT_NAMES]
        for frame, row in enumerate(weights[:frames].tolist(), 1):
            for block, value in zip(blocks, row, strict=True):
                block.value = value
                block.keyframe_insert("value", frame=frame)


class Scene:
    """The data set, the template in the open file, and each way of putting one on the other."""

    def __init__(self, folder: Path) -> None:
        made = maker.make_dataset(folder / "data", seconds=FRAMES / layout.FPS, scenes=1)
        self.folder, self.id = folder, made.scenes[0]
        self.dataset = layout.Dataset.at(made.root)
        self.actors = databases.session_of(self.dataset, self.id).actors
        performances = [self.id.performance(actor) for actor in self.actors]
        self.paths = [self.dataset.motion(p) for p in performances]
        self.faces = [blendshapes.load_arkit(self.dataset.face_arkit(p)) for p in performances]
        self.texts = [motion_text(path) for path in self.paths]
        template.build(self.dataset)
        bpy.ops.preferences.addon_enable(module="io_anim_bvh")
        self.composite()
        self.work = [(curves, keys) for _, curves, keys in animated()]

    def composite(self, pin_feet: bool = False) -> None:
        composite.composite(bpy.context.scene, self.dataset, self.id, options=CompositeOptions(pin_feet=pin_feet))

    def bare(self) -> None:
        for text in self.texts:
            np.loadtxt(text)
        for curves, keys in self.work:
            bare_curves(curves, keys)

    def importer(self, frames: int) -> float:
        """Seconds of the importer's way; what it made is removed again."""
        paths = self.paths
        if frames < FRAMES:
            (self.folder / str(frames)).mkdir(exist_ok=True)
            paths = shortened(self.paths, self.folder / str(frames), frames)
        composite.clear(bpy.context.scene)
        objects = set(bpy.data.objects)
        keys = []
        for actor in self.actors:
            collection = bpy.data.collections[f"actor_{actor}"]
            shapes = (o.data.shape_keys for o in collection.all_objects if o.type == "MESH" and o.data.shape_keys)
            keys.append(max(shapes, key=lambda shape: len(shape.key_blocks)))
        spent = seconds(lambda: by_importer(paths, self.faces, keys, frames))
        for item in set(bpy.data.objects) - objects:
            bpy.data.objects.remove(item)
        for armature in [a for a in bpy.data.armatures if not a.users]:
            bpy.data.armatures.remove(armature)
        remove_actions(set())
        return spent

    def measure_composite(self, pin_feet: bool = False) -> float:
        """Onto a template without actions, as a worker's first scene finds it."""
        composite.clear(bpy.context.scene)
        return seconds(lambda: self.composite(pin_feet))

    def measure_bare(self) -> float:
        names = {action.name for action in bpy.data.actions}
        spent = seconds(self.bare)
        remove_actions(names)
        return spent


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder))
        part = FRAMES // 10
        frames = part if scene.importer(part) * FRAMES / part > IMPORTER_LIMIT else FRAMES
        ways: dict[str, tuple[Callable[[], float], list[float]]] = {
            "composite": (scene.measure_composite, []),
            "importer": (lambda: scene.importer(frames) * FRAMES / frames, []),
            "bare": (scene.measure_bare, []),
            "pinned": (lambda: scene.measure_composite(pin_feet=True), []),
        }
        for _ in range(ROUNDS):
            for name in (*("composite", "bare", "bare", "composite") * TURNS, "pinned", "importer"):
                work, times = ways[name]
                times.append(work())
    curves = sum(count for count, _ in scene.work)
    print(f"{FRAMES} frames, two actors, {curves} F-curves, {ROUNDS} rounds")
    print(f"Blender {bpy.app.version_string}, numpy {np.__version__}, {os.cpu_count()} cores")
    if frames < FRAMES:
        print(f"importer: {frames} frames timed, times {FRAMES // frames}")
    for name, (_, times) in ways.items():
        print(f"{name:10} best {min(times):8.3f} s   median {statistics.median(times):8.3f} s")
    best = {name: min(times) for name, (_, times) in ways.items()}
    middle = {name: statistics.median(times) for name, (_, times) in ways.items()}
    faster = [spent["importer"] / spent["composite"] for spent in (best, middle)]
    over = [spent["composite"] / spent["bare"] for spent in (best, middle)]
    print(
        f"importer / composite  best {faster[0]:.1f}   median {faster[1]:.1f}   target at least {FASTER_THAN_IMPORTER}"
    )
    pinned = [spent["pinned"] / spent["composite"] for spent in (best, middle)]
    print(f"pinned / composite    best {pinned[0]:.2f}   median {pinned[1]:.2f}")
    print(f"composite / bare      best {over[0]:.2f}   median {over[1]:.2f}   target at most {OVER_BARE}")
    return 0 if faster[0] >= FASTER_THAN_IMPORTER and over[0] <= OVER_BARE else 1


if __name__ == "__main__":
    code = main()
    # Blender as a module can hang in its destructors.
    sys.stdout.flush()
    os._exit(code)
