"""People stand on the floor in the engines that light it: their feet's shadow is on the rug."""

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.dataset.batch import Look  # noqa: E402
from blender_addon.scene import render, stage  # noqa: E402
from blender_addon.scene.people import actor  # noqa: E402
from farm import assets  # noqa: E402
from tests.scene.test_mannequin import interact_like  # noqa: E402

DATA = assets.there()
pytestmark = pytest.mark.skipif(DATA is None, reason="the people's data have not been fetched")

#: The picture from above: pixels and metres along a side, its middle on the floor, and how high it begins.
SIDE, WIDE, MIDDLE, HIGH = 120, 2.4, np.array((-0.3, -0.3)), 0.3
#: Where the key lamp's light goes, level.
AWAY_FROM_KEY = np.array((0.64, 0.77))
#: Samples of each engine, few enough to be quick.
SAMPLES = {"eevee": 4, "cycles": 8}


@pytest.fixture(scope="module")
def feet():
    """A person on the stage's rug, filmed from above below his knees: where his body is there, (V, 2) m."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    stage.build_stage(scene)
    actor.build("001", interact_like(), scene.collection, gender="male", assets=DATA)
    camera = bpy.data.objects.new("above", bpy.data.cameras.new("above"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", WIDE
    camera.location = (*MIDDLE, HIGH)
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.image_settings.file_format = "PNG"
    points = np.array([vertex.co for vertex in bpy.data.objects["actor_001_body"].data.vertices])
    return points[points[:, 2] < HIGH, :2]


@pytest.mark.parametrize("engine", SAMPLES)
def test_the_floor_beside_a_standing_foot_is_darker_than_a_metre_away(feet, engine, tmp_path):
    light = shown(engine, tmp_path / "above.png")
    steps = (np.arange(SIDE) + 0.5) / SIDE * WIDE - WIDE / 2.0
    floor = np.stack(np.meshgrid(MIDDLE[0] + steps, MIDDLE[1] + steps), axis=-1)
    ways = floor[:, :, None] - feet
    near = np.linalg.norm(ways, axis=-1)
    nearest = near.argmin(axis=-1)[..., None]
    near = np.take_along_axis(near, nearest, -1)[..., 0]
    behind = np.take_along_axis(ways @ AWAY_FROM_KEY, nearest, -1)[..., 0] > 0.7 * near
    lit = light[np.linalg.norm(floor - feet.mean(axis=0) + AWAY_FROM_KEY, axis=-1) < 0.12].mean()
    beside = light[behind & (near > 0.015) & (near < 0.05)].mean()
    assert beside < 0.65 * lit
    # And it is a shadow, not a dim lamp: half a metre around, most of the rug is lit.
    assert np.median(light[(near > 0.4) & (near < 0.5)]) > 0.85 * lit


def shown(engine: str, file: Path) -> np.ndarray:
    """What the engine shows from above, as linear light (SIDE, SIDE), rows along Y."""
    scene = bpy.context.scene
    render.apply_look(scene, Look(engine, (SIDE, SIDE), SAMPLES[engine], quality="final"), builtin=True)
    scene.render.filepath = str(file)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(file))
    values = np.array(image.pixels[:]).reshape(SIDE, SIDE, 4)[:, :, :3].mean(axis=2)
    bpy.data.images.remove(image)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
