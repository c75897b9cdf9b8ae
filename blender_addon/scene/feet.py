"""A person's feet: when the capture has them on the floor, where it has them then, and where the rig has them.

What a foot stands on is its ankle or its toe joint (`dataset/contacts`). A rig without a bone for the toe has
the capture's toe joint where its foot would carry it. World: metres, Z up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..dataset import bvh, contacts, joint_roles, rest_pose, rotations
from .retarget import RigRest, Scale, ankle_lift, joint_position
from .rig_pose import RigPose


@dataclass(frozen=True)
class Foot:
    """One foot of a person. side: "L" or "R"; contact: when it stands; ankle, toe: (3, N) where the capture has its
    joints, laid into the rig's world; thigh, shin, foot: the bones of its leg; toe_bone: None where there is none."""

    side: str
    contact: contacts.Contact
    ankle: np.ndarray
    toe: np.ndarray | None
    thigh: int
    shin: int
    foot: int
    toe_bone: int | None

    def tracks(self, pose: RigPose) -> tuple[np.ndarray, np.ndarray]:
        """Where the rig's ankle and toe joint are, (3, N) each; the ankle twice where the capture has no toe joint."""
        ankle = pose.head(self.foot)
        if self.toe is None:
            return ankle, ankle
        if self.toe_bone is not None:
            return ankle, pose.head(self.toe_bone)
        turn = pose.turn(self.foot)
        offset = rotations.rotate(rotations.inverse(turn), self.toe - self.ankle).mean(axis=1)
        return ankle, ankle + rotations.rotate(turn, offset)

    def steps(self, pose: RigPose) -> np.ndarray:
        """How far, in metres along the floor, the joint that it stands on moves from each frame to the next: (N - 1,),
        0 where it does not stand."""
        return slid(self.contact, *self.tracks(pose))


def slid(contact: contacts.Contact, ankle: np.ndarray, toe: np.ndarray) -> np.ndarray:
    """How far (N - 1,) a foot in contact moves along the floor from each frame to the next."""
    ways = [np.linalg.norm(np.diff(track[:2], axis=1), axis=0) for track in (toe, ankle)]
    return np.where(contact.down[:-1] & contact.down[1:], np.where(contact.on_toe[:-1], *ways), 0.0)


def of_person(
    motion: bvh.Motion, rig: RigRest, pairs: Mapping[int, int], scale: Scale, up: str | None, origin: np.ndarray
) -> tuple[Foot, ...]:
    """The feet of a person whose leg bones are driven and hang on one another: none, one or two."""
    skeleton = motion.skeleton
    roles = joint_roles.classify(skeleton.names, skeleton.parents)
    A = rest_pose.TO_BLENDER[up or rest_pose.world_up(motion, roles)]
    bone_of = {joint: bone for bone, joint in pairs.items()}
    found = []
    for side in "LR":
        joints = [roles.get(f"{part}.{side}", -1) for part in ("thigh", "shin", "foot")]
        bones = [bone_of.get(joint, -1) for joint in joints]
        if min(joints) >= 0 and min(bones) >= 0 and _is_chain(rig, pairs, bones):
            toe = roles.get(f"toe.{side}")
            ankle, ball = _captured(motion, joints[2], toe)
            toe_bone = bone_of.get(toe) if toe is not None else None
            if toe_bone is not None and rig.parents[toe_bone] != bones[2]:
                toe_bone = None
            found.append((side, A @ ankle, A @ ball if ball is not None else None, bones, toe_bone))
    if not found:
        return ()
    thigh, shin, foot = skeleton.rest_positions()[[pairs[bone] for bone in found[0][3]]]
    leg = float(np.linalg.norm(shin - thigh) + np.linalg.norm(foot - shin))
    stands = contacts.find(
        tuple(ankle for _, ankle, *_ in found), tuple(ball for _, _, ball, *_ in found), leg, motion.fps
    )
    rise = ankle_lift(skeleton, rig, scale.up)
    return tuple(
        Foot(
            side,
            contact,
            scale.placed(ankle, rise, origin),
            scale.placed(ball, 0.0, origin) if ball is not None else None,
            bones[0],
            bones[1],
            bones[2],
            toe_bone,
        )
        for contact, (side, ankle, ball, bones, toe_bone) in zip(stands, found, strict=True)
    )


def chain(rig: RigRest, top: int, bottom: int) -> list[int]:
    """The bones from `top` down to the one over `bottom`; empty where `bottom` does not hang on `top`."""
    found = [rig.parents[bottom]]
    while found[-1] not in (-1, top):
        found.append(rig.parents[found[-1]])
    return found[::-1] if found[-1] == top else []


def _is_chain(rig: RigRest, pairs: Mapping[int, int], bones: list[int]) -> bool:
    """Whether thigh, shin and foot are two rigid bars: nothing between them moves by itself or stays behind."""
    for top, bottom in ((bones[0], bones[1]), (bones[1], bones[2])):
        between = chain(rig, top, bottom)
        if not between or any(bone in pairs or not rig.inherits[bone] for bone in between[1:]):
            return False
    return True


def _captured(motion: bvh.Motion, foot: int, toe: int | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Where a foot's joint and its toe joint, or its End Site, are: (3, N) in the file's axes and units."""
    skeleton = motion.skeleton
    path = [toe if toe is not None else foot]
    while skeleton.parents[path[-1]] >= 0:
        path.append(skeleton.parents[path[-1]])
    local = bvh.local_rotations(motion, path)
    ankle, turn = joint_position(motion, local, foot)
    if toe is None and foot not in skeleton.ends:
        return ankle, None
    if toe is not None and skeleton.parents[toe] != foot:
        return ankle, joint_position(motion, local, toe)[0]
    turn = rotations.multiply(turn, local[foot])
    offset = bvh.local_positions(motion, toe) if toe is not None else skeleton.ends[foot][:, None]
    return ankle, ankle + rotations.rotate(turn, offset)
