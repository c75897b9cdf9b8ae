"""What a dry run says that a run will take, against what it then takes; and a disk that is too small for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from farm import body, estimate, plan, rendering, timings

from .command_line import interact_farm
from .test_run import SCENES


@pytest.fixture(scope="session")
def arguments(half, template) -> list[object]:
    """Of a render command like the finished one's, and into its folder."""
    return [
        "--out", half, "--template", template, "--engine", "workbench", "--samples", 1, "--size", "64x36",
        "--workers", 1, "--chunk", 12,
    ]  # fmt: skip


def dry(job: Path, arguments: list[object], dataset: Path, *more: object) -> dict:
    done = interact_farm("body", "render", job, "--data", dataset, *arguments, "--dry-run", "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["estimate"]


def test_where_nothing_was_measured_nothing_is_told_and_nothing_is_written(half, arguments, dataset, tmp_path):
    told = dry(half / "half.txt", ["--out", tmp_path, *arguments[2:]], dataset)
    assert (told["frames"], told["seconds"], told["silent_bytes"]) == (36, None, None)
    assert not (tmp_path / "body_renders_noaudio").exists()


def test_earlier_frames_tell_what_the_others_take(half, arguments, dataset):
    told = dry(half / "all.txt", arguments, dataset)
    clip = (half / "body_renders_noaudio" / f"{SCENES[0]}.mkv").stat().st_size
    video = (half / "body_renders" / f"{SCENES[0]}.mp4").stat().st_size
    # As many frames as the finished scene has, so as many bytes as its files.
    assert (told["frames"], told["scenes"], told["silent_bytes"], told["heard_bytes"]) == (36, 1, clip, video)
    assert 0.05 < told["seconds"] < 120
    assert told["lacks"] == []


def test_another_look_was_not_measured_and_a_few_frames_tell_of_it(half, arguments, dataset):
    other = [*arguments[:9], "96x54", *arguments[10:]]
    assert dry(half / "all.txt", other, dataset)["seconds"] is None
    before = sorted(half.rglob("*"))
    told = dry(half / "all.txt", other, dataset, "--measure")
    assert told["frames"] == 72
    assert told["seconds"] > 0
    assert told["silent_bytes"] > 0
    assert sorted(half.rglob("*")) == before


def test_to_measure_without_a_dry_run_is_no_option(half, arguments, dataset):
    done = interact_farm("body", "render", half / "all.txt", "--data", dataset, *arguments, "--measure")
    assert done.returncode == 2
    assert "--measure goes with --dry-run" in done.stderr


def test_a_disk_that_is_too_small_is_named(half, arguments, dataset):
    options = rendering.RenderOptions(
        template=arguments[3], look=batch.Look("workbench", (64, 36), 1), chunk=12, workers=1, out=half
    )
    made = rendering.prepare(body.BODY, half / "all.txt", dataset, options)

    def of(free: int) -> estimate.Estimate:
        return estimate.of(
            made.to_do, made.outputs, made.measured, workers=1, as_pictures=False, sound=True, reserve=256, free=free
        )

    needed = of(0).needed_bytes
    assert needed > 0
    assert of(needed + 256 * 1024 * 1024).lacks == ()
    (lack,) = of(needed + 256 * 1024 * 1024 - 1).lacks
    assert str(half) in lack
    assert "256 MB stay free" in lack


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting a file system needs root")
def test_a_small_file_system_cannot_hold_the_job(half, arguments, dataset, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        for folder in ("farm_runs/state", "body_renders", "body_renders_noaudio"):
            shutil.copytree(half / folder, disk / folder)
        (disk / "filler").write_bytes(b"x" * (shutil.disk_usage(disk).free - 8192))
        command = [
            "body", "render", half / "all.txt", "--data", dataset, "--out", disk, *arguments[2:], "--dry-run",
            "--reserve", 0,
        ]  # fmt: skip
        full = interact_farm(*command)
        (disk / "filler").unlink()
        roomy = interact_farm(*command)
        (lack,) = json.loads(interact_farm(*command[:-2], "--json").stdout)["estimate"]["lacks"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert full.returncode == 0, full.stderr
    assert f"not enough room {disk}: needs about" in full.stdout
    assert "not enough room" not in roomy.stdout
    assert "of which 256 MB stay free" in lack


def test_workers_share_the_work_as_far_as_there_are_chunks(half, arguments, dataset):
    options = rendering.RenderOptions(
        template=arguments[3], look=batch.Look("workbench", (64, 36), 1), chunk=12, workers=1, out=half
    )
    made = rendering.prepare(body.BODY, half / "all.txt", dataset, options)
    measured = timings.Measured(36, 10.0, 3.0, 6.0, 1, 1000.0, None, "")
    told = [
        estimate.of(made.to_do, made.outputs, measured, workers=workers, as_pictures=False, sound=sound)
        for workers, sound in ((1, True), (2, True), (64, False))
    ]
    # 36 frames and a scene's loading, in three chunks, after the start of Blender.
    assert [found.seconds for found in told] == [6 + 363, 6 + 181.5, 6 + 121]
    # The picture is copied, and the sound has 192 kbit a second.
    assert [found.heard_bytes for found in told] == [36 * 1800, 36 * 1800, 0]


def test_a_trial_comes_near_what_a_run_takes_and_leaves_nothing(dataset, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    out = tmp_path / "out"
    command = [
        "face", "render", Dataset.at(dataset).face_job, "--data", dataset, "--out", out, "--engine", "workbench",
        "--size", "64x64", "--samples", 1, "--workers", 2, "--frames", "1-12",
    ]  # fmt: skip
    asked = interact_farm(*command, "--dry-run", "--measure", "--json", env=os.environ | {"TMPDIR": str(temporary)})
    assert asked.returncode == 0, asked.stderr
    told = json.loads(asked.stdout)["estimate"]
    assert (told["pictures"], told["frames"], told["spare_bytes"]) == (True, 48, 0)
    assert told["measured"]["workers"] in (1, 2)
    assert list(temporary.glob("interact-farm-*")) == []
    assert not out.exists()
    start = time.monotonic()
    assert interact_farm(*command).returncode == 0
    took = time.monotonic() - start
    pictures, videos = (
        sum(path.stat().st_size for path in out.glob(pattern))
        for pattern in ("face_renders_noaudio/*/*.png", "face_renders/*.mp4")
    )
    assert told["silent_bytes"] == pytest.approx(pictures, rel=0.2)
    assert told["heard_bytes"] == pytest.approx(videos, rel=0.5)
    assert told["seconds"] < 3 * took


def test_a_run_is_verified_by_its_name(half, tmp_path):
    out = shutil.copytree(half, tmp_path / "out")
    done = interact_farm("runs", "verify", "--out", out)
    assert done.returncode == 0, done.stderr
    clip = plan.Outputs(out).silent("body") / f"{SCENES[0]}.mkv"
    whole = clip.read_bytes()
    clip.write_bytes(whole[: len(whole) // 2])
    done = interact_farm("runs", "verify", "--out", out)
    assert done.returncode == 1
    assert clip.name in done.stdout
