"""`interact-farm data scenes`, `pairs`, `show` and `stats`, started as a user starts them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np

from blender_addon.dataset import Dataset, interaction, sound
from blender_addon.dataset.blendshapes import ARKIT_NAMES

from ..command_line import interact_farm

_QUICK = [("data", "scenes"), ("data", "pairs"), ("data", "stats"), ("data", "show"), ("jobs", "make")]


def told(*arguments: object) -> str:
    done = interact_farm(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_scenes_are_a_table_and_json(ten):
    lines = told("data", "scenes", "--data", ten, "--emotion", "anger").splitlines()
    assert lines[0].split() == ["scene", "actors", "emotion", "relationship", "length", "text"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["20231126_002", "003", "007", "anger"], ["20240126_009", "006", "008", "anger"],
    ]  # fmt: skip
    facts = json.loads(told("data", "scenes", "--data", ten, "--emotion", "anger", "--json"))
    assert [(fact["scene"], fact["actors"], fact["seconds"]) for fact in facts] == [
        ("20231126_002", ["003", "007"], 1.0), ("20240126_009", ["006", "008"], 1.0),
    ]  # fmt: skip
    (lacking,) = json.loads(told("data", "scenes", "--data", ten, "--missing", "any", "--json"))
    assert lacking["missing"] == [{"kind": "arkit", "actor": "006"}, {"kind": "ict", "actor": "006"}]
    assert "arkit:006 ict:006" in told("data", "scenes", "--data", ten, "--missing", "ict")


def test_a_pair_is_found_in_either_order_or_man_first(ten):
    def found(*options: str) -> list[list[str]]:
        return [fact["actors"] for fact in json.loads(told("data", "scenes", "--data", ten, "--json", *options))]

    assert found("--pair", "8,6") == found("--pair", "006,008") == [["006", "008"]] * 2
    assert found("--pair", "8,6", "--gender-order") == [["008", "006"]] * 2
    assert found("--pair", "6,8", "--gender-order") == []
    refused = interact_farm("data", "scenes", "--data", ten, "--pair", "6")
    assert (refused.returncode, "write two actors such as 001,002" in refused.stderr) == (2, True)
    unknown = interact_farm("data", "scenes", "--data", ten, "--actor", "4")
    assert unknown.returncode == 1
    assert "there is no actor 004" in unknown.stderr


def test_pairs_are_listed_by_date(ten):
    assert [line.split() for line in told("data", "pairs", "--data", ten).splitlines()[1:3]] == [
        ["20231119", "001", "002", "2"], ["20231126", "003", "007", "2"],
    ]  # fmt: skip
    assert json.loads(told("data", "pairs", "--data", ten, "--date", "20240126", "--json")) == [
        {"date": "20240126", "male": "008", "female": "006", "scenes": 2}
    ]


def test_a_scene_is_shown_with_its_files_and_drawn(ten, tmp_path):
    text = told("data", "show", "20240126_034", "--data", ten, "--plot", tmp_path / "scene.png")
    assert "surprise, teacher and student, 1.0 s" in text
    assert "wav/20240126_008_034.wav" in text
    assert "missing (known to the data set's authors)" in text
    assert (tmp_path / "scene.png").read_bytes().startswith(b"\x89PNG")
    facts = json.loads(told("data", "show", "20231119_001", "--data", ten, "--json"))
    him, her = facts["performances"]
    assert (him["actor"], him["gender"], her["actor"], her["gender"]) == ("001", "male", "002", "female")
    assert him["files"]["arkit"] == {"path": "face_arkit/20231119_001_001.npy", "seconds": 1.0, "problem": ""}
    assert facts["frames"] == 30
    missing = interact_farm("data", "show", "20231119_099", "--data", ten)
    assert (missing.returncode, "has no file of that scene" in missing.stderr) == (1, True)


def test_what_cannot_be_read_leaves_a_plot_without_it(ten, tmp_path):
    data = shutil.copytree(ten, tmp_path / "data")
    weights = np.load(data / "face_arkit" / "20231119_001_001.npy")
    weights[3, 4] = np.nan
    np.save(data / "face_arkit" / "20231119_001_001.npy", weights)
    (data / "wav" / "20231119_001_001.wav").write_bytes(b"RIFF")
    (data / "bvhs_retarget" / "20231119_002_001.bvh").write_text("HIERARCHY")
    text = told("data", "show", "20231119_001", "--data", data, "--plot", tmp_path / "scene.png")
    assert "wav header is cut short" in text
    assert "does not say how many frames it has" in text
    assert (tmp_path / "scene.png").is_file()


def test_statistics_are_told_and_drawn(ten, tmp_path):
    text = told("data", "stats", "--data", ten, "--plots", tmp_path / "plots")
    assert text.startswith("10 scenes, 300 frames, 0.2 min, 1.0 s a scene on average")
    assert "files missing: 1 arkit, 1 ict" in text
    names = ("actors", "emotions", "lengths", "relationships", "sessions")
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [f"{name}.png" for name in names]
    facts = json.loads(told("data", "stats", "--data", ten, "--json"))
    assert facts["by_actor"]["007"] == {"scenes": 4, "frames": 120, "hours": round(120 / 30 / 3600, 4)}
    assert facts["missing_files"] == {"arkit": 1, "ict": 1}


def test_questions_load_nothing_that_renders_or_draws():
    """It is what keeps them as quick as a bare start of Python with numpy and click."""
    slow = [
        "rich",
        "av",
        "ffmpeg",
        "matplotlib",
        "psutil",
        "filelock",
        "farm.run",
        "farm.rendering",
        "farm.commands.console",
    ]
    code = (
        "import sys; from farm.cli import main; import click\n"
        "context = click.Context(main)\n"
        f"for group, name in {_QUICK}:\n"
        "    assert main.get_command(context, group).get_command(context, name).name == name\n"
        f"print([name for name in {slow} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_that_the_groups_name_is_there():
    for group in ((), ("data",), ("jobs",)):
        assert "Commands:" in told(*group, "--help")


def test_distance_and_gaze_are_those_of_the_made_people(ten):
    him, her = Dataset(ten).scene("20231119_001").performances
    tracks = [interaction.head_track(performance.motion()) for performance in (him, her)]
    positions = [performance.positions() for performance in (him, her)]
    apart = np.linalg.norm((positions[0] - positions[1])[:, 0, [0, 2]], axis=1) / 100  # hips, cm, Y up
    assert np.allclose(interaction.distance(*tracks), apart)
    # Made people look at each other, with glances aside.
    for mine, other, performance in ((*tracks, him), (*reversed(tracks), her)):
        off = interaction.gaze_off(mine, other, performance.arkit())
        assert off.shape == (30,)
        assert np.median(off) < 12
    turned = interaction.HeadTrack(tracks[0].hips, tracks[0].head, -tracks[0].forward, -tracks[0].left, tracks[0].up)
    assert interaction.gaze_off(turned, tracks[1]).min() > 120


def test_eyes_turn_the_gaze_to_their_side(ten):
    him, her = (interaction.head_track(p.motion()) for p in Dataset(ten).scene("20231119_001").performances)
    weights = np.zeros((30, 51), dtype=np.float32)
    ahead = interaction.HeadTrack(him.hips, him.head, *_facing(her.head - him.head))
    assert np.allclose(interaction.gaze_off(ahead, her, weights), 0, atol=1e-3)
    weights[:, ARKIT_NAMES.index("eyeLookOutLeft")] = weights[:, ARKIT_NAMES.index("eyeLookInRight")] = 0.5
    assert np.allclose(interaction.gaze_off(ahead, her, weights), 16, atol=1e-3)
    aside = interaction.HeadTrack(him.hips, him.head, *_facing(her.head - him.head, np.radians(-16)))
    assert np.allclose(interaction.gaze_off(aside, her, weights), 0, atol=1e-3)


def _facing(towards: np.ndarray, turn: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forward, left and up (3, N) of a head that faces there, turned to its left by so many radians."""
    forward = towards / np.linalg.norm(towards, axis=0)
    left = np.cross([0.0, 0.0, 1.0], forward.T).T
    left /= np.linalg.norm(left, axis=0)
    up = np.cross(forward.T, left.T).T
    return np.cos(turn) * forward + np.sin(turn) * left, np.cos(turn) * left - np.sin(turn) * forward, up


def test_loudness_is_in_decibels_of_full_scale(tmp_path):
    samples = np.zeros((48000, 1), dtype=np.int16)
    samples[24000:, 0] = np.where(np.arange(24000) % 2, 16384, -16384)
    loud = interaction.loudness(sound.Sound(tmp_path, 48000, samples))
    assert loud.shape == (30,)
    assert loud[:12].max() == interaction.QUIETEST
    assert np.allclose(loud[18:], -6.02, atol=0.01)
