"""Where the shots put the camera, judged by numpy alone: the margin on every frame, and a calm path."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.dataset import layout
from blender_addon.scene import shots
from blender_addon.scene.person_path import PersonPath
from blender_addon.scene.shot import Lens, Shot, smallest_share

LENS = Lens(np.array((0.4, 0.225)))
ROLES = {
    name: n
    for n, name in enumerate(
        ("hips", "head", "thigh.L", "thigh.R", "upper_arm.L", "upper_arm.R", "hand.L", "hand.R", "foot.L", "foot.R")
    )
}
#: Joints of someone who stands at the origin and faces +Y, metres.
BODY = np.array([
    (0, 0, 0.95), (0, 0, 1.6), (-0.1, 0, 0.9), (0.1, 0, 0.9), (-0.2, 0, 1.4), (0.2, 0, 1.4),
    (-0.3, 0.2, 0.9), (0.3, 0.2, 0.9), (-0.12, 0.05, 0.08), (0.12, 0.05, 0.08),
])  # fmt: skip


def person(places: np.ndarray, facing: np.ndarray) -> PersonPath:
    """Someone at places (F, 2) whose front points at angles (F,), radians from +X."""
    c, s = np.cos(facing - np.pi / 2), np.sin(facing - np.pi / 2)
    x, y, z = BODY.T
    at = np.stack([c * x[:, None] - s * y[:, None], s * x[:, None] + c * y[:, None], z[:, None] + 0 * c], axis=1)
    at[:, :2] += places.T
    return PersonPath(at, ROLES)


def walkers(seed: int, frames: int = 360, speed: float = 1.2) -> list[PersonPath]:
    """Two people who walk at random, metres a second, and turn as they walk."""
    rng = np.random.default_rng(seed)
    found = []
    for start in (-0.7, 0.7):
        heading = rng.uniform(0, 6) + np.cumsum(rng.normal(0, 0.08, frames))
        steps = speed / layout.FPS * np.stack((np.cos(heading), np.sin(heading)), axis=1)
        found.append(person(np.array((start, rng.uniform(-1, 1))) + np.cumsum(steps, axis=0), heading))
    return found


def pair(first: float, second: float, frames: int = 60) -> list[PersonPath]:
    """Two people 1.5 m apart on X, whose fronts point at the angles, degrees from +X."""
    return [
        person(np.full((frames, 2), (x, 0.0)), np.full(frames, np.radians(angle)))
        for x, angle in ((-0.75, first), (0.75, second))
    ]


def margin(shot: Shot, people: list[PersonPath]) -> float:
    """The least free share of the picture beside any joint in any frame."""
    seen = np.concatenate([shot.seen(p.positions.transpose(2, 0, 1)) for p in people], axis=1)
    assert (seen[..., 2] < -0.5).all()
    inside = 0.5 - np.abs(seen[..., :2] / -seen[..., 2:]) / (2 * LENS.half)
    return float(inside.min())


@pytest.mark.parametrize(
    ("kind", "seed"),
    [("auto", seed) for seed in range(20)] + [(kind, seed) for kind in ("wide", "side", "orbit") for seed in range(5)],
)
def test_everybody_is_inside_the_margin_in_every_frame(kind, seed):
    people = walkers(seed)
    assert margin(shots.plan(kind, people, LENS), people) >= (0.18 if kind == "wide" else 0.05)


@pytest.mark.parametrize("seed", range(6))
def test_over_the_shoulder_the_other_is_inside_and_the_near_one_before_the_camera(seed):
    people = walkers(seed)
    for kind, near, far in (("over-A", 0, 1), ("over-B", 1, 0)):
        shot = shots.plan(kind, people, LENS)
        assert margin(shot, [people[far]]) >= 0.05
        assert (shot.seen(people[near].places()[:, None])[..., 2] < -1.0).all()


def test_over_a_tall_ones_shoulder_he_has_a_head():
    tall, small = pair(0, 180)
    tall = PersonPath(tall.positions * np.array((1.0, 1.0, 1.15))[:, None], ROLES)
    small = PersonPath(small.positions * np.array((0.6, 1.0, 0.9))[:, None], ROLES)
    shot = shots.plan("over-A", [tall, small], LENS)
    crown = shot.seen(tall.positions[ROLES["head"]].T[:, None] + (0, 0, 0.25))
    assert (crown[..., 1] / -crown[..., 2]).max() < 0.9 * LENS.half[1]
    assert margin(shot, [small]) >= 0.05
    # And no more of the way than that takes: she is not lost in the picture.
    assert smallest_share([small], LENS, shot) > 0.5


def test_only_people_who_would_be_small_are_followed_and_then_they_are_larger():
    assert not shots.plan("auto", pair(0, 180), LENS).moves
    together = person(np.stack((np.linspace(0, 14, 900), np.zeros(900)), axis=1), np.zeros(900))
    ahead = PersonPath(together.positions + np.array((1.2, 0, 0))[:, None], ROLES)
    people = [together, ahead]
    wide, auto = shots.plan("wide", people, LENS), shots.plan("auto", people, LENS)
    assert auto.moves
    assert not wide.moves
    assert smallest_share(people, LENS, wide) < shots.SMALL < smallest_share(people, LENS, auto)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["auto", "over-A", "orbit"])
def test_a_moving_camera_is_calm(kind, seed):
    shot = shots.plan(kind, walkers(seed, frames=600, speed=0.6), LENS)
    if not shot.moves:
        return
    velocity = np.diff(shot.positions, axis=0) * layout.FPS
    acceleration = np.linalg.norm(np.diff(velocity, axis=0), axis=1) * layout.FPS
    # Over a shoulder the camera has to come around when two who walk pass each other.
    assert np.linalg.norm(velocity, axis=1).max() < (6.0 if kind == "over-A" else 3.0)
    assert acceleration.max() < 3.0
    # No jerk: acceleration changes by little from frame to frame.
    assert np.abs(np.diff(acceleration)).max() < 0.3


def test_somewhat_to_one_side_only_where_that_shows_more_face():
    # Face to face, square; both turned to one side of the room as well, on that side.
    square = shots.plan("auto", pair(0, 180), LENS).toward[0]
    assert square == pytest.approx((0, -1, 0), abs=1e-6)
    assert shots.plan("side", pair(-30, 210), LENS).toward[0] == pytest.approx((0, -1, 0), abs=1e-6)
    # One shows his back to the square camera, the other faces it: the camera goes where both can be seen.
    aside = shots.plan("auto", pair(25, 225), LENS).toward[0]
    angle = np.degrees(np.arccos(abs(aside[1])))
    assert 14.9 < angle < 25.1


def test_an_orbit_goes_around_evenly_and_over_the_shoulder_looks_along_the_line():
    people = pair(0, 180, frames=1200)
    orbit = shots.plan("orbit", people, LENS)
    yaw = orbit.angles()[:, 2]
    assert np.ptp(np.diff(yaw)) < 1e-9
    assert yaw[-1] - yaw[0] == pytest.approx(2 * np.pi, rel=0.01)
    assert orbit.turns
    over = shots.plan("over-A", people, LENS)
    assert over.toward[0] @ (-1, 0, 0) > np.cos(np.radians(25))
    assert not over.turns


def test_skeletons_without_known_joints_are_framed_whole():
    nameless = PersonPath(pair(0, 180)[0].positions, {})
    assert margin(shots.plan("auto", [nameless], LENS), [nameless]) >= 0.05
