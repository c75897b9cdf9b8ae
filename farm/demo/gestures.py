"""Arms and hands: where they rest, and what they do while their person speaks.

Both arms are described as mirror images of each other: out (away from the body's middle), up and forward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blender_addon.dataset import rotations

from .conversation import Part, Phrase
from .curves import Move, moves, smooth, wander
from .limbs import Pose, aligned, euler, two_bone

FINGERS = ("Thumb", "Index", "Middle", "Ring", "Pinky")


@dataclass(frozen=True)
class ArmPose:
    """wrist: (3,) from the shoulder joint - out, up, forward - in lengths of the straight arm; supination, wrist
    flexion and swivel of the elbow away from the body in degrees; curl: mean bend in degrees of the joints of each
    of the FINGERS."""

    wrist: tuple[float, float, float]
    supination: float
    flexion: float
    swivel: float
    curl: tuple[float, float, float, float, float]

    def vector(self) -> np.ndarray:
        """All eleven numbers, as keys of one track."""
        return np.array([*self.wrist, self.supination, self.flexion, self.swivel, *self.curl])


_RELAXED = (12.0, 17.0, 22.0, 26.0, 30.0)
_OPEN = (4.0, 7.0, 9.0, 11.0, 14.0)
_POINTING = (22.0, 5.0, 48.0, 54.0, 56.0)
_PRECISE = (26.0, 34.0, 24.0, 20.0, 20.0)
_SHAPES = (_OPEN, _OPEN, (8.0, 12.0, 15.0, 18.0, 21.0), _PRECISE, _POINTING)

HANGING = ArmPose((0.15, -0.963, 0.105), -14.0, 8.0, 0.0, _RELAXED)
#: Hands before the belly, one in front of the other.
FOLDED = {
    "Right": ArmPose((-0.21, -0.70, 0.53), -16.0, 16.0, 8.0, (14.0, 20.0, 24.0, 27.0, 29.0)),
    "Left": ArmPose((-0.17, -0.69, 0.44), -8.0, 12.0, 8.0, (14.0, 20.0, 24.0, 27.0, 29.0)),
}


def arm_tracks(rng: np.random.Generator, part: Part, times: np.ndarray, energy: float) -> dict[str, np.ndarray]:
    """ArmPose vectors (11, N) of the "Right" and the "Left" arm."""
    leading = "Right" if rng.random() < 0.75 else "Left"
    keys: dict[str, list[Move]] = {"Right": [], "Left": []}
    start = _resting(rng)
    for turn in part.turns:
        used: set[str] = set()
        for phrase in turn:
            both = rng.random() < 0.55
            for side in ("Right", "Left"):
                if side == leading or both:
                    _gesture(rng, keys[side], phrase, energy * (1.0 if side == leading else 0.8), side not in used)
                    used.add(side)
                elif side in used:
                    # The idle hand sinks, but stays up for the next phrase.
                    keys[side].append((phrase.start, 0.7, _low(rng).vector()))
        done = turn[-1].end + float(rng.uniform(0.1, 0.45))
        for side, rest in _resting(rng).items():
            keys[side].append((done, float(rng.uniform(0.85, 1.1)), rest))
    tracks = {}
    for side, moved in keys.items():
        track = moves(times, start[side], moved)
        track[:3] += np.stack([0.008 * wander(rng, times, 0.1, 0.6) for _ in range(3)])
        track[3:6] += np.stack([1.8 * wander(rng, times, 0.1, 0.5) for _ in range(3)])
        track[6:] += np.stack([1.8 * wander(rng, times, 0.08, 0.5) for _ in FINGERS])
        tracks[side] = smooth(track, 0.9)
    return tracks


def _resting(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Both arms in a resting pose of their own choice: hanging, or folded before the belly."""
    folded = rng.random() < 0.3
    poses = {}
    for side in ("Right", "Left"):
        pose = FOLDED[side].vector() if folded else HANGING.vector()
        pose[:2] += rng.normal(0.0, 0.006, 2)
        pose[2] += rng.uniform(0.0, 0.05)
        poses[side] = pose
    return poses


def _low(rng: np.random.Generator) -> ArmPose:
    return ArmPose((0.04 + rng.uniform(-0.03, 0.03), -0.72, 0.46), 10.0, 6.0, 6.0, _RELAXED)


def _gesture(
    rng: np.random.Generator,
    keys: list[Move],
    phrase: Phrase,
    energy: float,
    first_reach: bool,
) -> None:
    """One hand through one phrase: it comes up, and beats where the syllables are stressed.

    A stroke ends on the vowel of its syllable (McClave, "Gestural beats: the rhythm hypothesis", 1994).
    """
    centre = ArmPose(
        wrist=(
            float(rng.uniform(-0.10, 0.14)),
            float(rng.uniform(-0.60, -0.40)) + 0.05 * (energy - 1.0),
            float(rng.uniform(0.50, 0.62)),
        ),
        supination=float(rng.uniform(-15.0, 55.0)),
        flexion=float(rng.uniform(-16.0, 2.0)),
        swivel=float(rng.uniform(4.0, 20.0)),
        curl=_SHAPES[int(rng.integers(len(_SHAPES)))],
    ).vector()
    size = float(np.clip(energy, 0.5, 1.5))
    strokes = [s for s in phrase.syllables if s.stress > 0.55]
    lead, duration = (0.5, 0.68) if first_reach else (0.3, 0.5)
    reached = (strokes[0].beat if strokes else phrase.start + 0.3) - 0.3
    keys.append((min(phrase.start - lead, reached - 0.5 * duration), duration, centre))
    for n, syllable in enumerate(strokes):
        if n and rng.random() < 0.2:
            continue  # nobody beats on every strong syllable
        grip = syllable.stress * size * float(rng.uniform(0.5, 1.35))
        late = float(rng.uniform(-0.03, 0.05))
        raised = centre.copy()
        raised[1] += 0.07 * grip
        raised[4] += 8.0 * grip
        struck = centre.copy()
        outwards = float(rng.uniform(-0.03, 0.12)) if n % 2 == 0 else float(rng.uniform(-0.08, 0.05))
        struck[:3] += np.array([outwards, -0.075 * grip, float(rng.uniform(0.0, 0.07))])
        struck[3] += float(rng.uniform(-6.0, 22.0)) * size
        struck[4] -= 12.0 * grip
        struck[6:] *= float(rng.uniform(0.6, 1.0))
        keys.append((syllable.beat - 0.46 + late, 0.3, raised))
        keys.append((syllable.beat - 0.2 + late, 0.26, struck))


def set_arm(pose: Pose, side: str, track: np.ndarray, facing: np.ndarray, lift: np.ndarray) -> None:
    """Turn the joints of one arm, from collarbone to finger tips.

    track: ArmPose vectors (11, N); facing: the chest's yaw in radians (N,) - arms hang straight down however the
    back leans; lift: raise of the collarbone in degrees (N,).
    """
    # Mirrored turns: about y and z the left arm's signs are the right arm's turned round.
    mirror = 1.0 if side == "Right" else -1.0
    out = np.array([-mirror, 0.0, 0.0])
    raised = np.clip((track[1] + 0.95) / 0.5, 0.0, 1.0)
    pose.set_local(
        f"{side}Shoulder",
        euler(y=np.radians(mirror * 5.0 * raised), z=np.radians(mirror * (2.5 - lift - 1.5 * raised))),
    )
    body = rotations.about_axis("Y", facing)
    upper, lower = pose.actor.length(f"{side}ForeArm"), pose.actor.length(f"{side}Hand")
    shoulder = pose.place(f"{side}Arm")
    wrist = np.stack((track[0] * out[0], track[1], track[2])) * (upper + lower)
    swivel = np.radians(track[5])
    pole = np.stack(((0.3 + np.sin(swivel)) * out[0], np.full(len(facing), -0.45), -0.8 * np.cos(swivel)))
    first, second, normal = two_bone(
        shoulder, shoulder + rotations.rotate(body, wrist), upper, lower, rotations.rotate(body, pole)
    )
    rest_normal = np.cross(out, (0.0, 0.0, -1.0))
    pose.set_global(f"{side}Arm", aligned(out, rest_normal, first, normal))
    twist = rotations.about_axis("X", -np.radians(track[3]))
    pose.set_global(f"{side}ForeArm", rotations.multiply(aligned(out, rest_normal, second, normal), twist))
    pose.set_local(f"{side}Hand", euler(z=mirror * np.radians(track[4])))
    _set_fingers(pose, side, mirror, track[6:])


def _set_fingers(pose: Pose, side: str, mirror: float, curl: np.ndarray) -> None:
    for finger in ("Index", "Ring", "Pinky"):
        pose.set_local(f"{side}Hand{finger}", rotations.IDENTITY)
    # The rest skeleton fans the fingers out; a relaxed hand holds them closer together.
    closing = {"Index": -2.0, "Middle": 0.0, "Ring": 1.5, "Pinky": 4.0}
    for finger, bend in zip(FINGERS, curl, strict=True):
        hand = f"{side}Hand{finger}"
        if finger == "Thumb":
            # The thumb stands off the palm and towards it; its own joints bend across the palm.
            pose.set_local(
                f"{hand}1", euler(x=np.radians(-18.0), y=np.radians(mirror * 2.0), z=np.radians(mirror * 24.0))
            )
            for joint in "23":
                pose.set_local(f"{hand}{joint}", euler(y=-mirror * np.radians(bend), z=mirror * np.radians(0.3 * bend)))
            continue
        for joint, share in zip("123", (0.9, 1.25, 0.85), strict=True):
            fan = mirror * np.radians(closing[finger]) if joint == "1" else 0.0
            pose.set_local(f"{hand}{joint}", euler(y=fan, z=mirror * np.radians(bend * share)))
