"""An actor's head: skin with lips and brows, eyes that look, teeth, tongue, lashes, hair; numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from . import eyes as eyeballs
from . import hair as hairs
from . import mouth, sheet, surface
from .dress import SLOT, Body, collar
from .eyes import Eyes
from .sheet import Sheet

#: Half the height of a brow at places from the nose outwards, where 0 is above the eye's middle, m.
_BROW = (
    (-0.0205, -0.0190, -0.0150, -0.0080, 0.0040, 0.0160, 0.0285),
    (0.0014, 0.0028, 0.0037, 0.0039, 0.0033, 0.0022, 0.0001),
)
_BROW_SEED = 3
#: Where a beard begins and where it ends below, m below the eyes in head space at angles from the front, degrees.
_BEARD = (
    (0, 8, 14, 22, 34, 48, 60, 66, 69, 73, 76, 80, 96, 180),
    (0.050, 0.050, 0.052, 0.062, 0.070, 0.066, 0.052, 0.034, 0.004, 0.004, 0.058, 0.072, 0.200, 0.200),
    (0.124, 0.124, 0.124, 0.122, 0.118, 0.110, 0.098, 0.090, 0.085, 0.082, 0.078, 0.072, 0.000, 0.000),
)
#: How wide its edge is, m.
_BEARD_EDGE = 0.0022
_BROW_ROWS = np.array((-1.0, -0.65, 0.0, 0.65, 1.0))


def build(
    body: Body, masks: Mapping[str, np.ndarray], key_names: tuple[str, ...], hair: str, *, female: bool
) -> tuple[Sheet, Sheet]:
    """The whole head with its keys, and its hair without.

    masks: pictures (H, W), 0..1, from the bottom, of the skin's regions by UV; hair: see shape.Build.
    """
    skin = body.sheet("body").painted(SLOT["skin"])
    uv = _vertex_uv(body)
    eyes = eyeballs.find(body)
    region = {name: _sample(mask, uv) for name, mask in masks.items()}
    near = (collar(body, skin.points) > -0.04 * body.size) & (body.arms(skin) < 0.4)
    near &= skin.points[:, 2] > body.fit.pose.rest.head("head")[2] - 0.25 * body.size
    wanted = near[skin.faces].all(axis=1)
    # The vertices' regions travel as one more key, so that cuts interpolate them.
    marks = np.zeros((1, len(skin.points), 3))
    for n, name in enumerate(("lips", "inside-mouth", "ears")):
        marks[0, :, n] = region.get(name, np.zeros(len(skin.points)))
    skin = replace(skin, keys=np.concatenate((skin.keys, marks)))
    skin = sheet.take(skin, wanted)
    # Below the collar the neck ends, so that it never shows through the cloth.
    skin = sheet.cut(skin, collar(body, skin.points) + 0.022 * body.size)
    bare = skin
    if body.beard:
        skin = _bearded(skin, hairs.Head.of(body, eyes))
    skin, lips, _ = sheet.split(skin, skin.keys[-1, :, 0] - 0.45)
    inside = (skin.keys[-1, :, 1] > 0.4)[skin.faces].all(axis=1)
    materials = np.where(lips, SLOT["lips"], skin.materials)
    skin = replace(skin, materials=np.where(inside, SLOT["mouth"], materials))
    parts = [skin, *brows(bare, eyes, female=female)]
    parts = [replace(part, keys=part.keys[:-1]) for part in parts]
    parts += mouth.build(body, hairs.Head.of(body, eyes))
    for side in "lr":
        lashes = body.sheet(f"helper-{side}-eyelashes").painted(SLOT["lashes"])
        # The lower ones are as thick as the upper ones in the data, and look like paint below the eye.
        upper = lashes.points[lashes.faces, 2].mean(axis=1) > eyes.middles[:, 2].mean()
        parts.append(sheet.take(lashes, upper))
    parts += [eyeballs.ball(eyes, side, key_names, body.on_head()) for side in ("Left", "Right")]
    return sheet.join(*parts), hairs.build(bare, bare.keys[-1, :, 2], body, eyes, hair)


def _bearded(skin: Sheet, head: hairs.Head) -> Sheet:
    """The skin with a short beard on cheeks, chin and upper lip."""
    for name, inwards in (("beard edge", 0.0), ("beard", _BEARD_EDGE)):
        x, y, z = head.inside(skin.points).T
        angle = np.degrees(np.arctan2(np.abs(x), -y))
        angles, begin, end = _BEARD
        depth = np.minimum(-z - np.interp(angle, angles, begin), np.interp(angle, angles, end) + z)
        skin, chosen, _ = sheet.split(skin, depth - inwards)
        skin = replace(skin, materials=np.where(chosen, SLOT[name], skin.materials))
    return skin


def _vertex_uv(body: Body) -> np.ndarray:
    """UV (V, 2) of the skin's vertices in the order of body.sheet("body")."""
    chosen = body.source.faces_of("body")
    faces, uv = body.source.faces[chosen], body.source.uv[chosen]
    used, new = np.unique(faces, return_inverse=True)
    found = np.zeros((len(used), 2))
    found[new.reshape(-1)] = uv.reshape(-1, 2)
    return found


def _sample(mask: np.ndarray, uv: np.ndarray) -> np.ndarray:
    height, width = mask.shape
    column = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    row = np.clip((uv[:, 1] * height).astype(int), 0, height - 1)
    return mask[row, column]


def brows(skin: Sheet, eyes: Eyes, *, female: bool) -> list[Sheet]:
    """Brows: strips on the skin above the eyes, a little raised, which go with it; lighter along their edge."""
    unit = eyes.radius / 0.0138
    x = np.linspace(_BROW[0][0], _BROW[0][-1], 22)
    half = np.interp(x, *_BROW) * (0.75 if female else 1.0)
    middle = 0.0236 - np.where(x < 0.008, 3.5, 15.0) * (x - 0.008) ** 2
    # Uneven along their edges, as hairs end.
    rows = _BROW_ROWS * np.random.default_rng(_BROW_SEED).uniform(0.75, 1.2, (len(x), len(_BROW_ROWS)))
    up = (middle[:, None] + half[:, None] * rows) * unit
    index = np.arange(up.size).reshape(up.shape)
    faces = np.stack((index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]), axis=-1)
    edge = np.ones(faces.shape[:2], dtype=bool)
    edge[1:-3, 1:-1] = False
    found = []
    for sign, eye in zip((1.0, -1.0), eyes.middles, strict=True):
        front = (skin.points[:, 1] < eye[1] + 0.01) & (skin.points[:, 0] * sign > -0.005)
        part = sheet.take(skin, front[skin.faces].all(axis=1))
        # Each hair rises outwards: an upper place is farther aside.
        aside = eye[0] + sign * unit * (x[:, None] + 0.25 * half[:, None] * rows)
        wanted = np.stack((aside.ravel(), np.zeros(up.size), eye[2] + up.ravel()), axis=1)
        far = ((part.points[None, :, ::2] - wanted[:, None, ::2]) ** 2).sum(axis=2)
        wanted[:, 1] = part.points[far.argmin(axis=1), 1]
        # What is nearest lies above or below where the skin slopes: only its depth is taken.
        for _ in range(4):
            corners, shares = surface.closest(wanted, part.points, part.faces)
            wanted[:, 1] = np.einsum("nk,nk->n", shares, part.points[corners, 1])
        raised = part.points + sheet.normals(part.points, part.faces) * 0.0013 * unit
        found.append(Sheet(
            np.einsum("nk,nkx->nx", shares, raised[corners]),
            faces.reshape(-1, 4) if sign > 0 else faces.reshape(-1, 4)[:, ::-1],
            np.where(edge, SLOT["brow edge"], SLOT["brows"]).ravel(),
            np.einsum("nk,nkj->nj", shares, part.weights[corners]),
            np.einsum("nk,anky->any", shares, part.keys[:, corners]),
        ))  # fmt: skip
    return found
