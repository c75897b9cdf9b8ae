"""Any motion as a video: rendered once for real, and what is made of faces, voices and names."""

from __future__ import annotations

import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import bvh
from blender_addon.dataset.batch import Look
from blender_addon.dataset.errors import DatasetError
from farm import video
from farm.errors import FarmError
from farm.rendering import RenderOptions
from farm.videos.show import show
from tests.dataset.any_body import renamed, scaled

from ..command_line import interact_farm

SMALL = RenderOptions(look=Look("workbench", (64, 36), 1), actors="mannequin", workers=1)


@pytest.fixture(scope="module")
def motion(dataset: Path) -> bvh.Motion:
    """Ten frames of InterAct's skeleton, in inches and with names that say nothing."""
    whole = bvh.read(min((dataset / "bvhs").glob("*.bvh")))
    return renamed(scaled(replace(whole, values=whole.values[:10]), 1 / 2.54))


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A third of a second of a tone of 440 Hz."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    tone = np.sin(np.arange(16_000) * 2 * np.pi * 440 / 48_000) * 12_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(tone.astype("<i2").tobytes())
    return path


def test_two_people_with_a_face_and_a_voice(motion: bvh.Motion, voice: Path, tmp_path: Path) -> None:
    one, two, face = tmp_path / "one.bvh", tmp_path / "two.bvh", tmp_path / "face.npy"
    bvh.write(one, motion)
    bvh.write(two, replace(motion, values=motion.values[:6]))
    np.save(face, np.full((10, 55), 0.5, np.float32))
    look = ("--engine", "workbench", "--size", "64x36", "--actors", "mannequin")

    shown = tmp_path / "shown.mp4"

    done = interact_farm("video", "show", one, two, "--face", face, "--wav", voice, "--out", shown, *look)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(shown)
    video.check(shown, frames=10, size=(64, 36))
    info = video.probe(shown, audio=True)
    assert (info.frames, info.fps) == (10, Fraction(30))
    assert info.audio_seconds == pytest.approx(1 / 3, abs=0.03)
    assert "two.bvh: body has 6 of 10 frames" in done.stderr


def test_positions_of_one_person_without_sound(dataset: Path, tmp_path: Path) -> None:
    captured = bvh.read(min((dataset / "bvhs").glob("*.bvh")))
    positions, _ = bvh.forward_kinematics(captured)
    positions = positions.transpose(2, 0, 1)[:12] / 100

    shown = show(positions, parents=captured.skeleton.parents, fps=15, out=tmp_path / "shown.mp4", options=SMALL)

    pictures = [frame.to_ndarray(format="gray") for frame in video.decode(shown)]
    assert len(pictures) == 23  # of 12 frames at 15 a second
    assert video.probe(shown, audio=True).audio_seconds is None
    # Somebody stands in the middle, and moves.
    assert max(np.abs(picture.astype(int) - pictures[0]).max() for picture in pictures[1:]) > 40
    assert not list(tmp_path.glob("*.partial*"))


def test_a_video_of_the_users_own_is_not_overwritten(
    motion: bvh.Motion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bvh.write(tmp_path / "walk.bvh", motion)
    (tmp_path / "walk.mp4").write_bytes(b"a film")

    with pytest.raises(FarmError, match="was not made by interact-farm; name another with --out"):
        show("walk.bvh")

    assert (tmp_path / "walk.mp4").read_bytes() == b"a film"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"face": np.zeros((18, 40))}, r"51\) for ARKit or \(frames, 55\) for ICT, these have \(18, 40\)"),
        ({"face": np.full((18, 51), np.nan)}, "NaN"),
        ({"face": [None, None]}, "2 faces for 1 motion"),
        ({"wav": ["a.wav", "b.wav"]}, "2 voices for 1 motion"),
        ({"wav": "none.wav"}, r"none\.wav"),
        ({"out": "shown.avi"}, r"ends in \.mp4"),
    ],
)
def test_what_cannot_be_shown_says_why(motion: bvh.Motion, tmp_path: Path, given: dict, reason: str) -> None:
    bvh.write(tmp_path / "walk.bvh", motion)

    with pytest.raises((FarmError, DatasetError), match=reason):
        show(tmp_path / "walk.bvh", **({"out": tmp_path / "shown.mp4"} | given))


def test_positions_that_are_none_say_why(tmp_path: Path) -> None:
    out = tmp_path / "shown.mp4"
    with pytest.raises(FarmError, match="need `parents`"):
        show(np.zeros((5, 4, 3)), out=out)
    with pytest.raises(DatasetError, match="no body of a person"):
        show(np.zeros((5, 4, 3)), parents=[-1, 0, 1, 2], out=out)
    with pytest.raises(DatasetError, match="2 joints have no parent"):
        show(np.zeros((5, 4, 3)), parents=[-1, -1, 1, 2], out=out)
    with pytest.raises(DatasetError, match=r"shape \(frames, 4 joints, 3\)"):
        show(np.zeros((5, 3, 3)), parents=[-1, 0, 1, 2], out=out)
