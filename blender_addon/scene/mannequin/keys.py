"""The 52 ARKit keys of the mannequin's face, as offsets; numpy alone.

Skin and brows are moved by smooth fields over the face, with what the rings about the mouth know of each
vertex: whether it belongs to the upper or the lower lip, and how near it is. Lids and eyeballs bring their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...dataset.blendshapes import ARKIT_NAMES, TONGUE_KEY
from ..implicit import Numbers, smoothstep
from .face import HINGE, MOUTH, MOUTH_WIDTH
from .parts import Part

_OPEN_DEGREES = 15.0
MM = 0.001


def jaw_share(points: np.ndarray, lift: np.ndarray, mouthness: np.ndarray) -> np.ndarray:
    """How far skin follows the jaw, (N,) 0..1. points: (N, 3) m; lift, mouthness: see parts.Part."""
    below = np.maximum(-lift, 0.0)
    share = mouthness * below**0.55 + (1.0 - mouthness) * smoothstep(0.0, 0.85, below)
    share *= smoothstep(0.035, -0.045, points[:, 1])
    # The corners give a little.
    corner = _blob(np.stack((np.abs(points[:, 0]), *points.T[1:]), axis=1), (MOUTH_WIDTH, -0.098, 0.004), (9, 12, 9))
    return np.maximum(share, 0.22 * corner)


def offsets(parts: Sequence[Part]) -> dict[str, np.ndarray]:
    """The offsets (V, 3) m of all parts in order, by ARKit name, tongueOut last."""
    fields = [_skin_fields(part) if part.soft else _bone_fields(part) for part in parts]
    return {
        name: np.concatenate(
            [
                own + part.own[name] if name in part.own else own
                for part, named in zip(parts, fields, strict=True)
                for own in (named.get(name, np.zeros_like(part.vertices)),)
            ]
        )
        for name in (*ARKIT_NAMES, TONGUE_KEY)
    }


def _bone_fields(part: Part) -> dict[str, np.ndarray]:
    """Teeth and tongue follow the jaw; eyes, ears and hair stay."""
    moves = {name: np.zeros_like(part.vertices) for name in ARKIT_NAMES}
    for name, move in _jaw(part.vertices).items():
        moves[name] = move * part.jaw[:, None]
    return moves


def _jaw(points: np.ndarray) -> dict[str, np.ndarray]:
    """What the jaw's bone does, (N, 3) each."""
    angle = np.radians(_OPEN_DEGREES)
    x, y, z = (points - HINGE).T
    opened = np.stack((x, y * np.cos(angle) - z * np.sin(angle), z * np.cos(angle) + y * np.sin(angle)), axis=1) + HINGE
    opened += (0.0, -0.005, 0.0)
    return {
        "jawOpen": opened - points,
        "jawLeft": np.broadcast_to((7.5 * MM, 0.0, 0.0), points.shape),
        "jawRight": np.broadcast_to((-7.5 * MM, 0.0, 0.0), points.shape),
        "jawForward": np.broadcast_to((0.0, -8.0 * MM, 0.5 * MM), points.shape),
    }


def tongue_out(points: np.ndarray) -> np.ndarray:
    """How the tongue's points (N, 3) come out between the lips, most at its tip."""
    return smoothstep(-0.058, -0.088, points[:, 1])[:, None] * (0.0, -0.030, 0.004)


def _blob(points: np.ndarray, centre: Numbers, widths: Numbers) -> np.ndarray:
    """A soft spot about `centre` (3,) m; widths (3,) mm."""
    return np.exp(-(((points - np.asarray(centre)) / (np.asarray(widths) * MM)) ** 2).sum(axis=1))


def _skin_fields(part: Part) -> dict[str, np.ndarray]:
    p, lift, lips = part.vertices, part.lift, part.mouthness
    upper, lower = np.maximum(lift, 0.0) ** 0.6, np.maximum(-lift, 0.0) ** 0.6
    # Beyond the lips proper, skin follows them over a few centimetres; never the pole at the back of the head.
    front = smoothstep(0.0, -0.05, p[:, 1])
    wide = _blob(p, MOUTH, (42, 60, 30)) * front
    near = np.maximum(lips, _blob(p, MOUTH, (30, 40, 20)) * front)
    close = np.maximum(lips, _blob(p, MOUTH, (26, 40, 13)) * front)
    moves: dict[str, np.ndarray] = {name: np.zeros_like(p) for name in ARKIT_NAMES}
    jaw = _jaw(p)
    for name, move in jaw.items():
        # Moved aside or forth, the lower lip takes the upper one along a little.
        share = part.jaw if name == "jawOpen" else np.maximum(part.jaw, 0.4 * lips)
        moves[name] = move * share[:, None]
    # Sealing the lips of an open jaw: the lower lip gives seven tenths, the upper the rest. Upper and lower
    # vertices mirror each other, so that what is left of the opening is the same for both.
    drop = _jaw(np.broadcast_to(MOUTH, p.shape))["jawOpen"]
    moves["mouthClose"] = lips[:, None] * (0.3 * drop * (np.maximum(lift, 0.0) ** 0.55)[:, None]
                                           - 0.7 * drop * (np.maximum(-lift, 0.0) ** 0.55)[:, None])  # fmt: skip
    moves["mouthLeft"] = wide[:, None] * np.array((10.0, 0.0, 0.0)) * MM
    moves["mouthRight"] = -moves["mouthLeft"]
    inwards = -p[:, 0]
    pursed = np.stack((0.42 * inwards, np.full(len(p), -8.0 * MM), 0.0 * inwards), axis=1)
    moves["mouthPucker"] = near[:, None] * pursed
    moves["mouthPucker"][:, 2] += near * (1.2 * MM * upper - 1.2 * MM * lower) * (lips < 0.98)
    funnel = np.stack((0.30 * inwards, np.full(len(p), -6.5 * MM), (4.0 * upper - 6.0 * lower) * MM), axis=1)
    moves["mouthFunnel"] = near[:, None] * funnel
    roll = close[:, None] * np.array((0.0, 5.5, 0.0)) * MM
    moves["mouthRollUpper"] = upper[:, None] * (roll + close[:, None] * np.array((0, 0, -2.5)) * MM)
    moves["mouthRollLower"] = lower[:, None] * (roll + close[:, None] * np.array((0, 0, 3.0)) * MM)
    moves["mouthShrugUpper"] = (near * upper)[:, None] * np.array((0.0, -3.0, 4.0)) * MM
    chin = _blob(p, (0, -0.1, -0.02), (26, 40, 20))
    moves["mouthShrugLower"] = np.maximum(lips * lower, chin * (lift < 0))[:, None] * np.array((0, -2.5, 5.0)) * MM
    moves["browInnerUp"] = _blob(p, (0, -0.1, 0.097), (23, 40, 20))[:, None] * np.array((0, -1.0, 9.0)) * MM
    for side, name in ((1.0, "Left"), (-1.0, "Right")):
        for key, move in _one_side(p * (side, 1, 1), lift, lips, near, close, upper, lower).items():
            moves[key + name] = move * (side, 1, 1)
    puff = np.zeros_like(p)
    for side in (1.0, -1.0):
        ball = _blob(p * (side, 1, 1), (0.049, -0.062, 0.012), (20, 30, 21)) * (1.0 - 0.8 * lips)
        puff += ball[:, None] * np.array((9.5 * side, -6.0, 0.0)) * MM
    moves["cheekPuff"] = puff
    return moves


def _one_side(
    p: np.ndarray, lift: np.ndarray, lips: np.ndarray, near: np.ndarray, close: np.ndarray,
    upper: np.ndarray, lower: np.ndarray,
) -> dict[str, np.ndarray]:  # fmt: skip
    """The keys that come in pairs, for the left side; the right is their mirror."""
    half = smoothstep(-0.0045, 0.009, p[:, 0])

    def blob(centre: tuple, widths: tuple) -> np.ndarray:
        return _blob(p, centre, widths) * half

    def push(weight: np.ndarray, *mm: float) -> np.ndarray:
        return weight[:, None] * np.array(mm) * MM

    corner = blob((0.026, -0.097, 0.008), (15, 25, 14))
    beside = blob((0.036, -0.088, 0.008), (18, 25, 17))
    cheek = blob((0.040, -0.082, 0.042), (18, 30, 15))
    wing = blob((0.013, -0.110, 0.038), (9, 15, 9))
    fold = blob((0.020, -0.102, 0.027), (11, 20, 12))
    brow = blob((0.030, -0.093, 0.095), (22, 40, 17))
    inner = blob((0.012, -0.098, 0.092), (12, 40, 13))
    outer = blob((0.045, -0.083, 0.096), (18, 40, 17))
    lip_half = half * close
    press = np.stack((0 * lift, 2.2 * MM + 0 * lift, -0.30 * (p[:, 2] - MOUTH[2]) * lips), axis=1)
    return {
        "browDown": push(brow, -1.5, -1.0, -5.0) + push(inner, -1.5, -0.5, -3.0),
        "browOuterUp": push(outer, 0.0, -0.5, 8.5),
        "cheekSquint": push(cheek, 0.5, -3.5, 5.5),
        "mouthDimple": push(corner, 4.0, 6.0, 1.0) + push(beside, 1.0, 3.0, 0.5),
        "mouthFrown": push(corner, 1.0, 1.0, -8.5) + push(beside, 0.0, 0.0, -3.0),
        "mouthLowerDown": push(lip_half * lower, 1.0, 0.5, -7.5),
        "mouthPress": press * lip_half[:, None],
        "mouthSmile": push(corner, 7.0, 4.0, 9.0) + push(beside, 2.5, 2.0, 3.0) + push(cheek, 0.5, -3.0, 4.0),
        "mouthStretch": push(corner, 8.0, 4.0, -3.0)
        + push(beside, 4.0, 2.0, -2.0)
        + push(lip_half * lower, 0, 0, -1.5),
        "mouthUpperUp": push(lip_half * upper, 1.0, 0.0, 6.5) + push(fold, 0.0, -1.0, 2.5) + push(wing, 0, 0, 1.0),
        "noseSneer": push(wing, 0.5, -0.5, 5.0) + push(fold, 0, -1.5, 3.0) + push(inner, -0.8, -0.5, -2.0),
        "eyeSquint": push(blob((0.034, -0.088, 0.052), (18, 25, 8)), 0.0, -1.5, 2.5),
    }
