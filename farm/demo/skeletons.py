"""The actors of the InterAct data set: their skeletons, genders and sessions, from `skeletons.json`.

Offsets there are in bone space: +X to the actor's right, +Y forward, +Z up. Motion is made in the Y-up world of
the retargeted files: +X to the actor's left, +Y up, +Z forward in the T-pose.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from blender_addon.dataset import rotations
from blender_addon.dataset.databases import Session

#: Turns bone space into the Y-up world of an actor who faces +Z: (x, y, z) -> (-x, z, y).
BONE_TO_WORLD = rotations.from_matrix(np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))


@dataclass(frozen=True)
class Actor:
    """One actor's body.

    joints: the 60 names, parents first; parents: index of each parent, -1 for Hips; offsets: (60, 3) cm in bone
    space, the root's in the Y-up world as the files have it; ends: End Site offset (3,) by joint index.
    """

    id: str
    gender: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    ends: dict[int, np.ndarray]

    def world_offsets(self) -> np.ndarray:
        """The offsets (60, 3) of the T-pose drawn Y-up and facing +Z."""
        turned = rotations.rotate(BONE_TO_WORLD, self.offsets.T).T
        turned[0] = self.offsets[0]
        return turned

    def length(self, joint: str) -> float:
        """Distance in cm from a joint's parent to the joint."""
        return float(np.linalg.norm(self.offsets[self.joints.index(joint)]))

    @property
    def ankle_height(self) -> float:
        """How high in cm the foot joint stands above the floor when the sole is flat."""
        return float(self.offsets[0, 1]) - self.length("RightLeg") - self.length("RightFoot")


@cache
def sessions() -> tuple[Session, ...]:
    """The five sessions, in order of their date."""
    return tuple(Session(*row) for row in _facts()["sessions"])


@cache
def actors() -> dict[str, Actor]:
    """The seven actors by id."""
    facts = _facts()
    names = list(facts["parents"])
    joints = tuple(name for name in names if not name.endswith("_End"))
    parents = tuple(joints.index(facts["parents"][name]) if facts["parents"][name] else -1 for name in joints)
    result = {}
    for actor, entry in facts["actors"].items():
        offset = {name: np.array(row) for name, row in zip(names, entry["offsets"], strict=True)}
        ends = {joints.index(facts["parents"][n]): offset[n] for n in names if n.endswith("_End")}
        result[actor] = Actor(actor, entry["gender"], joints, parents, np.array([offset[n] for n in joints]), ends)
    return result


@cache
def _facts() -> dict:
    return json.loads(Path(__file__).with_name("skeletons.json").read_text(encoding="utf-8"))
