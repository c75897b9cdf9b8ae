"""Rigs whose bones are moved by controls: what is switched, muted and tied while motion is on them.

Where a preset knows a rig's FK controls these are driven, and what the preset says is set. Of other rigs that Rigify
generated, with controls, mechanism and deform bones in one armature, only the last are driven. Their deform bones
(DEF-) do not all hang on one another. Some hang on the copy (ORG-) of the bone they belong to, which the controls move,
and constraints tie nearly all of them to controls. While motion is on the rig the deform bones follow it alone: their
own constraints rest, and one that hangs on no deform bone is carried, by a constraint added for that time, by the
deform bone over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy

from ..dataset.preset import Setting

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


def lacks(armature: bpy.types.Object, settings: Sequence[Setting]) -> Setting | None:
    """The first of the settings that an armature has no bone or property for."""
    bones = armature.pose.bones

    def settable(setting: Setting) -> bool:
        return setting.bone in bones and isinstance(bones[setting.bone].get(setting.property), int | float)

    return next((setting for setting in settings if not settable(setting)), None)


def switch(armature: bpy.types.Object, settings: Sequence[Setting]) -> list[list]:
    """Set custom properties of bones; returns what they were, as [bone, property, value]."""
    before = []
    for setting in settings:
        bone = armature.pose.bones[setting.bone]
        value = bone[setting.property]
        before.append([setting.bone, setting.property, value])
        bone[setting.property] = type(value)(setting.value)
    armature.update_tag()  # the drivers that read them
    return before


def switch_back(armature: bpy.types.Object, before: Sequence[Sequence]) -> None:
    """Undo `switch`, whose answer `before` is."""
    for bone, name, value in before:
        if bone in armature.pose.bones and name in armature.pose.bones[bone]:
            armature.pose.bones[bone][name] = value
    armature.update_tag()


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
