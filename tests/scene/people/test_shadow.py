"""The shell that casts a person's shadow in Workbench: one whole shadow, and nothing of the shell in the picture."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bpy")

from mathutils import Vector
from mathutils.bvhtree import BVHTree

from blender_addon.dataset import makehuman
from blender_addon.dataset.actor_skeletons import actor_skeletons
from blender_addon.dataset.layout import Dataset
from blender_addon.scene import looks
from blender_addon.scene.people import dress, face, shadow, sheet
from farm import assets
from farm.demo.maker import make_dataset
from tests.scene.test_mannequin import inside

from . import posing
from .test_cloth import by_hand

DATA = assets.there()
pytestmark = pytest.mark.skipif(DATA is None, reason="the people's data have not been fetched")

#: A tall man, a woman in trousers and one in a skirt.
ACTORS = ("003", "002", "006")
AROUND = [Vector(v).normalized() for v in product((-1, 0, 1), repeat=3) if any(v)]
#: Who looks out of the cloth sees about half of all directions; from under a hem or out of a cuff a few are free.
_MOST_FREE = 0.3


@pytest.fixture(scope="module", params=ACTORS)
def person(request, tmp_path_factory) -> posing.Person:
    """A person with two more layers: the shell, and all that is seen of him but hair and eyes."""
    made = make_dataset(tmp_path_factory.mktemp("shadow") / "data", scenes=5, seconds=1.0, seed=23)
    skeleton = actor_skeletons(Dataset.at(made.root))[request.param]
    female = looks.look_of(request.param).female
    found = posing.person(Path(DATA), request.param, skeleton, female=female)
    clothes = sheet.join(*dress.garments(found.body), dress.hands(found.body))
    head, _ = face.build(found.body, {}, tuple(makehuman.face_keys(found.body.source)), "short", female=female)
    skin = sheet.take(head, np.isin(head.materials, [dress.SLOT[name] for name in dress.FACE]))
    found.layers["seen"] = sheet.join(clothes, replace(skin, keys=skin.keys[:0]))
    found.layers["shell"] = shadow.build(found.body, clothes, head)
    return found


def tree(points: np.ndarray, faces: np.ndarray) -> BVHTree:
    return BVHTree.FromPolygons(points.tolist(), [list(dict.fromkeys(face)) for face in faces.tolist()])


@pytest.mark.parametrize("name", ["arms down", "arms up", "bend", "step", "wrists", "lean aside"])
def test_nothing_of_the_shell_is_seen(person, name):
    pose = by_hand(person, name)
    seen = tree(posing.skinned(person, "seen", pose), person.layers["seen"].faces)
    for point in posing.skinned(person, "shell", pose):
        free = np.mean([seen.ray_cast(Vector(point), way)[0] is None for way in AROUND])
        assert free < _MOST_FREE, point.round(3)


def test_its_pieces_hang_together(person):
    shell = person.layers["shell"]
    piece = np.arange(len(shell.points))
    while True:
        lowest = piece.copy()
        np.minimum.at(lowest, shell.faces.ravel(), np.repeat(piece[shell.faces].min(axis=1), shell.faces.shape[1]))
        if (lowest == piece).all():
            break
        piece = lowest
    names = np.unique(piece)
    trees = {name: tree(shell.points, shell.faces[piece[shell.faces[:, 0]] == name]) for name in names}
    pairs = [(a, b) for a in names for b in names if a != b]
    joined = {(a, b) for a, b in pairs if any(inside(point, trees[b]) for point in shell.points[piece == a])}
    reached, grown = {names[0]}, set()
    while reached != grown:
        grown = set(reached)
        reached |= {one for pair in joined if grown & set(pair) for one in pair}
    assert reached == set(names), "the head, an arm or a leg has a shadow of its own"
