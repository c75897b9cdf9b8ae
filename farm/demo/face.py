"""Face weights in time with the voice: ARKit's 51 columns, and the same face in ICT's 55."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES

from .articulation import articulate
from .attention import HEAD_SHARE, Attention
from .conversation import Part
from .curves import Move, bumps, moves, smooth, wander
from .scenarios import Emotion

#: What each vowel does to the lips besides the jaw.
_VOWEL_SHAPES = {
    "a": {"mouthLowerDown": 0.28, "mouthUpperUp": 0.16, "mouthStretch": 0.08},
    "e": {"mouthLowerDown": 0.24, "mouthUpperUp": 0.2, "mouthStretch": 0.28, "mouthSmile": 0.08},
    "i": {"mouthLowerDown": 0.2, "mouthUpperUp": 0.16, "mouthStretch": 0.36, "mouthSmile": 0.14},
    "o": {"mouthFunnel": 0.52, "mouthPucker": 0.2},
    "u": {"mouthPucker": 0.62, "mouthFunnel": 0.28},
    "ə": {"mouthLowerDown": 0.16, "mouthUpperUp": 0.1},
    "m": {"mouthPress": 0.22},
}

#: Adds a track (N,) to the weight of a name, or to its Left and Right.
_Add = Callable[[str, np.ndarray], None]

_EYE_RANGE = np.radians(32.0)  # how far the eyes look with a weight of 1


def face_weights(
    rng: np.random.Generator, part: Part, attention: Attention, emotion: Emotion, times: np.ndarray
) -> np.ndarray:
    """ARKit weights (N, 51), 0 to 1, in the order of ARKIT_NAMES; times (N,) in seconds at the frame rate."""
    weights = {name: np.zeros(len(times)) for name in ARKIT_NAMES}
    lopsided = float(rng.uniform(-0.08, 0.08))

    def add(name: str, track: np.ndarray) -> None:
        if name in weights:
            weights[name] += track
        else:
            weights[f"{name}Left"] += track * (1.0 + lopsided)
            weights[f"{name}Right"] += track * (1.0 - lopsided)

    _talk(add, part, emotion, times)
    _express(add, rng, part, emotion, times)
    _blink(add, rng, part, times)
    _aim_eyes(weights, attention)
    return np.clip(np.stack([weights[name] for name in ARKIT_NAMES], axis=1), 0.0, 1.0).astype(np.float32)


def to_ict(arkit: np.ndarray) -> np.ndarray:
    """The same face in ICT's columns: (N, 51) to (N, 55).

    Both halves of browInnerUp and cheekPuff take the whole weight; a raised cheek goes with a squeezed one.
    """
    column = {name: arkit[:, n] for n, name in enumerate(ARKIT_NAMES)}
    sides = {"_L": "Left", "_R": "Right"}
    result = []
    for name in ICT_NAMES:
        stem, side = (name[:-2], sides[name[-2:]]) if name[-2:] in sides else (name, "")
        if stem in ("browInnerUp", "cheekPuff"):
            result.append(column[stem])
        elif stem == "cheekRaiser":
            result.append(0.5 * column[f"cheekSquint{side}"])
        else:
            result.append(column[f"{stem}{side}"])
    return np.stack(result, axis=1)


def _talk(add: _Add, part: Part, emotion: Emotion, times: np.ndarray) -> None:
    """Jaw and lips, from the syllables that the voice is made of too."""
    tracks = articulate(part.phrases, times)
    loudness = 0.85 + 0.15 * emotion.energy
    jaw = loudness * tracks.jaw
    add("jawOpen", jaw)
    for vowel, shapes in _VOWEL_SHAPES.items():
        for name, height in shapes.items():
            add(name, height * tracks.shapes[vowel])
    add("mouthClose", np.minimum(0.25 * tracks.lips, jaw))  # it undoes the jaw's opening: never more than that
    add("mouthPress", 0.45 * tracks.lips)
    add("mouthRollLower", 0.32 * tracks.lips)
    add("mouthRollUpper", 0.22 * tracks.lips)
    add("mouthShrugUpper", 0.1 * tracks.lips)
    add("mouthFunnel", 0.3 * smooth(tracks.noise["middle"], 1.0))
    add("mouthStretch", 0.2 * smooth(tracks.noise["high"], 1.0))


def _express(add: _Add, rng: np.random.Generator, part: Part, emotion: Emotion, times: np.ndarray) -> None:
    """The emotion that the scene has, now more and now less; brows on emphasis; a smile with a nod."""
    mood = np.clip(0.75 + 0.3 * wander(rng, times, 0.04, 0.2), 0.25, 1.3)
    talking = smooth(articulate(part.phrases, times).jaw, 4.0)
    add("mouthSmile", emotion.smile * mood * (1.0 - 0.6 * np.minimum(talking, 1.0)))
    add("cheekSquint", 0.5 * emotion.smile * mood)
    add("mouthDimple", 0.25 * emotion.smile * mood)
    add("mouthFrown", emotion.frown * mood)
    add("mouthShrugLower", 0.35 * emotion.frown * mood)
    add("browInnerUp", emotion.brow_up * mood)
    add("browOuterUp", 0.4 * emotion.brow_up * mood * (1.0 - emotion.frown))
    add("browDown", emotion.brow_down * mood)
    add("noseSneer", 0.2 * emotion.brow_down * mood)
    add("eyeSquint", emotion.squint * mood)
    add("eyeWide", 0.35 * emotion.brow_up * mood)
    loud = [s for phrase in part.phrases for s in phrase.syllables if s.stress > 0.72 and rng.random() < 0.6]
    heights = [s.stress * emotion.energy * float(rng.uniform(0.2, 0.5)) for s in loud]
    raised = bumps(times, [s.beat for s in loud], [0.3] * len(loud), heights)
    lowered = emotion.brow_down > 0.3
    add("browDown" if lowered else "browInnerUp", 0.8 * raised)
    if not lowered:
        add("browOuterUp", 0.7 * raised)
        add("eyeWide", 0.2 * raised)
    nods = [start + 0.4 for start in part.nods]
    ends = [turn[-1].end + 0.45 for turn in part.turns]  # who has spoken presses his lips together
    add("mouthPress", bumps(times, ends, [0.4] * len(ends), [0.16] * len(ends)))
    answer = bumps(times, nods, [0.7] * len(nods), [0.3 * emotion.smile + 0.08] * len(nods))
    add("mouthSmile" if emotion.smile > emotion.frown else "mouthPress", answer)


def _blink(add: _Add, rng: np.random.Generator, part: Part, times: np.ndarray) -> None:
    """Blinks every two to five seconds, rather where a phrase ends; the lid shuts faster than it opens."""
    pauses = np.array([phrase.end for phrase in part.phrases])
    keys: list[Move] = []
    time = float(rng.uniform(0.4, 2.5))
    while time < times[-1]:
        near = pauses[np.abs(pauses - time) < 0.6] if len(pauses) else pauses
        at = float(near[0]) if len(near) and (not keys or near[0] - keys[-1][0] > 1.2) else time
        keys += [(at, 0.1, np.array([rng.uniform(0.9, 1.0)])), (at + 0.12, 0.19, np.zeros(1))]
        time = at + float(rng.uniform(2.0, 4.6))
    add("eyeBlink", moves(times, np.zeros(1), keys)[0])


def _aim_eyes(weights: dict[str, np.ndarray], attention: Attention) -> None:
    """Eyes on the other: the part of a glance that the head leaves, jumps, and holding still against nods."""
    yaw = (1.0 - HEAD_SHARE) * attention.averted[0] + attention.saccades[0] - 0.8 * attention.shake
    pitch = (1.0 - HEAD_SHARE) * attention.averted[1] + attention.saccades[1] - 0.8 * attention.nod
    left, down = yaw / _EYE_RANGE, pitch / _EYE_RANGE
    for side, outwards in (("Left", left), ("Right", -left)):
        weights[f"eyeLookOut{side}"] += np.maximum(outwards, 0.0)
        weights[f"eyeLookIn{side}"] += np.maximum(-outwards, 0.0)
        weights[f"eyeLookDown{side}"] += np.maximum(down, 0.0)
        weights[f"eyeLookUp{side}"] += np.maximum(-down, 0.0)
        # The upper lid follows the eye down.
        weights[f"eyeBlink{side}"] += 0.25 * np.maximum(down, 0.0)
