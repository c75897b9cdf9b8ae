"""Where bodies that were captured apart stand: beside each other, turned to whoever looks on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .whole_body import Body

#: Two bodies that come nearer to one another than this, or are farther apart on average, metres, were captured apart.
_NEAREST, _FARTHEST = 0.25, 8.0
#: How far they are turned to one another, and the room between them, metres.
_INWARDS, _GAP = np.radians(25.0), 0.35


def placed(bodies: Sequence[Body]) -> list[Body]:
    """One body or two with their middle above the origin; two that cannot have met are put side by side."""
    placed = list(bodies)
    if len(placed) == 2 and not _together(*placed):
        placed = [_turned(body, sign * _INWARDS) for body, sign in zip(placed, (1.0, -1.0), strict=True)]
        (_, right), (left, _) = (_across(body) for body in placed)
        placed[1] = placed[1].moved(0.0, (right - left + _GAP, 0.0, 0.0))
    middle = np.mean([body.hips[:2].mean(axis=1) for body in placed], axis=0)
    return [body.moved(0.0, (-middle[0], -middle[1], 0.0)) for body in placed]


def _together(one: Body, other: Body) -> bool:
    frames = min(one.frames, other.frames)
    apart = np.linalg.norm(one.hips[:2, :frames] - other.hips[:2, :frames], axis=0)
    return bool(apart.min() >= _NEAREST and apart.mean() <= _FARTHEST)


def _turned(body: Body, aside: float) -> Body:
    """On the origin on average, facing -Y on average, turned by `aside` to the left of whom it faces."""
    places = body.positions()
    left = np.zeros(2)
    for part in ("thigh", "upper_arm"):
        if {f"{part}.L", f"{part}.R"} <= places.keys():
            left += (places[f"{part}.L"] - places[f"{part}.R"])[:2].mean(axis=1)
    turned = body.moved(aside - float(np.arctan2(left[1], left[0])), (0.0, 0.0, 0.0))
    x, y = turned.hips[:2].mean(axis=1)
    return turned.moved(0.0, (-x, -y, 0.0))


def _across(body: Body) -> tuple[float, float]:
    """The least and the greatest X of any joint in any frame."""
    x = np.stack([place[0] for place in body.positions().values()])
    return float(x.min()), float(x.max())
