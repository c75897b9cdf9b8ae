"""Two-bone inverse kinematics: the end is where it is wanted, and nothing turns that need not."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.dataset import rotations, two_bone

N = 400


def limb(bends: np.ndarray, seed: int = 0):
    """Limbs of 0.45 and 0.4 in any direction, bent by `bends` (N,) radians about one axis of the upper bone."""
    rng = np.random.default_rng(seed)
    quaternions = rng.normal(size=(4, len(bends)))
    turned = quaternions / np.linalg.norm(quaternions, axis=0)
    start = rng.normal(size=(3, len(bends)))
    upper = rotations.rotate(turned, np.array([0.0, 0.0, -0.45]))
    lower = rotations.rotate(rotations.multiply(turned, rotations.about_axis("X", -bends)), np.array([0.0, 0.0, -0.4]))
    return turned, start, start + upper, start + upper + lower


def solved(pose, target):
    turned, start, middle, end = pose
    axis = two_bone.hinge(middle - start, end - middle, turned)
    upper, lower = two_bone.solve(start, middle, end, target, axis)
    knee = start + rotations.rotate(upper, middle - start)
    return upper, lower, knee, knee + rotations.rotate(lower, end - middle)


def test_the_end_comes_to_every_target_in_reach():
    rng = np.random.default_rng(1)
    pose = limb(rng.uniform(0.0, 2.4, N))
    way = rng.normal(size=(3, N))
    target = pose[1] + way / np.linalg.norm(way, axis=0) * rng.uniform(0.1, 0.845, N)
    assert np.abs(solved(pose, target)[3] - target).max() < 1e-6


def test_a_limb_that_reaches_its_target_is_left_alone():
    pose = limb(np.linspace(0.0, 2.4, N))
    upper, lower, _, _ = solved(pose, pose[3])
    for turn in (upper, lower):
        assert np.abs(turn - rotations.IDENTITY).max() < 1e-6


def test_a_target_out_of_reach_is_met_in_its_direction():
    pose = limb(np.full(N, 0.5))
    far = pose[1] + np.array([[0.0], [0.0], [2.0]])
    end = solved(pose, far)[3]
    assert np.abs(end - pose[1] - np.array([[0.0], [0.0], [0.85]])).max() < 1e-6


def test_the_limb_bends_in_its_own_plane():
    pose = limb(np.linspace(0.02, 2.0, N))
    turned, start, _, end = pose
    target = start + (end - start) * 0.9
    _, _, knee, found = solved(pose, target)
    across = rotations.rotate(turned, np.array([-1.0, 0.0, 0.0]))
    normal = np.cross(knee - start, found - knee, axis=0)
    cosine = (normal * across).sum(axis=0) / np.linalg.norm(normal, axis=0)
    assert cosine.min() > np.cos(np.radians(0.5))


def test_a_limb_that_becomes_straight_and_bends_again_does_not_flip():
    bends = np.radians(8.0) * np.abs(np.linspace(-1, 1, N))
    pose = _still(bends)
    target = pose[1] + (pose[3] - pose[1]) * 0.995
    _, _, knee, _ = solved(pose, target)
    assert np.linalg.norm(np.diff(knee, axis=1), axis=0).max() < 0.002


def _still(bends: np.ndarray):
    """A limb that hangs and bends, its upper bone held."""
    frames = len(bends)
    turned = np.tile(rotations.IDENTITY, frames)
    start = np.zeros((3, frames))
    middle = start + np.array([[0.0], [0.0], [-0.45]])
    lower = rotations.rotate(rotations.about_axis("X", -bends), np.array([0.0, 0.0, -0.4]))
    return turned, start, middle, middle + lower


@pytest.mark.parametrize("bend", [0.0, 0.3])
def test_a_limb_that_never_moves_has_a_hinge(bend):
    turned, start, middle, end = _still(np.full(5, bend))
    axis = two_bone.hinge(middle - start, end - middle, turned)
    assert np.allclose(np.linalg.norm(axis, axis=0), 1.0)
    assert np.allclose((axis * (middle - start)).sum(axis=0), 0.0, atol=1e-9)
