"""Composite scene: one performance pair's motion and face weights on the rigs of a template, and its undoing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ..dataset import bvh, databases, joint_roles, layout, rest_pose
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import SceneId
from . import animate, camera, contact_report, fcurves, feet, nla, pin_feet, retarget, rigs, sound
from .before import is_kept, remember, restore
from .options import CompositeOptions
from .part import Part, read
from .person_path import PersonPath


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
    """Put the actors' motion and face weights on their rigs; frame 1 is frame 1 of the BVH.

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
    parts = [read(scene, dataset, scene_id, actor, table, options, notices) for actor in session.actors]
    if len({part.rig.armature for part in parts}) < len(parts):
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
    paths = [_moved(walk, origin) for walk in walks]
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
        animate.body(scene_id, part, pose, options, notices)
        if options.face:
            animate.face(scene_id, part, options)
    animate.hide_others(others, parts)
    remember(scene, frame_start=scene.frame_start, frame_end=scene.frame_end, fps=scene.render.fps,
              fps_base=scene.render.fps_base)  # fmt: skip
    scene.frame_start, scene.frame_end = 1, frames
    scene.render.fps, scene.render.fps_base = layout.FPS, 1.0
    if options.sound:
        remember(scene, sync_mode=scene.sync_mode)
        performances = [scene_id.performance(actor) for actor in session.actors]
        notices += sound.add(scene, [dataset.wav(performance) for performance in performances])
    if dataset.framing:
        paths = _framing(scene, dataset.framing, scene_id, session.actors, table, options, origin)
    camera.frame_scene(scene, paths, shot, {item for part in parts for item in part.rig.objects})
    scene.frame_set(1)
    presets = tuple(part.rest.preset for part in parts)
    return Composited(scene_id, frames, session.actors, tuple(notices), presets, measured)


def clear(scene: bpy.types.Scene) -> None:
    """Undo compositing in this scene: its actions, strips and voices go, and what it changed is as it was."""
    keys = {shapes.name: shapes for thing in scene.objects if (shapes := getattr(thing.data, "shape_keys", None))}
    for owner in (*scene.objects, *keys.values(), scene):
        if is_kept(owner):
            nla.remove_own(owner)
            restore(owner)
    camera.clear(scene)
    sound.clear(scene)
    # What is on the rigs of another scene is still played there.
    for action in [a for a in bpy.data.actions if a.get(fcurves.OWN_ACTION) and a.users == int(a.use_fake_user)]:
        bpy.data.actions.remove(action)


def is_composited(scene: bpy.types.Scene) -> bool:
    """Whether `clear` has anything to undo in this scene."""
    return is_kept(scene)


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
    if np.allclose(places[0], places[-1], atol=1e-3):
        return places[0]
    names = " and ".join(part.rig.armature.name for part in parts)
    notices.append(f"{names} stand apart in the template; the capture is laid on the world's origin")
    return np.zeros(3)


def _person(
    part: Part,
    scale: retarget.Scale,
    path: PersonPath,
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


def _walk(motion: bvh.Motion, scale: retarget.Scale, options: CompositeOptions) -> PersonPath:
    """Where a person is in every frame, the capture's origin on the world's; for the camera too: hands are fast."""
    positions, _ = bvh.forward_kinematics(motion)
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    A = rest_pose.TO_BLENDER[options.up or rest_pose.world_up(motion, roles)]
    world = np.einsum("ij,bjn->bin", A, positions)
    world[:, :2] *= scale.floor
    world[:, 2] = world[:, 2] * scale.up + scale.lift
    walk = PersonPath(world, roles)
    if not options.root_motion:
        hips = world[_hips(walk), :2]
        world[:, :2] -= hips - hips[:, :1]
    return walk


def _moved(walk: PersonPath, origin: np.ndarray) -> PersonPath:
    return replace(walk, positions=walk.positions + origin[None, :, None])


def _framing(
    scene: bpy.types.Scene,
    framing: Dataset,
    scene_id: SceneId,
    actors: Sequence[str],
    table: rigs.Table,
    options: CompositeOptions,
    origin: np.ndarray,
) -> list[PersonPath]:
    """Where people would be with the motion that the camera goes by. It keeps its own length, so that the camera is the
    same however long the motion is that is seen."""
    unsaid: list[str] = []  # what there is to tell of this motion is told where it is seen
    parts = [read(scene, framing, scene_id, actor, table, replace(options, face=False), unsaid) for actor in actors]
    frames = max(part.motion.frames for part in parts)
    motions = [_held(part.motion, frames) for part in parts]
    scales = retarget.pair_scales(motions, [part.rest for part in parts], options.scale)
    return [_moved(_walk(motion, scale, options), origin) for motion, scale in zip(motions, scales, strict=True)]


def _hips(walk: PersonPath) -> int:
    return walk.roles.get("hips", 0)


def table_of(blend: str) -> rigs.Table:
    """The rig table beside a .blend file; empty for a file that was never saved."""
    return rigs.read_table(Path(blend) if blend else None)
