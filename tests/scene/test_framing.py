"""A camera that goes by another motion than is seen, so that different motions are seen alike."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.dataset import layout
from blender_addon.dataset.naming import SceneId
from blender_addon.scene import composite, stage

from . import rig_maker as make

SCENE = SceneId("20231119", "001")


@pytest.fixture(autouse=True)
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def motions(seed: int, frames: int, apart: float, speed: float) -> dict:
    """Both people, who stand so far apart and walk at random."""
    made = {}
    for n, actor in enumerate(("001", "002")):
        motion = make.motion(frames, seed=seed + n, at=(apart * n - apart / 2, 0))
        steps = np.random.default_rng(seed + n).normal(0, speed, (frames, 2))
        motion.values[:, [0, 2]] += np.cumsum(np.cumsum(steps, axis=0), axis=0)
        made[actor] = motion
    return made


def path_of_camera(scene, frames: int) -> np.ndarray:
    """Where the camera is and what it sees of the world, with the stage's place, in each frame: (F, 16 + 16 + 1)."""
    root = next(thing for thing in scene.objects if thing.get("interact_stage") == "root")
    seen = []
    for frame in range(1, frames + 1):
        scene.frame_set(frame)
        matrices = scene.camera.matrix_world, root.matrix_world
        seen.append([*np.array(matrices).ravel(), scene.camera.data.lens])
    return np.array(seen)


@pytest.mark.parametrize("kind", ["auto", "orbit", "over-B"])
def test_the_camera_goes_by_the_framing_motion_however_long_what_is_seen_is(tmp_path, scene, kind):
    stage.build_stage(scene)
    frames = 90
    first = motions(3, frames, 120, 0.2)
    for actor, motion in first.items():
        make.armature(f"actor_{actor}", make.bones_of(motion.skeleton))
    data = layout.Dataset.at(make.write_dataset(tmp_path / "first", first))
    composite.composite(scene, data, SCENE, shot=kind)
    wanted = path_of_camera(scene, frames)
    for length in (40, 120):
        other = layout.Dataset.at(make.write_dataset(tmp_path / f"other{length}", motions(20, length, 300, 0.05)))
        composite.composite(scene, other, SCENE, shot=kind)
        assert np.abs(path_of_camera(scene, frames) - wanted).max() > 0.2
        (other.root / layout.FRAMING).mkdir()
        data.bvhs_retarget.rename(other.root / layout.FRAMING / "bvhs_retarget")
        done = composite.composite(scene, other, SCENE, shot=kind)
        assert done.frames == scene.frame_end == length
        assert path_of_camera(scene, frames) == pytest.approx(wanted, abs=1e-5)
        (other.root / layout.FRAMING / "bvhs_retarget").rename(data.bvhs_retarget)
