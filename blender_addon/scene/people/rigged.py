"""MakeHuman's own rigs under a fitted body: their bones by name, in the body's A-pose; numpy alone.

A bone that a joint of the capture drives has its head where that joint is, so that hands and feet land where the
capture has them; the others keep their place in the body. Weights of other vertices than the data's (hair, the
shadow) are those of the joints, given to the bones which these drive.
"""

from __future__ import annotations

import numpy as np

from ...dataset import joint_roles, presets
from ...dataset.makehuman import Rig
from ...dataset.rest_pose import RestPose
from ..armatures import Bones
from .fit import Fit

#: A tail nearer than this to a child's head, metres in the data, is that child's head.
_JOINED = 0.002


def place_bones(fit: Fit, rig: Rig) -> Bones:
    """The rig's bones on a fitted body in its A-pose, soles on z = 0."""
    heads = np.array([fit.shape[rows].mean(axis=0) for rows in rig.heads_from])
    tails = np.array([fit.shape[rows].mean(axis=0) for rows in rig.tails_from])
    roles = roles_of(rig)
    driver = joint_roles.match(fit.pose.rest.roles, roles)
    role_of = {bone: role for role, bone in roles.items()}
    placed, ends = np.empty_like(heads), np.empty_like(tails)
    for bone in range(len(rig.names)):
        role = next((role_of[b] for b in _upwards(rig, bone) if b in role_of), "")
        placed[bone], ends[bone] = fit.places(role, np.stack((heads[bone], tails[bone])))
        if bone in driver:
            ends[bone] += fit.pose.heads[driver[bone]] - placed[bone]
            placed[bone] = fit.pose.heads[driver[bone]]
    _spread(placed, heads, [*joint_roles.chain_of(roles, "spine"), *joint_roles.chain_of(roles, "neck")], driver)
    for bone, parent in enumerate(rig.parents):
        if parent >= 0 and np.linalg.norm(tails[parent] - heads[bone]) < _JOINED:
            ends[parent] = placed[bone]
    short = np.linalg.norm(ends - placed, axis=1) < _JOINED
    ends[short] = placed[short] + (0.0, 0.0, 5 * _JOINED)  # Blender deletes a bone without length
    floor = (0.0, 0.0, fit.floor)
    return Bones(rig.names, rig.parents, placed - floor, ends - floor, rig.rolls)


def roles_of(rig: Rig) -> dict[str, int]:
    """What a rig's bones are, {role: bone}: by their names and, where these say nothing (the one chain of fingers of
    cmu_mb), by the rig's preset, which later says what drives them."""
    preset = presets.detect(presets.builtin(), rig.names, rig.parents)
    told = preset.find(rig.names, rig.parents) if preset else {}
    return {**told, **joint_roles.classify(rig.names, rig.parents)}


def bone_weights(weights: np.ndarray, rest: RestPose, rig: Rig) -> np.ndarray:
    """The rig's weights (V, B) of vertices that have the joints' and the rig's (V, J + B); see the module's text."""
    joints, bones = weights[:, : len(rest.names)], weights[:, len(rest.names) :]
    roles = roles_of(rig)
    driver = joint_roles.match(rest.roles, roles)
    bone_of = {joint: bone for bone, joint in driver.items()}
    given = np.zeros((len(rest.names), len(rig.names)))
    for joint in range(len(rest.names)):
        above = joint
        while above not in bone_of and rest.parents[above] >= 0:
            above = rest.parents[above]
        given[joint, bone_of.get(above, roles["hips"])] = 1.0
    missing = np.maximum(1.0 - bones.sum(axis=1, keepdims=True), 0.0)
    return bones + missing * (joints @ given)


def _upwards(rig: Rig, bone: int) -> list[int]:
    path = [bone]
    while rig.parents[path[-1]] >= 0:
        path.append(rig.parents[path[-1]])
    return path


def _spread(placed: np.ndarray, heads: np.ndarray, chain: list[int], driver: dict[int, int]) -> None:
    """Bones of the trunk that no joint drives lie between those that are driven, as they do in the data."""
    fixed = [n for n, bone in enumerate(chain) if bone in driver]
    for n, bone in enumerate(chain):
        if bone not in driver and fixed and fixed[0] < n < fixed[-1]:
            low, high = (chain[max(k for k in fixed if k < n)], chain[min(k for k in fixed if k > n)])
            share = (heads[bone, 2] - heads[low, 2]) / (heads[high, 2] - heads[low, 2])
            placed[bone] = placed[low] + float(np.clip(share, 0.1, 0.9)) * (placed[high] - placed[low])
