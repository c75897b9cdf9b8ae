"""The one writer of F-curves, for every Blender from 4.2 to 5.2.

Up to 4.3 an action holds its curves itself; from 4.4 a slot of it does, and from 5.0 only the slot.
Whole arrays go in by `foreach_set`: dozens of times faster than `keyframe_insert`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np

#: Marks the actions that compositing made, so that only they are ever replaced or removed.
OWN_ACTION = "interact_action"

_SLOTTED = bpy.app.version >= (4, 4, 0)
# Keyframe interpolation and handle type, by their numbers in RNA.
_LINEAR, _AUTO_CLAMPED = 1, 4


@dataclass(frozen=True)
class Curve:
    """One F-curve: an RNA path and array index, its value in every frame (N,), and the group it is listed under."""

    path: str
    index: int
    values: np.ndarray
    group: str = ""


def assign_action(owner: bpy.types.ID, name: str, curves: Iterable[Curve], first_frame: int = 1) -> bpy.types.Action:
    """Make an action of the curves, one key on every frame from `first_frame`, and have `owner` play it."""
    action = bpy.data.actions.new(name)
    action[OWN_ACTION] = True
    data = owner.animation_data_create()
    if _SLOTTED:
        slot = action.slots.new(id_type=owner.id_type, name=owner.name)
        strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
        holder = strip.channelbag(slot, ensure=True)
        data.action = action
        data.action_slot = slot
    else:
        holder = action
        data.action = action
    groups: dict[str, bpy.types.ActionGroup] = {}
    keys = interpolation = handles = None
    for curve in curves:
        count = len(curve.values)
        if keys is None or len(keys) != count:
            keys = np.empty((count, 2), dtype=np.float32)
            keys[:, 0] = np.arange(first_frame, first_frame + count)
            interpolation = np.full(count, _LINEAR, dtype=np.uint8)  # Blender's own type: ten times faster
            handles = np.full(count, _AUTO_CLAMPED, dtype=np.uint8)
        keys[:, 1] = curve.values
        # `new` has another name for its group argument in each version; the groups themselves do not.
        fcurve = holder.fcurves.new(curve.path, index=curve.index)
        if curve.group:
            if curve.group not in groups:
                groups[curve.group] = holder.groups.new(curve.group)
            fcurve.group = groups[curve.group]
        fcurve.keyframe_points.add(count)
        fcurve.keyframe_points.foreach_set("co", keys.ravel())
        # `update` would sort what is sorted and lay out handles, which linear keys have no use for; their type
        # has Blender lay them out once an animator makes a key Bezier.
        fcurve.keyframe_points.foreach_set("interpolation", interpolation)
        fcurve.keyframe_points.foreach_set("handle_left_type", handles)
        fcurve.keyframe_points.foreach_set("handle_right_type", handles)
    return action


def share_action(owner: bpy.types.ID, like: bpy.types.ID) -> None:
    """Have `owner` play the same action, and slot, as another data-block of its kind."""
    data = owner.animation_data_create()
    data.action = like.animation_data.action
    if _SLOTTED:
        data.action_slot = like.animation_data.action_slot
