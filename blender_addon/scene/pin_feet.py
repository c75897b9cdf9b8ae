"""Feet that stand keep standing on a rig whose legs have other proportions than the capture's.

Retargeting copies directions, so that a foot is where the rig's own thigh and shin carry it: while the captured foot
rests, it slides. Here each contact gets a place, in the middle of where the foot slides anyway, and two-bone
inverse kinematics brings the foot there in every frame; between two contacts it goes smoothly from the one correction
to the other, and away from contacts nothing changes. The foot keeps its orientation, knees their plane. A foot
that creeps in the capture is followed once it leaves its place by more than a sole may shift. Hips stay where they
are, but for being lowered a little where a leg cannot reach its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..dataset import rotations, two_bone
from .feet import Foot, chain
from .retarget import Channels, RigRest
from .rig_pose import RigPose

#: How far a captured foot may shift about its place before it is followed, in leg lengths.
_PLAY = 0.025
#: How far a correction may be away from its mean over a contact, in leg lengths, before the foot is let slide: a person
#: who turns on heel and ball in turn goes another way on feet of another length.
_LEASH = 0.08
#: The stretch of a leg, of its length, below which it hardly counts where a foot is to be placed.
_BENT = 0.75
#: Legs are not stretched farther than this, or than the capture has them: a straight knee moves by jerks.
_STRETCH = 0.99
#: Hips are lowered by so much of a leg length at most, and over so many seconds.
_LOWERED, _LOWERING = 0.06, 0.3
#: A correction comes and goes over so many seconds, where contacts are farther apart than two such.
_BLEND = 0.4


@dataclass(frozen=True)
class Pinned:
    """channels: with feet that stand; lowered: by how much the hips are at most lower for it, metres."""

    channels: Channels
    lowered: float


def pin(rig: RigRest, channels: Channels, feet: Sequence[Foot], fps: float) -> Pinned:
    """Keep a person's feet, of `feet.of_person`, in their places while they stand."""
    feet = [foot for foot in feet if foot.contact.spans]
    if not feet:
        return Pinned(channels, 0.0)
    pose = RigPose(rig, channels)
    legs = [_Leg(pose, foot, fps) for foot in feet]
    lowered = _lowered(legs, fps)
    below = np.zeros((3, len(lowered)))
    below[2] = -lowered
    turned = dict(channels.rotations)
    posed = RigPose(rig, channels)  # of nothing below the hips: what legs carry is worked out anew
    for leg in legs:
        _bend(rig, posed, leg, below, turned)
    return Pinned(Channels(turned, _moved(rig, channels, below)), float(lowered.max()))


class _Leg:
    """A leg in its retargeted pose, and where its ankle is to be: (3, N)."""

    def __init__(self, pose: RigPose, foot: Foot, fps: float) -> None:
        self.foot = foot
        self.hip, self.knee, self.ankle = (pose.head(bone) for bone in (foot.thigh, foot.shin, foot.foot))
        self.turns = pose.turn(foot.thigh), pose.turn(foot.shin), pose.turn(foot.foot)
        upper, lower = self.knee - self.hip, self.ankle - self.knee
        self.length = float(np.linalg.norm(upper[:, 0]) + np.linalg.norm(lower[:, 0]))
        self.reach = np.maximum(np.linalg.norm(self.ankle - self.hip, axis=0), _STRETCH * self.length)
        self.axis = two_bone.hinge(upper, lower, self.turns[0])
        stretch = np.linalg.norm(self.ankle - self.hip, axis=0) / self.length
        self.wanted = self.ankle + _corrections(foot, pose, self.length, stretch, fps)

    def lack(self) -> np.ndarray:
        """By how much the hips are too high for the leg to reach its place, metres (N,), in contact; else 0."""
        away = self.wanted - self.hip
        level = np.minimum(np.hypot(away[0], away[1]), self.reach)
        lack = -away[2] - np.sqrt(self.reach**2 - level**2)
        return np.where(self.foot.contact.down, np.maximum(lack, 0.0), 0.0)

    def target(self, hip: np.ndarray) -> np.ndarray:
        """Where the ankle goes with the hip joint at `hip`: what is out of reach comes nearer along the floor."""
        away = self.wanted - hip
        level = np.hypot(away[0], away[1])
        within = np.sqrt(np.maximum(self.reach**2 - away[2] ** 2, 0.0))
        share = np.where(level > within, within / np.maximum(level, 1e-9), 1.0)
        return hip + away * np.stack((share, share, np.ones_like(share)))


def _corrections(foot: Foot, pose: RigPose, leg: float, stretch: np.ndarray, fps: float) -> np.ndarray:
    """What brings the retargeted ankle to where the foot stands, (3, N) metres; stretch: (N,), 1 for a straight leg.

    Somebody who stands and kneels down has one place for both: rather where he stands, for a bent leg has more play.
    """
    counts = np.clip((stretch - _BENT) / (1.0 - _BENT), 0.1, 1.0) ** 2
    ankle, toe = foot.tracks(pose)
    captured = foot.toe if foot.toe is not None else foot.ankle
    on_toe = foot.contact.on_toe
    # The height that the capture has, and along the floor the place.
    share = _smooth(on_toe.astype(float), 2)
    correction = np.zeros((3, len(on_toe)))
    correction[2] = share * (captured[2] - toe[2]) + (1.0 - share) * (foot.ankle[2] - ankle[2])
    for first, end in foot.contact.spans:
        span = slice(first, end)
        wants = _place(_way(captured[:2, span], foot.ankle[:2, span], on_toe[span]), _PLAY * leg)
        has = _way(toe[:2, span], ankle[:2, span], on_toe[span])
        found = _centred(wants - has, counts[span])
        natural = _centred(foot.ankle[:2, span] - ankle[:2, span], counts[span])
        off = found - natural
        length = np.hypot(*off)
        correction[:2, span] = natural + off * np.minimum(1.0, _LEASH * leg / np.maximum(length, 1e-9))
    return _between(correction, foot.contact.spans, round(_BLEND * fps))


def _way(toe: np.ndarray, ankle: np.ndarray, on_toe: np.ndarray) -> np.ndarray:
    """How far (2, N) a foot has come since its first frame, going by the joint that it stands on."""
    steps = np.where(on_toe[:-1], np.diff(toe, axis=1), np.diff(ankle, axis=1))
    return np.concatenate((np.zeros((2, 1)), np.cumsum(steps, axis=1)), axis=1)


def _place(way: np.ndarray, play: float) -> np.ndarray:
    """Where a foot is held (2, N) that went a way (2, N): one place, dragged along where the way leaves it by more."""
    middle = (way.max(axis=1) + way.min(axis=1)) / 2
    if np.hypot(*(way - middle[:, None])).max() <= play:
        return np.repeat(middle[:, None], way.shape[1], axis=1)
    points = (way[0] + 1j * way[1]).tolist()
    held, places = points[0], []
    for point in points:
        off = point - held
        distance = abs(off)
        if distance > play:
            held += off * (1.0 - play / distance)
        places.append(held)
    found = np.array(places)
    return np.stack((found.real, found.imag))


def _between(correction: np.ndarray, spans: Sequence[tuple[int, int]], blend: int) -> np.ndarray:
    """Corrections (3, N) of contacts, carried over the frames between them: from one to the next, or to nothing and
    back where they are farther apart than two blends."""
    frames = correction.shape[1]
    result = np.zeros_like(correction)
    for span in spans:
        result[:, slice(*span)] = correction[:, slice(*span)]
    lasts = [None, *(end - 1 for _, end in spans)]
    firsts = [*(first for first, _ in spans), None]
    for start, end in zip(lasts, firsts, strict=True):
        if start is not None and end is not None and end - start <= 2 * blend:
            share = _ease(np.arange(1, end - start) / (end - start))
            way = correction[:, end] - correction[:, start]
            result[:, start + 1 : end] = correction[:, start, None] + share * way[:, None]
            continue
        if start is not None:
            after = np.arange(start + 1, min(start + blend, frames))
            result[:, after] = correction[:, start, None] * _ease(1.0 - (after - start) / blend)
        if end is not None:
            before = np.arange(max(end - blend + 1, 0), end)
            result[:, before] = correction[:, end, None] * _ease(1.0 - (end - before) / blend)
    return result


def _lowered(legs: Sequence[_Leg], fps: float) -> np.ndarray:
    """How much lower the hips are, metres (N,): as much as a leg lacks in reach, smooth, and no more than allowed."""
    lack = np.max([leg.lack() for leg in legs], axis=0)
    if lack.max() < 1e-6:
        return np.zeros_like(lack)
    half = max(round(_LOWERING * fps), 1)
    padded = np.pad(lack, half, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    most = min(leg.length for leg in legs) * _LOWERED
    return _smooth(np.minimum(around.max(axis=1), most), half)


def _bend(rig: RigRest, posed: RigPose, leg: _Leg, below: np.ndarray, turned: dict[int, np.ndarray]) -> None:
    """Work out the channels of a leg that reaches its target, in the frames where that is not where it is."""
    foot = leg.foot
    hip = leg.hip + below
    target = leg.target(hip)
    moved = np.abs(target - hip - (leg.ankle - leg.hip)).max(axis=0) > 1e-7
    upper, lower = two_bone.solve(hip, leg.knee + below, leg.ankle + below, target, leg.axis)
    upper, lower = (np.where(moved, turn, rotations.IDENTITY) for turn in (upper, lower))
    thigh, shin, sole = leg.turns
    posed.set_turn(chain(rig, foot.thigh, foot.shin), rotations.multiply(upper, thigh))
    posed.set_turn(chain(rig, foot.shin, foot.foot), rotations.multiply(lower, shin))
    posed.set_turn([foot.foot], sole)
    for bone in (foot.thigh, foot.shin, foot.foot):
        turned[bone] = posed.channel(bone)


def _moved(rig: RigRest, channels: Channels, way: np.ndarray) -> dict[int, np.ndarray]:
    """Location channels of a whole person moved in the world by (3, N) metres."""
    if not way.any():
        return channels.locations
    result = {}
    for bone, location in channels.locations.items():
        axes_of = bone if rig.local_location[bone] else rig.parents[bone]
        axes = rig.rest[axes_of].T if axes_of >= 0 else np.eye(3)
        result[bone] = location + axes @ rig.turn.T @ way / rig.scale
    return result


def _centred(track: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return track - np.average(track, axis=1, weights=weights)[:, None]


def _smooth(values: np.ndarray, half: int) -> np.ndarray:
    """The mean over 2 half + 1 frames, weighted by a Hann window; edges are held."""
    weights = np.hanning(2 * half + 3)[1:-1]
    return np.convolve(np.pad(values, half, mode="edge"), weights / weights.sum(), mode="valid")


def _ease(share: np.ndarray) -> np.ndarray:
    """From 0 to 1 with no speed at both ends."""
    return share * share * (3.0 - 2.0 * share)
