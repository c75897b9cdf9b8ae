"""Makes the pictures of the videos that are made of others, in this folder: `python docs/make_video_pictures.py`.

present.png: a scene with both faces and a subtitle; compare.png: the scene beside two others of its motion, one of them
of her alone.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from blender_addon.dataset import batch, bvh
from blender_addon.dataset.layout import Dataset
from farm import video
from farm.commands import video_present
from farm.demo.maker import make_dataset
from farm.rendering import RenderOptions
from farm.videos.compare import CompareOptions, compare
from farm.videos.motion_source import Source
from farm.videos.present import PresentOptions, present

PICTURES = Path(__file__).with_name("pictures")
SIZE = (960, 540)
HOW = RenderOptions(look=batch.Look("workbench", quality="preview"))
SAID = "1\n00:00:00,000 --> 00:00:01,000\nI kept your bicycle. Do you want to see it?\n"


def keep(made: Path | None, name: str) -> None:
    """The last frame of a video as a picture."""
    assert made
    video.frame_at(made, 1.0).to_image().resize(SIZE, reducing_gap=2.0).save(PICTURES / name, optimize=True)


def of_a_scene(root: Path) -> None:
    made = make_dataset(root / "data", scenes=1, seconds=1.0)
    video_present.render_missing(made.scenes, made.root, HOW)
    said = root / "said.srt"
    said.write_text(SAID, encoding="utf-8")
    (shown,) = present(made.scenes, made.root, PresentOptions(subtitles=said))
    keep(shown.file, "present.png")


def of_models(root: Path) -> None:
    made = make_dataset(root / "data", scenes=1, seconds=4.0)
    dataset, (scene,) = Dataset.at(made.root), made.scenes
    models = {"Model A": ("001", "002"), "Model B": ("002",)}
    for number, (label, actors) in enumerate(models.items(), 1):
        (root / label).mkdir()
        for actor in actors:
            motion = bvh.read(dataset.motion(scene.performance(actor)))
            later = np.roll(motion.values, 25 * number, axis=0)
            bvh.write(root / label / f"{scene.performance(actor)}.bvh", replace(motion, values=later))
    sources = [Source(made.root, "Ground truth"), *(Source(root / label, label) for label in models)]
    (beside,) = compare(root / "compare.mp4", sources, [scene], CompareOptions(clip=(3.0, 3.1)), HOW)
    keep(beside.file, "compare.png")


if __name__ == "__main__":
    for make in (of_a_scene, of_models):
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder))
