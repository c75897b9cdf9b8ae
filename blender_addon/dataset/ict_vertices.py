"""ICT weights as vertices, template + weights x basis, and back: the weights that vertices were made with.

Vertices are packed frame by frame as [v1x, v1y, v1z, v2x, ...], in the unit and axes of template and basis.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from . import nnls
from .blendshapes import UNREADABLE
from .errors import DatasetError

#: What is worked on at a time. Larger blocks are no faster, much smaller ones are slower.
BLOCK_BYTES = 64 * 2**20

#: More vertices than any head has, and a file of them.
_MOST, _LARGEST = 4_000_000, 64 * 2**20

#: Above this the normal equations of least squares lose all digits.
_WORST_CONDITION = 1e12


def matrix(basis: np.ndarray, template: np.ndarray | None = None) -> np.ndarray:
    """What `fill` multiplies weights with: (56, 3V) float32, the basis and below it the template.

    basis: (55, V, 3) as of ict.load_basis; template: (V, 3), or None for offsets from a template. As one more row of
    the product, the template costs no second pass over the vertices. DatasetError for another number of vertices.
    """
    count, vertices = basis.shape[:2]
    if template is not None and template.shape != (vertices, 3):
        raise DatasetError(f"the template has {len(template)} vertices, and the basis of the ICT keys moves {vertices}")
    rows = np.empty((count + 1, vertices * 3), np.float32)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        rows[:count] = basis.reshape(count, -1)
        rows[count] = 0.0 if template is None else template.reshape(-1)
    if not np.isfinite(rows).all():
        raise DatasetError("template or basis holds a number that is larger than float32 has")
    return rows


def vertices(weights: np.ndarray, basis: np.ndarray, template: np.ndarray | None = None) -> np.ndarray:
    """The vertices (N, 3V) float32 of weights (N, 55); basis and template as for `matrix`."""
    rows = matrix(basis, template)
    out = np.empty((len(weights), rows.shape[1]), np.float32)
    fill(out, weights, rows)
    return out


def fill(out: np.ndarray, weights: np.ndarray, rows: np.ndarray) -> None:
    """Write the vertices of weights (N, 55) into `out` (N, 3V), float32 or float16, which may be a file's memory map.

    rows: of `matrix`. Beyond `out` the memory that this takes does not depend on N. DatasetError for weights of another
    shape, and for such as would leave the range of out's type.
    """
    if weights.ndim != 2 or weights.shape[1] != len(rows) - 1:
        raise DatasetError(f"ICT weights must have the shape (frames, {len(rows) - 1}), these have {weights.shape}")
    direct = out.dtype == np.float32 and out.flags.c_contiguous
    furthest = np.abs(rows).max(axis=1, initial=0.0).astype(np.float64)
    for start, stop in blocks(len(weights), rows.shape[1] * 4):
        part = np.ones((stop - start, len(rows)), np.float32)
        part[:, :-1] = weights[start:stop]
        if not (np.abs(part) @ furthest <= np.finfo(out.dtype).max).all():
            raise DatasetError(f"weights this large, or no numbers, make no vertices that {out.dtype} can hold")
        if direct:
            np.matmul(part, rows, out=out[start:stop])
        else:
            out[start:stop] = part @ rows


def blocks(frames: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Ranges of frames, start and stop, of about BLOCK_BYTES each."""
    step = max(1, BLOCK_BYTES // max(row_bytes, 1))
    for start in range(0, frames, step):
        yield start, min(start + step, frames)


def weights_of(positions: np.ndarray, basis: np.ndarray, template: np.ndarray | None = None) -> np.ndarray:
    """The weights (N, 55) float32, none negative, whose vertices come nearest to `positions` (N, 3V).

    Least squares over all vertices; basis and template as for `matrix`. A key that moves no vertex has the weight 0.
    DatasetError for positions of another shape or that are no numbers, and where too few vertices are left to tell
    the keys apart.
    """
    rows = matrix(basis, template).astype(np.float64)
    keys, rest = rows[:-1], rows[-1]
    if positions.ndim != 2 or positions.shape[1] != len(rest):
        raise DatasetError(f"the vertices must have the shape (frames, {len(rest)}), these have {positions.shape}")
    gram = keys @ keys.T
    unit = np.sqrt(np.diagonal(gram))
    moving = unit > 0
    gram = gram[np.ix_(moving, moving)]
    if moving.any() and np.linalg.cond(gram / np.outer(unit[moving], unit[moving])) > _WORST_CONDITION:
        raise DatasetError("the ICT keys move these vertices too much alike to tell weights from them")
    result = np.zeros((len(positions), len(keys)), np.float32)
    for start, stop in blocks(len(positions), max(8 * len(rest), 8 * len(keys) ** 2)):
        products = (positions[start:stop] - rest) @ keys[moving].T
        if not np.isfinite(products).all():
            raise DatasetError(f"the vertices of frames {start + 1} to {stop} are not all finite numbers")
        result[start:stop, moving] = nnls.solve(gram, products)
    return result


def match(
    basis: np.ndarray, template: np.ndarray | None, indices: np.ndarray | None, name: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Basis (55, V, 3) and template (V, 3) or None, of the same vertices.

    indices: (V,) vertices, from 0, to take from the template where it has more vertices than the basis, from the basis
    where that has more, from both where they are alike. DatasetError names the template and both counts.
    """
    moved = basis.shape[1]
    there = moved if template is None else len(template)
    if indices is None:
        if there != moved:
            raise DatasetError(
                f"{name}: has {there} vertices, and the basis of the ICT keys moves {moved}; "
                f"--indices must say which {min(there, moved)} belong together"
            )
        return basis, template
    if there != moved and len(indices) != min(there, moved):
        raise DatasetError(
            f"{name}: has {there} vertices, and the basis of the ICT keys moves {moved}; --indices must name "
            f"{min(there, moved)} of them, it names {len(indices)}"
        )
    if indices.max() >= max(there, moved):
        raise DatasetError(
            f"--indices names vertex {indices.max()}, counted from 0, and {name} and basis have no more than "
            f"{max(there, moved)}"
        )
    if moved >= there:
        basis = basis[:, indices]
    if template is not None and there >= moved:
        template = template[indices]
    return basis, template


def read_indices(path: Path) -> np.ndarray:
    """Vertices, (M,) int64 counted from 0: a one-dimensional .npy of whole numbers, or a text of them.

    A text has them parted by spaces, commas or lines; what follows a # is a comment. DatasetError for anything else,
    for none, and for a vertex that is named twice.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise DatasetError(f"{path}: is too large for a list of vertices")
        indices = _array_indices(path) if path.suffix.lower() == ".npy" else _text_indices(path)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    if not len(indices):
        raise DatasetError(f"{path}: names no vertices")
    if indices.min() < 0 or indices.max() >= _MOST:
        raise DatasetError(
            f"{path}: vertices count from 0 and below {_MOST}, it names {indices.min()} to {indices.max()}"
        )
    values, counts = np.unique(indices, return_counts=True)
    if len(values) < len(indices):
        raise DatasetError(f"{path}: names vertex {values[counts > 1][0]} twice")
    return indices.astype(np.int64)


def _array_indices(path: Path) -> np.ndarray:
    try:
        with open(path, "rb") as file:
            indices = np.lib.format.read_array(file, allow_pickle=False)
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        raise DatasetError(f"{path}: cannot be read as a plain .npy array of numbers ({error})") from error
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise DatasetError(f"{path}: must be one row of whole numbers, this file has {indices.shape} {indices.dtype}")
    return indices


def _text_indices(path: Path) -> np.ndarray:
    found: list[int] = []
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            words = line.partition("#")[0].replace(",", " ").split()
            if not all(word.isascii() and word.isdigit() and len(word) <= 9 for word in words):
                raise DatasetError(f"{path}: line {number} holds what is no vertex number")
            found += map(int, words)
    return np.array(found, dtype=np.int64)
