"""*Render All* and *Submit to Farm* in real Blender windows: a user's path, with a cancel on the way."""

from __future__ import annotations

import itertools
import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import batch, bvh
from blender_addon.dataset.layout import Dataset
from farm import addon, body, video
from farm.blender import Blender
from farm.rendering import RenderOptions

from ..farm.test_faults import small_disk
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


@pytest.fixture(scope="module")
def play(
    blender: Blender, short: Path, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[dict, Path]]:
    """Plays a part of the script for a user who has installed the extension's zip and nothing else.

    Returns what was told and the folder of the results. The template is of a data set with the same actors.
    """
    application = window.require_application(blender)
    folder = tmp_path_factory.mktemp("user")
    user = window.user_of(folder / "user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLENDER_USER_RESOURCES", user["BLENDER_USER_RESOURCES"])
        addon.install(addon.build(folder), blender)
    opened = shutil.copyfile(template, folder / "template.blend")
    farm = window.launcher(folder)

    def played(part: str, **more: object) -> tuple[dict, Path]:
        out = folder / part
        out.mkdir()
        asked = {
            "data": str(short), "job": str(Dataset.at(short).body_job), "template": str(opened), "out": str(out),
            "farm": str(farm), "play": part,
        }  # fmt: skip
        return window.run_in_window(application, SCRIPT, asked | more, user), out

    return played


@pytest.fixture(scope="module")
def resumed(play) -> tuple[dict, Path]:
    return play("cancelled_and_resumed")


@pytest.fixture(scope="module")
def troubled(play, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    full = tmp_path_factory.mktemp("full")
    (full / "farm_runs").write_text("a file where a folder belongs")
    # No program is where the preferences say, and none is looked for then.
    return play("troubled", data=str(dataset), job=str(Dataset.at(dataset).body_job), full=str(full), farm="/nowhere")


def _luma(path: Path) -> np.ndarray:
    """The brightness of every frame of a video, (frames, height, width)."""
    return np.array([picture.to_ndarray(format="gray") for picture in video.decode(path)], dtype=np.int16)


def test_a_cancelled_job_goes_on_at_its_next_frame(resumed):
    told, _ = resumed
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
    assert [shot["state"] for shot in told["second"]] == ["there", "done"]


def test_the_videos_are_whole_and_heard(resumed):
    told, out = resumed
    for shot in told["second"]:
        silent = out / "body_renders_noaudio" / f"{shot['scene']}.mkv"
        video.check(silent, frames=FRAMES, size=(64, 36))
        heard = video.probe(out / "body_renders" / f"{shot['scene']}.mp4", audio=True)
        assert (heard.frames, heard.fps) == (FRAMES, 30)
        assert abs(heard.audio_seconds - FRAMES / 30) <= 1024 / 48000
        pictures = _luma(silent)
        assert pictures.std() > 5  # somebody is in it
        assert all((a != b).any() for a, b in itertools.pairwise(pictures))
    assert not list(out.rglob("*.partial"))


def test_they_show_what_the_farm_renders(resumed, blender, short, template, tmp_path):
    _, out = resumed
    job = Dataset.at(short).body_job
    look = batch.Look("workbench", (64, 36), 1)
    options = RenderOptions(template=template, blender=blender.path, look=look, workers=1, out=tmp_path, mux=False)
    for result in body.render(job, short, options):
        assert result.problem == ""
        here, there = _luma(out / "body_renders_noaudio" / f"{result.scene}.mkv"), _luma(result.file)
        assert np.array_equal(here, there)


def test_the_panel_shows_how_it_went_and_the_file_is_as_it_was(resumed):
    told, _ = resumed
    assert (told["problem"], told["busy"]) == ("", "")
    assert [(line["state"], line["progress"]) for line in told["lines"]] == [("DONE", -1.0)] * 2
    assert told["after"] == told["before"]


def test_the_window_answers_between_frames(resumed):
    """A timer of 100 ms fires at least once a frame."""
    told, _ = resumed
    fired = np.array(told["fired"])
    for before, after in itertools.pairwise(told["written"]):
        if after - before > 0.1:
            assert ((fired > before) & (fired <= after + 0.01)).any()


def test_escape_ends_it_after_the_frame_in_hand(troubled):
    first, second = troubled[0]["escaped"]
    assert (first["state"], second["state"], second["done"]) == ("cancelled", "cancelled", 0)
    assert 3 <= first["done"] < first["frames"] == 36
    assert troubled[0]["there"] == first["done"]


def test_what_fails_says_why_and_shows_it(troubled):
    told, _ = troubled
    assert [shot["state"] for shot in told["failed"]] == ["failed"] * 2
    assert "farm_runs" in told["problem"]
    assert told["text"].strip() == told["failed"][0]["problem"]
    assert "TEXT_EDITOR" in told["opened"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk_is_told_and_with_room_it_goes_on(play, dataset, tmp_path):
    with small_disk(tmp_path / "disk", 2) as disk:
        filler = disk / "filler"
        filler.write_bytes(bytes(2 * 1024 * 1024 - 96 * 1024))
        job = str(Dataset.at(dataset).body_job)
        told, _ = play("disk_full", data=str(dataset), job=job, out=str(disk), filler=str(filler), farm="/nowhere")
        (failed,), (after,) = told["failed"], told["after"]
        assert failed["state"] == "failed"
        assert 0 < failed["done"] < 36
        assert str(disk) in told["problem"]
        assert (after["state"], after["done"], told["last"]) == ("done", 36, "")
        made = disk / "body_renders_noaudio" / f"{after['scene']}.mkv"
        video.check(made, frames=36, size=(64, 36))
        assert (_luma(made).mean(axis=(1, 2)) > 30).all()  # none is black or cut short


def test_without_the_farms_command_the_panel_says_that_the_sound_lacks(troubled):
    told, out = troubled
    (alone,) = told["alone"]
    assert (alone["state"], alone["done"]) == ("done", 36)
    assert "has no sound yet" in told["notices"]
    video.check(out / "body_renders_noaudio" / f"{alone['scene']}.mkv", frames=36)
    assert not (out / "body_renders").exists()


def test_undo_waits_and_another_file_and_disabling_end_it_cleanly(play, dataset):
    told, _ = play("interrupted", data=str(dataset), job=str(Dataset.at(dataset).body_job))
    assert [shot["state"] for shot in told["after undo"]] == ["cancelled"] * 2
    assert told["scenes"] == ["Scene"]
    assert [shot["state"] for shot in told["after opening"]] == ["cancelled"] * 2
    assert (told["runs"], told["busy"]) == (False, "")
    assert (told["left"], told["copies"]) == (False, ["Scene"])


def test_the_farm_renders_a_submitted_job(play):
    told, out = play("submitted")
    assert told["began"] == ["FINISHED"], told
    assert (told["state"], told["problem"], told["fraction"]) == ("done", "", 1.0)
    assert [line["state"] for line in told["lines"]] == ["DONE"] * 2
    folder = Path(told["folder"])
    assert (folder / "template.blend").is_file()
    # Who plays whom in the panel, and was not saved beside the file.
    actors = tomllib.loads((folder / "rigs.toml").read_text())["actors"]
    assert set(actors) >= {"001", "002"}
    assert all(actor in facts["armature"] for actor, facts in actors.items())
    assert '"frames": 8' in (folder / "farm.log").read_text()
    for line in told["lines"]:
        video.check(out / "body_renders" / f"{line['name']}.mp4", frames=FRAMES, size=(64, 36))
