"""Looking results over: every kind of damage is found and named, and a clean run is clean."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId
from farm import pictures, plan, remedy, video
from farm.finding import Finding
from farm.verify import verify

from . import png_maker
from .command_line import interact_farm
from .test_run import events

SCENE, FACE = "20231119_001", "20231119_001_001"
NAMES = [SceneId.parse(SCENE), PerformanceId.parse(FACE)]
FRAMES = 36
SMALL = ["--engine", "workbench", "--samples", "1"]


@pytest.fixture(scope="module")
def look(template) -> list[object]:
    return ["--template", template, *SMALL, "--size", "64x36"]


@pytest.fixture(scope="module")
def rendered(half, faces, tmp_path_factory) -> Path:
    """A body scene as a clip and a face as pictures, with their sound; nothing happened to them."""
    out = tmp_path_factory.mktemp("verify")
    (out / "body.txt").write_text(SCENE)
    (out / "face.txt").write_text(FACE)
    for folder in ("body_renders", "body_renders_noaudio"):
        shutil.copytree(half / folder, out / folder)
    shutil.copytree(faces / "face_renders_noaudio" / FACE, out / "face_renders_noaudio" / FACE)
    (out / "face_renders").mkdir()
    shutil.copy(faces / "face_renders" / f"{FACE}.mp4", out / "face_renders")
    return out


@pytest.fixture
def out(rendered, tmp_path) -> Path:
    """A copy to spoil."""
    for folder in ("body_renders", "body_renders_noaudio", "face_renders", "face_renders_noaudio"):
        shutil.copytree(rendered / folder, tmp_path / folder)
    return tmp_path


def findings(dataset, out: Path, **options) -> list[Finding]:
    return verify(Dataset.at(dataset), plan.Outputs(out), NAMES, **options)


def told(found: list[Finding]) -> set[tuple[str, str, tuple[int, int] | None]]:
    return {(finding.file.name, finding.kind, finding.frames) for finding in found}


def clip(out: Path) -> Path:
    return out / "body_renders_noaudio" / f"{SCENE}.mkv"


def png(out: Path, number: int) -> Path:
    return pictures.path_of(out / "face_renders_noaudio" / FACE, number)


def edit(path: Path, change: Callable[[list[np.ndarray]], list[np.ndarray]]) -> None:
    """Change a video's frames and encode them without loss, its tags as they were."""
    with av.open(str(path)) as source:
        tags = dict(source.metadata)
        frames = [frame.to_ndarray() for frame in source.decode(video=0)]
    beside = path.with_suffix(".edited.mkv")
    with av.open(str(beside), "w", format="matroska") as target:
        target.metadata.update(tags)
        stream = target.add_stream("ffv1", rate=30)
        stream.pix_fmt, stream.width, stream.height = "yuv420p", frames[0].shape[1], frames[0].shape[0] * 2 // 3
        for number, samples in enumerate(change(frames)):
            frame = av.VideoFrame.from_ndarray(samples, format="yuv420p")
            frame.pts = number
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    beside.replace(path)


def black(frame: np.ndarray) -> np.ndarray:
    made = np.full_like(frame, 128)
    made[: frame.shape[0] * 2 // 3] = 16
    return made


def swapped(frames: list, a: int, b: int) -> list:
    frames[a - 1], frames[b - 1] = frames[b - 1], frames[a - 1]
    return frames


def with_one(frames: list, number: int, frame: np.ndarray) -> list:
    return [*frames[: number - 1], frame, *frames[number:]]


def test_a_clean_run_is_clean(dataset, rendered):
    assert findings(dataset, rendered) == []
    for kind in ("body", "face"):
        done = interact_farm("verify", rendered / f"{kind}.txt", "--data", dataset, "--out", rendered)
        assert (done.returncode, done.stdout) == (0, "1 results are whole\n"), done.stderr


def test_an_edit_that_changes_nothing_is_clean(dataset, out):
    edit(clip(out), lambda frames: frames)
    assert findings(dataset, out) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: swapped(f, 5, 6), {("swapped", (5, 5)), ("swapped", (6, 6))}),
        (lambda f: swapped(f, 3, 30), {("swapped", (3, 3)), ("swapped", (30, 30))}),
        (lambda f: with_one(f, 9, f[7]), {("duplicated", (9, 9))}),
        (lambda f: f[:9] + f[10:], {("missing", (10, 10))}),
        (lambda f: f[:-3], {("missing", (34, 36))}),
        (lambda f: [*f, f[-1]], {("duplicated", None)}),
        (lambda f: with_one(f, 20, black(f[0])), {("black", (20, 20))}),
        (lambda f: with_one(f, 20, 255 - f[19]), {("altered", (20, 20))}),
    ],
)
def test_what_is_wrong_with_a_clip_is_named(dataset, out, change, expected):
    edit(clip(out), change)
    found = told(finding for finding in findings(dataset, out) if finding.name == SCENE)
    assert found == {(f"{SCENE}.mkv", kind, frames) for kind, frames in expected}


def test_a_clip_without_a_list_shows_a_frame_twice_where_the_people_move(dataset, out):
    path = clip(out)
    edit(path, lambda frames: [frames[min(n, 11)] for n in range(FRAMES)])
    with av.open(str(path)) as source:
        assert "INTERACT_FARM_FRAMES" in source.metadata
        frames = list(source.decode(video=0))
    with av.open(str(path), "w", format="matroska") as target:
        stream = target.add_stream("ffv1", rate=30)
        stream.pix_fmt, stream.width, stream.height = "yuv420p", 64, 36
        for frame in frames:
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    found = [f for f in findings(dataset, out, sound=False) if f.kind == "duplicated"]
    assert found
    assert min(f.frames[0] for f in found) > 12
    assert "though something moves" in found[0].text


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def test_cut_files_are_truncated(dataset, out):
    cut(clip(out))
    cut(png(out, 7))
    cut(out / "face_renders" / f"{FACE}.mp4")
    assert {(name, kind) for name, kind, _ in told(findings(dataset, out))} == {
        (f"{SCENE}.mkv", "truncated"), ("0007.png", "truncated"), (f"{FACE}.mp4", "truncated"),
    }  # fmt: skip


def test_files_that_are_gone_are_missing(dataset, out):
    clip(out).unlink()
    (out / "body_renders" / f"{SCENE}.mp4").unlink()
    for number in (4, 5, 9):
        png(out, number).unlink()
    assert told(findings(dataset, out)) == {
        (f"{SCENE}.mkv", "missing", None), (f"{SCENE}.mp4", "missing", None),
        (FACE, "missing", (4, 5)), (FACE, "missing", (9, 9)),
    }  # fmt: skip
    assert told(findings(dataset, out, sound=False)) == {
        (f"{SCENE}.mkv", "missing", None), (FACE, "missing", (4, 5)), (FACE, "missing", (9, 9)),
    }  # fmt: skip


def advice(dataset: Path, out: Path) -> tuple[str, str]:
    """What is to be done about the scene and about the face."""
    found = findings(dataset, out)
    return tuple(remedy.sentence(f for f in found if f.name == name) for name in (SCENE, FACE))


ANEW = "render them again, which makes anew what is missing or damaged"
KEPT = "render them again with --overwrite, else they are kept"


def test_what_rendering_again_makes_anew_needs_no_overwrite(dataset, out):
    cut(clip(out))
    cut(png(out, 7))
    png(out, 9).unlink()
    assert advice(dataset, out) == (ANEW, ANEW)
    shutil.rmtree(out / "face_renders_noaudio" / FACE)
    clip(out).unlink()
    assert advice(dataset, out) == (ANEW, ANEW)
    first = next(found for found in findings(dataset, out) if found.name == FACE)
    assert (first.kind, first.file) == ("missing", out / "face_renders_noaudio" / FACE)
    assert first.text == f"face_renders_noaudio/{FACE}/ is not there, nor is {FACE}.mkv"


def test_what_rendering_again_would_keep_needs_overwrite(dataset, out):
    edit(clip(out), lambda frames: swapped(frames, 5, 6))
    comment = pictures.read(png(out, 29)).comment
    png_maker.write(png(out, 30), np.full((64, 64, 3), 3, np.uint8), f"{comment} frame 30")
    assert advice(dataset, out) == (KEPT, KEPT)
    both = [Finding("a", "missing", out, ""), *findings(dataset, out)]
    assert "render 1 of them again, which" in remedy.sentence(both)
    assert "render 2 of them again with --overwrite" in remedy.sentence(both)


def test_what_cannot_be_rendered_is_not_told_to_be_rendered(dataset, out):
    lost = verify(Dataset.at(dataset), plan.Outputs(out), [SceneId.parse("20231119_404")])
    assert remedy.sentence(lost) == "they cannot be rendered until their data or lines of the job are put right"


def test_pictures_in_each_others_place_are_named_and_rendered_anew(dataset, rendered, out):
    first, second = png(out, 3).read_bytes(), png(out, 11).read_bytes()
    png(out, 3).write_bytes(second)
    png(out, 11).write_bytes(first)
    png(out, 21).write_bytes(png(out, 20).read_bytes())
    png_maker.write(png(out, 30), np.full((64, 64, 3), 3, np.uint8), f"{pictures.read(png(out, 29)).comment} frame 30")
    expected = {("swapped", (3, 3)), ("swapped", (11, 11)), ("duplicated", (21, 21)), ("black", (30, 30))}
    assert told(findings(dataset, out, sound=False)) == {(FACE, kind, frames) for kind, frames in expected}
    done = interact_farm(
        "face", "render", rendered / "face.txt", "--data", dataset, "--out", out, "--workers", 1, *SMALL,
        "--size", "64x64",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(e["frame"] for e in events(out) if e["event"] == "frame") == [3, 11, 21]
    assert told(findings(dataset, out, sound=False)) == {(FACE, "black", (30, 30))}


def test_a_picture_that_turned_black_accuses_no_video_that_was_made_before(dataset, out):
    png_maker.write(png(out, 30), np.full((64, 64, 3), 3, np.uint8), f"{pictures.read(png(out, 29)).comment} frame 30")
    assert told(findings(dataset, out)) == {(FACE, "black", (30, 30))}


def test_what_cannot_be_read_is_named_once(dataset, out):
    png(out, 30).write_bytes(png(out, 30).read_bytes()[:-30])
    (found,) = findings(dataset, out, sound=False)
    assert found.text.count("0030.png") == 1


def shortened(path: Path, keep: float) -> None:
    """Leave out the sound after `keep` seconds."""
    beside = path.with_suffix(".short.mp4")
    with av.open(str(path)) as source, av.open(str(beside), "w") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if not packet.size or (packet.stream.type == "audio" and packet.pts * packet.time_base >= keep):
                continue
            packet.stream = streams[packet.stream]
            target.mux(packet)
    beside.replace(path)


def test_sound_that_ends_before_its_picture_is_found(dataset, out):
    path = out / "body_renders" / f"{SCENE}.mp4"
    shortened(path, 1.0)
    assert video.probe(path, audio=True).audio_seconds < 1.15
    assert told(findings(dataset, out)) == {(f"{SCENE}.mp4", "sound", None)}


def test_the_command_names_what_it_finds_and_fails(dataset, rendered, out):
    edit(clip(out), lambda frames: swapped(frames, 5, 6))
    arguments = ("verify", rendered / "body.txt", "--data", dataset, "--out", out)
    done = interact_farm(*arguments)
    assert done.returncode == 1
    assert f"{SCENE}: swapped: {SCENE}.mkv: shows frame 6 in the place of frame 5" in done.stdout
    assert "1 of 1 results are not whole" in done.stderr
    facts = json.loads(interact_farm(*arguments, "--json").stdout)
    assert [(fact["kind"], fact["frames"]) for fact in facts] == [("swapped", [5, 5]), ("swapped", [6, 6])]


def test_chunks_in_each_others_place_are_rendered_anew(dataset, rendered, look, tmp_path):
    """Two clips of the same length, before they are joined."""
    arguments = ("--data", dataset, "--out", tmp_path, "--workers", 1, "--chunk", 12, *look)
    batches = interact_farm(
        "batch", "write", rendered / "body.txt", "--data", dataset, "--results", tmp_path, "--chunk", 12,
        "--out", tmp_path / "b", "--parts", 1, "--json", "--label", "id", *look,
    )  # fmt: skip
    subprocess.run(json.loads(batches.stdout)["batches"][0]["command"], check=True, capture_output=True, timeout=200)
    first, second, _ = sorted(tmp_path.glob("farm_runs/chunks/*/*.mkv"))
    first.rename(tmp_path / "kept")
    second.rename(first)
    (tmp_path / "kept").rename(second)
    planned = interact_farm("body", "render", rendered / "body.txt", *arguments, "--label", "id", "--dry-run", "--json")
    assert json.loads(planned.stdout)["tasks"][0]["missing"] == [[1, 12], [13, 24]]
