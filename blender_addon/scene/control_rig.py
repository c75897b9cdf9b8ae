"""Rigs that Rigify generated: of controls, mechanism and deform bones in one armature only the last are driven.

Their deform bones (DEF-) do not all hang on one another. Some hang on the copy (ORG-) of the bone they belong to,
which the controls move, and constraints tie nearly all of them to controls. While motion is on the rig the deform
bones follow it alone: their own constraints rest, and one that hangs on no deform bone is carried, by a constraint
added for that time, by the deform bone over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy

DEFORM, ORIGINAL = "DEF-", "ORG-"

#: The name of the constraints that `tie` adds.
_CARRIER = "interact_carrier"


def carriers(names: Sequence[str], parents: Sequence[int]) -> dict[int, int]:
    """Which deform bone has to carry which: {bone: bone}; empty for every rig that is not Rigify's.

    It is the deform twin of the nearest ORG bone above; who has a deform bone among his parents needs none.
    """
    index = {name: n for n, name in enumerate(names)}
    found = {}
    for bone, name in enumerate(names):
        if not name.startswith(DEFORM):
            continue
        twin = above = -1
        parent = parents[bone]
        while parent >= 0 and above < 0:
            if names[parent].startswith(DEFORM):
                above = parent
            elif twin < 0 and names[parent].startswith(ORIGINAL):
                other = index.get(DEFORM + names[parent][len(ORIGINAL) :], bone)
                twin = other if other != bone else -1
            parent = parents[parent]
        if above < 0 <= twin:
            found[bone] = twin
    return found


def tie(armature: bpy.types.Object, carried: Mapping[str, str]) -> list[list[str]]:
    """Have the deform bones follow their own channels alone; carried: {bone: the bone that carries it}.

    Returns the constraints that were put to rest, as [bone, constraint].
    """
    resting = []
    for bone in armature.pose.bones:
        if bone.name.startswith(DEFORM):
            for constraint in bone.constraints:
                if not constraint.mute:
                    constraint.mute = True
                    resting.append([bone.name, constraint.name])
    for name, carrier in carried.items():
        # Not an Armature constraint: along a bendy bone, which Rigify's are, that follows the bend.
        constraint = armature.pose.bones[name].constraints.new("CHILD_OF")
        constraint.name = _CARRIER
        constraint.target, constraint.subtarget = armature, carrier
        constraint.owner_space, constraint.target_space = "POSE", "WORLD"  # with these, wherever the armature stands
        constraint.inverse_matrix = armature.data.bones[carrier].matrix_local.inverted()
    return resting


def untie(armature: bpy.types.Object, resting: Sequence[Sequence[str]]) -> None:
    """Undo `tie`, whose answer `resting` is."""
    for bone in armature.pose.bones:
        for constraint in [c for c in bone.constraints if c.name.startswith(_CARRIER)]:
            bone.constraints.remove(constraint)
    for name, constraint in resting:
        if name in armature.pose.bones and constraint in armature.pose.bones[name].constraints:
            armature.pose.bones[name].constraints[constraint].mute = False
