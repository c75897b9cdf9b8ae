"""A picture of what a file of face weights holds: its strongest keys over time, below frames of the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from blender_addon.dataset import layout

from ..errors import FarmError
from ..video import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours that people who confuse red and green tell apart (Okabe and Ito, "Color Universal Design", 2008), yellow
#: darker and grey for black, so that all stand out from white.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#B59B00", "#E69F00", "#666666")
KEYS = len(_COLOURS)

_WIDTH, _DPI = 12.0, 160  # inches, and pixels an inch
_LEFT, _RIGHT = 0.7, 2.15  # inches beside the curves: the scale, and the names
_TOP, _CURVES, _BOTTOM = 0.72, 3.6, 0.62
_BETWEEN = 0.03  # from still to still
_GAP = 0.42  # between strip and curves, where the marks are
#: The part of a still that is shown, the head in the built-in framing: from the left and from the top, and its side.
_HEAD = 0.19, 0.11, 0.62
_INK, _FAINT = "#222222", "#8a8a8a"


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
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise FarmError(
            "the preview is drawn with matplotlib, which is not installed: pip install 'interact-farm[plots]'"
        ) from error
    across = _WIDTH - _LEFT - _RIGHT
    side = across / max(len(stills), 4) if stills else 0.0
    shown = side - _BETWEEN
    strip = shown + _GAP if stills else 0.0
    height = _TOP + strip + _CURVES + _BOTTOM
    figure = Figure((_WIDTH, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(_LEFT / _WIDTH, 1 - 0.22 / height, title, fontsize=15, fontweight="bold", color=_INK, va="top")
    figure.text(_LEFT / _WIDTH, 1 - 0.48 / height, about, fontsize=10, color=_FAINT, va="top")
    box = (_LEFT / _WIDTH, _BOTTOM / height, across / _WIDTH, _CURVES / height)
    axes = figure.add_axes(box)
    _draw_curves(axes, weights, curves)
    for n, still in enumerate(stills):
        left = _LEFT + across * (n + 0.5) / len(stills) - shown / 2
        place = (left / _WIDTH, (_BOTTOM + _CURVES + _GAP) / height, shown / _WIDTH, shown / height)
        _draw_still(figure.add_axes(place), axes, still)
    with whole_file(out) as beside:
        figure.savefig(beside, format="png", dpi=_DPI)


def _draw_curves(axes: Axes, weights: np.ndarray, curves: Sequence[Curve]) -> None:
    from matplotlib.lines import Line2D

    times = np.arange(len(weights)) / layout.FPS
    marker = "o" if len(weights) == 1 else ""
    for curve, colour in zip(curves, _COLOURS, strict=False):
        for column, style in zip(curve.columns, ("-", (0, (3, 2))), strict=False):
            axes.plot(times, weights[:, column], color=colour, linestyle=style, linewidth=1.6, marker=marker)
    shown = weights[:, [column for curve in curves for column in curve.columns]]
    low, high = min(0.0, shown.min(initial=0.0)), max(1.0, shown.max(initial=1.0))
    margin = 0.02 * (high - low)
    axes.set_ylim(low - margin, high + margin)
    axes.set_xlim(0.0, len(weights) / layout.FPS)
    axes.set_xlabel("seconds", color=_INK)
    axes.set_ylabel("weight", color=_INK)
    axes.tick_params(colors=_INK, length=3)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    for edge, spine in axes.spines.items():
        spine.set_visible(edge in ("left", "bottom"))
        spine.set_color(_FAINT)
    lines = [Line2D([], [], color=colour, linewidth=2.4) for _, colour in zip(curves, _COLOURS, strict=False)]
    names = [curve.name for curve in curves]
    if any(len(curve.columns) > 1 for curve in curves):
        lines += [Line2D([], [], color=_FAINT, linestyle=style) for style in ("-", (0, (3, 2)))]
        names += ["left or middle", "right"]
    if lines:
        legend = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.02), "frameon": False, "labelcolor": _INK}
        axes.legend(lines, names, fontsize=10.5, handlelength=1.8, labelspacing=0.55, **legend)
    else:
        axes.text(0.5, 0.5, "no key leaves 0", transform=axes.transAxes, ha="center", color=_FAINT)


def _draw_still(place: Axes, axes: Axes, still: Still) -> None:
    from matplotlib.image import imread

    pixels = imread(still.picture)
    left, top, side = (round(share * len(pixels)) for share in _HEAD)
    place.imshow(pixels[top : top + side, left : left + side], interpolation="lanczos", aspect="auto")
    place.set_axis_off()
    seconds = (still.frame - 1) / layout.FPS
    axes.axvline(seconds, color=_FAINT, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0)
    axes.annotate(
        f"{seconds:.2f} s", (seconds, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 8),
        textcoords="offset points", ha="center", fontsize=9.5, color=_FAINT, annotation_clip=False,
    )  # fmt: skip
    axes.plot(seconds, 1.0, "^", color=_FAINT, markersize=5, transform=axes.get_xaxis_transform(), clip_on=False)


def _stem(name: str) -> str:
    """A key's name without its side; jawLeft, mouthLeft and their like are keys of their own, not sides of one."""
    stem = name.removesuffix("_L").removesuffix("_R")
    if stem == name and not name.startswith("jaw") and name not in ("mouthLeft", "mouthRight"):
        stem = name.removesuffix("Left").removesuffix("Right")
    return stem
