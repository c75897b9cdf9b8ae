"""Makes the pictures of this folder with the product itself: `python docs/make_pictures.py` (bpy module, some minutes).

quality_draft.png and quality_final.png: the same frame of the demo in two presets; faces.png: every built-in actor's
head, neutral and with single keys at 1; scene.png: a scene over its time. With an OBJ of ICT's topology and the basis,
`python docs/make_pictures.py NNN.obj blendshape_ict.npy`: face_ict.png, frames of a face.
"""

import math
import os
import shutil
import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from blender_addon.dataset import Dataset, batch, blendshapes, databases, layout
from blender_addon.scene import composite, face_scene, face_template, render
from farm import assets, templates
from farm.blender import find
from farm.demo import maker
from farm.report import scene_plot

PICTURES = Path(__file__).with_name("pictures")
FRAME = 75
KEYS = ((), ("jawOpen",), ("mouthSmileLeft", "mouthSmileRight"), ("eyeBlinkLeft", "eyeBlinkRight"), ("mouthFunnel",))
SIDE = 192


def save(scene: bpy.types.Scene, path: Path) -> None:
    """Render the current frame to a PNG."""
    settings = scene.render.image_settings
    if bpy.app.version >= (5, 0, 0):
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.compression = "PNG", "RGB", 90
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True, scene=scene.name)


def opened(template: Path, look: batch.Look) -> bpy.types.Scene:
    bpy.ops.wm.open_mainfile(filepath=str(template), load_ui=False, use_scripts=False)
    scene = bpy.context.scene
    render.apply_look(scene, look, builtin=True)
    scene.render.dither_intensity = 0.0  # noise, and most of a PNG's size
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
    tile([folder / f"{n + 1:03}.png" for n in range(number)], len(KEYS), SIDE, PICTURES / "faces.png")


def tile(paths: list[Path], columns: int, side: int, out: Path) -> None:
    """Square pictures as one, row by row."""
    rows = len(paths) // columns
    sheet = np.empty((rows * side, columns * side, 4), dtype=np.float32)
    for n, path in enumerate(paths):
        pixels = np.empty(4 * side * side, dtype=np.float32)
        bpy.data.images.load(str(path)).pixels.foreach_get(pixels)
        low, left = (rows - 1 - n // columns) * side, n % columns * side
        sheet[low : low + side, left : left + side] = pixels.reshape(side, side, 4)
    image = bpy.data.images.new(out.stem, columns * side, rows * side)
    image.pixels.foreach_set(sheet.ravel())
    image.file_format = "PNG"
    image.filepath_raw = str(out)
    image.save()


def ict_faces(obj: Path, basis: Path, dataset: layout.Dataset, made: maker.MadeDataset, folder: Path) -> None:
    """Frames of a performance on a head of ICT's topology."""
    name = made.scenes[0].performance("001")
    for source, target in ((obj, dataset.face_ict_template(name.actor)), (basis, dataset.ict_basis)):
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
    face_template.build(dataset)
    scene = face_scene.composite(dataset, name).scene
    # A still of any other than the window's scene shows its first frame.
    bpy.context.window.scene = scene
    render.apply_look(scene, batch.Look("eevee", (400, 400), 8, quality="preview"), builtin=True)
    paths = []
    weights = blendshapes.load_any(dataset.face_weights(name))
    names = blendshapes.ICT_NAMES if weights.shape[1] == len(blendshapes.ICT_NAMES) else blendshapes.ARKIT_NAMES
    for key in ("mouthSmile", "jawOpen", "eyeBlink"):
        frame = 1 + int(weights[:, next(n for n, known in enumerate(names) if known.startswith(key))].argmax())
        scene.frame_set(frame)
        paths.append(folder / f"ict_{frame:03}.png")
        save(scene, paths[-1])
    tile(paths, len(paths), 400, PICTURES / "face_ict.png")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = maker.make_dataset(folder / "data", scenes=5, seconds=4)
        dataset = layout.Dataset.at(made.root)
        if len(sys.argv) == 3:
            ict_faces(Path(sys.argv[1]), Path(sys.argv[2]), dataset, made, folder)
            return
        template = folder / "people.blend"
        templates.make(template, dataset, find(), str(assets.fetch()))
        presets(template, dataset, made)
        faces(template, dataset, folder)
        longer = Dataset(maker.make_dataset(folder / "longer", scenes=1, seconds=30).root)
        scene_plot.draw(PICTURES / "scene.png", longer.scenes()[0])


if __name__ == "__main__":
    main()
    # Blender as a module can hang in its destructors.
    sys.stdout.flush()
    os._exit(0)
