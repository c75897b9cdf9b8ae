"""`face preview`: which keys it shows, which frames, and that the picture has them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from farm import preview
from farm.errors import FarmError
from farm.report import curves

from .command_line import interact_farm


def weights_of(names: tuple[str, ...], frames: int, **tracks: np.ndarray | float) -> np.ndarray:
    weights = np.zeros((frames, len(names)), np.float32)
    for name, track in tracks.items():
        weights[:, names.index(name)] = track
    return weights


def drawn(path: Path, colour: str) -> int:
    """Pixels of exactly a curve's colour."""
    pixels = (matplotlib.image.imread(path)[..., :3] * 255).round().astype(int)
    wanted = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return int((pixels == wanted).all(axis=2).sum())


def test_the_keys_that_move_most_come_first_and_both_sides_are_one():
    ramp = np.linspace(0, 1, 30)
    weights = weights_of(
        ICT_NAMES, 30, jawOpen=0.6 * ramp, eyeBlink_R=ramp, mouthFunnel=0.2, mouthLeft=0.4 * ramp, mouthRight=0.3 * ramp
    )
    found = curves.strongest(weights, ICT_NAMES)
    # What is held counts, after what moves; mouthLeft and mouthRight are two keys, the sides of eyeBlink are one.
    assert [curve.name for curve in found] == ["eyeBlink", "jawOpen", "mouthLeft", "mouthRight", "mouthFunnel"]
    assert [ICT_NAMES[column] for column in found[0].columns] == ["eyeBlink_L", "eyeBlink_R"]


def test_arkit_has_the_same_stems():
    everything = np.repeat(np.array([[0.0], [1.0]], np.float32), len(ARKIT_NAMES), axis=1)
    names = [curve.name for curve in curves.strongest(everything, ARKIT_NAMES, 99)]
    of_ict = np.repeat(np.array([[0.0], [1.0]], np.float32), len(ICT_NAMES), axis=1)
    assert sorted([*names, "cheekRaiser"]) == sorted(c.name for c in curves.strongest(of_ict, ICT_NAMES, 99))
    assert {"jawLeft", "jawRight", "mouthLeft", "mouthRight", "eyeLookIn", "browInnerUp"} <= set(names)


def test_curves_alone_need_no_blender(tmp_path):
    path = tmp_path / "anything.npy"
    np.save(path, weights_of(ARKIT_NAMES, 60, jawOpen=np.linspace(0, 1, 60)))
    done = interact_farm(
        "face", "preview", path, "--out", tmp_path / "new" / "p.png", "--no-heads", "--json", cwd=tmp_path,
        env=os.environ | {"INTERACT_BLENDER": "/nowhere", "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["frames"], told["keys"], told["stills"]) == (60, ["jawOpen"], [])
    assert drawn(tmp_path / "new" / "p.png", "#0072B2") > 500
    assert drawn(tmp_path / "new" / "p.png", "#D55E00") == 0


@pytest.mark.parametrize("value", [0.0, 0.4, 1.7])
def test_a_single_frame_and_weights_beyond_one_can_be_drawn(tmp_path, value):
    np.save(tmp_path / "one.npy", weights_of(ICT_NAMES, 1, jawOpen=value))
    made = preview.make(tmp_path / "one.npy", tmp_path / "p.png", heads=False)
    assert made.keys == (("jawOpen",) if value else ())
    assert (drawn(made.path, "#0072B2") > 20) == bool(value)


def test_the_strip_shows_the_actors_head_as_the_weights_say(dataset, tmp_path):
    # The demo's first woman, whose jaw hangs open in the second half.
    path = tmp_path / f"{sorted((dataset / 'face_ict').iterdir())[1].stem}.npy"
    np.save(path, weights_of(ICT_NAMES, 40, jawOpen=np.repeat([0.0, 1.0], 20)))
    made = preview.make(path, tmp_path / "p.png", dataset, actors="mannequin")
    assert made.stills == (3, 8, 13, 18, 23, 28, 33, 38)
    assert made.notices == ()
    picture = matplotlib.image.imread(made.path)[..., :3]
    assert picture.shape[1] == 1920
    # Stills lie side by side from the left end of the curves to their right end, below the two lines of text.
    across = picture.shape[1] * np.array([0.7, 12 - 1.75]) / 12
    side = (across[1] - across[0]) / preview.STILLS
    tops = slice(int(0.75 * 160), int(0.75 * 160 + side - 10))
    stills = [
        picture[tops, int(across[0] + n * side) + 8 : int(across[0] + n * side) + int(side) - 8]
        for n in range(preview.STILLS)
    ]
    differences = [float(np.abs(still - stills[0]).mean()) for still in stills]
    assert max(differences[:4]) < 0.01
    assert min(differences[4:]) > 0.01
    # A head before the ground: its middle is not of the corner's colour.
    assert np.abs(stills[0][70, 70] - stills[0][2, 2]).max() > 0.1


def test_whose_head_is_shown(dataset, tmp_path):
    known = Dataset.at(dataset)
    assert preview.choose_head(known, "006", tmp_path) == preview.Head(known, "006")
    first = preview.choose_head(known, "", tmp_path)
    assert (first.dataset, first.actor) == (known, "001")
    assert "tells no actor" in first.notice
    other = preview.choose_head(known, "099", tmp_path)
    assert other.actor == "001"
    assert "none of actor 099" in other.notice
    plain = preview.choose_head(None, "006", tmp_path / "plain")
    assert plain.dataset.root == tmp_path / "plain"
    assert "--data" in plain.notice


def test_what_cannot_be_shown_is_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(DatasetError, match=r"none\.npy: no such file"):
        preview.make(tmp_path / "none.npy", tmp_path / "p.png", heads=False)
    np.save(tmp_path / "wide.npy", np.zeros((4, 52)))
    with pytest.raises(DatasetError, match=r"\(frames, 55\) or \(frames, 51\)"):
        preview.make(tmp_path / "wide.npy", tmp_path / "p.png", heads=False)
    np.save(tmp_path / "good.npy", np.zeros((4, 51)))
    with pytest.raises(FarmError, match=r"ends in \.png"):
        preview.make(tmp_path / "good.npy", tmp_path / "p.jpg", heads=False)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(FarmError, match=r"pip install 'interact-farm\[plots\]'"):
        preview.make(tmp_path / "good.npy", tmp_path / "p.png", blender="/nowhere")
    assert not (tmp_path / "p.png").exists()
