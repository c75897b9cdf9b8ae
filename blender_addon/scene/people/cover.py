"""Hair drawn over a head from its hairline to a pole: the cover, strands on it, single hairs before it; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .scalp import Rays, Scalp
from .strands import Mesh, columns, fluted, ribbons, spikes

#: How high above the skin hair begins, m.
_ROOT = 0.0003
#: Where a line from the hairline to the pole has its places.
_SHARES = np.array((0.0, 0.018, 0.04, 0.085, 0.16, 0.26, 0.39, 0.53, 0.67, 0.79, 0.90, 1.0))


@dataclass(frozen=True)
class Cover:
    """side, top: its height beside the ears and on the crown, m; depth: of the grooves between its strands, m; strips:
    how many strands; front, pole: how much higher it is above the forehead and at the pole, m; swirl: how far its
    strands turn round the pole, rad; soft: how far they differ in length at the hairline, m."""

    side: float
    top: float
    depth: float
    strips: int
    front: float = 0.0
    pole: float = 0.0
    swirl: float = 0.0
    soft: float = 0.004

    def lift(self, ways: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Height above the skin (...) at ways (..., 3) and shares (...) of the lines: least where they begin."""
        x, y, z = np.moveaxis(ways, -1, 0)
        high = np.clip((z - 0.2) / 0.5, 0, 1)
        # Higher on the left, to where it is combed.
        front = np.clip((-y - 0.1) / 0.5, 0, 1) * np.clip((z - 0.45) / 0.25, 0, 1) * (1 + 1.2 * x)
        ease = np.interp(shares, (0, 0.03, 0.08, 0.16, 0.28), (0.0, 0.25, 0.6, 0.9, 1.0))
        rise = np.interp(shares, (0, 0.018, 0.06, 0.13, 0.25, 0.6), (0.0, 0.1, 0.6, 1.0, 0.9, 0.0))
        end = np.clip((shares - 0.55) / 0.4, 0, 1) ** 2
        return _ROOT + ease * (self.side + (self.top - self.side) * high) + rise * self.front * front + end * self.pole

    def turned(self, turns: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Where strands of turns (N, 1) are, round the pole, at shares (N, T) of their lines, rad (N, T)."""
        return turns + self.swirl * np.maximum(shares, 0) ** 1.5


def cover(scalp: Scalp, rays: Rays, look: Cover, rng: np.random.Generator) -> Mesh:
    """Strands side by side all over the head."""
    turns = rays.spaced(columns(look.strips, rng), 2.2)[:, None]
    # At the hairline each strand comes out of the skin in a point, one before the other, and so do its shades.
    middle = np.arange(len(turns))[:, None] % 2 == 1
    uneven = np.where(middle, rng.uniform(-1.0, 0.1, (len(turns), 3)), rng.uniform(0.1, 0.7, (len(turns), 3)))
    shares = np.tile(_SHARES, (len(turns), 1))
    shares[:, :3] += uneven * look.soft / 0.1 / rays.reach(turns)
    ways = rays.ways(look.turned(turns, shares), rays.reach(turns) * (1 - shares))
    lift = look.lift(ways, shares)
    lift[:, 0] = _ROOT
    lines = scalp.at(0.1 * ways, lift)
    return fluted(lines, look.depth * np.minimum(1, _SHARES / 0.1), rng, closed=True, pole=True)


def down(scalp: Scalp, rays: Rays, count: int, rng: np.random.Generator) -> Mesh:
    """Single short hairs along the hairline, most of them where one looks at a face, which run into the cover."""
    turns = rays.spaced(rng.random(count), 6.0)[:, None]
    reach = rays.reach(turns)
    lean = rng.normal(0, 0.012, (count, 1)) * np.array((-1.0, 1.0)) / np.sin(reach)
    before = np.column_stack((rng.uniform(0.008, 0.040, count), np.full(count, -0.072)))
    lines = scalp.at(0.1 * rays.ways(turns + lean, reach + before), np.array((0.0002, 0.0012)))
    return spikes(lines, 0.0012)


@dataclass(frozen=True)
class Fringe:
    """Hair that falls over the forehead: half, how far it reaches round the pole to either side, rad; strips: how many
    strands; start: where on a line from the hairline to the pole it leaves the cover; below: how far its tips lie
    below the hairline, and how much they differ, m; aside: how far it is combed to the left, rad; height: above the
    skin at the hairline, m."""

    half: float
    strips: int
    start: float
    below: float
    ragged: float
    aside: float
    height: float


def fringe(scalp: Scalp, rays: Rays, look: Cover, kind: Fringe, rng: np.random.Generator) -> Mesh:
    """Strands from the cover of `look` forwards over the hairline: at their sides they lie in the cover."""
    turns = (2 * np.append(columns(kind.strips, rng), 1.0)[:, None] - 1) * kind.half
    # Round the pole a positive turn is to the right.
    inner = np.clip(1.3 * (1 - np.abs(turns / kind.half)), 0, 1) ** 0.7
    middle = np.arange(len(turns))[:, None] % 2 == 1
    uneven = rng.uniform(-0.5, 0.5, turns.shape) + np.where(middle, 0.4, -0.3)
    places = np.linspace(0, 1, 10)
    turned = turns - kind.aside * inner * places**1.5
    reach = rays.reach(turned)
    last = -(kind.below * (0.1 + 0.9 * inner) + kind.ragged * uneven * inner) / 0.1 / reach
    shares = kind.start + (last - kind.start) * places
    ways = rays.ways(turned, reach * (1 - shares))
    on = look.lift(ways, np.maximum(shares, 0.0)) - 0.002
    above = np.interp(places, (0, 0.2, 0.5), (0.0, 0.004, 0.005))
    over = np.interp(shares, (-0.12, 0.0, 0.12), (0.0, 1.0, 1.0)) * (kind.height - 0.003) + 0.003
    raised = np.where(shares > 0.12, on + above, np.minimum(on + above, over))
    raised = np.where(shares < 0.12, np.maximum(over, 0.003), raised)
    lift = on * (1 - inner) + raised * inner
    return fluted(scalp.at(0.1 * ways, lift), 0.0016 * np.minimum(1, places / 0.3), rng, closed=False)


@dataclass(frozen=True)
class Tufts:
    """Strands that lie on a cover: how many, their length and width, m, how far their tips stand up, m, and how far
    they turn aside, rad."""

    count: int
    length: float
    width: float
    tip: float
    aside: float = 0.15


def tufts(below: Mesh, rays: Rays, look: Cover, kind: Tufts, rng: np.random.Generator) -> Mesh:
    """Strands on a cover `below`, which go the way of its own."""
    places = np.linspace(0, 1, 5)
    turns = rays.spaced(rng.random(kind.count), 1.3)[:, None]
    # Evenly over the head, whose rays meet at the pole.
    first = 1 - np.sqrt(1 - rng.uniform(0.02, 0.93, (kind.count, 1)))
    length = kind.length * rng.uniform(0.7, 1.3, (kind.count, 1)) / (0.1 * rays.reach(turns))
    shares = np.clip(first + length * places, 0, 0.99)
    turned = look.turned(turns + rng.normal(0, kind.aside, (kind.count, 1)) * places, shares)
    # Beside an ear the rays are shorter: no strand leaves the cover there.
    ways = rays.ways(turned, np.minimum(rays.reach(turned), rays.reach(turns)) * (1 - shares))
    lift = kind.tip * np.interp(places, (0, 0.3, 0.6, 1), (-0.4, -0.2, 0.1, 1.0))
    width = kind.width * np.interp(places, (0, 0.35, 0.7, 1), (0.3, 1.0, 0.8, 0.08))
    width = width * rng.uniform(0.6, 1.2, (kind.count, 1))
    return ribbons(Scalp(below.points, below.faces).at(0.1 * ways, lift), width, 0.2 * width)
