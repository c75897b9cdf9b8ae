"""What compositing changed, kept in the file itself, so that it can be undone in another session."""

from __future__ import annotations

import json

import bpy

from . import control_rig

#: What a data-block was like before compositing, as JSON in a custom property of its own.
_BEFORE = "interact_before"

#: A pose bone's own channels; `remember(pose=...)` keeps their values in this order, by the names of bones.
POSE_CHANNELS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle")


def is_kept(owner: bpy.types.ID) -> bool:
    """Whether there is anything to bring back."""
    return _BEFORE in owner


def remember(owner: bpy.types.ID, **state: object) -> None:
    """Keep what is about to change; what was kept first wins."""
    kept = json.loads(owner[_BEFORE]) if _BEFORE in owner else {}
    owner[_BEFORE] = json.dumps(state | kept)
    name = state.get("action")
    if name:
        bpy.data.actions[name].use_fake_user = True  # else the user's action would be gone after saving


def restore(owner: bpy.types.ID) -> None:
    """Make a data-block what it was, where anything of it was kept; then nothing is."""
    if _BEFORE not in owner:
        return
    state = json.loads(owner[_BEFORE])
    if "action" in state and owner.animation_data:  # a face without weights never had any
        owner.animation_data.action = bpy.data.actions.get(state["action"]) if state["action"] else None
    if "resting" in state:
        control_rig.untie(owner, state["resting"])
    if "settings" in state:
        control_rig.switch_back(owner, state["settings"])
    if "pose_position" in state:
        owner.data.pose_position = state["pose_position"]
    for name, values in state.get("pose", {}).items():
        if name in owner.pose.bones:
            for channel, value in zip(POSE_CHANNELS, values, strict=True):
                setattr(owner.pose.bones[name], channel, value)
    for name, value in state.get("values", {}).items():
        if name in owner.key_blocks:
            owner.key_blocks[name].value = value
    for flag in ("hide_render", "hide_viewport", "sync_mode"):
        if flag in state:
            setattr(owner, flag, state[flag])
    if "fps" in state:
        owner.frame_start, owner.frame_end = state["frame_start"], state["frame_end"]
        owner.render.fps, owner.render.fps_base = state["fps"], state["fps_base"]
    del owner[_BEFORE]
