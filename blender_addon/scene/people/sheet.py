"""Surfaces that can be cut along any line, with all that hangs on their vertices; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Sheet:
    """points: (V, 3); faces: (F, 4), a triangle repeats its last corner; materials: (F,); weights: (V, J);
    keys: (K, V, 3) offsets by shape key, K may be 0."""

    points: np.ndarray
    faces: np.ndarray
    materials: np.ndarray
    weights: np.ndarray
    keys: np.ndarray

    def painted(self, material: int) -> Sheet:
        """The same in one material."""
        return replace(self, materials=np.full(len(self.faces), material))


def take(sheet: Sheet, wanted: np.ndarray) -> Sheet:
    """Only some faces (F,) bool, and their vertices."""
    faces = sheet.faces[wanted]
    used, new = np.unique(faces, return_inverse=True)
    return Sheet(
        sheet.points[used], new.reshape(faces.shape), sheet.materials[wanted], sheet.weights[used], sheet.keys[:, used]
    )


def join(*sheets: Sheet) -> Sheet:
    """Several sheets as one."""
    starts = np.cumsum([0, *(len(s.points) for s in sheets)])
    return Sheet(
        np.concatenate([s.points for s in sheets]),
        np.concatenate([s.faces + start for s, start in zip(sheets, starts, strict=False)]),
        np.concatenate([s.materials for s in sheets]),
        np.concatenate([s.weights for s in sheets]),
        np.concatenate([s.keys for s in sheets], axis=1),
    )


def split(sheet: Sheet, field: np.ndarray) -> tuple[Sheet, np.ndarray, np.ndarray]:
    """Cut along the line where `field` (V,) is 0: the sheet with new vertices on it, which faces (F,) lie where the
    field is positive, and the field at the vertices."""
    field = np.where(np.abs(field) < 1e-7, 1e-7, field)
    corners = field[sheet.faces] > 0
    crossed = corners.any(axis=1) & ~corners.all(axis=1)
    kept = sheet.faces[~crossed]
    faces, materials, signs = [kept], [sheet.materials[~crossed]], [corners[~crossed, 0]]
    made: dict[tuple[int, int], int] = {}
    pairs: list[tuple[int, int]] = []
    count = len(sheet.points)
    pieces: list[list[int]] = []
    piece_materials: list[int] = []
    piece_signs: list[bool] = []
    for row, material in zip(sheet.faces[crossed].tolist(), sheet.materials[crossed].tolist(), strict=True):
        polygon = list(dict.fromkeys(row))
        for positive in (True, False):
            piece = []
            for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
                if (field[a] > 0) == positive:
                    piece.append(a)
                if (field[a] > 0) != (field[b] > 0):
                    edge = (min(a, b), max(a, b))
                    if edge not in made:
                        made[edge] = count + len(pairs)
                        pairs.append(edge)
                    piece.append(made[edge])
            # A piece has three to five corners.
            if len(piece) == 3:
                pieces.append([*piece, piece[2]])
            elif len(piece) >= 4:
                pieces.append(piece[:4])
            if len(piece) == 5:
                pieces.append([piece[0], piece[3], piece[4], piece[4]])
            new = len(pieces) - len(piece_signs)
            piece_signs += [positive] * new
            piece_materials += [material] * new
    if not pairs:
        return sheet, corners[:, 0], field
    a, b = np.array(pairs).T
    share = (field[a] / (field[a] - field[b]))[:, None]

    def between(values: np.ndarray) -> np.ndarray:
        return values[a] * (1 - share) + values[b] * share

    keys = np.concatenate((sheet.keys, sheet.keys[:, a] * (1 - share) + sheet.keys[:, b] * share), axis=1)
    result = Sheet(
        np.concatenate((sheet.points, between(sheet.points))),
        np.concatenate((*faces, np.array(pieces, dtype=np.int64).reshape(-1, 4))),
        np.concatenate((*materials, np.array(piece_materials, dtype=np.int64))),
        np.concatenate((sheet.weights, between(sheet.weights))),
        keys,
    )
    values = np.concatenate((field, np.zeros(len(pairs))))
    return result, np.concatenate((*signs, np.array(piece_signs, dtype=bool))), values


def cut(sheet: Sheet, field: np.ndarray) -> Sheet:
    """The part of a sheet where `field` (V,) is positive."""
    parts, inside, _ = split(sheet, field)
    return take(parts, inside)


def normals(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit vertex normals (V, 3)."""
    across = np.cross(points[faces[:, 2]] - points[faces[:, 0]], points[faces[:, 3]] - points[faces[:, 1]])
    sums = np.zeros_like(points)
    for corner in range(4):
        np.add.at(sums, faces[:, corner], across)
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)


def smooth(points: np.ndarray, faces: np.ndarray, rounds: int, share: float | np.ndarray = 0.5) -> np.ndarray:
    """Each vertex (V, C) drawn `share` of the way to its neighbours' middle, several times; the rim stays on itself."""
    edges = _edges(faces)
    rim = np.zeros(len(points), dtype=bool)
    outer = edges[_counts(faces, edges) == 1]
    rim[outer] = True
    # A vertex of the rim knows only its neighbours along the rim.
    links = np.concatenate((edges, edges[:, ::-1]))
    links = np.concatenate((links[~rim[links[:, 0]]], outer, outer[:, ::-1]))
    degree = np.bincount(links[:, 0], minlength=len(points))[:, None]
    share = np.broadcast_to(np.asarray(share, dtype=float), (len(points),))[:, None]
    for _ in range(rounds):
        sums = np.stack([np.bincount(links[:, 0], column[links[:, 1]], len(points)) for column in points.T], axis=1)
        points = points + share * np.where(degree > 0, sums / np.maximum(degree, 1) - points, 0.0)
    return points


def rim_edges(faces: np.ndarray) -> np.ndarray:
    """Directed edges (E, 2) that only one face has, as that face runs along them."""
    rings = np.concatenate([faces[:, [n, (n + 1) % 4]] for n in range(4)])
    rings = rings[rings[:, 0] != rings[:, 1]]
    keys = np.sort(rings, axis=1)
    _, index, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    return rings[counts[index.ravel()] == 1]


def hem(sheet: Sheet, depth: float, wanted: np.ndarray | None = None) -> Sheet:
    """Turn the rim inwards by `depth` m, so that a garment's edge has a thickness. wanted: (V,) bool, which rim."""
    rims = rim_edges(sheet.faces)
    if wanted is not None:
        rims = rims[wanted[rims].all(axis=1)]
    if not len(rims):
        return sheet
    used, new = np.unique(rims, return_inverse=True)
    # The strip has vertices of its own along the rim, so that shading does not run round the edge.
    outer = new.reshape(rims.shape) + len(sheet.points)
    inner = outer + len(used)
    inward = sheet.points[used] - normals(sheet.points, sheet.faces)[used] * depth
    strip = np.stack((outer[:, 1], outer[:, 0], inner[:, 0], inner[:, 1]), axis=1)
    owner = _owner(sheet, rims)
    return Sheet(
        np.concatenate((sheet.points, sheet.points[used], inward)),
        np.concatenate((sheet.faces, strip)),
        np.concatenate((sheet.materials, sheet.materials[owner])),
        np.concatenate((sheet.weights, sheet.weights[used], sheet.weights[used])),
        np.concatenate((sheet.keys, sheet.keys[:, used], sheet.keys[:, used]), axis=1),
    )


def _owner(sheet: Sheet, rims: np.ndarray) -> np.ndarray:
    """The face of each rim edge."""
    owners = {}
    for n in range(4):
        for face, edge in enumerate(sheet.faces[:, [n, (n + 1) % 4]].tolist()):
            owners[tuple(edge)] = face
    return np.array([owners[tuple(edge)] for edge in rims.tolist()])


def _edges(faces: np.ndarray) -> np.ndarray:
    rings = np.concatenate([faces[:, [n, (n + 1) % 4]] for n in range(4)])
    return np.unique(np.sort(rings[rings[:, 0] != rings[:, 1]], axis=1), axis=0)


def _counts(faces: np.ndarray, edges: np.ndarray) -> np.ndarray:
    rings = np.concatenate([faces[:, [n, (n + 1) % 4]] for n in range(4)])
    rings = np.sort(rings[rings[:, 0] != rings[:, 1]], axis=1)
    _, counts = np.unique(rings, axis=0, return_counts=True)
    return counts
