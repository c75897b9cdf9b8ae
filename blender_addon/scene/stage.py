"""The built-in stage: a quiet room, lights, render look, and a camera that frames people by itself."""

from __future__ import annotations

import contextlib

import bpy
import numpy as np
from mathutils import Matrix

from . import fcurves, room, shots
from .shot import Lens, Shot, camera_turn

CAMERA = "interact_camera"
#: Custom properties: the camera's kind of framing, and what marks an object of the stage.
FRAMING, STAGE = "interact_framing", "interact_stage"

#: The empty that the lamps hang on.
_LAMPS = "lamps"
#: How far walls stay away from where people ever are, and from a camera, metres.
_BEHIND, _BESIDE, _CAMERA_FREE = 2.3, 2.6, room.FURNITURE + 0.4
#: The least distance of walls from the room's middle, metres: furniture stands clear of the corners.
_LEAST_DEEP, _LEAST_WIDE = room.REACH_BESIDE + room.FURNITURE + 0.2, room.REACH_BEHIND + room.FURNITURE
_LENS, SENSOR = 45.0, 36.0
#: Lamps: watts, side in metres, place, colour. Watts hold for these distances; the lamps move as one piece.
#: The key is small and bright enough that people stand on the floor: what larger lamps and the world add has no shadow
#: that is seen, so it stays below half of the floor's light. It comes from where Workbench's light comes from.
_LIT_BY = (
    ("key", 430.0, 0.9, (-3.2, -3.8, 5.8), (1.0, 0.95, 0.88)),
    ("fill", 220.0, 3.0, (5.0, -5.0, 3.4), (1.0, 0.97, 0.93)),
    ("rim", 110.0, 1.5, (2.5, 4.5, 5.0), (1.0, 1.0, 1.0)),
    ("room", 100.0, 5.0, (0.0, 0.0, 8.5), (0.95, 0.97, 1.0)),
)


def build_stage(scene: bpy.types.Scene) -> None:
    """Furnish `scene` for people who stand near the origin on z = 0: room, lights, camera and render settings.

    Everything it makes carries the custom property `interact_stage`; `turn_to` moves it with the camera.
    """
    root = bpy.data.objects.new("interact_stage", None)
    root.empty_display_size = 0.5
    scene.collection.objects.link(root)
    root[STAGE] = "root"
    for thing in room.build():
        _adopt(scene, thing, thing.parent or root)
    lamps = bpy.data.objects.new("interact_lamps", None)
    lamps.empty_display_size = 0.5
    _adopt(scene, lamps, root)
    lamps[STAGE] = _LAMPS
    for name, energy, size, place, colour in _LIT_BY:
        light = bpy.data.lights.new(f"interact_{name}", "AREA")
        light.energy, light.size, light.color = energy, size, colour
        thing = bpy.data.objects.new(light.name, light)
        thing.visible_camera = False  # Cycles would show a lamp that a camera looks at
        aim = (0.0, 3.0, 1.0) if name == "room" else (0.0, 0.0, 1.0)
        thing.matrix_world = _looking(np.array(place), np.array(aim))
        _adopt(scene, thing, lamps)
    scene.world = new_world("interact_world", (0.68, 0.66, 0.63), 0.25)
    camera = bpy.data.objects.new(CAMERA, new_camera_data())
    camera[FRAMING] = "auto"
    camera[STAGE] = "camera"
    scene.collection.objects.link(camera)
    scene.camera = camera
    settings(scene)
    # Only with both of them the world's light does not reach below soles, chins and furniture, within this distance, m.
    scene.eevee.use_raytracing = scene.eevee.use_fast_gi = True
    scene.eevee.fast_gi_distance = 1.0
    scene.eevee.shadow_ray_count = 2
    standing = np.array([[(x, y, z) for x in (-1.0, 1.0) for y in (-0.2, 0.2) for z in (0.1, 1.75)]])
    half = SENSOR / (2.0 * _LENS)
    lens = Lens(np.array((half, half * scene.render.resolution_y / scene.render.resolution_x)))
    shot = shots.fit(standing, np.full(8, 0.1), lens, np.array((0.0, -1.0, 0.0)))
    turn = camera_turn(shot.toward[0], shot.down)
    camera.matrix_world = Matrix.LocRotScale(shot.positions[0].tolist(), Matrix(turn.tolist()).to_quaternion(), None)
    turn_to(scene, shot, standing[0])


def new_camera_data() -> bpy.types.Camera:
    """A camera's data with the stage's lens."""
    data = bpy.data.cameras.new(CAMERA)
    data.lens, data.sensor_width, data.sensor_fit = _LENS, SENSOR, "HORIZONTAL"
    data.clip_start, data.clip_end = 0.05, 500.0
    return data


def turn_to(scene: bpy.types.Scene, shot: Shot, points: np.ndarray) -> None:
    """Turn the room to the camera of `shot`, and put its walls where neither people nor the camera come near them.

    points: (K, 3) world metres of everything that is ever seen. The wall behind a camera that looks from one side
    is left out; one that looks from several sides has all four around it. The lamps go along with a camera that
    follows the people.
    """
    root = _root(scene)
    if root is None:
        return
    toward = shot.toward.mean(axis=0)
    if shot.turns or np.linalg.norm(toward) < 0.5:
        toward = shot.toward[0]
    axes = camera_turn(toward / np.linalg.norm(toward), 0.0) @ np.array([(1, 0, 0), (0, 0, 1), (0, -1, 0)])
    level = points * (1, 1, 0)
    middle = 0.5 * (level.min(axis=0) + level.max(axis=0))
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, middle
    root.matrix_world = Matrix(matrix.tolist())
    cameras = (shot.positions - middle) @ axes
    room.stand(_walls(scene), wall_distances((points - middle) @ axes, cameras, turns=shot.turns))
    if shot.moves and not shot.turns:
        places = np.zeros_like(cameras)
        places[:, :2] = cameras[:, :2] - (0.0, cameras[:, 1].mean())
        curves = [fcurves.Curve("location", axis, places[:, axis], "location") for axis in range(3)]
        fcurves.assign_action(_lamps(scene), "interact_lamps", curves)
    # Workbench's light, which Blender wants as (-x, -z, y) of the way that the light goes.
    way = axes @ (0.35, 0.40, -0.85)
    scene.display.light_direction = (-way[0], -way[2], way[1])


def wall_distances(people: np.ndarray, cameras: np.ndarray, *, turns: bool) -> dict[str, float]:
    """How far from the origin each wall stands, by its side; no front wall for a camera that does not turn.

    people: (K, 3) and cameras: (F, 3), in the root's axes, the people's middle at the origin.
    """
    low, high = people.min(axis=0), people.max(axis=0)
    nearest, farthest = cameras.min(axis=0) - _CAMERA_FREE, cameras.max(axis=0) + _CAMERA_FREE
    distances = {
        "back": max(high[1] + _BEHIND, farthest[1], _LEAST_DEEP),
        "left": max(_BESIDE - low[0], -nearest[0], _LEAST_WIDE),
        "right": max(high[0] + _BESIDE, farthest[0], _LEAST_WIDE),
        "front": max(_BEHIND - low[1], -nearest[1], _LEAST_DEEP),
    }
    if not turns:
        del distances["front"]
    return {side: float(away) for side, away in distances.items()}


def is_in(scene: bpy.types.Scene) -> bool:
    """Whether the scene has this stage, whose room makes way for the camera."""
    return _root(scene) is not None


def state(scene: bpy.types.Scene) -> dict | None:
    """How the stage stands, for `restore`; None where there is none."""
    root = _root(scene)
    if root is None:
        return None
    return {
        "matrix": [list(row) for row in root.matrix_world],
        "walls": {side: _distance(wall) for side, wall in _walls(scene).items() if not wall.hide_render},
        "light": list(scene.display.light_direction),
    }


def restore(scene: bpy.types.Scene, before: dict | None) -> None:
    """Have the stage stand as it did."""
    root = _root(scene)
    if before is None or root is None:
        return
    root.matrix_world = Matrix(before["matrix"])
    room.stand(_walls(scene), before["walls"])
    lamps = _lamps(scene)
    lamps.animation_data_clear()
    lamps.location = (0.0, 0.0, 0.0)
    scene.display.light_direction = before["light"]


def _root(scene: bpy.types.Scene) -> bpy.types.Object | None:
    return next((thing for thing in scene.objects if thing.get(STAGE) == "root"), None)


def _lamps(scene: bpy.types.Scene) -> bpy.types.Object:
    return next(thing for thing in scene.objects if thing.get(STAGE) == _LAMPS)


def _walls(scene: bpy.types.Scene) -> dict[str, bpy.types.Object]:
    by_name = {thing.get(STAGE): thing for thing in scene.objects}
    return {side: by_name[room.name_of(side)] for side in room.WALLS}


def _distance(wall: bpy.types.Object) -> float:
    return float(np.linalg.norm(wall.location))


def _adopt(scene: bpy.types.Scene, thing: bpy.types.Object, root: bpy.types.Object) -> None:
    thing[STAGE] = thing.name
    thing.parent = root
    scene.collection.objects.link(thing)


def new_world(name: str, colour: tuple[float, float, float], strength: float) -> bpy.types.World:
    """A world of even light: linear colour, and its radiance."""
    world = bpy.data.worlds.new(name)
    world.color = (0.50, 0.53, 0.57)
    if world.node_tree is None:
        world.use_nodes = True  # the default, and deprecated, from Blender 5.0
    background = next((node for node in world.node_tree.nodes if node.type == "BACKGROUND"), None)
    if background is not None:
        background.inputs["Color"].default_value = (*colour, 1.0)
        background.inputs["Strength"].default_value = strength
    return world


def settings(scene: bpy.types.Scene) -> None:
    """Engine, size, rate, colours and the Workbench look."""
    render = scene.render
    render.engine = "BLENDER_EEVEE_NEXT" if bpy.app.version < (5, 0, 0) else "BLENDER_EEVEE"
    render.resolution_x, render.resolution_y, render.resolution_percentage = 1280, 720, 100
    render.fps, render.fps_base = 30, 1.0
    scene.eevee.taa_render_samples = 16
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    shading = scene.display.shading
    shading.light = "STUDIO"
    # The default studio light is too dim for skin; this one comes with every Blender.
    with contextlib.suppress(TypeError):
        shading.studio_light = "paint.sl"
    shading.color_type = "MATERIAL"
    shading.background_type = "WORLD"
    shading.show_cavity = True
    shading.cavity_type = "SCREEN"
    shading.curvature_ridge_factor, shading.curvature_valley_factor = 0.4, 0.8
    shading.show_shadows = True
    shading.shadow_intensity = 0.35
    shading.show_specular_highlight = True
    scene.display.shadow_focus = 0.6
    # Without a GPU every sample costs a draw with shadows: FXAA takes a quarter of the time of five samples.
    scene.display.render_aa = "FXAA"


def _looking(place: np.ndarray, aim: np.ndarray) -> Matrix:
    """A matrix at `place` (3,) whose -Z points to `aim` (3,), as lights shine."""
    back = (place - aim) / np.linalg.norm(place - aim)
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack((right, np.cross(back, right), back), axis=1), place
    return Matrix(matrix.tolist())
