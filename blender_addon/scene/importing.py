"""Single files on what is chosen in Blender: a BVH on an armature, face weights on a mesh.

Unlike a composited pair these are the user's own actions from then on: nothing clears them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ..dataset import blendshapes, bvh, joint_roles, layout, live_link, rest_pose
from ..dataset.errors import DatasetError
from . import channels, control_rig, face_scene, fcurves, retarget, rigs
from .options import CompositeOptions


@dataclass(frozen=True)
class Imported:
    """The action's name and length in the scene's frames, and what a user should know about it."""

    action: str
    frames: int
    notices: tuple[str, ...]


def import_bvh(
    scene: bpy.types.Scene,
    armature: bpy.types.Object,
    path: Path,
    options: CompositeOptions,
    table: rigs.Table | None = None,
) -> Imported:
    """Put a BVH's motion on an armature of any naming and rest pose, at the scene's frame rate.

    table: whose common bones count. Of the options those count that are about one body. DatasetError, before anything
    is changed, for what does not fit.
    """
    rigs.require_even(armature)
    table = table or rigs.Table()
    rest = rigs.rest_of(armature, table)
    motion = bvh.resample(bvh.read(path), _rate(scene))
    pairs = retarget.driven_bones(motion, rest, table.common_bones)
    if not pairs:
        raise DatasetError(f"{path.name}: no bone of {armature.name} has a name that says which joint of it that is")
    rest = retarget.with_roles(rest, motion, pairs)
    (scale,) = retarget.pair_scales([motion], [rest], options.scale)
    origin = rest.world[:3, 3]
    if options.start_at_zero:
        origin = _over_origin(motion, scale, options, origin)
    pose = retarget.retarget(
        motion, rest, pairs, scale, up=options.up, origin=origin, correct=options.rest_correction,
        travels=options.root_motion,
    )  # fmt: skip
    notices = list(motion.notices)
    silent = [name for joint, name in enumerate(motion.skeleton.names) if joint not in pairs.values()]
    if silent:
        more = f" and {len(silent) - 6} more" if len(silent) > 6 else ""
        notices.append(f"{armature.name} has no bone for {', '.join(silent[:6])}{more}")
    if rest.carried:
        control_rig.tie(armature, {rest.names[bone]: rest.names[carrier] for bone, carrier in rest.carried.items()})
        notices.append(f"{armature.name}: its controls rest now, the motion is on its deform bones")
    if rest.settings:
        control_rig.switch(armature, rest.settings)
        notices.append(f"{armature.name}: its controls are switched to what the preset {rest.preset} drives")
    bones = {bone: armature.pose.bones[rest.names[bone]] for bone in pose.rotations}
    action = fcurves.assign_action(armature, path.stem, channels.pose_curves(bones, pose))
    return _imported(scene, action, motion.frames, notices)


def import_weights(scene: bpy.types.Scene, mesh: bpy.types.Object, path: Path) -> Imported:
    """Put face weights on a mesh's shape keys, at the scene's frame rate.

    path: .npy of (frames, 51) ARKit or (frames, 55) ICT weights at 30 fps, or a recording of Live Link Face (.csv).
    DatasetError, before anything is changed, for what does not fit.
    """
    notices: list[str] = []
    if path.suffix.lower() == ".csv":
        recording = live_link.read(path)
        weights, notices = recording.weights, list(recording.notices)
    else:
        weights = blendshapes.load_any(path)
    weights = _resampled(weights, _rate(scene))
    notices += face_scene.put_weights(mesh, weights, path.stem)
    return _imported(scene, mesh.data.shape_keys.animation_data.action, len(weights), notices)


def _imported(scene: bpy.types.Scene, action: bpy.types.Action, frames: int, notices: list[str]) -> Imported:
    del action[fcurves.OWN_ACTION]
    scene.frame_end = max(scene.frame_end, frames)
    return Imported(action.name, frames, tuple(notices))


def _rate(scene: bpy.types.Scene) -> float:
    return scene.render.fps / scene.render.fps_base


def _resampled(weights: np.ndarray, rate: float) -> np.ndarray:
    """Weights (N, K) at 30 fps as (M, K) at `rate`."""
    if abs(rate / layout.FPS - 1.0) < 2e-3:
        return weights
    count = int(np.floor((len(weights) - 1) * rate / layout.FPS + 1e-3)) + 1
    where = np.arange(count) * layout.FPS / rate
    columns = [np.interp(where, np.arange(len(weights)), column) for column in weights.T]
    return np.stack(columns, axis=1).astype(np.float32)


def _over_origin(
    motion: bvh.Motion, scale: retarget.Scale, options: CompositeOptions, origin: np.ndarray
) -> np.ndarray:
    """Where the capture's origin is to lie for the hips to begin over the world's."""
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    positions, _ = bvh.forward_kinematics(replace(motion, values=motion.values[:1]))
    hips = rest_pose.TO_BLENDER[options.up or rest_pose.world_up(motion, roles)] @ positions[roles.get("hips", 0), :, 0]
    return np.array([-hips[0] * scale.floor, -hips[1] * scale.floor, origin[2]])
