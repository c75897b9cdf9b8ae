"""Makes the pictures of this folder with the product itself: `python docs/make_pictures.py` (bpy module, some minutes).

quality_draft.png and quality_final.png: the same frame of the demo in two presets; faces.png: every built-in actor's
head, neutral and with single keys at 1.
"""

import math
import os
import sys
import tempfile
from pathlib import Path

import bpy
from mathutils import Vector

from blender_addon.dataset import batch, databases, layout
from blender_addon.scene import composite, render
from farm import assets, templates
from farm.blender import find
from farm.demo import maker

PICTURES = Path(__file__).with_name("pictures")
FRAME = 75
KEYS = ((), ("jawOpen",), ("mouthSmileLeft", "mouthSmileRight"), ("eyeBlinkLeft", "eyeBlinkRight"), ("mouthFunnel",))
SIDE = 240


def save(scene: bpy.types.Scene, path: Path) -> None:
    """Render the current frame to a PNG."""
    settings = scene.render.image_settings
    if bpy.app.version >= (5, 0, 0):
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.compression = "PNG", "RGB", 90
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def opened(template: Path, look: batch.Look) -> bpy.types.Scene:
    bpy.ops.wm.open_mainfile(filepath=str(template), load_ui=False, use_scripts=False)
    scene = bpy.context.scene
    render.apply_look(scene, look, builtin=True)
    return scene


def presets(template: Path, dataset: layout.Dataset, made: maker.MadeDataset) -> None:
    for quality, engine in (("draft", None), ("final", "eevee")):
        scene = opened(template, batch.Look(engine, (960, 540), quality=quality))
        composite.composite(scene, dataset, made.scenes[0])
        scene.frame_set(FRAME)
        save(scene, PICTURES / f"quality_{quality}.png")


def faces(template: Path, dataset: layout.Dataset, folder: Path) -> None:
    scene = opened(template, batch.Look("workbench", (SIDE, SIDE), quality="final"))
    camera = bpy.data.objects.new("close", bpy.data.cameras.new("close"))
    camera.data.lens = 90
    scene.collection.objects.link(camera)
    scene.camera = camera
    actors = [bpy.data.collections[f"actor_{actor}"] for actor in sorted(databases.actors(dataset))]
    number = 0
    for collection in actors:
        for other in actors:
            other.hide_render = other != collection
        head = next(o for o in collection.objects if o.name.endswith("_head"))
        armature = head.parent
        joint = next(b for b in armature.data.bones if b.name.lower() == "head").head_local
        middle = armature.matrix_world @ (joint + Vector((0.0, -0.02, 0.045)))
        camera.location = middle + Vector((0.28, -0.85, 0.02))
        camera.rotation_euler = (middle - camera.location).to_track_quat("-Z", "Y").to_euler()
        camera.data.angle = 2 * math.atan(0.165 / 0.9)
        for keys in KEYS:
            for block in head.data.shape_keys.key_blocks[1:]:
                block.value = float(block.name in keys)
            number += 1
            save(scene, folder / f"{number:03}.png")
    rows, columns = len(actors), len(KEYS)
    pixels = bpy.data.images.new("faces", columns * SIDE, rows * SIDE)
    sheet = [0.0] * (4 * columns * SIDE * rows * SIDE)
    for n in range(number):
        tile = list(bpy.data.images.load(str(folder / f"{n + 1:03}.png")).pixels)
        top, left = rows - 1 - n // columns, n % columns
        for y in range(SIDE):
            start = 4 * ((top * SIDE + y) * columns * SIDE + left * SIDE)
            sheet[start : start + 4 * SIDE] = tile[4 * y * SIDE : 4 * (y + 1) * SIDE]
    pixels.pixels = sheet
    pixels.file_format = "PNG"
    pixels.filepath_raw = str(PICTURES / "faces.png")
    pixels.save()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = maker.make_dataset(folder / "data", scenes=5, seconds=4)
        dataset = layout.Dataset.at(made.root)
        template = folder / "people.blend"
        templates.make(template, dataset, find(), str(assets.fetch()))
        presets(template, dataset, made)
        faces(template, dataset, folder)


if __name__ == "__main__":
    main()
    # Blender as a module can hang in its destructors.
    sys.stdout.flush()
    os._exit(0)
