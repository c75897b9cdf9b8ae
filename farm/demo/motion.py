"""The bodies of two people who stand and talk: planted feet, shifting weight, breath, gaze, gestures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blender_addon.dataset import rotations

from .attention import HEAD_SHARE, Attention
from .conversation import Part
from .curves import bumps, moves, smooth, wander
from .gestures import arm_tracks, set_arm
from .limbs import Pose, aligned, euler, power, two_bone
from .scenarios import Emotion
from .skeletons import Actor

#: How straight the leg is that carries the weight: a knee bent by 7 degrees, so that it never locks and snaps.
_STRAIGHTNESS = 0.998
_EYES = np.array([0.0, 8.0, 9.0])  # from the head joint, in cm

#: Bends of a standing back in degrees, forward positive: the small of the back hollow, the chest round.
_CURVE = {"Spine": 0.5, "Spine1": -2.0, "Spine2": 1.5, "Spine3": 4.0}


@dataclass(frozen=True)
class Stance:
    """Where a person stands: centre (2,) of the feet as x and z in cm, and the yaw in radians he faces."""

    centre: np.ndarray
    yaw: float


def face_to_face(rng: np.random.Generator) -> tuple[Stance, Stance]:
    """Two stances about the origin, 1.3 to 1.5 m apart and turned to each other, each opened by a few degrees."""
    distance = float(rng.uniform(130.0, 150.0))
    bearing = np.pi / 2 + float(np.radians(rng.uniform(-12.0, 12.0)))  # of the second as the first sees him
    opening = np.radians(rng.uniform(2.0, 9.0))
    along = 0.5 * distance * np.array([np.sin(bearing), np.cos(bearing)])
    return Stance(-along, bearing - opening), Stance(along, bearing - np.pi + opening)


def perform(
    rngs: Sequence[np.random.Generator],
    cast: Sequence[Actor],
    stances: Sequence[Stance],
    parts: Sequence[Part],
    attentions: Sequence[Attention],
    emotion: Emotion,
    times: np.ndarray,
) -> tuple[Pose, Pose]:
    """The poses of both people at the times (N,) in seconds; what comes before is two of each, one a person."""
    poses = []
    for rng, actor, stance, part in zip(rngs, cast, stances, parts, strict=True):
        pose = Pose(actor, len(times))
        _stand(pose, rng, stance, times)
        breath = _breath(rng, times)
        chest = _bend_back(pose, rng, stance, part, emotion, times, breath)
        tracks = arm_tracks(rng, part, times, emotion.energy)
        shrug = _shrug(rng, part, times)
        for side, track in tracks.items():
            set_arm(pose, side, track, chest, 0.9 * breath + shrug)
        poses.append(pose)
    eyes = [_rest_eyes(pose) for pose in poses]
    for pose, stance, attention, target in zip(poses, stances, attentions, reversed(eyes), strict=True):
        _look(pose, stance, attention, smooth(target, 6.0), emotion)
    return poses[0], poses[1]


def _stand(pose: Pose, rng: np.random.Generator, stance: Stance, times: np.ndarray) -> None:
    """Hips and legs: the weight goes from side to side over feet that stay where they are."""
    actor = pose.actor
    forward_foot = float(rng.uniform(2.0, 5.0)) * rng.choice((-1.0, 1.0))
    ankles, feet = {}, {}
    for side, lateral in (("Right", -1.0), ("Left", 1.0)):
        across = lateral * (abs(pose.offset(f"{side}UpLeg")[0]) + float(rng.uniform(2.0, 4.5)))
        local = np.array([across, 0.0, lateral * forward_foot - 3.0])
        place = np.array([stance.centre[0], actor.ankle_height, stance.centre[1]])
        ankles[side] = place + _turned(stance.yaw, local)
        feet[side] = stance.yaw + lateral * float(np.radians(rng.uniform(8.0, 16.0)))
    shift = _weight(rng, times)
    sway = np.stack([0.25 * wander(rng, times, 0.1, 0.6), 0.5 * wander(rng, times, 0.08, 0.4)])
    middle = 0.5 * (ankles["Right"] + ankles["Left"])
    aside = 3.4 * shift + sway[0]
    flat = middle[:, None] + _turned(stance.yaw, np.stack((aside, 0.0 * aside, 3.0 + sway[1])))
    turn = euler(
        x=np.radians(3.0 + 0.4 * wander(rng, times, 0.08, 0.4)),
        y=stance.yaw + np.radians(3.0 * shift + 1.2 * wander(rng, times, 0.05, 0.3)),
        z=np.radians(3.2 * shift),
    )
    pose.set_root(_hips_height(pose, ankles, flat, turn), turn)
    for side in ("Right", "Left"):
        _set_leg(pose, side, ankles[side], feet[side])


def _weight(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """Which leg carries the weight, from -1 (right) to 1 (left), (N,)."""
    side = rng.choice((-1.0, 1.0))
    start = np.array([side * rng.uniform(0.6, 1.0)])
    keys = []
    time = float(rng.uniform(0.8, 2.4))
    while time < times[-1]:
        side = -side if rng.random() < 0.75 else side
        keys.append((time, float(rng.uniform(1.2, 1.9)), np.array([side * rng.uniform(0.35, 1.0)])))
        time += float(rng.uniform(3.0, 7.0))
    return moves(times, start, keys)[0]


def _hips_height(pose: Pose, ankles: dict[str, np.ndarray], flat: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Positions (3, N) of the hips over `flat`, as high as the leg that reaches least allows.

    A soft minimum of both legs keeps the track smooth where the weight changes legs.
    """
    heights = []
    for side, ankle in ankles.items():
        hip = rotations.rotate(turn, pose.offset(f"{side}UpLeg"))
        away = flat + hip - ankle[:, None]
        reach = (pose.actor.length(f"{side}Leg") + pose.actor.length(f"{side}Foot")) * _STRAIGHTNESS
        heights.append(ankle[1] + np.sqrt(reach**2 - away[0] ** 2 - away[2] ** 2) - hip[1])
    low, high = np.minimum(*heights), np.maximum(*heights)
    position = flat.copy()
    position[1] = low - 0.35 * np.log1p(np.exp((low - high) / 0.35))
    return position


def _set_leg(pose: Pose, side: str, ankle: np.ndarray, yaw: float) -> None:
    actor = pose.actor
    hip = pose.place(f"{side}UpLeg")
    still = np.broadcast_to(ankle[:, None], hip.shape)
    ahead = np.broadcast_to(_turned(yaw, np.array([0.0, 0.0, 1.0]))[:, None], hip.shape)
    upper, lower = actor.length(f"{side}Leg"), actor.length(f"{side}Foot")
    first, second, normal = two_bone(hip, still, upper, lower, ahead)
    down, rest_normal = np.array([0.0, -1.0, 0.0]), np.array([-1.0, 0.0, 0.0])
    pose.set_global(f"{side}UpLeg", aligned(down, rest_normal, first, normal))
    pose.set_global(f"{side}Leg", aligned(down, rest_normal, second, normal))
    pose.set_global(f"{side}Foot", euler(y=yaw))
    pose.set_local(f"{side}ToeBase", rotations.IDENTITY)


def _breath(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """Breathing, -1 to 1, some 15 breaths a minute and none like the other."""
    rate = float(rng.uniform(0.22, 0.3)) * (1.0 + 0.12 * wander(rng, times, 0.03, 0.12))
    phase = np.cumsum(rate) / 30.0 + rng.uniform()
    return np.sin(2.0 * np.pi * phase) * (1.0 + 0.15 * wander(rng, times, 0.03, 0.1))


def _bend_back(
    pose: Pose,
    rng: np.random.Generator,
    stance: Stance,
    part: Part,
    emotion: Emotion,
    times: np.ndarray,
    breath: np.ndarray,
) -> np.ndarray:
    """Turn the spine so that the chest stands upright over the hips; returns the chest's yaw (N,).

    A speaker leans towards the other, and his trunk goes along with his gestures.
    """
    speaking = _speaking(part, times)
    loud = [s for phrase in part.phrases for s in phrase.syllables if s.stress > 0.8]
    stress = bumps(times, [s.beat for s in loud], [0.35] * len(loud), [emotion.energy] * len(loud))
    lean = emotion.slump + 2.0 * speaking + 0.7 * np.minimum(stress, 2.0) + 0.8 * wander(rng, times, 0.05, 0.3)
    yaw = 1.5 * wander(rng, times, 0.05, 0.25) + 2.2 * speaking * wander(rng, times, 0.12, 0.5)
    roll = 0.8 * wander(rng, times, 0.05, 0.3)
    hips = pose.turns["Hips"]
    upright = euler(x=np.radians(lean), y=stance.yaw + np.radians(yaw), z=np.radians(roll))
    share = power(rotations.multiply(rotations.inverse(hips), upright), 0.25)
    for joint, curve in _CURVE.items():
        chest = 0.45 * breath if joint in ("Spine2", "Spine3") else 0.0
        pose.set_local(joint, rotations.multiply(share, euler(x=np.radians(curve - chest))))
    return stance.yaw + np.radians(yaw)


def _speaking(part: Part, times: np.ndarray) -> np.ndarray:
    """0 while listening, 1 while holding the floor, (N,)."""
    keys = []
    for turn in part.turns:
        keys.append((turn[0].start - 0.5, 1.0, np.ones(1)))
        keys.append((turn[-1].end - 0.1, 1.2, np.zeros(1)))
    return moves(times, np.zeros(1), keys)[0]


def _shrug(rng: np.random.Generator, part: Part, times: np.ndarray) -> np.ndarray:
    """Raise of the shoulders in degrees on a few strong words, (N,)."""
    loud = [s for phrase in part.phrases for s in phrase.syllables if s.stress > 0.85 and rng.random() < 0.35]
    return bumps(times, [s.beat for s in loud], [0.4] * len(loud), [float(rng.uniform(2.0, 5.0)) for _ in loud])


def _rest_eyes(pose: Pose) -> np.ndarray:
    """Where the eyes are (3, N) before the head turns."""
    neck = pose.place("Neck")
    up = pose.offset("Neck1") + pose.offset("Head") + _EYES
    return neck + rotations.rotate(pose.turns["Spine3"], up)


def _look(pose: Pose, stance: Stance, attention: Attention, target: np.ndarray, emotion: Emotion) -> None:
    """Turn neck and head to the target (3, N), each of three joints by a third."""
    reach = target - _rest_eyes(pose)
    yaw = np.arctan2(reach[0], reach[2]) - stance.yaw
    yaw = (yaw + np.pi) % (2.0 * np.pi) - np.pi
    pitch = -np.arctan2(reach[1], np.hypot(reach[0], reach[2]))
    # Nobody points his nose at the other all the way: the eyes do the last part.
    head = euler(
        x=0.7 * smooth(pitch, 4.0) + HEAD_SHARE * attention.averted[1] + attention.nod + np.radians(emotion.chin),
        y=stance.yaw + 0.85 * smooth(yaw, 4.0) + HEAD_SHARE * attention.averted[0] + attention.shake,
        z=attention.tilt,
    )
    share = power(rotations.multiply(rotations.inverse(pose.turns["Spine3"]), head), 1.0 / 3.0)
    for joint in ("Neck", "Neck1", "Head"):
        pose.set_local(joint, share)


def _turned(yaw: float, vector: np.ndarray) -> np.ndarray:
    """A vector (3,) or (3, N) turned about the vertical."""
    x, y, z = vector
    return np.stack((x * np.cos(yaw) + z * np.sin(yaw), y, z * np.cos(yaw) - x * np.sin(yaw)))
