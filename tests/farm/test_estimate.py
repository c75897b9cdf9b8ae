"""What a dry run says that a run will take, against what it then takes; and a disk that is too small for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blender_addon.dataset import batch
from farm import body, estimate, plan, rendering

from .command_line import interact_farm

SCENES = ("20231119_001", "20231126_002")


@pytest.fixture(scope="module")
def arguments(template, tmp_path_factory) -> list[object]:
    """Of a render command for each of two jobs into one folder: half of the scenes, and all of them."""
    out = tmp_path_factory.mktemp("estimate")
    (out / "half.txt").write_text(SCENES[0])
    (out / "all.txt").write_text("\n".join(SCENES))
    return [
        "--out", out, "--template", template, "--engine", "workbench", "--samples", 1, "--size", "64x36",
        "--workers", 1, "--chunk", 12,
    ]  # fmt: skip


def dry(job: str, arguments: list[object], dataset: Path, *more: object) -> dict:
    out = Path(str(arguments[1]))
    done = interact_farm("body", "render", out / job, "--data", dataset, *arguments, "--dry-run", "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["estimate"]


@pytest.fixture(scope="module")
def half(arguments, dataset) -> Path:
    """The output folder with the first scene rendered, after dry runs that had nothing measured."""
    out = Path(arguments[1])
    before = dry("half.txt", arguments, dataset)
    assert (before["frames"], before["seconds"], before["silent_bytes"]) == (36, None, None)
    assert not (out / "body_renders_noaudio").exists()
    done = interact_farm("body", "render", out / "half.txt", "--data", dataset, *arguments)
    assert done.returncode == 0, done.stderr
    return out


def test_earlier_frames_tell_what_the_others_take(half, arguments, dataset):
    told = dry("all.txt", arguments, dataset)
    clip = (half / "body_renders_noaudio" / f"{SCENES[0]}.mkv").stat().st_size
    video = (half / "body_renders" / f"{SCENES[0]}.mp4").stat().st_size
    # As many frames as the finished scene has, so as many bytes as its files.
    assert (told["frames"], told["scenes"], told["silent_bytes"], told["heard_bytes"]) == (36, 1, clip, video)
    assert 0.05 < told["seconds"] < 120
    assert told["lacks"] == []


def test_another_look_was_not_measured_and_a_few_frames_tell_of_it(half, arguments, dataset):
    other = [*arguments[:9], "96x54", *arguments[10:]]
    assert dry("all.txt", other, dataset)["seconds"] is None
    before = sorted(half.rglob("*"))
    told = dry("all.txt", other, dataset, "--measure")
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


def test_a_run_is_verified_by_its_name(half):
    done = interact_farm("runs", "verify", "--out", half)
    assert done.returncode == 0, done.stderr
    clip = plan.Outputs(half).silent("body") / f"{SCENES[0]}.mkv"
    whole = clip.read_bytes()
    clip.write_bytes(whole[: len(whole) // 2])
    try:
        done = interact_farm("runs", "verify", "--out", half)
    finally:
        clip.write_bytes(whole)
    assert done.returncode == 1
    assert clip.name in done.stdout
