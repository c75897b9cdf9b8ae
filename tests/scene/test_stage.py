"""The studio: everybody is in the picture, seen from the front, with the backdrop behind."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Vector  # noqa: E402

from blender_addon.scene import camera, shots, stage  # noqa: E402

RNG = np.random.default_rng(5)
SHAPES = [(1280, 720), (640, 640), (720, 1280), (1920, 800)]


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    stage.build_stage(bpy.context.scene)
    return bpy.context.scene


def crowd(centre: np.ndarray, spread: float) -> np.ndarray:
    """Two people's extremities over a scene."""
    level = centre + RNG.uniform(-spread, spread, (60, 2))
    return np.column_stack((level, RNG.uniform(0.0, 1.95, 60)))


def seen(scene, points: np.ndarray) -> np.ndarray:
    bpy.context.view_layer.update()
    return np.array([world_to_camera_view(scene, scene.camera, Vector(point)) for point in points])


def path_of(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (K, 3) as one frame of balls without radius."""
    return points[None], np.zeros(len(points))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("centre", "spread"), [((0, 0), 1.0), ((3, -2), 0.6), ((-4, 5), 3.0), ((0, 0), 0.1)])
@pytest.mark.parametrize("line", [(1, 0), (0, 1), (-0.6, 0.8)])
def test_everybody_is_in_the_picture(scene, shape, centre, spread, line):
    scene.render.resolution_x, scene.render.resolution_y = shape
    points = crowd(np.array(centre), spread)
    shot = shots.fit(*path_of(points), camera.lens_of(scene.camera, scene), np.array((line[1], -line[0], 0.0)))
    camera.place(scene.camera, shot)
    view = seen(scene, points)
    assert view[:, :2].min() > 0.05 - 1e-4
    assert view[:, :2].max() < 0.95 + 1e-4
    assert view[:, 2].min() > 1.0
    # As close as it can be: something touches the margin, or somebody stands right before the camera.
    tight = min(view[:, :2].min() - 0.05, 0.95 - view[:, :2].max())
    assert tight < 2e-3 or view[:, 2].min() < 1.25


@pytest.mark.parametrize("angle", [0.0, 0.7, 2.0, 3.1, 4.4])
def test_camera_stands_inside_with_the_backdrop_behind(scene, angle):
    points = crowd(np.array((2.0, 1.0)), 2.5)
    toward = np.array((np.sin(angle), -np.cos(angle), 0.0))
    shot = shots.fit(*path_of(points), camera.lens_of(scene.camera, scene), toward)
    camera.place(scene.camera, shot)
    stage.turn_to(scene, shot, points)
    bpy.context.view_layer.update()
    root = next(thing for thing in scene.objects if thing.get("interact_stage") == "root")
    into = root.matrix_world.inverted()
    where = into @ scene.camera.matrix_world.translation
    assert abs(where.x) < 50
    assert where.y < -1.0
    assert where.z > 0.5
    for point in points:
        local = into @ Vector(point)
        assert local.y < 5.0
    # The camera looks to the wall, a little downwards.
    ahead = (into.to_3x3() @ scene.camera.matrix_world.to_3x3()) @ Vector((0, 0, -1))
    assert ahead.y > 0.9
    assert -0.3 < ahead.z < 0.0


def test_seen_from_where_they_face():
    people = np.array([(-1.0, 0, 1), (1.0, 0, 1)])
    for y in (-1.0, 1.0):
        side = shots.viewing_direction(people, np.array([(1.0, y, 0), (-1.0, y, 0)]))
        assert side == pytest.approx((0, y, 0))
    side = shots.viewing_direction(people, np.array([(1.0, 0, 0), (-1.0, 0, 0)]))
    assert side == pytest.approx((0, -1, 0))
    assert shots.viewing_direction(people[:1], np.array([(3.0, 0, 0.5)])) == pytest.approx((1, 0, 0))
    assert shots.viewing_direction(people[[0, 0]], np.zeros((2, 3))) == pytest.approx((0, -1, 0))


def test_settings(scene):
    assert scene.camera.name == stage.CAMERA
    assert scene.camera["interact_framing"] == "auto"
    assert (scene.render.resolution_x, scene.render.resolution_y, scene.render.fps) == (1280, 720, 30)
    assert "EEVEE" in scene.render.engine
    assert scene.display.shading.color_type == "MATERIAL"
    assert scene.display.shading.show_shadows
    assert scene.display.render_aa == "FXAA"
    assert sum(thing.type == "LIGHT" for thing in scene.objects) >= 3
    assert all("interact_stage" in thing for thing in scene.objects)
