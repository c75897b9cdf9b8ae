"""A part of a scene as actions on its rig."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..dataset import blendshapes
from ..dataset.naming import SceneId
from . import channels, control_rig, fcurves, nla, retarget
from .before import POSE_CHANNELS, remember
from .options import CompositeOptions
from .part import Part, listed


def body(scene_id: SceneId, part: Part, pose: retarget.Channels, options: CompositeOptions, notices: list[str]) -> None:
    """Put a retargeted motion on a rig's bones; what the user should know is added to `notices`."""
    armature = part.rig.armature
    remember(armature, pose_position=armature.data.pose_position)
    armature.data.pose_position = "POSE"
    bones = {bone: armature.pose.bones[part.rest.names[bone]] for bone in pose.rotations}
    data = armature.animation_data
    remember(
        armature,
        action=data.action.name if data and data.action else None,
        pose={bone.name: [list(getattr(bone, channel)) for channel in POSE_CHANNELS] for bone in bones.values()},
    )
    if part.rest.carried:
        names = part.rest.names
        carried = {names[bone]: names[carrier] for bone, carrier in part.rest.carried.items()}
        remember(armature, resting=control_rig.tie(armature, carried))
    if part.rest.settings:
        remember(armature, settings=control_rig.switch(armature, part.rest.settings))
    held = [b.name for b in bones.values() if any(not c.mute and c.influence > 0 for c in b.constraints)]
    if held and not part.rest.carried:
        notices.append(f"actor {part.rig.actor}: constraints move {listed(held)} as well and may win over the motion")
    fcurves.assign_action(armature, _name(scene_id, part, "body", options), channels.pose_curves(bones, pose))
    if options.strips:
        nla.to_strip(armature, str(scene_id))


def _name(scene_id: SceneId, part: Part, what: str, options: CompositeOptions) -> str:
    """What an action is called."""
    actor = part.rig.actor
    return options.name(scene=str(scene_id), actor=actor, performance=str(scene_id.performance(actor)), part=what)


def face(scene_id: SceneId, part: Part, options: CompositeOptions) -> None:
    """Keys on every face mesh; meshes with the same keys (skin, lashes, teeth) play one action together."""
    first: dict[tuple, bpy.types.Key] = {}
    column = {name: n for n, name in enumerate(blendshapes.ARKIT_NAMES)}
    for mesh, keys in part.rig.faces:
        owner = mesh.data.shape_keys
        data = owner.animation_data
        blocks = owner.key_blocks
        remember(
            owner,
            action=data.action.name if data and data.action else None,
            values={key: blocks[key].value for key in keys.values()},
        )
        if part.face is None:
            # Neutral is neutral: neither a value nor an action of the template's moves the face.
            if data:
                data.action = None
            for key in keys.values():
                blocks[key].value = 0.0
            continue
        same = tuple(sorted(keys.items()))
        if same in first:
            fcurves.share_action(owner, first[same])
            continue
        for name, key in keys.items():
            # A key's slider range clamps what its F-curve says.
            blocks[key].slider_min = min(blocks[key].slider_min, float(part.face[:, column[name]].min()))
            blocks[key].slider_max = max(blocks[key].slider_max, float(part.face[:, column[name]].max()))
        curves = (
            fcurves.Curve(f'key_blocks["{bpy.utils.escape_identifier(key)}"].value', 0, part.face[:, column[name]])
            for name, key in keys.items()
        )
        fcurves.assign_action(owner, _name(scene_id, part, f"face {mesh.name}", options), curves)
        first[same] = owner
    if options.strips and part.face is not None:
        for mesh, _ in part.rig.faces:
            nla.to_strip(mesh.data.shape_keys, str(scene_id))


def hide_others(everyone: set[bpy.types.Object], parts: Iterable[Part]) -> None:
    """Hide the other actors from view and render; what the user hid of the scene's own actors stays hidden."""
    shown = {item for part in parts for item in part.rig.objects}
    for item in everyone - shown:
        remember(item, hide_render=item.hide_render, hide_viewport=item.hide_viewport)
        item.hide_render = item.hide_viewport = True
