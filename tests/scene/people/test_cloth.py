"""What cloth covers stays under it, in ten random scenes and in poses that people hardly take."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bpy")

from blender_addon.dataset import bvh
from blender_addon.dataset.actor_skeletons import actor_skeletons
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.makehuman import RIG_NAMES
from blender_addon.scene import looks
from blender_addon.scene.people import dress, skirt
from farm import assets
from farm.demo.maker import make_dataset

from . import posing

DATA = assets.there()
pytestmark = pytest.mark.skipif(DATA is None, reason="the people's data have not been fetched")

SCENES, EACH = 10, 3
#: Poses by hand: {role: (axis of the world in the T-pose, degrees)}, for both sides where the role has none.
POSES = {
    "arms up": {"upper_arm.L": ("Y", -75), "upper_arm.R": ("Y", 75), "shoulder.L": ("Y", -15), "shoulder.R": ("Y", 15)},
    "arms down": {"upper_arm.L": ("Y", 80), "upper_arm.R": ("Y", -80)},
    "crouch": {"thigh": ("X", -100), "shin": ("X", 120), "foot": ("X", -25), "spine.0": ("X", 20), "spine.1": ("X", 9)},
    "bend": {"spine.0": ("X", 25), "spine.1": ("X", 20), "spine.2": ("X", 20), "neck.0": ("X", 15), "head": ("X", 15)},
    "lean back": {"spine.0": ("X", -12), "spine.1": ("X", -10), "neck.0": ("X", -15), "head": ("X", -20)},
    "look round": {"neck.0": ("Z", 30), "neck.1": ("Z", 20), "head": ("Z", 30)},
    "lean aside": {"spine.0": ("Y", 12), "spine.1": ("Y", 10), "neck.0": ("Y", 15), "head": ("Y", 15)},
    "step": {
        "thigh.L": ("X", -40), "shin.L": ("X", 15), "foot.L": ("X", -20), "thigh.R": ("X", 25), "shin.R": ("X", 25),
        "foot.R": ("X", 30), "toe.R": ("X", -30),
    },
    "kick": {"thigh.L": ("X", -80), "thigh.R": ("X", 20)},
    "straddle": {"thigh.L": ("Y", -25), "thigh.R": ("Y", 25)},
    "wrists": {"hand.L": ("Z", 60), "hand.R": ("Y", 60)},
}  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    made = make_dataset(tmp_path_factory.mktemp("cloth") / "data", scenes=SCENES, seconds=2.0, seed=23)
    return Dataset.at(made.root)


@pytest.fixture(scope="module")
def people(dataset: Dataset) -> dict[str, posing.Person]:
    return {
        name: posing.person(Path(DATA), name, skeleton, female=looks.look_of(name).female)
        for name, skeleton in actor_skeletons(dataset).items()
    }


@cache
def covered(person: posing.Person) -> dict[str, tuple[str, np.ndarray, posing.Cover]]:
    """Per inner layer: what covers it, which of its vertices are covered by more than a few mm of cloth in the A-pose,
    and which faces of the cover count (a sleeve that lies on the hip covers no trousers)."""
    body, layers, size = person.body, person.layers, person.body.size
    top, legs, neck, hands = (layers[name] for name in ("top", "legs", "neck", "hands"))
    arms = body.arms(top)[top.faces]
    trunk, sleeves = (arms < 0.3).all(axis=1), (arms > 0.5).all(axis=1)
    under_collar = dress.collar(body, neck.points) < -0.004 * size
    under_collar &= neck.points[:, 2] < body.fit.pose.rest.head("neck.0")[2] + 0.025 * size  # not the chin over it
    in_cuff = np.zeros(len(hands.points), dtype=bool)
    for side in "LR":
        along = body.along(hands.points, f"forearm.{side}", f"hand.{side}")
        in_cuff |= (body.limb(hands, side, "forearm") > 0.5) & (along < dress.CUFF - 0.03)
    found = {
        "neck": ("top", under_collar, trunk),
        "hands": ("top", in_cuff, sleeves),
        "legs": ("top", legs.points[:, 2] > dress.hip_line(body) + 0.006 * size, trunk),
    }
    everywhere = np.ones(len(legs.faces), dtype=bool)
    if body.skirt:
        hem = skirt.hem_line(float(body.head("shin.L")[2]), size)
        found["bare"] = ("legs", layers["bare"].points[:, 2] > hem + 0.008 * size, everywhere)
    else:
        shoes = layers["shoes"].points[:, 2]
        found["shoes"] = ("legs", shoes > legs.points[:, 2].min() + 0.010 * size, everywhere)
    return {
        inner: (outer, np.flatnonzero(rows), posing.Cover(layers[outer].faces[faces]))
        for inner, (outer, rows, faces) in found.items()
    }


def out_of_cover(person: posing.Person, pose: posing.Pose, pushed: tuple[str, float] = ("", 0.0)) -> dict[str, float]:
    """How far the vertex of each layer that is farthest out lies out of its cover, m, negative within.

    pushed: a layer one vertex of which is first put so far, m, out of its cover.
    """
    found = {}
    for inner, (outer, rows, surface) in covered(person).items():
        cover = posing.skinned(person, outer, pose)
        points = posing.skinned(person, inner, pose)[rows]
        if inner == pushed[0]:
            points[0] = surface.beyond(points[0], cover, pushed[1])
        found[inner] = float(surface.outside(points, cover).max())
    return found


def by_hand(person: posing.Person, name: str, share: float = 1.0) -> posing.Pose:
    """One of POSES, all its turns multiplied by `share`."""
    turned = {}
    for role, (axis, degrees) in POSES[name].items():
        turn = (axis, degrees * share)
        sides = (f"{role}.L", f"{role}.R") if role in ("thigh", "shin", "foot") else (role,)
        turned |= dict.fromkeys(sides, turn)
    return posing.posed(person.body.fit.pose.rest, turned)


def test_nothing_comes_out_of_its_cloth_in_ten_random_scenes(dataset, people):
    files = sorted(dataset.bvhs_retarget.glob("*.bvh"))
    assert len(files) == 2 * SCENES
    rng = np.random.default_rng(0)
    for path in files:
        person, motion = people[path.stem.split("_")[1]], bvh.read(path)
        frames = rng.choice(motion.frames, EACH, replace=False)
        for frame, pose in zip(frames, posing.poses(motion, frames), strict=True):
            out = out_of_cover(person, pose)
            assert max(out.values()) < 0.0005, (path.stem, frame, out)


@pytest.mark.parametrize("name", POSES)
def test_nothing_comes_out_of_its_cloth_in_an_extreme_pose(people, name):
    for actor, person in people.items():
        out = out_of_cover(person, by_hand(person, name))
        assert max(out.values()) < 0.0005, (actor, out)


@pytest.mark.parametrize("rig", RIG_NAMES)
def test_nor_does_it_on_another_rig(dataset, rig):
    for name, female in (("003", False), ("006", True)):
        person = posing.person(Path(DATA), name, actor_skeletons(dataset)[name], female=female, rig=rig)
        for pose in POSES:
            # Their weights reach higher up: in the deepest crouch the groin's folds cut each other under the belly.
            out = out_of_cover(person, by_hand(person, pose, 0.8))
            assert max(out.values()) < 0.0005, (name, pose, out)


def test_every_layer_is_looked_at_and_what_comes_out_by_5_mm_is_seen(people):
    assert {inner for person in people.values() for inner in covered(person)} == {
        "neck", "hands", "legs", "bare", "shoes"}  # fmt: skip
    assert sorted(person.body.skirt for person in people.values()) == ["", "", "", "", "", "skin", "tights"]
    for person in people.values():
        for inner, (_, rows, _) in covered(person).items():
            assert len(rows) > 15, inner
            out = out_of_cover(person, by_hand(person, "step"), (inner, 0.005))
            assert out[inner] == pytest.approx(0.005, abs=0.001)
            assert max(out.values()) == out[inner]


def test_a_skirt_spans_a_step_and_hides_what_does_in_a_standing_pose(people):
    for person in people.values():
        if not person.body.skirt:
            continue
        size, cloth = person.body.size, person.layers["legs"]
        person.layers["across"] = skirt.across(cloth, dress.hip_line(person.body), size)
        surface = posing.Cover(cloth.faces)
        out = {}
        for share in (0.0, 0.15, 1.0):
            pose = by_hand(person, "step", share)
            out[share] = surface.outside(posing.skinned(person, "across", pose), posing.skinned(person, "legs", pose))
        assert max(out[0.0].max(), out[0.15].max()) < -0.001
        before, behind = out[1.0].reshape(2, 2, -1).max(axis=(0, 2))
        assert before > 0.03 * size
        assert behind > 0.03 * size


def test_hems_are_straight(people):
    for person in people.values():
        for layer in ("top", "legs"):
            part = person.layers[layer]
            low = part.points[np.unique(posing.sheet.rim_edges(part.faces)), :]
            ends = low[low[:, 2] < part.points[:, 2].min() + 0.02]
            assert len(ends) > 30
            assert np.ptp(ends[:, 2]) < 0.003, layer


def test_bare_legs_end_in_their_shoes(people):
    for person in people.values():
        if person.body.skirt:
            bare, shoes = person.layers["bare"].points[:, 2].min(), person.layers["shoes"].points[:, 2]
            assert shoes.min() + 0.03 < bare < shoes.max(), "a foot that reaches down comes through the sole"


def sharp_folds(person: posing.Person, pose: posing.Pose, side: str) -> int:
    """How many edges of the jumper in an armpit are folded by more than 60 degrees."""
    top, body = person.layers["top"], person.body
    armpit = body.head(f"upper_arm.{side}") - (0.0, 0.0, 0.07 * body.size)
    points = posing.skinned(person, "top", pose)
    across = np.cross(*(points[top.faces[:, end]] - points[top.faces[:, start]] for start, end in ((0, 2), (1, 3))))
    normals = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    edges = np.sort(np.concatenate([top.faces[:, [n, (n + 1) % 4]] for n in range(4)]), axis=1)
    order = np.lexsort(edges.T)
    edges, faces = edges[order], np.tile(np.arange(len(top.faces)), 4)[order]
    shared = np.flatnonzero((edges[1:] == edges[:-1]).all(axis=1) & (edges[1:, 0] != edges[1:, 1]))
    near = np.linalg.norm(top.points[edges[shared]].mean(axis=1) - armpit, axis=1) < 0.13 * body.size
    cosines = (normals[faces[shared]] * normals[faces[shared + 1]]).sum(axis=1)
    return int((near & (cosines < 0.5)).sum())


@pytest.mark.parametrize(("name", "most"), [("arms down", 8), ("arms up", 0)])
def test_armpits_fold_and_are_not_pinched(people, name, most):
    for actor, person in people.items():
        folds = [sharp_folds(person, by_hand(person, name), side) for side in "LR"]
        assert max(folds) <= most, (actor, folds)
