"""The same facts on the bpy module and on each Blender application: composited motion, faces, rendered video."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import batch, blendshapes, bvh, rest_pose
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.reach import Reach
from farm import assets, body, face, pictures, video
from farm.blender import Blender
from farm.launch import Launch
from farm.rendering import RenderOptions

SCENE = SceneId("20231119", "001")


@pytest.fixture(scope="module", params=["people", "mannequin"])
def composited(
    request: pytest.FixtureRequest, blender: Blender, dataset: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, np.ndarray]:
    """What Blender evaluates in a saved composite of the built-in template."""
    if request.param == "people" and assets.there() is None:
        pytest.skip("the people's data have not been fetched")
    folder = tmp_path_factory.mktemp("composited")
    saved = folder / "scene.blend"
    assert body.composite(str(SCENE), dataset, saved, blender=blender.path, actors=request.param) == ()
    script = [str(Path(__file__).with_name("dump_scene.py")), "--", str(saved), str(folder / "facts.npz")]
    start = [str(blender.path), "-b", "--factory-startup", "--python"] if blender.path else [sys.executable]
    done = subprocess.run([*start, *script], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(np.load(folder / "facts.npz"))


def test_bone_heads_in_the_world_are_the_motions_joints_to_a_millimetre(composited, dataset):
    for actor in ("001", "002"):
        motion = bvh.read(Dataset.at(dataset).motion(SCENE.performance(actor)))
        positions, _ = bvh.forward_kinematics(motion)
        wanted = np.einsum("ij,bjn->nbi", rest_pose.TO_BLENDER["Y"], positions) * 0.01
        names = list(composited[f"actor_{actor}/bones"])
        order = [names.index(name) for name in motion.skeleton.names]
        heads = composited[f"actor_{actor}/heads"][:, order]
        assert heads.shape == wanted.shape
        assert np.abs(heads - wanted).max() < 0.001


def test_shape_keys_are_the_weights(composited, dataset):
    for actor in ("001", "002"):
        weights = blendshapes.load_arkit(Dataset.at(dataset).face_arkit(SCENE.performance(actor)))
        names = list(composited[f"actor_{actor}_head/keys"])
        values = composited[f"actor_{actor}_head/values"]
        for column, name in enumerate(blendshapes.ARKIT_NAMES):
            assert np.abs(values[:, names.index(name)] - weights[:, column]).max() < 1e-6
    assert list(composited["fps"]) == [30, 1]


def test_a_scene_renders_to_whole_video_with_sound(blender, dataset, tmp_path):
    job = tmp_path / "job.txt"
    job.write_text(f"{SCENE}\n")
    options = RenderOptions(
        blender=blender.path, look=batch.Look("workbench", (96, 54), 1), chunk=12, workers=1, out=tmp_path / "out",
        actors="mannequin",
    )  # fmt: skip
    (result,) = body.render(job, dataset, options)
    assert result.problem == ""
    assert result.file == tmp_path / "out" / "body_renders" / f"{SCENE}.mp4"
    video.check(result.file, frames=36, size=(96, 54))
    info = video.probe(result.file, audio=True)
    assert (info.frames, info.fps, info.codec, info.pixel_format) == (36, 30, "h264", "yuv420p")
    assert abs(info.audio_seconds - 1.2) <= 1024 / 48000


def test_a_face_renders_to_whole_pictures_and_a_video_with_its_voice(blender, dataset, tmp_path):
    job = tmp_path / "job.txt"
    job.write_text(f"{SCENE.performance('001')}\n")
    options = RenderOptions(
        blender=blender.path, look=batch.Look("workbench", (64, 64), 1), workers=1, out=tmp_path / "out",
        actors="mannequin", pictures=True, frames=(3, 8),
    )  # fmt: skip
    (result,) = face.render(job, dataset, options)
    assert result.problem == ""
    folder = tmp_path / "out" / "face_renders_noaudio" / str(SCENE.performance("001"))
    assert sorted(path.name for path in folder.iterdir()) == [f"{n:04d}.png" for n in range(3, 9)]
    assert {pictures.decode(path).size for path in folder.iterdir()} == {(64, 64)}
    assert {pictures.decode(path).comment.split()[0] for path in folder.iterdir()} == {"interact-farm"}
    info = video.probe(result.file, audio=True)
    assert (info.frames, info.fps, info.width) == (6, 30, 64)
    assert abs(info.audio_seconds - 0.2) <= 1024 / 48000


def test_a_batch_file_renders_by_hand(blender, dataset, tmp_path):
    template = tmp_path / "template.blend"
    requests = [
        batch.MakeTemplate("template", str(dataset), str(template)),
        batch.RenderChunk(
            "a", str(dataset), str(template), str(SCENE), 5, 9, str(tmp_path / "part.mkv"),
            batch.Look("workbench", (64, 36), 1),
        ),
        batch.RenderChunk("b", str(dataset), str(template), "20231119_999", 1, 5, str(tmp_path / "none.mkv")),
    ]  # fmt: skip
    lines = tmp_path / "batch.jsonl"
    lines.write_text("\n".join(map(batch.to_line, requests)) + "\nnonsense\n")
    events = tmp_path / "events.jsonl"
    done = subprocess.run(
        Launch(blender, Reach.of(requests)).command(str(lines), events),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert [e["frame"] for e in told if e["event"] == "frame"] == [5, 6, 7, 8, 9]
    failed = [e["error"] for e in told if e["event"] == "failed"]
    assert len(failed) == 2
    assert "20231119_002_999.bvh: no such file" in failed[0] or "20231119_001_999.bvh: no such file" in failed[0]
    assert "not a line of a batch" in failed[1]
    video.check(tmp_path / "part.mkv", frames=5, size=(64, 36))
    assert not list(tmp_path.glob("*.partial*"))
