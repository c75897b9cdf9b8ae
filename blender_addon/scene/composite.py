"""Composite scene: one performance pair's motion and face weights on the rigs of a template, and its undoing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ..dataset import blendshapes, bvh, databases, joint_roles, layout, rest_pose
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import SceneId
from . import camera, channels, contact_report, control_rig, fcurves, feet, nla, pin_feet, retarget, rigs, shots, sound
from .options import CompositeOptions

#: What a data-block was like before compositing, as JSON in a custom property of its own.
_BEFORE = "interact_before"

_POSE_CHANNELS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle")


@dataclass(frozen=True)
class Part:
    """One actor's part of a scene, read and retargeted, before Blender is touched."""

    rig: rigs.Rig
    motion: bvh.Motion
    rest: retarget.RigRest
    pairs: dict[int, int]
    face: np.ndarray | None


@dataclass(frozen=True)
class Composited:
    """What compositing did: the scene's length in frames, its actors, what a user should know about it, of which preset
    each actor's rig is ("": of none), and what became of contacts, where that was asked for."""

    scene: SceneId
    frames: int
    actors: tuple[str, ...]
    notices: tuple[str, ...]
    presets: tuple[str, ...]
    report: contact_report.Report | None = None


def composite(
    scene: bpy.types.Scene,
    dataset: Dataset,
    scene_id: SceneId,
    *,
    table: rigs.Table | None = None,
    shot: str | None = None,
    options: CompositeOptions | None = None,
    report: bool = False,
) -> Composited:
    """Put both actors' motion and face weights on their rigs; frame 1 is frame 1 of the BVH.

    What an earlier call put there is replaced, the user's own data is kept aside (`clear` brings it back). The
    other actors are hidden. The scene is as long as its longest body; a shorter track holds its last value.
    shot: which camera to see it through (`camera.frame_scene`); report: whether contacts are measured, as they are
    where feet are pinned. Raises DatasetError, before anything is changed, for what does not fit.
    """
    table = table or rigs.Table()
    options = options or CompositeOptions()
    camera.check(scene, shot)
    session = databases.session_of(dataset, scene_id)
    notices: list[str] = []
    parts = [_read(scene, dataset, scene_id, actor, table, options, notices) for actor in session.actors]
    if parts[0].rig.armature == parts[1].rig.armature:
        raise DatasetError(f"{scene_id}: actors {' and '.join(session.actors)} have the same rig")
    frames = max(part.motion.frames for part in parts)
    _compare_lengths(parts, frames, notices)
    parts = [replace(part, motion=_held(part.motion, frames)) for part in parts]
    scales = retarget.pair_scales([part.motion for part in parts], [part.rest for part in parts], options.scale)
    origin = _origin(parts, notices)
    walks = [_walk(part.motion, scale, options) for part, scale in zip(parts, scales, strict=True)]
    if options.start_at_zero:
        middle = np.mean([walk.positions[_hips(walk), :, 0] for walk in walks], axis=0)
        origin = np.array([-middle[0], -middle[1], origin[2]])
    poses = [
        retarget.retarget(
            part.motion, part.rest, part.pairs, scale, up=options.up, origin=origin, correct=options.rest_correction,
            travels=options.root_motion,
        )
        for part, scale in zip(parts, scales, strict=True)
    ]  # fmt: skip
    paths = [replace(walk, positions=walk.positions + origin[None, :, None]) for walk in walks]
    measured = None
    if options.pin_feet or report:
        people = [
            _person(part, scale, path, pose, options, origin)
            for part, scale, path, pose in zip(parts, scales, paths, poses, strict=True)
        ]
        poses = [person.pinned or person.retargeted for person in people]
        measured = contact_report.measure(people)
    if options.pin_feet:
        notices += _told_of_feet(people, measured, options)

    others = rigs.objects_of_all(scene, databases.actors(dataset), table)
    clear(scene)
    for part, pose in zip(parts, poses, strict=True):
        _animate_body(scene_id, part, pose, options, notices)
        if options.face:
            _animate_face(scene_id, part, options)
    _hide_others(others, parts)
    _remember(scene, frame_start=scene.frame_start, frame_end=scene.frame_end, fps=scene.render.fps,
              fps_base=scene.render.fps_base)  # fmt: skip
    scene.frame_start, scene.frame_end = 1, frames
    scene.render.fps, scene.render.fps_base = layout.FPS, 1.0
    if options.sound:
        _remember(scene, sync_mode=scene.sync_mode)
        performances = [scene_id.performance(actor) for actor in session.actors]
        notices += sound.add(scene, [dataset.wav(performance) for performance in performances])
    camera.frame_scene(scene, paths, shot, {item for part in parts for item in part.rig.objects})
    scene.frame_set(1)
    presets = tuple(part.rest.preset for part in parts)
    return Composited(scene_id, frames, session.actors, tuple(notices), presets, measured)


def clear(scene: bpy.types.Scene) -> None:
    """Undo compositing in this scene: its actions, strips and voices go, and what it changed is as it was."""
    keys = {shapes.name: shapes for thing in scene.objects if (shapes := getattr(thing.data, "shape_keys", None))}
    for owner in (*scene.objects, *keys.values(), scene):
        if _BEFORE in owner:
            nla.remove_own(owner)
            _restore(owner, json.loads(owner[_BEFORE]))
            del owner[_BEFORE]
    camera.clear(scene)
    sound.clear(scene)
    # What is on the rigs of another scene is still played there.
    for action in [a for a in bpy.data.actions if a.get(fcurves.OWN_ACTION) and a.users == int(a.use_fake_user)]:
        bpy.data.actions.remove(action)


def is_composited(scene: bpy.types.Scene) -> bool:
    """Whether `clear` has anything to undo in this scene."""
    return _BEFORE in scene


def _read(
    scene: bpy.types.Scene,
    dataset: Dataset,
    scene_id: SceneId,
    actor: str,
    table: rigs.Table,
    options: CompositeOptions,
    notices: list[str],
) -> Part:
    performance = scene_id.performance(actor)
    rig = rigs.find(scene, actor, table)
    if rig.armature.mode == "EDIT":
        # Saved while being edited: in Edit Mode an armature does not move.
        bpy.context.view_layer.objects.active = rig.armature
        bpy.ops.object.mode_set(mode="OBJECT")
    rest = rigs.rest_of(rig.armature, table, actor)
    motion = bvh.resample(bvh.read(dataset.motion(performance)), layout.FPS)
    notices += motion.notices
    pairs = retarget.driven_bones(motion, rest, table.bones_of(actor))
    if not pairs:
        raise DatasetError(
            f"actor {actor}: no bone of {rig.armature.name} has a name that says which joint it is; "
            f"write the bones into {rigs.TABLE_NAME}"
        )
    rest = retarget.with_roles(rest, motion, pairs)
    silent = [motion.skeleton.names[j] for j in range(len(motion.skeleton.names)) if j not in pairs.values()]
    if silent:
        notices.append(f"actor {actor}: the rig has no bone for {_list(silent)}")
    face = _read_face(dataset, scene_id, rig, notices) if options.face else None
    return Part(rig, motion, rest, pairs, face)


def _read_face(dataset: Dataset, scene_id: SceneId, rig: rigs.Rig, notices: list[str]) -> np.ndarray | None:
    performance = scene_id.performance(rig.actor)
    path = dataset.face_arkit(performance)
    if not path.exists():
        known = " (the data set's authors know of this gap)" if performance in layout.ERRATA_WITHOUT_FACE else ""
        notices.append(f"{performance}: no face weights{known}; the face stays neutral")
        return None
    weights = blendshapes.load_arkit(path)
    if not rig.faces:
        notices.append(f"actor {rig.actor}: no mesh of the rig has ARKit shape keys; the face stays neutral")
        return None
    found = {name for _, keys in rig.faces for name in keys}
    missing = [name for name in blendshapes.ARKIT_NAMES if name not in found]
    if missing:
        notices.append(f"actor {rig.actor}: no mesh has the shape keys {_list(missing)}")
    return weights


def _compare_lengths(parts: list[Part], frames: int, notices: list[str]) -> None:
    for part in parts:
        tracks = [("body", part.motion.frames)] + ([("face", len(part.face))] if part.face is not None else [])
        for kind, length in tracks:
            if length < frames:
                notices.append(f"actor {part.rig.actor}: {kind} has {length} of {frames} frames; its last is held")
            elif length > frames:
                notices.append(f"actor {part.rig.actor}: {kind} has {length} frames, the scene {frames}; it is cut")


def _held(motion: bvh.Motion, frames: int) -> bvh.Motion:
    if motion.frames == frames:
        return motion
    return replace(
        motion, values=np.concatenate((motion.values, np.repeat(motion.values[-1:], frames - motion.frames, axis=0)))
    )


def _origin(parts: list[Part], notices: list[str]) -> np.ndarray:
    """Where the capture's origin is to lie: on both armatures' own, if they share it, else on the world's.

    Rigs that stand side by side in a template for editing must not carry that distance into the capture.
    """
    places = [part.rest.world[:3, 3] for part in parts]
    if np.allclose(places[0], places[1], atol=1e-3):
        return places[0]
    names = " and ".join(part.rig.armature.name for part in parts)
    notices.append(f"{names} stand apart in the template; the capture is laid on the world's origin")
    return np.zeros(3)


def _person(
    part: Part,
    scale: retarget.Scale,
    path: shots.PersonPath,
    pose: retarget.Channels,
    options: CompositeOptions,
    origin: np.ndarray,
) -> contact_report.Person:
    """One of the two with his feet, pinned where that is wanted."""
    found = feet.of_person(part.motion, part.rest, part.pairs, scale, options.up, origin)
    person = contact_report.Person(part.rig.actor, part.rest, scale, path, found, pose)
    if not (options.pin_feet and options.root_motion):
        return person
    pinned = pin_feet.pin(part.rest, pose, found, part.motion.fps)
    return replace(person, pinned=pinned.channels, lowered=pinned.lowered)


def _told_of_feet(
    people: list[contact_report.Person], measured: contact_report.Report, options: CompositeOptions
) -> Iterator[str]:
    if not options.root_motion:
        yield "feet are not pinned: without root motion they are to slide"
        return
    for person in people:
        if len(person.feet) < 2:
            yield (
                f"actor {person.actor}: {'only one foot is' if person.feet else 'feet are not'} pinned; that takes "
                "thigh, shin and foot, in capture and rig, that hang on one another"
            )
    slide = measured.slide()
    if slide:
        yield slide


def _animate_body(
    scene_id: SceneId, part: Part, pose: retarget.Channels, options: CompositeOptions, notices: list[str]
) -> None:
    armature = part.rig.armature
    _remember(armature, pose_position=armature.data.pose_position)
    armature.data.pose_position = "POSE"
    bones = {bone: armature.pose.bones[part.rest.names[bone]] for bone in pose.rotations}
    data = armature.animation_data
    _remember(
        armature,
        action=data.action.name if data and data.action else None,
        pose={bone.name: [list(getattr(bone, channel)) for channel in _POSE_CHANNELS] for bone in bones.values()},
    )
    if part.rest.carried:
        names = part.rest.names
        carried = {names[bone]: names[carrier] for bone, carrier in part.rest.carried.items()}
        _remember(armature, resting=control_rig.tie(armature, carried))
    if part.rest.settings:
        _remember(armature, settings=control_rig.switch(armature, part.rest.settings))
    held = [b.name for b in bones.values() if any(not c.mute and c.influence > 0 for c in b.constraints)]
    if held and not part.rest.carried:
        notices.append(f"actor {part.rig.actor}: constraints move {_list(held)} as well and may win over the motion")
    fcurves.assign_action(armature, _name(scene_id, part, "body", options), channels.pose_curves(bones, pose))
    if options.strips:
        nla.to_strip(armature, str(scene_id))


def _name(scene_id: SceneId, part: Part, what: str, options: CompositeOptions) -> str:
    """What an action is called."""
    actor = part.rig.actor
    return options.name(scene=str(scene_id), actor=actor, performance=str(scene_id.performance(actor)), part=what)


def _animate_face(scene_id: SceneId, part: Part, options: CompositeOptions) -> None:
    """Keys on every face mesh; meshes with the same keys (skin, lashes, teeth) play one action together."""
    first: dict[tuple, bpy.types.Key] = {}
    column = {name: n for n, name in enumerate(blendshapes.ARKIT_NAMES)}
    for mesh, keys in part.rig.faces:
        owner = mesh.data.shape_keys
        data = owner.animation_data
        blocks = owner.key_blocks
        _remember(
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


def _hide_others(everyone: set[bpy.types.Object], parts: list[Part]) -> None:
    """Hide the other actors from view and render; what the user hid of the scene's own actors stays hidden."""
    shown = {item for part in parts for item in part.rig.objects}
    for item in everyone - shown:
        _remember(item, hide_render=item.hide_render, hide_viewport=item.hide_viewport)
        item.hide_render = item.hide_viewport = True


def _walk(motion: bvh.Motion, scale: retarget.Scale, options: CompositeOptions) -> shots.PersonPath:
    """Where a person is in every frame, the capture's origin on the world's; for the camera too: hands are fast."""
    positions, _ = bvh.forward_kinematics(motion)
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    A = rest_pose.TO_BLENDER[options.up or rest_pose.world_up(motion, roles)]
    world = np.einsum("ij,bjn->bin", A, positions)
    world[:, :2] *= scale.floor
    world[:, 2] = world[:, 2] * scale.up + scale.lift
    walk = shots.PersonPath(world, roles)
    if not options.root_motion:
        hips = world[_hips(walk), :2]
        world[:, :2] -= hips - hips[:, :1]
    return walk


def _hips(walk: shots.PersonPath) -> int:
    return walk.roles.get("hips", 0)


def _remember(owner: bpy.types.ID, **state: object) -> None:
    """Keep what is about to change; what was kept first wins."""
    kept = json.loads(owner[_BEFORE]) if _BEFORE in owner else {}
    owner[_BEFORE] = json.dumps(state | kept)
    name = state.get("action")
    if name:
        bpy.data.actions[name].use_fake_user = True  # else the user's action would be gone after saving


def _restore(owner: bpy.types.ID, state: dict) -> None:
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
            for channel, value in zip(_POSE_CHANNELS, values, strict=True):
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


def _list(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def table_of(blend: str) -> rigs.Table:
    """The rig table beside a .blend file; empty for a file that was never saved."""
    return rigs.read_table(Path(blend) if blend else None)
