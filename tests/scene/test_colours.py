"""Actors of one template never look alike."""

import itertools

import pytest

pytest.importorskip("bpy")

from blender_addon.scene import colours, looks


def closest(looks) -> float:
    return min(colours.distance(a.top, b.top) for a, b in itertools.combinations(looks.values(), 2))


def test_distances_are_the_ones_of_cie_lab():
    assert colours.lab((1.0, 1.0, 1.0)) == pytest.approx((100, 0, 0), abs=0.01)
    assert colours.lab((1.0, 0.0, 0.0)) == pytest.approx((53.24, 80.09, 67.20), abs=0.01)  # Lindbloom's calculator
    assert colours.distance((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)) == pytest.approx(100, abs=0.01)


def test_the_data_sets_actors_keep_their_colours_and_differ():
    found = colours.looks_of(dict.fromkeys(looks.LOOKS, ""))
    assert found == looks.LOOKS
    assert closest(found) > colours.APART


def test_any_other_two_differ_too():
    ids = [f"{n:03d}" for n in range(100, 140)]
    assert min(colours.distance(looks.look_of(a).top, looks.look_of(b).top)
               for a, b in itertools.combinations(ids, 2)) < 5  # fmt: skip
    for a, b in itertools.combinations(ids, 2):
        assert closest(colours.looks_of({a: "male", b: "female"})) > colours.APART
    assert closest(colours.looks_of(dict.fromkeys([*ids[:8], "001", "002"], ""))) > 25


def test_a_new_actor_changes_nobody_of_the_data_set():
    few, more = (colours.looks_of(dict.fromkeys(ids, "")) for ids in (["001", "777"], ["001", "002", "777"]))
    assert few["001"] == more["001"]
