"""The panel InterAct: in the 3D view's sidebar, and the same in the scene's properties. Draws what it is told."""

import textwrap
from functools import lru_cache

import bpy

from . import chosen
from .scene_list import rig_heading

#: Width of a letter in Blender's interface at a scale of 1, pixels, and what frame and icon take.
_LETTER, _FRAME = 6.4, 60


class _Part:
    """A panel's contents, for each place that it is shown in."""

    def row_of(self, settings: bpy.types.PropertyGroup) -> bpy.types.UILayout:
        """The layout, with names before values."""
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        return column


class _Main(_Part):
    bl_label = "InterAct"

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.interact
        column = self.row_of(settings)
        column.prop(settings, "data_root")
        column.prop(settings, "job_file")
        if settings.has_subset or settings.subset != chosen.SCENES:
            column.prop(settings, "subset")
        if settings.found:
            found = self.layout.column(align=True)
            found.scale_y = 0.75
            found.active = False
            for text in settings.found.splitlines():
                found.label(text=text, translate=False)
        if settings.busy:
            self.layout.progress(factor=settings.progress, text=f"{settings.busy} (Esc stops)")
        tell(self.layout, context, settings)


class _Scenes(_Part):
    bl_label = "Scenes"

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.interact
        layout = self.layout
        row = layout.row()
        row.template_list(
            "INTERACT_UL_lines", "", settings, "lines", settings, "active_line", rows=6, maxrows=12, sort_lock=True
        )
        side = row.column(align=True)
        side.operator("interact.read_job", text="", icon="FILE_REFRESH")
        line = settings.line
        if line is not None and line.problem:
            paragraph(layout, context, line.problem, "ERROR")
        elif line is not None and line.missing:
            for text in line.missing.splitlines():
                paragraph(layout, context, text, "INFO")
        column = layout.column(align=True)
        row = column.row(align=True)
        row.scale_y = 1.3
        row.operator("interact.composite", icon="ARMATURE_DATA")
        row.operator("interact.clear", text="", icon="X")
        column.operator("interact.composite_all", icon="SCENE_DATA")


class _Findings(_Part):
    bl_label = "Findings"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        findings = context.scene.interact.findings
        if len(findings):
            icon = "ERROR" if any(finding.bad for finding in findings) else "INFO"
            self.layout.label(text=str(len(findings)), icon=icon, translate=False)

    def draw(self, context: bpy.types.Context) -> None:
        findings = context.scene.interact.findings
        self.layout.operator("interact.check_data", icon="VIEWZOOM")
        column = self.layout.column(align=True)
        for finding in findings[:_SHOWN]:
            paragraph(column, context, finding.name, "ERROR" if finding.bad else "INFO")
        if len(findings) > _SHOWN:
            column.label(text=f"... {len(findings) - _SHOWN} more", translate=False)


#: So many findings are drawn: a list that nobody reads to its end must not slow the window down.
_SHOWN = 12


class _Rigs(_Part):
    bl_label = "Rigs"

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.interact
        layout = self.layout
        if len(settings.rigs):
            rig_heading(layout)
            layout.template_list("INTERACT_UL_rigs", "", settings, "rigs", settings, "active_rig", rows=2, maxrows=7)
        row = layout.row(align=True)
        row.operator("interact.detect_rigs", icon="VIEWZOOM")
        row.operator("interact.save_mapping", icon="FILE_TICK")


class _Missing(_Part):
    bl_label = "Missing"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return cls.rig(context.scene.interact) is not None

    @staticmethod
    def rig(settings: bpy.types.PropertyGroup) -> bpy.types.PropertyGroup | None:
        return settings.rigs[settings.active_rig] if 0 <= settings.active_rig < len(settings.rigs) else None

    def draw(self, context: bpy.types.Context) -> None:
        rig = self.rig(context.scene.interact)
        layout = self.layout
        told = bpy.app.translations.pgettext_iface
        preset = rig.preset or told("by the bones' names")
        layout.label(text=f"{told('Actor')} {rig.name}, {told('Preset')}: {preset}", translate=False)
        if rig.problem:
            paragraph(layout, context, rig.problem, "ERROR")
        for names, kind, icon in ((rig.missing_bones, "bone", "BONE_DATA"), (rig.missing_keys, "key", "SHAPEKEY_DATA")):
            text = (
                f"No {kind} for {names}" if names else f"Every {'joint' if kind == 'bone' else 'weight'} has a {kind}"
            )
            if rig.bones >= 0:
                paragraph(layout, context, text, icon)


class _Options(_Part):
    bl_label = "Retarget"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        options = context.scene.interact.options
        column = self.row_of(options)
        column.prop(options, "up")
        row = column.row(heading="Own Scale")
        row.prop(options, "own_scale", text="")
        value = row.row()
        value.active = options.own_scale
        value.prop(options, "scale", text="")
        column = column.column(heading="Body")
        for name in ("rest_correction", "root_motion", "start_at_zero", "pin_feet"):
            column.prop(options, name)
        column = column.column(heading="Add")
        for name in ("face", "sound", "strips"):
            column.prop(options, name)
        column.prop(options, "names")


class _Look(_Part):
    bl_label = "Camera and Quality"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.interact
        column = self.row_of(settings)
        column.prop(settings, "camera")
        if settings.camera == chosen.NAMED:
            column.prop(settings, "camera_object", text=" ")
        column.prop(settings, "quality")
        column.prop(settings, "output")


def tell(layout: bpy.types.UILayout, context: bpy.types.Context, settings: bpy.types.PropertyGroup) -> None:
    """The newest problem in a red box, and what the newest operator had to say."""
    if settings.last_problem:
        box = layout.box()
        box.alert = True
        paragraph(box, context, settings.last_problem, "ERROR")
    notices = settings.last_notices.splitlines()
    if notices:
        box = layout.box().column(align=True)
        for text in notices[:_SHOWN]:
            paragraph(box, context, text, "INFO")
        if len(notices) > _SHOWN:
            box.label(text=f"... {len(notices) - _SHOWN} more", translate=False)


def paragraph(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE") -> None:
    """A text in as many lines as the panel's width asks for."""
    width = context.region.width if context.region else 300
    column = layout.column(align=True)
    column.scale_y = 0.8
    for line in _wrapped(text, int((width - _FRAME) / (_LETTER * context.preferences.system.ui_scale))):
        column.label(text=line, icon=icon, translate=False)
        icon = "BLANK1"


@lru_cache(maxsize=256)
def _wrapped(text: str, letters: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, max(letters, 16)))


def placed(part: type, name: str, order: int = 0, parents: dict[str, str] | None = None) -> list[type]:
    """A part as panels of the sidebar and of the scene's properties; order: among those of the same parent."""
    places = {
        "VIEW": {"bl_space_type": "VIEW_3D", "bl_region_type": "UI", "bl_category": "InterAct"},
        "SCENE": {"bl_space_type": "PROPERTIES", "bl_region_type": "WINDOW", "bl_context": "scene"},
    }
    made = []
    for place, facts in places.items():
        closed = {"bl_options": {"DEFAULT_CLOSED"}} if place == "SCENE" and not parents else {}
        parent = {"bl_parent_id": parents[place]} if parents else {}
        identifier = f"INTERACT_PT_{name}_{place.lower()}"
        made.append(
            type(
                identifier,
                (part, bpy.types.Panel),
                facts | parent | closed | {"bl_idname": identifier, "bl_order": order},
            )
        )
    return made


#: The panels that others may hang theirs on, by place.
MAIN = {"VIEW": "INTERACT_PT_main_view", "SCENE": "INTERACT_PT_main_scene"}
_RIGS = {"VIEW": "INTERACT_PT_rigs_view", "SCENE": "INTERACT_PT_rigs_scene"}

_CLASSES = (
    *placed(_Main, "main"),
    *placed(_Scenes, "scenes", 10, MAIN),
    *placed(_Rigs, "rigs", 20, MAIN),
    *placed(_Missing, "missing", 10, _RIGS),
    *placed(_Options, "options", 30, MAIN),
    *placed(_Look, "look", 40, MAIN),
    *placed(_Findings, "findings", 60, MAIN),
)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)


def unregister() -> None:
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
