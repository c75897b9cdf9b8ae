"""The built-in studio: floor and backdrop, lights, render look, and a camera that frames people by itself."""

from __future__ import annotations

import contextlib

import bpy
import numpy as np
from mathutils import Matrix

from . import fcurves, shots

CAMERA = "interact_camera"
#: Custom properties: the camera's kind of framing, and what marks an object of the stage.
FRAMING, STAGE = "interact_framing", "interact_stage"
#: The two backdrops, of which one is seen.
SHEET, ROUND = "interact_backdrop", "interact_backdrop_round"

#: Half the floor's width, how far behind its middle the backdrop rises, how high, and its round corner, metres.
_HALF_WIDTH, _DEPTH, _HEIGHT, _ROUND = 60.0, 9.0, 18.0, 4.0
_FRONT = 60.0
#: Linear colours of floor and backdrop: lit by lamps, and in Workbench, whose light reaches the floor by half.
_WALL_COLOUR, _WORKBENCH_WALL = (0.62, 0.65, 0.68), (0.90, 0.94, 0.98)
#: The round backdrop's radius, metres, before it is widened for a camera that goes around farther out.
_RADIUS = 12.0
_LENS, SENSOR = 45.0, 36.0


def build_stage(scene: bpy.types.Scene) -> None:
    """Furnish `scene` for people who stand near the origin on z = 0: studio, lights, camera and render settings.

    Everything it makes carries the custom property `interact_stage`; `turn_to` moves it with the camera.
    """
    root = bpy.data.objects.new("interact_stage", None)
    root[STAGE] = "root"
    root.empty_display_size = 0.5
    scene.collection.objects.link(root)
    for backdrop in _backdrops_built():
        _adopt(scene, backdrop, root)
    for name, kind, energy, size, place, colour in (
        # Watts hold for the distances given here; the stage moves as one piece, so they keep.
        ("key", "AREA", 330.0, 3.0, (-4.2, -5.0, 5.2), (1.0, 0.96, 0.90)),
        ("fill", "AREA", 120.0, 5.0, (5.5, -5.0, 3.2), (0.88, 0.94, 1.0)),
        ("rim", "AREA", 200.0, 2.5, (2.5, 4.5, 5.0), (1.0, 1.0, 1.0)),
        ("backdrop", "AREA", 360.0, 7.0, (0.0, 3.0, 8.5), (0.95, 0.97, 1.0)),
    ):
        light = bpy.data.lights.new(f"interact_{name}", kind)
        light.energy, light.size, light.color = energy, size, colour
        thing = bpy.data.objects.new(light.name, light)
        thing.visible_camera = False  # Cycles would show a lamp that a camera looks at
        aim = (0.0, 7.0, 2.0) if name == "backdrop" else (0.0, 0.0, 1.0)
        thing.matrix_world = _looking(np.array(place), np.array(aim))
        _adopt(scene, thing, root)
    _world(scene)
    camera = bpy.data.objects.new(CAMERA, new_camera_data())
    camera[FRAMING] = "auto"
    camera[STAGE] = "camera"
    scene.collection.objects.link(camera)
    scene.camera = camera
    _settings(scene)
    standing = np.array([[(x, y, z) for x in (-1.0, 1.0) for y in (-0.2, 0.2) for z in (0.1, 1.75)]])
    half = SENSOR / (2.0 * _LENS)
    lens = shots.Lens(np.array((half, half * scene.render.resolution_y / scene.render.resolution_x)))
    shot = shots.fit(standing, np.full(8, 0.1), lens, np.array((0.0, -1.0, 0.0)))
    turn = shots.camera_turn(shot.toward[0], shot.down)
    camera.matrix_world = Matrix.LocRotScale(shot.positions[0].tolist(), Matrix(turn.tolist()).to_quaternion(), None)
    turn_to(scene, shot, standing[0])


def new_camera_data() -> bpy.types.Camera:
    """A camera's data with the stage's lens."""
    data = bpy.data.cameras.new(CAMERA)
    data.lens, data.sensor_width, data.sensor_fit = _LENS, SENSOR, "HORIZONTAL"
    data.clip_start, data.clip_end = 0.05, 500.0
    return data


def turn_to(scene: bpy.types.Scene, shot: shots.Shot, points: np.ndarray) -> None:
    """Bring the backdrop behind the people as the camera of `shot` sees them, far enough from all of them.

    points: (K, 3) world metres of everything that is ever seen. A camera that looks from several sides gets the
    round backdrop; with one that follows the people sideways, lights and backdrop go along.
    """
    root = _root(scene)
    if root is None:
        return
    toward = shot.toward.mean(axis=0)
    if shot.turns or np.linalg.norm(toward) < 0.5:
        toward = shot.toward[0]
    toward = toward / np.linalg.norm(toward)
    level = points * (1, 1, 0)
    middle = 0.5 * (level.min(axis=0) + level.max(axis=0))
    cameras = shot.positions * (1, 1, 0)
    for thing in _backdrops(scene):
        thing.hide_render = thing.hide_viewport = (thing[STAGE] == ROUND) != shot.turns
    if shot.turns:
        # People and cameras stay on the flat part of the floor.
        outermost = max(
            np.linalg.norm(level - middle, axis=1).max() + 1.5, np.linalg.norm(cameras - middle, axis=1).max() + 0.5
        )
        wide = max(1.0, (outermost + _ROUND) / _RADIUS)
        for thing in _backdrops(scene):
            if thing[STAGE] == ROUND:
                thing.scale = (wide, wide, 1.0)
    else:
        # Nobody steps on the curve at the backdrop's foot, and 1.5 m before it stay free for shadows.
        behind = float((-(level - middle) @ toward).max())
        middle = middle - toward * max(0.0, behind - (_DEPTH - _ROUND - 1.5))
    right, up, back = shots.camera_turn(toward, 0.0).T
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack((right, -back, up), axis=1), middle
    root.matrix_world = Matrix(matrix.tolist())
    if shot.moves and not shot.turns:
        along = (cameras - middle) @ right
        places = middle + along[:, None] * right
        curves = [fcurves.Curve("location", axis, places[:, axis], "location") for axis in range(3)]
        fcurves.assign_action(root, root.name, curves)
    # Workbench's light, which Blender wants as (-x, -z, y) of the way that the light goes.
    way = 0.35 * right - 0.85 * up - 0.40 * back
    scene.display.light_direction = (-way[0], -way[2], way[1])


def state(scene: bpy.types.Scene) -> dict | None:
    """How the stage stands, for `restore`; None where there is none."""
    root = _root(scene)
    if root is None:
        return None
    return {
        "matrix": [list(row) for row in root.matrix_world],
        "hidden": {thing.name: thing.hide_render for thing in _backdrops(scene)},
        "light": list(scene.display.light_direction),
    }


def restore(scene: bpy.types.Scene, before: dict | None) -> None:
    """Have the stage stand as it did."""
    root = _root(scene)
    if before is None or root is None:
        return
    root.animation_data_clear()
    root.matrix_world = Matrix(before["matrix"])
    for thing in _backdrops(scene):
        thing.hide_render = thing.hide_viewport = before["hidden"].get(thing.name, thing.hide_render)
        thing.scale = (1.0, 1.0, 1.0)
    scene.display.light_direction = before["light"]


def _root(scene: bpy.types.Scene) -> bpy.types.Object | None:
    return next((thing for thing in scene.objects if thing.get(STAGE) == "root"), None)


def _backdrops(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    return [thing for thing in scene.objects if thing.get(STAGE) in (SHEET, ROUND)]


def _adopt(scene: bpy.types.Scene, thing: bpy.types.Object, root: bpy.types.Object) -> None:
    thing[STAGE] = thing.name
    thing.parent = root
    scene.collection.objects.link(thing)


def _backdrops_built() -> tuple[bpy.types.Object, bpy.types.Object]:
    """Floor and wall with a round corner between: a sheet, open towards -Y, and a bowl to look around in."""
    bends = np.radians(np.linspace(0.0, 90.0, 17))
    out, up = _ROUND * np.sin(bends) - _ROUND, _ROUND - _ROUND * np.cos(bends)
    rise = np.concatenate((up, [_HEIGHT]))
    y = np.concatenate(([-_FRONT, -12.0, 0.0], _DEPTH + out, [_DEPTH]))
    x = np.array((-_HALF_WIDTH, 0.0, _HALF_WIDTH))
    sheet = np.stack((np.repeat(x, len(y)), np.tile(y, 3), np.tile([0.0, 0.0, 0.0, *rise], 3)), axis=1)
    # The bowl's floor ends in a hole too small to see, which spares it a fan of triangles.
    around = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
    radius = np.concatenate(([0.001, 3.0], _RADIUS + out, [_RADIUS]))
    bowl = np.stack(
        (
            np.outer(np.sin(around), radius).ravel(),
            np.outer(np.cos(around), radius).ravel(),
            np.tile([0.0, 0.0, *rise], len(around)),
        ),
        axis=1,
    )
    material = _wall_material()
    return _surface(SHEET, sheet, len(y), material), _surface(ROUND, bowl, len(radius), material, closed=True)


def _surface(
    name: str, vertices: np.ndarray, across: int, material: bpy.types.Material, *, closed: bool = False
) -> bpy.types.Object:
    """A smooth sheet of quads over a grid of vertices (N * across, 3); closed: its last row meets its first."""
    rows = len(vertices) // across
    first = (np.arange(rows if closed else rows - 1)[:, None] * across + np.arange(across - 1)).ravel()
    faces = np.stack((first, first + across, first + across + 1, first + 1), axis=1) % len(vertices)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
    mesh.materials.append(material)
    thing = bpy.data.objects.new(name, mesh)
    # An open sheet would throw Workbench's shadow over the whole scene.
    thing.display.show_shadows = False
    return thing


def _wall_material() -> bpy.types.Material:
    material = bpy.data.materials.new(SHEET)
    if material.node_tree is None:
        material.use_nodes = True  # the default, and deprecated, from Blender 5.0
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*_WALL_COLOUR, 1.0)
    shader.inputs["Roughness"].default_value = 0.9
    material.diffuse_color = (*_WORKBENCH_WALL, 1.0)
    material.roughness = 0.9
    return material


def _world(scene: bpy.types.Scene) -> None:
    world = bpy.data.worlds.new("interact_world")
    world.color = (0.50, 0.53, 0.57)
    if world.node_tree is None:
        world.use_nodes = True  # the default, and deprecated, from Blender 5.0
    background = next((node for node in world.node_tree.nodes if node.type == "BACKGROUND"), None)
    if background is not None:
        background.inputs["Color"].default_value = (0.62, 0.66, 0.72, 1.0)
        background.inputs["Strength"].default_value = 0.5
    scene.world = world


def _settings(scene: bpy.types.Scene) -> None:
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
