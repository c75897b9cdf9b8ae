"""Jumper, trousers, shoes and hair, laid over a fitted body in its A-pose; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...dataset.makehuman import Source
from . import sheet
from .fit import Fit
from .sheet import Sheet

#: Materials of an actor, in the order of his meshes' slots.
MATERIALS = (
    "skin", "lips", "mouth", "brows", "lashes", "sclera", "iris", "pupil", "teeth", "tongue", "hair",
    "top", "legs", "shoes", "soles",
)  # fmt: skip
SLOT = {name: n for n, name in enumerate(MATERIALS)}

#: How far jumper, trousers and shoes lie above the body, metres.
_TOP, _LEGS, _SHOES = 0.013, 0.006, 0.006
#: Where the sleeve ends, from the elbow to the wrist, and where the hand's skin begins below it.
_CUFF, _HAND = 0.95, 0.86


@dataclass(frozen=True)
class Body:
    """A fitted body with what is needed to dress it."""

    source: Source
    fit: Fit
    size: float
    keys: np.ndarray

    def sheet(self, *groups: str) -> Sheet:
        """The faces of some groups of the base mesh, with their keys (K, V, 3)."""
        faces = self.source.faces[self.source.faces_of(*groups)]
        whole = Sheet(
            self.fit.vertices, faces, np.zeros(len(faces), dtype=np.int64), self.fit.weights, self.keys
        )  # fmt: skip
        return sheet.take(whole, np.ones(len(faces), dtype=bool))

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
    """Jumper, trousers and shoes."""
    tights = body.sheet("helper-tights")
    rounds = sheet.smooth(tights.points, tights.faces, 2, 0.4)
    tights = replace(tights, points=rounds)
    return [_top(body, tights), _legs(body, tights), *_shoes(body, tights)]


def hip_line(body: Body) -> float:
    """The height of the jumper's hem, m."""
    return float(body.head("thigh.L")[2] - 0.005 * body.size)


def collar(body: Body, points: np.ndarray) -> np.ndarray:
    """Positive, m, within the jumper's round neckline and above it."""
    rest = body.fit.pose.rest
    neck = rest.head("neck.0" if "neck.0" in rest.roles else "head")
    round_the_neck = np.hypot(points[:, 0] - neck[0], points[:, 1] - neck[1] + 0.020 * body.size)
    return np.maximum(0.068 * body.size - round_the_neck, points[:, 2] - neck[2] - 0.040 * body.size)


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
    part = replace(tights, keys=tights.keys[:0])
    arm = body.arms(part)
    lifted = part.points + sheet.normals(part.points, part.faces) * (_TOP * body.size)
    trunk = 1 - np.clip(arm, 0, 1)
    lifted = sheet.smooth(lifted, part.faces, 3, 0.25 + 0.25 * trunk)
    # Cloth bridges the spine's groove and the folds of the groin.
    low = np.clip(1 - (lifted[:, 2] - hip_line(body)) / (0.14 * body.size), 0, 1)
    lifted = sheet.smooth(lifted, part.faces, 10, 0.5 * trunk * np.clip(0.35 + low, 0, 1))
    lifted = lifted + sheet.normals(lifted, part.faces) * (0.004 * body.size)
    # Smoothing draws round parts inwards: nowhere nearer to the body than over the trousers.
    normal = sheet.normals(part.points, part.faces)
    above = ((lifted - part.points) * normal).sum(axis=1)
    lifted = lifted + normal * np.maximum(0.0125 * body.size - above, 0.0)[:, None]
    lifted = _outside(
        body, lifted, (np.abs(collar(body, lifted)) < 0.07 * body.size) & (np.abs(lifted[:, 0]) < 0.08 * body.size)
    )
    part = replace(part, points=lifted)
    part = sheet.cut(part, part.points[:, 2] - hip_line(body) + _far(body, part))
    part = sheet.cut(part, _far(body, part) - collar(body, part.points))
    for side in "LR":
        ends = 1.0 - body.along(part.points, f"forearm.{side}", f"hand.{side}") - (1 - _CUFF)
        part = sheet.cut(part, np.where(body.limb(part, side, "forearm") > 0.5, ends, 1.0))
    return sheet.hem(part, 0.011 * body.size).painted(SLOT["top"])


def _outside(body: Body, points: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The chosen ones (V,) of some points lifted to 5 mm above the skin."""
    skin = body.sheet("body")
    near = np.flatnonzero(np.abs(collar(body, skin.points)) < 0.10 * body.size)
    near = near[body.arms(skin)[near] < 0.5]
    normal = sheet.normals(skin.points, skin.faces)[near]
    points = points.copy()
    for row in np.flatnonzero(chosen):
        closest = np.argpartition(((skin.points[near] - points[row]) ** 2).sum(axis=1), 3)[:3]
        depth = ((points[row] - skin.points[near[closest]]) * normal[closest]).sum(axis=1).min()
        points[row] += normal[closest].mean(axis=0) * max(0.005 * body.size - depth, 0.0)
    return points


def _legs(body: Body, tights: Sheet) -> Sheet:
    part = replace(tights, keys=tights.keys[:0])
    part = sheet.cut(part, hip_line(body) + 0.09 * body.size - part.points[:, 2] - _far(body, part))
    normal = sheet.normals(part.points, part.faces)
    points = part.points + normal * (_LEGS * body.size)
    for side in "LR":
        # Straight legs: below the knee the cloth falls and does not follow the calf.
        thigh, knee, ankle = (body.head(f"{r}.{side}") for r in ("thigh", "shin", "foot"))
        share = body.limb(part, side, "thigh")
        place = np.clip(body.along(points, f"shin.{side}", f"foot.{side}"), -0.6, 1.2)
        axis = (ankle - knee) / np.linalg.norm(ankle - knee)
        upper = (knee - thigh) / np.linalg.norm(knee - thigh)
        above = np.clip(-place, 0, 1)[:, None]
        lengths = ((points - knee) @ axis)[:, None] * axis * (place >= 0)[:, None]
        lengths = lengths + ((points - knee) @ upper)[:, None] * upper * (place < 0)[:, None]
        middle = knee + lengths + np.array((0.0, 0.012, 0.0)) * body.size * (1 - above)
        offset = points - middle
        radius = np.linalg.norm(offset, axis=1)
        wanted = body.size * np.interp(place, (-0.6, 0.0, 0.4, 1.0), (0.062, 0.069, 0.068, 0.064))
        eased = np.clip((place + 0.6) / 0.6, 0, 1) * share
        new = np.maximum(radius, radius + (wanted - radius) * eased)
        points = middle + offset * (new / np.maximum(radius, 1e-6))[:, None]
    part = replace(part, points=sheet.smooth(points, part.faces, 2, 0.35))
    part = sheet.cut(part, part.points[:, 2] - 0.05 * body.size + _far(body, part))
    return sheet.hem(part, 0.008 * body.size).painted(SLOT["legs"])


def _shoes(body: Body, tights: Sheet) -> list[Sheet]:
    shoes = []
    for side in "LR":
        part = replace(tights, keys=tights.keys[:0])
        foot = body.head(f"foot.{side}")
        part = sheet.take(part, (body.limb(part, side, "shin") > 0.5)[part.faces].all(axis=1))
        part = sheet.cut(part, foot[2] + 0.045 * body.size - part.points[:, 2])
        points = part.points + sheet.normals(part.points, part.faces) * (_SHOES * body.size)
        points = sheet.smooth(points, part.faces, 3, 0.5)
        points = points + sheet.normals(points, part.faces) * (0.004 * body.size)
        # The sole is on the floor, which in the A-pose, its legs apart, is a little higher than in the rest pose.
        floor = foot[2] - body.fit.pose.rest.head(f"foot.{side}")[2]
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
        points[:, 2] = floor + np.where(below > 0.35, 0.0, points[:, 2] * (1 - below / 0.35 * 0.2))
        shoes.append(replace(part, points=points))
    return shoes
