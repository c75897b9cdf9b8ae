"""Operators that import single files, also from File > Import and by drag and drop."""

from pathlib import Path

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from ..scene import importing
from . import chosen
from .telling import told


class _Import(ImportHelper):
    """A file selector, unless a file is named: by drag and drop, or by a script."""

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return self.execute(context) if self.filepath else super().invoke(context, event)

    def show(self, context: bpy.types.Context, done: importing.Imported) -> set[str]:
        chosen.tell(context.scene.interact, notices=done.notices)
        notes = f", {len(done.notices)} notes in the panel InterAct" if done.notices else ""
        self.report({"INFO"}, f"{done.action}: {done.frames} frames{notes}")
        return {"FINISHED"}


class INTERACT_OT_import_bvh(_Import, bpy.types.Operator):
    """Put the motion of a BVH on the active armature, whatever its bones are called and its rest pose is"""

    bl_idname = "interact.import_bvh"
    bl_label = "Import BVH on Active Armature"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".bvh"
    filter_glob: StringProperty(default="*.bvh", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.object is None or context.object.type != "ARMATURE":
            cls.poll_message_set("Select an armature first")
            return False
        return True

    @told
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        return self.show(
            context,
            importing.import_bvh(
                scene,
                context.object,
                Path(bpy.path.abspath(self.filepath)),
                chosen.options_of(scene.interact),
                chosen.table_of(scene),
            ),
        )

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        column.use_property_split = True
        for name in ("up", "own_scale", "scale", "rest_correction", "root_motion", "start_at_zero"):
            column.prop(context.scene.interact.options, name)


class INTERACT_OT_import_weights(_Import, bpy.types.Operator):
    """Put face weights on the active mesh: 51 ARKit or 55 ICT columns (.npy), or a Live Link Face recording (.csv)"""

    bl_idname = "interact.import_weights"
    bl_label = "Import Face Weights on Active Mesh"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".npy"
    filter_glob: StringProperty(default="*.npy;*.csv", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.object is None or context.object.type != "MESH" or context.object.data.shape_keys is None:
            cls.poll_message_set("Select a mesh with shape keys first")
            return False
        return True

    @told
    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        return self.show(context, importing.import_weights(context.scene, context.object, path))


class _InView:
    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


class INTERACT_FH_bvh(_InView, bpy.types.FileHandler):
    """Drops a BVH on the active armature."""

    bl_idname = "INTERACT_FH_bvh"
    bl_label = "BVH on Active Armature"
    bl_import_operator = INTERACT_OT_import_bvh.bl_idname
    bl_file_extensions = ".bvh"


class INTERACT_FH_weights(_InView, bpy.types.FileHandler):
    """Drops face weights on the active mesh."""

    bl_idname = "INTERACT_FH_weights"
    bl_label = "Face Weights on Active Mesh"
    bl_import_operator = INTERACT_OT_import_weights.bl_idname
    bl_file_extensions = ".npy;.csv"


def _menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.operator(INTERACT_OT_import_bvh.bl_idname, text="InterAct BVH on Active Armature (.bvh)")
    menu.layout.operator(INTERACT_OT_import_weights.bl_idname, text="InterAct Face Weights on Active Mesh (.npy, .csv)")


_CLASSES = (INTERACT_OT_import_bvh, INTERACT_OT_import_weights, INTERACT_FH_bvh, INTERACT_FH_weights)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.TOPBAR_MT_file_import.append(_menu)


def unregister() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(_menu)
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
