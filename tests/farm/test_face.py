"""Faces by the command line: pictures, videos with the actor's own voice, resuming, killed workers, bad input."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId
from farm import pictures, video

from .command_line import interact_farm, start_farm
from .conftest import FACE_LOOK, FACES
from .test_run import alive, events, sound, wait_for, wav

FRAMES = 36


@pytest.fixture(scope="session")
def job(face_job) -> Path:
    return face_job


@pytest.fixture(scope="session")
def rendered(faces) -> Path:
    """The results of a run that nothing happened to."""
    return faces


def folder(out: Path, name: str = FACES[0]) -> Path:
    return out / "face_renders_noaudio" / name


def copied(rendered: Path, to: Path) -> Path:
    shutil.copytree(rendered, to)
    shutil.rmtree(to / "farm_runs" / "logs")
    return to


def again(dataset, job, out, *more):
    return interact_farm("face", "render", job, "--data", dataset, "--out", out, "--workers", 1, *FACE_LOOK, *more)


def times(out: Path) -> dict[str, int]:
    """When each picture was written that lies under its final name."""
    found = [path for name in FACES for path in folder(out, name).glob("*.png")]
    return {f"{path.parent.name}/{path.name}": path.stat().st_mtime_ns for path in found}


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_every_frame_is_a_picture_and_every_video_has_them_all(rendered):
    for name in FACES:
        assert sorted(p.name for p in folder(rendered, name).iterdir()) == [f"{n:04d}.png" for n in range(1, 37)]
        assert {pictures.decode(p).size for p in folder(rendered, name).iterdir()} == {(64, 64)}
        info = video.probe(rendered / "face_renders" / f"{name}.mp4", audio=True)
        assert (info.frames, info.fps, info.codec, info.pixel_format) == (FRAMES, 30, "h264", "yuv420p")
        assert abs(info.audio_seconds - FRAMES / 30) <= 1024 / 48000
    assert not list(rendered.rglob("*.partial"))


def test_one_blender_start_serves_all_performances(rendered):
    told = [event["event"] for event in events(rendered)]
    assert (told.count("ready"), told.count("opened"), told.count("composited")) == (1, 1, len(FACES))
    assert told.count("frame") == len(FACES) * FRAMES


def test_the_video_shows_the_pictures_and_the_face_moves(rendered):
    shown = decoded(rendered / "face_renders" / f"{FACES[0]}.mp4").astype(int)
    for number in (1, 20, FRAMES):
        picture = decoded(pictures.path_of(folder(rendered), number))[0].astype(int)
        assert np.abs(shown[number - 1] - picture).mean() < 4
    assert np.abs(shown[0] - shown[20]).max() > 20


def test_the_sound_is_that_actor_alone(rendered, dataset):
    own, other = (wav(Dataset.at(dataset).wav(PerformanceId.parse(name))) for name in FACES)
    heard = sound(rendered / "face_renders" / f"{FACES[0]}.mp4")
    length = min(len(heard), len(own), len(other))
    quiet = [voice for voice in (own, other) if not voice.any()]
    assert not quiet
    assert np.corrcoef(heard[:length], own[:length])[0, 1] > 0.95
    assert abs(np.corrcoef(heard[:length], other[:length])[0, 1]) < 0.3


def test_a_finished_run_renders_and_mixes_nothing_again(rendered, dataset, job, tmp_path):
    out = copied(rendered, tmp_path / "out")
    before = {p: p.stat().st_mtime_ns for p in out.glob("face_renders*/**/*.*")}
    done = again(dataset, job, out)
    assert done.returncode == 0, done.stderr
    assert {p: p.stat().st_mtime_ns for p in out.glob("face_renders*/**/*.*")} == before
    assert not events(out)


def test_what_is_missing_or_broken_is_rendered_and_only_that(rendered, dataset, job, tmp_path):
    out = copied(rendered, tmp_path / "out")
    gone = [1, 15, 16]
    for number in gone:
        pictures.path_of(folder(out), number).unlink()
    broken = pictures.path_of(folder(out, FACES[1]), 30)
    broken.write_bytes(broken.read_bytes()[:-30])
    # Of its length, with header and end, and a hole in its pixels.
    holed = pictures.path_of(folder(out, FACES[1]), 12)
    content = holed.read_bytes()
    middle = len(content) // 2
    holed.write_bytes(content[:middle] + bytes(32) + content[middle + 32 :])
    # What a worker that was killed was writing.
    left = out / "face_renders_noaudio" / f"{FACES[0]}.host-123.partial"
    left.mkdir()
    (left / "0016.png").write_bytes(content)
    before = times(out)
    done = again(dataset, job, out)
    assert done.returncode == 0, done.stderr
    assert not left.exists()
    made = sorted((e["id"].partition(":")[0], e["frame"]) for e in events(out) if e["event"] == "frame")
    assert made == [(FACES[0], n) for n in gone] + [(FACES[1], 12), (FACES[1], 30)]
    after = times(out)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {f"{FACES[0]}/{n:04d}.png" for n in gone} | {f"{FACES[1]}/{n:04d}.png" for n in (12, 30)}
    for name, numbers in ((FACES[0], gone), (FACES[1], (12, 30))):
        for number in numbers:
            old, new = (decoded(pictures.path_of(folder(o, name), number)) for o in (rendered, out))
            assert np.array_equal(old, new)


def test_other_weights_are_rendered_anew_and_only_theirs(rendered, dataset, job, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(dataset, data)
    out = copied(rendered, tmp_path / "out")
    found = Dataset.at(data)
    path = found.face_weights(PerformanceId.parse(FACES[1]))
    weights = np.load(path)
    weights[10] = 0.0
    np.save(path, weights)
    planned = interact_farm("face", "render", job, "--data", data, "--out", out, "--dry-run", "--json", *FACE_LOOK)
    tasks = {task["scene"]: task for task in json.loads(planned.stdout)["tasks"]}
    assert tasks[FACES[0]]["done"]
    assert not tasks[FACES[1]]["done"]
    assert json.loads(planned.stdout)["frames_to_render"] == FRAMES


def test_a_killed_worker_costs_only_the_frame_that_it_was_at(rendered, dataset, job, tmp_path):
    arguments = ("face", "render", job, "--data", dataset, "--out", tmp_path, "--workers", 1, "--chunk", 36, *FACE_LOOK)
    shutil.copytree(rendered / "farm_runs", tmp_path / "farm_runs", ignore=shutil.ignore_patterns("logs"))
    farm = start_farm(*arguments)
    wait_for(lambda: len(list(folder(tmp_path).glob("*.png"))) >= 5)
    victim = next(event["pid"] for event in events(tmp_path) if event["event"] == "ready")
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not alive(victim))
    survived = times(tmp_path)
    output, complaint = farm.communicate(timeout=200)
    assert farm.returncode == 0, output + complaint
    assert not list(tmp_path.rglob("*.partial"))
    whole = times(tmp_path)
    assert len(whole) == len(FACES) * FRAMES
    assert all(whole[name] == when for name, when in survived.items())
    told = [f"{e['id'].partition(':')[0]}/{e['frame']:04d}.png" for e in events(tmp_path) if e["event"] == "frame"]
    # A worker that dies between a picture's last name and its word leaves a picture that nobody told of.
    assert whole.keys() - set(told) <= survived.keys()
    assert len(whole.keys() - set(told)) <= 1
    assert len(told) <= len(whole) + 1
    for name in FACES:
        for number in (1, 18, FRAMES):
            ours, theirs = (decoded(pictures.path_of(folder(o, name), number)) for o in (tmp_path, rendered))
            assert np.array_equal(ours, theirs)


def test_one_video_instead_of_pictures_shows_the_same(rendered, dataset, tmp_path):
    job = tmp_path / "one.txt"
    job.write_text(f"{FACES[0]}\n")
    out = tmp_path / "out"
    shutil.copytree(rendered / "farm_runs", out / "farm_runs")
    done = again(dataset, job, out, "--format", "mkv")
    assert done.returncode == 0, done.stderr
    assert not list(out.rglob("*.png"))
    shown = decoded(out / "face_renders_noaudio" / f"{FACES[0]}.mkv").astype(int)
    assert len(shown) == FRAMES
    for number in (1, 20, FRAMES):
        picture = decoded(pictures.path_of(folder(rendered), number))[0].astype(int)
        missed = np.abs(shown[number - 1] - picture)
        assert missed.mean() < 4
        # 4:2:0 halves the resolution of colours, which shows at the edges of a picture this small; next frames differ.
        assert 20 * np.log10(255 / np.sqrt(np.square(missed, dtype=float).mean())) > 33
    # Sound takes the picture along as it is.
    heard = decoded(out / "face_renders" / f"{FACES[0]}.mp4")
    assert np.array_equal(heard, shown)


def test_a_range_of_frames_is_some_of_the_pictures_and_a_video_of_its_own(rendered, dataset, job, tmp_path):
    shutil.copytree(rendered / "farm_runs", tmp_path / "farm_runs")
    done = again(dataset, job, tmp_path, "--frames", "11-14")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in folder(tmp_path).iterdir()) == [f"{n:04d}.png" for n in range(11, 15)]
    made = tmp_path / "face_renders" / f"{FACES[0]}.frames-11-14.mp4"
    assert video.probe(made).frames == 4
    assert np.array_equal(*(decoded(pictures.path_of(folder(o), 12)) for o in (rendered, tmp_path)))
    # The whole adds what is missing.
    done = again(dataset, job, tmp_path, "--no-mux")
    assert done.returncode == 0, done.stderr
    assert len(list(folder(tmp_path).iterdir())) == FRAMES
    assert sorted({e["frame"] for e in events(tmp_path) if e["event"] == "frame"}) == [*range(1, 11), *range(15, 37)]


def test_sound_is_added_later_and_pictures_of_others_are_kept(rendered, dataset, job, tmp_path):
    out = copied(rendered, tmp_path / "out")
    shutil.rmtree(out / "face_renders")
    done = interact_farm("face", "mux", job, "--data", dataset, "--out", out)
    assert done.returncode == 0, done.stderr
    assert video.probe(out / "face_renders" / f"{FACES[1]}.mp4").frames == FRAMES
    for path in folder(out).iterdir():
        content = path.read_bytes()
        at = content.index(b"tEXt") - 4
        length = 12 + int.from_bytes(content[at : at + 4], "big")
        path.write_bytes(content[:at] + content[at + length :])
    before = times(out)
    done = again(dataset, job, out)
    assert done.returncode == 0, done.stderr
    assert "was not made by interact-farm and is kept" in " ".join(done.stdout.split())
    assert times(out) == before


def test_pictures_have_any_size_and_are_transparent_and_a_video_of_odd_sides_is_refused(rendered, dataset, tmp_path):
    own = tmp_path / "own.blend"
    (built,) = (rendered / "farm_runs").glob("*.blend")
    script = (
        "import bpy, os, sys; bpy.ops.wm.open_mainfile(filepath=sys.argv[1]); "
        "[setattr(s.render, k, v) for s in bpy.data.scenes for k, v in (('resolution_x', 49), ('resolution_y', 37), "
        "('film_transparent', True))]; "
        "bpy.ops.wm.save_as_mainfile(filepath=sys.argv[2]); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, built, own], check=True, capture_output=True)
    job = tmp_path / "one.txt"
    job.write_text(f"{FACES[0]}\n")
    arguments = ("face", "render", job, "--data", dataset, "--template", own, "--frames", "1-2", "--workers", 1)
    done = interact_farm(*arguments, "--engine", "workbench", "--out", tmp_path / "png")
    assert done.returncode == 0, done.stdout + done.stderr
    second = pictures.path_of(folder(tmp_path / "png"), 2)
    assert pictures.decode(second).size == (49, 37)
    with av.open(str(second)) as container:
        (picture,) = container.decode(video=0)
    assert picture.format.name == "rgba"
    alpha = picture.to_ndarray()[..., 3]
    assert (alpha[0, 0], alpha[18, 24]) == (0, 255)
    made = video.probe(tmp_path / "png" / "face_renders" / f"{FACES[0]}.frames-1-2.mp4")
    assert (made.frames, made.width, made.height) == (2, 50, 38)
    done = interact_farm(*arguments, "--engine", "workbench", "--format", "mkv", "--out", tmp_path / "mkv")
    assert done.returncode == 1
    assert "H.264 video needs even sides" in " ".join((done.stdout + done.stderr).split())


def test_a_voice_that_is_missing_or_short_is_told(rendered, dataset, job, tmp_path):
    data = Path(shutil.copytree(dataset, tmp_path / "data"))
    out = copied(rendered, tmp_path / "out")
    shutil.rmtree(out / "face_renders")
    gone, short = (Dataset.at(data).wav(PerformanceId.parse(name)) for name in FACES)
    gone.unlink()
    with wave.open(str(short), "rb") as file:
        form, samples = file.getparams(), file.readframes(file.getnframes() // 2)
    with wave.open(str(short), "wb") as file:
        file.setparams(form)
        file.writeframes(samples)
    done = interact_farm("face", "mux", job, "--data", data, "--out", out, "--json")
    assert done.returncode == 1
    mute, cut = json.loads(done.stdout)
    assert "Traceback" not in done.stderr
    assert mute["problem"] == f"{gone}: no such file, and so no sound to add; put a wav there, or render with --no-mux"
    assert [path.stem for path in (out / "face_renders").iterdir()] == [FACES[1]]
    assert cut["problem"] == ""
    assert cut["notices"] == [f"{short.name} is 0.60 s shorter than the picture; it was padded with silence."]
    info = video.probe(out / "face_renders" / f"{FACES[1]}.mp4", audio=True)
    assert (info.frames, info.fps) == (FRAMES, 30)
    assert abs(info.audio_seconds - FRAMES / 30) <= 1024 / 48000
    heard = sound(out / "face_renders" / f"{FACES[1]}.mp4")
    unrendered = interact_farm("face", "mux", job, "--data", dataset, "--out", tmp_path / "none")
    lack = f"{FACES[0]}: no such folder of pictures, nor is there {FACES[0]}.mkv; render it first"
    assert lack in " ".join(unrendered.stderr.split())
    # Its second half is silent, but for what AAC rings into it.
    assert np.abs(heard[len(heard) // 2 + 2048 :]).max() < 0.001 < np.abs(heard[: len(heard) // 2]).max()


def test_a_job_of_faces_is_checked_and_split(dataset, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(dataset, data)
    found = Dataset.at(data)
    faces = found.face_job.read_text().split()
    found.wav(PerformanceId.parse(faces[0])).unlink()
    done = interact_farm("jobs", "check", found.face_job, "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)["lines"]
    assert [line["frames"] for line in lines] == [FRAMES] * len(faces)
    assert lines[0]["missing"] == [f"wav/{faces[0]}.wav is missing"]
    assert lines[1]["missing"] == []
    done = interact_farm("jobs", "split", found.face_job, "--data", data, "--parts", 2, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    shares = [path.read_text() for path in sorted(tmp_path.glob("*.txt"))]
    assert len(shares) == 2
    assert sorted(w for share in shares for w in share.split() if w.count("_") == 2) == sorted(faces)


BAD = {
    "width": (np.zeros((5, 50), np.float32), "must have the shape (frames, 55) or (frames, 51), this file has (5, 50)"),
    "nan": (np.full((5, 51), np.nan, np.float32), "frame 1, column 1 is not a finite number"),
    "empty": (np.zeros((0, 51), np.float32), "holds no frames"),
    "objects": (np.array([[None] * 51] * 5, dtype=object), "cannot be read as a plain .npy array of numbers"),
}


def test_bad_weights_are_one_sentence_each_and_stop_no_other_face(rendered, dataset, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(dataset, data)
    found = Dataset.at(data)
    lines, sentences = [FACES[0], "20231119_009_001", "20231119_001"], ["no such file", "is not a performance"]
    for number, (array, sentence) in enumerate(BAD.values()):
        name = PerformanceId("20231119", "001", f"90{number}")
        np.save(found.face_arkit(name), array, allow_pickle=True)
        lines.append(str(name))
        sentences.append(sentence)
    job = tmp_path / "job.txt"
    job.write_text("\n".join(lines) + "\n")
    out = tmp_path / "out"
    shutil.copytree(rendered / "farm_runs", out / "farm_runs")
    done = again(data, job, out, "--frames", "1-2", "--json")
    assert done.returncode == 1
    results = {result["scene"]: result for result in json.loads(done.stdout)}
    assert results[FACES[0]]["problem"] == ""
    problems = " ".join(result["problem"] for result in results.values())
    for sentence in sentences:
        assert sentence in problems, sentence
    assert sum(bool(result["problem"]) for result in results.values()) == len(BAD) + 2
    assert "Traceback" not in done.stderr


def test_a_template_without_the_actors_head_says_which_scenes_it_has(dataset, job, template, tmp_path):
    done = again(dataset, job, tmp_path, "--template", template)
    assert done.returncode == 1
    assert "has no scene mesh-001 for actor 001" in " ".join((done.stdout + done.stderr).split())
