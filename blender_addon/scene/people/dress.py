"""Jumper, trousers, shoes and hair, laid over a fitted body in its A-pose; numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...dataset import joint_roles
from ...dataset.makehuman import Rig, Source
from . import neckline, sheet
from . import skirt as skirts
from .fit import Fit
from .sheet import Sheet

#: Materials of an actor, in the order of his meshes' slots.
MATERIALS = (
    "skin", "lips", "mouth", "brows", "lashes", "sclera", "iris", "pupil", "teeth", "tongue", "hair",
    "hair light", "top", "legs", "shoes", "soles", "tights", "hair dark", "hair root", "hair edge", "collar", "molars",
    "brow edge", "beard", "beard edge",
)  # fmt: skip
SLOT = {name: n for n, name in enumerate(MATERIALS)}
#: What a head's skin is painted in.
FACE = ("skin", "beard", "beard edge")

#: How far jumper, trousers and shoes lie above the body, metres.
_TOP, _LEGS, _SHOES = 0.013, 0.006, 0.006
#: How far the trousers' waist draws in under the jumper, and the radius of a trouser leg's hem, metres.
_TUCK, _HEM = 0.012, 0.064
#: How often the weights round the hips are smoothed: with half as many trousers cut the jumper of who crouches.
_HIP_ROUNDS = 90
#: How often the jumper's back is smoothed above its hem: it spans the seat.
_SEAT_ROUNDS = 40
#: How often the weights in the armpits are smoothed, and how far from their middle, metres.
_ARMPIT_ROUNDS, _ARMPIT = 80, 0.16
#: Where the sleeve ends, from the elbow to the wrist, and where the hand's skin begins below it.
CUFF, _HAND = 0.95, 0.86


@dataclass(frozen=True)
class Body:
    """A fitted body with what is needed to dress it; skirt: what covers the legs below one, `skin` or `tights`, or ""
    for trousers; beard: whether he has one; rig: whose weights stand behind the joints' in fit.weights, if any."""

    source: Source
    fit: Fit
    size: float
    keys: np.ndarray
    skirt: str = ""
    beard: bool = False
    rig: Rig | None = None

    def sheet(self, *groups: str) -> Sheet:
        """The faces of some groups of the base mesh, with their keys (K, V, 3)."""
        faces = self.source.faces[self.source.faces_of(*groups)]
        whole = Sheet(
            self.fit.vertices, faces, np.zeros(len(faces), dtype=np.int64), self.fit.weights, self.keys
        )  # fmt: skip
        return sheet.take(whole, np.ones(len(faces), dtype=bool))

    def on_head(self) -> np.ndarray:
        """The weights (J,) of what hangs on the head alone."""
        weights = np.zeros(self.fit.weights.shape[1])
        weights[self.fit.pose.rest.roles["head"]] = 1.0
        return weights

    def head(self, role: str) -> np.ndarray:
        return self.fit.pose.head(role)

    def limb(self, which: Sheet, side: str, *kinds: str) -> np.ndarray:
        """How much of each vertex hangs on a side's joints of some kinds and on what hangs on those, (V,)."""
        rest = self.fit.pose.rest
        chosen = {rest.roles[f"{kind}.{side}"] for kind in kinds if f"{kind}.{side}" in rest.roles}
        for joint, parent in enumerate(rest.parents):
            if parent in chosen:
                chosen.add(joint)
        return which.weights[:, sorted(chosen)].sum(axis=1)

    def along(self, points: np.ndarray, start: str, end: str) -> np.ndarray:
        """Where points (V, 3) lie along a limb, 0 at its start and 1 at its end."""
        a, b = self.head(start), self.head(end)
        return (points - a) @ (b - a) / ((b - a) @ (b - a))

    def arms(self, which: Sheet) -> np.ndarray:
        return self.limb(which, "L", "upper_arm") + self.limb(which, "R", "upper_arm")


def garments(body: Body) -> list[Sheet]:
    """Jumper, trousers or a skirt, and shoes."""
    tights = body.sheet("helper-tights")
    rounds = sheet.smooth(tights.points, tights.faces, 2, 0.4)
    tights = _loose_at_hips(body, replace(tights, points=rounds))
    legs = _below_a_skirt(body, tights) if body.skirt else [_legs(body, tights)]
    return [_top(body, tights), *legs, *_shoes(body, tights)]


def _below_a_skirt(body: Body, tights: Sheet) -> list[Sheet]:
    knee = float(np.mean([body.head(f"shin.{side}")[2] for side in "LR"]))
    rest = body.fit.pose.rest
    shins = _shins(rest.parents, rest.roles)
    if body.rig:
        # The rig's weights stand behind the joints'.
        first, roles = len(rest.names), joint_roles.classify(body.rig.names, body.rig.parents)
        shins |= {first + bone: first + thigh for bone, thigh in _shins(body.rig.parents, roles).items()}
    ankle = float(np.mean([body.head(f"foot.{side}")[2] for side in "LR"]))
    below = skirts.legs(tights, knee, ankle, body.size, _far(body, tights)).painted(SLOT[body.skirt])
    cloth = skirts.skirt(body.sheet("helper-skirt"), tights, hip_line(body), knee, body.size, shins)
    return [cloth.painted(SLOT["legs"]), below]


def _calm(part: Sheet) -> np.ndarray:
    """A body's points (V, 3) with its grooves filled: across a groove cloth has one outside, not two."""
    return sheet.smooth(part.points, part.faces, 12, 0.5)


def _shins(parents: Sequence[int], roles: Mapping[str, int]) -> dict[int, int]:
    """What hangs on a knee, with its side's thigh: {joint: joint}."""
    found = {roles[f"shin.{side}"]: roles[f"thigh.{side}"] for side in "LR"}
    for joint, parent in enumerate(parents):
        if parent in found:
            found[joint] = found[parent]
    return found


def _loose_at_hips(body: Body, tights: Sheet) -> Sheet:
    """Cloth bends over the groin in a wide curve: where skin folds into a crease, trousers would cut the jumper."""
    height = tights.points[:, 2] - hip_line(body)
    share = np.interp(height / body.size, (-0.16, -0.08, 0.08, 0.16), (0.0, 1.0, 1.0, 0.0)) * (body.arms(tights) < 0.1)
    columns = np.flatnonzero(tights.weights[share > 0].any(axis=0))
    weights = tights.weights.copy()
    weights[:, columns] = sheet.smooth(weights[:, columns], tights.faces, _HIP_ROUNDS, 0.6 * share)
    return replace(tights, weights=weights)


def _loose_at_armpits(body: Body, part: Sheet) -> Sheet:
    """Cloth folds round an arm that hangs where skin has a crease: a sharp one would show as a pinch."""
    share = np.zeros(len(part.points))
    for side in "LR":
        middle = body.head(f"upper_arm.{side}") - (0.0, 0.0, 0.07 * body.size)
        away = np.linalg.norm(part.points - middle, axis=1) / (_ARMPIT * body.size)
        share = np.maximum(share, np.clip(2.0 * (1.0 - away), 0.0, 1.0))
    columns = np.flatnonzero(part.weights[share > 0].any(axis=0))
    weights = part.weights.copy()
    weights[:, columns] = sheet.smooth(weights[:, columns], part.faces, _ARMPIT_ROUNDS, 0.6 * share)
    return replace(part, points=sheet.smooth(part.points, part.faces, 10, 0.5 * share), weights=weights)


def hip_line(body: Body) -> float:
    """The height of the jumper's hem, m."""
    return float(body.head("thigh.L")[2] - 0.005 * body.size)


def collar(body: Body, points: np.ndarray) -> np.ndarray:
    """Height above the jumper's neckline (V,), m: it runs from the nape down to the pit of the neck."""
    neck = _neck(body)
    back = points[:, 1] - neck[1]
    aside = np.hypot(points[:, 0] - neck[0], 0.02 * body.size) - 0.02 * body.size
    line = neck[2] + 0.012 * body.size + 0.55 * back + 0.6 * np.maximum(aside - 0.045 * body.size, 0.0)
    return points[:, 2] - line


def _neck(body: Body) -> np.ndarray:
    """Where the neck begins (3,)."""
    rest = body.fit.pose.rest
    return rest.head("neck.0" if "neck.0" in rest.roles else "head")


def hands(body: Body) -> Sheet:
    """Both hands' skin, from a little inside the sleeves."""
    skin = body.sheet("body").painted(SLOT["skin"])
    skin = replace(skin, keys=skin.keys[:0])
    parts = []
    for side in "LR":
        arm = body.limb(skin, side, "forearm")
        rows = (arm > 0.6)[skin.faces].all(axis=1)
        part = sheet.take(skin, rows)
        parts.append(sheet.cut(part, body.along(part.points, f"forearm.{side}", f"hand.{side}") - _HAND))
    return sheet.join(*parts)


def _far(body: Body, part: Sheet) -> np.ndarray:
    """Large on the arms and 0 elsewhere: cuts of the trunk leave them alone."""
    return 10 * np.maximum(body.arms(part) - 0.4, 0.0)


def _top(body: Body, tights: Sheet) -> Sheet:
    part = _loose_at_armpits(body, replace(tights, keys=tights.keys[:0]))
    arm = body.arms(part)
    lifted = part.points + sheet.normals(part.points, part.faces) * (_TOP * body.size)
    trunk = 1 - np.clip(arm, 0, 1)
    lifted = sheet.smooth(lifted, part.faces, 3, 0.25 + 0.25 * trunk)
    # Cloth bridges the spine's groove and the folds of the groin.
    low = np.clip(1 - (lifted[:, 2] - hip_line(body)) / (0.14 * body.size), 0, 1)
    lifted = sheet.smooth(lifted, part.faces, 10, 0.5 * trunk * np.clip(0.35 + low, 0, 1))
    behind = lifted[:, 1] > body.head("thigh.L")[1]
    lifted = sheet.smooth(lifted, part.faces, _SEAT_ROUNDS, 0.5 * trunk * low * behind)
    lifted = lifted + sheet.normals(lifted, part.faces) * (0.004 * body.size)
    # Smoothing draws round parts inwards: nowhere nearer to the body than over the trousers.
    normal = sheet.normals(_calm(part), part.faces)
    above = ((lifted - part.points) * normal).sum(axis=1)
    lifted = lifted + normal * np.maximum(0.0125 * body.size - above, 0.0)[:, None]
    lifted = _outside(
        body, lifted, (np.abs(collar(body, lifted)) < 0.07 * body.size) & (np.abs(lifted[:, 0]) < 0.11 * body.size)
    )
    part = replace(part, points=lifted)
    part = sheet.cut(part, part.points[:, 2] - hip_line(body) + _far(body, part))
    depth = collar(body, part.points) - _far(body, part)
    skin = body.sheet("body")
    near = np.abs(collar(body, skin.points)) < 0.08 * body.size
    near &= body.arms(skin) < 0.5
    skin = sheet.take(skin, near[skin.faces].all(axis=1))
    band = neckline.band(part, depth, _neck(body), skin, body.size).painted(SLOT["collar"])
    part = sheet.cut(part, -depth)
    for side in "LR":
        ends = 1.0 - body.along(part.points, f"forearm.{side}", f"hand.{side}") - (1 - CUFF)
        part = sheet.cut(part, np.where(body.limb(part, side, "forearm") > 0.5, ends, 1.0))
    return sheet.join(sheet.hem(part, 0.011 * body.size).painted(SLOT["top"]), band)


def _outside(body: Body, points: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The chosen ones (V,) of some points lifted to 6 mm above the skin, and near the neckline drawn in to there."""
    skin = body.sheet("body")
    near = np.flatnonzero(np.abs(collar(body, skin.points)) < 0.10 * body.size)
    near = near[body.arms(skin)[near] < 0.5]
    normal = sheet.normals(skin.points, skin.faces)[near]
    lowest = 0.006 * body.size
    free = np.clip(np.abs(collar(body, points)) / (0.05 * body.size), 0, 1)
    points = points.copy()
    for row in np.flatnonzero(chosen):
        closest = np.argpartition(((skin.points[near] - points[row]) ** 2).sum(axis=1), 3)[:3]
        depth = ((points[row] - skin.points[near[closest]]) * normal[closest]).sum(axis=1).min()
        points[row] += normal[closest].mean(axis=0) * (
            np.maximum(lowest, lowest + (depth - lowest) * free[row]) - depth
        )
    return points


def _legs(body: Body, tights: Sheet) -> Sheet:
    part = replace(tights, keys=tights.keys[:0])
    part = sheet.cut(part, hip_line(body) + 0.04 * body.size - part.points[:, 2] - _far(body, part))
    normal = sheet.normals(part.points, part.faces)
    # Under the jumper the waist draws in: nobody sees it there, and no pose brings it out.
    tucked = np.clip((part.points[:, 2] - hip_line(body)) / (0.025 * body.size), 0, 1)
    normal = sheet.normals(_calm(part), part.faces)
    waist = sheet.smooth(part.points + normal * (_LEGS * body.size), part.faces, 10, 0.5 * tucked)
    points = waist - normal * (_TUCK * body.size * tucked)[:, None]
    for side in "LR":
        # Straight legs: below the knee the cloth falls and does not follow the calf.
        share = body.limb(part, side, "thigh")
        middle, place = _leg_axis(body, side, points)
        offset = points - middle
        radius = np.linalg.norm(offset, axis=1)
        wanted = body.size * np.interp(place, (-0.6, 0.0, 0.4, 1.0), (0.062, 0.069, 0.068, _HEM))
        eased = np.clip((place + 0.6) / 0.6, 0, 1) * share
        new = np.maximum(radius, radius + (wanted - radius) * eased)
        points = middle + offset * (new / np.maximum(radius, 1e-6))[:, None]
    part = replace(part, points=sheet.smooth(points, part.faces, 2, 0.35))
    part = sheet.cut(part, part.points[:, 2] - _ankle_line(body) + _far(body, part))
    return sheet.hem(part, 0.008 * body.size).painted(SLOT["legs"])


def _leg_axis(body: Body, side: str, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle (V, 3) of a trouser leg beside points, and where they lie between knee (0) and ankle (1)."""
    thigh, knee, ankle = (body.head(f"{r}.{side}") for r in ("thigh", "shin", "foot"))
    place = np.clip(body.along(points, f"shin.{side}", f"foot.{side}"), -0.6, 1.2)
    axis = (ankle - knee) / np.linalg.norm(ankle - knee)
    upper = (knee - thigh) / np.linalg.norm(knee - thigh)
    above = np.clip(-place, 0, 1)[:, None]
    lengths = ((points - knee) @ axis)[:, None] * axis * (place >= 0)[:, None]
    lengths = lengths + ((points - knee) @ upper)[:, None] * upper * (place < 0)[:, None]
    return knee + lengths + np.array((0.0, 0.012, 0.0)) * body.size * (1 - above), place


def _ankle_line(body: Body) -> float:
    """The height of the trousers' hem in the A-pose, m: some captures have the ankle twice as high as others."""
    ankle = min(body.head(f"foot.{side}")[2] for side in "LR")
    return float(max(body.fit.floor + 0.05 * body.size, ankle - 0.015 * body.size))


def _shoes(body: Body, tights: Sheet) -> list[Sheet]:
    shoes = []
    for side in "LR":
        part = replace(tights, keys=tights.keys[:0])
        foot = body.head(f"foot.{side}")
        part = sheet.take(part, (body.limb(part, side, "shin") > 0.5)[part.faces].all(axis=1))
        high = 0.005 if body.skirt else 0.045
        part = sheet.cut(part, foot[2] + high * body.size - part.points[:, 2])
        points = part.points + sheet.normals(part.points, part.faces) * (_SHOES * body.size)
        points = sheet.smooth(points, part.faces, 3, 0.5)
        points = points + sheet.normals(points, part.faces) * (0.004 * body.size)
        # From the hem upwards the shoe keeps within the trouser leg.
        middle, _ = _leg_axis(body, side, points)
        offset = points - middle
        radius = np.linalg.norm(offset, axis=1)
        covered = np.clip((points[:, 2] - _ankle_line(body)) / (0.03 * body.size) + 1, 0, 1)
        least = radius if body.skirt else np.minimum(radius, (_HEM - 0.016) * body.size)
        points = middle + offset * (1 + covered * (least / np.maximum(radius, 1e-6) - 1))[:, None]
        points[:, 2] -= points[:, 2].min()
        part = replace(part, points=points)
        thick = 0.022 * body.size
        part, upper, _ = sheet.split(part.painted(SLOT["shoes"]), part.points[:, 2] - thick)
        part = replace(part, materials=np.where(upper, SLOT["shoes"], SLOT["soles"]))
        # The sole: upright sides, flat below.
        points = part.points.copy()
        below = np.clip((thick - points[:, 2]) / thick, 0, 1)
        middle = points[:, :2].mean(axis=0)
        points[:, :2] += (points[:, :2] - middle) * (0.03 * np.minimum(below * 3, 1))[:, None]
        points[:, 2] = body.fit.floor + np.where(below > 0.35, 0.0, points[:, 2] * (1 - below / 0.35 * 0.2))
        shoes.append(replace(part, points=points))
    return shoes
