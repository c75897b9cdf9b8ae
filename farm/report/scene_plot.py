"""A scene over its time: both faces' strongest keys, how loud the two are, how far apart, and where they look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from blender_addon.dataset import blendshapes, databases, interaction, layout
from blender_addon.dataset.blendshapes import ARKIT_NAMES
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.performance import Performance
from blender_addon.dataset.queries import Scene

from . import curves
from .drawing import COLOURS, FAINT, INK, new_figure, quieten, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: So many keys a face.
_KEYS = 4
_WIDTH = 12.0  # inches
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.8, 1.75, 0.85, 0.6
_KEY_ROW, _ROW, _BETWEEN, _HEADING = 0.42, 1.1, 0.12, 0.44

Found = TypeVar("Found")


@dataclass(frozen=True)
class _Person:
    """What of one actor can be read; None for what cannot."""

    name: str
    colour: str
    weights: np.ndarray | None
    loudness: np.ndarray | None
    head: interaction.HeadTrack | None


def draw(out: Path, scene: Scene) -> None:
    """Draw a PNG, whole or not at all: each actor in a colour of his own; what a scene lacks is said in its place.

    FarmError where matplotlib is missing or the file cannot be written.
    """
    known = databases.actors(scene.dataset)
    people = [
        _read(performance, known[performance.actor].gender if performance.actor in known else "", colour)
        for performance, colour in zip(scene.performances, COLOURS, strict=False)
    ]
    rows = sum(_rows(person) for person in people)
    height = _TOP + _BOTTOM + (len(people) + 3) * _HEADING + rows * (_KEY_ROW + _BETWEEN) + 3 * _ROW
    figure = new_figure(_WIDTH, height)
    figure.text(_LEFT / _WIDTH, 1 - 0.25 / height, str(scene), fontsize=15, fontweight="bold", color=INK, va="top")
    about = " · ".join(filter(None, (scene.emotion, scene.relationship, f"{scene.seconds:.1f} s")))
    figure.text(_LEFT / _WIDTH, 1 - 0.52 / height, about, fontsize=10, color=FAINT, va="top")
    below = height - _TOP

    def row(high: float, *, bottom: bool = False) -> Axes:
        nonlocal below
        below -= high
        place = (_LEFT / _WIDTH, below / height, (_WIDTH - _LEFT - _RIGHT) / _WIDTH, high / height)
        axes = figure.add_axes(place)
        axes.set_xlim(0, max(scene.seconds, 1 / layout.FPS))
        quieten(axes, bottom=bottom)
        below -= _BETWEEN
        return axes

    def heading(text: str, colour: str = INK) -> None:
        nonlocal below
        below -= _HEADING - _BETWEEN
        figure.text(_LEFT / _WIDTH, (below + 0.06) / height, text, fontsize=11, fontweight="bold", color=colour)

    for person in people:
        heading(f"{person.name}: the keys that move most", person.colour)
        _draw_keys([row(_KEY_ROW) for _ in range(_rows(person))], person)
    heading("How loud (dB below full scale)")
    _draw_tracks(row(_ROW), [(p.name, p.colour, p.loudness) for p in people], (-70, 0), "no voice")
    heads = [person.head for person in people if person.head]
    both = heads if len(heads) == 2 else []
    heading("How far apart (metres, hips to hips)")
    apart = interaction.distance(*both) if both else None
    top = 1.15 * float(apart.max()) if apart is not None else 1.0
    _draw_tracks(row(_ROW), [("", INK, apart)], (0, top), "not both motions")
    heading("How far each looks past the other's head (degrees, head and eyes)")
    looks = [
        (person.name, person.colour, interaction.gaze_off(mine, other, person.weights))
        for person, mine, other in zip(people, both, reversed(both), strict=False)
    ]
    widest = max((float(track.max()) for _, _, track in looks), default=30.0)
    last = row(_ROW, bottom=True)
    _draw_tracks(last, looks, (0, max(widest * 1.1, 10.0)), "not both motions")
    last.set_xlabel("seconds", color=INK)
    save(figure, out)


def _read(performance: Performance, gender: str, colour: str) -> _Person:
    return _Person(
        f"{performance.actor} {gender}".strip(),
        colour,
        _or_none(lambda: blendshapes.load_arkit(performance.files["arkit"])),
        _or_none(lambda: interaction.loudness(performance.wav())),
        _or_none(lambda: interaction.head_track(performance.motion())),
    )


def _rows(person: _Person) -> int:
    """How many rows the keys take, one where there are none."""
    return 1 if person.weights is None else _KEYS


def _or_none(read: Callable[[], Found]) -> Found | None:
    """What can be read; None for what cannot: its row says so, and the command's table says why."""
    try:
        return read()
    except DatasetError:
        return None


def _draw_keys(rows: Sequence[Axes], person: _Person) -> None:
    if person.weights is None:
        _say(rows[0], "no ARKit weights that can be read")
        return
    shown = curves.strongest(person.weights, ARKIT_NAMES, len(rows))
    times = np.arange(len(person.weights)) / layout.FPS
    for row, curve in zip(rows, shown, strict=False):
        track = person.weights[:, list(curve.columns)].mean(axis=1)
        row.fill_between(times, track, color=person.colour, alpha=0.2, linewidth=0)
        row.plot(times, track, color=person.colour, linewidth=1.1)
        row.set_ylim(min(0.0, float(track.min())), max(1.0, float(track.max())))
        row.set_yticks((0, 1))
        row.tick_params(labelsize=7)
        _name(row, curve.name, person.colour, 0.5)
    for row in rows[len(shown) :]:
        row.set_axis_off()


def _draw_tracks(
    row: Axes, tracks: Sequence[tuple[str, str, np.ndarray | None]], limits: tuple[float, float], lacking: str
) -> None:
    """Some people's tracks (N,) in one row, as (name, colour, track)."""
    row.set_ylim(*limits)
    if not any(track is not None for _, _, track in tracks):
        _say(row, lacking)
    for place, (name, colour, track) in enumerate(tracks):
        if track is None:
            _name(row, f"{name}: {lacking}" if name else "", FAINT, 0.8 - 0.25 * place)
            continue
        row.plot(np.arange(len(track)) / layout.FPS, track, color=colour, linewidth=1.1)
        _name(row, name, colour, 0.8 - 0.25 * place)


def _name(row: Axes, text: str, colour: str, height: float) -> None:
    row.text(
        1.012, height, text, color=colour, fontsize=10, fontweight="bold", va="center", transform=row.transAxes,
        clip_on=False,
    )  # fmt: skip


def _say(row: Axes, text: str) -> None:
    row.text(0.5, 0.5, text, transform=row.transAxes, ha="center", va="center", color=FAINT)
    row.set_yticks(())
