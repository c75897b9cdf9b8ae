"""When feet stand on the floor: on tracks made for it, and on a walk whose steps are known."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.dataset import bvh, contacts, rest_pose

from ..scene import walk_maker

FPS = 30.0


def track(frames: int = 60, height: float = 0.0) -> np.ndarray:
    return np.tile(np.array([[0.0], [0.0], [height]]), frames)


def of_one(ankle: np.ndarray, toe: np.ndarray | None = None) -> contacts.Contact:
    return contacts.find((ankle,), (toe,), 1.0, FPS)[0]


@pytest.mark.parametrize("actor", ["001", "002"])
def test_the_steps_of_a_walk_are_found_to_the_frame_or_two(actor):
    walk = walk_maker.walk(actor)
    skeleton = walk.motion.skeleton
    positions = np.einsum("ij,bjn->bin", rest_pose.TO_BLENDER["Y"], bvh.forward_kinematics(walk.motion)[0])
    ankles, toes = (
        tuple(positions[skeleton.names.index(f"{side}{joint}")] for side in ("Left", "Right"))
        for joint in ("Foot", "ToeBase")
    )
    leg = np.linalg.norm(skeleton.offsets[[skeleton.names.index(n) for n in ("LeftLeg", "LeftFoot")]], axis=1).sum()
    for found, side in zip(contacts.find(ankles, toes, leg, FPS), "LR", strict=True):
        truth = walk.heel[side] | walk.ball[side]
        assert len(found.spans) == len(contacts.runs(truth)) >= 5
        assert found.down[truth].all()
        assert (found.down & ~truth).sum() <= 2 * len(found.spans)
        only_ball = walk.ball[side] & ~walk.heel[side]
        only_heel = walk.heel[side] & ~walk.ball[side]
        assert found.on_toe[only_ball].mean() > 0.9
        assert found.on_toe[only_heel].mean() < 0.1


def test_a_foot_that_rests_in_the_air_does_not_stand():
    up = track()
    up[2, 20:40] = 0.3
    assert of_one(up).spans == ((0, 20), (40, 60))


def test_a_foot_that_passes_the_floor_does_not_stand():
    passes = track()
    passes[0] = np.linspace(0, 3, 60)
    assert of_one(passes).spans == ()


def test_a_foot_that_hesitates_between_the_limits_stands_on():
    slow = track()
    slow[0, 20:40] = np.arange(20) * 0.35 / FPS
    slow[0, 40:] = slow[0, 39]
    assert of_one(slow).spans == ((0, 60),)
    alone = track()
    alone[0] = np.arange(60) * 0.35 / FPS
    assert of_one(alone).spans == ()


def test_short_gaps_are_filled_and_short_contacts_are_none():
    gap = track()
    gap[2, 30:32] = 0.2
    assert of_one(gap).spans == ((0, 60),)
    touch = track()
    touch[2, 20:45] = 0.3
    touch[2, 30:32] = 0.0
    assert of_one(touch).spans == ((0, 20), (45, 60))


def test_a_foot_stands_on_the_joint_that_rests():
    toe, ankle = track(), track(height=0.05)
    ankle[2, 20:40] += 0.07 * np.sin(np.linspace(0, np.pi, 20))
    ankle[0, 20:40] += 0.05 * np.sin(np.linspace(0, np.pi, 20))
    found = of_one(ankle, toe)
    assert found.spans == ((0, 60),)
    assert found.on_toe[20:40].all()
    turning = toe.copy()
    turning[0] = 0.15 * np.sin(np.linspace(0, 4, 60))
    assert not of_one(track(height=0.05), turning).on_toe[20:40].any()


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_motion_of_a_few_frames_has_no_contact(frames):
    assert of_one(track(frames), track(frames)).spans == ()
