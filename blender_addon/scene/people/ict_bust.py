"""An actor's ICT head by itself, moved by the basis' own 55 keys: no body, no hair; numpy alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...dataset import ict
from ...dataset.blendshapes import ICT_NAMES
from . import mouth, sheet
from .hair import Head
from .ict_head import AVERAGE_EYE, JAW_KEYS, furnished, jaw, painted
from .ict_place import Placed, axes, part_border, sockets
from .sheet import Sheet

#: Between the pupils of an average head, m: heads come in any unit.
_PUPILS = 0.062


def build(head: ict.Head, basis: np.ndarray, *, female: bool) -> Sheet:
    """The head with the keys ICT_NAMES, in metres, looking to -Y, its eyes round the origin.

    basis: (55, V, 3) in the head's unit, for at least its vertices.
    """
    own = axes(head.vertices)
    eyes = sockets(own)
    scale = _PUPILS / float(np.ptp(eyes.middles[:, 0]))
    shift = -scale * eyes.middles.mean(axis=0)
    points = own * scale + shift
    eyes = replace(eyes, middles=eyes.middles * scale + shift, radius=eyes.radius * scale)
    offsets = axes(np.asarray(basis[:, : len(points)], dtype=float)) * scale
    weights = np.ones((len(points), 1))
    skin = Sheet(points, head.faces, np.zeros(len(head.faces), dtype=np.int64), weights, offsets)
    placed = Placed(skin, eyes, scale, np.ones(len(points)))
    parts, _ = painted(placed, replace(eyes, radius=AVERAGE_EYE), female=female)
    parts += furnished(placed, ICT_NAMES, np.ones(1))
    return sheet.join(*parts, *_teeth(placed))


def _teeth(placed: Placed) -> list[Sheet]:
    """Both rows behind the lips; the lower one moves as the chin does."""
    head = Head(placed.eyes.middles.mean(axis=0) + np.array((0.0, 0.085, 0.0)), 1.0)
    lips = head.inside(placed.skin.points[part_border(placed.skin.faces, "mouth")])
    front = np.sort(lips[:, 1])[:12].mean() + 0.012
    # The arches' front is 24 mm before their middle, their bite 6 mm below it.
    middle = np.array((0.0, front + 0.024, lips[:, 2].mean() + 0.006))
    found = []
    for (points, faces, materials), below in zip(mouth.rows(head, middle, 1.0), (False, True), strict=True):
        keys = np.zeros((len(ICT_NAMES), len(points), 3))
        for name in JAW_KEYS if below else ():
            keys[ICT_NAMES.index(name)] = jaw(placed, ICT_NAMES.index(name), points, ICT_NAMES)
        found.append(Sheet(points, faces, materials, np.ones((len(points), 1)), keys))
    return found
