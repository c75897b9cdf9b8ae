"""Results in both forms, as pictures and as a video: the newer one is used, the older one is kept and told of."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset.naming import PerformanceId
from farm import forms, pictures, plan, video

from .command_line import interact_farm
from .conftest import FACE_LOOK, FACES
from .test_face import decoded, folder

SILENT = "face_renders_noaudio"
OLD_PICTURES = (
    f"note {SILENT}/: older pictures are kept beside the newer videos: {FACES[0]}/; sound, gallery and verify"
)
OLD_VIDEO = (
    f"note {SILENT}/: older videos are kept beside the newer pictures: {FACES[0]}.mkv; sound, gallery and verify"
)


def test_each_older_form_is_named_once_however_many_there_are(tmp_path):
    outputs = plan.Outputs(tmp_path)
    names = [PerformanceId("20231119", "001", f"{number:03d}") for number in range(1, 9)]
    for number, name in enumerate(names):
        if number != 6:
            outputs.pictures(name).mkdir(parents=True)
            os.utime(outputs.pictures(name), ns=(100, 100))
        if number != 7:
            outputs.clip(name).write_bytes(b"")
            os.utime(outputs.clip(name), ns=(200, 200) if number < 5 else (50, 50))
    assert forms.beside(outputs, names[6:]) == ()
    by_videos, by_pictures = forms.beside(outputs, names)
    listed = "20231119_001_001/, 20231119_001_002/, 20231119_001_003/ and 2 more"
    assert by_videos == (
        f"{SILENT}/: older pictures are kept beside the newer videos: {listed}; sound, gallery and verify go by the "
        "videos; delete the older pictures by hand if you no longer need them"
    )
    assert f"older videos are kept beside the newer pictures: {names[5]}.mkv; sound" in by_pictures


@pytest.fixture
def arguments(faces, dataset, tmp_path) -> tuple[object, ...]:
    """Of a job of one face whose pictures are there, in the folder `out`."""
    shutil.copytree(faces, tmp_path / "out")
    (tmp_path / "one.txt").write_text(f"{FACES[0]}\n")
    return tmp_path / "one.txt", "--data", dataset, "--out", tmp_path / "out"


def test_a_run_of_the_other_form_keeps_the_older_one_and_tells_of_it(arguments, tmp_path):
    out = tmp_path / "out"
    clip, heard = out / SILENT / f"{FACES[0]}.mkv", out / "face_renders" / f"{FACES[0]}.mp4"
    before = {path: path.read_bytes() for path in folder(out).iterdir()}

    def run(*command: object) -> str:
        done = interact_farm(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        assert {path: path.read_bytes() for path in folder(out).iterdir()} == before
        return " ".join(done.stderr.split())

    def rendered(form: str) -> str:
        return run("face", "render", *arguments, "--workers", 1, *FACE_LOOK, "--format", form)

    def shows_the_clip(path: Path) -> bool:
        return np.array_equal(decoded(path), decoded(clip))

    assert "older" not in rendered("png")
    assert rendered("mkv").count(OLD_PICTURES.removeprefix("note ")) == 1
    assert shows_the_clip(heard)
    assert OLD_PICTURES in run("verify", *arguments)
    # All pictures are there: nothing is rendered, and yet they are what is heard from now on.
    assert rendered("png").count(OLD_VIDEO.removeprefix("note ")) == 1
    assert not shows_the_clip(heard)
    assert OLD_VIDEO in run("verify", *arguments)
    assert OLD_VIDEO in run("runs", "verify", "--out", out)
    shown = heard.stat().st_mtime_ns
    run("face", "mux", *arguments)
    assert heard.stat().st_mtime_ns == shown
    # So it is with the video, which is all there as well.
    rendered("mkv")
    assert shows_the_clip(heard)
    assert video.probe(clip).frames == len(before)
    assert pictures.path_of(folder(out), 1) in before
