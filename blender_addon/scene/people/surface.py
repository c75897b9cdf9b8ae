"""Where points lie on a surface; numpy alone."""

from __future__ import annotations

import numpy as np

#: Of how many triangles, by their middles, the nearest one is sought.
_CANDIDATES = 12


def closest(points: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of a surface nearest to each point (N, 3): corners (N, 3), vertices of a triangle, and their shares
    (N, 3), which add up to 1. faces: (F, 4), a triangle repeats its last corner; of like size.

    After C. Ericson, Real-Time Collision Detection, section 5.1.5: the nearest place is in the triangle's plane, or
    else on one of its edges.
    """
    triangles = np.concatenate((faces[:, :3], faces[faces[:, 2] != faces[:, 3]][:, [0, 2, 3]]))
    middles = vertices[triangles].mean(axis=1)
    far = (middles**2).sum(axis=1) - 2 * points @ middles.T
    count = min(_CANDIDATES, len(triangles))
    near = triangles[np.argpartition(far, count - 1, axis=1)[:, :count]]
    corners = vertices[near]
    shares = _shares(points[:, None], *corners.transpose(2, 0, 1, 3))
    offset = np.einsum("ntk,ntkx->ntx", shares, corners) - points[:, None]
    best = np.argmin((offset**2).sum(axis=2), axis=1)
    row = np.arange(len(points))
    return near[row, best], shares[row, best]


def _shares(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Of the corners of triangles, each (N, T, 3), in the place nearest to points (N, 1, 3): (N, T, 3)."""
    ab, ac = b - a, c - a
    aa, bb, cc = (ab * ab).sum(2), (ac * ac).sum(2), (ab * ac).sum(2)
    d, e = ((p - a) * ab).sum(2), ((p - a) * ac).sum(2)
    area = np.maximum(aa * bb - cc * cc, 1e-30)
    v, w = (d * bb - e * cc) / area, (e * aa - d * cc) / area
    inside = np.stack((1 - v - w, v, w), axis=2)
    zero = np.zeros_like(v)
    along_ab = np.clip(d / np.maximum(aa, 1e-30), 0, 1)
    along_ac = np.clip(e / np.maximum(bb, 1e-30), 0, 1)
    bc = ((c - b) ** 2).sum(2)
    along_bc = np.clip(((p - b) * (c - b)).sum(2) / np.maximum(bc, 1e-30), 0, 1)
    edges = (
        np.stack((1 - along_ab, along_ab, zero), axis=2),
        np.stack((1 - along_ac, zero, along_ac), axis=2),
        np.stack((zero, 1 - along_bc, along_bc), axis=2),
    )
    places = [edge[..., :1] * a + edge[..., 1:2] * b + edge[..., 2:] * c for edge in edges]
    nearest = np.argmin([((place - p) ** 2).sum(2) for place in places], axis=0)
    on_edge = np.choose(nearest[..., None], edges)
    return np.where((inside >= 0).all(axis=2, keepdims=True), inside, on_edge)
