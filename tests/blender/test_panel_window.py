"""The panel's main path in a real window of each Blender application, on a virtual screen."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from farm.blender import Blender

from . import pictured_window

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(blender, tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("window")


@pytest.fixture(scope="module")
def facts(blender: Blender, dataset: Path, template: Path, folder: Path) -> dict:
    if blender.path is None:
        pytest.skip("the bpy module has no window")
    if missing := pictured_window.missing():
        pytest.skip(f"no {' and no '.join(missing)} here: the panel is not tested in a window")
    job = folder / "job.txt"
    job.write_text("20231119_001\n20231126_002\n20231119_899\n")
    script = Path(__file__).with_name("panel_window.py")
    arguments = [ROOT, dataset, job, folder]
    log = pictured_window.run(blender.path, template, script, arguments, folder, timeout=240)
    told = folder / "facts.json"
    assert told.is_file(), log
    found = json.loads(told.read_text())
    assert "problem" not in found, found["problem"]
    return found


def grey(picture: Path) -> np.ndarray:
    """A picture's brightness (height, width), 0 to 255."""
    with av.open(str(picture)) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray").astype(float)


def test_a_users_path_goes_through_and_the_window_lives(facts):
    assert facts["detected"] == facts["composited"] == ["FINISHED"]
    assert facts["checking"] == ["RUNNING_MODAL"]
    assert facts["findings"] >= 1
    assert facts["on rigs"] == "20231119_001"


def test_play_goes_on_in_step_with_the_sound(facts):
    frames, seconds = facts["played"]
    assert frames > 5
    assert frames / 30 <= seconds + 0.5
    assert facts["mode"] == "AUDIO_SYNC"


def test_escape_stops_what_works_step_by_step(facts):
    assert facts["all"] == ["RUNNING_MODAL"]
    assert facts["busy before"] is True
    assert 1 <= facts["scenes"] <= 3


def test_the_panel_is_drawn_in_english_and_in_german(facts, folder):
    english, german = grey(folder / "panel.png"), grey(folder / "german.png")
    assert english.shape == german.shape == (pictured_window.SIZE[1], pictured_window.SIZE[0])
    left, right = facts["panel"]
    panel = english[200:700, left:right]
    assert panel.std() > 10
    assert (np.abs(panel - german[200:700, left:right]) > 30).mean() > 0.005
