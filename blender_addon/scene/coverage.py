"""How much of a capture a rig can play: which joints have a bone, which ARKit keys some mesh has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np

from ..dataset import blendshapes, bvh, layout
from ..dataset.errors import DatasetError
from . import retarget, rigs


@dataclass(frozen=True)
class Coverage:
    """One actor's rig. armature: None, and all else empty, where `problem` says why there is none.

    joints, keys: how many there are; without_bone, without_key: the names of those that the rig lacks; preset: which
    one says what its bones are, "" for none.
    """

    actor: str
    armature: bpy.types.Object | None
    joints: int = 0
    without_bone: tuple[str, ...] = ()
    keys: int = 0
    without_key: tuple[str, ...] = ()
    problem: str = ""
    preset: str = ""


def of(scene: bpy.types.Scene, actor: str, skeleton: bvh.Skeleton | None, table: rigs.Table) -> Coverage:
    """Look at an actor's rig; skeleton: the one that his motions have, None where he has none."""
    try:
        rig = rigs.find(scene, actor, table)
        rest = rigs.rest_of(rig.armature, table, actor)
        silent = _without_bone(rest, skeleton, table.bones_of(actor)) if skeleton else ()
    except DatasetError as error:
        return Coverage(actor, None, problem=str(error))
    found = {name for _, keys in rig.faces for name in keys}
    return Coverage(
        actor,
        rig.armature,
        len(skeleton.names) if skeleton else 0,
        silent,
        len(blendshapes.ARKIT_NAMES),
        tuple(name for name in blendshapes.ARKIT_NAMES if name not in found),
        "" if skeleton else f"actor {actor} has no motion in the data set",
        rest.preset,
    )


def _without_bone(rest: retarget.RigRest, skeleton: bvh.Skeleton, named: Mapping[str, str]) -> tuple[str, ...]:
    standing = bvh.Motion(skeleton, np.zeros((1, skeleton.channel_count)), 1.0 / layout.FPS)
    driven = set(retarget.driven_bones(standing, rest, named).values())
    return tuple(name for joint, name in enumerate(skeleton.names) if joint not in driven)
