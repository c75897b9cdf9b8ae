"""Pieces of the mannequin's head; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SKIN, LIPS, MOUTH, TEETH, TONGUE, BROWS, HAIR, SCLERA, IRIS, PUPIL, LASHES = range(11)
#: What the material indices of a head's faces mean.
MATERIALS = ("skin", "lips", "mouth", "teeth", "tongue", "brows", "hair", "sclera", "iris", "pupil", "lashes")


@dataclass
class Part:
    """A piece of the head and what the keys need to know of its vertices.

    lift: (V,) from -1 (lower lip and below) over 0 (corners) to 1 (upper); mouthness: (V,) 1 at the lips,
    falling outwards; jaw: (V,) how far the part follows the jaw; soft: whether skin keys move it.
    """

    vertices: np.ndarray
    faces: np.ndarray
    materials: np.ndarray
    lift: np.ndarray
    mouthness: np.ndarray
    jaw: np.ndarray
    soft: bool = True
    own: dict[str, np.ndarray] = field(default_factory=dict)


def still(vertices: np.ndarray, faces: np.ndarray, material: int, jaw: float = 0.0) -> Part:
    """A part that no skin key moves; jaw: how far it follows the jaw."""
    count = len(vertices)
    zero = np.zeros(count)
    return Part(vertices, faces, np.full(len(faces), material), zero, zero, np.full(count, jaw), soft=False)
