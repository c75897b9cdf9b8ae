"""Runs inside Blender without a window: goes the panel's ways by its operators and writes what came of it as JSON.

use_panel.py -- REPOSITORY DATA TEMPLATE JOB FOLDER: the template is copied into FOLDER and opened, the facts go to
FOLDER/facts.json, and the composited file to FOLDER/composited.blend.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from pathlib import Path

import bpy

repository, data, template, job, folder = map(Path, sys.argv[sys.argv.index("--") + 1 :])
sys.path.insert(0, str(repository))

import blender_addon  # noqa: E402 - found on the path that is set above

facts: dict[str, object] = {}


def give_up(*error) -> None:
    """The bpy module can hang in its destructors."""
    traceback.print_exception(*error)
    sys.stderr.flush()
    os._exit(1)


sys.excepthook = give_up


def left() -> list[str]:
    """All of the extension's that Blender knows at the moment."""
    found = [*dir(bpy.ops.interact)]
    kinds = [bpy.types.Operator, bpy.types.Panel, bpy.types.UIList, bpy.types.PropertyGroup, bpy.types.FileHandler,
             bpy.types.AddonPreferences]  # fmt: skip
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__.startswith("blender_addon") and getattr(kind, "is_registered", False):
            found.append(kind.__name__)
    found += [name for name in ("interact",) if hasattr(bpy.types.Scene, name)]
    draws = getattr(bpy.types.TOPBAR_MT_file_import.draw, "_draw_funcs", [])
    return found + [draw.__module__ for draw in draws if draw.__module__.startswith("blender_addon")]


def does(operator, **options) -> str:
    """How an operator ends: FINISHED, or what it reports or why it is grey."""
    try:
        return next(iter(operator("EXEC_DEFAULT", **options)))
    except RuntimeError as error:
        return str(error).strip()


def own_actions() -> int:
    return sum(bool(action.get("interact_action")) for action in bpy.data.actions)


def state() -> dict[str, object]:
    """What compositing changes, as values."""
    scene = bpy.context.scene
    editor = scene.sequence_editor
    strips = (editor.strips if hasattr(editor, "strips") else editor.sequences) if editor else ()
    return {
        "actions": own_actions(),
        "strips": sorted(strip.name for strip in strips),
        "sync": scene.sync_mode,
        "frames": [scene.frame_start, scene.frame_end],
        "camera": scene.camera.name if scene.camera else "",
        "shown": sorted(o.name for o in scene.objects if o.type == "ARMATURE" and not o.hide_viewport),
        "composited": scene.interact.composited,
    }


def opened() -> bpy.types.PropertyGroup:
    bpy.ops.wm.open_mainfile(filepath=str(folder / "template.blend"), load_ui=False, use_scripts=False)
    return bpy.context.scene.interact


shutil.copy(template, folder / "template.blend")
blender_addon.register()
facts["there"] = left()
settings = opened()
facts["grey"] = [does(bpy.ops.interact.composite), does(bpy.ops.interact.clear), does(bpy.ops.interact.detect_rigs)]

settings.data_root = str(folder / "nowhere")
facts["missing root"] = settings.last_problem
settings.data_root, settings.job_file = str(data), str(job)
facts["found"] = settings.found
facts["problem"] = settings.last_problem
facts["lines"] = [[line.name, line.actors, round(line.seconds, 2), line.state, line.problem] for line in settings.lines]

facts["detected"] = does(bpy.ops.interact.detect_rigs)
facts["rigs"] = [[r.name, r.armature.name, r.bones, r.all_bones, r.keys, r.all_keys, r.problem] for r in settings.rigs]
facts["saved"] = does(bpy.ops.interact.save_mapping)
facts["table"] = (folder / "rigs.toml").read_text()
facts["checked"] = does(bpy.ops.interact.check_data)
facts["findings"] = [[finding.name, finding.bad] for finding in settings.findings]

facts["before"] = state()
bpy.ops.ed.undo_push(message="before")
facts["composite"] = does(bpy.ops.interact.composite)
facts["notices"] = settings.last_notices
facts["after"] = state()
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "composited.blend"), copy=True)
bpy.ops.ed.undo_push(message="after")
bpy.ops.ed.undo()
facts["undone"] = state()
bpy.ops.ed.redo()
facts["redone"] = state()
facts["cleared"] = does(bpy.ops.interact.clear)
facts["after clear"] = state()

settings = bpy.context.scene.interact
facts["all"] = does(bpy.ops.interact.composite_all)
facts["scenes"] = {
    scene.name: [
        scene.interact.composited,
        scene.frame_end,
        [r.armature.name for r in scene.interact.rigs if r.armature],
    ]
    for scene in bpy.data.scenes
}
facts["all again"] = does(bpy.ops.interact.composite_all)
facts["scenes again"] = sorted(scene.name for scene in bpy.data.scenes)

settings = opened()
settings.data_root, settings.job_file = str(data), str(folder / "gone.txt")
facts["no job"] = settings.last_problem
shutil.copy(job, folder / "gone.txt")
facts["job is back"] = does(bpy.ops.interact.read_job)
(folder / "gone.txt").unlink()
facts["job deleted"] = [does(bpy.ops.interact.read_job), settings.last_problem, len(settings.lines)]
settings.job_file = str(job)
bpy.ops.interact.detect_rigs()
rig = settings.rigs[0].armature
bpy.data.objects.remove(rig)
facts["rig removed"] = [does(bpy.ops.interact.composite), settings.last_problem, state()["actions"]]
(folder / "rigs.toml").write_text("nonsense")
facts["bad table"] = [does(bpy.ops.interact.detect_rigs), settings.last_problem]

(folder / "rigs.toml").unlink()
(folder / "rigs.toml").mkdir()
bpy.ops.wm.open_mainfile(filepath=str(folder / "template.blend"), load_ui=False, use_scripts=False)
settings = bpy.context.scene.interact
settings.data_root, settings.job_file = str(data), str(job)
bpy.ops.interact.detect_rigs()
facts["cannot be saved"] = [does(bpy.ops.interact.save_mapping), settings.last_problem]
(folder / "rigs.toml").rmdir()

mark = folder / "mark"
text = bpy.data.texts.new("hostile.py")
text.write(f"open({str(mark)!r}, 'a').write('x')")
text.use_module = True
driver = bpy.data.objects["actor_001"].driver_add("location", 0).driver
driver.type, driver.expression = "SCRIPTED", f"open({str(mark)!r}, 'a').write('x')"
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "hostile.blend"))
mark.unlink(missing_ok=True)
bpy.ops.wm.open_mainfile(filepath=str(folder / "hostile.blend"), load_ui=False, use_scripts=False)
facts["hostile"] = [does(bpy.ops.interact.composite), does(bpy.ops.interact.clear), mark.exists()]

settings = opened()
scene = bpy.context.scene
motion = next((data / "bvhs_retarget").glob("*_001_*.bvh"))
weights = next((data / "face_arkit").glob("*_001_*.npy"))
bpy.context.view_layer.objects.active = None
facts["nothing chosen"] = [does(bpy.ops.interact.import_bvh), does(bpy.ops.interact.import_weights)]
bpy.context.view_layer.objects.active = bpy.data.objects["actor_001"]
facts["bvh"] = does(bpy.ops.interact.import_bvh, filepath=str(motion))
facts["bvh dropped"] = next(iter(bpy.ops.interact.import_bvh("INVOKE_DEFAULT", filepath=str(motion))))
facts["no bvh"] = [does(bpy.ops.interact.import_bvh, filepath=str(weights)), settings.last_problem]
bpy.context.view_layer.objects.active = bpy.data.objects["actor_001_head"]
facts["weights"] = does(bpy.ops.interact.import_weights, filepath=str(weights))
facts["no weights"] = does(bpy.ops.interact.import_weights, filepath=str(folder / "none.csv"))
facts["imported"] = [
    bpy.data.objects["actor_001"].animation_data.action.name,
    bpy.data.objects["actor_001_head"].data.shape_keys.animation_data.action.name,
    scene.frame_end,
]

blender_addon.unregister()
facts["left"] = left()
facts["timers"] = bpy.app.timers.is_registered(sys.modules["blender_addon.ui.reading"]._look)
blender_addon.register()
blender_addon.unregister()
facts["left again"] = left()
(folder / "facts.json").write_text(json.dumps(facts))
sys.stdout.flush()
os._exit(0)
