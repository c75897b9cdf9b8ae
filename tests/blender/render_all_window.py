"""In Blender's window: a user's path from the installed extension to rendered videos, with a cancel on the way."""

import importlib
import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import in_window

EXTENSION = "bl_ext.user_default.interact_farm"


def module(name: str):
    return importlib.import_module(f"{EXTENSION}.{name}")


class Clock:
    """When a timer of 100 ms fired, and when frames were written."""

    def __init__(self) -> None:
        self.fired: list[float] = []
        self.written: list[float] = []
        self._timer = self.fire  # one object: Blender knows a timer by that
        bpy.app.timers.register(self._timer, persistent=True)
        bpy.app.handlers.render_write.append(self.write)

    def fire(self) -> float:
        self.fired.append(time.monotonic())
        return 0.1

    def write(self, *_) -> None:
        self.written.append(time.monotonic())

    def close(self) -> dict:
        bpy.app.timers.unregister(self._timer)
        bpy.app.handlers.render_write.remove(self.write)
        return {"fired": self.fired, "written": self.written}


def open_template(asked: dict):
    """Open the file and set what a user sets in the panel."""
    bpy.ops.wm.open_mainfile(filepath=asked["template"], load_ui=False)
    scene = bpy.context.scene
    settings = scene.interact
    settings.data_root, settings.output = asked["data"], asked["out"]
    settings.job_file = asked["job"]
    if asked.get("farm"):
        bpy.context.preferences.addons[EXTENSION].preferences.farm_command = asked["farm"]
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 36, 100
    scene.display.render_aa = "OFF"


def kept_settings() -> dict:
    """What rendering must leave as the user had it."""
    render = bpy.context.scene.render
    return {
        "size": [render.resolution_x, render.resolution_y], "path": render.filepath,
        "format": render.image_settings.file_format, "display": bpy.context.preferences.view.render_display_type,
        "scenes": [scene.name for scene in bpy.data.scenes],
    }  # fmt: skip


def shots() -> list:
    run = module("ui.render_all").run()
    return [
        {"scene": str(shot.scene), "state": shot.state, "done": shot.done, "frames": shot.frames,
         "problem": shot.problem, "notices": shot.notices}
        for shot in run.shots
    ]  # fmt: skip


def lines() -> list:
    found = bpy.context.scene.interact.lines
    return [{"name": line.name, "state": line.state, "progress": line.progress} for line in found]


def cancelled_and_resumed(asked: dict):
    """Render both scenes, cancel in the second by a button, and go on."""
    render_all = module("ui.render_all")
    open_template(asked)
    yield
    before = kept_settings()
    clock = Clock()
    began = in_window.in_view(bpy.ops.interact.render_all)

    def second_has_begun() -> bool:
        return render_all.run().shots[1].done >= 2

    yield second_has_begun
    header = render_all.in_words()
    cancel = in_window.in_view(bpy.ops.interact.render_cancel)

    def has_ended() -> bool:
        return not render_all.is_running()

    yield has_ended
    first = shots()
    pictures = sorted(path.name for path in Path(asked["out"]).glob("farm_runs/chunks/*/pictures/*.png"))
    yield
    in_window.in_view(bpy.ops.interact.render_all)
    yield has_ended
    times = clock.close()
    return {
        "began": sorted(began), "cancel": sorted(cancel), "header": header, "first": first, "second": shots(),
        "pictures": pictures, "before": before, "after": kept_settings(), "lines": lines(),
        "problem": bpy.context.scene.interact.last_problem, "busy": bpy.context.scene.interact.busy, **times,
    }  # fmt: skip


def troubled(asked: dict):
    """Press Esc while frames are rendered; then render into a folder that cannot be written to, and look at why; then
    render the one that was begun to its end, without the farm's command."""
    render_all = module("ui.render_all")

    def has_ended() -> bool:
        return not render_all.is_running()

    def some_are_there() -> bool:
        return render_all.run().shots[0].done >= 3

    open_template(asked)
    yield
    in_window.in_view(bpy.ops.interact.render_all)
    yield some_are_there
    in_window.press(asked, "Escape")
    yield has_ended
    escaped = shots()
    there = len([*Path(asked["out"]).glob("farm_runs/chunks/*/pictures/*.png")])

    settings = bpy.context.scene.interact
    settings.output = asked["full"]
    in_window.in_view(bpy.ops.interact.render_all)
    yield has_ended
    failed, problem = shots(), settings.last_problem
    before = in_window.in_view(bpy.ops.interact.show_text, text=failed[0]["problem"])
    yield
    opened = [area.type for window in bpy.context.window_manager.windows for area in window.screen.areas]

    settings.output = asked["out"]
    settings.active_line = 0
    in_window.in_view(bpy.ops.interact.render_all, only_active=True)
    yield has_ended
    return {
        "escaped": escaped, "there": there, "failed": failed, "problem": problem, "before": sorted(before),
        "opened": opened, "text": bpy.data.texts["InterAct log"].as_string(), "alone": shots(),
        "notices": settings.last_notices,
    }  # fmt: skip


def disk_full(asked: dict):
    """Render onto a disk that has no room for all frames; then make room and start again."""
    render_all = module("ui.render_all")

    def has_ended() -> bool:
        return not render_all.is_running()

    open_template(asked)
    yield
    in_window.in_view(bpy.ops.interact.render_all, only_active=True)
    yield has_ended
    failed, problem = shots(), bpy.context.scene.interact.last_problem
    in_window.in_view(bpy.ops.ed.undo_push, message="after it")
    in_window.in_view(bpy.ops.mesh.primitive_cube_add)
    yield
    Path(asked["filler"]).unlink()
    in_window.in_view(bpy.ops.interact.render_all, only_active=True)
    yield has_ended
    return {"failed": failed, "problem": problem, "after": shots(), "last": bpy.context.scene.interact.last_problem}


def interrupted(asked: dict):
    """Press Ctrl+Z, open a file, and disable the extension while frames are rendered."""
    render_all = module("ui.render_all")

    def has_ended() -> bool:
        return not render_all.is_running()

    def some_are_there() -> bool:
        return render_all.run().shots[0].done >= done[0] + 2

    def begin() -> None:
        done[0] = len([*Path(asked["out"]).glob("farm_runs/chunks/*/pictures/*.png")])
        in_window.in_view(bpy.ops.interact.render_all)

    done = [0]
    open_template(asked)
    yield
    bpy.context.scene.interact.last_notices = "to be undone"
    in_window.in_view(bpy.ops.ed.undo_push, message="before")
    begin()
    yield some_are_there
    in_window.press(asked, "ctrl+z")
    pressed = render_all.run().shots[0].done

    def goes_on() -> bool:
        return render_all.run().shots[0].done >= pressed + 3

    yield goes_on
    in_window.in_view(bpy.ops.interact.render_cancel)
    yield has_ended
    answer = {"after undo": shots(), "scenes": [scene.name for scene in bpy.data.scenes]}

    open_template(asked)
    yield
    begin()
    yield some_are_there
    open_template(asked)
    yield
    answer |= {"after opening": shots(), "runs": render_all.is_running(), "busy": bpy.context.scene.interact.busy}

    begin()
    yield some_are_there
    bpy.ops.preferences.addon_disable(module=EXTENSION)
    for _ in range(20):
        yield
    answer |= {"left": hasattr(bpy.types.Scene, "interact"), "copies": [scene.name for scene in bpy.data.scenes]}
    return answer


def submitted(asked: dict):
    """Give the job to the farm, open another file meanwhile, and wait for it."""
    farm_job = module("ui.farm_job")
    open_template(asked)
    yield
    in_window.in_view(bpy.ops.interact.detect_rigs)
    began = in_window.in_view(bpy.ops.interact.submit)
    told = bpy.context.scene.interact.last_problem
    if "FINISHED" not in began:
        return {"began": sorted(began), "problem": told}
    yield
    bpy.ops.wm.read_homefile(load_ui=False)
    yield
    open_template(asked)

    def has_ended() -> bool:
        return not farm_job.is_running()

    yield has_ended
    job = farm_job.job()
    return {
        "began": sorted(began), "problem": job.problem, "state": job.state, "folder": str(job.folder),
        "fraction": farm_job.fraction(), "lines": lines(), "run": job.run,
    }  # fmt: skip


def steps(asked: dict):
    return globals()[asked["play"]](asked)


in_window.play(steps)
