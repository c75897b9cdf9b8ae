"""The built-in studio: floor and backdrop, lights, render look, and a camera that frames people by itself."""

from __future__ import annotations

import contextlib

import bpy
import numpy as np
from mathutils import Matrix

CAMERA = "interact_camera"
#: Custom properties: the camera's kind of framing, and what marks an object of the stage.
FRAMING, STAGE = "interact_framing", "interact_stage"

#: Half the floor's width, how far behind its middle the backdrop rises, how high, and its round corner, metres.
_HALF_WIDTH, _DEPTH, _HEIGHT, _ROUND = 60.0, 9.0, 18.0, 4.0
_FRONT = 60.0
#: Linear colours of floor and backdrop: lit by lamps, and in Workbench, whose light reaches the floor by half.
_WALL_COLOUR, _WORKBENCH_WALL = (0.62, 0.65, 0.68), (0.90, 0.94, 0.98)
_MARGIN = 0.05
#: The camera looks down by this angle, at least this far from the nearest person.
_DOWN = np.radians(6.0)
_NEAREST = 1.2
_LENS, _SENSOR = 45.0, 36.0


def build_stage(scene: bpy.types.Scene) -> None:
    """Furnish `scene` for people who stand near the origin on z = 0: studio, lights, camera and render settings.

    Everything it makes carries the custom property `interact_stage`; `frame_people` moves it with the camera.
    """
    root = bpy.data.objects.new("interact_stage", None)
    root[STAGE] = "root"
    root.empty_display_size = 0.5
    scene.collection.objects.link(root)
    _adopt(scene, _backdrop(), root)
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
        aim = (0.0, 7.0, 2.0) if name == "backdrop" else (0.0, 0.0, 1.0)
        thing.matrix_world = _looking(np.array(place), np.array(aim))
        _adopt(scene, thing, root)
    _world(scene)
    data = bpy.data.cameras.new(CAMERA)
    data.lens, data.sensor_width, data.sensor_fit = _LENS, _SENSOR, "HORIZONTAL"
    data.clip_start, data.clip_end = 0.05, 500.0
    camera = bpy.data.objects.new(CAMERA, data)
    camera[FRAMING] = "auto"
    camera[STAGE] = "camera"
    scene.collection.objects.link(camera)
    scene.camera = camera
    _settings(scene)
    standing = np.array([(x, y, z) for x in (-1.1, 1.1) for y in (-0.3, 0.3) for z in (0.0, 1.85)])
    frame_people(
        camera,
        scene,
        standing,
        people=np.array([(-0.6, 0, 1), (0.6, 0, 1)]),
        facing=np.array([(1, -1, 0), (-1, -1, 0)]),
    )


def frame_people(
    camera: bpy.types.Object, scene: bpy.types.Scene, points: np.ndarray, *, people: np.ndarray, facing: np.ndarray
) -> None:
    """Place the camera as close as it can be with every point in the picture, and turn the stage to it.

    points: (K, 3) world positions, m, of everything that must be seen in any frame, padded for body thickness;
    people: (2, 3) or (1, 3) mean positions; facing: the same shape, mean facing directions. The margin is 5 % of
    the picture on every side, for the scene's resolution and pixel aspect and the camera's lens.
    """
    points = np.asarray(points, dtype=float)
    toward = viewing_direction(people, facing)
    render = scene.render
    width, height = render.resolution_x * render.pixel_aspect_x, render.resolution_y * render.pixel_aspect_y
    data = camera.data
    data.type, data.sensor_fit = "PERSP", "HORIZONTAL"
    data.shift_x = data.shift_y = 0.0
    half_width = data.sensor_width / (2.0 * data.lens)
    half = np.array((half_width, half_width * height / width))
    turn = camera_turn(toward, _DOWN)
    position = fit_camera(points, turn, half * (1.0 - 2.0 * _MARGIN), nearest=_NEAREST)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, position
    camera.matrix_world = Matrix(matrix.tolist())
    _turn_stage(scene, points, toward)


def viewing_direction(people: np.ndarray, facing: np.ndarray) -> np.ndarray:
    """From where to look: the level unit direction (3,) from the people to the camera.

    people, facing: (2, 3) or (1, 3). For two people it is square to the line between them, on the side to which
    their faces turn; for one, the direction he faces. Without a preference, the side of -Y.
    """
    people, facing = np.asarray(people, dtype=float) * (1, 1, 0), np.asarray(facing, dtype=float) * (1, 1, 0)
    faces = facing.sum(axis=0) / max(len(facing), 1)
    default = np.array((0.0, -1.0, 0.0))
    if len(people) > 1 and (distance := np.linalg.norm(people[1] - people[0])) > 0.15:
        line = (people[1] - people[0]) / distance
        aside = np.array((line[1], -line[0], 0.0))
        preference = faces @ aside
        if abs(preference) < 0.05:
            preference = default @ aside if abs(default @ aside) > 1e-6 else 1.0
        return aside * np.sign(preference)
    length = np.linalg.norm(faces)
    return faces / length if length > 0.1 else default


def camera_turn(toward: np.ndarray, down: float) -> np.ndarray:
    """The rotation (3, 3) of a camera that stands in the level direction `toward` and looks `down` radians down."""
    back = np.array(toward) * np.cos(down) + np.array((0.0, 0.0, np.sin(down)))
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    return np.stack((right, np.cross(back, right), back), axis=1)


def fit_camera(points: np.ndarray, turn: np.ndarray, half: np.ndarray, *, nearest: float) -> np.ndarray:
    """The closest position (3,) from which a camera with rotation `turn` (3, 3) sees all points (K, 3).

    half: (2,) tangents of half the usable view, across and up. No point is nearer than `nearest` m in depth.
    In the camera's axes a point (x, y, z) is seen from (cx, cy, cz) if |x - cx| <= half_x (cz - z), likewise y.
    So cz >= (max(x + hz) - min(x - hz)) / 2h, and cx lies in the middle of what is left.
    """
    x, y, z = (points @ turn).T
    needed, ends = float(z.max()) + nearest, []
    for value, tangent in ((x, half[0]), (y, half[1])):
        high, low = float((value + tangent * z).max()), float((value - tangent * z).min())
        needed = max(needed, (high - low) / (2.0 * tangent))
        ends.append((high + low) / 2.0)
    return turn @ np.array((*ends, needed))


def _turn_stage(scene: bpy.types.Scene, points: np.ndarray, toward: np.ndarray) -> None:
    """Bring the backdrop behind the people as the camera sees them, far enough from all of them."""
    root = next((thing for thing in scene.objects if thing.get(STAGE) == "root"), None)
    if root is None:
        return
    level = points * (1, 1, 0)
    middle = 0.5 * (level.min(axis=0) + level.max(axis=0))
    # Nobody steps on the curve at the backdrop's foot, and 1.5 m before it stay free for shadows.
    behind = float((-(level - middle) @ toward).max())
    middle = middle - toward * max(0.0, behind - (_DEPTH - _ROUND - 1.5))
    right, up, back = camera_turn(toward, 0.0).T
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack((right, -back, up), axis=1), middle
    root.matrix_world = Matrix(matrix.tolist())
    # Workbench's light, which Blender wants as (-x, -z, y) of the way that the light goes.
    way = 0.35 * right - 0.85 * up - 0.40 * back
    scene.display.light_direction = (-way[0], -way[2], way[1])


def _adopt(scene: bpy.types.Scene, thing: bpy.types.Object, root: bpy.types.Object) -> None:
    thing[STAGE] = thing.name
    thing.parent = root
    scene.collection.objects.link(thing)


def _backdrop() -> bpy.types.Object:
    """Floor and wall in one sheet with a round corner between, open towards -Y."""
    bends = np.radians(np.linspace(0.0, 90.0, 17))
    y = np.concatenate(([-_FRONT, -12.0, 0.0], _DEPTH - _ROUND + _ROUND * np.sin(bends), [_DEPTH]))
    z = np.concatenate(([0.0, 0.0, 0.0], _ROUND - _ROUND * np.cos(bends), [_HEIGHT]))
    x = np.array((-_HALF_WIDTH, 0.0, _HALF_WIDTH))
    vertices = np.stack((np.repeat(x, len(y)), np.tile(y, len(x)), np.tile(z, len(x))), axis=1)
    first = (np.arange(len(x) - 1)[:, None] * len(y) + np.arange(len(y) - 1)).ravel()
    faces = np.stack((first, first + len(y), first + len(y) + 1, first + 1), axis=1)
    mesh = bpy.data.meshes.new("interact_backdrop")
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
    material = bpy.data.materials.new("interact_backdrop")
    if material.node_tree is None:
        material.use_nodes = True  # the default, and deprecated, from Blender 5.0
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*_WALL_COLOUR, 1.0)
    shader.inputs["Roughness"].default_value = 0.9
    material.diffuse_color = (*_WORKBENCH_WALL, 1.0)
    material.roughness = 0.9
    mesh.materials.append(material)
    thing = bpy.data.objects.new("interact_backdrop", mesh)
    # An open sheet would throw Workbench's shadow over the whole scene.
    thing.display.show_shadows = False
    return thing


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
