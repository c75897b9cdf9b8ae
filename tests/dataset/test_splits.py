"""Splits that do not leak: what is kept together, how large parts are, how alike their emotions."""

from __future__ import annotations

import pytest

from blender_addon.dataset import splits
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.queries import Scene
from blender_addon.dataset.splits import Item
from farm.demo.skeletons import sessions

THREE = {"train": 0.8, "val": 0.1, "test": 0.1}
EMOTIONS = ("anger", "fear", "happiness", "neutral", "sadness")


def items(tmp_path, count: int = 241) -> list[Item]:
    """Scenes as in the published set: 241 of five sessions, some scenarios played by several pairs."""
    found = []
    for number in range(count):
        session = sessions()[number % 5]
        scenario = f"{number // 3 + 1:03d}"
        scene = Scene(
            SceneId(session.date, scenario), session.actors, EMOTIONS[int(scenario) % 5], "", "", "", (),
            Dataset(tmp_path),
        )  # fmt: skip
        found.append(Item(scene, 600 + number * 977 % 3400))
    return found


def groups(part: list[Item], by: str) -> set[str]:
    """What a part has of what may be in one part only."""
    found = {
        "scene": [(str(item.scene),) for item in part],
        "pair": [("+".join(sorted(item.scene.actors)),) for item in part],
        "actor": [item.scene.actors for item in part],
        "scenario": [(item.scene.scenario,) for item in part],
    }[by]
    return {name for names in found for name in names}


@pytest.mark.parametrize("by", splits.GROUPS)
def test_nothing_that_is_kept_together_is_in_two_parts(tmp_path, by):
    given = items(tmp_path)
    split = splits.make(given, THREE, by)
    parts = list(split.parts.values())
    assert list(split.parts) == ["train", "val", "test"]
    assert all(parts)
    for n, part in enumerate(parts):
        for other in parts[n + 1 :]:
            assert not groups(part, by) & groups(other, by)
    everything = [item for part in parts for item in part] + split.left_out
    assert sorted(item.scene.id for item in everything) == sorted(item.scene.id for item in given)
    assert all(part == sorted(part, key=given.index) for part in parts)
    if by != "actor":
        assert split.left_out == []


def test_without_large_groups_parts_have_the_sizes_and_emotions_that_all_have(tmp_path):
    given = items(tmp_path)
    total = sum(item.frames for item in given)
    for by, most in (("scene", 0.005), ("scenario", 0.03)):
        split = splits.make(given, THREE, by, seed=7)
        for name, part in split.parts.items():
            frames = sum(item.frames for item in part)
            assert frames / total == pytest.approx(THREE[name], abs=most)
            for emotion in EMOTIONS:
                here = sum(item.frames for item in part if item.scene.emotion == emotion) / frames
                everywhere = sum(item.frames for item in given if item.scene.emotion == emotion) / total
                assert here == pytest.approx(everywhere, abs=10 * most)


def test_actors_are_kept_apart_at_the_least_cost_of_scenes(tmp_path):
    given = items(tmp_path)
    # 001, 002, 003 and 007 met one another, and so did 005, 006 and 008: two parts need lose nothing, three do.
    two = splits.make(given, {"train": 0.8, "test": 0.2}, "actor")
    assert two.left_out == []
    assert {frozenset(groups(part, "actor")) for part in two.parts.values()} == {
        frozenset({"001", "002", "003", "007"}), frozenset({"005", "006", "008"}),
    }  # fmt: skip
    three = splits.make(given, THREE, "actor")
    assert {item.scene.date for item in three.left_out} == {"20240128"}


def test_a_seed_gives_one_split_and_another_seed_another(tmp_path):
    given = items(tmp_path)
    for by in ("scene", "scenario"):
        first = splits.make(given, THREE, by, seed=1)
        assert splits.make(given, THREE, by, seed=1) == first
        assert splits.make(given, THREE, by, seed=2) != first


def test_the_split_of_a_seed_stays_as_it_is(tmp_path):
    part = splits.make(items(tmp_path, 30), {"train": 0.9, "test": 0.1}, "scene", seed=3).parts["test"]
    assert [str(item.scene) for item in part] == [
        "20231126_001",
        "20240128_005",
        "20240126_007",
        "20231126_008",
        "20231119_009",
        "20240126_010",
    ]


def test_parts_that_cannot_all_have_something_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="6 parts that share no pair cannot be made of 241 scenes of 5 pairs"):
        splits.make(items(tmp_path), dict.fromkeys("abcdef", 1 / 6), "pair")
    with pytest.raises(DatasetError, match="of 1 scenes of 1 scenes: one would be empty"):
        splits.make(items(tmp_path, 1), THREE, "scene")
    for shares in ({}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": float("nan")}):
        with pytest.raises(ValueError, match=r"above 0 and add up to 1"):
            splits.make(items(tmp_path), shares, "scene")


def test_scenes_of_no_known_length_are_shared_out_too(tmp_path):
    given = [Item(item.scene, 0) for item in items(tmp_path, 40)]
    split = splits.make(given, {"a": 0.5, "b": 0.5}, "scene")
    assert [len(part) for part in split.parts.values()] == [20, 20]
