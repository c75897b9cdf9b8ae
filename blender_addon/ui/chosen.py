"""What the user has chosen in the panel, as the rest of the program takes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..dataset import batch
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..scene import composite, copies, rigs
from ..scene.options import CompositeOptions
from .preferences import preferences

#: `properties.InteractScene.subset` of the scenes themselves; the others are named as in the data set.
SCENES = "scenes"

#: `properties.InteractScene.camera` and `InteractScene.quality`: leave what the file has.
TEMPLATE = "template"
#: `properties.InteractScene.camera`: the camera object `InteractScene.camera_object`.
NAMED = "named"


def root_of(scene: bpy.types.Scene) -> Path | None:
    """The data set's root folder, of the file or else of the preferences, as an absolute path; None: not set."""
    known = preferences(bpy.context)
    named = scene.interact.data_root or (known.data_root if known else "")
    return Path(bpy.path.abspath(named)).absolute() if named else None


def dataset_of(scene: bpy.types.Scene) -> Dataset:
    """The data set that is set; DatasetError where none is, or where there is none."""
    root = root_of(scene)
    if root is None:
        raise DatasetError("no data set is set: choose its root folder in the panel InterAct")
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; choose the data set's root folder in the panel InterAct")
    subset = scene.interact.subset
    return Dataset.at(root, "" if subset == SCENES else subset)


def job_of(settings: bpy.types.PropertyGroup) -> Path | None:
    """The job file as an absolute path; None: not set."""
    return Path(bpy.path.abspath(settings.job_file)).absolute() if settings.job_file else None


def output_of(scene: bpy.types.Scene) -> Path | None:
    """Where results go; None where neither an output folder nor a data set is set."""
    named = scene.interact.output
    return Path(bpy.path.abspath(named)).absolute() if named else root_of(scene)


def table_of(scene: bpy.types.Scene) -> rigs.Table:
    """The rig table beside the open file, with the panel's armatures first."""
    table = composite.table_of(bpy.data.filepath)
    named = {row.name: row.armature.name for row in scene.interact.rigs if row.armature}
    path = table.path or Path("the panel InterAct")
    return copies.table_for(scene, replace(table, path=path, armatures=table.armatures | named))


def options_of(settings: bpy.types.PropertyGroup) -> CompositeOptions:
    """The chosen options, as compositing takes them."""
    chosen = settings.options
    return CompositeOptions(
        up=None if chosen.up == "AUTO" else chosen.up,
        scale=chosen.scale if chosen.own_scale else None,
        rest_correction=chosen.rest_correction,
        root_motion=chosen.root_motion,
        start_at_zero=chosen.start_at_zero,
        face=chosen.face,
        names=chosen.names,
        strips=chosen.strips,
        sound=chosen.sound,
        pin_feet=chosen.pin_feet,
    )


def shot_of(settings: bpy.types.PropertyGroup) -> str | None:
    """The chosen camera as `composite` and `Look.camera` take it; None leaves the template's."""
    if settings.camera == NAMED:
        return settings.camera_object.name if settings.camera_object else None
    return None if settings.camera == TEMPLATE else settings.camera


def look_of(settings: bpy.types.PropertyGroup) -> batch.Look:
    """How frames are to be rendered."""
    quality = None if settings.quality == TEMPLATE else settings.quality
    return batch.Look(camera=shot_of(settings), quality=quality)


def tell(settings: bpy.types.PropertyGroup, problem: str = "", notices: tuple[str, ...] = ()) -> None:
    """Show in the panel how the newest operator went."""
    settings.last_problem = problem
    settings.last_notices = "\n".join(notices)
