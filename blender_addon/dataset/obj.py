"""Reads the mesh of a Wavefront OBJ file: vertices and faces, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import DatasetError

#: More than any head has; a file with more is refused before it fills the memory.
_MOST = 4_000_000


@dataclass(frozen=True)
class Mesh:
    """vertices: (V, 3) float64, in the file's own unit and axes; corners: (C,) vertices of all faces one after the
    other, from 0; sizes: (F,) corners of each face, at least 3."""

    vertices: np.ndarray
    corners: np.ndarray
    sizes: np.ndarray

    def quads(self) -> np.ndarray:
        """The faces as (F', 4): a triangle repeats its last corner, a face of more corners is cut into a fan."""
        starts = np.cumsum(self.sizes) - self.sizes
        most = int(self.sizes.max(initial=0))
        pieces = []
        for first in range(1, most - 1, 2):
            rows = starts[self.sizes >= first + 2]
            last = np.minimum(first + 2, self.sizes[self.sizes >= first + 2] - 1)
            ends = (rows, rows + first, rows + first + 1, rows + last)
            pieces.append(np.stack([self.corners[end] for end in ends], axis=1))
        return np.concatenate(pieces) if pieces else np.zeros((0, 4), dtype=np.int64)


def read(path: Path) -> Mesh:
    """Read an OBJ file; texture coordinates, normals, groups and materials are left out.

    DatasetError names the file and the line that is broken. A file without faces is read: whoever needs them asks.
    """
    vertices: list[list[float]] = []
    corners: list[int] = []
    sizes: list[int] = []
    number = 0
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):  # noqa: B007 - names the line where reading ends by an error
                words = line.split()
                if words[:1] == ["v"]:
                    x, y, z = words[1:4]
                    vertices.append([float(x), float(y), float(z)])
                elif words[:1] == ["f"]:
                    face = [int(word.partition("/")[0]) for word in words[1:]]
                    if len(face) < 3 or 0 in face or len(vertices) + min(face) < 0:
                        raise ValueError("no face")
                    corners += [n - 1 if n > 0 else len(vertices) + n for n in face]
                    sizes.append(len(face))
                if len(vertices) > _MOST or len(corners) > 4 * _MOST:
                    raise DatasetError(f"{path}: has more than {_MOST} vertices or faces, too many for a head")
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError:
        raise DatasetError(f"{path}: line {number} is no vertex or face of an OBJ file") from None
    if not vertices:
        raise DatasetError(f"{path}: is no OBJ file, it has no vertices")
    if corners and max(corners) >= len(vertices):
        raise DatasetError(f"{path}: a face names vertex {max(corners) + 1}, and there are {len(vertices)}")
    points = np.array(vertices)
    if not np.isfinite(points).all():
        row = int(np.argwhere(~np.isfinite(points))[0, 0])
        raise DatasetError(f"{path}: vertex {row + 1} is not at a finite place")
    return Mesh(points, np.array(corners, dtype=np.int64), np.array(sizes, dtype=np.int64))
