"""Runs inside Blender: draws the panel in all its states on a layout that only listens.

panel_labels.py -- REPOSITORY FOLDER: FOLDER/facts.json says what is shown, as [context, text], and what the table of
translations has.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace

import bpy

repository, folder = map(Path, sys.argv[sys.argv.index("--") + 1 :])
sys.path.insert(0, str(repository))
# The bpy module may hang where Python ends by itself.
sys.excepthook = lambda *problem: (traceback.print_exception(*problem), os._exit(1))

import blender_addon  # noqa: E402 - found on the path that is set above

blender_addon.register()

from blender_addon.ui import (  # noqa: E402 - they need the classes that are registered
    farm_job,
    import_operators,
    panel,
    preferences,
    render_all,
    render_panel,
    scene_list,
    translations,
)

shown: set[tuple[str, str]] = set()


def operators(idname: str) -> type:
    group, _, name = idname.partition(".")
    return getattr(bpy.types, f"{group.upper()}_OT_{name}")


class Layout:
    """Takes what a layout takes, and remembers what Blender would translate; composed texts are not."""

    def label(self, *, text: str = "", translate: bool = True, icon: str = "") -> None:
        if translate:
            shown.add(("*", text))

    def operator(self, idname: str, *, text: str | None = None, icon: str = "") -> SimpleNamespace:
        # Also of a button that is only an icon: its tooltip begins with it.
        shown.update((("Operator", operators(idname).bl_label), ("Operator", text or "")))
        return SimpleNamespace()

    def prop(self, data, name: str, *, text: str | None = None, icon: str = "") -> None:
        found = data.bl_rna.properties.get(name)
        if found is None:
            return  # a filter of Blender's own list
        shown.add((found.translation_context, found.name if text is None else text))
        if found.type == "ENUM":
            shown.update((found.translation_context, item.name) for item in found.enum_items)

    def row(self, *, heading: str = "", align: bool = False) -> Layout:
        shown.add(("*", heading))
        return self

    column = row

    def split(self, *, factor: float, align: bool = False) -> Layout:
        return self

    def box(self) -> Layout:
        return self

    def progress(self, *, factor: float, text: str = "", **_: object) -> None:
        """Its text is a number or a scene's name with words."""

    def template_list(self, *_: object, **__: object) -> None:
        """The lists are drawn by themselves."""


def draw(part: type) -> None:
    for method in ("draw", "draw_header_preset"):
        if hasattr(part, method):
            drawn = type("Drawn", (part,), {"layout": Layout()})()
            getattr(drawn, method)(bpy.context)


settings = bpy.context.scene.interact
settings.has_subset, settings.camera, settings.found = True, panel.chosen.NAMED, "2 scenes"
settings.rigs.add().name = "001"
settings.findings.add().name = "a finding"
panel.paragraph = render_panel.paragraph = lambda *_: None  # sentences, which are shown as they are


def draw_all() -> None:
    for kind in (*panel._CLASSES, *render_panel._CLASSES):
        shown.add(("*", kind.bl_label))
        draw(kind.__mro__[1])  # without Blender's own class, of which none can be made here


def job(state: str, *, over: bool) -> SimpleNamespace:
    failure = {"task": "20231119_001", "problem": "broke", "log": ["a line"]}
    status = {"frames_done": 1, "frames": 2, "failures": [failure]}
    return SimpleNamespace(state=state, is_over=over, run="abc", problem="broke", status=status)


draw_all()
shot = SimpleNamespace(state=render_panel.window_render.FAILED, scene="20231119_001", problem="broke", notices=())
render_all._Now.run = SimpleNamespace(shots=[shot], current=None, fraction=0.5, is_over=True)
shot.is_over = True
for render_all._Now.is_running, farm_job._Now.job in (
    (True, job("running", over=False)), (False, job("killed", over=True)), (False, job("done", over=True)),
):  # fmt: skip
    draw_all()
render_all._Now.run, farm_job._Now.job = None, None
for draw_part, owner in (
    (preferences.InteractPreferences.draw, preferences.InteractPreferences),
    (import_operators.INTERACT_OT_import_bvh.draw, import_operators.INTERACT_OT_import_bvh),
    (import_operators._menu, bpy.types.TOPBAR_MT_file_import),
):
    draw_part(SimpleNamespace(layout=Layout(), bl_rna=owner.bl_rna), bpy.context)
listed = SimpleNamespace(bl_rna=scene_list.INTERACT_UL_lines.bl_rna)
scene_list.INTERACT_UL_lines.draw_filter(listed, bpy.context, Layout())
facts = {"shown": sorted(shown), "table": [[*key, *texts] for key, texts in translations._TEXTS.items()]}
(folder / "facts.json").write_text(json.dumps(facts))
sys.stdout.flush()
os._exit(0)
