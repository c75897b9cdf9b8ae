"""The mannequin's head: skin, lips, teeth, eyes with lids, brows, ears, hair and the 52 ARKit keys; numpy alone.

The skin is a net of rings about the mouth: confocal ellipses that start at the lips' line, so that edges run
with the lips, laid on the head by a stereographic map and pushed out to its solid shape. Lids are rings about
an almond opening on a sphere a little larger than the eyeball: a blink slides them along that sphere.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from ...dataset.blendshapes import TONGUE_KEY
from ...dataset.rest_pose import RestPose
from ..implicit import Field, Numbers, gradient, mesh, smoothstep, tube
from ..solids import closed_tube, ring_faces
from . import eyes as eyeballs
from . import face as forms
from . import keys as moves
from .parts import BROWS, HAIR, LIPS, MOUTH, SKIN, TEETH, TONGUE, Part, still

_SPOKES = 68
_LIP_RINGS = 6
_LIP_EDGE = 0.36
_OUTER_RINGS = 31
_LAST_RING = 4.9
#: The pocket behind the lips, ring by ring from the lips' line: depth, half height, share of the width.
_POCKET = ((0.0025, 0.0003, 0.99), (0.0055, 0.0035, 0.97), (0.009, 0.010, 0.97), (0.018, 0.016, 0.93),
           (0.032, 0.015, 0.75), (0.041, 0.008, 0.40), (0.043, 0.001, 0.05))  # fmt: skip


@dataclass(frozen=True)
class Head:
    """vertices (V, 3) m about the Head joint; faces (F, 4), a triangle repeats its last corner; materials (F,);
    keys {ARKit name: offsets (V, 3) m}, tongueOut last."""

    vertices: np.ndarray
    faces: np.ndarray
    materials: np.ndarray
    keys: dict[str, np.ndarray]


def scale_for(rest: RestPose, *, female: bool = False) -> float:
    """The factor from the unit head (22.5 cm from chin to crown) to the head of a skeleton."""
    tall = float(rest.head("head")[2]) / (1.48 if female else 1.56)
    return float(np.clip(1.04 * tall**0.5, 0.85, 1.10))


@functools.lru_cache(maxsize=2)
def build(*, female: bool = False) -> Head:
    """The unit head. The arrays are shared between calls: do not write into them."""
    parts = [_skin(female), *_inner_mouth(), *_brows(female), *eyeballs.build(female)]
    parts += [_solid(lambda p: forms.hair(p, female), (-0.11, -0.13, -0.06), (0.11, 0.12, 0.21), 0.0100, HAIR)]
    parts += [_ear(side) for side in (1.0, -1.0)]
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=False)])
    keys = moves.offsets(parts)
    return Head(vertices, faces.astype(np.int32), np.concatenate([part.materials for part in parts]), keys)


def _skin(female: bool) -> Part:
    lips = _LIP_EDGE * np.linspace(0.0, 1.0, _LIP_RINGS + 1)
    growth = np.linspace(0.0, 1.0, _OUTER_RINGS + 1)[1:]
    outer = _LIP_EDGE + (_LAST_RING - _LIP_EDGE) * growth**1.35
    mu = np.concatenate((lips, outer))
    nu = np.arange(_SPOKES) * (2 * np.pi / _SPOKES)
    lift = np.sin(nu)
    # Cupid's bow and a fuller lower lip, for the rings of the lips only.
    bow = 1.0 - 0.22 * np.exp(-((np.cos(nu) / 0.16) ** 2)) + 0.10 * np.exp(-(((np.abs(np.cos(nu)) - 0.36) / 0.2) ** 2))
    full = np.where(lift > 0, (0.80 if female else 0.64) * bow, 1.0 if female else 0.80)
    near = smoothstep(1.6, 0.3, mu)[:, None]
    tall = 1.0 + (full - 1.0) * near
    width = forms.MOUTH_WIDTH
    across = width * np.cosh(mu)[:, None] * np.cos(nu)
    up = width * np.sinh(mu)[:, None] * lift * tall
    # The closed lips' line: corners a little higher than its middle, which dips.
    up += near * 0.0012 * (np.abs(np.cos(nu)) ** 2 - 0.6 + 0.5 * np.exp(-((np.cos(nu) / 0.25) ** 2)) * -0.5)

    middle = forms.MOUTH - forms.CENTRE
    distance = float(np.linalg.norm(middle))
    forth = middle / distance
    upwards = np.array((0.0, 0.0, 1.0)) - forth * forth[2]
    upwards /= np.linalg.norm(upwards)
    flat = np.stack((across, up), axis=-1) / (2.0 * distance)
    square = (flat**2).sum(axis=-1, keepdims=True)
    directions = (2 * flat[..., :1] * (1.0, 0.0, 0.0) + 2 * flat[..., 1:] * upwards + (1 - square) * forth) / (
        1 + square
    )
    directions = directions.reshape(-1, 3)
    reach = forms.surface(forms.CENTRE, directions, female)
    points = forms.CENTRE + directions * reach[:, None]
    normals = gradient(lambda p: forms.skull(p, female), points, 0.002)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    place = mu / _LIP_EDGE
    swell = np.sqrt(np.clip(1.0 - (2.0 * place - 1.0) ** 2, 0.0, 1.0)) * (place <= 1.0)
    fade = np.exp(-(((place - 1.0) / 0.45) ** 2)) * (place > 1.0)
    thick = np.where(lift > 0, 0.0024, 0.0034) * np.abs(lift) ** 0.6
    groove = np.where(lift > 0, 0.0002, 0.0013) * np.abs(lift)
    bump = swell[:, None] * thick - (fade[:, None] * groove)
    # The corners are tucked in.
    bump -= 0.0022 * np.exp(-((mu / 0.35) ** 2))[:, None] * np.abs(np.cos(nu)) ** 14
    points += normals * bump.reshape(-1, 1)

    edge = points[:_SPOKES]
    sign = np.where(lift > 1e-9, 1.0, np.where(lift < -1e-9, -1.0, 0.0)) * np.abs(lift) ** 0.5
    pocket = [
        np.stack((edge[:, 0] * share, edge[:, 1] + depth, edge[:, 2] + sign * high - depth * 0.1), axis=1)
        for depth, high, share in _POCKET
    ]
    inner = len(pocket)
    vertices = np.concatenate((*pocket[::-1], points))
    rings = inner + len(mu)
    faces = ring_faces(rings, _SPOKES)
    ring = np.repeat(np.arange(rings - 1), _SPOKES)
    materials = np.full(len(faces), SKIN)
    materials[ring < inner + _LIP_RINGS] = LIPS
    materials[ring < inner - 2] = MOUTH
    back = len(vertices)
    vertices = np.vstack((vertices, vertices[-_SPOKES:].mean(axis=0)))
    last = (rings - 1) * _SPOKES + np.arange(_SPOKES)
    cap = np.stack((last, np.full(_SPOKES, back), np.roll(last, -1), np.roll(last, -1)), axis=1)
    all_mu = np.concatenate((np.zeros(inner), mu))
    spread = np.concatenate((np.repeat(np.exp(-((width * np.sinh(all_mu) / 0.011) ** 2)), _SPOKES), [0.0]))
    all_lift = np.concatenate((np.tile(lift, rings), [0.0]))
    # And the pocket's end, whose middle gives way half as far as the jaw.
    vertices = np.vstack((vertices, vertices[:_SPOKES].mean(axis=0)))
    first = np.arange(_SPOKES)
    end = np.stack((np.full(_SPOKES, back + 1), first, np.roll(first, -1), np.roll(first, -1)), axis=1)
    all_lift, spread = np.append(all_lift, -0.25), np.append(spread, 1.0)
    materials = np.concatenate((materials, np.full(_SPOKES, SKIN), np.full(_SPOKES, MOUTH)))
    part = Part(vertices, np.concatenate((faces, cap, end)), materials, all_lift, spread, np.zeros(0))
    part.jaw = moves.jaw_share(vertices, all_lift, spread)
    return part


def _inner_mouth() -> list[Part]:
    """Two rows of teeth and a tongue."""
    parts = []
    angles = np.radians(np.linspace(-66, 66, 25))
    for upper in (True, False):
        radius = 0.0215 if upper else 0.0200
        line = np.stack(
            (np.sin(angles) * radius, -np.cos(angles) * radius * 1.15 - 0.0705, np.zeros_like(angles)), axis=1
        )
        line[:, 2] = 0.0045 if upper else -0.0025
        taper = np.stack((0 * angles, 0 * angles, 0.35 + 0.65 * np.cos(angles * 1.2)), axis=1)
        low, high = (-0.0035, 0.0095) if upper else (-0.0080, 0.0025)
        thick = 0.0035
        back = line * (1 - thick / radius, 1, 1) + (0, thick, 0)
        rows = [back + taper * high, line + taper * high, line + (0, -0.0004, 0) + taper * 0.5 * (low + high),
                line + (0, 0.0006, 0) + taper * low, back + taper * low]  # fmt: skip
        vertices, faces = closed_tube(np.stack(rows, axis=1).reshape(-1, 3), len(angles))
        parts.append(still(vertices, faces, TEETH, 0.0 if upper else 1.0))
    tongue = np.array(((0, -0.060, -0.016), (0, -0.074, -0.0085), (0, -0.085, -0.0105)))

    def shape(points: np.ndarray) -> np.ndarray:
        return tube(points * (0.62, 1, 1), tongue, np.arange(3.0), np.array((0.011, 0.0095, 0.006)))

    part = _solid(shape, (-0.022, -0.096, -0.032), (0.022, -0.045, 0.006), 0.0050, TONGUE, 0.9)
    part.own = {TONGUE_KEY: moves.tongue_out(part.vertices)}
    return [*parts, part]


def _brows(female: bool) -> list[Part]:
    """Dark shapes along the ridge, above the skin, that the skin's keys move."""
    parts = []
    for side in (1.0, -1.0):
        places = np.linspace(0.0, 1.0, 15)
        x = 0.0125 + 0.037 * places
        z = 0.0935 + 0.0065 * np.sin(places * 2.2) - 0.0062 * places**2 + (0.001 if female else 0.0)
        centres = np.stack((x, np.full_like(x, -0.1), z), axis=1)
        directions = centres - forms.CENTRE
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        points = forms.CENTRE + directions * forms.surface(forms.CENTRE, directions, female)[:, None]
        normals = gradient(lambda p: forms.skull(p, female), points, 0.002)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        half = (0.0026 if female else 0.0036) * (np.sin(np.pi * np.clip(places * 0.80 + 0.17, 0, 1)) ** 0.7)
        forth = np.gradient(points, axis=0)
        forth /= np.linalg.norm(forth, axis=1, keepdims=True)
        upwards = np.cross(normals, forth)
        upwards *= np.sign(upwards[:, 2:])
        angles = np.linspace(0, 2 * np.pi, 9)[:-1]
        rows = [
            points
            + upwards * (half * np.sin(a))[:, None]
            + normals * (0.0022 * np.cos(a) * (half / half.max()))[:, None]
            for a in angles
        ]
        vertices, faces = closed_tube(np.stack(rows, axis=1).reshape(-1, 3) * (side, 1, 1), len(places))
        zero = np.zeros(len(vertices))
        parts.append(Part(vertices, faces, np.full(len(faces), BROWS), zero + 1.0, zero, zero))
    return parts


def _ear(side: float) -> Part:
    low, high = np.array((0.055, -0.03, 0.01)), np.array((0.105, 0.05, 0.105))
    if side < 0:
        low, high = high * (-1, 1, 1), low * (-1, 1, 1)
        low[1:], high[1:] = high[1:].copy(), low[1:].copy()
    return _solid(lambda p: forms.ear(p * (side, 1, 1)), low, high, 0.0044, SKIN)


def _solid(shape: Field, low: Numbers, high: Numbers, step: float, material: int, jaw: float = 0.0) -> Part:
    vertices, faces = mesh(shape, np.array(low), np.array(high), step)
    return still(vertices, faces, material, jaw)
