"""Poses as curves of pose bones, in each bone's own rotation mode."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ..dataset import rotations
from . import fcurves, retarget


def pose_curves(bones: dict[int, bpy.types.PoseBone], pose: retarget.Channels) -> Iterator[fcurves.Curve]:
    """The curves of a pose; bones: those that it has channels for, by their index."""
    for index, bone in bones.items():
        path = f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"].'
        track = pose.rotations[index]
        if bone.rotation_mode == "QUATERNION":
            channel, rows = "rotation_quaternion", track
        elif bone.rotation_mode == "AXIS_ANGLE":
            channel, rows = "rotation_axis_angle", rotations.to_axis_angle(track)
        else:
            channel, rows = "rotation_euler", rotations.to_euler(track, bone.rotation_mode)
        for row, values in enumerate(rows):
            yield fcurves.Curve(path + channel, row, values, bone.name)
        for row, values in enumerate(pose.locations.get(index, ())):
            yield fcurves.Curve(path + "location", row, values, bone.name)
