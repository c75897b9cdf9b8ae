"""Checks one .npy file of face weights: by its head, or every value of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .. import blendshapes, layout
from . import findings
from .facts import Facts

#: Weights beyond these are mistakes (per cent, another unit); solvers go a little beyond 0 and 1.
LOWEST, HIGHEST = -0.5, 1.5


def examine(path: Path, columns: tuple[int, ...], *, deep: bool) -> Facts:
    """Quick: number type, shape and size. Deep: every value as well. columns: how many a file of the kind may have."""
    facts = Facts(rate=layout.FPS)
    try:
        with open(path, "rb") as file:
            shape, by_column, kind = _read_head(file)
            wanted = file.tell() + math.prod(shape) * kind.itemsize
            has = path.stat().st_size
            plain = kind.kind in "fiu" and len(shape) == 2 and min(shape) > 0
            values = np.fromfile(file, kind, math.prod(shape)) if deep and plain and has >= wanted else None
    except blendshapes.UNREADABLE as error:
        if isinstance(error, OSError):
            facts.tell(findings.UNREADABLE, f"cannot be read ({error.strerror})")
        else:
            facts.tell(findings.NO_NPY, f"cannot be read as a plain .npy array of numbers ({error})")
        return facts
    if kind.kind not in "fiu":
        facts.tell(findings.NO_NPY, f"holds {kind}, not numbers")
    elif len(shape) != 2 or shape[1] not in columns or shape[0] <= 0:
        kinds = " or ".join(f"(frames, {count})" for count in columns)
        facts.tell(findings.NPY_SHAPE, f"has the shape {shape}, not {kinds}")
    elif has < wanted:
        facts.tell(findings.CUT_NPY, f"is cut off: {wanted - has} of its {wanted} bytes are missing")
    else:
        facts.frames, facts.seconds = shape[0], shape[0] / layout.FPS
        if values is not None:
            _check_values(facts, values.reshape(shape, order="F" if by_column else "C"))
    return facts


def _read_head(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns come one after another, and number type; ValueError where the head is none."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def _check_values(facts: Facts, values: np.ndarray) -> None:
    low, high = float(values.min()), float(values.max())  # NaN where one is
    if not (math.isfinite(low) and math.isfinite(high)):
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        frames = f"{len(bad)} frame{'' if len(bad) == 1 else 's'}"
        facts.tell(findings.WEIGHTS_NAN, f"is not finite in {frames}, first in {bad[0] + 1}")
    elif low < LOWEST or high > HIGHEST:
        facts.tell(findings.WEIGHTS_RANGE, f"has weights from {low:.3g} to {high:.3g}; they should lie in 0 to 1")
    elif len(values) > 1 and (values == values[0]).all():
        facts.tell(findings.FACE_STILL, f"has the same weights in all its {len(values)} frames")
