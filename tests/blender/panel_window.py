"""Runs inside Blender's window: goes the panel's main path step by step while the window lives, and pictures it.

panel_window.py -- REPOSITORY DATA JOB FOLDER, after the template: facts go to FOLDER/facts.json, pictures to
FOLDER/panel.png and, in German, FOLDER/german.png.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import bpy

repository, data, job, folder = map(Path, sys.argv[sys.argv.index("--") + 1 :])
sys.path.insert(0, str(repository))

import blender_addon  # noqa: E402 - found on the path that is set above

facts: dict[str, object] = {}


def view() -> tuple[bpy.types.Window, bpy.types.Area, bpy.types.Region]:
    window = bpy.context.window_manager.windows[0]
    area = max((a for a in window.screen.areas if a.type == "VIEW_3D"), key=lambda a: a.width * a.height)
    return window, area, next(region for region in area.regions if region.type == "UI")


def override():
    window, area, _ = view()
    region = next(region for region in area.regions if region.type == "WINDOW")
    return bpy.context.temp_override(window=window, screen=window.screen, area=area, region=region)


def picture(name: str) -> Iterator[None]:
    """Have whoever started the window take its picture: Blender's own screenshots are black without a screen."""
    asked = folder / f"{name}.wanted"
    asked.touch()
    yield from wait(lambda: not asked.exists())


def wait(until, seconds: float = 60.0) -> Iterator[None]:
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise TimeoutError
        yield


def pause(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    yield from wait(lambda: time.monotonic() > end)


def widen(window: bpy.types.Window, side: bpy.types.Region, pixels: int) -> Iterator[None]:
    """Drag the sidebar's edge to the left; how near to it the pointer has to be differs."""
    width = side.width
    for beside in range(9, 0, -1):
        x, y = side.x + beside, side.y + side.height // 2
        for kind, value, at in (
            ("MOUSEMOVE", "NOTHING", x - 30), ("MOUSEMOVE", "NOTHING", x), ("LEFTMOUSE", "PRESS", x),
            *(("MOUSEMOVE", "NOTHING", x - moved) for moved in range(0, pixels + 1, 10)),
            ("LEFTMOUSE", "RELEASE", x - pixels),
        ):  # fmt: skip
            window.event_simulate(kind, value, x=at, y=y)
            yield
        yield from pause(0.3)
        if side.width > width:
            return
    raise AssertionError("the sidebar's edge was not found")


def path() -> Iterator[None]:
    """What a user does, a step at a time."""
    window, area, side = view()
    scene = window.scene
    settings = scene.interact
    space = area.spaces.active
    space.show_region_ui = True
    space.shading.type = "SOLID"
    space.shading.color_type = "MATERIAL"
    space.shading.show_cavity = True
    yield from pause(0.5)
    side.active_panel_category = "InterAct"
    yield from pause(0.3)
    yield from widen(window, side, 150)
    settings.data_root, settings.job_file = str(data), str(job)
    with override():
        facts["detected"] = list(bpy.ops.interact.detect_rigs("INVOKE_DEFAULT"))
        facts["checking"] = list(bpy.ops.interact.check_data("INVOKE_DEFAULT"))
    yield from wait(lambda: not settings.busy)
    facts["findings"] = len(settings.findings)
    with override():
        facts["composited"] = list(bpy.ops.interact.composite("INVOKE_DEFAULT"))
    facts["on rigs"] = settings.composited
    space.region_3d.view_perspective = "CAMERA"
    space.overlay.show_overlays = False
    yield from pause(0.5)
    with override():
        bpy.ops.screen.animation_play()
    before, start = scene.frame_current, time.monotonic()
    yield from wait(lambda: scene.frame_current > before + 5)
    facts["played"] = [scene.frame_current - before, round(time.monotonic() - start, 2)]
    facts["mode"] = scene.sync_mode
    with override():
        bpy.ops.screen.animation_cancel(restore_frame=False)
    scene.frame_set(min(20, scene.frame_end))
    facts["panel"] = [side.x, side.x + side.width]
    area.tag_redraw()
    yield from pause(1.0)
    yield from picture("panel.png")
    with override():
        facts["all"] = list(bpy.ops.interact.composite_all("INVOKE_DEFAULT"))
    yield from wait(lambda: settings.progress > 0 or not settings.busy)
    facts["busy before"] = bool(settings.busy)
    window.event_simulate("ESC", "PRESS", x=area.x + 50, y=area.y + 50)
    window.event_simulate("ESC", "RELEASE", x=area.x + 50, y=area.y + 50)
    yield from wait(lambda: not settings.busy)
    facts["scenes"] = len(bpy.data.scenes)
    languages = bpy.context.preferences.view
    languages.language, languages.use_translate_interface = "de_DE", True
    yield from pause(1.0)
    yield from picture("german.png")


steps = path()


def step() -> float | None:
    try:
        next(steps)
    except StopIteration:
        return end()
    except BaseException:  # noqa: BLE001 - told to whoever started this window
        facts["problem"] = traceback.format_exc()
        return end()
    return 0.02


def end() -> None:
    (folder / "facts.json").write_text(json.dumps(facts))
    sys.stdout.flush()
    os._exit(0)


bpy.context.preferences.view.show_splash = False
blender_addon.register()
bpy.app.timers.register(step, first_interval=1.0)
