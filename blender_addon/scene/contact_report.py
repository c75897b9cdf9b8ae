"""What becomes of contacts on the rigs of a scene: how far standing feet slide, how near the two's hands come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .feet import Foot, slid
from .person_path import PersonPath
from .retarget import Channels, RigRest, Scale
from .rig_pose import RigPose

_SIDES = {"L": "left", "R": "right"}


@dataclass(frozen=True)
class FootSlide:
    """How far a foot slides along the floor while it stands, in millimetres a contact.

    contacts: how often it stands, in how many frames; captured_mm: what the capture itself has, at the scene's scale;
    rig_mm: on the rig by retargeting alone; pinned_mm: with the foot pinned, None where it is not.
    """

    actor: str
    foot: str
    contacts: int
    frames: int
    captured_mm: float
    rig_mm: float
    pinned_mm: float | None


@dataclass(frozen=True)
class Wrists:
    """The two people's nearest wrists: millimetres and the frame, from 1.

    captured: in the motions, at the scene's scale; rig: on the rigs; rig_then_mm: on the rigs in the captured frame,
    between those two wrists.
    """

    captured_mm: float
    captured_frame: int
    rig_mm: float
    rig_frame: int
    rig_then_mm: float


@dataclass(frozen=True)
class Report:
    """Of a scene. wrists: None where a skeleton or a rig has none; lowered_mm: by actor, how much lower his hips are at
    most so that pinned feet reach their places."""

    feet: tuple[FootSlide, ...]
    wrists: Wrists | None
    lowered_mm: Mapping[str, float]

    def facts(self) -> dict[str, Any]:
        """The report as plain data."""
        return asdict(self)

    def slide(self) -> str | None:
        """One sentence on the feet of the scene; None where none stands."""
        if not self.feet:
            return None
        contacts = sum(foot.contacts for foot in self.feet)
        before = sum(foot.rig_mm * foot.contacts for foot in self.feet) / contacts
        after = sum((foot.pinned_mm or 0.0) * foot.contacts for foot in self.feet) / contacts
        if self.feet[0].pinned_mm is None:
            return f"standing feet slide {before:.1f} mm a contact"
        return f"standing feet slid {before:.1f} mm a contact, pinned {after:.1f} mm"


@dataclass(frozen=True)
class Person:
    """One of the two: his rig with its channels by retargeting alone, and with pinned feet where they are; path: where
    the capture has him, laid into the rig's world."""

    actor: str
    rig: RigRest
    scale: Scale
    path: PersonPath
    feet: tuple[Foot, ...]
    retargeted: Channels
    pinned: Channels | None = None
    lowered: float = 0.0


def measure(people: Sequence[Person]) -> Report:
    """Measure both people of a scene."""
    poses = [RigPose(person.rig, person.pinned or person.retargeted) for person in people]
    slides = tuple(_slide(person, foot, pose) for person, pose in zip(people, poses, strict=True) for foot in
                   person.feet if foot.contact.spans)  # fmt: skip
    lowered = {person.actor: round(person.lowered * 1000, 1) for person in people if person.pinned}
    return Report(slides, _wrists(people, poses), lowered)


def _slide(person: Person, foot: Foot, pose: RigPose) -> FootSlide:
    contacts = len(foot.contact.spans)
    plain = RigPose(person.rig, person.retargeted) if person.pinned else pose
    own = slid(foot.contact, foot.ankle, foot.toe if foot.toe is not None else foot.ankle)
    ways = [own, foot.steps(plain), *([foot.steps(pose)] if person.pinned else [])]
    captured, rig, *pinned = (round(float(way.sum()) * 1000 / contacts, 2) for way in ways)
    frames = int(foot.contact.down.sum())
    return FootSlide(person.actor, _SIDES[foot.side], contacts, frames, captured, rig, pinned[0] if pinned else None)


def _wrists(people: Sequence[Person], poses: Sequence[RigPose]) -> Wrists | None:
    tracks = [_wrists_of(person, pose) for person, pose in zip(people, poses, strict=True)]
    if len(tracks) != 2 or not all(tracks):
        return None
    pairs = [(one, other) for one in tracks[0] for other in tracks[1]]
    captured, rigged = (
        np.stack([np.linalg.norm(one[k] - other[k], axis=0) for one, other in pairs]) * 1000 for k in (0, 1)
    )
    pair, frame = np.unravel_index(np.argmin(captured), captured.shape)
    nearest = int(np.argmin(rigged.min(axis=0)))
    return Wrists(
        round(float(captured[pair, frame]), 1),
        int(frame) + 1,
        round(float(rigged[:, nearest].min()), 1),
        nearest + 1,
        round(float(rigged[pair, frame]), 1),
    )


def _wrists_of(person: Person, pose: RigPose) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each hand (3, N) where the capture has its wrist, at one scale in all directions, and where the rig has it."""
    found = []
    for side in "LR":
        role = f"hand.{side}"
        if role in person.path.roles and role in person.rig.roles:
            place = person.path.positions[person.path.roles[role]].copy()
            place[2] = (place[2] - person.scale.lift) / person.scale.up * person.scale.floor
            found.append((place, pose.head(person.rig.roles[role])))
    return found
