"""Where a person looks, how he nods and tilts his head: tracks that head and eyes share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .conversation import Part
from .curves import Move, bumps, moves, smooth, wander

#: The part of a glance aside that the head makes; the eyes make the rest.
HEAD_SHARE = 0.55


@dataclass(frozen=True)
class Attention:
    """Radians over N frames, yaw to the person's own left and pitch down positive.

    averted: (2, N) yaw and pitch of a glance away from the other's eyes, head and eyes together; nod: (N,) pitch and
    shake: (N,) yaw and tilt: (N,) roll of the head on top of that; saccades: (2, N) of the eyes alone.
    """

    averted: np.ndarray
    nod: np.ndarray
    shake: np.ndarray
    tilt: np.ndarray
    saccades: np.ndarray


def attend(rng: np.random.Generator, part: Part, times: np.ndarray, energy: float) -> Attention:
    """Attention of one person; times (N,) in seconds at the frame rate.

    Speakers look away as they begin and return to the other's eyes towards the end of their turn, listeners look
    at the speaker (Kendon, "Some functions of gaze-direction in social interaction", 1967).
    """
    averted = moves(times, np.zeros(2), _glances(rng, part, float(times[-1])))
    return Attention(
        averted=smooth(averted, 1.2),
        nod=np.radians(_nods(rng, part, times, energy) + 0.7 * wander(rng, times, 0.08, 0.5)),
        shake=np.radians(1.3 * energy * wander(rng, times, 0.07, 0.45)),
        tilt=np.radians(_tilts(rng, times) + 0.8 * wander(rng, times, 0.06, 0.4)),
        saccades=moves(times, np.zeros(2), _saccades(rng, float(times[-1]))),
    )


def _glances(rng: np.random.Generator, part: Part, seconds: float) -> list[Move]:
    starts = []
    for turn in part.turns:
        if rng.random() < 0.75:
            starts.append(turn[0].start - float(rng.uniform(0.1, 0.3)))
        time = turn[0].start + float(rng.uniform(2.0, 3.5))
        while time < turn[-1].end - 1.5:
            starts.append(time)
            time += float(rng.uniform(2.2, 4.5))
    keys: list[Move] = []
    for start in starts:
        if (keys and start < keys[-1][0] + 0.4) or start > seconds:
            continue
        aside = np.radians(rng.uniform(12.0, 24.0)) * rng.choice((-1.0, 1.0))
        keys.append((start, 0.42, np.array([aside, np.radians(rng.uniform(-5.0, 9.0))])))
        keys.append((start + float(rng.uniform(0.7, 1.4)), 0.45, np.zeros(2)))
    return keys


def _nods(rng: np.random.Generator, part: Part, times: np.ndarray, energy: float) -> np.ndarray:
    """Degrees: a listener's nods die away over two or three dips; a speaker's head dips on stress."""
    track = np.zeros(len(times))
    for start in part.nods:
        depth, beat = float(rng.uniform(4.5, 8.0)), float(rng.uniform(0.36, 0.46))
        dips = int(rng.integers(2, 4))
        centres = [start + beat * (n + 0.5) for n in range(dips)]
        track += bumps(times, centres, [0.5 * beat] * dips, [depth * 0.72**n for n in range(dips)])
    for phrase in part.phrases:
        loud = [s for s in phrase.syllables if s.stress > 0.55]
        heights = [energy * s.stress * float(rng.uniform(1.2, 4.2)) for s in loud]
        track += bumps(times, [s.beat for s in loud], [0.2] * len(loud), heights)
        track += bumps(times, [s.beat - 0.22 for s in loud], [0.2] * len(loud), [-0.35 * h for h in heights])
    return track


def _tilts(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """Degrees: now and then the head leans to one side for a while."""
    keys = []
    time = float(rng.uniform(0.3, 2.0))
    while time < times[-1]:
        keys.append((time, float(rng.uniform(0.7, 1.2)), np.array([rng.uniform(-5.5, 5.5)])))
        time += float(rng.uniform(2.0, 5.0))
    return moves(times, np.array([rng.uniform(-2.0, 2.0)]), keys)[0]


def _saccades(rng: np.random.Generator, seconds: float) -> list[Move]:
    """Jumps between the other's eyes and mouth, a few degrees at most."""
    keys = []
    time = float(rng.uniform(0.1, 0.5))
    while time < seconds:
        target = np.radians([rng.choice((-1.6, 1.6)) + rng.normal(0.0, 0.5), rng.choice((-0.4, -0.2, 2.8))])
        keys.append((time, 0.066, target))
        time += float(rng.uniform(0.35, 1.6))
    return keys
