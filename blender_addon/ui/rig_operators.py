"""Operators on the table of actors and rigs."""

from pathlib import Path

import bpy

from ..dataset import databases
from ..dataset.actor_skeletons import actor_skeletons
from ..scene import coverage, rig_table
from . import chosen
from .telling import told


class INTERACT_OT_detect_rigs(bpy.types.Operator):
    """Find each actor's rig in this file, and count which of its bones and shape keys the data set can move"""

    bl_idname = "interact.detect_rigs"
    bl_label = "Detect Rigs"
    bl_options = {"REGISTER", "UNDO"}

    afresh: bpy.props.BoolProperty(
        name="Afresh", description="Forget the rigs that were chosen by hand", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if chosen.root_of(context.scene) is None:
            cls.poll_message_set("Choose the data set's root folder first")
            return False
        return True

    @told
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        settings = scene.interact
        dataset = chosen.dataset_of(scene)
        if self.afresh:
            settings.rigs.clear()
        skeletons = actor_skeletons(dataset)
        table = chosen.table_of(scene)
        listed = {actor for line in settings.lines for actor in line.actors.split()}
        wanted = [actor for actor in databases.actors(dataset) if actor in (listed or skeletons)]
        found = [coverage.of(scene, actor, skeletons.get(actor), table) for actor in wanted]
        settings.rigs.clear()
        for rig in found:
            _fill(settings.rigs.add(), rig)
        settings.active_rig = 0
        chosen.tell(settings)
        there = sum(rig.armature is not None for rig in found)
        self.report({"INFO" if there == len(found) else "WARNING"}, f"{there} of {len(found)} actors have a rig")
        return {"FINISHED"}


class INTERACT_OT_save_mapping(bpy.types.Operator):
    """Write which rig is whose into rigs.toml beside this file, where the farm finds it too"""

    bl_idname = "interact.save_mapping"
    bl_label = "Save Mapping"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not bpy.data.filepath:
            cls.poll_message_set("Save the file first: the mapping lies beside it")
            return False
        if not any(row.armature for row in context.scene.interact.rigs):
            cls.poll_message_set("Detect rigs or choose them first")
            return False
        return True

    @told
    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.interact
        armatures = {row.name: row.armature.name for row in settings.rigs if row.armature}
        path = rig_table.save(Path(bpy.data.filepath), armatures)
        chosen.tell(settings)
        self.report({"INFO"}, f"{path} says which rig is whose")
        return {"FINISHED"}


def _fill(row: bpy.types.PropertyGroup, rig: coverage.Coverage) -> None:
    row.name, row.problem = rig.actor, rig.problem
    if rig.armature is None:
        return
    row.armature, row.preset = rig.armature, rig.preset
    row.bones, row.all_bones = rig.joints - len(rig.without_bone), rig.joints
    row.keys, row.all_keys = rig.keys - len(rig.without_key), rig.keys
    row.missing_bones, row.missing_keys = ", ".join(rig.without_bone), ", ".join(rig.without_key)


_CLASSES = (INTERACT_OT_detect_rigs, INTERACT_OT_save_mapping)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)


def unregister() -> None:
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
