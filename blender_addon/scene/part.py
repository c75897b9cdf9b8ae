"""One actor's part of a scene, read before Blender is touched."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..dataset import blendshapes, bvh, layout
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import SceneId
from . import retarget, rigs
from .options import CompositeOptions


@dataclass(frozen=True)
class Part:
    """An actor's rig and what goes on it. pairs: {bone: joint that drives it}; face: (N, 51) ARKit weights or None."""

    rig: rigs.Rig
    motion: bvh.Motion
    rest: retarget.RigRest
    pairs: dict[int, int]
    face: np.ndarray | None


def read(
    scene: bpy.types.Scene,
    dataset: Dataset,
    scene_id: SceneId,
    actor: str,
    table: rigs.Table,
    options: CompositeOptions,
    notices: list[str],
) -> Part:
    """Read an actor's motion and face weights, and find his rig; what the user should know is added to `notices`.

    DatasetError where something does not fit.
    """
    performance = scene_id.performance(actor)
    rig = rigs.find(scene, actor, table)
    if rig.armature.mode == "EDIT":
        # Saved while being edited: in Edit Mode an armature does not move.
        bpy.context.view_layer.objects.active = rig.armature
        bpy.ops.object.mode_set(mode="OBJECT")
    rest = rigs.rest_of(rig.armature, table, actor)
    motion = bvh.resample(bvh.read(dataset.motion(performance)), layout.FPS)
    notices += motion.notices
    pairs = retarget.driven_bones(motion, rest, table.bones_of(actor))
    if not pairs:
        raise DatasetError(
            f"actor {actor}: no bone of {rig.armature.name} has a name that says which joint it is; "
            f"write the bones into {rigs.TABLE_NAME}"
        )
    rest = retarget.with_roles(rest, motion, pairs)
    silent = [motion.skeleton.names[j] for j in range(len(motion.skeleton.names)) if j not in pairs.values()]
    if silent:
        notices.append(f"actor {actor}: the rig has no bone for {listed(silent)}")
    face = _read_face(dataset, scene_id, rig, notices) if options.face else None
    return Part(rig, motion, rest, pairs, face)


def _read_face(dataset: Dataset, scene_id: SceneId, rig: rigs.Rig, notices: list[str]) -> np.ndarray | None:
    performance = scene_id.performance(rig.actor)
    path = dataset.face_arkit(performance)
    if not path.exists():
        known = " (the data set's authors know of this gap)" if performance in layout.ERRATA_WITHOUT_FACE else ""
        notices.append(f"{performance}: no face weights{known}; the face stays neutral")
        return None
    weights = blendshapes.load_arkit(path)
    if not rig.faces:
        notices.append(f"actor {rig.actor}: no mesh of the rig has ARKit shape keys; the face stays neutral")
        return None
    found = {name for _, keys in rig.faces for name in keys}
    missing = [name for name in blendshapes.ARKIT_NAMES if name not in found]
    if missing:
        notices.append(f"actor {rig.actor}: no mesh has the shape keys {listed(missing)}")
    return weights


def listed(names: list[str]) -> str:
    """A few names in a sentence."""
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
