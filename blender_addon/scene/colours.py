"""Colours that tell actors apart: no two of a template wear tops that look alike."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .looks import LOOKS, Colour, Look, look_of

#: The least distance of two tops, CIE76 (2.3 is just noticeable; from here on nobody takes one for the other).
APART = 35.0
#: Saturation and value of the tops that are tried, each in hues all round.
_TRIED = ((0.62, 0.72), (0.80, 0.45), (0.28, 0.86), (0.55, 0.90))
_HUES = 24


def lab(colour: Colour) -> np.ndarray:
    """CIE L*a*b* (3,) of an sRGB colour 0..1, white point D65 (IEC 61966-2-1, CIE 15)."""
    channels = np.array(colour, dtype=float)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = np.array(to_xyz) @ linear / (0.95047, 1.0, 1.08883)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array((116 * y - 16, 500 * (x - y), 200 * (y - z)))


def distance(a: Colour, b: Colour) -> float:
    """How different two colours look, CIE76."""
    return float(np.linalg.norm(lab(a) - lab(b)))


def looks_of(genders: Mapping[str, str]) -> dict[str, Look]:
    """The looks of all actors of a template, {actor: gender as for look_of}: the data set's have their own, others the
    one of their id where that is APART from those before, else the colour that is farthest from all of them."""
    tried = [colorsys.hsv_to_rgb(n / _HUES, *shade) for shade in _TRIED for n in range(_HUES)]
    found: dict[str, Look] = {}
    for actor in sorted(genders, key=lambda actor: (actor not in LOOKS, actor)):
        look = look_of(actor, genders[actor])
        taken = [other.top for other in found.values()]
        if actor not in LOOKS and any(distance(look.top, top) < APART for top in taken):
            farthest = max(tried, key=lambda colour: min(distance(colour, top) for top in taken))
            look = replace(look, top=farthest)
        found[actor] = look
    return found
