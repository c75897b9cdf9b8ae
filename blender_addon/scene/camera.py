"""Which camera a composited scene is seen through; a camera that compositing adds goes when it is undone."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import bpy
import numpy as np
from mathutils import Euler, Matrix, Vector

from ..dataset.errors import DatasetError
from . import fcurves, shots, stage
from .person_path import PersonPath
from .shot import Lens, Shot, advanced, camera_turn, widening

#: On a camera of a template: "auto" has each scene framed anew, with that camera's lens.
FRAMING_PROPERTY = stage.FRAMING

#: Marks the camera and the camera data that compositing added.
_OWN = "interact_shot"
#: What the scene was like before: the name of its camera, and how the stage stood.
_BEFORE = "interact_shot_before"
#: Over a shoulder a wider lens keeps the back from filling the picture, millimetres on 36.
_OVER_LENS = 30.0
#: The camera stays so far before a wall and before people, metres; a lens shows at most this (tangent of half).
_FREE, _ARM = 0.2, 0.6
_WIDEST = 1.3
#: Walls are looked for at this many frames of a scene, at most.
_LOOKS = 150


def check(scene: bpy.types.Scene, wanted: str | None) -> None:
    """DatasetError where `wanted` is neither a kind of shot nor a camera of the template."""
    if not wanted or wanted in shots.KINDS:
        return
    cameras = sorted(thing.name for thing in scene.objects if thing.type == "CAMERA" and _OWN not in thing)
    if wanted not in cameras:
        raise DatasetError(
            f"the template has no camera {wanted!r}; it has {', '.join(cameras) or 'none'}, "
            f"and there are {', '.join(shots.KINDS)}"
        )


def frame_scene(
    scene: bpy.types.Scene,
    people: Sequence[PersonPath],
    wanted: str | None = None,
    bodies: Collection[bpy.types.Object] = (),
) -> None:
    """Have the scene seen through a camera that keeps all people in the picture.

    wanted: a kind of shot (`shots.KINDS`), or the name of a camera of the template. Without it, a camera of the
    user's own stays; a template whose camera frames itself, or that has none, gets "auto". bodies: the people's
    objects, which do not count as walls. The picture's shape must be set before. The camera that this adds, and the
    stage's turn, are undone by `clear`.
    """
    check(scene, wanted)
    own = scene.camera
    if not wanted and own is not None and own.get(FRAMING_PROPERTY) != "auto":
        return
    scene[_BEFORE] = json.dumps({"camera": own.name if own else None, "stage": stage.state(scene)})
    if wanted and wanted not in shots.KINDS:
        scene.camera = scene.objects[wanted]
        return
    kind = wanted or "auto"
    camera = _add_camera(scene, kind, own)
    lens = lens_of(camera, scene)
    shot = shots.plan(kind, people, lens)
    if stage.is_in(scene):
        points = np.concatenate([person.balls()[0].reshape(-1, 3) for person in people])
        stage.turn_to(scene, shot, points)
    else:
        shot, wider = before_walls(scene, shot, people, lens, bodies)
        camera.data.lens /= wider
    place(camera, shot)


def clear(scene: bpy.types.Scene) -> None:
    """Take away what `frame_scene` added, and turn the stage back."""
    if _BEFORE in scene:
        before = json.loads(scene[_BEFORE])
        scene.camera = scene.objects.get(before["camera"]) if before["camera"] else None
        stage.restore(scene, before["stage"])
        del scene[_BEFORE]
    for thing in [thing for thing in scene.objects if _OWN in thing]:
        data = thing.data
        bpy.data.objects.remove(thing)
        bpy.data.cameras.remove(data)


def lens_of(camera: bpy.types.Object, scene: bpy.types.Scene) -> Lens:
    """The camera's view in the scene's picture shape."""
    render, data = scene.render, camera.data
    width, height = render.resolution_x * render.pixel_aspect_x, render.resolution_y * render.pixel_aspect_y
    across = data.sensor_width / (2.0 * data.lens)
    return Lens(np.array((across, across * height / width)))


def before_walls(
    scene: bpy.types.Scene,
    shot: Shot,
    people: Sequence[PersonPath],
    lens: Lens,
    bodies: Collection[bpy.types.Object] = (),
) -> tuple[Shot, float]:
    """The shot moved ahead until no wall stands between it and the people, and how much wider its lens must be.

    A wall is what hides everybody at once; a chair or a pillar before one person is none. Everyone who was inside
    the margin stays inside, as far as a lens of 105 degrees can show it.
    """
    framed = [person for person in people if widening([person], lens, shot) <= 1.0 + 1e-6]
    moved = shot
    while (hidden := _hidden_depth(scene, moved, people, bodies)) > 0.0:
        nearest = min(float(-moved.seen(person.places()[:, None])[..., 2].max()) for person in people)
        step = min(hidden + _FREE, nearest - _ARM)
        if step <= 0.0:
            break
        moved = advanced(moved, step)
    if moved is shot:
        return shot, 1.0
    widest = max(1.0, _WIDEST / float(lens.half.max()))
    return moved, float(np.clip(widening(framed, lens, moved), 1.0, widest))


def _hidden_depth(
    scene: bpy.types.Scene, shot: Shot, people: Sequence[PersonPath], bodies: Collection[bpy.types.Object]
) -> float:
    """How far ahead of the camera what hides all people lies, metres: the greatest of all frames, 0 for nothing."""
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    frames = people[0].positions.shape[2]
    depth = 0.0
    for frame in range(0, frames, max(1, frames // _LOOKS)):
        taken = min(frame, len(shot.positions) - 1)
        eye, back = shot.positions[taken], camera_turn(shot.toward[taken], shot.down)[:, 2]
        joints = [(person, person.roles.get(role, 0)) for person in people for role in ("hips", "head")]
        hits = [_obstacle(scene, depsgraph, person.positions[joint, :, frame], eye, bodies) for person, joint in joints]
        if all(hit is not None for hit in hits):
            depth = max(depth, *(float((eye - hit) @ back) for hit in hits))
    return depth


def _obstacle(
    scene: bpy.types.Scene,
    depsgraph: bpy.types.Depsgraph,
    start: np.ndarray,
    end: np.ndarray,
    bodies: Collection[bpy.types.Object],
) -> np.ndarray | None:
    """Where the straight way from `start` to `end` (3,) first meets what a render shows, other than people."""
    place, goal = Vector(start), Vector(end)
    while (left := (goal - place).length) > 1e-3:
        way = (goal - place) / left
        found, hit, _, _, thing, _ = scene.ray_cast(depsgraph, place, way, distance=left)
        if not found:
            return None
        thing = thing.original
        if not (thing in bodies or thing.hide_render or thing.display_type in ("WIRE", "BOUNDS")):
            return np.array(hit)
        place = hit + way * 1e-3
    return None


def _add_camera(scene: bpy.types.Scene, kind: str, like: bpy.types.Object | None) -> bpy.types.Object:
    """A camera with the stage's lens, or with that of the template's camera where that one frames itself."""
    frames_itself = like is not None and like.get(FRAMING_PROPERTY) == "auto"
    data = like.data.copy() if frames_itself else stage.new_camera_data()
    data.name = f"interact_{kind}"
    data[_OWN] = True
    data.type, data.sensor_fit = "PERSP", "HORIZONTAL"
    data.shift_x = data.shift_y = 0.0
    if kind.startswith("over-"):
        data.lens = _OVER_LENS * data.sensor_width / stage.SENSOR
    thing = bpy.data.objects.new(data.name, data)
    thing[_OWN] = kind
    scene.collection.objects.link(thing)
    scene.camera = thing
    return thing


def place(camera: bpy.types.Object, shot: Shot) -> None:
    """Have the camera take the shot: with keys on every frame from 1 where it moves."""
    angles = shot.angles()
    camera.rotation_mode = "XYZ"
    camera.matrix_world = Matrix.LocRotScale(shot.positions[0].tolist(), Euler(angles[0].tolist()), None)
    if shot.moves:
        tracks = (("location", shot.positions), ("rotation_euler", angles))
        curves = [fcurves.Curve(path, axis, values[:, axis], path) for path, values in tracks for axis in range(3)]
        fcurves.assign_action(camera, camera.name, curves)
