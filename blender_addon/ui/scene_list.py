"""The lists of scenes and of rigs, drawn from what the properties hold."""

import bpy
from bpy.props import EnumProperty

from .properties import STATES

#: The icon of each state of a line.
ICONS = {"NONE": "RADIOBUT_OFF", "PARTLY": "TEMP", "DONE": "CHECKMARK", "BAD": "ERROR"}

#: Panels narrower than this, pixels at a scale of 1, have no room for what a scene is about, or for who plays.
_MIDDLE, _WIDE = 310, 400


class INTERACT_UL_lines(bpy.types.UIList):
    """The job's scenes: state, id, actors, seconds, emotion."""

    bl_idname = "INTERACT_UL_lines"

    state: EnumProperty(
        name="State",
        description="Show only scenes in this state",
        items=(("ALL", "All", "All scenes"), *STATES),
    )

    def draw_item(self, context, layout, data, item, _icon, _active_data, _active_property) -> None:
        playing = item.name == data.composited
        width = context.region.width / context.preferences.system.ui_scale
        split = layout.split(factor=0.7 if width < _MIDDLE else 0.5 if width < _WIDE else 0.4, align=True)
        if item.progress >= 0.0:
            row = split.row(align=True)
            row.progress(factor=item.progress, type="RING", text="")
            row.label(text=item.name, translate=False)
        else:
            split.label(text=item.name, icon="PLAY" if playing else ICONS[item.state], translate=False)
        if item.state == "BAD" and not item.seconds:
            split.label(text=item.problem.rpartition(": ")[2], translate=False)
            return
        row = split.row(align=True)
        if width >= _WIDE:
            row.label(text=item.actors, translate=False)
        row.label(text=f"{item.seconds:.1f} s", translate=False)
        if width >= _MIDDLE:
            row.label(text=item.emotion, translate=False)

    def draw_filter(self, _context, layout) -> None:
        row = layout.row(align=True)
        row.prop(self, "filter_name", text="", icon="VIEWZOOM")
        row.prop(self, "use_filter_invert", text="", icon="ARROW_LEFTRIGHT")
        row.prop(self, "state", text="")

    def filter_items(self, _context, data, property_name) -> tuple[list[int], list[int]]:
        """The search is for ids, actors and emotions; an empty list shows all."""
        search, state = self.filter_name.lower(), self.state
        if not search and state == "ALL":
            return [], []
        shown = self.bitflag_filter_item
        flags = []
        for line in getattr(data, property_name):
            fits = state in ("ALL", line.state)
            if fits and search:
                fits = (search in f"{line.name} {line.actors} {line.emotion}".lower()) != self.use_filter_invert
            flags.append(shown if fits else 0)
        return flags, []


def rig_columns(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A row of the list of rigs, or of its heading, divided behind the actor."""
    return layout.split(factor=0.14, align=True)


#: What the rig takes of the rest.
_RIG = 0.5


def rig_heading(layout: bpy.types.UILayout) -> None:
    """What the columns of the list of rigs are."""
    row = layout.row()
    row.active = False
    row.scale_y = 0.8
    split = rig_columns(row)
    split.label(text="Actor")
    split = split.split(factor=_RIG, align=True)
    split.label(text="Rig")
    counts = split.row(align=True)
    counts.label(text="Bones")
    counts.label(text="Keys")


class INTERACT_UL_rigs(bpy.types.UIList):
    """The actors: id, rig, joints of the capture that have a bone, and ARKit keys of the faces, each of how many."""

    bl_idname = "INTERACT_UL_rigs"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property) -> None:
        split = rig_columns(layout)
        split.label(text=item.name, translate=False)
        split = split.split(factor=_RIG, align=True)
        split.prop(item, "armature", text="")
        row = split.row(align=True)
        if item.bones < 0 or item.armature is None:
            row.label(text="", icon="ERROR" if item.problem else "QUESTION")
            return
        for found, wanted, missing in (
            (item.bones, item.all_bones, item.missing_bones), (item.keys, item.all_keys, item.missing_keys),
        ):  # fmt: skip
            count = row.row(align=True)
            count.alert = bool(missing)
            count.label(text=f"{found}/{wanted}", translate=False)


_CLASSES = (INTERACT_UL_lines, INTERACT_UL_rigs)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)


def unregister() -> None:
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
