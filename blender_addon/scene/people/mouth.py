"""Teeth in their gums, and the tongue; numpy alone.

The data's teeth are two plain strips, which look like a mouth guard: they only tell how the jaws move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .dress import SLOT, Body
from .hair import Head
from .sheet import Sheet

#: Widths of half a jaw's teeth from the middle to the back, m (averages of permanent teeth: Wheeler, Dental Anatomy).
_UPPER = (0.0085, 0.0066, 0.0076, 0.0070, 0.0068, 0.0100)
_LOWER = (0.0053, 0.0057, 0.0068, 0.0070, 0.0071, 0.0110)
#: Where a tooth's columns lie, from its one neighbour to the other, how far they are set back, and how much shorter
#: they are there, m.
_COLUMNS = ((0.0, 0.0014, 0.0010), (0.16, 0.0002, 0.0002), (0.5, 0.0, 0.0), (0.84, 0.0002, 0.0002))


@dataclass(frozen=True)
class Arch:
    """A jaw's teeth in head space: half its width, its depth, the y of its back, the heights of edge, gums and root."""

    widths: tuple[float, ...]
    half: float
    depth: float
    back: float
    edge: float
    gum: float
    root: float


_UPPER_ARCH = Arch(_UPPER, 0.0285, 0.0430, -0.0645, -0.0713, -0.0615, -0.0520)
_LOWER_ARCH = Arch(_LOWER, 0.0265, 0.0410, -0.0635, -0.0698, -0.0785, -0.0870)
#: The middle of the data's two strips in the head that the arches are measured in, and the height between them, m.
_MIDDLE, _GAP = np.array((0.0, -0.0827, -0.0649)), 0.0159
#: Behind this share of its half width a jaw's teeth are in the dark.
_CANINES = 0.78
#: The tongue lies lower than in the data, so that an open mouth is not full of it.
_TONGUE_DOWN = 0.003


def build(body: Body, head: Head) -> list[Sheet]:
    """Upper and lower teeth and the tongue, with their keys."""
    tongue = body.sheet("helper-tongue").painted(SLOT["tongue"])
    tongue = replace(tongue, points=tongue.points - np.array((0.0, 0.0, _TONGUE_DOWN * head.unit)))
    return [*jaws(body.sheet("helper-upper-teeth"), body.sheet("helper-lower-teeth"), head), tongue]


def jaws(upper: Sheet, lower: Sheet, head: Head) -> list[Sheet]:
    """Teeth in place of the data's two strips, which tell where they are and what moves them."""
    above, below = (head.inside(strip.points).mean(axis=0) for strip in (upper, lower))
    size = (above[2] - below[2]) / _GAP
    both = rows(head, (above + below) / 2, size)
    return [_moved(row, strip) for row, strip in zip(both, (upper, lower), strict=True)]


def rows(head: Head, middle: np.ndarray, size: float) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Both rows of teeth, the upper first: points (P, 3), quads (Q, 4) and their materials (Q,).

    middle: of the teeth, in head space; size: against the head that the arches are measured in.
    """
    found = []
    for arch in (_UPPER_ARCH, _LOWER_ARCH):
        points, faces, gums = _teeth(arch)
        behind = np.abs(points[faces, 0]).mean(axis=1) > _CANINES * arch.half
        materials = np.where(gums, SLOT["tongue"], np.where(behind, SLOT["molars"], SLOT["teeth"]))
        found.append((head.outside((points - _MIDDLE) * size + middle), faces, materials))
    return found


def _moved(row: tuple[np.ndarray, np.ndarray, np.ndarray], like: Sheet) -> Sheet:
    """A row of teeth, moved by the keys as the data's strip `like` is."""
    points, faces, materials = row
    # A jaw is rigid, and what a key does to it is an affine map.
    known = np.column_stack((like.points, np.ones(len(like.points))))
    maps = np.linalg.lstsq(known, like.keys.transpose(1, 0, 2).reshape(len(known), -1), rcond=None)[0]
    moved = np.column_stack((points, np.ones(len(points)))) @ maps
    keys = moved.reshape(len(points), len(like.keys), 3).transpose(1, 0, 2)
    keys = np.where((np.abs(like.keys).max(axis=(1, 2)) > 1e-6)[:, None, None], keys, 0.0)
    weights = np.repeat(like.weights.mean(axis=0, keepdims=True), len(points), axis=0)
    return Sheet(points, faces, materials, weights, keys)


def _teeth(arch: Arch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (P, 3) in head space, quads (Q, 4), and which of them (Q,) are gums."""
    # The half arch by its length.
    turns = np.linspace(0, np.pi / 2, 200)
    curve = np.stack((arch.half * np.sin(turns), arch.back - arch.depth * np.cos(turns)), axis=1)
    lengths = np.concatenate(([0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))))
    places, set_back, short = [], [], []
    start = 0.0
    for width in arch.widths:
        for share, back, up in _COLUMNS:
            places.append(start + share * width)
            set_back.append(back)
            short.append(up)
        start += width
    places.append(start)
    set_back.append(0.0014)
    short.append(0.001)
    # The other half mirrors it; they meet in the middle column.
    along = np.concatenate((-np.array(places[:0:-1]), places))
    inwards = np.array(set_back[:0:-1] + set_back)
    shorter = np.array(short[:0:-1] + short)
    x = np.sign(along) * np.interp(np.abs(along), lengths, curve[:, 0])
    y = np.interp(np.abs(along), lengths, curve[:, 1])
    normal = np.stack((x / arch.half**2, (y - arch.back) / arch.depth**2), axis=1)
    normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    crown = arch.edge - arch.gum
    sign = np.sign(crown)
    scallop = sign * 0.9 * inwards
    profile = [
        (0.0, arch.root),
        (0.0010, arch.gum + scallop - 0.25 * crown),
        (0.0008, arch.gum + scallop),
        (-0.0002 - inwards * 0.3, arch.gum + scallop + 0.02 * crown),
        (0.0004 - inwards, arch.gum + 0.45 * crown),
        (-0.0002 - inwards, arch.edge - 0.10 * crown),
        (-0.0014 - inwards, arch.edge - sign * shorter),
        (-0.0045, arch.edge - 0.20 * crown),
        (-0.0060, arch.gum),
    ]
    points = np.stack([
        np.column_stack((x + normal[:, 0] * out, y + normal[:, 1] * out, np.broadcast_to(height, x.shape)))
        for out, height in profile
    ])  # fmt: skip
    count = len(along)
    grid = np.arange(len(profile) * count).reshape(len(profile), count)
    quads = np.stack((grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]), axis=-1)
    if crown < 0:
        quads = quads[..., ::-1]
    gums = np.repeat(np.arange(len(profile) - 1) < 3, count - 1)
    return points.reshape(-1, 3), quads.reshape(-1, 4), gums
