"""The mannequin's eyes: eyeballs that turn, lids that slide over them; numpy alone."""

from __future__ import annotations

import numpy as np

from ..implicit import smoothstep
from ..solids import closed_tube, outwards, ring_faces
from . import face as forms
from .face import EYE, EYE_RADIUS, LID_RADIUS
from .parts import IRIS, LASHES, PUPIL, SCLERA, SKIN, Part, still

_SPOKES = 44
_RINGS = 8
#: The opening's half width, its upper and lower height, and where closed lids meet, degrees about the eye.
_WIDE, _UPPER, _LOWER, _MEET = 52.0, 27.0, 19.0, -12.0
#: How far the eyes turn at a key's full value, degrees.
_LOOK = {"Up": 24.0, "Down": 26.0, "In": 28.0, "Out": 30.0}


def build(female: bool) -> list[Part]:
    """Eyeballs and lids of both eyes, as parts of a head."""
    parts = []
    for side in (1.0, -1.0):
        parts += [_ball(side), _lids(side, female)]
    return parts


def _ball(side: float) -> Part:
    name = "Left" if side > 0 else "Right"
    # Angles from the pupil's middle backwards; the iris and the pupil have edges of their own.
    rings = np.radians((3, 7, 9.5, 9.6, 16, 23.5, 24.5, 32, 48, 75, 105))
    turn = np.arange(28) * (2 * np.pi / 28)
    forth, out = np.cos(rings)[:, None], np.sin(rings)[:, None]
    local = np.stack((out * np.cos(turn), -forth * np.ones_like(turn), out * np.sin(turn)), axis=-1).reshape(-1, 3)
    local, faces = closed_tube(local * EYE_RADIUS, len(rings))
    part = still(local + EYE * (side, 1, 1), faces, SCLERA)
    depth = np.arccos(np.clip(-local[faces].mean(axis=1)[:, 1] / EYE_RADIUS, -1.0, 1.0))
    part.materials[depth < np.radians(24.0)] = IRIS
    part.materials[depth < np.radians(9.55)] = PUPIL
    for word, degrees in _LOOK.items():
        part.own[f"eyeLook{word}{name}"] = _turned(local, word, side, degrees) - local
    return part


def _turned(local: np.ndarray, word: str, side: float, degrees: float) -> np.ndarray:
    """Points (N, 3) about the eye's middle, turned to where the key looks."""
    angle = np.radians(degrees)
    x, y, z = local.T
    if word in ("Up", "Down"):
        angle = angle if word == "Up" else -angle
        return np.stack((x, y * np.cos(angle) + z * np.sin(angle), z * np.cos(angle) - y * np.sin(angle)), axis=1)
    angle = angle * side * (1.0 if word == "Out" else -1.0)
    return np.stack((x * np.cos(angle) - y * np.sin(angle), y * np.cos(angle) + x * np.sin(angle), z), axis=1)


def _lids(side: float, female: bool) -> Part:
    name = "Left" if side > 0 else "Right"
    nu = np.arange(_SPOKES) * (2 * np.pi / _SPOKES)
    cos, sin = np.cos(nu), np.sin(nu)
    azimuth = _WIDE * cos
    # The outer corner lies a little higher; the upper lid's highest point a little inwards.
    slant = 2.5 * cos
    edge = slant + np.where(sin >= 0, _UPPER, _LOWER) * sin * (1.0 - 0.10 * cos * (sin > 0))
    meet = slant + _MEET * np.clip(1.0 - cos**2, 0.0, 1.0)
    squint = slant + np.where(sin >= 0, 0.80 * _UPPER, 0.42 * _LOWER) * sin
    wide = slant + np.where(sin >= 0, _UPPER + 9.0, _LOWER + 2.5) * sin
    high = edge + np.where(sin >= 0, 7.0, 5.0) * np.abs(sin)
    low = edge - np.where(sin >= 0, 13.0, 7.0) * np.abs(sin)
    cheek = edge + np.where(sin >= 0, 0.0, 5.0) * np.abs(sin)
    place = np.linspace(0.0, 1.0, _RINGS)
    outer_azimuth, outer_height = np.where(cos > 0, 78.0, 62.0) * cos, np.where(sin >= 0, 58.0, 50.0) * sin

    def directions(heights: np.ndarray, part: float) -> np.ndarray:
        # What moves the edge dies out towards the skin.
        share = 1.0 - smoothstep(0.0, 0.6, np.array(part))
        a = np.radians((azimuth + (outer_azimuth - azimuth) * part) * side)
        e = np.radians(edge + (outer_height - edge) * part + (heights - edge) * share)
        return np.stack((np.cos(e) * np.sin(a), -np.cos(e) * np.cos(a), np.sin(e)), axis=1)

    middle = EYE * (side, 1, 1)
    # Outwards the lids go over into the skin, and under it.
    towards = np.concatenate([directions(edge, 0.03 + 0.97 * part) for part in place])
    # (not farther than that: beyond lies the nose).
    skin = forms.surface(middle, towards, female, 0.024).reshape(len(place), -1)
    lean = smoothstep(0.08, 0.50, place)
    sunk = 0.0065 * smoothstep(0.30, 0.78, place) - 0.0004
    radii = LID_RADIUS + (skin - sunk[:, None] - LID_RADIUS) * lean[:, None]
    radii = np.maximum(radii, EYE_RADIUS + 0.0010)

    def shape(heights: np.ndarray) -> np.ndarray:
        rows = [
            middle + directions(heights, 0.0) * (EYE_RADIUS - 0.0004),
            middle + directions(heights, 0.0) * (LID_RADIUS - 0.0003),
        ]
        for part, radius in zip(place, radii, strict=True):
            # A little past the edge, so that the lid has a rounded rim.
            rows.append(middle + directions(heights, 0.03 + 0.97 * part) * radius[:, None])
        return np.concatenate(rows)

    vertices = shape(edge)
    faces = ring_faces(_RINGS + 2, _SPOKES)
    # Behind the eye's front the outer rim is joined to the inner one, so that the lids are a closed surface.
    count = (_RINGS + 1) * _SPOKES
    behind = np.stack([faces[:_SPOKES, n] for n in (0, 3)] + [faces[-_SPOKES:, n] for n in (2, 1)], axis=1)
    faces = outwards(vertices, np.concatenate((faces, behind)))
    ring = np.repeat(np.arange(_RINGS + 1), _SPOKES)
    spoke = np.tile(np.arange(_SPOKES), _RINGS + 1)
    materials = np.full(len(faces), SKIN)
    upper = np.sin(nu[spoke] + np.pi / _SPOKES) > 0.0
    materials[:count][(ring < (3 if female else 2)) & upper] = LASHES
    zero = np.zeros(len(vertices))
    part = Part(vertices, faces, materials, zero + 1.0, zero, zero, soft=False)
    for key, heights in (("eyeBlink", meet), ("eyeSquint", squint), ("eyeWide", wide), ("eyeLookUp", high),
                         ("eyeLookDown", low), ("cheekSquint", cheek)):  # fmt: skip
        part.own[f"{key}{name}"] = shape(heights) - vertices
    return part
