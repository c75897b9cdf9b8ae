"""*Render All* and *Submit to Farm* in real Blender windows: a user's path, with a cancel on the way."""

from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import bvh
from blender_addon.dataset.layout import Dataset
from farm import addon, video
from farm.blender import Blender

from . import window

SCRIPT = Path(__file__).with_name("render_all_window.py")
FRAMES = 8


@pytest.fixture(scope="module")
def short(once, dataset: Path) -> Path:
    """Two scenes of eight frames: the beginning of the shared data set's."""

    def make(folder: Path) -> None:
        shutil.copytree(dataset, folder / "data")
        for path in [*folder.glob("data/bvhs/*.bvh"), *folder.glob("data/bvhs_retarget/*.bvh")]:
            motion = bvh.read(path)
            bvh.write(path, replace(motion, values=motion.values[:FRAMES]))
        for path in folder.glob("data/face_*/*.npy"):
            np.save(path, np.load(path)[:FRAMES])

    return once("short", make) / "data"


@pytest.fixture
def user(blender: Blender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A user who has installed the extension's zip, and nothing else."""
    window.require_application(blender)
    made = window.user_of(tmp_path / "user")
    monkeypatch.setenv("BLENDER_USER_RESOURCES", made["BLENDER_USER_RESOURCES"])
    addon.install(addon.build(tmp_path), blender)
    return made


@pytest.fixture
def asked(short: Path, template: Path, tmp_path: Path) -> dict:
    """What the user opens and sets. The template is of another data set with the same actors."""
    opened = shutil.copyfile(template, tmp_path / "template.blend")
    out = tmp_path / "out"
    out.mkdir()
    return {
        "data": str(short), "job": str(Dataset.at(short).body_job), "template": str(opened), "out": str(out),
        "farm": str(window.launcher(tmp_path)),
    }  # fmt: skip


def _played(blender: Blender, user: dict[str, str], asked: dict, play: str, **more: object) -> dict:
    return window.run_in_window(window.require_application(blender), SCRIPT, asked | {"play": play} | more, user)


def _luma(path: Path) -> np.ndarray:
    """The brightness of every frame of a video, (frames, height, width)."""
    return np.array([picture.to_ndarray(format="gray") for picture in video.decode(path)], dtype=np.int16)


def test_a_cancelled_job_goes_on_at_its_next_frame(blender, user, asked):
    told = _played(blender, user, asked, "cancelled_and_resumed")
    assert told["began"] == ["RUNNING_MODAL"]
    assert told["cancel"] == ["FINISHED"]
    first, second = told["first"]
    assert (first["state"], first["done"]) == ("done", FRAMES)
    assert second["state"] == "cancelled"
    assert 2 <= second["done"] < FRAMES
    assert second["scene"] in told["header"]
    # What is there of the second scene is not rendered again.
    assert told["pictures"] == [f"{n:04d}.png" for n in range(1, second["done"] + 1)]
    assert len(told["written"]) == 2 * FRAMES
    assert told["busy"] == ""
    assert [shot["state"] for shot in told["second"]] == ["there", "done"]
    assert told["problem"] == ""
    assert [(line["state"], line["progress"]) for line in told["lines"]] == [("DONE", -1.0)] * 2
    assert told["after"] == told["before"]
    for shot in told["second"]:
        silent = Path(asked["out"]) / "body_renders_noaudio" / f"{shot['scene']}.mkv"
        video.check(silent, frames=FRAMES, size=(64, 36))
        heard = video.probe(silent.parents[1] / "body_renders" / f"{shot['scene']}.mp4", audio=True)
        assert (heard.frames, heard.fps) == (FRAMES, 30)
        assert abs(heard.audio_seconds - FRAMES / 30) <= 1024 / 48000
        pictures = _luma(silent)
        assert pictures.std() > 5  # somebody is in it
        assert all((a != b).any() for a, b in itertools.pairwise(pictures))
    assert not list(Path(asked["out"]).rglob("*.partial"))


def test_the_window_answers_while_frames_are_rendered(blender, user, asked):
    told = _played(blender, user, asked, "cancelled_and_resumed")
    # A timer of 100 ms fires at least once a frame: never later than that after the longest frame.
    longest = max(np.diff(told["written"]))
    assert max(np.diff(told["fired"])) <= longest + 0.25


def test_escape_ends_it_after_the_frame_in_hand(blender, user, asked, dataset):
    told = _played(blender, user, asked, "escaped", data=str(dataset), job=str(Dataset.at(dataset).body_job))
    first, second = told["shots"]
    assert (first["state"], second["state"], second["done"]) == ("cancelled", "cancelled", 0)
    assert 3 <= first["done"] < first["frames"] == 36
    there = [*Path(asked["out"]).glob("farm_runs/chunks/*/pictures/*.png")]
    assert len(there) == first["done"]


def test_what_fails_says_why_and_shows_it(blender, user, asked):
    (Path(asked["out"]) / "farm_runs").write_text("a file where a folder belongs")
    told = _played(blender, user, asked, "failing")
    assert [shot["state"] for shot in told["shots"]] == ["failed"] * 2
    assert "farm_runs" in told["problem"]
    assert told["text"].strip() == told["shots"][0]["problem"]
    assert "TEXT_EDITOR" in told["opened"]


def test_the_farm_renders_a_submitted_job(blender, user, asked):
    told = _played(blender, user, asked, "submitted")
    assert told["began"] == ["FINISHED"], told
    assert (told["state"], told["problem"], told["fraction"]) == ("done", "", 1.0)
    assert [line["state"] for line in told["lines"]] == ["DONE"] * 2
    folder = Path(told["folder"])
    assert (folder / "template.blend").is_file()
    assert '"frames": 8' in (folder / "farm.log").read_text()
    for line in told["lines"]:
        result = Path(asked["out"]) / "body_renders" / f"{line['name']}.mp4"
        video.check(result, frames=FRAMES, size=(64, 36))


def test_without_the_farms_command_the_panel_says_that_the_sound_lacks(blender, user, asked):
    assert shutil.which("interact-farm", path=os.defpath) is None
    told = _played(blender, user | {"PATH": os.defpath}, asked, "cancelled_and_resumed", farm="")
    assert [shot["state"] for shot in told["second"]] == ["there", "done"]
    assert all("has no sound yet" in shot["notices"][0] for shot in told["second"])
    assert not (Path(asked["out"]) / "body_renders").exists()
