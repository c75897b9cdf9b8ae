"""The lists of scenes and of rigs, drawn from what the properties hold."""

import bpy
from bpy.props import EnumProperty

from .properties import STATES

#: The icon of each state of a line.
ICONS = {"NONE": "RADIOBUT_OFF", "PARTLY": "TEMP", "DONE": "CHECKMARK", "BAD": "ERROR"}


class INTERACT_UL_lines(bpy.types.UIList):
    """The job's scenes: state, id, actors, seconds, emotion."""

    bl_idname = "INTERACT_UL_lines"

    state: EnumProperty(
        name="State",
        description="Show only scenes in this state",
        items=(("ALL", "All", "All scenes"), *STATES),
    )

    def draw_item(self, _context, layout, data, item, _icon, _active_data, _active_property) -> None:
        playing = item.name == data.composited
        row = layout.row(align=True)
        if item.progress >= 0.0:
            row.progress(factor=item.progress, type="RING", text="")
            row.label(text=item.name)
        else:
            row.label(text=item.name, icon="PLAY" if playing else ICONS[item.state])
        facts = row.row(align=True)
        facts.active = playing
        if item.state == "BAD" and not item.seconds:
            facts.label(text=item.problem)
            return
        facts.label(text=item.actors)
        facts.label(text=f"{item.seconds:.1f} s")
        facts.label(text=item.emotion)

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


class INTERACT_UL_rigs(bpy.types.UIList):
    """The actors: id, rig, how many of the capture's joints have a bone and how many keys the face has."""

    bl_idname = "INTERACT_UL_rigs"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property) -> None:
        split = layout.split(factor=0.14, align=True)
        split.label(text=item.name)
        split = split.split(factor=0.56, align=True)
        split.prop(item, "armature", text="")
        row = split.row(align=True)
        if item.bones < 0 or item.armature is None:
            row.label(text="", icon="ERROR" if item.problem else "QUESTION")
            return
        row.label(text=f"{item.bones}/{item.all_bones}", icon="BONE_DATA")
        row.label(text=f"{item.keys}/{item.all_keys}", icon="SHAPEKEY_DATA")


_CLASSES = (INTERACT_UL_lines, INTERACT_UL_rigs)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)


def unregister() -> None:
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
