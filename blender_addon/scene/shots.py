"""Where a camera stands, frame by frame, so that people stay in its picture: numpy alone, no Blender.

A camera looks along its own -Z, X to the right and Y up. People are joints wrapped in balls; a camera keeps a
ball in its picture if the ball lies inside the four planes through the picture's margins. For a camera that
does not turn these planes make a convex set of places: any mean of good places is a good place, which is how
`_follow` can smooth a path and still promise the margin on every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..dataset import layout
from .person_path import PersonPath
from .shot import Lens, Shot, camera_turn, rotated, smallest_share

#: The kinds of shot, as users name them; anything else is the name of a camera of the template.
KINDS = ("auto", "wide", "side", "over-A", "over-B", "orbit")

#: The share of the picture that stays free on every side in a wide shot.
WIDE_MARGIN = 0.18
#: People smaller than this share of the picture's height are followed.
SMALL = 1.0 / 3.0
#: Following has to make them larger by this, else the camera stands still.
_WORTH_FOLLOWING = 1.15
#: The camera looks down by these angles, at least so far from the nearest person, metres.
DOWN, _OVER_DOWN = np.radians(6.0), np.radians(11.0)
NEAREST = 1.2
#: How far off the square view the camera may go to show more of the faces, and by how much more it has to show.
_ASIDE, _MORE_FACE = np.radians((15.0, 20.0, 25.0)), 1.02
#: Over the shoulder: how far beside the line between both, and the nearest that the back may come, metres.
_OVER_ASIDE, _BEHIND = np.radians(22.0), 1.1
#: A circle takes the scene's length, within these speeds, radians a second, and this one, metres a second.
_SLOWEST, _FASTEST, _FASTEST_RIDE = np.radians(3.0), np.radians(12.0), 1.5
#: Half the time over which a moving camera's path is smoothed, frames: three seconds.
_WINDOW = 3 * layout.FPS


def plan(kind: str, people: Sequence[PersonPath], lens: Lens) -> Shot:
    """The shot of a kind (of KINDS) of one or two people; for two, the first is A and the second B."""
    if kind in ("over-A", "over-B"):
        if len(people) < 2:
            return plan("auto", people, lens)
        near, far = people if kind == "over-A" else people[::-1]
        return _over_shoulder(near, far, lens)
    places = np.stack([person.places().mean(axis=0) for person in people])
    facing = np.stack([person.facing().mean(axis=0) for person in people])
    toward = viewing_direction(places, facing)
    if kind == "orbit":
        return _orbit(people, lens, toward)
    if kind == "wide":
        return _still(people, replace(lens, margin=WIDE_MARGIN), toward)
    if kind == "auto":
        toward = open_direction(people, toward)
    still = _still(people, lens, toward)
    return _if_larger(people, lens, still, lambda: _follow(people, lens, toward))


def _if_larger(people: Sequence[PersonPath], lens: Lens, still: Shot, moving: Callable[[], Shot]) -> Shot:
    """The still shot, or the moving one where the still one makes people small and the moving one does not."""
    share = smallest_share(people, lens, still)
    if share >= SMALL:
        return still
    shot = moving()
    return shot if smallest_share(people, lens, shot) > share * _WORTH_FOLLOWING else still


def viewing_direction(people: np.ndarray, facing: np.ndarray) -> np.ndarray:
    """From where to look: the level unit direction (3,) from the people to the camera.

    people, facing: (2, 3) or (1, 3). For two people it is square to the line between them, on the side to which
    their faces turn; for one, the direction he faces. Without a preference, the side of -Y.
    """
    people, facing = np.asarray(people, dtype=float) * (1, 1, 0), np.asarray(facing, dtype=float) * (1, 1, 0)
    faces = facing.sum(axis=0) / max(len(facing), 1)
    default = np.array((0.0, -1.0, 0.0))
    if len(people) > 1 and (distance := np.linalg.norm(people[1] - people[0])) > 0.15:
        line = (people[1] - people[0]) / distance
        aside = np.array((line[1], -line[0], 0.0))
        preference = faces @ aside
        if abs(preference) < 0.05:
            preference = default @ aside if abs(default @ aside) > 1e-6 else 1.0
        return aside * np.sign(preference)
    length = np.linalg.norm(faces)
    return faces / length if length > 0.1 else default


def open_direction(people: Sequence[PersonPath], square: np.ndarray) -> np.ndarray:
    """The square view (3,), or one somewhat to a side of it where that shows more of both faces."""
    if len(people) < 2:
        return square

    def face(toward: np.ndarray) -> float:
        # 1 from the front, 0 from 120 degrees aside on; concave, so that both half seen beat one seen and one not.
        fronts = np.stack([person.facing() @ toward for person in people])
        return float(np.sqrt(np.clip((fronts + 0.5) / 1.5, 0.0, 1.0)).mean())

    best = max((rotated(square, sign * angle) for angle in _ASIDE for sign in (-1, 1)), key=face)
    return best if face(best) > face(square) * _MORE_FACE else square


def _limits(balls: Sequence[tuple[np.ndarray, np.ndarray]], turn: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """What the balls ask of a camera at (cx, cy, cz) in its own axes, in each frame: (F, 5).

    A ball (x, y, z) of radius r is in the picture if x + r s <= cx + h (cz - z) and x - r s >= cx - h (cz - z),
    where s = sqrt(1 + h^2) leans the planes onto the ball; likewise y. The columns are the greatest x + hz + rs and
    the smallest x - hz - rs, the same for y, and the nearest depth z + r.
    """
    columns: list[np.ndarray] = []
    points = [(centres @ turn, radii) for centres, radii in balls]
    for axis in (0, 1):
        h = usable[axis]
        s = np.sqrt(1.0 + h * h)
        columns.append(np.max([(p[..., axis] + h * p[..., 2] + r * s).max(axis=1) for p, r in points], axis=0))
        columns.append(np.min([(p[..., axis] - h * p[..., 2] - r * s).min(axis=1) for p, r in points], axis=0))
    columns.append(np.max([(p[..., 2] + r).max(axis=1) for p, r in points], axis=0))
    return np.stack(columns, axis=1)


def _closest(limits: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """The closest place (F, 3), in the camera's axes, that keeps the limits (F, 5)."""
    right, left, high, low, near = limits.T
    depth = np.max([(right - left) / (2.0 * usable[0]), (high - low) / (2.0 * usable[1]), near + NEAREST], axis=0)
    return np.stack(((right + left) / 2.0, (high + low) / 2.0, depth), axis=1)


def _widest(limits: np.ndarray) -> np.ndarray:
    """Limits (1, 5) that hold those of all frames (F, 5)."""
    return np.array([[f(column) for f, column in zip((max, min, max, min, max), limits.T, strict=True)]])


def fit(centres: np.ndarray, radii: np.ndarray, lens: Lens, toward: np.ndarray, down: float = DOWN) -> Shot:
    """The closest still camera in the level direction `toward` (3,) that sees all balls (F, K, 3) and (K,)."""
    turn = camera_turn(toward, down)
    limits = _widest(_limits([(centres, radii)], turn, lens.usable))
    return Shot(_closest(limits, lens.usable) @ turn.T, np.array([toward]), down)


def _still(people: Sequence[PersonPath], lens: Lens, toward: np.ndarray) -> Shot:
    turn = camera_turn(toward, DOWN)
    limits = _widest(_limits([person.balls() for person in people], turn, lens.usable))
    return Shot(_closest(limits, lens.usable) @ turn.T, np.array([toward]), DOWN)


def _follow(people: Sequence[PersonPath], lens: Lens, toward: np.ndarray) -> Shot:
    """A camera that moves with the people and never turns.

    The place of each frame holds the people of all frames within the window; the smoothing then takes a mean of
    such places, all good for the frame in the window's middle, and so is good for it as well.
    """
    turn = camera_turn(toward, DOWN)
    limits = _limits([person.balls() for person in people], turn, lens.usable)
    held = np.stack(
        [sign * _sliding_max(sign * column) for sign, column in zip((1, -1, 1, -1, 1), limits.T, strict=True)], axis=1
    )
    places = smoothed(_closest(held, lens.usable)) @ turn.T
    return Shot(places, np.repeat(toward[None], len(places), axis=0), DOWN)


def _orbit(people: Sequence[PersonPath], lens: Lens, toward: np.ndarray) -> Shot:
    """A circle around the people, begun from the square view; it moves with them where it must."""
    frames = people[0].positions.shape[2]
    speed = float(np.clip(2.0 * np.pi * layout.FPS / max(frames, 1), _SLOWEST, _FASTEST))
    balls = [person.balls() for person in people]
    low, high = _box(balls)
    middle = np.repeat(((low.min(axis=0) + high.max(axis=0)) / 2.0)[None], frames, axis=0)
    # Far out even a slow turn is a fast ride.
    radius = float(np.linalg.norm(high.max(axis=0) - low.min(axis=0)) / (2.0 * lens.usable[0]))
    speed = min(speed, _FASTEST_RIDE / radius)
    around = rotated(np.repeat(toward[None], frames, axis=0), speed * np.arange(frames) / layout.FPS)
    still = _around(balls, lens, middle, around, DOWN, even=True)
    return _if_larger(
        people, lens, still, lambda: _around(balls, lens, smoothed((low + high) / 2.0), around, DOWN, even=False)
    )


def _over_shoulder(near: PersonPath, far: PersonPath, lens: Lens) -> Shot:
    """From behind one person to the other, who is wholly in the picture, as the near one's head is below its upper
    edge; it turns with them, slowly."""
    line = smoothed((near.places() - far.places()) * (1, 1, 0))
    length = np.linalg.norm(line, axis=1)
    yaw = np.arctan2(line[:, 1], line[:, 0])
    # Where both stand in one place there is no line: the direction from before and after holds. Two who pass close
    # by each other turn their line fast, and so the angle is smoothed over twice the time.
    good = np.flatnonzero(length > 0.3)
    if not len(good):
        yaw = np.full(len(line), -np.pi / 2.0)
    else:
        yaw = np.interp(np.arange(len(line)), good, np.unwrap(yaw[good]))
        for _ in range(4):  # each pass adds its variance: four make the width double
            yaw = smoothed(yaw[:, None])[:, 0]
    straight = np.stack((np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)), axis=1)
    # Past the shoulder on whose side the other's face is seen better.
    side = np.sign(sum((far.facing() * rotated(straight, sign * _OVER_ASIDE)).sum() * sign for sign in (1, -1))) or 1.0
    toward = rotated(straight, side * _OVER_ASIDE)
    balls = [far.balls()]
    low, high = _box(balls)
    middle = smoothed((low + high) / 2.0)
    skull = near.skull()
    return _around(balls, lens, middle, toward, _OVER_DOWN, even=False, before=near.places(), below=skull)


def _around(
    balls: Sequence[tuple[np.ndarray, np.ndarray]],
    lens: Lens,
    middle: np.ndarray,
    toward: np.ndarray,
    down: float,
    *,
    even: bool,
    before: np.ndarray | None = None,
    below: tuple[np.ndarray, np.ndarray] | None = None,
) -> Shot:
    """A camera that looks at `middle` (F, 3) from the directions `toward` (F, 3), as near as the margin allows.

    Towards one middle, a greater distance only ever shows more: the smoothed distance is at least what each frame
    asks for. even: one distance for all frames; before: a place (F, 3) that must lie before the camera; below: balls
    that the picture's upper and lower edge must not cut, whatever its sides do.
    """
    turns = np.stack([camera_turn(direction, down) for direction in toward])
    usable, lean = lens.usable, np.sqrt(1.0 + lens.usable**2)
    needed = np.full(len(middle), NEAREST)
    whole = [(ball, (0, 1)) for ball in balls]
    for (centres, radii), axes in [*whole, (below, (1,))] if below else whole:
        seen = (centres - middle[:, None]) @ turns
        for axis in axes:
            reach = (np.abs(seen[..., axis]) + radii * lean[axis]) / usable[axis] + seen[..., 2]
            needed = np.maximum(needed, reach.max(axis=1))
        needed = np.maximum(needed, (seen[..., 2] + radii).max(axis=1) + NEAREST)
    if before is not None:
        needed = np.maximum(needed, ((before - middle)[:, None] @ turns)[:, 0, 2] + _BEHIND)
    distance = np.full(len(needed), needed.max()) if even else smoothed(_sliding_max(needed)[:, None])[:, 0]
    return Shot(middle + distance[:, None] * turns[:, :, 2], toward, down)


def _box(balls: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the box around all balls in each frame: (F, 3) each."""
    low = np.min([(centres - radii[:, None]).min(axis=1) for centres, radii in balls], axis=0)
    high = np.max([(centres + radii[:, None]).max(axis=1) for centres, radii in balls], axis=0)
    return low, high


def _sliding_max(values: np.ndarray) -> np.ndarray:
    """The greatest of the values (F,) within the window around each frame."""
    padded = np.pad(values, _WINDOW, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * _WINDOW + 1).max(axis=1)


def smoothed(values: np.ndarray) -> np.ndarray:
    """A low-pass of (F, C) along the frames: a mean over at most the window to both sides, with no jerk.

    Four boxes in a row make a cubic B-spline: speed and acceleration are continuous.
    """
    box = np.full(_WINDOW // 2, 2.0 / _WINDOW)
    kernel = np.convolve(np.convolve(box, box), np.convolve(box, box))
    reach = len(kernel) // 2
    padded = np.pad(values, ((reach, len(kernel) - 1 - reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel / kernel.sum(), mode="valid") for column in padded.T], axis=1)
