"""Closed surfaces from rings of vertices; numpy alone."""

from __future__ import annotations

import numpy as np


def ring_faces(rings: int, count: int) -> np.ndarray:
    """Quads (Q, 4) between closed rings of `count` vertices, seen from the side where rings run outwards."""
    row = np.arange(count)
    base = (np.arange(rings - 1) * count)[:, None]
    after = np.roll(row, -1)
    quads = np.stack((base + row, base + count + row, base + count + after, base + after), axis=-1)
    return quads.reshape(-1, 4)


def closed_tube(vertices: np.ndarray, rings: int) -> tuple[np.ndarray, np.ndarray]:
    """A solid from rings of vertices (V, 3): faces between the rings and a fan over either end, facing outwards."""
    count = len(vertices) // rings
    row = np.arange(count)
    faces = [ring_faces(rings, count)]
    for rim in (row, (rings - 1) * count + row[::-1]):
        after = np.roll(rim, -1)
        faces.append(np.stack((np.full_like(rim, len(vertices)), rim, after, after), axis=1))
        vertices = np.vstack((vertices, vertices[rim].mean(axis=0)))
    return vertices, outwards(vertices, np.concatenate(faces))


def outwards(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The faces of a closed surface, turned over where they look inwards."""
    a, b, c, d = (vertices[faces[:, n]] - vertices[0] for n in range(4))
    volume = np.einsum("ij,ij->", a, np.cross(b, c)) + np.einsum("ij,ij->", a, np.cross(c, d))
    return faces if volume > 0 else faces[:, [1, 0, 3, 2]]
