"""What a data set has, drawn: a PNG for each way to count it, and one of how long scenes are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from blender_addon.dataset import layout
from blender_addon.dataset.stats import Amount, Stats

from .drawing import COLOURS, FAINT, INK, new_figure, quieten, save

_WIDTH, _ROW = 8.0, 0.36  # inches


def draw(folder: Path, stats: Stats) -> list[Path]:
    """Draw `actors.png`, `emotions.png`, `relationships.png`, `sessions.png` and `lengths.png`; returns their paths.

    FarmError where matplotlib is missing or the folder cannot be written to.
    """
    groups = {
        "actors": (stats.by_actor, "By actor (a scene counts for both)"),
        "emotions": (stats.by_emotion, "By emotion"),
        "relationships": (stats.by_relationship, "By relationship"),
        "sessions": (stats.by_session, "By session"),
    }
    paths = []
    for number, (name, (group, title)) in enumerate(groups.items()):
        paths.append(folder / f"{name}.png")
        _draw_bars(paths[-1], group, title, COLOURS[number])
    paths.append(folder / "lengths.png")
    _draw_lengths(paths[-1], stats.lengths)
    return paths


def _draw_bars(path: Path, group: Mapping[str, Amount], title: str, colour: str) -> None:
    """Bars from left to right, the longest above, with their time and scenes at their ends."""
    rows = sorted(group.items(), key=lambda item: item[1].frames)
    longest = max((amount.hours for amount in group.values()), default=0.0)
    unit, an_hour = ("minutes", 60.0) if longest > 1 / 60 else ("seconds", 3600.0)
    height = _ROW * max(len(rows), 1) + 1.0
    figure = new_figure(_WIDTH, height)
    axes = figure.add_axes((0.2, 0.5 / height, 0.66, 1 - 1.0 / height))
    lengths = [amount.hours * an_hour for _, amount in rows]
    axes.barh([name for name, _ in rows], lengths, color=colour, height=0.66)
    for place, (length, (_, amount)) in enumerate(zip(lengths, rows, strict=True)):
        said = f"  {length:.1f}  in {amount.scenes} scene{'' if amount.scenes == 1 else 's'}"
        axes.text(length, place, said, va="center", fontsize=9, color=INK)
    quieten(axes, grid="x")
    axes.tick_params(axis="y", labelcolor=INK, length=0, labelsize=10)
    axes.set_xlabel(unit, color=FAINT, fontsize=9)
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=INK)
    save(figure, path)


def _draw_lengths(path: Path, frames: tuple[int, ...]) -> None:
    """How many scenes are how long."""
    seconds = np.array([count for count in frames if count], dtype=float) / layout.FPS
    figure = new_figure(_WIDTH, 3.6)
    axes = figure.add_axes((0.09, 0.16, 0.87, 0.72))
    if len(seconds):
        axes.hist(seconds, bins=min(40, max(10, len(seconds) // 6)), color=COLOURS[4], edgecolor="white")
        middle = float(np.median(seconds))
        axes.axvline(middle, color=INK, linewidth=1, linestyle=(0, (3, 3)))
        axes.annotate(
            f"median {middle:.1f} s", (middle, 0.98), xycoords=("data", "axes fraction"), xytext=(5, 0),
            textcoords="offset points", va="top", fontsize=9, color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
        )  # fmt: skip
    quieten(axes)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("seconds", color=FAINT, fontsize=9)
    axes.set_ylabel("scenes", color=FAINT, fontsize=9)
    axes.set_title("How long scenes are", loc="left", fontsize=12, fontweight="bold", color=INK)
    save(figure, path)
