"""Which camera a composited scene is seen through; a camera that compositing adds goes when it is undone."""

from __future__ import annotations

import json
from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Euler, Matrix

from ..dataset.errors import DatasetError
from . import fcurves, shots, stage

#: On a camera of a template: "auto" has each scene framed anew, with that camera's lens.
FRAMING_PROPERTY = stage.FRAMING

#: Marks the camera and the camera data that compositing added.
_OWN = "interact_shot"
#: What the scene was like before: the name of its camera, and how the stage stood.
_BEFORE = "interact_shot_before"
#: Over a shoulder a wider lens keeps the back from filling the picture, millimetres on 36.
_OVER_LENS = 30.0


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


def frame_scene(scene: bpy.types.Scene, people: Sequence[shots.PersonPath], wanted: str | None = None) -> None:
    """Have the scene seen through a camera that keeps all people in the picture.

    wanted: a kind of shot (`shots.KINDS`), or the name of a camera of the template. Without it, a camera of the
    user's own stays; a template whose camera frames itself, or that has none, gets "auto". The picture's shape must
    be set before. The camera that this adds, and the stage's turn, are undone by `clear`.
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
    shot = shots.plan(kind, people, lens_of(camera, scene))
    place(camera, shot)
    points = np.concatenate([person.balls()[0].reshape(-1, 3) for person in people])
    stage.turn_to(scene, shot, points)


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


def lens_of(camera: bpy.types.Object, scene: bpy.types.Scene) -> shots.Lens:
    """The camera's view in the scene's picture shape."""
    render, data = scene.render, camera.data
    width, height = render.resolution_x * render.pixel_aspect_x, render.resolution_y * render.pixel_aspect_y
    across = data.sensor_width / (2.0 * data.lens)
    return shots.Lens(np.array((across, across * height / width)))


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


def place(camera: bpy.types.Object, shot: shots.Shot) -> None:
    """Have the camera take the shot: with keys on every frame from 1 where it moves."""
    angles = shot.angles()
    camera.rotation_mode = "XYZ"
    camera.matrix_world = Matrix.LocRotScale(shot.positions[0].tolist(), Euler(angles[0].tolist()), None)
    if shot.moves:
        tracks = (("location", shot.positions), ("rotation_euler", angles))
        curves = [fcurves.Curve(path, axis, values[:, axis], path) for path, values in tracks for axis in range(3)]
        fcurves.assign_action(camera, camera.name, curves)
