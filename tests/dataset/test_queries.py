"""Which scenes there are, and what performances hold: the Python way in."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import wave
from contextlib import closing

import numpy as np
import pytest

from blender_addon.dataset import Dataset, blendshapes, layout, queries, stats
from blender_addon.dataset.blendshapes import ARKIT_NAMES
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.queries import Pair
from farm.demo.maker import make_dataset


def names(scenes: list[queries.Scene]) -> list[str]:
    return [str(scene) for scene in scenes]


def test_every_scene_that_a_file_names_is_there_with_what_it_is_about(ten):
    scenes = Dataset(ten).scenes()
    assert names(scenes) == sorted(names(scenes))
    assert len(scenes) == 10
    first = scenes[0]
    assert (str(first), first.actors, first.emotion, first.relationship) == (
        "20231119_001", ("001", "002"), "happiness", "friends",
    )  # fmt: skip
    assert "bicycle" in first.text
    assert (first.frames, first.seconds) == (30, 1.0)
    # The session of that day has its man second by number: men come first.
    assert next(scene for scene in scenes if scene.date == "20240126").actors == ("008", "006")


def test_filters_are_held_against_each_scene(ten):
    data = Dataset(ten)
    every = data.scenes()
    for given, holds in {
        ("emotion", "Anger"): lambda scene: scene.emotion == "anger",
        ("relationship", "couple"): lambda scene: scene.relationship == "couple",
        ("actor", "007"): lambda scene: "007" in scene.actors,
        ("actors", ("006", "008")): lambda scene: set(scene.actors) == {"006", "008"},
        ("date", "20231208"): lambda scene: scene.date == "20231208",
        ("text", "BILL whole"): lambda scene: "whole year" in scene.text,
        ("min_seconds", 1.0): lambda scene: True,
        ("min_seconds", 1.01): lambda scene: False,
        ("missing", "arkit"): lambda scene: str(scene) == "20240126_034",
        ("missing", "any"): lambda scene: str(scene) == "20240126_034",
        ("missing", "wav"): lambda scene: False,
    }.items():
        wanted = [str(scene) for scene in every if holds(scene)]
        assert names(data.scenes(**dict([given]))) == wanted, given
    assert len(data.scenes(emotion="anger")) == 2
    assert names(data.scenes(emotion="anger", actor="003")) == ["20231126_002"]
    in_order = queries.Filter(actors=("006", "008"), male_first=True)
    assert queries.scenes(data, in_order) == []
    assert len(queries.scenes(data, queries.Filter(actors=("008", "006"), male_first=True))) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"emotion": "rage"}, r"no emotion rage in .*scenarios.db; it has affection, anger,"),
        ({"relationship": "foes"}, r"no relationship foes in .*; it has colleagues,"),
        ({"actor": "004"}, r"no actor 004 in .*actors.db; it has 001, 002"),
        ({"actors": ("001", "999")}, "no actor 999"),
        ({"date": "20990101"}, "no session of 20990101"),
        ({"missing": "legs"}, "'legs' is no kind of file: ask for one of motion, arkit, ict, wav or any"),
    ],
)
def test_what_the_data_set_does_not_know_is_told_and_gives_no_empty_list(ten, given, said):
    with pytest.raises(DatasetError, match=said):
        Dataset(ten).scenes(**given)


def test_pairs_are_the_sessions_with_their_scenes(ten):
    assert Dataset(ten).pairs() == [
        Pair("20231119", "001", "002", 2), Pair("20231126", "003", "007", 2), Pair("20231208", "005", "006", 2),
        Pair("20240126", "008", "006", 2), Pair("20240128", "001", "007", 2),
    ]  # fmt: skip
    assert Dataset(ten).pairs("20240126") == [Pair("20240126", "008", "006", 2)]
    with pytest.raises(DatasetError, match="no session of 20240127"):
        Dataset(ten).pairs("20240127")


def test_a_performance_gives_its_arrays_mapped_and_read_only(ten):
    performance = Dataset(ten).performance("20231119_001_001")
    weights = performance.arkit()
    assert isinstance(weights, np.memmap)
    assert (weights.shape, weights.dtype, weights.flags.writeable) == ((30, 51), np.float32, False)
    assert np.array_equal(weights, blendshapes.load_arkit(ten / "face_arkit" / "20231119_001_001.npy"))
    assert np.array_equal(performance.key("jawOpen"), weights[:, ARKIT_NAMES.index("jawOpen")])
    assert performance.ict().shape == (30, 55)
    voice = performance.wav()
    assert (voice.rate, voice.channels, voice.samples.shape, voice.seconds) == (48000, 1, (48000, 1), 1.0)
    assert isinstance(voice.samples, np.memmap)
    assert np.allclose(voice.mono(), voice.samples[:, 0] / 32768)
    motion = performance.motion()
    assert (motion.frames, len(motion.skeleton.names)) == (30, 60)
    positions = performance.positions()
    assert positions.shape == (30, 60, 3)
    heights = positions[:, motion.skeleton.names.index("Head"), 1]
    assert ((heights > 120) & (heights < 190)).all()  # centimetres, Y up
    assert all(path.is_file() for path in performance.files.values())


def test_both_actors_of_a_scene_are_its_performances(ten):
    scene = Dataset(ten).scene("20240126_034")
    him, her = scene.performances
    assert (str(him), str(her)) == ("20240126_008_034", "20240126_006_034")
    assert scene.missing == (("arkit", "006"), ("ict", "006"))
    assert him.arkit().shape == (30, 51)
    with pytest.raises(DatasetError, match=r"20240126_006_034.npy: no such file"):
        her.arkit()
    with pytest.raises(DatasetError, match=r"20231119_099: .* has no file of that scene"):
        Dataset(ten).scene("20231119_099")


def test_no_file_is_opened_for_a_list_and_none_of_its_weights_for_a_performance(ten, tmp_path):
    data = shutil.copytree(ten, tmp_path / "data")
    for path in [*data.glob("*/*.npy"), *data.glob("*/*.bvh"), *data.glob("*/*.wav")]:
        path.write_bytes(b"")
    assert len(Dataset(data).scenes(emotion="anger")) == 2
    assert Dataset(data).scenes()[0].frames == 0
    weights = np.lib.format.open_memmap(data / "face_arkit" / "20231119_001_001.npy", "w+", "<f4", (400, 51))
    weights[7, 3] = np.nan
    weights.flush()
    assert np.isnan(Dataset(data).performance("20231119_001_001").arkit()[7, 3])


def test_rows_that_the_databases_lack_leave_scenes_that_are_there(ten, tmp_path):
    data = shutil.copytree(ten, tmp_path / "data")
    for name, sql in {
        "actors.db": "DELETE FROM sessions WHERE date = '20240126'",
        "scenarios.db": "DELETE FROM scenarios WHERE id = 1",
    }.items():
        with closing(sqlite3.connect(data / name)) as connection, connection:
            connection.execute(sql)
    scenes = {str(scene): scene for scene in Dataset(data).scenes()}
    assert scenes["20231119_001"].emotion == ""
    assert scenes["20240126_034"].actors == ("006", "008")  # by the files
    (data / "scenarios.db").unlink()
    with pytest.raises(DatasetError, match=r"scenarios.db: no such file"):
        Dataset(data).scenes()


def test_wavs_of_other_sample_types_are_read_as_they_are(tmp_path):
    root = make_dataset(tmp_path / "data", scenes=1, seconds=1.0).root
    performance = Dataset(root).performance("20231119_001_001")
    for width, full in ((1, 255), (4, 2**31 - 1)):
        with wave.open(str(performance.files["wav"]), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(width)
            file.setframerate(44100)
            file.writeframes(np.full((441, 2), full, dtype=f"<{'u' if width == 1 else 'i'}{width}").tobytes())
        voice = performance.wav()
        assert (voice.rate, voice.channels, voice.seconds) == (44100, 2, 0.01)
        assert np.allclose(voice.mono(), 1.0, atol=0.01)
    with wave.open(str(performance.files["wav"]), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(48000)
        file.writeframes(bytes(300))
    with pytest.raises(DatasetError, match="24 bits are not read"):
        performance.wav()


def test_broken_wavs_are_told_of_and_never_mapped_beyond_their_end(tmp_path):
    root = make_dataset(tmp_path / "data", scenes=1, seconds=1.0).root
    performance = Dataset(root).performance("20231119_001_001")
    path = performance.files["wav"]
    whole = path.read_bytes()
    at = whole.index(b"data")
    for content, said in {
        whole[: at + 8]: "cut short, 96000 bytes",
        whole[: at + 4] + (1).to_bytes(4, "little") + b"\0": "holds no samples",
        whole[:20]: "header is cut short",
        whole[:20] + b"\x06" + whole[21:]: "format 6 with 16 bits are not read",
    }.items():
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=said):
            performance.wav()
    path.write_bytes(whole[: at + 4] + b"\xff" * 4 + whole[at + 8 :])  # its writer never filled the length in
    assert performance.wav().samples.shape == (48000, 1)


def test_statistics_are_the_sums_of_scenes(ten):
    found = stats.of(Dataset(ten).scenes())
    assert (found.total.scenes, found.total.frames) == (10, 300)
    assert found.by_actor["007"].scenes == 4
    assert sum(amount.frames for amount in found.by_emotion.values()) == 300
    assert sum(amount.scenes for amount in found.by_session.values()) == 10
    assert found.missing == {"arkit": 1, "ict": 1}
    assert found.total.hours == pytest.approx(300 / 30 / 3600)


def test_what_is_no_data_set_is_refused_at_once(tmp_path):
    with pytest.raises(DatasetError, match="no data set here"):
        Dataset(tmp_path)
    assert issubclass(Dataset, layout.Dataset)


def test_the_package_loads_nothing_before_it_is_asked_for():
    code = (
        "import sys, blender_addon.dataset; print([m for m in sys.modules if m.startswith('blender_addon.dataset.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
