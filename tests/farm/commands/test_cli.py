"""Every other command, started as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blender_addon.dataset import presets
from blender_addon.dataset.layout import Dataset
from farm import doctor, video
from farm.result import SceneResult

from ..command_line import interact_farm


def test_demo_ends_with_videos_and_a_table_of_them(tmp_path):
    done = interact_farm(
        "demo", tmp_path / "d", "--scenes", 1, "--seconds", 1, "--size", "64x36", "--samples", 1, "--workers", 1
    )
    assert done.returncode == 0, done.stderr
    made = tmp_path / "d" / "body_renders" / "20231119_001.mp4"
    assert str(made) in done.stdout
    info = video.probe(made, audio=True)
    assert (info.frames, info.fps, info.width) == (30, 30, 64)
    assert abs(info.audio_seconds - 1) <= 1024 / 48000


def test_doctor_says_that_rendering_works_here(tmp_path):
    done = interact_farm("doctor", "--json", "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert "bpy" in found["Blender"]["found"] or "Blender" in found["Blender"]["found"]
    assert any(found[engine]["good"] for engine in doctor.ENGINES)
    assert found["ffmpeg"]["good"]


def test_presets_are_listed_with_their_files_and_a_bad_one_is_named(tmp_path):
    (tmp_path / "presets").mkdir()
    own = tmp_path / "presets" / "mine.toml"
    own.write_text('name = "Mine"\n[[detect]]\nbones = ["x"]\n[bones]\nhips = "x"\n')
    shown = interact_farm("template", "presets", "--template", tmp_path / "people.blend")
    assert shown.returncode == 0, shown.stderr
    assert all(name in shown.stdout for name in ("Mine", "Mixamo", "Rigify controls", "Character Creator"))
    told = json.loads(interact_farm("template", "presets", "--template", tmp_path / "people.blend", "--json").stdout)
    assert told[0] == {"name": "Mine", "file": str(own), "notes": "", "bones": {"hips": ["x"]}}
    assert all(Path(preset["file"]).is_file() for preset in told)
    own.write_text("name = 3")
    environment = os.environ | {presets.VARIABLE: str(own.parent)}
    for command in (["template", "presets"], ["doctor", "--out", tmp_path, "--blender", tmp_path / "none"]):
        bad = interact_farm(*command, env=environment)
        assert bad.returncode == 1
        assert f"{own}: needs a line name" in (bad.stdout + bad.stderr).replace("\n", "")


def test_doctor_names_the_missing_libraries_and_the_line_that_installs_them():
    line = doctor.install_line(["libEGL.so.1", "libXi.so.6", "libwonder.so.7"])
    assert "apt-get install -y libegl1 libxi6" in line
    assert "libwonder.so.7" in line
    assert doctor.missing_libraries(Path(sys.executable).resolve()) == []


def test_doctor_without_any_blender_is_a_failure_with_advice(tmp_path):
    done = interact_farm("doctor", "--blender", tmp_path / "none", "--out", tmp_path)
    assert done.returncode == 1
    assert "NO  Blender" in done.stdout
    assert "no such Blender" in done.stdout
    assert "Traceback" not in done.stderr


def test_jobs_check_says_what_each_line_names_and_lacks(tmp_path):
    made = interact_farm("data", "make", tmp_path / "d", "--scenes", 5, "--seconds", 1, "--mess")
    assert made.returncode == 0, made.stderr
    data = Dataset.at(tmp_path / "d")
    done = interact_farm("jobs", "check", data.body_job, "--json", env=os.environ | {"INTERACT_DATA": str(data.root)})
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    lines = {line["text"]: line for line in report["lines"]}
    assert lines["20231119_001"]["actors"] == ["001", "002"]
    assert lines["20231119_001"]["frames"] == 30
    assert any("known to the data set's authors" in lack for lack in lines["20240126_034"]["missing"])
    assert any("wav" in lack and "missing" in lack for line in report["lines"] for lack in line["missing"])
    assert any("repeats" in notice for notice in report["notices"])


def test_jobs_check_fails_on_lines_that_cannot_be_rendered(dataset, tmp_path):
    job = tmp_path / "job.txt"
    job.write_text("20231119_001\n../../x\n20231119_404\n")
    done = interact_farm("jobs", "check", job, "--data", dataset)
    assert done.returncode == 1
    assert "2 of 3 lines cannot be rendered" in done.stderr
    assert "is not a scene" in done.stdout
    assert "20231119_001_404.bvh" in done.stdout


def test_jobs_split_shares_frames_and_loses_no_scene(dataset, tmp_path):
    job = Dataset.at(dataset).body_job
    done = interact_farm("jobs", "split", job, "--parts", 2, "--data", dataset, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    parts = sorted(tmp_path.glob("body_render_job_*.txt"))
    assert len(parts) == 2
    scenes = [line for part in parts for line in part.read_text().splitlines() if not line.startswith("#")]
    assert sorted(scenes) == ["20231119_001", "20231126_002"]
    assert interact_farm("jobs", "split", job, "--data", dataset).returncode == 2


def test_a_job_of_the_other_kind_is_one_sentence(dataset):
    made = Dataset.at(dataset)
    for group, other, job, what in (
        ("body", "face", made.face_job, "performances (faces)"),
        ("face", "body", made.body_job, "scenes (bodies)"),
    ):
        for command in ("render", "mux"):
            done = interact_farm(group, command, job, "--data", dataset)
            assert done.returncode == 1
            assert done.stderr.strip() == f"Error: {job}: lists {what}: use `interact-farm {other} {command}`"
            assert done.stdout == ""


def test_a_failed_scene_is_named_once(dataset, tmp_path):
    job = tmp_path / "job.txt"
    for line, told in (
        ("20231119_001", "20231119_001: has 36 frames, none of 500-600"),
        ("one", "job.txt: line 1: 'one' is not a scene"),
    ):
        job.write_text(line)
        done = interact_farm(
            "body",
            "render",
            job,
            "--data",
            dataset,
            "--out",
            tmp_path,
            "--frames",
            "500-600",
            "--actors",
            "mannequin",
        )
        assert f"1 of 1 scenes failed: {told}" in " ".join(done.stderr.split())
    unnamed = SceneResult("20231119_001", 0, 0.0, None, "/data/bvhs/20231119_001_001.bvh: no such file")
    assert unnamed.sentence == "20231119_001: /data/bvhs/20231119_001_001.bvh: no such file"


def test_composite_saves_a_file_that_blender_opens(dataset, template, tmp_path):
    saved = tmp_path / "scene.blend"
    done = interact_farm(
        "body", "composite", "20231119_001", "--data", dataset, "--save", saved, "--template", template
    )
    assert done.returncode == 0, done.stderr
    assert saved.stat().st_size > 100_000
    script = (
        "import bpy, os, sys; bpy.ops.wm.open_mainfile(filepath=sys.argv[1]); s = bpy.context.scene; "
        "print('FACTS', s.frame_end, sorted(a.name for a in bpy.data.actions)); sys.stdout.flush(); os._exit(0)"
    )
    opened = subprocess.run([sys.executable, "-c", script, str(saved)], capture_output=True, text=True, check=True)
    assert "FACTS 36" in opened.stdout
    assert "20231119_001_001 body" in opened.stdout
    for scene, words in (("20231119_404", "no such file"), ("nonsense", "is not a scene")):
        bad = interact_farm("body", "composite", scene, "--data", dataset, "--save", tmp_path / "bad.blend")
        assert bad.returncode == 1
        assert words in bad.stderr
        assert not (tmp_path / "bad.blend").exists()


@pytest.mark.parametrize("command", [["data", "make"], ["demo"]])
def test_a_folder_with_other_files_is_not_written_into(tmp_path, command):
    (tmp_path / "thesis.txt").write_text("mine")
    done = interact_farm(*command, tmp_path)
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_faces_that_cannot_be_had_are_one_notice_and_no_failure(dataset, tmp_path):
    job = Dataset.at(dataset).body_job
    done = interact_farm(
        "body", "render", job, "--data", dataset, "--out", tmp_path, "--actors", "mannequin", "--faces", "ict",
        "--dry-run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("mannequins have faces of their own, only people (--actors people) wear ICT heads") == 1
