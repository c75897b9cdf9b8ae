"""An actor's hair: a cap on the scalp, and locks on it, combed by his style; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import sheet
from .dress import SLOT, Body
from .eyes import Eyes
from .sheet import Sheet
from .strands import Hull, Locks, arcs, grow, tubes

#: The distance from the middle of an average head's eyeball to its front, m: head space is in its unit.
_EYE_RADIUS = 0.0138
#: Heights of the hairline above the eyes at angles from the front, metres.
_LINES = {
    "short": ((0, 30, 44, 51, 59, 66, 78, 87, 104, 116, 130, 150, 180),
              (0.064, 0.066, 0.062, 0.040, 0.026, -0.006, -0.016, 0.018, 0.018, -0.020, -0.048, -0.058, -0.060)),
    "long": ((0, 20, 40, 52, 60, 70, 80, 90, 104, 116, 130, 150, 180),
             (0.068, 0.066, 0.056, 0.036, 0.016, -0.006, -0.012, 0.016, 0.016, -0.010, -0.030, -0.042, -0.045)),
}  # fmt: skip
_SEED = 7


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
    skin = replace(skin, keys=skin.keys[:0])
    scalp = sheet.take(skin, (ears < 0.3)[skin.faces].all(axis=1))
    cap = _cap(scalp, head, "short" if style in ("short", "crop") else "long", _THICK[style])
    combed = _STYLES[style](head.inside(scalp.points), head.inside(skin.points), head.inside(cap.points))
    rigid = np.zeros((1, skin.weights.shape[1]))
    rigid[:, body.fit.pose.rest.roles["head"]] = 1.0
    parts = [replace(cap, weights=np.repeat(rigid, len(cap.points), axis=0))]
    shades = np.random.default_rng(_SEED)
    for locks in combed:
        points, faces, owner = tubes(locks)
        light = shades.random(len(locks.lines)) < 0.4
        parts.append(Sheet(
            head.outside(points), faces, np.where(light, SLOT["hair light"], SLOT["hair"])[owner],
            np.repeat(rigid, len(points), axis=0), np.zeros((0, len(points), 3)),
        ))  # fmt: skip
    return sheet.join(*parts)


_THICK = {"short": (0.007, 0.005), "crop": (0.006, 0.004), "bob": (0.006, 0.006), "ponytail": (0.006, 0.005),
          "bun": (0.006, 0.005)}  # fmt: skip


def _cap(scalp: Sheet, head: Head, line: str, thick: tuple[float, float]) -> Sheet:
    """The scalp, cut along the hairline and lifted: most on the crown, least along its edge."""
    unit = head.unit
    lifted = sheet.smooth(scalp.points, scalp.faces, 2)
    part = replace(scalp, points=lifted)
    field = _above_hairline(head.inside(lifted), line)
    part, inside, field = sheet.split(part, field)
    marked = sheet.take(replace(part, keys=np.repeat(field[None, :, None], 3, 2)), inside)
    field = marked.keys[-1, :, 0]
    cap = replace(marked, keys=marked.keys[:0])
    top, side = thick
    places = head.inside(cap.points)
    ease = np.clip(field / 0.034, 0, 1)
    ease = ease * (2 - ease)
    crown = np.clip(places[:, 2] / 0.09, 0, 1)
    lift = unit * (0.0008 + ease * (side + (top - side) * crown))
    direction = places - np.array((0.0, 0.0, 0.02))
    direction = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    blend = 0.5 * direction + 0.5 * sheet.normals(cap.points, cap.faces)
    raised = sheet.smooth(cap.points + blend * lift[:, None], cap.faces, 2, 0.4)
    return sheet.hem(replace(cap, points=raised), 0.003 * unit).painted(SLOT["hair"])


def _above_hairline(places: np.ndarray, line: str) -> np.ndarray:
    """How far points (N, 3) of head space are above the hairline, m (N,), its corners rounded."""
    angle = np.degrees(np.arctan2(np.abs(places[:, 0]), -places[:, 1]))
    angles, heights = _LINES[line]
    return places[:, 2] - np.mean([np.interp(angle + s, angles, heights) for s in np.linspace(-5, 5, 9)], axis=0)


def _spread(points: np.ndarray, count: int) -> np.ndarray:
    """`count` of the points (N, 3), as far from each other as they get."""
    chosen = [int(np.argmax(points[:, 2]))]
    far = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(far)))
        far = np.minimum(far, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return points[chosen]


def _meridian(turns: np.ndarray, row: np.ndarray | float) -> np.ndarray:
    """Points (N, 3) in the directions of turns, degrees from the front to the person's left, and rows, degrees up."""
    turn, up = np.radians(turns), np.radians(np.broadcast_to(row, np.shape(turns)))
    return 0.1 * np.stack((np.sin(turn) * np.cos(up), -np.cos(turn) * np.cos(up), np.sin(up)), axis=-1)


def _trimmed(lines: np.ndarray, lowest: np.ndarray) -> np.ndarray:
    """Lines (N, T, 3) cut where they come below a height (N,), with as many places as before."""
    count = lines.shape[1]
    shares = np.linspace(0, 1, count)
    result = np.empty_like(lines)
    for n, line in enumerate(lines):
        below = np.flatnonzero(line[:, 2] < lowest[n])
        end = 1.0
        if len(below) and below[0] > 0:
            b = below[0]
            part = (line[b - 1, 2] - lowest[n]) / (line[b - 1, 2] - line[b, 2])
            end = shares[b - 1] + part * (shares[b] - shares[b - 1])
        for axis in range(3):
            result[n, :, axis] = np.interp(shares * end, shares, line[:, axis])
    return result


def _short(scalp: np.ndarray, _skin: np.ndarray, cap: np.ndarray) -> list[Locks]:
    """Combed from a parting on the right to the left and back; cut short at the sides."""
    return [_cut(scalp, cap, Cut(0.050, 0.046, 0.012, 0.017, 0.0040))]


def _crop(scalp: np.ndarray, _skin: np.ndarray, cap: np.ndarray) -> list[Locks]:
    """A few millimetres all over."""
    return [_cut(scalp, cap, Cut(0.030, 0.030, 0.002, 0.013, 0.0016))]


@dataclass(frozen=True)
class Cut:
    """Lengths of the locks on top and at the sides, how far the top stands up, and the locks' size, m."""

    top: float
    side: float
    volume: float
    width: float
    thickness: float


def _cut(scalp: np.ndarray, cap: np.ndarray, cut: Cut) -> Locks:
    hull = Hull(scalp)
    roots = _spread(cap, 180)
    high = np.clip((roots[:, 2] - 0.045) / 0.03, 0, 1)[:, None]
    front = np.clip((-roots[:, 1] - 0.02) / 0.06, 0, 1)[:, None]
    over = np.array((0.9, 0.55, 0.0)) + front * np.array((-0.15, 0.1, 0.5))
    # From the parting the other side's hair falls to its own side.
    over = np.where(roots[:, :1] < -0.035, np.array((-0.6, 0.9, -0.3)), over)
    ways = high * over + (1 - high) * np.array((0.0, 0.45, -1.0))
    rng = np.random.default_rng(_SEED)
    lengths = (high * cut.top + (1 - high) * cut.side)[:, 0] * rng.uniform(0.8, 1.2, len(roots))
    lengths = lengths * np.interp(roots[:, 2], (-0.05, 0.0), (0.45, 1.0))  # none hangs into the neck
    ways = ways + rng.normal(0, 0.12, ways.shape)
    steps = 4
    shares = np.linspace(0, 1, steps + 1)
    # Most stands up over the forehead, and its tips lie down.
    standing = high * (0.6 + 0.7 * front) * (roots[:, :1] > -0.035)
    lift = cut.thickness + cut.volume * standing * np.sin(shares * 2.4)
    lift = lift + (1 - high) * 0.6 * cut.thickness * np.sin(shares * 3)
    lines = grow(hull, roots, ways, lengths, steps=steps, lift=lift, gravity=0.4)
    width = cut.width * np.interp(shares, (0, 0.3, 0.7, 1), (0.6, 1.0, 0.7, 0.12)) * (0.7 + 0.3 * high)
    return Locks(lines, width, cut.thickness * np.interp(shares, (0, 0.4, 1), (0.8, 1.0, 0.3)) * (0.4 + high))


def _bob(scalp: np.ndarray, skin: np.ndarray, _cap: np.ndarray) -> list[Locks]:
    """Parted, and falling over the ears to the jaw."""
    hull = Hull(skin[skin[:, 1] > -0.06], hanging=True)
    rng = np.random.default_rng(_SEED)
    steps = 11
    shares = np.linspace(0, 1, steps + 1)
    layers = []
    for lift, turns, up in (
        (0.006, np.arange(78, 283, 13.0), 12.0),
        (0.010, np.arange(84, 277, 13.0), 34.0),
        (0.013, np.arange(141, 220, 13.0), 58.0),
    ):
        roots = _meridian(turns, up)
        lines = grow(hull, roots, np.tile((0.0, 0.0, -1.0), (len(roots), 1)), np.full(len(roots), 0.22),
                     steps=steps, lift=lift + 0.004 * np.sin(shares * 2.5))  # fmt: skip
        layers.append((lines, 0.032))
    ups = np.linspace(42, 142, 17)
    for sign in (1.0, -1.0):
        roots = np.stack((np.full(len(ups), 0.012 + 0.003 * sign), -0.1 * np.cos(np.radians(ups)),
                          0.1 * np.sin(np.radians(ups))), axis=1)  # fmt: skip
        back = np.interp(ups, (42, 70, 128), (0.34, 0.22, 0.3))
        ways = np.stack((np.full(len(ups), sign), back, np.full(len(ups), 0.05)), axis=1)
        lines = grow(hull, roots, ways, np.full(len(ups), 0.32), steps=steps, gravity=1.0,
                     lift=np.interp(shares, (0, 0.12, 0.4, 0.8, 1), (0.004, 0.013, 0.015, 0.016, 0.008)))  # fmt: skip
        layers.append((lines, 0.030))
    found = []
    for lines, broad in layers:
        lowest = -0.118 + rng.uniform(-0.004, 0.004, len(lines)) + 0.012 * np.clip(-lines[:, -1, 1] / 0.06, 0, 1)
        width = broad * np.interp(shares, (0, 0.2, 0.8, 1), (0.6, 1.0, 1.0, 0.55))
        thick = np.interp(shares, (0, 0.3, 0.9, 1), (0.004, 0.009, 0.009, 0.003))
        found.append(Locks(_trimmed(lines, lowest), width, thick))
    return found


def _tied(scalp: np.ndarray, cap: np.ndarray, knot: np.ndarray) -> Locks:
    """All hair drawn back from the hairline to a knot."""
    hull = Hull(scalp)
    steps = 9
    shares = np.linspace(0, 1, steps + 1)
    edge = _above_hairline(cap, "long")
    rim = cap[(edge < 0.012) & (edge > -0.002)]
    roots = _spread(rim, min(64, len(rim)))
    roots = np.concatenate((roots, _spread(cap[(edge > 0.03) & (cap[:, 1] < 0.05)], 14)))
    lines = arcs(
        hull, roots, knot, steps=steps, lift=np.interp(shares, (0, 0.15, 0.7, 1), (0.001, 0.006, 0.008, 0.012))
    )
    width = np.interp(shares, (0, 0.15, 0.6, 1), (0.007, 0.017, 0.019, 0.007))
    return Locks(lines, width, np.interp(shares, (0, 0.2, 1), (0.0015, 0.0045, 0.005)))


def _ponytail(scalp: np.ndarray, _skin: np.ndarray, cap: np.ndarray) -> list[Locks]:
    """Drawn back into a tail."""
    knot = _meridian(np.array([180.0]), 30.0)[0]
    start = Hull(scalp).at(knot[None], 0.016)[0]
    steps = 9
    shares = np.linspace(0, 1, steps + 1)
    turns = np.arange(8) * (2 * np.pi / 8)
    spread = np.interp(shares, (0, 0.3, 0.7, 1), (0.008, 0.017, 0.015, 0.004))
    middle = start + np.stack((np.zeros(steps + 1), np.interp(shares, (0, 0.25, 0.6, 1), (0, 0.026, 0.034, 0.022)),
                               np.interp(shares, (0, 0.25, 1), (0, -0.012, -0.165))), axis=1)  # fmt: skip
    lines = np.stack([middle + np.stack((np.cos(t) * spread, np.sin(t) * spread * 0.8, 0 * shares), axis=1)
                      for t in turns])  # fmt: skip
    width = np.interp(shares, (0, 0.3, 0.8, 1), (0.012, 0.020, 0.016, 0.003))
    return [_tied(scalp, cap, knot), Locks(lines, width, width * 0.6)]


def _bun(scalp: np.ndarray, _skin: np.ndarray, cap: np.ndarray) -> list[Locks]:
    """Drawn back into a knot of wound locks."""
    knot = _meridian(np.array([180.0]), 42.0)[0]
    way = knot / np.linalg.norm(knot)
    middle = Hull(scalp).at(knot[None], 0.024)[0]
    side = np.array((1.0, 0.0, 0.0))
    up = np.cross(way, side)
    steps = 13
    shares = np.linspace(0, 1, steps + 1)
    lines = []
    for n in range(9):
        turn = n * 2 * np.pi / 9 + shares * 3.4
        rise = np.cos(np.pi * shares * 0.92 + 0.10)
        flat = np.sin(np.pi * shares * 0.92 + 0.10)
        ball = flat[:, None] * (np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * up) - rise[:, None] * way * 0.8
        lines.append(middle + 0.027 * ball)
    width = np.interp(shares, (0, 0.5, 1), (0.012, 0.022, 0.010))
    return [_tied(scalp, cap, knot), Locks(np.stack(lines), width, 0.55 * width)]


_STYLES = {"short": _short, "crop": _crop, "bob": _bob, "ponytail": _ponytail, "bun": _bun}
