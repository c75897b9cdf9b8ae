"""Comparing folders of motion: who is where, what came from whom, on the very frame, with the sound of one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import blendshapes, bvh, jobs
from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from farm import subjects, video
from farm.errors import FarmError
from farm.plan import Outputs
from farm.rendering import RenderOptions
from farm.result import SceneResult
from farm.videos import compare, motion_source
from farm.videos.compare import CompareOptions
from farm.videos.grid import Grid
from farm.videos.motion_source import Source

from .. import marked
from ..command_line import interact_farm
from ..test_audio import sound_of, write_wav

SCENE = SceneId("20231119", "001")
HIM, HER = (SCENE.performance(actor) for actor in ("001", "002"))
FRAMES = 36
SIZE = (320, 180)


@pytest.fixture
def model(dataset: Path, tmp_path: Path) -> Path:
    """A folder of the scene's motion alone."""
    folder = tmp_path / "model"
    folder.mkdir()
    for performance in (HIM, HER):
        shutil.copyfile(Dataset(dataset).motion(performance), folder / f"{performance}.bvh")
    return folder


@pytest.fixture
def blend(tmp_path: Path) -> RenderOptions:
    """Options with a template, which nothing opens."""
    path = tmp_path / "own.blend"
    path.write_bytes(b"BLENDER-v402")
    return RenderOptions(template=path)


def planted(flashes: dict[str, int], lengths: dict[str, int] | None = None):
    """What stands for rendering: a video of the right length whose flash is on the frame of the source's folder."""

    def render(kind, job: Path, data: Path, options: RenderOptions) -> list[SceneResult]:
        results = []
        for name in jobs.read(job, kind.names).ids:
            subject = subjects.of(Dataset(data), name)
            source = next(part for part in flashes if Path(options.out).name.startswith(part))
            clip = Outputs(Path(options.out)).clip(name, options.frames)
            frames = (lengths or {}).get(source, subject.frames)
            if options.frames:
                frames = options.frames[1] - options.frames[0] + 1
            if not clip.is_file():
                marked.write_video(clip, frames, flashes[source], options.look.size)
            results.append(SceneResult(str(name), frames, 0.0, clip))
        return results

    return render


def compared(out: Path, sources, how: RenderOptions, render, names=(SCENE,), **options):
    results = compare.compare(
        out, sources, names, CompareOptions(**({"size": SIZE} | options)), how, render=render,
        as_folder=out.suffix != ".mp4",
    )  # fmt: skip
    assert [result.problem for result in results] == [""] * len(results)
    return results


def test_a_frame_of_each_source_is_seen_in_the_same_frame_of_the_whole(dataset, model, tmp_path, blend):
    sources = [Source(dataset, "GT"), Source(model, "Model A")]
    render = planted({"data": 17, "model": 17})
    (result,) = compared(tmp_path / "out" / "c.mp4", sources, blend, render)
    pictures = marked.greys(result.file)
    grid = Grid.of(2, SIZE, titled=True)
    assert pictures.shape == (FRAMES, *SIZE[::-1])
    assert [marked.bright(pictures, box) for box in grid.boxes] == [[17], [17]]
    info = video.probe(result.file, audio=True)
    assert (info.fps, info.frames) == (30, FRAMES)
    assert info.audio_seconds == pytest.approx(FRAMES / 30, abs=1024 / 48000)
    assert result.notices == ("Model A: faces from GT",)
    assert sorted(path.name for path in result.file.parent.iterdir()) == ["c.mp4", "farm_runs"]


def test_a_source_that_ends_early_keeps_its_last_picture(dataset, model, tmp_path, blend):
    for performance in (HIM, HER):
        path = model / f"{performance}.bvh"
        motion = bvh.read(path)
        bvh.write(path, replace(motion, values=motion.values[:20]))
    sources = [Source(dataset, "GT"), Source(model, "Model A")]
    (result,) = compared(tmp_path / "c.mp4", sources, blend, planted({"data": 5, "model": 19}))
    first, second = Grid.of(2, SIZE, titled=True).boxes
    pictures = marked.greys(result.file)
    assert marked.bright(pictures, first) == [5]
    assert marked.bright(pictures, second) == list(range(19, FRAMES))
    assert "Model A: ends at frame 20, GT at 36; its last picture stays" in result.notices


def test_sound_is_that_of_the_label_from_the_clips_first_second_on(dataset, model, tmp_path, blend):
    clicks = {}
    for folder, second in ((tmp_path / "data", 0.5), (model, 0.8)):
        if folder != model:
            shutil.copytree(dataset, folder)
        for performance in (HIM, HER):
            samples = np.zeros(48_000)
            samples[round(second * 48_000) : round(second * 48_000) + 480] = 0.5 * (performance == HIM)
            at = folder / "wav" if folder != model else folder
            write_wav(at / f"{performance}.wav", samples)
        clicks[folder] = second
    sources = [Source(tmp_path / "data", "GT"), Source(model, "Model A")]
    for label, second in (("", 0.5), ("Model A", 0.8)):
        render = planted({"data": 1, "model": 2})
        (result,) = compared(tmp_path / "c.mp4", sources, blend, render, clip=(0.2, 1.0), sound=label)
        assert result.frames == 24
        sound = np.abs(sound_of(result.file)).max(axis=0)
        assert np.flatnonzero(sound > 0.1)[0] / 48_000 == pytest.approx(second - 0.2, abs=0.003)


def test_a_blind_comparison_has_letters_and_a_key_that_makes_the_same_again(dataset, model, tmp_path, blend):
    other = shutil.copytree(model, tmp_path / "third")
    sources = [Source(dataset, "GT"), Source(model, "Model A"), Source(other, "Model B")]
    flashes = {"data": 3, "model": 13, "third": 23}
    (result,) = compared(tmp_path / "c.mp4", sources, blend, planted(flashes), blind=True)
    key = json.loads((tmp_path / "c.key.json").read_text())
    letters = key["scenes"][str(SCENE)]
    assert sorted(letters) == ["A", "B", "C"]
    of = {"GT": 3, "Model A": 13, "Model B": 23}
    pictures = marked.greys(result.file)
    for letter, box in zip("ABC", Grid.of(3, SIZE, titled=False).boxes, strict=True):
        assert marked.bright(pictures, box) == [of[letters[letter]["label"]]]
    before = result.file.stat().st_mtime_ns
    (again,) = compared(tmp_path / "c.mp4", sources[:1] + sources[:0:-1], blend, planted(flashes), blind=True)
    assert json.loads((tmp_path / "c.key.json").read_text()) == key
    assert again.file.stat().st_mtime_ns == before
    compared(tmp_path / "many", sources[:2], blend, planted(flashes), blind=True, seed=7)
    kept = json.loads((tmp_path / "many" / "key.json").read_text())["scenes"]
    other_scene = SceneId("20231126", "002")
    compared(
        tmp_path / "many", [sources[0], Source(shutil.copytree(dataset, tmp_path / "model2"), "Model A")], blend,
        planted(flashes), names=(other_scene,), blind=True,
    )  # fmt: skip
    assert json.loads((tmp_path / "many" / "key.json").read_text())["scenes"].items() > kept.items()
    orders = set()
    for seed in range(6):
        compared(tmp_path / "c.mp4", sources, blend, planted(flashes), blind=True, seed=seed, clip=(0, 0.8))
        key = json.loads((tmp_path / "c.key.json").read_text())
        assert key["seed"] == seed
        orders.add(tuple(entry["label"] for entry in key["scenes"][str(SCENE)].values()))
    assert len(orders) > 1


def test_many_scenes_go_into_a_folder_and_one_that_fails_keeps_no_other(dataset, tmp_path, blend):
    job = tmp_path / "job.txt"
    job.write_text(f"{SCENE}\n20231126_002\nnothing\n")
    names, problems = compare.names_of([], job=job)
    assert [str(name) for name in names] == [str(SCENE), "20231126_002"]
    assert len(problems) == 1
    half = tmp_path / "half"
    half.mkdir()
    shutil.copyfile(Dataset(dataset).motion(HER), half / f"{HER}.bvh")
    results = compare.compare(
        tmp_path / "out", [Source(dataset, "GT"), Source(half, "Half")], names, CompareOptions(SIZE), blend,
        as_folder=True, render=planted({"data": 1, "half": 2}),
    )  # fmt: skip
    assert results[0].file == tmp_path / "out" / f"{SCENE}.mp4"
    assert results[0].notices == ("Half: motion of 001 and faces from GT",)
    assert "has neither motion nor face of 20231126_002" in results[1].problem


def test_faces_are_compared_by_the_name_of_a_performance(dataset, tmp_path, blend):
    weights = tmp_path / "weights"
    weights.mkdir()
    shutil.copyfile(Dataset(dataset).face_ict(HER), weights / f"{HER}.npy")
    sources = [Source(dataset, "GT"), Source(weights, "Model A")]
    render = planted({"data": 4, "weights": 9})
    (result,) = compared(tmp_path / "c.mp4", sources, blend, render, names=(HER,))
    pictures = marked.greys(result.file)
    assert [marked.bright(pictures, box) for box in Grid.of(2, SIZE, titled=True, square=True).boxes] == [[4], [9]]
    assert result.notices == ()


def test_the_scene_that_all_sources_have_needs_no_name(dataset, model):
    sources = [Source(dataset, "GT"), Source(model, "A")]
    assert compare.names_of(sources) == ([SCENE], [])
    with pytest.raises(FarmError, match="share 2 scenes, such as 20231119_001; name one with --scene"):
        compare.names_of(sources[:1])


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("titled", [True, False])
@pytest.mark.parametrize("size", [(1920, 1080), (322, 182), (1080, 1920)])
@pytest.mark.parametrize("square", [True, False])
def test_cells_lie_beside_each_other_inside_the_picture(count, titled, size, square):
    grid = Grid.of(count, size, titled=titled, square=square)
    covered = np.zeros(size[::-1], int)
    if grid.strip:
        covered[: grid.strip.height] += 1
    assert (grid.rendered[0] == grid.rendered[1]) or not square
    for caption, box in zip(grid.captions, grid.boxes, strict=True):
        covered[caption.y : caption.y + caption.height, caption.x : caption.x + caption.width] += 1
        assert (caption.x, caption.y + caption.height, caption.width) == (box.x, box.y, box.width)
        assert (box.width, box.height) == grid.rendered
        assert box.x % 2 == box.y % 2 == box.width % 2 == box.height % 2 == 0
        covered[box.y : box.y + box.height, box.x : box.x + box.width] += 1
    assert covered.max() == 1
    cells = sum(box.width * box.height for box in (*grid.boxes, *grid.captions))
    strip = grid.strip.width * grid.strip.height if grid.strip else 0
    assert covered.sum() == cells + strip  # none reaches out of the picture


@pytest.mark.parametrize(
    ("sources", "out", "why"),
    [
        (1, "c.mp4", "1 sources; a comparison has 2 to 6"),
        (7, "c.mp4", "7 sources"),
        (2, "c.avi", "a video's name ends in .mp4"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_is_rendered(dataset, tmp_path, sources, out, why):
    named = [Source(tmp_path / "in" / str(number), str(number)) for number in range(sources)]
    for source in named:
        shutil.copytree(Dataset(dataset).bvhs_retarget, source.path / "bvhs_retarget")
    with pytest.raises(FarmError, match=why):
        compare.compare(tmp_path / out, named, [SCENE])
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    ("second", "label", "sound", "why"),
    [
        ("model", "GT", "", "two sources are called 'GT'"),
        ("nowhere", "A", "", "nowhere: no such folder of motion"),
        ("model/../model", "A", "B", "--sound 'B' is no label; there are GT, A"),
        ("", "A", "", "given twice"),
    ],
)
def test_sources_that_cannot_be_told_apart_or_found(dataset, model, tmp_path, second, label, sound, why):
    source = Source(model.parent / second if second else dataset, label)
    with pytest.raises(FarmError, match=why):
        compare.compare(tmp_path / "c.mp4", [Source(dataset, "GT"), source], [SCENE], CompareOptions(sound=sound))


def test_weights_of_ict_are_laid_down_as_arkits_too(dataset, tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    shutil.copyfile(Dataset(dataset).face_ict(HIM), folder / f"{HIM}.npy")
    first, source = Source(dataset, "GT"), Source(folder, "A")
    into = motion_source.begin(first, tmp_path / "laid")
    assert motion_source.lay(first, source, SCENE, into) == ("motion", "faces of 002")
    assert blendshapes.read_shape(into.face_ict(HIM))[1] == len(ICT_NAMES)
    assert blendshapes.load_arkit(into.face_arkit(HIM)).shape == (FRAMES, len(ARKIT_NAMES))
    assert into.framing
    for performance in (HIM, HER):
        assert into.motion(performance).read_bytes() == Dataset(dataset).motion(performance).read_bytes()
        assert into.framing.motion(performance).is_file()


def test_weights_as_long_as_a_motion_of_another_rate_are_resampled_as_it_is(dataset, model, tmp_path):
    motion = bvh.read(model / f"{HIM}.bvh")
    bvh.write(model / f"{HIM}.bvh", replace(motion, frame_time=1 / 60))
    ramp = np.repeat(np.arange(FRAMES, dtype=np.float32)[:, None] / 100, len(ARKIT_NAMES), axis=1)
    np.save(model / f"{HIM}.npy", ramp)
    into = motion_source.begin(Source(dataset, "GT"), tmp_path / "laid")
    motion_source.lay(Source(dataset, "GT"), Source(model, "A"), SCENE, into)
    laid = blendshapes.load_arkit(into.face_arkit(HIM))
    assert len(laid) == bvh.resampled_length(FRAMES, 1 / 60, 30)
    assert laid[:10, 0] == pytest.approx(ramp[:20:2, 0])


def test_a_marker_in_each_motion_is_seen_on_its_frame_through_one_camera(dataset, template, tmp_path):
    """Rendered: both stand still until she is half a metre higher from a frame on; the model's file has 60 fps, and in
    it he stands elsewhere. Frame 20 of the scene is number 8 of the clip, which begins with frame 12 (from 0)."""
    first, model = shutil.copytree(dataset, tmp_path / "first"), tmp_path / "model"
    model.mkdir()
    up = bvh.CHANNELS.index("Yposition")
    for performance in (HIM, HER):
        motion = bvh.read(Dataset(first).motion(performance))
        assert motion.skeleton.channels[0][:3] == bvh.CHANNELS[:3]
        values = np.repeat(motion.values[:1], FRAMES, axis=0)
        if performance == HER:
            values[20:, up] += 50
        bvh.write(Dataset(first).motion(performance), replace(motion, values=values))
        twice = np.repeat(values, 2, axis=0)
        if performance == HIM:
            twice[:, bvh.CHANNELS.index("Zposition")] += 80
        bvh.write(model / f"{performance}.bvh", replace(motion, values=twice, frame_time=1 / 60))
    done = interact_farm(
        "video", "compare", tmp_path / "out" / "c.mp4", f"{first}=Ground truth", f"{model}=Model A",
        "--clip", "0.4-0.8", "--template", template, "--engine", "workbench", "--samples", 1, "--size", "320x180",
        "--workers", 1,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pictures = marked.greys(tmp_path / "out" / "c.mp4").astype(int)
    assert len(pictures) == 12
    cells = [
        pictures[:, box.y : box.y + box.height, box.x : box.x + box.width]
        for box in Grid.of(2, SIZE, titled=True).boxes
    ]
    for cell in cells:
        # Lips and lids move as well, by a few pixels.
        changes = np.abs(np.diff(cell, axis=0)).mean(axis=(1, 2))
        assert np.flatnonzero(changes > changes.max() / 5).tolist() == [7]
    # The wall and the floor at the picture's right edge, where nobody is.
    edges = [cell[:, :, -12:] for cell in cells]
    assert np.ptp(edges[0][0]) > 100
    assert np.abs(edges[0] - edges[1]).max() < 40
    assert np.abs(cells[0] - cells[1]).max() > 60
