"""Batches: rendered by hand, by Slurm and by Open Job Description, after which the driver renders nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.reach import Reach
from farm import batches, video
from farm.blender import Blender
from farm.clips import Clips
from farm.launch import Launch
from farm.subjects import Subject
from farm.task import Chunk, Task

from .command_line import interact_farm
from .test_run import SCENES, events, pictures

FACES = ("20231119_001_001", "20231119_002_001")
SMALL = ["--engine", "workbench", "--samples", "1", "--size", "64x36"]


def task(name: str, *ranges: tuple[int, int]) -> Task:
    chunks = tuple(Chunk(first, last, f"{name}/{first:06d}-{last:06d}.mkv") for first, last in ranges)
    subject = Subject(SceneId.parse(name), ranges[-1][1], (), ())
    return Task(subject, 1, ranges[-1][1], "f", Path("p"), Path(f"{name}.mp4"), Path(name), Clips(), missing=chunks)


def cells(frames: int, size: int) -> list[tuple[int, int]]:
    """Equal chunks of at most `size` frames."""
    parts = -(-frames // size)
    return [(1 + frames * n // parts, frames * (n + 1) // parts) for n in range(parts)]


def frames_of(found: list[tuple[Task, Chunk]]) -> Counter:
    return Counter((task.name, n) for task, chunk in found for n in range(chunk.first, chunk.last + 1))


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 16, 40])
def test_shares_hold_every_frame_once_and_are_about_equal(parts):
    tasks = [task(f"20240101_{n:03d}", *cells(20 + 97 * n % 700, 120)) for n in range(1, 42)]
    shares = batches.share(tasks, parts)
    assert sum(map(frames_of, shares), Counter()) == sum(
        (Counter((t.name, n) for c in t.missing for n in range(c.first, c.last + 1)) for t in tasks), Counter()
    )
    total = sum(chunk.frames for t in tasks for chunk in t.missing)
    assert len(shares) == parts
    for share in shares:
        assert abs(sum(chunk.frames for _, chunk in share) - total / parts) < 20
        assert min(chunk.frames for _, chunk in share) >= 10
        lengths = [sum(c.frames for c in t.missing) for t, _ in share]
        assert lengths == sorted(lengths, reverse=True)
    homes = Counter(t.name for share in shares for t in {t.name: t for t, _ in share}.values())
    assert sum(count - 1 for count in homes.values()) <= parts - 1


def test_there_are_never_more_batches_than_work_and_none_without():
    assert len(batches.share([task("20240101_001", (1, 25))], 50)) == 2
    assert batches.share([], 3) == []


def test_a_cut_chunk_has_the_name_of_its_frames():
    (_, first), (_, second) = (share[0] for share in batches.share([task("20240101_001", (1, 90))], 2))
    assert (first.path.name, second.path.name) == ("000001-000045.mkv", "000046-000090.mkv")


@pytest.fixture(scope="module")
def look(template) -> list[object]:
    return ["--template", template, *SMALL]


def written(dataset, job, out: Path, *more: object) -> dict:
    """The facts of `batch write` into a folder whose name a shell would trip over."""
    done = interact_farm(
        "batch", "write", job, "--data", dataset, "--results", out, "--out", folder(out), "--json", *more
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def folder(out: Path) -> Path:
    return out / "it's $HOME 100% `id` & more"


def finished(facts: dict):
    """What the command that the batches name does."""
    assert facts["then"][0] == "interact-farm"
    done = interact_farm(*facts["then"][1:])
    assert done.returncode == 0, done.stderr
    return done


def test_batches_rendered_by_hand_leave_the_driver_nothing_to_render(dataset, look, tmp_path):
    job = Dataset.at(dataset).body_job
    facts = written(dataset, job, tmp_path, "--parts", 2, "--label", "id", *look)
    assert [found["frames"] for found in facts["batches"]] == [36, 36]
    plans = [json.loads(interact_farm(*facts["then"][1:], "--dry-run", "--json").stdout)["frames_to_render"]]
    for found in facts["batches"]:
        done = subprocess.run(found["command"], cwd="/", capture_output=True, timeout=200, check=False)
        assert done.returncode == 0, done.stdout
        plans.append(json.loads(interact_farm(*facts["then"][1:], "--dry-run", "--json").stdout)["frames_to_render"])
    assert plans == [72, 36, 0]
    finished(facts)
    assert not events(tmp_path)  # no worker was started
    for scene in SCENES:
        assert video.probe(tmp_path / "body_renders" / f"{scene}.mp4", audio=True).frames == 36
    assert len(set(pictures(tmp_path / "body_renders" / f"{SCENES[0]}.mp4"))) > 15
    assert written(dataset, job, tmp_path, "--parts", 2, "--label", "id", *look)["batches"] == []


def test_batches_hold_only_what_is_missing_and_name_what_is_not_theirs(dataset, look, tmp_path):
    job = Dataset.at(dataset).body_job
    first = written(dataset, job, tmp_path, "--parts", 3, "--frames", "1-30", "--openjd", *look)
    assert len(first["batches"]) == 3
    done = subprocess.run(first["batches"][0]["command"], capture_output=True, timeout=200, check=False)
    assert done.returncode == 0
    again = interact_farm(
        "batch", "write", job, "--data", dataset, "--results", tmp_path, "--out", folder(tmp_path), "--parts", 2,
        "--frames", "1-30", *look,
    )  # fmt: skip
    requests = [
        batch.parse_line(line)
        for path in sorted(folder(tmp_path).glob("batch-00[12].jsonl"))
        for line in path.read_text().splitlines()
    ]
    assert sum(request.frames for request in requests) == 60 - first["batches"][0]["frames"]
    assert "batch-003.jsonl is not of this split" in again.stderr
    assert f"{batches.OPENJD} is not of this split" in again.stderr


def test_a_bad_line_is_named_and_the_others_are_written(dataset, look, tmp_path):
    job = tmp_path / "job.txt"
    job.write_text(f"{SCENES[0]}\n$(touch {tmp_path}/x)\n20991231_001\n")
    done = interact_farm(
        "batch", "write", job, "--data", dataset, "--results", tmp_path, "--out", tmp_path / "b", "--parts", 1, *look
    )
    assert done.returncode == 1
    assert "line 2" in done.stderr
    assert "no session of 20991231" in done.stderr
    assert "2 lines are in no batch" in done.stderr
    assert {batch.parse_line(line).scene for line in (tmp_path / "b" / "batch-001.jsonl").open()} == {SCENES[0]}


@pytest.mark.parametrize("name", ["two\nlines", "back\\slash"])
def test_a_folder_that_no_queue_can_be_told_of_is_one_sentence(dataset, look, tmp_path, name):
    job = Dataset.at(dataset).body_job
    done = interact_farm("batch", "write", job, "--data", dataset, "--out", tmp_path / name, "--parts", 1, *look)
    assert done.returncode == 1
    assert "choose one of plain characters" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_kind_is_told_by_the_lines_and_faces_keep_their_options(dataset, look, tmp_path):
    job = tmp_path / "faces.txt"
    job.write_text("\n".join(FACES))
    facts = written(dataset, job, tmp_path, "--parts", 2, *look)
    requests = [batch.parse_line(line) for line in (folder(tmp_path) / "batch-002.jsonl").open()]
    assert {(request.scene, request.output) for request in requests} == {
        (FACES[1], str(tmp_path / "face_renders_noaudio" / FACES[1]))
    }
    assert facts["then"][1:3] == ["face", "render"]
    refused = interact_farm("batch", "write", job, "--data", dataset, "--out", tmp_path, "--parts", 1, "--camera", "x")
    assert refused.returncode == 2
    assert "--camera is for bodies" in refused.stderr


def test_the_array_script_starts_its_batch_whatever_the_folder_is_called(tmp_path):
    """A stand-in for the Blender prints what it is started with."""
    place = folder(tmp_path)
    place.mkdir()
    program = place / "blender"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    listed = [batches.Batch(place / f"batch-{n:03d}.jsonl", (), 1, 1, ()) for n in range(1, 13)]
    script = batches.slurm_script(listed, place, "job\n#SBATCH --wrap=x", Launch(Blender(program, "4.5"), Reach()))
    assert "#SBATCH --array=1-12" in script.splitlines()
    assert not [line for line in script.splitlines() if line.startswith("#SBATCH --wrap")]
    done = subprocess.run(
        ["sh", "-s"], input=script, env=os.environ | {"SLURM_ARRAY_TASK_ID": "12"}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-3:] == [
        str(place / "batch-012.jsonl"), "--events", str(place / "batch-012.jsonl.events.jsonl"),
    ]  # fmt: skip


def slurm_answers() -> bool:
    """Whether a Slurm is installed and running."""
    asked = shutil.which("sinfo") and subprocess.run(["sinfo"], capture_output=True, timeout=30, check=False)
    return bool(asked) and asked.returncode == 0


@pytest.mark.skipif(not slurm_answers(), reason="needs a running Slurm")
def test_slurm_renders_the_batches(dataset, look, tmp_path):
    facts = written(dataset, Dataset.at(dataset).body_job, tmp_path, "--parts", 2, "--slurm", *look)
    (script,) = facts["scripts"]
    sent = subprocess.run(["sbatch", "--parsable", script], capture_output=True, text=True, cwd="/", check=True)
    until = time.monotonic() + 120
    while subprocess.run(["squeue", "-h", "-j", sent.stdout.strip()], capture_output=True, check=True).stdout.strip():
        assert time.monotonic() < until, "the array did not end in time"
        time.sleep(0.5)
    assert sorted(p.name for p in folder(tmp_path).glob("*.log")) == ["batch-001.log", "batch-002.log"]
    finished(facts)
    assert not events(tmp_path)
    assert video.probe(tmp_path / "body_renders" / f"{SCENES[1]}.mp4").frames == 36


def test_the_open_job_template_says_each_batch_once(dataset, look, tmp_path):
    facts = written(dataset, Dataset.at(dataset).body_job, tmp_path, "--parts", 2, "--openjd", *look)
    content = json.loads(Path(facts["scripts"][0]).read_text())
    assert content["specificationVersion"] == "jobtemplate-2023-09"
    (step,) = content["steps"]
    (parameter,) = step["parameterSpace"]["taskParameterDefinitions"]
    assert parameter["range"] == ["batch-001.jsonl", "batch-002.jsonl"]
    given = {found["name"]: found["default"] for found in content["parameterDefinitions"]}
    action = step["script"]["actions"]["onRun"]
    words = [action["command"], *action["args"]]
    for name, value in (given | {"Batches": str(folder(tmp_path))}).items():
        words = [word.replace(f"{{{{Param.{name}}}}}", value) for word in words]
    words = [word.replace("{{Task.Param.Batch}}", "batch-002.jsonl") for word in words]
    assert words == facts["batches"][1]["command"]


@pytest.mark.skipif(not shutil.which("openjd"), reason="needs the openjd of the package openjd-cli")
def test_open_job_description_renders_the_batches(dataset, tmp_path):
    job = tmp_path / "faces.txt"
    job.write_text("\n".join(FACES))
    facts = written(dataset, job, tmp_path, "--parts", 2, "--openjd", "--frames", "1-12", *SMALL)
    start = ["openjd", "run", facts["scripts"][0]]
    done = subprocess.run(start, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    finished(facts)
    assert not events(tmp_path)
    for name in FACES:
        assert len(list((tmp_path / "face_renders_noaudio" / name).glob("*.png"))) == 12
