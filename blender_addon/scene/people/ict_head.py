"""An actor's own ICT head on his body, painted and furnished like the people's: eyes, teeth, lashes, brows, hair;
numpy alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...dataset import ict
from . import eyes as eyeballs
from . import face, mouth, sheet
from . import hair as hairs
from .dress import SLOT, Body
from .eyes import Eyes
from .ict_place import Placed, part_border, place
from .sheet import Sheet

#: Radius of an average head's eyeball, m, in which brows and hair are measured.
AVERAGE_EYE = 0.0138
#: How many rings of faces round the mouth's bag are the upper and the lower lip, at places from the mouth's middle
#: (0) to its corners (1).
_UPPER_LIP = ((0.0, 0.12, 0.3, 0.75, 1.0), (15.5, 15.9, 15.6, 13.6, 11.5))
_LOWER_LIP = ((0.0, 0.5, 0.8, 1.0), (13.6, 13.4, 12.4, 11.3))
#: The keys that move the lower jaw as a whole.
JAW_KEYS = ("jawForward", "jawLeft", "jawOpen", "jawRight")
#: Rings of faces round a socket that the edge of a lid is among, and the length of a lash, m.
_LID_RINGS, _LASH = 6, 0.0035


def build(body: Body, head: ict.Head, key_names: tuple[str, ...], hair: str, *, female: bool) -> tuple[Sheet, Sheet]:
    """The whole head with its keys, and its hair without, as face.build makes them; key_names: ARKit's, tongueOut."""
    placed = place(body, head, len(key_names))
    # Brows and hair are made for the head's size, not for its eyeballs'.
    measure = replace(placed.eyes, radius=AVERAGE_EYE * body.fit.head_scale)
    parts, bare = painted(placed, measure, female=female)
    parts += furnished(placed, key_names, body.on_head())
    parts += _teeth(body, placed, key_names)
    return sheet.join(*parts), hairs.build(bare, bare.keys[-1, :, 2], body, measure, hair)


def painted(placed: Placed, measure: Eyes, *, female: bool) -> tuple[list[Sheet], Sheet]:
    """Skin with lips, and brows; and the skin alone, with one more key that says what its vertices are."""
    # What a vertex is travels as one more key, so that cuts interpolate it.
    marks = np.stack((_lips(placed.skin), placed.border, _ears(placed.skin, placed.eyes, 100 * placed.scale)), axis=1)
    whole = replace(
        placed.skin, materials=_materials(placed.skin), keys=np.concatenate((placed.skin.keys, marks[None]))
    )
    skin = sheet.cut(whole, placed.border)
    skin, lips, _ = sheet.split(skin, skin.keys[-1, :, 0])
    skin = replace(skin, materials=np.where(lips & (skin.materials == SLOT["skin"]), SLOT["lips"], skin.materials))
    bare = sheet.take(whole, whole.materials == SLOT["skin"])
    parts = [skin, *face.brows(bare, measure, female=female)]
    return [replace(part, keys=part.keys[:-1]) for part in parts], bare


def furnished(placed: Placed, names: tuple[str, ...], weights: np.ndarray) -> list[Sheet]:
    """Eyeballs and lashes. names: of the keys, ARKit's or ICT's; weights: (J,) of the head's joint."""
    balls = [eyeballs.ball(placed.eyes, side, names, weights) for side in ("Left", "Right")]
    return [*balls, *(_lashes(placed, side, names) for side in ("left", "right"))]


def _materials(skin: Sheet) -> np.ndarray:
    """What each face (F,) is painted with."""
    materials = np.full(len(skin.faces), SLOT["skin"])
    materials[np.isin(skin.faces, list(ict.PARTS["mouth"])).all(axis=1)] = SLOT["mouth"]
    for side in ("left", "right"):
        socket = np.isin(skin.faces, list(ict.PARTS[f"{side} socket"])).all(axis=1)
        materials[socket] = SLOT["lips"]
    return materials


def _lips(skin: Sheet) -> np.ndarray:
    """Positive on the lips (V,), by the rings of faces round the mouth's bag, of which the lips have fewer at the
    corners: whoever the head belongs to, they are the same vertices."""
    reached = np.zeros(len(skin.points), dtype=bool)
    reached[list(ict.PARTS["mouth"])] = True
    ring = np.where(reached, 0.0, 99.0)
    last = int(max(*_UPPER_LIP[1], *_LOWER_LIP[1])) + 1
    for n in range(1, last + 1):
        grown = _grown(reached, skin.faces, 1)
        ring[grown & ~reached] = n
        reached = grown
    corners = skin.points[part_border(skin.faces, "mouth")]
    middle = corners[:, 0].mean()
    place = np.abs(skin.points[:, 0] - middle) / np.ptp(corners[:, 0]) * 2
    between = skin.points[(ring == 10) & (place < 0.1), 2].mean()
    upper = skin.points[:, 2] > between
    return np.where(upper, np.interp(place, *_UPPER_LIP), np.interp(place, *_LOWER_LIP)) - np.minimum(ring, last + 1)


def _ears(skin: Sheet, eyes: Eyes, unit: float) -> np.ndarray:
    """1 on the ears (V,): beside the head, where the skin does not look away from its middle."""
    front = eyes.middles.mean(axis=0)
    way = skin.points - front
    radial = way - np.array((0.0, 0.085, 0.0)) * unit
    radial = radial / np.linalg.norm(radial, axis=1, keepdims=True)
    folded = (sheet.normals(skin.points, skin.faces) * radial).sum(axis=1) < 0.55
    beside = (np.abs(way[:, 0]) > 0.063 * unit) & (np.abs(way[:, 2]) < 0.07 * unit)
    ears = folded & beside & (way[:, 1] > 0.05 * unit) & (way[:, 1] < 0.135 * unit)
    return _grown(ears, skin.faces, 2).astype(float)


def _grown(chosen: np.ndarray, faces: np.ndarray, rings: int) -> np.ndarray:
    """Chosen vertices (V,) bool and those of some rings of faces round them."""
    chosen = chosen.copy()
    for _ in range(rings):
        chosen[faces[chosen[faces].any(axis=1)]] = True
    return chosen


def _lashes(placed: Placed, side: str, names: tuple[str, ...]) -> Sheet:
    """The upper lashes: a strip along the upper lid's rim, which turns down as the lid does."""
    skin, eye = placed.skin, placed.eyes.middles[0 if side == "left" else 1]
    rim = _upper_lid(skin, f"{side} socket")
    points = skin.points[rim]
    unit = placed.eyes.radius / AVERAGE_EYE
    way = (points - eye) / placed.eyes.radius
    out = way * (0.7, 0.0, 0.0) + (0.0, -1.0, 0.10)
    out = out / np.linalg.norm(out, axis=1, keepdims=True)
    # Shorter to the nose, and to nothing at the ends.
    outwards = np.abs(points[:, 0] - placed.eyes.middles[:, 0].mean())
    place = (outwards - outwards.min()) / np.ptp(outwards)
    length = np.interp(place, (0.0, 0.3, 0.8, 1.0), (0.0, 0.5, 1.0, 0.3))[:, None]
    tips = points + out * _LASH * unit * length
    keys = np.concatenate((skin.keys[:, rim], skin.keys[:, rim]), axis=1)
    for name, share in ((f"eyeBlink{side.title()}", 0.6), (f"eyeLookDown{side.title()}", 0.3)):
        keys[ict.column(names, name), len(rim) :] += length * (0.0, 0.0, -share * _LASH * unit)
    row = np.arange(len(rim) - 1)
    quads = np.stack((row, row + 1, row + 1 + len(rim), row + len(rim)), axis=1)
    return Sheet(
        np.concatenate((points, tips)), quads, np.full(len(quads), SLOT["lashes"]),
        np.concatenate((skin.weights[rim], skin.weights[rim])), keys,
    )  # fmt: skip


def _upper_lid(skin: Sheet, socket: str) -> np.ndarray:
    """Vertices along the upper lid's edge, by rising x: the front of what is lowest of the lid."""
    inside = np.zeros(len(skin.points), dtype=bool)
    inside[list(ict.PARTS[socket])] = True
    rim = skin.points[part_border(skin.faces, socket)]
    left, right = rim[np.argmin(rim[:, 0])], rim[np.argmax(rim[:, 0])]
    lid = np.flatnonzero(_grown(inside, skin.faces, _LID_RINGS) & ~inside)
    x, z = skin.points[lid, 0], skin.points[lid, 2]
    share = (x - left[0]) / (right[0] - left[0])
    line = np.interp(x, (left[0], right[0]), (left[2], right[2]))
    chosen = []
    for middle in np.linspace(0.08, 0.94, 22):
        near = np.flatnonzero((np.abs(share - middle) < 0.03) & (z > line + 0.02 * (right[0] - left[0])))
        if len(near):
            low = near[z[near] < z[near].min() + 0.025 * (right[0] - left[0])]
            chosen.append(lid[low[np.argmin(skin.points[lid[low], 1])]])
    kept = np.unique(chosen)
    return kept[np.argsort(skin.points[kept, 0])]


def _teeth(body: Body, placed: Placed, names: tuple[str, ...]) -> list[Sheet]:
    """Teeth and tongue of the people's data behind the ICT lips; the lower ones move as the ICT chin does."""
    skin, unit = placed.skin, body.fit.head_scale
    lips = skin.points[part_border(skin.faces, "mouth")]
    upper, lower, tongue = (
        body.sheet(f"helper-{name}").painted(SLOT[slot])
        for name, slot in (("upper-teeth", "teeth"), ("lower-teeth", "teeth"), ("tongue", "tongue"))
    )
    depth = np.sort(lips[:, 1])[:12].mean() + 0.012 * unit
    out = tongue.keys[names.index("tongueOut")]
    parts = []
    # Between the rows the mouth stays dark: the lips of a resting face are not quite shut.
    gaps = {"upper": 0.001 * unit, "lower": -0.001 * unit}
    edges = {"upper": _edge(upper, np.min), "lower": _edge(lower, np.max)}
    for part, row in ((upper, "upper"), (lower, "lower"), (tongue, "lower")):
        shift = np.array((0.0, depth - upper.points[:, 1].min(), lips[:, 2].mean() + gaps[row] - edges[row]))
        points, keys = part.points + shift, np.zeros_like(part.keys)
        for name in JAW_KEYS if row == "lower" else ():
            keys[names.index(name)] = jaw(placed, names.index(name), points, names)
        if part is tongue:
            keys[names.index("tongueOut")] = out
        parts.append(replace(part, points=points, keys=keys))
    return [*mouth.jaws(parts[0], parts[1], hairs.Head.of(body, placed.eyes)), parts[2]]


def _edge(teeth: Sheet, of: Callable[[np.ndarray], float]) -> float:
    """The height of the front teeth's edge."""
    return float(of(teeth.points[teeth.points[:, 1] < teeth.points[:, 1].min() + 0.004, 2]))


def jaw(placed: Placed, key: int, points: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """How points of the lower jaw (N, 3) move with a key: as the chin, which keeps its form, by Kabsch."""
    skin = placed.skin
    drop = -skin.keys[names.index("jawOpen"), :, 2]
    chin = np.flatnonzero(drop[list(ict.PARTS["face"])] > 0.8 * drop.max())
    before, offsets = skin.points[chin], skin.keys[key, chin]
    middle, after = before.mean(axis=0), before + offsets
    u, _, vt = np.linalg.svd((after - after.mean(axis=0)).T @ (before - middle))
    turn = u @ np.diag((1.0, 1.0, np.linalg.det(u @ vt))) @ vt
    return (points - middle) @ turn.T + after.mean(axis=0) - points
