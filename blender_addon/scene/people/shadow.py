"""The shell inside an actor that casts Workbench's shadows for him: see mannequin/shadow.py."""

from __future__ import annotations

import numpy as np

from ..shadow_cover import Cover, ball
from .dress import FACE, SLOT, Body
from .sheet import Sheet


def build(body: Body, clothes: Sheet, head: Sheet) -> Sheet:
    """A coarse closed shell in the A-pose, with its weights."""
    size = body.size
    pieces = []

    def cover(which: Sheet, slots: tuple[str, ...], depth: float) -> Cover:
        wanted = np.isin(which.materials, [SLOT[s] for s in slots])
        return Cover([(which.points, which.faces[wanted], which.weights, SLOT[slots[0]])], depth * size)

    top, legs = cover(clothes, ("top",), 0.018), cover(clothes, ("legs", "tights", "skin"), 0.018)
    rest = body.fit.pose.rest
    neck = body.head("neck.0" if "neck.0" in rest.roles else "head")
    throat = np.array((neck - (0.0, 0.0, 0.09 * size), body.head("head") - (0.0, 0.0, -0.035 * size)))
    pieces.append(cover(head, FACE, 0.012).tube(throat, (0.0, 0.4, 0.75, 1.0), 8, 0.055 * size))
    hips, arm = body.head("thigh.L")[2], body.head("upper_arm.L")[2]
    for which, places, longest in (
        (top, (0.04, 0.25, 0.45, 0.65, 0.80, 0.96), 0.12),
        (legs, (-0.09, -0.02, 0.07), 0.10),
    ):
        heights = hips + np.array(places) * (arm - hips)
        line = np.stack((np.zeros(len(heights)), np.full(len(heights), body.head("thigh.L")[1]), heights), axis=1)
        pieces.append(which.tube(line, range(len(line)), 12, longest * size))
    for side in "LR":
        arms = np.array([body.head(f"{r}.{side}") for r in ("upper_arm", "forearm", "hand")])
        # From within the chest, so that an arm's shadow hangs together with the trunk's.
        chest = arms[0] * (0.3, 1.0, 1.0) - (0.0, 0.0, 0.03 * size)
        line = np.vstack((chest, arms))
        pieces.append(top.tube(line, (0.2, 0.6, 0.9, 1.15, 1.4, 1.7, 1.95, 2.1, 2.5, 2.9), 8, 0.06 * size))
        knees = np.array([body.head(f"{r}.{side}") for r in ("thigh", "shin", "foot")])
        pieces.append(legs.tube(knees, (0.02, 0.2, 0.45, 0.7, 0.95, 1.1, 1.5, 1.85), 8, 0.08 * size))
    shells, starts = [], 0
    faces, weights, slots = [], [], []
    for points, quads, share, slot in pieces:
        shells.append(points)
        faces.append(quads + starts)
        weights.append(share)
        slots.append(np.full(len(quads), slot))
        starts += len(points)
    for centre, radii in _skull(body):
        points, quads = ball(centre, radii)
        shells.append(points)
        faces.append(quads + starts)
        rigid = np.zeros((len(points), body.fit.weights.shape[1]))
        rigid[:, body.fit.pose.rest.roles["head"]] = 1.0
        weights.append(rigid)
        slots.append(np.full(len(quads), SLOT["skin"]))
        starts += len(points)
    everything = np.concatenate(shells)
    return Sheet(
        everything, np.concatenate(faces), np.concatenate(slots), np.concatenate(weights),
        np.zeros((0, len(everything), 3)),
    )  # fmt: skip


def _skull(body: Body) -> list[tuple[np.ndarray, np.ndarray]]:
    """Ellipsoids within the cranium: as large as the scalp lets them be, some mm under it."""
    scale = body.fit.head_scale
    eyes = [body.fit.vertices[body.source.cubes[f"helper-{side}-eye"]].mean(axis=0) for side in "lr"]
    middle = (eyes[0] + eyes[1]) / 2 + np.array((0.0, 0.082, 0.035)) * scale
    radii = np.array((0.058, 0.075, 0.062)) * scale
    # Eye sockets and the mouth's inside lie lower and before it.
    skin = body.sheet("body").points - middle
    scalp = skin[(skin[:, 2] > 0) | ((skin[:, 1] > 0) & (skin[:, 2] > -radii[2]))]
    room = np.linalg.norm(scalp / (radii + 0.004 * scale), axis=1).min()
    return [(middle, radii * min(room, 1.0))]
