"""A picture of what a file of face weights holds: its strongest keys over time, below frames of the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from blender_addon.dataset import layout

from .drawing import COLOURS, FAINT, INK, new_figure, quieten, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KEYS = len(COLOURS)
#: Frames from which on lines are thin.
_DENSE = 900

_WIDTH = 12.0  # inches
_LEFT, _RIGHT = 0.7, 1.75  # inches beside the curves: the scale, and the names
_TOP, _BOTTOM = 0.72, 0.62
_ROW, _BETWEEN_ROWS = 0.48, 0.1
_BETWEEN = 0.03  # from still to still
_GAP = 0.36  # between strip and curves, where the marks are
#: The part of a still that is shown, the head in the built-in framing: from the left and from the top, and its side.
_HEAD = 0.19, 0.11, 0.62


@dataclass(frozen=True)
class Curve:
    """A key, or the two sides of one. name: without its side; columns: of the weights, the left side first."""

    name: str
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Still:
    """A frame of the strip: its number from 1, and its picture."""

    frame: int
    picture: Path


def strongest(weights: np.ndarray, names: Sequence[str], count: int = KEYS) -> list[Curve]:
    """The keys of weights (N, K) that move through the widest range, widest first; both sides of a key are one.

    Keys that stay at 0 are left out.
    """
    found: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        found.setdefault(_stem(name), []).append(column)
    low, high = weights.min(axis=0), weights.max(axis=0)
    # One that is held counts after those that move.
    strength = (high - low) + 1e-3 * np.maximum(np.abs(low), np.abs(high))
    curves = [Curve(name, tuple(columns)) for name, columns in found.items()]
    moving = [curve for curve in curves if max(strength[list(curve.columns)]) > 0]
    return sorted(moving, key=lambda curve: -max(strength[list(curve.columns)]))[:count]


def draw(
    out: Path, weights: np.ndarray, curves: Sequence[Curve], title: str, about: str, stills: Sequence[Still] = ()
) -> None:
    """Draw the picture, a PNG, whole or not at all. weights: (N, K) at 30 fps; title, about: two lines above it.

    FarmError where matplotlib is missing or the file cannot be written.
    """
    across = _WIDTH - _LEFT - _RIGHT
    side = across / max(len(stills), 4) - _BETWEEN
    strip = side + _GAP if stills else 0.0
    rows = max(len(curves), 1)
    height = _TOP + strip + rows * (_ROW + _BETWEEN_ROWS) + _BOTTOM
    figure = new_figure(_WIDTH, height)

    def place(left: float, bottom: float, wide: float, high: float) -> Axes:
        return figure.add_axes((left / _WIDTH, bottom / height, wide / _WIDTH, high / height))

    figure.text(_LEFT / _WIDTH, 1 - 0.22 / height, title, fontsize=15, fontweight="bold", color=INK, va="top")
    figure.text(_LEFT / _WIDTH, 1 - 0.48 / height, about, fontsize=10, color=FAINT, va="top")
    axes = [place(_LEFT, _BOTTOM + n * (_ROW + _BETWEEN_ROWS), across, _ROW) for n in reversed(range(rows))]
    _scale(axes, weights, curves)
    for row, curve, colour in zip(axes, curves, COLOURS, strict=False):
        _draw_curve(row, weights, curve, colour)
    if not curves:
        axes[0].text(0.5, 0.5, "no key leaves 0", transform=axes[0].transAxes, ha="center", va="center", color=FAINT)
    for n, still in enumerate(stills):
        left = _LEFT + across * (n + 0.5) / len(stills) - side / 2
        _draw_still(place(left, height - _TOP - side, side, side), still)
        _mark(axes, still)
    save(figure, out)


def _scale(axes: Sequence[Axes], weights: np.ndarray, curves: Sequence[Curve]) -> None:
    """One scale for all rows, from 0 to 1 and as far as weights go beyond; seconds below the last."""
    shown = weights[:, [column for curve in curves for column in curve.columns]]
    low, high = min(0.0, shown.min(initial=0.0)), max(1.0, shown.max(initial=1.0))
    margin = 0.04 * (high - low)
    for row in axes:
        row.set_ylim(low - margin, high + margin)
        # A frame lasts from half a frame before its time to half a frame after it.
        row.set_xlim(-0.5 / layout.FPS, (len(weights) - 0.5) / layout.FPS)
        row.set_yticks((0, 1))
        quieten(row, bottom=row is axes[-1])
    axes[-1].set_xlabel("seconds", color=INK)


def _draw_curve(row: Axes, weights: np.ndarray, curve: Curve, colour: str) -> None:
    times = np.arange(len(weights)) / layout.FPS
    dense = len(weights) >= _DENSE
    marker = "o" if len(weights) == 1 else ""
    left, *right = (weights[:, column] for column in curve.columns)
    row.fill_between(times, left, color=colour, alpha=0.18, linewidth=0)
    for track in right:  # behind the left one: it is seen where it differs
        row.plot(times, track, color=INK, linewidth=0.5 if dense else 0.9, marker=marker, clip_on=False)
    row.plot(times, left, color=colour, linewidth=0.9 if dense else 1.6, marker=marker, clip_on=False)
    values = weights[:, list(curve.columns)]
    beside = {"transform": row.transAxes, "clip_on": False}
    row.text(1.012, 0.62, curve.name, color=colour, fontsize=11, fontweight="bold", va="center", **beside)
    row.text(1.012, 0.2, f"{values.min():.2f} to {values.max():.2f}", color=FAINT, fontsize=9, va="center", **beside)


def _draw_still(place: Axes, still: Still) -> None:
    from matplotlib.image import imread

    pixels = imread(still.picture)
    left, top, side = (round(share * len(pixels)) for share in _HEAD)
    place.imshow(pixels[top : top + side, left : left + side], interpolation="lanczos", aspect="auto")
    place.set_axis_off()


def _mark(axes: Sequence[Axes], still: Still) -> None:
    """Where a still lies on the curves: a line through all rows, and its time above them."""
    seconds = (still.frame - 1) / layout.FPS
    for row in axes:
        row.axvline(seconds, color=FAINT, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0)
    top = axes[0]
    top.plot(seconds, 1.06, "^", color=FAINT, markersize=5, transform=top.get_xaxis_transform(), clip_on=False)
    top.annotate(
        f"{seconds:.2f} s", (seconds, 1.06), xycoords=("data", "axes fraction"), xytext=(0, 8),
        textcoords="offset points", ha="center", fontsize=9.5, color=FAINT, annotation_clip=False,
    )  # fmt: skip


def _stem(name: str) -> str:
    """A key's name without its side; jawLeft, mouthLeft and their like are keys of their own, not sides of one."""
    stem = name.removesuffix("_L").removesuffix("_R")
    if stem == name and not name.startswith("jaw") and name not in ("mouthLeft", "mouthRight"):
        stem = name.removesuffix("Left").removesuffix("Right")
    return stem
