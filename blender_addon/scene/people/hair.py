"""An actor's hair, combed by his style: a cover of strands side by side, and what is tied; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import sheet
from .cover import Cover, Fringe, Tufts, cover, down, fringe, tufts
from .dress import SLOT, Body
from .eyes import Eyes
from .scalp import Rays, Scalp, above_hairline
from .sheet import Sheet
from .strands import Hull, Mesh, columns, fluted, grow, trimmed

#: The distance from the middle of an average head's eyeball to its front, m: head space is in its unit.
_EYE_RADIUS = 0.0138
_SEED = 7
#: How many single hairs there are along a hairline.
_SINGLE = 130


@dataclass(frozen=True)
class Head:
    """Head space: `middle` (3,) m, between the ears at the height of the eyes, and its unit against an average head."""

    middle: np.ndarray
    unit: float

    @classmethod
    def of(cls, body: Body, eyes: Eyes) -> Head:
        unit = eyes.radius / _EYE_RADIUS
        head = body.fit.pose.head("head")
        return cls(np.array((head[0], eyes.middles[:, 1].mean() + 0.085 * unit, eyes.middles[:, 2].mean())), unit)

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the world in head space."""
        return (points - self.middle) / self.unit

    def outside(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of head space in the world."""
        return points * self.unit + self.middle


def build(skin: Sheet, ears: np.ndarray, body: Body, eyes: Eyes, style: str) -> Sheet:
    """The hair without keys. skin: of the head; ears: (V,) 1 on its ears; style: see shape.Build."""
    head = Head.of(body, eyes)
    points = head.inside(skin.points)
    bare, near = ears < 0.3, above_hairline(points, "short") > -0.03
    part = sheet.take(replace(skin, points=points), bare[skin.faces].all(axis=1) & near[skin.faces].any(axis=1))
    scalp = Scalp(part.points, part.faces)
    hair = sheet.join(*_STYLES[style](_Comb(scalp, points, np.random.default_rng(_SEED))))
    rigid = np.repeat(body.on_head()[None], len(hair.points), axis=0)
    return replace(hair, points=head.outside(hair.points), weights=rigid)


@dataclass(frozen=True)
class _Comb:
    """What a style is made with: the scalp, the head's points (V, 3), both in head space, and chance."""

    scalp: Scalp
    skin: np.ndarray
    rng: np.random.Generator

    def painted(self, mesh: Mesh, *, roots: bool = False, mottled: bool = False) -> Sheet:
        """Strands in shades of the hair's colour. roots: the skin shines through where they begin; mottled: each
        face has a shade of its own."""
        owners = np.arange(len(mesh.faces)) if mottled else mesh.strips
        materials = self.rng.choice(_SHADES, int(owners.max()) + 1)[owners]
        if roots:
            materials = np.where(mesh.rows == 1, SLOT["hair edge"], materials)
            materials = np.where(mesh.rows == 0, SLOT["hair root"], materials)
        return Sheet(mesh.points, mesh.faces, materials, np.zeros((len(mesh.points), 1)),
                     np.zeros((0, len(mesh.points), 3)))  # fmt: skip


#: How far the strands of short hair differ in length at the hairline, m.
_SOFT = 0.0016
#: Of eight strands so many have each shade.
_SHADES = np.array([SLOT["hair"]] * 4 + [SLOT["hair light"]] * 2 + [SLOT["hair dark"]] * 2)


def _meridian(turn: float, row: float) -> np.ndarray:
    """A point (3,) in the direction of turn, degrees from the front to the person's left, and row, degrees up."""
    a, b = np.radians((turn, row))
    return 0.1 * np.array((np.sin(a) * np.cos(b), -np.cos(a) * np.cos(b), np.sin(b)))


def _rooted(comb: _Comb, rays: Rays, whole: Mesh, *, mottled: bool = False) -> list[Sheet]:
    """A cover, and the single hairs before it."""
    single = comb.painted(down(comb.scalp, rays, _SINGLE, comb.rng)).painted(SLOT["hair edge"])
    return [comb.painted(whole, roots=True, mottled=mottled), single]


def _combed(comb: _Comb, rays: Rays, look: Cover, kind: Tufts, *, mottled: bool = False) -> list[Sheet]:
    """A cover with strands on it."""
    whole = cover(comb.scalp, rays, look, comb.rng)
    return [*_rooted(comb, rays, whole, mottled=mottled), comb.painted(tufts(whole, rays, look, kind, comb.rng))]


def _short(comb: _Comb) -> list[Sheet]:
    """Combed from the forehead back to the crown; cut short at the sides."""
    look = Cover(0.004, 0.013, 0.0018, 88, front=0.017, swirl=1.0, soft=_SOFT)
    return _combed(comb, Rays.of(_meridian(160.0, 62.0), "short"), look, Tufts(124, 0.036, 0.008, 0.0009))


def _forward(comb: _Comb) -> list[Sheet]:
    """Combed from the crown forward, over the forehead."""
    rays = Rays.of(_meridian(165.0, 58.0), "short")
    look = Cover(0.0055, 0.011, 0.0016, 72, swirl=-0.5, soft=_SOFT)
    parts = _combed(comb, rays, look, Tufts(96, 0.030, 0.009, 0.0012))
    over = Fringe(half=0.95, strips=26, start=0.62, below=0.012, ragged=0.012, aside=0.36, height=0.009)
    return [*parts, comb.painted(fringe(comb.scalp, rays, look, over, comb.rng))]


def _crop(comb: _Comb) -> list[Sheet]:
    """A few millimetres all over."""
    look = Cover(0.0035, 0.007, 0.0008, 88, swirl=0.8, soft=_SOFT)
    kind = Tufts(120, 0.014, 0.005, 0.0005, 0.25)
    return _combed(comb, Rays.of(_meridian(170.0, 60.0), "edged"), look, kind, mottled=True)


def _receding(comb: _Comb) -> list[Sheet]:
    """Thin and combed back, from a forehead that has become high at the temples."""
    look = Cover(0.004, 0.0055, 0.0011, 88, swirl=0.5, soft=_SOFT)
    return _combed(comb, Rays.of(_meridian(172.0, 52.0), "receding"), look, Tufts(110, 0.034, 0.006, 0.0004))


#: Where lines that fall from a parting have their places: many over the crown, which is round.
_FALL = np.array((0.0, 0.03, 0.07, 0.115, 0.165, 0.22, 0.285, 0.36, 0.45, 0.56, 0.67, 0.78, 0.89, 1.0))


def _bob(comb: _Comb) -> list[Sheet]:
    """Parted, and falling over the ears to the jaw."""
    rng = comb.rng
    rays = Rays.of(_meridian(180.0, 60.0), "long")
    thin = _rooted(comb, rays, cover(comb.scalp, rays, Cover(0.0012, 0.0026, 0.0, 48, soft=0.0022), rng))
    hull = Hull(comb.skin[comb.skin[:, 1] > -0.06], hanging=True)
    # From the front round the end of the parting to the front on the other side.
    place = np.append(columns(84, rng), 1.0) * 2 - 1
    lines = _parted(hull, place, rng)
    outer = comb.painted(fluted(lines, np.interp(_FALL, (0, 0.15, 1), (0.0, 0.0018, 0.0024)), rng, closed=False))
    rim = np.ones(len(outer.points), dtype=bool)
    rim.reshape(len(place), -1)[1:-1, 0] = False
    return [*thin, sheet.hem(outer, 0.008, rim)]


def _parted(hull: Hull, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lines (N, T, 3) from a parting on the left. place: (N,) 1 at its front for those that fall to the left, -1 for
    the right, 0 at its end on the crown."""
    sign = np.sign(place)
    up = np.radians(np.interp(np.abs(place), (0.0, 0.3, 1.0), (128, 128, 42)))
    roots = 0.1 * np.stack((0.12 + 0.006 * sign, -np.cos(up), np.sin(up)), axis=1)
    fan = np.radians(np.interp(np.abs(place), (0.0, 0.3, 0.66, 1.0), (90.0, 17.0, 12.0, 19.0)))
    ways = np.stack((sign * np.cos(fan), np.sin(fan), np.full(len(place), 0.05)), axis=1)
    height = np.interp(_FALL, (0, 0.03, 0.12, 0.4, 0.8, 1), (0.0045, 0.0085, 0.0125, 0.014, 0.015, 0.010))
    lines = grow(hull, roots, ways, np.full(len(place), 0.32), shares=_FALL, gravity=1.0, lift=height)
    ends = -0.118 + rng.uniform(-0.003, 0.003, len(place)) + 0.012 * np.clip(-lines[:, -1, 1] / 0.06, 0, 1)
    return trimmed(lines, _FALL, ends)


_TIED = Cover(0.0055, 0.0080, 0.0024, 100, pole=0.008, soft=0.0022)


def _tied(comb: _Comb, knot: np.ndarray) -> list[Sheet]:
    """All hair drawn back from the hairline to a knot."""
    rays = Rays.of(knot, "long")
    return _combed(comb, rays, _TIED, Tufts(22, 0.075, 0.006, 0.0, 0.03))


def _ponytail(comb: _Comb) -> list[Sheet]:
    """Drawn back into a tail."""
    knot = _meridian(180.0, 48.0)
    start = comb.scalp.at(knot, 0.012)
    shares = np.linspace(0, 1, 15)
    around = columns(18, comb.rng) * 2 * np.pi
    wide = np.interp(shares, (0, 0.04, 0.10, 0.3, 0.6, 0.85, 1), (0.011, 0.012, 0.013, 0.023, 0.024, 0.016, 0.004))
    # Out of the tie in an arch, then down.
    turn = np.clip(shares / 0.32, 0, 1) * np.pi / 2
    back = 0.042 * np.sin(turn) - 0.012 * np.maximum(shares - 0.5, 0)
    down = 0.016 * np.sin(2 * turn) - 0.050 * (1 - np.cos(turn)) - 0.155 * np.maximum(shares - 0.32, 0) / 0.68
    middle = start + np.stack((np.zeros(15), back, down), axis=1)
    tail = _tube(middle, wide, around)
    # Its hair ends at different heights.
    tail[:, -2:] += comb.rng.uniform(-0.012, 0.012, (len(tail), 1, 1)) * np.array((0.0, 0.0, 1.0))
    ring = start + (middle[1] - start) * np.array((0.1, 0.45, 0.8))[:, None]
    tie = fluted(_tube(ring, np.array((0.0125, 0.0145, 0.0125)), around[::2]), 0.0, comb.rng, closed=True, rounds=0)
    rays = Rays.of(knot, "long")
    over = Fringe(half=0.56, strips=30, start=0.42, below=0.013, ragged=0.006, aside=0.10, height=0.008)
    front = comb.painted(fringe(comb.scalp, rays, _TIED, over, comb.rng))
    locks = [comb.painted(_lock(comb, side)) for side in (-1.0, 1.0)]
    return [*_tied(comb, knot), front, *locks, comb.painted(fluted(tail, 0.003, comb.rng, closed=True, rounds=0)),
            comb.painted(tie).painted(SLOT["collar"])]  # fmt: skip


def _lock(comb: _Comb, side: float) -> Mesh:
    """A lock that hangs in front of an ear. side: 1 on the left, -1 on the right."""
    shares = np.linspace(0, 1, 9)
    across = np.append(columns(5, comb.rng), 1.0)[:, None] * 2 - 1
    wide = np.interp(shares, (0, 0.3, 0.7, 1), (0.9, 1.0, 0.7, 0.2)) * 0.0095
    length = 0.104 + comb.rng.uniform(-0.006, 0.006, across.shape) - 0.012 * np.abs(across)
    y = np.interp(shares, (0, 0.4, 0.7, 1), (-0.052, -0.052, -0.046, -0.042)) + across * wide
    lines = np.stack((np.full(y.shape, 0.08 * side), y, 0.070 - shares * length), axis=2)
    lift = np.interp(shares, (0, 0.2, 0.5, 1), (0.003, 0.0055, 0.0055, 0.003)) - 0.0025 * across**2
    lines = comb.scalp.at(lines, lift)
    return fluted(lines[:: -int(side)], 0.0016, comb.rng, closed=False)


def _tube(middle: np.ndarray, radius: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Lines (N, T, 3) round a middle line (T, 3) in the plane of the head's symmetry."""
    along = np.gradient(middle, axis=0)
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    side = np.array((1.0, 0.0, 0.0))
    up = np.cross(along, side)
    flat = np.cos(around)[:, None, None] * side + np.sin(around)[:, None, None] * up * 0.8
    return middle + flat * radius[:, None]


def _bun(comb: _Comb) -> list[Sheet]:
    """Drawn back into a wound knot."""
    knot = _meridian(180.0, 70.0)
    way = knot / np.linalg.norm(knot)
    middle = comb.scalp.at(knot, 0.024)
    side = np.array((1.0, 0.0, 0.0))
    up = np.cross(way, side)
    shares = np.linspace(0, 1, 12)
    around = columns(28, comb.rng)[:, None] * 2 * np.pi + shares * 2.6
    rise = np.cos(np.pi * (0.93 * shares + 0.07))
    flat = np.sin(np.pi * (0.93 * shares + 0.07))[..., None]
    ball = flat * (np.cos(around)[..., None] * side + np.sin(around)[..., None] * up) - rise[:, None] * way * 0.8
    return [*_tied(comb, knot), comb.painted(fluted(middle + 0.033 * ball, 0.003, comb.rng, closed=True, rounds=0))]


_STYLES = {
    "short": _short, "forward": _forward, "crop": _crop, "receding": _receding, "bob": _bob, "ponytail": _ponytail,
    "bun": _bun,
}  # fmt: skip
