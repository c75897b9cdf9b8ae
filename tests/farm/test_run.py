"""Runs with real workers: videos and sound, resuming, killed workers and drivers, bad input."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from blender_addon.dataset import matroska
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.parts import MADE_HERE
from farm import video

from .command_line import interact_farm, start_farm
from .noise import encode

SCENES = ("20231119_001", "20231126_002")


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in container.decode(video=0)]


def sound(path: Path) -> np.ndarray:
    """Decoded samples (N,) of an MP4, the channels' mean."""
    with av.open(str(path)) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(blocks, axis=1).mean(axis=0)


def wav(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768


def events(out: Path) -> list[dict]:
    """What the workers of the latest start told; a line that is being written, or was by one that died, is none yet."""
    starts = sorted(out.glob("farm_runs/logs/2*"), key=lambda folder: folder.stat().st_mtime)
    files = sorted(starts[-1].glob("*.jsonl")) if starts else []
    lines = (line for file in files for line in file.read_bytes().splitlines(keepends=True))
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def chunks(out: Path) -> dict[str, float]:
    """Finished chunks and when each was written. They go when their scene is joined, also while this looks."""
    found = {}
    folders = out / "farm_runs" / "chunks"
    for folder in folders.iterdir() if folders.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            for path in folder.iterdir():
                if path.suffix == ".mkv":
                    found[f"{folder.name}/{path.name}"] = path.stat().st_mtime_ns
    return found


def kept_frames(out: Path, each: int) -> int:
    """Frames of a run that has ended which are not rendered again: those of joined scenes, `each`, and of chunks."""
    joined = [path.stem.partition(".")[0] for path in out.glob("body_renders_noaudio/*.mkv")]
    loose = (frames_of(name) for name in chunks(out) if name[:12] not in joined)
    return each * len(joined) + sum(last - first + 1 for first, last in loose)


def frames_of(chunk: str) -> tuple[int, int]:
    first, last = Path(chunk).stem.split("-")
    return int(first), int(last)


def wait_for(condition, seconds: float = 90.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="session")
def job(dataset) -> Path:
    return Dataset.at(dataset).body_job


@pytest.fixture(scope="session")
def look(template) -> list[object]:
    """Render options for small and quick pictures."""
    return ["--template", template, "--engine", "workbench", "--size", "96x54", "--samples", "1"]


@pytest.fixture(scope="session")
def undisturbed(run_once, dataset, job, look) -> Path:
    """The results of a run that nothing happened to: two workers, chunks of six frames. Tests copy it to change it."""

    def make(out: Path) -> None:
        done = interact_farm(
            "body", "render", job, "--data", dataset, "--out", out, "--chunk", 6, "--workers", 2, *look
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert all(scene in done.stdout for scene in SCENES)
        # A chunk that fails is tried again, and would not be noticed.
        assert [event["error"] for event in events(out) if event["event"] == "failed"] == []

    return run_once("undisturbed", make)


def test_every_video_has_its_scenes_frames_and_sound(undisturbed, dataset):
    for scene in SCENES:
        made = undisturbed / "body_renders" / f"{scene}.mp4"
        info = video.probe(made, audio=True)
        assert (info.frames, info.fps, info.codec, info.pixel_format) == (36, 30, "h264", "yuv420p")
        assert abs(info.audio_seconds - 1.2) <= 1024 / 48000
        silent = undisturbed / "body_renders_noaudio" / f"{scene}.mkv"
        assert pictures(made) == pictures(silent)
        assert len(set(pictures(silent))) > 25  # the people move


def test_the_sound_is_the_mix_of_both_voices(undisturbed, dataset):
    heard = sound(undisturbed / "body_renders" / f"{SCENES[0]}.mp4")
    voices = [wav(Dataset.at(dataset).wav(SceneId.parse(SCENES[0]).performance(a))) for a in ("001", "002")]
    assert np.abs(heard).max() <= 1.0
    length = min(len(heard), len(voices[0]))
    assert np.corrcoef(heard[:length], (voices[0] + voices[1])[:length])[0, 1] > 0.95
    louder = max(voices, key=lambda voice: float(np.square(voice).sum()))
    assert np.corrcoef(heard[:length], louder[:length])[0, 1] > 0.5


def test_a_finished_run_renders_nothing_again(undisturbed, dataset, job, look, tmp_path):
    out = shutil.copytree(undisturbed, tmp_path / "out")
    before = {p: p.stat().st_mtime_ns for p in out.glob("body_renders*/*")}
    done = interact_farm("body", "render", job, "--data", dataset, "--out", out, *look)
    assert done.returncode == 0
    assert {p: p.stat().st_mtime_ns for p in out.glob("body_renders*/*")} == before
    assert not list(out.glob("farm_runs/chunks/*"))
    planned = interact_farm("body", "render", job, "--data", dataset, "--out", out, "--dry-run", "--json", *look)
    facts = json.loads(planned.stdout)
    assert facts["frames_to_render"] == 0
    assert [task["done"] for task in facts["tasks"]] == [True, True]


def test_another_look_is_planned_anew_and_the_dry_run_writes_nothing(undisturbed, dataset, job):
    before = sorted(undisturbed.rglob("*"))
    planned = interact_farm(
        "body", "render", job, "--data", dataset, "--out", undisturbed, "--dry-run", "--json", "--size", "64x36",
        "--chunk", 12,
    )  # fmt: skip
    facts = json.loads(planned.stdout)
    assert facts["frames_to_render"] == 72
    assert facts["tasks"][0]["missing"] == [[1, 12], [13, 24], [25, 36]]
    assert sorted(undisturbed.rglob("*")) == before


def test_a_killed_worker_and_a_killed_driver_lose_no_finished_chunk(undisturbed, dataset, job, tmp_path, look):
    arguments = ("body", "render", job, "--data", dataset, "--out", tmp_path, "--chunk", 6, "--workers", 1, *look)
    driver = start_farm(*arguments)
    wait_for(lambda: len(chunks(tmp_path)) >= 1 and any(e["event"] == "frame" for e in events(tmp_path)[-1:]))
    first = [e["pid"] for e in events(tmp_path) if e["event"] == "ready"][-1]
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len([e for e in events(tmp_path) if e["event"] == "ready"]) >= 2)
    wait_for(lambda: len(chunks(tmp_path)) >= 3)
    worker = [e["pid"] for e in events(tmp_path) if e["event"] == "ready"][-1]
    assert worker != first
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    wait_for(lambda: not alive(worker))  # it notices that nobody feeds it
    kept = chunks(tmp_path)
    again = start_farm(*arguments)
    seen: dict[str, float] = {}
    while again.poll() is None:
        seen |= chunks(tmp_path)
        time.sleep(0.05)
    assert again.returncode == 0, again.stderr.read()
    assert {name: seen[name] for name in kept if name in seen} == {n: t for n, t in kept.items() if n in seen}
    rendered = {e["id"] for e in events(tmp_path) if e["event"] == "rendering"}
    assert rendered
    for name in kept:
        first_frame, last_frame = frames_of(name)
        assert f"{name.split('-')[0]}:{first_frame}-{last_frame}" not in rendered
    for scene in SCENES:
        name = f"body_renders_noaudio/{scene}.mkv"
        assert pictures(tmp_path / name) == pictures(undisturbed / name)
    assert not list(tmp_path.rglob("*.partial*"))


def test_ctrl_c_ends_the_workers_and_the_next_start_goes_on(undisturbed, dataset, job, tmp_path, look):
    arguments = ("body", "render", job, "--data", dataset, "--out", tmp_path, "--chunk", 6, "--workers", 2, *look)
    driver = start_farm(*arguments)
    wait_for(lambda: len(chunks(tmp_path)) >= 2)
    driver.send_signal(signal.SIGINT)
    _, said = driver.communicate(timeout=120)
    assert driver.returncode == 130
    assert "goes on" in said
    assert "Traceback" not in said
    assert not any(alive(e["pid"]) for e in events(tmp_path) if e["event"] == "ready")
    kept = kept_frames(tmp_path, 36)
    planned = interact_farm(*arguments, "--dry-run", "--json")
    assert json.loads(planned.stdout)["frames_to_render"] == 72 - kept
    assert interact_farm(*arguments).returncode == 0
    name = f"body_renders_noaudio/{SCENES[1]}.mkv"
    assert pictures(tmp_path / name) == pictures(undisturbed / name)


def test_a_scene_that_kills_its_worker_is_tried_three_times_and_the_others_go_on(dataset, job, tmp_path, look):
    deadly = tmp_path / "blender"
    deadly.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("deadly_blender.py")}" "$@"\n')
    deadly.chmod(0o755)
    done = interact_farm(
        "body", "render", job, "--data", dataset, "--out", tmp_path / "out", "--blender", deadly, "--workers", 1,
        "--json", *look,
        env=os.environ | {"DEADLY_SCENE": SCENES[0], "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    bad, good = json.loads(done.stdout)
    assert "failed 3 times" in bad["problem"]
    assert "SIGKILL" in bad["problem"] or "exit code 137" in bad["problem"]
    assert good["problem"] == ""
    video.check(Path(good["file"]), frames=36)
    assert not (tmp_path / "out" / "body_renders_noaudio" / f"{SCENES[0]}.mkv").exists()


def test_a_blender_that_does_not_start_is_one_sentence(dataset, job, tmp_path, look):
    broken = tmp_path / "blender"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Blender 4.5.0" && exit\necho "Error: no display"; exit 7\n'
    )
    broken.chmod(0o755)
    shutil.copytree(dataset, tmp_path / "data")
    done = interact_farm("body", "render", job, "--data", tmp_path / "data", "--blender", broken, *look)
    assert done.returncode == 1
    assert "exit code 7" in done.stderr
    assert "no display" in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_scenes_fail_alone_each_with_its_sentence(dataset, tmp_path, look):
    """One job with every kind of bad line and one good scene."""
    data = Dataset.at(shutil.copytree(dataset, tmp_path / "data"))
    good, bad_face, cut, short_face, no_sound = ("20231119_001", *(f"20231119_9{n:02d}" for n in range(4)))
    for scene in (bad_face, cut, short_face, no_sound):
        for actor in ("001", "002"):
            source, copy = SceneId.parse(good).performance(actor), SceneId.parse(scene).performance(actor)
            for of in (data.motion, data.face_arkit, data.wav):
                shutil.copy(of(source), of(copy).with_name(of(source).name.replace(str(source), str(copy))))
    face = data.root / "face_arkit"
    np.save(face / f"20231119_001_{bad_face[-3:]}.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(face / f"20231119_002_{short_face[-3:]}.npy", np.zeros((36, 50), dtype=np.float32))
    motion = data.motion(SceneId.parse(cut).performance("002"))
    motion.write_bytes(motion.read_bytes()[:-300])
    (data.root / "wav" / f"20231119_001_{no_sound[-3:]}.wav").write_bytes(b"")
    job = tmp_path / "job.txt"
    lines = [good, bad_face, cut, short_face, no_sound, "20231119_555", "20991231_001", "hello", "../../x"]
    job.write_text("\n".join(lines))
    done = interact_farm("body", "render", job, "--data", data.root, "--json", "--frames", "1-6", *look)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    results = {r["scene"]: r for r in json.loads(done.stdout)}
    assert results[good]["problem"] == ""
    for name, words in {
        bad_face: f"20231119_001_{bad_face[-3:]}.npy",
        short_face: "(frames, 51)",
        cut: "cut off",
        no_sound: f"20231119_001_{no_sound[-3:]}.wav",
        "20231119_555": "no such file",
        "20991231_001": "no session of 20991231",
        "line 8": "'hello' is not a scene",
        "line 9": "'../../x' is not a scene",
    }.items():
        assert words in results[name]["problem"], name
    videos = {p.name for p in data.root.glob("body_renders/*")}
    assert videos == {f"{good}.frames-1-6.mp4"}
    assert {p.stem.split(".")[0] for p in data.root.glob("body_renders_noaudio/*")} == {good, no_sound}
    assert not list(data.root.rglob("*.partial*"))
    assert not (tmp_path.parent / "x").exists()


@pytest.mark.parametrize(
    ("spoil", "arguments", "words"),
    [
        (lambda data: None, ["--template", "nowhere.blend"], "nowhere.blend: no such template"),
        (lambda data: (data / "text.blend").write_text("hello"), ["--template", "text.blend"], "is no .blend file"),
        (lambda data: (data / "actors.db").write_bytes(b"not a database" * 99), [], "actors.db"),
        (lambda data: None, ["--data", "nowhere"], "nowhere: no such folder"),
        (lambda data: None, ["--blender", "nowhere/blender"], "no such Blender"),
        (lambda data: None, ["--frames", "0-4"], "no range of frames"),
        (lambda data: None, ["--frames", "\u00b2"], "no range of frames"),
        (lambda data: None, ["--size", "\u00b2x\u00b2"], "is no size"),
        (lambda data: None, ["--out", "o {x}"], "takes '#'"),
        (lambda data: None, ["--size", "99x54"], "sides must be even"),
        (lambda data: None, ["--out", "/dev/null/x"], "/dev/null"),
        (lambda data: None, ["--out", "frame#1"], "takes '#'"),
    ],
)
def test_what_cannot_be_done_at_all_is_one_sentence(damaged, spoil, arguments, words):
    spoil(damaged.root)
    before = sorted(damaged.root.rglob("*"))
    done = interact_farm("body", "render", damaged.body_job, "--data", ".", *arguments, cwd=damaged.root)
    assert done.returncode in (1, 2)
    assert words in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    left = [p for p in damaged.root.rglob("*") if p not in before and p.is_file() and "farm_runs" not in p.parts]
    assert left == []


def test_a_template_without_the_actors_rig_says_which_actor(dataset, tmp_path):
    template = tmp_path / "empty.blend"
    script = (
        "import bpy, os, sys; bpy.ops.wm.read_factory_settings(use_empty=True); "
        "bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1]); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(template)], check=True, capture_output=True)
    (tmp_path / "job.txt").write_text(SCENES[0])
    done = interact_farm(
        "body", "render", tmp_path / "job.txt", "--data", dataset, "--out", tmp_path / "out", "--template", template
    )
    assert done.returncode == 1
    assert "actor 001: the template has no rig" in done.stderr
    assert not list((tmp_path / "out").rglob("*.mkv"))


def test_a_templates_own_engine_size_and_samples_are_kept_unless_an_option_says_otherwise(dataset, template, tmp_path):
    own = tmp_path / "own.blend"
    script = (
        "import bpy, os, sys; bpy.ops.wm.open_mainfile(filepath=sys.argv[1]); s = bpy.context.scene; "
        "del s['interact_builtin']; s.render.engine = 'CYCLES'; s.cycles.samples = 2; "
        "s.render.resolution_x, s.render.resolution_y, s.render.resolution_percentage = 128, 72, 50; "
        "bpy.ops.wm.save_as_mainfile(filepath=sys.argv[2]); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(template), str(own)], check=True, capture_output=True)
    (tmp_path / "job.txt").write_text(SCENES[0])
    arguments = ("body", "render", tmp_path / "job.txt", "--data", dataset, "--template", own, "--frames", "1-2")
    kept = interact_farm(*arguments, "--out", tmp_path / "kept")
    assert kept.returncode == 0, kept.stderr
    (rendered,) = [e for e in events(tmp_path / "kept") if e["event"] == "rendered"]
    assert (rendered["engine"], rendered["size"]) == ("CYCLES", [64, 36])
    other = interact_farm(*arguments, "--out", tmp_path / "other", "--engine", "workbench", "--size", "96x54")
    assert other.returncode == 0, other.stderr
    (rendered,) = [e for e in events(tmp_path / "other") if e["event"] == "rendered"]
    assert (rendered["engine"], rendered["size"]) == ("BLENDER_WORKBENCH", [96, 54])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk_stops_the_run_with_one_sentence_and_keeps_what_is_whole(dataset, job, template, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not allow mounts")
    try:
        arguments = (
            "body", "render", job, "--data", dataset, "--out", disk, "--template", template, "--chunk", 5,
            "--size", "640x360", "--engine", "workbench", "--samples", "1", "--reserve", 0,
        )  # fmt: skip
        done = interact_farm(*arguments)
        assert done.returncode == 1
        assert "the disk is full" in done.stderr
        assert "Traceback" not in done.stderr
        for chunk in disk.glob("farm_runs/chunks/*/*.mkv"):
            first, last = frames_of(chunk.name)
            video.check(chunk, frames=last - first + 1)
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        done = interact_farm(*arguments)
        assert done.returncode == 0, done.stderr
        for scene in SCENES:
            video.check(disk / "body_renders_noaudio" / f"{scene}.mkv", frames=36)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_second_run_into_the_same_folder_is_told_who_holds_it(dataset, job, tmp_path, look):
    part = "--frames", "1-9", "--workers", 1
    arguments = ("body", "render", job, "--data", dataset, "--out", tmp_path, *part, *look)
    first = start_farm(*arguments)
    name = tmp_path / "farm_runs" / "lock.json"
    wait_for(lambda: name.is_file() and name.read_text().endswith("}"))
    first.send_signal(signal.SIGSTOP)  # that it has not ended when the second one asks
    try:
        second = interact_farm(*arguments)
    finally:
        first.send_signal(signal.SIGCONT)
    assert second.returncode == 1
    assert f"process {first.pid} on" in second.stderr
    assert first.wait(120) == 0
    assert interact_farm(*arguments).returncode == 0


def test_overwrite_makes_both_videos_anew_and_a_strangers_mp4_is_kept_without_it(dataset, tmp_path, look):
    (tmp_path / "job.txt").write_text(SCENES[0])
    part = "--frames", "1-6", "--workers", 1
    arguments = ("body", "render", tmp_path / "job.txt", "--data", dataset, "--out", tmp_path, *part, *look)
    made = tmp_path / "body_renders" / f"{SCENES[0]}.frames-1-6.mp4"
    made.parent.mkdir()
    encode(made, 6)
    theirs = made.read_bytes()
    done = interact_farm(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert "not made by interact-farm" in done.stdout
    assert made.read_bytes() == theirs
    assert interact_farm(*arguments, "--overwrite").returncode == 0
    assert made.read_bytes() != theirs
    before = made.stat().st_mtime_ns
    assert interact_farm(*arguments, "--overwrite").returncode == 0
    assert made.stat().st_mtime_ns > before


def test_a_part_rendered_without_sound_is_muxed_later(dataset, tmp_path, look):
    (tmp_path / "job.txt").write_text(SCENES[0])
    where = (tmp_path / "job.txt", "--data", dataset, "--out", tmp_path, "--frames", "11-20")
    assert interact_farm("body", "render", *where, "--no-mux", *look).returncode == 0
    done = interact_farm("body", "mux", *where, "--json")
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert result["notices"] == []
    heard = sound(Path(result["file"]))
    voices = [wav(Dataset.at(dataset).wav(SceneId.parse(SCENES[0]).performance(a))) for a in ("001", "002")]
    spoken = (voices[0] + voices[1])[16000 : 16000 + len(heard)]
    assert np.corrcoef(heard[: len(spoken)], spoken)[0, 1] > 0.9


def test_mux_by_itself_adds_missing_sound_and_keeps_the_rest(undisturbed, dataset, job, tmp_path):
    out = shutil.copytree(undisturbed, tmp_path / "out")
    made = out / "body_renders" / f"{SCENES[0]}.mp4"
    other = out / "body_renders" / f"{SCENES[1]}.mp4"
    kept = other.stat().st_mtime_ns
    made.unlink()
    done = interact_farm("body", "mux", job, "--data", dataset, "--out", out)
    assert done.returncode == 0, done.stderr
    assert video.probe(made).frames == 36
    assert other.stat().st_mtime_ns == kept
    done = interact_farm("body", "mux", job, "--data", dataset, "--out", out, "--stereo")
    assert done.returncode == 0, done.stderr
    with av.open(str(made)) as container:
        left, right = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)[:2]
    male = wav(Dataset.at(dataset).wav(SceneId.parse(SCENES[0]).performance("001")))
    length = min(len(left), len(male))
    assert np.corrcoef(left[:length], male[:length])[0, 1] > 0.9
    assert abs(np.corrcoef(right[:length], male[:length])[0, 1]) < 0.3


def test_sound_is_added_anew_to_what_was_rendered_anew_in_blenders_window(undisturbed, dataset, job, tmp_path):
    out = shutil.copytree(undisturbed, tmp_path / "out")
    silent, heard = (out / folder / f"{SCENES[0]}{end}" for folder, end in (
        ("body_renders_noaudio", ".mkv"), ("body_renders", ".mp4"),
    ))  # fmt: skip
    heard.unlink()
    made = []
    for mark in ("first", "second", "second"):
        matroska.join([silent], silent, tags={"comment": f"{MADE_HERE}{mark}"})
        done = interact_farm("body", "mux", job, "--data", dataset, "--out", out)
        assert done.returncode == 0, done.stderr
        made.append((video.probe(heard).metadata["comment"], heard.stat().st_mtime_ns))
    assert made[0] != made[1] == made[2]
