"""A walk for tests, whose feet stand exactly still: somebody stands, takes steps and stands again.

The steps are planned first and legs bent to follow them, so that what a foot stands on and when is known without
looking at the motion: down on the heel, the ankle at rest while the toes come down, then the toe joint at rest, also
while the heel leaves. World of the motion: centimetres, Y up, facing +Z; the left is towards +X.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from blender_addon.dataset import bvh, rotations
from farm.demo import bodyfile, skeletons
from farm.demo.curves import minimum_jerk, smooth
from farm.demo.gestures import HANGING, set_arm
from farm.demo.limbs import Pose, aligned, channel_angles, euler, two_bone

FPS = 30
#: Seconds: of standing before and after, from one foot's strike to the other's, and that a foot is in the air.
_STANDS, _STEP, _SWING = 1.0, 0.55, 0.4
#: Degrees: toes up at the strike, heel up at the end. Seconds that both take.
_STRIKE, _PUSH, _ROLL, _RISE = 14.0, 50.0, 0.12, 0.32


@dataclass(frozen=True)
class Walk:
    """motion: of one actor; heel, ball: {"L" or "R": (N,) whether the ankle or the toe joint is at rest}."""

    motion: bvh.Motion
    heel: dict[str, np.ndarray]
    ball: dict[str, np.ndarray]

    def part(self, first: int, end: int) -> Walk:
        """The frames from `first` to the one before `end`, from 0."""
        rests = [{side: rest[first:end] for side, rest in of.items()} for of in (self.heel, self.ball)]
        return Walk(replace(self.motion, values=self.motion.values[first:end]), *rests)


def walk(actor: str = "001", steps: int = 8, stride: float = 50.0, at: float = 0.0, yaw: float = 0.0) -> Walk:
    """A walk of so many steps of `stride` cm each, from x = `at`, turned about the upright."""
    body = skeletons.actors()[actor]
    times = np.arange(round((2 * _STANDS + (steps + 1) * _STEP) * FPS)) / FPS
    pose = Pose(body, len(times))
    leg = body.length("LeftLeg") + body.length("LeftFoot")
    strikes = _STANDS + _STEP * (1 + np.arange(steps))
    heel, ball, feet = {}, {}, {}
    for side, first in (("Left", 0), ("Right", 1)):
        places = [(0.0, 0.0)] + [(strikes[n], stride * (n + 1)) for n in range(first, steps, 2)]
        if places[-1][1] < stride * steps:  # the other foot closes up
            places.append((strikes[-1] + _STEP, stride * steps))
        feet[side], heel[side[0]], ball[side[0]] = _foot(pose, side, places, times)

    # The hips go at one speed, half a stride behind the foot that strikes.
    way = (times - _STANDS - 0.5 * _STEP) / (steps * _STEP)
    ahead = smooth(stride * steps * np.clip(way, 0.0, 1.0), 0.15 * FPS)
    moving = smooth(np.clip(np.minimum(way, 1 - way) * steps, 0.0, 1.0), 0.1 * FPS)
    phase = np.pi * (times - strikes[0]) / _STEP
    sway = 2.2 * np.sin(phase) * moving
    height = body.ankle_height + leg * (0.955 - 0.02 * moving) - 1.2 * np.cos(2 * phase) * moving
    hip_drop = pose.offset("LeftUpLeg")[1]
    pelvis = np.radians(5.0) * np.cos(phase) * moving, np.radians(2.0) * np.sin(phase) * moving
    turn = euler(x=np.radians(4.0), y=pelvis[0], z=pelvis[1])
    pose.set_root(np.stack((sway, height - hip_drop, ahead + 2.0)), turn)
    pose.set_global("Spine", rotations.IDENTITY)
    for joint in ("Spine1", "Spine2", "Spine3"):
        pose.set_local(joint, rotations.IDENTITY)
    still = np.zeros(len(times))
    for side, mirror in (("Right", -1.0), ("Left", 1.0)):
        _leg(pose, side, *feet[side])
        arm = np.repeat(HANGING.vector()[:, None], len(times), axis=1)
        arm[2] += 0.16 * mirror * np.cos(phase) * moving
        set_arm(pose, side, arm, still, still)
    motion = bodyfile.retargeted_motion(pose)
    return Walk(_placed(motion, at, yaw), heel, ball)


def _foot(pose: Pose, side: str, places: list[tuple[float, float]], times: np.ndarray):
    """Of the places (when it strikes, how far ahead): ankle (3, N), the foot's pitch (N,), heel and ball at rest."""
    across = (1.0 if side == "Left" else -1.0) * (abs(pose.offset(f"{side}UpLeg")[0]) + 1.0)
    toe = pose.offset(f"{side}ToeBase")
    flat = [np.array([across, pose.actor.ankle_height, ahead]) for _, ahead in places]
    ankle = np.empty((3, len(times)))
    pitch = np.zeros(len(times))
    heel, ball = (np.zeros(len(times), dtype=bool) for _ in range(2))
    ends = [strike - _SWING for strike, _ in places[1:]] + [np.inf]
    for n, ((strike, _), end) in enumerate(zip(places, ends, strict=True)):
        stands = (times >= strike - 1e-9) & (times <= end + 1e-9)
        rolls = stands & (times < strike + _ROLL) & (n > 0)
        up = np.where(rolls, -_STRIKE * (1 - _ramp((times - strike) / _ROLL)), 0.0)
        rises = stands & (times > end - _RISE)
        up = np.where(rises, _PUSH * _ramp((times - end + _RISE) / _RISE) ** 2, up)
        pitch[stands] = up[stands]
        over = rotations.rotate(euler(x=np.radians(up)), toe)
        rest = flat[n][:, None] + toe[:, None] - over
        ankle[:, stands] = np.where(rolls, flat[n][:, None], rest)[:, stands]
        heel |= stands & ~rises
        ball |= stands & ~rolls
        if n:
            before = ends[n - 1]
            flies = (times > before + 1e-9) & (times < strike - 1e-9)
            share = (times - before) / _SWING
            start = flat[n - 1] + toe - rotations.rotate(euler(x=np.radians(_PUSH)), toe)[:, 0]
            path = start[:, None] + (flat[n] - start)[:, None] * minimum_jerk(share)
            path[1] += 7.0 * np.sin(np.pi * np.clip(share, 0, 1) ** 0.7) ** 2
            ankle[:, flies] = path[:, flies]
            pitch[flies] = (_PUSH - (_PUSH + _STRIKE) * _ramp(share))[flies]
    return (ankle, np.radians(pitch)), heel, ball


def _leg(pose: Pose, side: str, ankle: np.ndarray, pitch: np.ndarray) -> None:
    hip = pose.place(f"{side}UpLeg")
    ahead = np.broadcast_to(np.array([[0.0], [0.0], [1.0]]), hip.shape)
    upper, lower = pose.actor.length(f"{side}Leg"), pose.actor.length(f"{side}Foot")
    assert np.linalg.norm(ankle - hip, axis=0).max() < 0.995 * (upper + lower), "legs too short for these steps"
    first, second, normal = two_bone(hip, ankle, upper, lower, ahead)
    down, rest_normal = np.array([0.0, -1.0, 0.0]), np.array([-1.0, 0.0, 0.0])
    pose.set_global(f"{side}UpLeg", aligned(down, rest_normal, first, normal))
    pose.set_global(f"{side}Leg", aligned(down, rest_normal, second, normal))
    pose.set_global(f"{side}Foot", euler(x=pitch))


def _placed(motion: bvh.Motion, at: float, yaw: float) -> bvh.Motion:
    """The motion turned about the upright, then moved along x."""
    turn = rotations.about_axis("Y", np.array([yaw]))
    values = motion.values.copy()
    values[:, :3] = rotations.rotate(turn, values[:, :3].T).T + np.array([at, 0.0, 0.0])
    local = bvh.local_rotations(motion, [0])[0]
    values[:, 3:6] = channel_angles(rotations.multiply(turn, local), "ZXY").T
    return bvh.Motion(motion.skeleton, values, 1 / FPS)


def _ramp(share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def squat(actor: str = "001", deepest: float = 0.45, frames: int = 90) -> bvh.Motion:
    """Somebody goes down until his hips are `deepest` legs over his ankles and comes up, his feet flat and still."""
    body = skeletons.actors()[actor]
    times = np.arange(frames) / FPS
    pose = Pose(body, frames)
    leg = body.length("LeftLeg") + body.length("LeftFoot")
    down = smooth(_ramp(np.minimum(times - 0.5, times[-1] - 0.5 - times) / 0.8), 2.0)
    height = body.ankle_height + leg * (0.96 + (deepest - 0.96) * down) - pose.offset("LeftUpLeg")[1]
    pose.set_root(np.stack((0.0 * height, height, 2.0 - 12.0 * down)), euler(x=np.radians(4.0 + 30.0 * down)))
    pose.set_global("Spine", euler(x=np.radians(20.0 * down)))
    for joint in ("Spine1", "Spine2", "Spine3"):
        pose.set_local(joint, rotations.IDENTITY)
    arm = np.repeat(HANGING.vector()[:, None], frames, axis=1)
    for side, mirror in (("Right", -1.0), ("Left", 1.0)):
        across = mirror * (abs(pose.offset(f"{side}UpLeg")[0]) + 6.0)
        ankle = np.repeat(np.array([[across], [body.ankle_height], [0.0]]), frames, axis=1)
        _leg(pose, side, ankle, np.zeros(frames))
        set_arm(pose, side, arm, np.zeros(frames), np.zeros(frames))
    return bodyfile.retargeted_motion(pose)
