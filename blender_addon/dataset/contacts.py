"""When a foot stands on the floor, and on which of its joints, from where they are.

A joint is down where it is low and slow. Both have two limits, so that a foot does not flicker: a stretch of frames
within the wide ones counts where some frame of it is within the narrow ones. Limits are in leg lengths, as people and
files differ in size. A foot comes down on its heel and leaves over its ball: while both are down, it stands on the
one that moves less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: How high over its own lowest height a joint may be, in leg lengths: (to touch down, to stay down).
_HEIGHT = (0.04, 0.08)
#: How fast it may be, in leg lengths a second. A foot that swings makes three to five.
_SPEED = (0.2, 0.45)
#: The floor is where the lowest part of all frames is: a few frames of a noisy file lie below it.
_LOWEST = 0.05
#: Shorter contacts are none, and shorter gaps are none either: seconds.
_SHORTEST, _SHORTEST_GAP = 0.13, 0.07
#: Over so many seconds it is compared which of two joints moves less.
_COMPARED = 0.17


@dataclass(frozen=True)
class Contact:
    """When a foot stands on the floor.

    down: (N,) of each frame; on_toe: (N,) whether it stands on its toe joint there, not on its ankle; spans: the
    stretches of `down` as (first frame, frame after the last), from 0.
    """

    down: np.ndarray
    on_toe: np.ndarray
    spans: tuple[tuple[int, int], ...]


def find(
    ankles: tuple[np.ndarray, ...], toes: tuple[np.ndarray | None, ...], leg: float, fps: float
) -> tuple[Contact, ...]:
    """The contacts of a person's feet.

    ankles, toes: for each foot where its joints are, (3, N), Z up, in any unit; None for a foot without toe joint;
    leg: the length of a leg in the same unit. Both feet share one floor.
    """
    floors = [_floor([track for track in tracks if track is not None]) for tracks in (ankles, toes)]
    return tuple(_of_foot(ankle, toe, floors, leg, fps) for ankle, toe in zip(ankles, toes, strict=True))


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """The stretches of True in a mask (N,), as (first, one after the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(end)) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def _floor(tracks: list[np.ndarray]) -> float:
    return float(np.quantile(np.concatenate([track[2] for track in tracks]), _LOWEST)) if tracks else 0.0


def _of_foot(ankle: np.ndarray, toe: np.ndarray | None, floors: list[float], leg: float, fps: float) -> Contact:
    heel_down = _down(ankle, floors[0], leg, fps)
    if toe is None:
        return Contact(heel_down, np.zeros_like(heel_down), tuple(runs(heel_down)))
    toe_down = _down(toe, floors[1], leg, fps)
    slower = _mean_speed(toe, fps) <= _mean_speed(ankle, fps)
    down = heel_down | toe_down
    return Contact(down, toe_down & (slower | ~heel_down), tuple(runs(down)))


def _down(track: np.ndarray, floor: float, leg: float, fps: float) -> np.ndarray:
    height, speed = (track[2] - floor) / leg, _speed(track, fps) / leg
    near, sure = ((height < _HEIGHT[k]) & (speed < _SPEED[k]) for k in (1, 0))
    mask = np.zeros(len(height), dtype=bool)
    for first, end in runs(near):
        mask[first:end] = sure[first:end].any()
    for first, end in runs(~mask):
        if first > 0 and end < len(mask) and end - first < round(_SHORTEST_GAP * fps) + 1:
            mask[first:end] = True
    for first, end in runs(mask):
        if end - first < round(_SHORTEST * fps):
            mask[first:end] = False
    return mask


def _speed(track: np.ndarray, fps: float) -> np.ndarray:
    """Units a second (N,): the slower of the ways from the frame before and to the next, so that a foot at rest is at
    rest in its first and its last frame too."""
    steps = np.linalg.norm(np.diff(track, axis=1), axis=0) * fps
    if not len(steps):
        return np.zeros(track.shape[1])
    return np.minimum(np.append(steps[:1], steps), np.append(steps, steps[-1:]))


def _mean_speed(track: np.ndarray, fps: float) -> np.ndarray:
    width = max(round(_COMPARED * fps), 1)
    speed = np.pad(_speed(track, fps), (width // 2, width - 1 - width // 2), mode="edge")
    total = np.cumsum(np.append(0.0, speed))
    return (total[width:] - total[:-width]) / width
