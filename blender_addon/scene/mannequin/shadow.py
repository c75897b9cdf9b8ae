"""The mannequin's shadow shell: a coarse closed mesh inside the body that casts Workbench's shadows for it.

Workbench extrudes a shadow volume from every edge of a caster, for every sample of a pixel: without a GPU a few
hundred edges draw at once where tens of thousands take seconds. The shell is made of tubes along the limbs whose
vertices lie a little under the skin and follow the same joints, so that it stays inside in every pose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...dataset import joint_roles
from ..model_pose import tip
from ..shadow_cover import Cover, ball
from . import weights as shares
from .body import LEGS, SHOES, SKIN, SOLES, TOP
from .measures import Measures, arm_line, leg_line

#: How far under the surface the shell lies, metres in a person of 1.75 m, by what covers it.
_DEPTH = {TOP: 0.013, LEGS: 0.013, SKIN: 0.011, SHOES: 0.005}
#: Ellipsoids in the unit head (centre, radii): the cranium, and the nape behind the mouth's pocket.
_HEAD = (((0.0, 0.000, 0.098), (0.064, 0.080, 0.076)), ((0.0, -0.008, 0.035), (0.044, 0.034, 0.046)))


@dataclass(frozen=True)
class Shell:
    """vertices (V, 3) m in the rest pose; faces (F, 4), a triangle repeats its last corner; weights (V, J);
    materials (F,): what lies above, as in body.MATERIALS."""

    vertices: np.ndarray
    faces: np.ndarray
    materials: np.ndarray
    weights: np.ndarray


def build(body: Measures, parts: Sequence[tuple], head_scale: float) -> Shell:
    """The shell of a body for its parts (see body.parts) and a head scaled by `head_scale`."""
    pose, size, roles = body.pose, body.size, body.pose.rest.roles
    covers = {}
    for material, depth in _DEPTH.items():
        if material not in (SKIN, SHOES):
            covers[material] = Cover([part for part in parts if part[3] == material], depth * size)
    pieces = [*_trunk(body, covers)]
    skin = [part for part in parts if part[3] == SKIN]
    neck = Cover(skin[:1], _DEPTH[SKIN] * size)
    bottom, top = body.spine[-1], pose.head("head")
    pieces.append(neck.tube(np.array((bottom - (0, 0, 0.03 * size), bottom, top)), (0.0, 1.0, 2.0), 8, 0.08 * size))
    for side in "LR":
        if (line := arm_line(pose, side)) is not None:
            pieces.append(covers[TOP].tube(line, (0.08, 0.35, 0.65, 0.9, 1, 1.1, 1.5, 1.92), 8, 0.065 * size))
        if (line := leg_line(pose, side)) is not None:
            pieces.append(covers[LEGS].tube(line, (0.13, 0.35, 0.65, 0.9, 1, 1.1, 1.4, 1.95), 8, 0.085 * size))
    # Hands follow the neck among the skins, feet come as pairs of shoe and sole.
    for side, part in zip([s for s in "LR" if f"hand.{s}" in roles], skin[1:], strict=True):
        pieces += _hand(body, side, Cover([part], _DEPTH[SKIN] * size))
    shoes = [part for part in parts if part[3] in (SHOES, SOLES)]
    for n, side in enumerate(s for s in "LR" if f"foot.{s}" in roles):
        pieces.append(_foot(body, side, Cover(shoes[2 * n : 2 * n + 1], _DEPTH[SHOES] * size)))
    vertices, faces, weights, materials = zip(*pieces, strict=True)
    matrix = shares.tidy(np.concatenate(weights))
    vertices = [pose.to_rest(np.concatenate(vertices), matrix)]
    faces, materials, count = list(faces), [*materials, *(SKIN for _ in _HEAD)], [len(rows) for rows in weights]
    for centre, radii in _HEAD:
        points, quads = ball(np.array(centre), np.array(radii))
        vertices.append(points * head_scale + pose.rest.head("head"))
        faces.append(quads)
        count.append(len(points))
        rigid = np.zeros((len(points), matrix.shape[1]))
        rigid[:, roles["head"]] = 1.0
        matrix = np.concatenate((matrix, rigid))
    starts = np.cumsum([0, *count])
    everything = np.concatenate([part + start for part, start in zip(faces, starts, strict=False)])
    shown = np.repeat(materials, [len(part) for part in faces])
    return Shell(np.concatenate(vertices), everything.astype(np.int32), shown, matrix)


def _trunk(body: Measures, covers: dict[int, Cover]) -> list[tuple]:
    """The chest under the jumper and the hips under the trousers, as far as the jumper does not hide them."""
    tall = body.neck - body.hips
    pieces = []
    for material, places, longest in (
        (TOP, (0.04, 0.22, 0.40, 0.58, 0.74, 0.86, 0.96), 0.155),
        (LEGS, (-0.10, 0.02, 0.14), 0.15),
    ):
        heights = body.hips + np.array(places) * tall
        line = np.stack([np.interp(heights, body.spine[:, 2], body.spine[:, n]) for n in range(2)] + [heights], axis=1)
        # A spine's joints lie far behind the middle of the belly.
        line[:, 1] -= 0.012 * body.size
        pieces.append(covers[material].tube(line, range(len(line)), 12, longest * body.size))
    return pieces


def _hand(body: Measures, side: str, cover: Cover) -> list[tuple]:
    """Palm and fingers of a hand."""
    pose, size = body.pose, body.size
    rest, roles = pose.rest, pose.rest.roles
    hand, wrist = roles[f"hand.{side}"], pose.head(f"hand.{side}")
    chains = [[roles[r] for n in (1, 2, 3) if (r := f"{f}.{n}.{side}") in roles] for f in joint_roles.FINGERS]
    chains = [chain for chain in chains if len(chain) > 1]
    if len(chains) < 3:
        end = pose.moved(hand, tip(rest, hand, 0.17 * size))
        return [cover.tube(np.array((wrist, end)), (0.05, 0.4, 0.7), 8, 0.05 * size)]
    knuckles = np.array([pose.heads[chain[0]] for chain in chains[1:]])
    # Thin and short of the knuckles: the ball of the thumb swings into the palm.
    palm = np.array((wrist, knuckles.mean(axis=0)))
    pieces = [cover.tube(palm, (0.15, 0.45, 0.75), 8, 0.024 * size)]
    for thumb, joints in zip((True, *(False for _ in chains[1:])), chains, strict=True):
        last = float(np.linalg.norm(rest.heads[joints[-1]] - rest.heads[joints[-2]]))
        end = pose.moved(joints[-1], tip(rest, joints[-1], max(0.75 * last, 0.018 * size)))
        line = np.vstack((pose.heads[joints[1:] if thumb else joints], end))
        pieces.append(cover.tube(line, [*range(len(line) - 1), len(line) - 1.4], 4, 0.012 * size))
    return pieces


def _foot(body: Measures, side: str, cover: Cover) -> tuple:
    """A foot in its shoe, from the heel to the toes."""
    ankle = body.pose.head(f"foot.{side}")
    level = (cover.vertices - ankle) * (1, 1, 0)
    front = level[np.argmax(np.linalg.norm(level, axis=1))]
    front = front / np.linalg.norm(front)
    reach = level @ front
    places = reach.min() + np.ptp(reach) * np.array((0.06, 0.2, 0.4, 0.6, 0.8, 0.94))
    floor = cover.vertices[:, 2].min()
    heights = [
        np.median(cover.vertices[np.abs(reach - place) < 0.025 * body.size, 2].clip(floor, floor + 0.05 * body.size))
        for place in places
    ]
    line = np.column_stack((ankle[:2] + places[:, None] * front[:2], heights))
    return cover.tube(line, range(len(line)), 8, 0.07 * body.size)
