"""The stage: everybody is in the picture, seen from the front, in a room that nobody and no camera leaves."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Vector  # noqa: E402

from blender_addon.scene import camera, room, shots, stage  # noqa: E402
from blender_addon.scene.person_path import PersonPath  # noqa: E402

from . import test_shots  # noqa: E402

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


def inside(scene, points: np.ndarray) -> float:
    """The least way from points (K, 3) of the world to a wall that is there, metres; negative behind it."""
    least = np.inf
    for side in room.WALLS:
        wall = bpy.data.objects[room.name_of(side)]
        if not wall.hide_render:
            into = np.array(wall.matrix_world.inverted())
            least = min(least, -(points @ into[:3, :3].T + into[:3, 3])[:, 1].max())
    return least


def shown_furniture() -> list[np.ndarray]:
    """World vertices (V, 3) of the furniture at each wall that is there."""
    things = [thing for thing in bpy.data.objects if "furniture" in thing.name and not thing.hide_render]
    found = []
    for thing in things:
        points = np.array([vertex.co for vertex in thing.data.vertices])
        matrix = np.array(thing.matrix_world)
        found.append(points @ matrix[:3, :3].T + matrix[:3, 3])
    return found


@pytest.mark.parametrize(
    ("kind", "seed"),
    [("auto", seed) for seed in range(20)]
    + [(kind, seed) for kind in ("wide", "side", "over-A", "over-B", "orbit") for seed in range(4)],
)
def test_nobody_and_no_camera_leaves_the_room_or_meets_its_furniture(scene, kind, seed):
    people = test_shots.walkers(seed)
    shot = shots.plan(kind, people, camera.lens_of(scene.camera, scene))
    points = np.concatenate([person.balls()[0].reshape(-1, 3) for person in people])
    stage.turn_to(scene, shot, points)
    bpy.context.view_layer.update()
    assert inside(scene, points) > 1.2
    assert inside(scene, shot.positions) > 0.5
    furniture = shown_furniture()
    assert len(furniture) == (4 if shot.turns else 3)
    assert all(-room.FURNITURE < -inside(scene, thing) < 0.01 for thing in furniture)
    # From everybody to the camera, in every tenth frame, nothing is in the way.
    depsgraph = bpy.context.evaluated_depsgraph_get()
    for frame in range(0, people[0].positions.shape[2], 10):
        eye = shot.positions[min(frame, len(shot.positions) - 1)]
        for person in people:
            way = eye - person.places()[frame]
            far = float(np.linalg.norm(way))
            found, *_, thing, _ = scene.ray_cast(
                depsgraph, person.places()[frame].tolist(), (way / far).tolist(), distance=far
            )
            assert not found, thing.name


def test_furniture_stands_on_the_floor_clear_of_the_next_walls(scene):
    pair = test_shots.pair(0, 180)
    shot = shots.plan("orbit", pair, camera.lens_of(scene.camera, scene))
    stage.turn_to(scene, shot, np.concatenate([person.balls()[0].reshape(-1, 3) for person in pair]))
    bpy.context.view_layer.update()
    boxes = [(thing.min(axis=0), thing.max(axis=0)) for thing in shown_furniture()]
    for n, (low, high) in enumerate(boxes):
        assert abs(low[2]) < 1e-6
        for other_low, other_high in boxes[n + 1 :]:
            assert (low > other_high).any() or (high < other_low).any()


def test_the_floor_stays_and_the_lamps_go_along_with_a_camera_that_follows(scene):
    pair = [
        PersonPath(person.positions + np.linspace(0, 14, 900)[:, None].T * np.array((1, 0, 0))[:, None], person.roles)
        for person in test_shots.pair(0, 180, frames=900)
    ]
    shot = shots.plan("auto", pair, camera.lens_of(scene.camera, scene))
    assert shot.moves
    before = stage.state(scene)
    stage.turn_to(scene, shot, np.concatenate([person.balls()[0].reshape(-1, 3) for person in pair]))
    places = {}
    for frame in (1, 900):
        scene.frame_set(frame)
        for name in ("interact_key", "interact_floor", room.name_of("back")):
            places[name, frame] = np.array(bpy.data.objects[name].matrix_world.translation)
    assert np.linalg.norm(places["interact_key", 900] - places["interact_key", 1]) > 8.0
    assert np.allclose(places["interact_floor", 900], places["interact_floor", 1])
    assert np.allclose(places[room.name_of("back"), 900], places[room.name_of("back"), 1])
    stage.restore(scene, before)
    bpy.context.view_layer.update()
    after = stage.state(scene)
    assert after["walls"] == pytest.approx(before["walls"], abs=1e-5)
    assert np.allclose(after["matrix"], before["matrix"], atol=1e-5)
    assert bpy.data.objects["interact_lamps"].animation_data is None


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
